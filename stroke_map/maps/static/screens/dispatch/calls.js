// What is open: calls that are not yet cases, and every open case, the urgent ones first.

import { byId, fill, free, make } from "../dom.js";
import * as clock from "../clock.js";
import { say, word } from "../words.js";
import { urgencyOf } from "./urgent.js";
import { alertsOf, current, look, on, shortName, standing, state } from "./state.js";

const began = (known) => known.timeline.call ?? known.created_at;

/** Open cases in the order in which they are shown and stepped through: urgent, then new. */
export function inOrder() {
  const open = [...state.cases.values()].filter((known) => !known.closed_at);
  const rank = new Map(open.map((known) => [known.id, urgencyOf(known)?.rank ?? 9]));
  return open.sort((one, other) => rank.get(one.id) - rank.get(other.id) || other.id - one.id);
}

const CONDITIONS = { stroke: "◐", chest_pain: "♥" };
const icon = (condition) => make("span", { class: "condition", "aria-hidden": "true", text: CONDITIONS[condition] });

function draft(call) {
  const active = current()?.id === call.id;
  return make("li", {}, make("button", { type: "button", class: "item draft", "aria-current": active ? "true" : null, id: `call-${call.id}`, on: { click: () => look("call", call.id) } },
    make("span", { class: "item-head" }, icon(call.condition), ` ${say("call_open")} `, make("span", { class: "ticking", data: { since: call.began } })),
    make("span", { class: "item-line" }, call.place ? free(call.place.label) : say("no_place"))));
}

function acknowledged(alert) {
  const known = alert.teams.filter((team) => team.acknowledged_at).length;
  return say("acknowledged", known, alert.teams.length);
}

function item(known) {
  const alert = standing(known.id) ?? alertsOf(known.id)[0], urgent = urgencyOf(known), active = state.view.kind === "case" && state.view.id === known.id;
  return make("li", {}, make("button", { type: "button", class: `item ${urgent ? `urgent urgent-${urgent.kind}` : ""}`, "aria-current": active ? "true" : null, id: `case-${known.id}`, on: { click: () => look("case", known.id) } },
    make("span", { class: "item-head" }, icon(known.condition), ` ${say("case", known.id)} · ${say(`condition_${known.condition}`)} `, make("span", { class: "ticking", data: { since: began(known) } })),
    make("span", { class: "item-line" }, make("bdi", { text: shortName(alert?.hospital ?? known.hospital) }), known.vehicle && " · ", known.vehicle && free(known.vehicle)),
    make("span", { class: "item-line" }, urgent && make("b", { class: "flagged", text: `▲ ${urgent.short}` }), urgent && " ", alert ? `${word("state", alert.state)} · ${acknowledged(alert)}` : say("no_alert"))));
}

export function show() {
  const cases = inOrder();
  fill(byId("calls"), ...state.calls.map(draft), ...cases.map(item));
  byId("calls-none").hidden = state.calls.length + cases.length > 0;
  byId("calls-count").textContent = String(cases.length);
  tick();
}

function tick() {
  for (const one of byId("calls").querySelectorAll(".ticking")) {
    const since = one.dataset.since;
    one.textContent = clock.elapsed(/^\d+$/.test(since) ? Number(since) : since);
  }
}

export function keepShowing() {
  on("calls cases alerts view place condition hospitals", show);
  clock.eachSecond(tick);
}

/** To the next case: the most urgent first, then one after the other. */
export function step() {
  const cases = inOrder();
  if (!cases.length) return;
  const at = state.view.kind === "case" ? cases.findIndex((known) => known.id === state.view.id) : -1;
  look("case", cases[(at + 1) % cases.length].id);
  byId("work-title").focus();
}
