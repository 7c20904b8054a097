// Where it is: one box (js/combobox.js) for a name of a place, a road or a hospital, or for coordinates in any of three systems.

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
 * Make the box work. `choose` gets {lat, lon, crs, label}, or null while there is no place, and what is written then; `next` is called when a choice
 * was made with the keyboard.
 */
export function placeBox({ choose, next }) {
  const input = byId("place"), words = byId("place-words"), crs = byId("crs");

  async function find(text) {
    const q = [...text].slice(0, LONGEST).join("");
    try {
      return (await get(`/api/v1/search?${new URLSearchParams({ q, lang })}`, { tries: 1 })).body.results;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return problem.message;
    }
  }

  function tell(told) {
    words.textContent = typeof told === "string" ? told : told ? say("place_found", told) : say("place_none");
  }

  function take({ lat, lon, label, kind }) {
    if (kind === "district") tell(say("place_district"));
    choose({ lat, lon, crs: "WGS-84", label });
    next();
  }

  const box = window.comboBox({ input, list: byId("places"), waitMs: WAIT_MS, find, say: tell, choose: take });

  /** Numbers are a place at once; a name is looked for; nothing is no place. */
  function typed() {
    const text = input.value.trim(), at = coordinates(text);
    byId("crs-row").hidden = !at;
    if (text && !at) {
      choose(null, text); // an answer for the place before would be taken for one for this name
      return box.later();
    }
    box.close();
    tell("");
    choose(at && { lat: at[0], lon: at[1], crs: crs.value, label: text });
  }

  input.addEventListener("input", (event) => event.isComposing || typed());
  input.addEventListener("compositionend", typed);
  crs.addEventListener("change", typed);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.key !== "Enter" || event.ctrlKey) return;
    event.preventDefault();
    if (box.takeMarked()) return;
    if (coordinates(input.value)) next();
    else if (input.value.trim()) box.look();
  });
  input.addEventListener("blur", box.close);

  return {
    /** Show a place that was chosen otherwise: kept, or on the map. */
    show(place, written = "") {
      input.value = place?.label ?? written;
      const at = coordinates(input.value);
      byId("crs-row").hidden = !at;
      crs.value = place?.crs ?? "WGS-84"; // not that of the call before
      tell("");
      box.close();
    },
    focus: () => input.focus(),
  };
}

/** Words under the box, from the answer: on which street, and how far away. */
export function tellSnapped(origin) {
  const { street, distance_m: metres } = origin.snapped;
  fill(byId("place-street"), make("span", { text: street ? say("place_street", street, Math.round(metres)) : say("place_road", Math.round(metres)) }));
}
