// The question of the call that is looked at, put while somebody types; the answer replaces the one before without a flicker.

import { post, Problem } from "../api.js";
import { now } from "../clock.js";
import { sayBriefly } from "../shell.js";
import { say, told as inLanguage } from "../words.js";
import { changed, current, currentCase, on, state } from "./state.js";
import { patientOf } from "./questions.js";

const WAIT_MS = 60; // keys that come faster are asked about together; a first one at once
const CHOICES = 5;
/** What goes by without anybody's doing: it is asked again. */
const PASSING = new Set(["offline", "too-busy", "live-store"]), AGAIN_MS = 1500;

let waiting = 0, moved = -Infinity, under = null, last = "", anew = false;

/** The question of a call, as the API takes it; null while there is no place. `wrong` names the fields that cannot be read. */
export function questionOf(call) {
  if (!call.place) return { question: null, wrong: [] };
  const { patient, wrong } = patientOf(call, state.protocols[call.condition]);
  const { lat, lon, crs } = call.place;
  return { question: { lat, lon, crs, condition: call.condition, profile: "ambulance", limit: CHOICES, ...patient }, wrong };
}

/** Whether a scale was answered whose points are not known yet, as after a reload: an answer without them would be one to another question. */
const lacksScale = (call) => Boolean(call.told[call.condition]?.scale) && !state.protocols[call.condition];

function wanted() {
  const call = current();
  if (call) return lacksScale(call) ? null : questionOf(call).question;
  const known = currentCase();
  if (!known) return null;
  const { patient, roads: _, ...question } = known.question;
  return { ...question, ...patient };
}

/** Ask anew: soon, or at once; `again` also where the question is still the same, as after a closure. */
export function askSoon({ again = false, pressed = performance.now() } = {}) {
  clearTimeout(waiting);
  anew ||= again; // a key that is pressed meanwhile does not take it back
  const alone = performance.now() - moved > WAIT_MS;
  moved = performance.now();
  waiting = setTimeout(() => ask(pressed), alone ? 0 : WAIT_MS);
}

async function ask(pressed) {
  const question = wanted(), text = JSON.stringify(question), view = state.view, same = text === last, again = anew;
  anew = false;
  if (same && state.answer && !again) return;
  last = text;
  under?.abort();
  under = null;
  if (!question) {
    state.answer = null;
    return changed("answer");
  }
  const mine = (under = new AbortController());
  changed("asking");
  let told;
  try {
    const { body } = await post("/api/v1/route", { ...question, roads: "all" }, { signal: mine.signal, timeout_ms: 5000 });
    told = { answer: body, problem: null };
  } catch (problem) {
    if (mine.signal.aborted) return; // another question was put meanwhile
    if (!(problem instanceof Problem)) throw problem;
    told = { answer: null, problem };
  }
  if (mine !== under || view !== state.view) return;
  under = null;
  const before = state.answer?.answer?.hospitals[0].id, first = told.answer?.hospitals[0];
  state.answer = { ...told, at: now(), pressed };
  changed("answer");
  // Nobody has typed anything: whoever has read the answer already must see that it is another one.
  if (same && before && first && first.id !== before) sayBriefly(say("order_changed", inLanguage(first.name)), "caution");
  if (!PASSING.has(told.problem?.code)) return;
  anew = true;
  waiting = setTimeout(() => ask(performance.now()), AGAIN_MS);
}

export const isAsking = () => under !== null;

export function keepAsking() {
  on("view", () => {
    last = "";
    askSoon();
  });
  on("draft protocols", () => askSoon());
  on("statuses closures", () => (state.answer || under) && askSoon({ again: true }));
  on("back", () => state.answer?.problem && askSoon({ again: true }));
}
