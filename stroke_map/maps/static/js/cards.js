// The list of hospitals as it stands in the page: found by id, filtered, measured, and copied into an answer.
"use strict";

(function () {
  const { make, say, distance } = window.strokeMap;
  const EARTH_RADIUS_M = 6371008.8;
  const list = [...document.querySelectorAll(".cards > .card")];
  const byId = new Map(list.map((card) => [card.dataset.id, card]));

  /** What the list says of a hospital, to stand in an answer; null where this page's edition has not got it. */
  function copy(id) {
    const card = byId.get(id);
    return card ? card.cloneNode(true) : null;
  }

  function metresApart(a, b) {
    const rad = Math.PI / 180, half = (x) => Math.sin((x * rad) / 2) ** 2;
    const h = half(b.lat - a.lat) + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * half(b.lon - a.lon);
    return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(h));
  }

  /** The nearest hospitals of the list by straight line: where no server can be asked for the road. */
  function nearest(place, most) {
    const found = list.map((card) => ({ card, metres: metresApart(place, { lat: Number(card.dataset.lat), lon: Number(card.dataset.lon) }) }));
    return found.sort((a, b) => a.metres - b.metres).slice(0, most);
  }

  /** Filter the list, and tell who wants to know (the map) which hospitals stay. */
  function filter(form, tell) {
    const said = form.querySelector("[role=status]");
    const wanted = () => Object.fromEntries(new FormData(form));
    function apply() {
      const { able, level = "", text } = wanted(), part = text.trim().toLowerCase();
      const keep = (card) => (!able || card.dataset.able.split(" ").includes(able)) && (!level || card.dataset.level === level)
        && (!part || card.textContent.toLowerCase().includes(part));
      const kept = new Set();
      for (const card of list) {
        card.hidden = !keep(card);
        if (!card.hidden) kept.add(card.dataset.id);
      }
      const all = !able && !level && !part;
      said.textContent = all ? "" : say("filter_found", String(kept.size));
      tell(all ? null : kept);
    }
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
  }

  const straight = (metres) => make("p", "numbers", "", make("span", "", say("straight", distance(metres).join(" "))));
  Object.assign(window.strokeMap, { cards: { copy, nearest, filter, straight } });
})();
