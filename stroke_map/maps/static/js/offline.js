// The saved list: from which day it is, whether it is still valid, and the nearest first for whoever says where he is.
"use strict";

(function () {
  const page = document.getElementById("saved"), button = document.getElementById("near");
  const MOST = 5;
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

  function sort({ coords }) {
    const here = { lat: coords.latitude, lon: coords.longitude }, list = document.getElementById("near-list");
    const able = [...document.querySelectorAll(".hospitals li[data-able]")];
    list.replaceChildren(...window.measure.nearest(able, here, MOST).map(({ item, metres }) => {
      const copy = item.cloneNode(true), distance = document.createElement("p");
      distance.textContent = straight.replace("{0}", () => window.measure.distance(metres, { m, km }).join(" "));
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
