// What stays on the phone after one visit: the pages and files of KEPT, which the server writes above this line, and nothing else.
// No answer to a question is ever kept: nothing is added to the cache but at installation. A new edition has another KEPT.name.
"use strict";

const PATIENCE_MS = 8000; // one bar of signal: then the saved list is better than a blank page
const PAGES = /^\/($|map$|poster$|hospitals($|\/[^/]+$)|districts\/|offline$)/;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(KEPT.name);
    await cache.addAll(KEPT.files.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
    await cache.put("/saved-at", new Response(new Date().toISOString()));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(KEPT.prefix) && name !== KEPT.name);
    await Promise.all(old.map((name) => caches.delete(name)));
  })());
});

self.addEventListener("fetch", (event) => {
  const request = event.request, url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (PAGES.test(url.pathname)) event.respondWith(page(request, url));
  } else if (request.method === "GET" && KEPT.files.includes(url.pathname + url.search)) {
    event.respondWith(caches.open(KEPT.name).then((cache) => cache.match(request, { ignoreVary: true })).then((kept) => kept || fetch(request)));
  }
});

/** The page from the network; the saved list where there is none, or none in time. */
async function page(request, url) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("late")), PATIENCE_MS); });
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    const asked = url.searchParams.get("lang") || self.navigator.language || "";
    const cache = await caches.open(KEPT.name);
    return (await cache.match("/offline?lang=" + (/^en/i.test(asked) ? "en" : "zh"), { ignoreVary: true })) || Response.error();
  } finally {
    clearTimeout(timer);
  }
}
