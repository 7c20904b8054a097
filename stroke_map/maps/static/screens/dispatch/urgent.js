// What somebody must do something about now: by words, a shape and a sound, at the top of everything.

import { byId, fill, make, phone } from "../dom.js";
import { hint } from "../keys.js";
import * as sound from "../sound.js";
import { say, told, word } from "../words.js";
import { alertsOf, look, nameOf, on, standing, state } from "./state.js";

/** Which things were heard: their sound stays off; what is shown stays. */
const heard = new Set();
const sounded = new Set();

/** The next hospital of a case's own answer after a diversion: {id, name, minutes}, null: none is left. */
export function nextChoice(known) {
  const [last] = alertsOf(known.id);
  if (last?.state !== "diverted" || !last.next_choice) return null;
  const choice = known.answer.hospitals.find((one) => one.id === last.next_choice);
  return { id: last.next_choice, name: choice ? told(choice.name) : nameOf(last.next_choice), minutes: choice ? Math.ceil(choice.travel_time_s / 60) : null };
}

/** What is urgent of a case: {rank, kind, short, why}; null: nothing. The kinds: telephone, diverted, silent, nobody. */
export function urgencyOf(known) {
  if (known.closed_at) return null;
  const alert = standing(known.id), [last] = alertsOf(known.id);
  if (!alert && last?.state === "diverted") return { rank: 0, kind: "diverted", short: say("urgent_diverted"), why: `${last.id}/diverted`, alert: last };
  if (!alert) return known.timeline.door ? null : { rank: 2, kind: "nobody", short: say("urgent_nobody"), why: `case/${known.id}/nobody`, alert: last ?? null };
  if (alert.arrived_at) return null;
  if (alert.telephone_now) return { rank: 1, kind: "telephone", short: say("urgent_telephone"), why: `${alert.id}/telephone`, alert };
  if (alert.not_activated) return { rank: 3, kind: "silent", short: say("urgent_silent"), why: `${alert.id}/silent`, alert };
  return null;
}

const LOUD = new Set(["diverted", "telephone"]);

function silentTeams(alert) {
  return alert.teams.filter((team) => !team.acknowledged_at).map((team) => word("team", team.team)).join(say("comma"));
}

function words(known, urgent) {
  const { alert, kind } = urgent;
  if (kind === "diverted") return [make("bdi", { text: nameOf(alert.hospital) }), ` ${say("urgent_diverted")}: `, make("bdi", { text: alert.end_reason ?? "" })];
  if (kind === "telephone") return [make("bdi", { text: nameOf(alert.hospital) }), ` ${say("urgent_nobody_knows", silentTeams(alert))}`];
  if (kind === "silent") return [make("bdi", { text: nameOf(alert.hospital) }), ` ${say("urgent_not_activated")}`];
  return [say("urgent_no_alert")];
}

/** `alertNext(known)` is what the button of a diversion does. */
function banner(known, urgent, alertNext) {
  const next = urgent.kind === "diverted" ? nextChoice(known) : null, number = urgent.alert?.telephone;
  const ringing = LOUD.has(urgent.kind) && !heard.has(urgent.why);
  return make("li", { class: `banner banner-${urgent.kind}`, data: { case: known.id } },
    make("span", { class: "banner-shape", "aria-hidden": "true", text: urgent.kind === "telephone" ? "☎" : "▲" }),
    make("p", { class: "banner-words" }, make("b", { text: say("case", known.id) }), " ", ...words(known, urgent)),
    urgent.kind === "telephone" && number && make("p", { class: "banner-number" }, `${say("telephone")} `, phone(number)),
    urgent.kind === "telephone" && !number && make("p", { text: say("no_phone") }),
    next && make("button", { type: "button", class: "grave", id: `next-${known.id}`, on: { click: () => alertNext(known) } },
      say("alert_next", next.name, next.minutes ?? "?"), " ", hint("F8")),
    urgent.kind === "diverted" && !next && make("p", { text: say("no_next") }),
    make("button", { type: "button", class: "small", id: `to-${known.id}`, text: say("to_case"), on: { click: () => look("case", known.id) } }),
    ringing && make("button", { type: "button", class: "small", id: `hush-${known.id}`, text: say("hush"), on: { click: () => hush(known, urgent.why) } }));
}

function hush(known, why) {
  heard.add(why);
  show();
  byId(`to-${known.id}`)?.focus();
}

let toNext = () => {};

export function show() {
  const urgent = [...state.cases.values()].map((known) => [known, urgencyOf(known)]).filter(([, one]) => one && one.kind !== "nobody").sort(([, one], [, other]) => one.rank - other.rank);
  // Whoever looks at a case has heard it.
  if (state.view.kind === "case") for (const [known, one] of urgent) if (known.id === state.view.id && document.hasFocus()) heard.add(one.why);
  fill(byId("urgent"), ...urgent.map(([known, one]) => banner(known, one, toNext)));
  byId("urgent").hidden = !urgent.length;
  for (const [, one] of urgent) {
    if (!sounded.has(one.why) && LOUD.has(one.kind) && heard.has(one.why)) sound.play("urgent"); // once, also for what is looked at
    sounded.add(one.why);
  }
  sound.ringFor(new Set(urgent.filter(([, one]) => LOUD.has(one.kind) && !heard.has(one.why)).map(([, one]) => one.why)));
  document.title = `${urgent.length ? `(${urgent.length}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
}

export function keepShowing(alertNext) {
  toNext = alertNext;
  on("cases alerts hospitals view", show);
}

/** The case whose diversion waits for the next choice: the one that is looked at, else the first. */
export function waitingForNext() {
  const waiting = [...state.cases.values()].filter((known) => !known.closed_at && !standing(known.id) && nextChoice(known));
  return waiting.find((known) => state.view.kind === "case" && known.id === state.view.id) ?? waiting[0] ?? null;
}
