// Keep the list on this phone for when there is no network: after everything that somebody waits for.
"use strict";

if ("serviceWorker" in navigator && window.isSecureContext) {
  const keep = () => navigator.serviceWorker.register("/service-worker.js").catch(() => {});
  const calmly = () => ("requestIdleCallback" in window ? requestIdleCallback(keep, { timeout: 5000 }) : setTimeout(keep, 1000));
  if (document.readyState === "complete") calmly();
  else addEventListener("load", calmly);
}
