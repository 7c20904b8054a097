// When what was: one press for now, or for the time that is typed. A moment that is recorded is changed only by a second press, and only
// if nobody else has changed it meanwhile.

import { post } from "../api.js";
import { byId, fill, make } from "../dom.js";
import * as clock from "../clock.js";
import { sayBriefly, tellProblem } from "../shell.js";
import { say } from "../words.js";
import { changed, currentCase, state } from "./state.js";

const SURE_MS = 5000, CALM_MS = 400; // a double click is one press
const OF = {
  stroke: ["onset", "last_known_well", "call", "dispatched", "on_scene", "left_scene", "door", "imaging", "needle", "puncture", "reperfusion"],
  chest_pain: ["onset", "call", "dispatched", "on_scene", "ecg", "left_scene", "door", "needle", "wire", "reperfusion"],
};
let sure = null, refresh = () => {};
const busy = new Set();

export function openTimeline(refreshing) {
  refresh = refreshing;
}

/** Ask for a second press about what is recorded now, for a few seconds. */
function askAgain(what) {
  const mine = (sure = { what, ready: false });
  const later = (ms, task) => setTimeout(() => {
    if (sure !== mine) return;
    task();
    showTimeline(currentCase());
  }, ms);
  later(CALM_MS, () => (mine.ready = true));
  later(SURE_MS, () => (sure = null));
}

const recordedAs = (known, name) => `${known.id}/${name}/${known.timeline[name] ?? ""}`;
const isAsked = (known, name) => sure?.what === recordedAs(known, name);

async function record(known, name) {
  const field = byId("moment-at"), at = clock.read(field.value), seen = known.timeline[name] ?? null, key = `${known.id}/${name}`;
  if (Number.isNaN(at)) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
    return sayBriefly(say("wrong_fields"), "caution");
  }
  field.removeAttribute("aria-invalid");
  if (seen && !isAsked(known, name)) return askAgain(recordedAs(known, name));
  if ((seen && !sure.ready) || busy.has(key)) return;
  sure = null;
  busy.add(key);
  try {
    const moment = new Date(at === null ? clock.now() : at).toISOString();
    const { body } = await post(`/api/v1/cases/${known.id}/events`, { name, at: moment, instead_of: seen }, { repeatable: true });
    field.value = "";
    state.cases.set(body.id, body);
    changed("cases");
  } catch (problem) {
    tellProblem(problem);
    refresh();
    showTimeline(currentCase());
  } finally {
    busy.delete(key);
  }
}

export function showTimeline(known) {
  if (!known) return;
  const names = [...OF[known.condition], ...Object.keys(known.timeline).filter((name) => name !== "closed" && !OF[known.condition].includes(name))];
  fill(byId("moments"), ...names.map((name) => {
    const at = known.timeline[name], asked = isAsked(known, name) && sure.ready;
    return make("li", {}, make("button", { type: "button", class: `moment ${at ? "told" : ""}`, id: `moment-${name}`, disabled: Boolean(known.closed_at), on: { click: () => record(currentCase(), name) } },
      make("span", { text: say(`moment_${name}`) }),
      make("b", { text: asked ? say("change_sure") : at ? `✔ ${clock.day(at)}` : "–" })));
  }));
}
