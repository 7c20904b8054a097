// What stays on the phone after one visit: the pages and files of KEPT, which the server writes above this line, and nothing else.
// No answer to a question is ever kept: nothing is added to the cache but at installation. A new edition has another KEPT.name.
"use strict";

const PATIENCE_MS = 8000; // one bar of signal: then the saved list is better than a blank page
const AGAIN_MS = [1000, 2000, 4000, 8000]; // how long a switch of editions may take until all of a server has followed it
const PAGES = /^\/($|map$|search$|poster$|hospitals($|\/[^/]+$)|districts\/|offline$)/;

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

/** All of one edition, or nothing: then the worker that is there stays, with what it has. */
async function keep() {
  const cache = await caches.open(KEPT.name);
  for (const wait of [...AGAIN_MS, 0]) {
    try {
      await cache.addAll(KEPT.files.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
      return await cache.put("/saved-at", new Response(new Date().toISOString()));
    } catch (error) {
      if (!wait) {
        await caches.delete(KEPT.name);
        throw error;
      }
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

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
    return (await cache.match(KEPT.lists[/^en/i.test(asked) ? "en" : "zh"], { ignoreVary: true })) || Response.error();
  } finally {
    clearTimeout(timer);
  }
}
