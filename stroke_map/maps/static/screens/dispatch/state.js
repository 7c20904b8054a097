// What the dispatcher's screen knows: what others do, as the lists of the API tell it, and the calls that are not yet cases.

import { now } from "../clock.js";
import { intention } from "../api.js";
import * as drafts from "../drafts.js";
import { lang } from "../words.js";

const CALLS = "calls", VIEW = "view";

export const state = {
  user: null,
  hospitals: new Map(), // id -> properties of /api/v1/hospitals, with lat and lon
  protocols: {}, // condition -> the protocol in force
  cases: new Map(), // open cases by id, and the one that is looked at
  alerts: new Map(),
  statuses: [],
  closures: [],
  calls: [], // what somebody tells on the telephone, until it is a case
  view: { kind: "none", id: null }, // call, case, closures, hospitals
  answer: null, // to the question of the call or case that is looked at: {answer, at} or {problem}
};

const news = new EventTarget();
export const on = (topics, task) => topics.split(" ").forEach((topic) => news.addEventListener(topic, task));
export const changed = (topic) => news.dispatchEvent(new Event(topic));

export function restore() {
  state.calls = drafts.kept(CALLS) ?? [];
  const view = drafts.kept(VIEW);
  state.view = view && (view.kind !== "call" || callOf(view.id)) ? view : { kind: "none", id: null };
}

/** Keep what was typed. */
export function keep() {
  drafts.keep(CALLS, state.calls);
}

export const callOf = (id) => state.calls.find((call) => call.id === id) ?? null;
export const current = () => (state.view.kind === "call" ? callOf(state.view.id) : null);
export const currentCase = () => (state.view.kind === "case" ? state.cases.get(state.view.id) ?? null : null);

export function look(kind, id = null) {
  if (state.view.kind === kind && state.view.id === id) return;
  state.view = { kind, id };
  state.answer = null;
  drafts.keep(VIEW, state.view);
  changed("view");
}

export function newCall() {
  const call = { id: intention(), began: Math.floor(now()), place: null, condition: "stroke", told: {}, hospital: null, reason: "", vehicle: "", sent: null };
  state.calls.push(call);
  keep();
  changed("calls");
  look("call", call.id);
}

export function dropCall(id) {
  state.calls = state.calls.filter((call) => call.id !== id);
  keep();
  changed("calls");
  if (state.view.kind === "call" && state.view.id === id) look("none");
}

/** The alerts of a case, the last one first. */
export const alertsOf = (caseId) => [...state.alerts.values()].filter((alert) => alert.case.id === caseId).sort((one, other) => other.id - one.id);

/** The alert of a case that stands, else null. */
export const standing = (caseId) => alertsOf(caseId).find((alert) => !alert.ended_at) ?? null;

export function nameOf(hospital) {
  const known = state.hospitals.get(hospital);
  return known ? known.name[lang] || known.name.zh : hospital;
}

/** Its short name in Chinese; there is none in English. */
export function shortName(hospital) {
  const known = state.hospitals.get(hospital);
  return (lang === "zh" && known?.name_short) || nameOf(hospital);
}

export const statusesOf = (hospital) => state.statuses.filter((status) => status.hospital_id === hospital);
