// Tables that become cards on a phone, and what their cells have in common.

import * as clock from "../clock.js";
import { free, make } from "../dom.js";
import { facts, lang, say, told, word } from "../words.js";

const MOST_SHOWN = 100;

/** A table of `rows` under `columns`, each [its words, what stands in it of a row]; what a cell gives is text, an element, or a list of them. */
export function table(words, columns, rows, most = MOST_SHOWN) {
  if (!rows.length) return [make("p", { class: "quiet", text: say("nothing") })];
  const head = make("tr", {}, columns.map(([title]) => make("th", { scope: "col", text: title })));
  const cell = ([title, of], row, place) => make(place ? "td" : "th", { scope: place ? null : "row", data: { title } }, [of(row)].flat());
  const lines = rows.slice(0, most).map((row) => make("tr", {}, columns.map((column, place) => cell(column, row, place))));
  const caption = make("caption", { class: "hidden", text: words });
  return [make("table", {}, caption, make("thead", {}, head), make("tbody", {}, lines)), rest(rows.length - most)];
}

/** That there is more than is shown. */
export const rest = (count) => (count > 0 ? make("p", { class: "quiet", text: say("more_found", count) }) : null);

/** What somebody typed is found in any of these. */
export function holds(typed, ...texts) {
  const wanted = typed.normalize("NFKC").trim().toLowerCase();
  return texts.some((text) => String(text ?? "").toLowerCase().includes(wanted));
}

export const hospitalName = (id) => told(facts.hospitals[id]) || id || "";

/** The role, and what it is bound to. */
export const bound = ({ role, hospital, team }) =>
  [make("span", { text: word("role", role) }), hospital && make("span", { class: "quiet" }, " ", free(hospitalName(hospital)), ` · ${team ? word("team", team) : say("any_team")}`)].filter(Boolean);

/** When, and by whom. */
export const by = (at, who) => (at ? free(say("by_whom", clock.day(at), who)) : "");

/** A state as sign and words: its look is never all that tells. */
export const state = (name, text) => make("span", { class: `state is-${name}`, text });

const collator = new Intl.Collator(lang);

/** The hospitals of the edition as options, in the order of their names. */
export function hospitalOptions(select) {
  const options = Object.keys(facts.hospitals).map((id) => [id, `${hospitalName(id)} (${id})`]).sort((one, other) => collator.compare(one[1], other[1]));
  select.append(...options.map(([value, text]) => make("option", { value, text })));
}
