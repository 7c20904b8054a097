// For a crew without a network: the page /case/offline with what it loads, which KEPT names; the server writes it above this line.
// Nothing of any case is in it, and the page of a case itself is never kept: it comes from the network, or not at all.
"use strict";

const PATIENCE_MS = 8000; // one bar of signal: then what is known is better than a blank page

self.addEventListener("install", (event) => event.waitUntil(keep()));

async function keep() {
  const cache = await caches.open(KEPT.name);
  await cache.addAll(KEPT.files.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(KEPT.prefix) && name !== KEPT.name);
    await Promise.all(old.map((name) => caches.delete(name)));
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== self.location.origin || request.method !== "GET") return;
  const language = /^en/i.test(url.searchParams.get("lang") || self.navigator.language || "") ? "en" : "zh";
  if (request.mode === "navigate") event.respondWith(fresh(request, KEPT.pages[language]));
  else if (KEPT.files.includes(url.pathname + url.search)) event.respondWith(fresh(request, request));
});

/** What the network has; what is kept where there is none, or none in time, or the server is away. */
async function fresh(request, instead) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("late")), PATIENCE_MS); });
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (answer.status < 500) return answer;
  } catch {
    // as where the server is away
  } finally {
    clearTimeout(timer);
  }
  const cache = await caches.open(KEPT.name);
  return (await cache.match(instead, { ignoreVary: true })) || Response.error();
}
