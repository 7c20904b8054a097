// A case: who knows, how far it is, what is timed; and what a dispatcher may do about it.

import { ask, post, Problem } from "../api.js";
import { byId, fill, free, make, once, phone } from "../dom.js";
import * as clock from "../clock.js";
import { hint } from "../keys.js";
import { offerLink } from "../link.js";
import { sayBriefly, tellProblem } from "../shell.js";
import { say, told, word } from "../words.js";
import { alertAnother } from "./sending.js";
import { askSure, askWhy } from "./reason.js";
import { alertsOf, changed, currentCase, nameOf, on, standing, state } from "./state.js";
import { nextChoice } from "./urgent.js";
import { openTimeline, showTimeline } from "./timeline.js";

let refresh = () => {};

const usual = (...names) => names.map((name) => say(name));

/** Do something about an alert; whoever else did something first is seen at once, and nothing is overwritten. */
async function act(alert, deed, body) {
  try {
    const { body: now } = await post(`/api/v1/alerts/${alert.id}/${deed}`, body, { repeatable: true });
    state.alerts.set(now.id, now);
    changed("alerts");
    return true;
  } catch (problem) {
    tellProblem(problem);
    refresh();
    return false;
  }
}

export async function cancel(known) {
  const alert = known && standing(known.id);
  if (!alert) return;
  const asked = { title: say("cancel_title", nameOf(alert.hospital)), button: say("cancel"), usual: usual("why_no_stroke", "why_refused", "why_elsewhere"), name: `cancel/${alert.id}` };
  await askWhy(asked, (reason) => act(alert, "cancel", { reason }));
}

async function divert(alert) {
  const asked = { title: say("divert_title", nameOf(alert.hospital)), button: say("divert"), usual: usual("why_full", "why_ct", "why_cath_lab"), name: `divert/${alert.id}` };
  await askWhy(asked, (reason) => act(alert, "divert", { reason, by: say("by_telephone") }));
}

/** To the next hospital of the answer, at one press, after the first has diverted. */
export async function alertNext(known) {
  const next = known && nextChoice(known), [last] = alertsOf(known?.id);
  if (next) await alertThis(known, next.id, say("diverted_by", nameOf(last.hospital), last.end_reason ?? "").slice(0, 400), null);
}

async function alertThis(known, hospital, reason, seen) {
  try {
    return await alertAnother(known, hospital, reason, seen);
  } catch (problem) {
    tellProblem(problem);
    refresh();
    return null;
  }
}

async function another(known, hospital) {
  const seen = standing(known.id)?.id ?? null; // as it is shown while the reason is typed
  const send = (reason) => alertThis(known, hospital, reason, seen);
  if (hospital === known.first_choice && !seen) return send("");
  return askWhy({ title: say("another_title", nameOf(hospital)), button: say("alert_this"), usual: usual("why_full", "why_relatives", "why_nearer"), name: `another/${known.id}` }, send);
}

async function close(known) {
  if (!(await askSure(say("close_sure", known.id)))) return;
  try {
    const { body } = await post(`/api/v1/cases/${known.id}/events`, { name: "closed", instead_of: known.timeline.closed ?? null }, { repeatable: true });
    state.cases.set(body.id, body);
    changed("cases");
    byId("work-title").focus();
    sayBriefly(say("case_closed", known.id), "good");
    refresh();
  } catch (problem) {
    tellProblem(problem);
    refresh();
  }
}

function team(alert, one) {
  const name = word("team", one.team), done = one.activated_at ?? one.acknowledged_at;
  const stateWord = one.activated_at ? say("team_activated") : one.acknowledged_at ? say("team_acknowledged") : say("team_waiting");
  const button = (deed, text) => {
    const made = make("button", { type: "button", class: "small", id: `${deed}-${alert.id}-${one.team}`, text, "aria-label": `${name}: ${text}` });
    made.addEventListener("click", once(made, () => act(alert, deed, { team: one.team, by: say("by_telephone") })));
    return made;
  };
  return make("li", { class: `team ${one.activated_at ? "team-activated" : one.acknowledged_at ? "team-acknowledged" : "team-waiting"}`, data: { team: one.team } },
    make("span", { class: "team-shape", "aria-hidden": "true", text: one.activated_at ? "✔✔" : one.acknowledged_at ? "✔" : "○" }),
    make("b", { text: name }), make("span", { class: "team-state", text: stateWord }),
    make("span", { class: "quiet" }, done ? `${clock.clock(done)} · ` : say("calls", one.calls), done && free(one.activated_by ?? one.acknowledged_by)),
    !alert.ended_at && !one.acknowledged_at && button("acknowledge", say("acknowledge_telephone")),
    !alert.ended_at && one.acknowledged_at && !one.activated_at && button("activate", say("activate_telephone")));
}

function eta(alert) {
  if (alert.arrived_at) return make("p", { class: "eta" }, make("b", { text: say("arrived", clock.minute(alert.arrived_at)) }));
  if (!alert.eta) return make("p", { class: "eta", text: say("eta_unknown") });
  return make("p", { class: "eta" }, `${say("eta")} `, make("b", { text: clock.minute(alert.eta) }), " ", make("span", { class: "ticking-down", data: { since: alert.eta } }));
}

function alertPart(known) {
  const alert = standing(known.id) ?? alertsOf(known.id)[0];
  if (!alert) return [make("p", { class: "notice notice-stop" }, make("b", { text: "▲" }), ` ${say("urgent_no_alert")}`)];
  const next = nextChoice(known);
  return [
    make("div", { class: "alerted" }, make("h3", {}, make("bdi", { text: nameOf(alert.hospital) })), make("p", { class: `state state-${alert.state}`, id: "alert-state" }, word("state", alert.state), alert.ended_by && ` · ${clock.clock(alert.ended_at)} · `, alert.ended_by && free(alert.ended_by)),
      phone(alert.telephone) ?? make("span", { class: "quiet", text: say("no_phone") })),
    alert.end_reason && make("p", { class: "notice notice-caution" }, say("reason"), " ", free(alert.end_reason)),
    next && make("p", {}, make("button", { type: "button", class: "grave", id: "next-choice", on: { click: () => alertNext(known) } }, say("alert_next", next.name, next.minutes ?? "?"), " ", hint("F8"))),
    !alert.ended_at && eta(alert),
    make("ul", { class: "teams", "aria-label": say("teams") }, ...alert.teams.map((one) => team(alert, one))),
    !alert.ended_at && !alert.arrived_at && make("p", { class: "deeds" },
      make("button", { type: "button", id: "cancel", on: { click: () => cancel(known) } }, `${say("cancel")} `, hint("Shift+F8")),
      make("button", { type: "button", id: "divert", text: say("divert_told"), on: { click: () => divert(alert) } })),
  ];
}

function others(known) {
  const now = standing(known.id)?.hospital ?? alertsOf(known.id)[0]?.hospital;
  const rows = known.answer.hospitals.filter((one) => one.id !== now).map((one) =>
    make("li", {}, make("span", {}, told(one.name), ` · ${Math.ceil(one.travel_time_s / 60)} ${say("minutes")}`),
      make("button", { type: "button", class: "small", id: `another-${one.id}`, text: say("alert_this"), "aria-label": `${say("alert_this")}: ${told(one.name)}`, on: { click: () => another(known, one.id) } })));
  return rows.length > 0 && make("details", { id: "others" }, make("summary", { id: "others-summary", text: say("others") }), make("ul", { class: "plain others" }, ...rows));
}

const VALUES = new Set(["yes", "no", "unknown", "not done", "STEMI", "no ST elevation", "wake-up", "urban", "suburban", "rural"]);

function value(name, told) {
  if (told === true) return say("value_yes");
  if (VALUES.has(told)) return say(`value_${told}`);
  return /^\d{4}-\d\d-\d\dT/.test(told) ? clock.day(told) : String(told);
}

function facts(known) {
  const patient = known.question.patient ?? {}, shown = Object.entries(patient).filter(([name]) => name !== "items");
  const rows = shown.map(([name, told]) => [word("field", name), value(name, told)]);
  if (patient.items) rows.push([say("score"), String(Object.values(patient.items).reduce((sum, one) => sum + one, 0))]);
  return make("dl", { class: "facts" },
    ...rows.map(([name, told]) => make("div", {}, make("dt", { text: name }), make("dd", {}, free(told)))),
    known.override_reason && make("div", {}, make("dt", { text: say("override_reason") }), make("dd", {}, free(known.override_reason))),
    make("div", {}, make("dt", { text: say("author") }), make("dd", {}, free(known.author), ` · ${clock.day(known.created_at)}`)));
}

export function show() {
  const known = currentCase(), panel = byId("case-panel");
  panel.hidden = !known;
  if (!known) return;
  byId("case-icon").textContent = say(`condition_${known.condition}`);
  fill(byId("case-vehicle"), known.vehicle && free(known.vehicle));
  fill(byId("case-alert"), ...alertPart(known), others(known), known.closed_at && make("p", { class: "notice notice-note", text: say("case_is_closed", clock.day(known.closed_at)) }));
  fill(byId("case-facts"), facts(known));
  showTimeline(known);
  byId("close-case").hidden = byId("crew-link").hidden = Boolean(known.closed_at);
  tick();
}

function tick() {
  const known = currentCase();
  if (!known) return;
  const { onset, last_known_well: well, call } = known.timeline, began = onset ?? well;
  byId("case-onset").textContent = began ? clock.elapsed(began) : "–";
  byId("case-call").textContent = clock.elapsed(call ?? known.created_at);
  for (const one of byId("case-alert").querySelectorAll(".ticking-down")) one.textContent = remaining(one.dataset.since);
}

function remaining(moment) {
  const told = clock.elapsed(moment);
  return told.startsWith("−") ? say("eta_in", told.slice(1)) : say("eta_late", told);
}

/** Look at a case that is no longer in the list of open ones as long as somebody looks at it. */
async function load() {
  const { kind, id } = state.view;
  if (kind !== "case" || state.cases.has(id)) return;
  try {
    const { body } = await ask("GET", `/api/v1/cases/${id}`);
    state.cases.set(body.id, body);
    changed("cases");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tellProblem(problem);
  }
}

export function keepShowing(refreshing) {
  refresh = refreshing;
  openTimeline(refreshing);
  byId("close-case").addEventListener("click", () => currentCase() && close(currentCase()));
  byId("crew-link").addEventListener("click", once(byId("crew-link"), () => offerLink(currentCase().id).catch(tellProblem)));
  on("view cases alerts hospitals", show);
  on("view", load);
  clock.eachSecond(tick);
}
