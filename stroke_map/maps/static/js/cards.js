// The list of hospitals as it stands in the page: found by id, filtered, measured, and copied into an answer.
"use strict";

(function () {
  const { make, say, distance } = window.strokeMap;
  const list = [...document.querySelectorAll(".cards > .card")];
  const byId = new Map(list.map((card) => [card.dataset.id, card]));

  /** What the list says of a hospital, to stand in an answer; null where this page's edition has not got it. */
  function copy(id) {
    const card = byId.get(id);
    return card ? card.cloneNode(true) : null;
  }

  /** The nearest hospitals of the list by straight line: where no server can be asked for the road. */
  const nearest = (place, most) => window.measure.nearest(list, place, most);

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
