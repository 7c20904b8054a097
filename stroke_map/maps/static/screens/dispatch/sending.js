// From a call to a case and its alert. Each intention has one name, kept with the call: pressed twice, sent again after a lost line or a
// reload, it is one case and one alert.

import { intention, post, Problem } from "../api.js";
import { byId } from "../dom.js";
import * as sound from "../sound.js";
import { sayBriefly, tellProblem } from "../shell.js";
import { say } from "../words.js";
import { askSoon, questionOf } from "./asking.js";
import { callOf, changed, current, dropCall, keep, look, nameOf, state } from "./state.js";

const busy = new Set();

/** What is still missing before `call` can be sent, as the id of a field and words; null: nothing. */
function missing(call) {
  const { question, wrong } = questionOf(call);
  if (!question) return ["place", say("need_place")];
  if (wrong.length) return [wrong[0], say("need_correct")];
  if (!state.answer?.answer) return ["place", state.answer?.problem?.message ?? say("asking")];
  const [{ id: first }] = state.answer.answer.hospitals;
  if (call.hospital && call.hospital !== first && !call.reason.trim()) return ["override", say("need_reason")];
  return null;
}

/** Make the case, say when the call was, and alert the hospital that is chosen. */
export async function send(call) {
  if (!call || busy.has(call.id)) return;
  const lacks = missing(call);
  if (lacks) {
    byId(lacks[0])?.focus();
    return sayBriefly(lacks[1], "caution");
  }
  busy.add(call.id);
  byId("send")?.setAttribute("aria-busy", "true");
  try {
    await deliver(call);
  } catch (problem) {
    // Between the answer that was read and this press another hospital came first: look again, nothing was sent.
    if (problem instanceof Problem && problem.fields.override_reason && !call.reason.trim()) {
      askSoon({ again: true });
      sayBriefly(say("answer_changed"), "caution");
    } else tellProblem(problem);
  } finally {
    busy.delete(call.id);
    byId("send")?.removeAttribute("aria-busy");
  }
}

async function deliver(call) {
  const [{ id: first }] = state.answer.answer.hospitals, { question } = questionOf(call);
  const hospital = call.hospital ?? first;
  const body = { question, hospital, override_reason: hospital === first ? "" : call.reason, vehicle: call.vehicle };
  const text = JSON.stringify(body);
  if (call.sent?.text !== text) {
    // A case that was made of other words, and whose alert did not get through, is nobody's any more.
    if (call.sent?.id) await post(`/api/v1/cases/${call.sent.id}/events`, { name: "closed" }, { repeatable: true });
    call.sent = { text, case: intention(), alert: intention(), id: null };
  }
  keep();
  if (!call.sent.id) {
    const { body: made } = await post("/api/v1/cases", body, { key: call.sent.case });
    call.sent.id = made.id;
    keep();
    state.cases.set(made.id, made);
  }
  await tellCall(call.sent.id, call.began);
  const { body: alert } = await post("/api/v1/alerts", { case: call.sent.id, hospital, override_reason: body.override_reason, instead_of: null }, { key: call.sent.alert });
  state.alerts.set(alert.id, alert);
  const shown = current()?.id === call.id;
  if (callOf(call.id)) dropCall(call.id);
  if (shown) {
    look("case", alert.case.id);
    byId("work-title").focus();
  }
  changed("alerts");
  sound.play("good");
  sayBriefly(say("sent", nameOf(hospital)), "good");
}

/** When the telephone rang; somebody who said so before is not contradicted. */
async function tellCall(id, began) {
  try {
    const { body } = await post(`/api/v1/cases/${id}/events`, { name: "call", at: new Date(began).toISOString(), instead_of: null }, { repeatable: true });
    state.cases.set(id, body);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code === "offline") throw problem; // it goes on from here when it is sent again
    if (problem.code !== "conflict") tellProblem(problem);
  }
}

/** Alert another hospital for a case: the first is stood down, unless somebody else has sent for another one meanwhile. */
export async function alertAnother(known, hospital, reason, seen) {
  const body = { case: known.id, hospital, override_reason: reason, instead_of: seen };
  const intent = `another/${known.id}/${hospital}/${seen}`;
  if (busy.has(intent)) return null;
  busy.add(intent);
  try {
    const { body: alert } = await post("/api/v1/alerts", body, { key: intention() });
    state.alerts.set(alert.id, alert);
    changed("alerts");
    sound.play("good");
    sayBriefly(say("sent", nameOf(hospital)), "good");
    return alert;
  } finally {
    busy.delete(intent);
  }
}
