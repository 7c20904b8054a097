// How far it is in a straight line, and how one says so. Needs nothing else: the saved list has it too.
"use strict";

window.measure = (function () {
  const EARTH_RADIUS_M = 6371008.8;

  /** Metres between two places in degrees. */
  function metresApart(a, b) {
    const rad = Math.PI / 180, half = (x) => Math.sin((x * rad) / 2) ** 2;
    const h = half(b.lat - a.lat) + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * half(b.lon - a.lon);
    return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(h));
  }

  /** Elements of a list (with `data-lat` and `data-lon`), the nearest first. */
  function nearest(list, place, most) {
    const found = list.map((item) => ({ item, metres: metresApart(place, { lat: Number(item.dataset.lat), lon: Number(item.dataset.lon) }) }));
    return found.sort((a, b) => a.metres - b.metres).slice(0, most);
  }

  /** A number and its unit, as `distance` in pages.py. */
  function distance(metres, { m, km }) {
    if (metres < 950) return [String(Math.max(10, Math.round(metres / 10) * 10)), m];
    return [(metres / 1000).toFixed(metres < 9950 ? 1 : 0), km];
  }

  return { nearest, distance };
})();
