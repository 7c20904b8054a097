// The few questions of a protocol, as fields; and what was answered, as the API takes it. Only what was answered is sent.

import * as clock from "../clock.js";
import { make } from "../dom.js";
import { say, told } from "../words.js";

const YES_NO = ["unknown", "no", "yes"];
/** name, kind, and for a choice the values; the first stands for "not said". */
const ASKED = {
  stroke: [
    ["onset", "onset", ["", "wake-up", "unknown"]],
    ["last_known_well", "time"],
    ["scale", "scale"],
    ["age", "number", [0, 130]],
    ["anticoagulant", "choice", YES_NO],
    ["thrombolysis_contraindication", "choice", YES_NO],
    ["airway_not_secured", "flag"],
    ["arrest_in_progress", "flag"],
  ],
  chest_pain: [
    ["onset", "onset", ["", "unknown"]],
    ["ecg", "choice", ["not done", "STEMI", "no ST elevation"]],
    ["age", "number", [0, 130]],
    ["shock", "flag"],
    ["arrest_with_rosc", "flag"],
    ["suspected_dissection", "flag"],
    ["lysis_contraindication", "choice", YES_NO],
    ["airway_not_secured", "flag"],
    ["arrest_in_progress", "flag"],
  ],
};
const LONGEST_WAIT_MIN = 1440;

const idOf = (name) => `q-${name}`;

function choice(name, values, chosen) {
  const options = values.map((value) =>
    make("label", { class: "option" }, make("input", { type: "radio", name: idOf(name), value, checked: value === chosen }), make("span", { text: say(`value_${value || "time"}`) })));
  return make("div", { class: "options" }, ...options);
}

const group = (name, ...children) =>
  make("div", { class: "question row", role: "radiogroup", "aria-labelledby": `${idOf(name)}-label`, "data-question": name }, make("span", { class: "label", id: `${idOf(name)}-label`, text: say(`field_${name}`) }), ...children);

function timeField(name, value, described = "time-hint") {
  return make("input", { id: idOf(name), name: idOf(name), value: value ?? "", autocomplete: "off", spellcheck: "false", maxlength: "20", inputmode: "text", placeholder: "19:40", "aria-describedby": described });
}

/** The items of a scale, each with its grades; nothing counts before every one is answered, for an open item is no zero. */
function scaleFields(answers, protocol) {
  const scales = protocol?.scales ?? {}, name = answers.scale ?? "";
  const options = [["", say("value_not done")], ...Object.entries(scales).map(([id, scale]) => [id, `${id} · ${told(scale)}`])];
  const select = make("select", { id: idOf("scale"), name: idOf("scale") }, ...options.map(([value, text]) => make("option", { value, text, selected: value === name })));
  const parts = [make("label", { for: idOf("scale"), text: say("field_scale") }), select];
  for (const [item, { value, step, ...named }] of Object.entries(scales[name]?.items ?? {})) {
    const grades = Array.from({ length: Math.floor(value / step) + 1 }, (_, at) => String(at * step));
    const chosen = answers.items?.[item];
    parts.push(make("div", { class: "graded row", role: "radiogroup", "aria-labelledby": `item-${item}-label` }, make("span", { id: `item-${item}-label`, text: told(named) }), make("div", { class: "options" },
      ...grades.map((grade) => make("label", { class: "option" }, make("input", { type: "radio", name: `item-${item}`, value: grade, checked: grade === chosen }), make("span", { text: grade }))))));
  }
  if (scales[name]) parts.push(make("p", { class: "score", id: "score", role: "status", text: scoreText(scales[name], answers) }));
  return make("div", { class: "question", "data-question": "scale" }, ...parts);
}

function itemsOf(scale, answers) {
  const items = Object.keys(scale.items).map((item) => [item, answers.items?.[item]]);
  return items.every(([, points]) => points !== undefined) ? Object.fromEntries(items.map(([item, points]) => [item, Number(points)])) : null;
}

export function scoreText(scale, answers) {
  const items = itemsOf(scale, answers);
  if (!items) {
    const open = Object.keys(scale.items).filter((item) => answers.items?.[item] === undefined).length;
    return say("score_open", open);
  }
  const points = Object.values(items).reduce((sum, one) => sum + one, 0);
  const positive = scale.required ? items[scale.required] > 0 && points > items[scale.required] : points >= scale.cut_off.value;
  return say(positive ? "score_positive" : "score_negative", points, scale.cut_off.value);
}

/** The fields of a condition, filled with what was answered. */
export function fieldsOf(condition, answers, protocol) {
  return ASKED[condition].map(([name, kind, values]) => {
    const value = answers[name];
    if (kind === "choice") return group(name, choice(name, values, value ?? values[0]));
    if (kind === "flag") return make("label", { class: "flag" }, make("input", { type: "checkbox", id: idOf(name), name: idOf(name), checked: value === true }), make("span", { text: say(`field_${name}`) }));
    if (kind === "scale") return scaleFields(answers, protocol);
    if (kind === "onset") return group(name, make("label", { class: "hidden", for: idOf("onset_at"), text: say("onset_at") }), timeField("onset_at", answers.onset_at), choice(name, values, value ?? ""));
    if (kind === "time") return make("div", { class: "question row" }, make("label", { for: idOf(name), text: say(`field_${name}`) }), timeField(name, value));
    return make("div", { class: "question row" }, make("label", { for: idOf(name), text: say(`field_${name}`) }),
      make("input", { id: idOf(name), name: idOf(name), value: value ?? "", inputmode: "numeric", autocomplete: "off", maxlength: "4" }));
  });
}

/** What stands in the fields of `form`, as it was typed; `heard` of it says when times were: "35 minutes ago" is of that moment. */
export function answersIn(form, condition, before = {}) {
  const data = new FormData(form), answers = {};
  for (const [name, kind] of ASKED[condition]) {
    const value = data.get(idOf(name));
    if (kind === "flag") answers[name] = value !== null;
    else if (value) answers[name] = value;
  }
  const at = data.get(idOf("onset_at"));
  if (at) answers.onset_at = at;
  const items = [...data.entries()].filter(([name]) => name.startsWith("item-")).map(([name, points]) => [name.slice(5), points]);
  if (items.length) answers.items = Object.fromEntries(items);
  const times = ["onset_at", "last_known_well"].filter((name) => answers[name]);
  answers.heard = Object.fromEntries(times.map((name) => [name, (before[name] === answers[name] && before.heard?.[name]) || clock.now()]));
  return answers;
}

/** A moment that was typed, as the API takes it; notes the name of a field that cannot be read. */
function moment(text, name, wrong, heard) {
  const read = clock.read(text ?? "", heard);
  if (Number.isNaN(read)) wrong.push(name);
  return read === null || Number.isNaN(read) ? null : new Date(Math.floor(read / 1000) * 1000).toISOString();
}

function whole(text, name, most, wrong) {
  const typed = (text ?? "").normalize("NFKC").trim();
  if (!typed) return null;
  const number = /^\d{1,4}$/.test(typed) ? Number(typed) : NaN;
  if (!(number <= most)) wrong.push(name);
  return number <= most ? number : null;
}

/**
 * What of a call goes to the API: `patient` (its fields), `departure_min`, and `wrong`: the ids of fields that cannot be read.
 */
export function patientOf(call, protocol) {
  const wrong = [], answers = call.told[call.condition] ?? {}, patient = {};
  for (const [name, kind, values] of ASKED[call.condition]) {
    const value = answers[name];
    if (kind === "flag" && value) patient[name] = true;
    else if (kind === "choice" && value && value !== values[0]) patient[name] = value;
    else if (kind === "time" && value) patient[name] = moment(value, idOf(name), wrong, answers.heard?.[name]);
    else if (kind === "number") patient[name] = whole(value, idOf(name), values[1], wrong);
    else if (kind === "onset") patient[name] = moment(answers.onset_at, idOf("onset_at"), wrong, answers.heard?.onset_at) ?? (value || null);
    else if (kind === "scale" && protocol?.scales[value]) {
      const items = itemsOf(protocol.scales[value], answers);
      if (items) Object.assign(patient, { scale: value, items });
    }
  }
  patient.departure_min = whole(call.told.departure_min, "q-departure_min", LONGEST_WAIT_MIN, wrong);
  return { patient: Object.fromEntries(Object.entries(patient).filter(([, value]) => value !== null && value !== undefined)), wrong };
}
