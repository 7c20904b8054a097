// The answer: the first choice in large, why it is the first, and what each other would cost.

import { byId, fill, free, make, phone } from "../dom.js";
import * as clock from "../clock.js";
import { say, told, word } from "../words.js";
import { isAsking } from "./asking.js";
import { hint } from "../keys.js";
import { alertsOf, changed, current, currentCase, keep, on, state } from "./state.js";
import { send } from "./sending.js";
import { limited, sayBriefly } from "../shell.js";
import { tellSnapped } from "./place.js";

const SLOW_MS = 400; // an answer to what stood here before is called that, where the next one takes longer
let slow = 0;

const minutes = (seconds) => Math.max(1, Math.ceil(seconds / 60));
const distance = (metres) => (metres < 950 ? say("metres", Math.max(10, Math.round(metres / 10) * 10)) : say("kilometres", (metres / 1000).toFixed(metres < 9950 ? 1 : 0)));

const notice = (severity, text) => make("p", { class: `notice notice-${severity}` }, make("b", { text: say(`severity_${severity}`) }), " ", text);

function statusLines(statuses) {
  return statuses.map((status) => make("p", { class: "notice notice-caution" }, make("b", { text: word("kind", status.kind) }), " ", say("status_until", clock.day(status.until))));
}

function numbers(hospital, large) {
  const range = hospital.travel_time_range_s;
  return make("p", { class: large ? "numbers large" : "numbers" },
    make("b", { text: String(minutes(hospital.travel_time_s)) }), ` ${say("minutes")} · ${distance(hospital.distance_m)}`,
    range && make("span", { class: "quiet", text: ` ${say("range", minutes(range[0]), minutes(range[1]))}` }));
}

/** Needle, puncture, wire: when each is expected there, in minutes from now. */
function predicted(hospital) {
  const told = hospital.predicted ?? {};
  const times = ["needle", "puncture", "wire"].filter((name) => told[`${name}_min`] !== null && told[`${name}_min`] !== undefined);
  return times.length > 0 && make("p", { class: "quiet", text: times.map((name) => say("expected", say(`moment_${name}`), Math.round(told[`${name}_min`]))).join(" · ") });
}

function selector(hospital, call, first) {
  if (!call) return null;
  const chosen = call.hospital ?? first;
  return make("input", { type: "radio", name: "hospital", id: `choose-${hospital.id}`, value: hospital.id, checked: chosen === hospital.id });
}

/** Of a case: whether this hospital is alerted, or was and could not take the patient. */
function alerted(hospital) {
  const known = currentCase();
  if (!known) return [];
  return alertsOf(known.id).filter((alert) => alert.hospital === hospital && (!alert.ended_at || alert.state === "diverted")).slice(0, 1).map((alert) =>
    make("p", { class: `notice notice-${alert.ended_at ? "stop" : "note"}` }, make("b", { text: alert.ended_at ? `■ ${say("urgent_diverted")}` : `✔ ${say("is_alerted")}` }), " ", alert.end_reason && free(alert.end_reason)));
}

function card(hospital, call, first, decision) {
  const large = hospital.id === first;
  return make(call ? "div" : "li", { class: large ? "choice first" : "choice", data: { hospital: hospital.id } },
    selector(hospital, call, first),
    make("div", { class: "choice-told" },
      make(call ? "label" : "h3", { class: "choice-name", ...(call && { for: `choose-${hospital.id}` }) }, told(hospital.name)),
      numbers(hospital, large),
      large && decision,
      hospital.class > 1 && notice("stop", say(`class_${hospital.class}`)),
      ...statusLines(hospital.statuses),
      ...alerted(hospital.id),
      !large && hospital.why_not_first && make("p", { class: "why", text: told(hospital.why_not_first) }),
      predicted(hospital),
      phone(hospital.phone) ?? make("span", { class: "quiet", text: say("no_phone") })));
}

function reason(answer) {
  const [first] = answer.hospitals, decision = answer.decision;
  const why = decision ? told(decision.text) : (first.predicted?.reasons ?? []).map(told).join(say("comma"));
  return make("div", { class: "reason" },
    make("p", {}, make("b", { text: say("reason") }), " ", why || say("reason_nearest")),
    decision?.next_hospital && make("p", { text: say("onward", told(answer.hospitals.find((one) => one.id === decision.next_hospital)?.name) || decision.next_hospital) }),
    ...(decision?.if_ecg ?? []).map((one) => make("p", { class: "quiet", text: say("if_ecg", say(`value_${one.ecg}`), told(one.text)) })));
}

/** A text of the page with an element where its blank is. */
function around(text, element) {
  const [before, after] = text.split("\u0000");
  return [before, element, after];
}

function besides(answer) {
  const { telephone_first: telephone = [], unknown = [] } = answer.besides ?? {};
  const line = (one) => make("li", {}, told(one.name), ` · ${minutes(one.travel_time_s)} ${say("minutes")} · ${say(`class_${one.class}`)} `, phone(one.phone));
  const seen = answer.statuses_seen.map((one) => make("li", {}, `${told(one.name)}: ${word("kind", one.kind)} `, say("status_until", clock.day(one.until)), one.reason && " · ", one.reason && free(one.reason), " ", phone(one.phone)));
  const closed = answer.closures_avoided.map((one) => make("li", {}, ...around(say("avoided", "\u0000"), free(one.reason))));
  const notes = answer.warnings.filter((one) => one.severity === "note").map((one) => make("li", { text: told(one.text) }));
  const lines = [...seen, ...closed, ...telephone.map(line), ...unknown.map(line), ...notes];
  return lines.length > 0 && make("details", { id: "besides" }, make("summary", { id: "besides-summary", text: say("besides", lines.length) }), make("ul", { class: "plain" }, ...lines));
}

function overrideField(call, first) {
  if (!call || (call.hospital ?? first) === first) return null;
  const field = make("input", { id: "override", list: "reasons", autocomplete: "off" });
  field.value = call.reason ?? ""; // no attribute: what is typed makes the answer no other one
  return make("p", { class: "override" }, make("label", { for: "override", text: say("override_reason") }), field);
}

function showAnswer(answer, call) {
  const [{ id: first }] = answer.hospitals;
  if (call?.hospital && !answer.hospitals.some((one) => one.id === call.hospital)) {
    call.hospital = null; // it is no choice any more
    keep();
    sayBriefly(say("order_changed", told(answer.hospitals[0].name)), "caution");
  }
  const warnings = answer.warnings.filter((one) => one.severity !== "note" && one.code !== "demo-data").slice(0, 2);
  const chosen = call?.hospital ?? first, name = told(answer.hospitals.find((one) => one.id === chosen).name);
  const changedFill = fill(byId("answer-body"),
    answer.live_state.stale && notice("stop", say("stale")),
    ...warnings.map((one) => notice(one.severity, told(one.text))),
    make(call ? "div" : "ol", { class: "choices", role: call ? "radiogroup" : null, "aria-label": say("choices") }, ...answer.hospitals.map((one) => card(one, call, first, reason(answer)))),
    overrideField(call, first),
    besides(answer),
    call && make("p", { class: "send" }, make("button", { type: "button", class: "main large", id: "send" }, say("send", name), " ", hint("Ctrl+Enter"))));
  if (changedFill && call) wire(call, first);
  tellSnapped(answer.origin);
}

function wire(call, first) {
  byId("send").addEventListener("click", () => send(call));
  for (const radio of byId("answer-body").querySelectorAll("[name=hospital]"))
    radio.addEventListener("change", () => {
      call.hospital = radio.value === first ? null : radio.value;
      keep();
      show();
      byId(`choose-${radio.value}`).focus();
      changed("chosen");
    });
  const field = byId("override");
  if (!field) return;
  limited(field).addEventListener("input", () => {
    call.reason = field.value;
    keep();
  });
}

function showProblem(problem) {
  const fallback = (problem.body.fallback ?? []).map((one) => make("li", {}, told(one.name), ` · ${say("straight", distance(one.straight_line_m))} `, phone(one.phone)));
  fill(byId("answer-body"), make("p", { class: "notice notice-stop", role: "alert" }, make("b", { text: "✕" }), " ", problem.message),
    fallback.length > 0 && make("h3", { text: say("fallback") }), fallback.length > 0 && make("ol", { class: "plain" }, ...fallback));
}

export function show() {
  const panel = byId("answer"), call = current(), known = currentCase(), body = byId("answer-body");
  panel.hidden = !call && !known;
  panel.setAttribute("aria-busy", String(isAsking()));
  if (!isAsking()) panel.classList.remove("is-old");
  byId("answer-title").textContent = say(known ? "answer_now" : "answer");
  if (panel.hidden) return;
  if (!state.answer) {
    delete body.dataset.shown;
    body.replaceChildren(make("p", { class: "quiet", text: say(call?.place || known ? "asking" : "answer_none") }));
    byId("place-street")?.replaceChildren();
    byId("answer-time").textContent = "";
    return;
  }
  if (state.answer.problem) showProblem(state.answer.problem);
  else showAnswer(state.answer.answer, call);
  if (!panel.classList.contains("is-old")) byId("answer-time").textContent = clock.clock(state.answer.at);
  state.answer.ms ??= Math.round(performance.now() - state.answer.pressed);
  panel.dataset.ms = String(state.answer.ms); // from the key to the words
}

/** What stands here answers what was asked before. */
function tellOld() {
  if (!isAsking() || !state.answer) return;
  byId("answer").classList.add("is-old");
  byId("answer-time").textContent = say("asking");
}

function tellAsking() {
  if (!state.answer) return show();
  byId("answer").setAttribute("aria-busy", "true");
  clearTimeout(slow);
  slow = setTimeout(tellOld, SLOW_MS);
}

export function keepShowing() {
  on("view answer alerts", show);
  on("asking", tellAsking);
}
