// Where it is: one box for a name of a place, a road or a hospital, or for coordinates in any of three systems.

import { get, Problem } from "../api.js";
import { byId, fill, make } from "../dom.js";
import { lang, say } from "../words.js";

const WAIT_MS = 120, LONGEST = 100;
const NUMBERS = /^\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*[NS北]?\s*[,，;；\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*[EW东]?\s*$/i;

/** Latitude and longitude in what somebody typed, null where it is a name. */
export function coordinates(text) {
  const found = NUMBERS.exec(text.normalize("NFKC"));
  return found ? [Number(found[1]), Number(found[2])] : null;
}

/**
 * Make the box work. `choose` gets {lat, lon, crs, label}, or null while there is no place; `next` is called when a choice was made with the keyboard.
 */
export function placeBox({ choose, next }) {
  const input = byId("place"), list = byId("places"), words = byId("place-words"), crs = byId("crs");
  let found = [], marked = -1, asked = 0, waiting = 0;

  function close() {
    asked++; // an answer that is under way comes too late
    clearTimeout(waiting);
    mark(-1);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }

  function mark(index) {
    marked = index;
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === index));
    if (index < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const { lat, lon, label, kind } = found[index];
    input.value = label;
    words.textContent = kind === "district" ? say("place_district") : "";
    close();
    choose({ lat, lon, crs: "WGS-84", label });
    next();
  }

  function show(results) {
    found = results;
    const options = found.map((one, at) =>
      make("li", { id: `places-${at}`, role: "option", "aria-selected": "false", text: one.label, on: { click: () => take(at) } }));
    list.replaceChildren(...options);
    mark(-1);
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    words.textContent = found.length ? say("place_found", found.length) : say("place_none");
  }

  async function search() {
    const mine = ++asked, q = [...input.value.trim()].slice(0, LONGEST).join("");
    try {
      const { body } = await get(`/api/v1/search?${new URLSearchParams({ q, lang })}`, { tries: 1 });
      if (mine === asked) show(body.results);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (mine === asked) words.textContent = problem.message;
    }
  }

  /** Numbers are a place at once; a name is looked for; nothing is no place. */
  function typed() {
    clearTimeout(waiting);
    const text = input.value.trim(), at = coordinates(text);
    byId("crs-row").hidden = !at;
    if (at || !text) {
      close();
      words.textContent = "";
      return choose(at && { lat: at[0], lon: at[1], crs: crs.value, label: text });
    }
    waiting = setTimeout(search, WAIT_MS);
  }

  input.addEventListener("input", (event) => event.isComposing || typed());
  input.addEventListener("compositionend", typed);
  crs.addEventListener("change", typed);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // which would empty the box
      close();
    } else if (step && !list.hidden) {
      event.preventDefault();
      mark((marked + step + found.length + (marked < 0 && step < 0)) % found.length);
    } else if (event.key === "Enter" && !event.ctrlKey) {
      event.preventDefault();
      if (!list.hidden) take(Math.max(0, marked));
      else if (coordinates(input.value)) next();
      else if (input.value.trim()) search();
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
  input.addEventListener("blur", close);

  return {
    /** Show a place that was chosen otherwise: kept, or on the map. */
    show(place) {
      input.value = place?.label ?? "";
      const at = coordinates(input.value);
      byId("crs-row").hidden = !at;
      if (place) crs.value = place.crs;
      words.textContent = "";
      close();
    },
    focus: () => input.focus(),
  };
}

/** Words under the box, from the answer: on which street, and how far away. */
export function tellSnapped(origin) {
  const { street, distance_m: metres } = origin.snapped;
  fill(byId("place-street"), make("span", { text: street ? say("place_street", street, Math.round(metres)) : say("place_road", Math.round(metres)) }));
}
