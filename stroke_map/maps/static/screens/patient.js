// What is known of the patient, as lines to read aloud; and what nobody has told, so that it is asked.

import * as clock from "./clock.js";
import { free, make } from "./dom.js";
import { knows, say, word } from "./words.js";

const ASKED = { stroke: ["age", "scale", "anticoagulant"], chest_pain: ["age", "ecg"] };
const GRAVE = ["airway_not_secured", "arrest_in_progress", "arrest_with_rosc", "shock", "suspected_dissection"];
const WORDS = ["anticoagulant", "thrombolysis_contraindication", "lysis_contraindication", "ecg"];
const TIMES = ["ecg_at", "first_medical_contact", "needle_at"];

/** A moment with the time since, which the page counts. */
export const since = (moment) => [make("time", { datetime: moment, text: clock.day(moment) }), " · ", ago(moment)];

const ago = (moment) => {
  const [before, after] = say("ago", "\u0000").split("\u0000");
  return make("span", { class: "quiet" }, before, make("b", { data: { since: moment } }), after);
};

/** How the illness began: the timeline's word, which may have been corrected, else what was told. */
function beginning(name, patient, timeline) {
  const told = timeline[name] ?? patient[name];
  if (!told) return null;
  return Number.isNaN(Date.parse(told)) ? [word("said", told)] : since(told);
}

function score({ scale, score: given, items }) {
  const total = given ?? (items ? Object.values(items).reduce((sum, points) => sum + points, 0) : null);
  return scale && total !== null ? `${scale} ${total}` : null;
}

/** Everything that was told, [name, value, ...] by line; grave things first. */
function lines(patient, timeline) {
  const all = GRAVE.filter((name) => patient[name] === true).map((name) => [name]);
  const add = (name, ...value) => all.push([name, ...value]);
  for (const name of ["onset", "last_known_well"]) {
    const value = beginning(name, patient, timeline);
    if (value) add(name, ...value);
  }
  if (patient.age !== undefined && patient.age !== null) add("age", say("years", patient.age));
  const points = score(patient);
  if (points) add("scale", points);
  for (const name of WORDS) if (patient[name]) add(name, knows(`said_${patient[name]}`) ? word("said", patient[name]) : free(patient[name]));
  for (const name of TIMES) if (patient[name]) add(name, clock.day(patient[name]));
  return all;
}

/** A list of what is known of a case ({condition, patient, timeline}), and of what is not. */
export function known({ condition, patient, timeline }) {
  const all = lines(patient ?? {}, timeline), told = new Set(all.map(([name]) => name));
  const missing = ASKED[condition].filter((name) => !told.has(name));
  if (!told.has("onset") && !told.has("last_known_well")) missing.unshift("onset");
  const rows = all.map(([name, ...value]) =>
    value.length
      ? make("div", {}, make("dt", { text: say(`told_${name}`) }), make("dd", {}, ...value))
      : make("div", { class: "is-grave" }, make("dt", { text: say(`told_${name}`) }), make("dd", { text: say("said_yes") })),
  );
  return [
    rows.length > 0 && make("dl", { class: "known" }, ...rows),
    missing.length > 0 && make("p", { class: "quiet", text: say("not_told", missing.map((name) => say(`told_${name}`)).join(say("comma"))) }),
  ];
}

/** Let every `data-since` and `data-until` on the page count, by the server's clock. */
export function count() {
  for (const place of document.querySelectorAll("[data-since]")) put(place, clock.elapsed(place.dataset.since).replace(/^−.*/, "0:00"));
  for (const place of document.querySelectorAll("[data-until]")) {
    const told = clock.elapsed(place.dataset.until);
    put(place, told.startsWith("−") ? told.slice(1) : `+${told}`);
    place.classList.toggle("is-late", !told.startsWith("−"));
  }
}

const put = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};
