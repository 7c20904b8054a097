// The saved list: from which day it is, whether it is still valid, and the nearest first for whoever says where he is.
"use strict";

(function () {
  const page = document.getElementById("saved"), button = document.getElementById("near");
  const { saved, unknown, straight, km, m, denied } = page.dataset;

  async function tellWhen() {
    const kept = "caches" in window ? await caches.match("/saved-at") : null;
    const at = kept ? new Date(await kept.text()) : null;
    page.textContent = at ? saved.replace("{0}", () => at.toLocaleString(document.documentElement.lang)) : unknown;
  }

  function tellIfExpired() {
    const expired = document.getElementById("expired");
    if (expired && expired.dataset.until < new Date().toISOString().slice(0, 10)) expired.hidden = false;
  }

  /** Metres between two places in degrees, on a sphere of 6,371 km. */
  function metres(a, b) {
    const rad = Math.PI / 180, h = Math.sin((b.lat - a.lat) * rad / 2) ** 2 +
      Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin((b.lon - a.lon) * rad / 2) ** 2;
    return 2 * 6371000 * Math.asin(Math.sqrt(h));
  }

  function sort({ coords }) {
    const here = { lat: coords.latitude, lon: coords.longitude }, list = document.getElementById("near-list");
    const ranked = [...document.querySelectorAll(".hospitals li[data-able]")].map((item) =>
      ({ item, far: metres(here, { lat: Number(item.dataset.lat), lon: Number(item.dataset.lon) }) })).sort((a, b) => a.far - b.far);
    list.replaceChildren(...ranked.slice(0, 5).map(({ item, far }) => {
      const copy = item.cloneNode(true), distance = document.createElement("p");
      distance.textContent = straight.replace("{0}", () => (far < 950 ? Math.max(10, Math.round(far / 10) * 10) + " " + m : (far / 1000).toFixed(1) + " " + km));
      copy.lastElementChild.prepend(distance);
      return copy;
    }));
    list.hidden = false;
  }

  tellWhen();
  tellIfExpired();
  document.getElementById("again").hidden = false;
  document.getElementById("again").addEventListener("click", () => location.reload());
  if (window.isSecureContext && navigator.geolocation) {
    button.hidden = false;
    button.addEventListener("click", () => navigator.geolocation.getCurrentPosition(sort, () => { page.textContent = denied; }, { timeout: 15000 }));
  }
})();
