// The dispatcher's screen: what stands where is in templates/screens/dispatch.html, what each part does in dispatch/.

import { get, Problem } from "./api.js";
import { byId } from "./dom.js";
import { shortcut } from "./keys.js";
import { Live } from "./live.js";
import { follow, openShell, sayBriefly } from "./shell.js";
import { say } from "./words.js";
import * as answer from "./dispatch/answer.js";
import { keepAsking } from "./dispatch/asking.js";
import { openForm, toPlace } from "./dispatch/call.js";
import * as calls from "./dispatch/calls.js";
import * as cases from "./dispatch/case.js";
import { openClosures } from "./dispatch/closures.js";
import { openHospitals } from "./dispatch/hospitals.js";
import { openMap } from "./dispatch/roadmap.js";
import { changed, current, currentCase, look, newCall, on, restore, state } from "./dispatch/state.js";
import { send } from "./dispatch/sending.js";
import * as urgent from "./dispatch/urgent.js";

state.user = await openShell(["dispatcher"]);
restore();

const live = new Live();
follow(live);
live.addEventListener("connection", ({ detail }) => detail.connected && changed("back"));
const news = byId("news"), seen = new Set();

/** Put a list in the place of the one before, and say in words what somebody else has changed. */
function take(name, list, told) {
  const before = state[name];
  state[name] = new Map(list.map((one) => [one.id, one]));
  if (seen.has(name)) for (const one of list) tell(before.get(one.id), one, told);
  seen.add(name);
  // What is looked at stays, though it is closed and in the list no more.
  const looked = name === "cases" && state.view.kind === "case" ? before.get(state.view.id) : null;
  if (looked && !state.cases.has(looked.id)) reload(looked);
  changed(name);
}

async function reload(known) {
  state.cases.set(known.id, known);
  try {
    const { body } = await get(`/api/v1/cases/${known.id}`);
    state.cases.set(body.id, body);
    changed("cases");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem; // else it stays as it was last seen
  }
}

function tell(before, after, told) {
  const words = told(before, after);
  if (!words) return;
  news.textContent = words;
  sayBriefly(words);
}

function ofCase(before, after) {
  if (!before) return after.author === state.user.name ? null : say("news_case", after.id, after.author);
  const moved = Object.keys(after.timeline).filter((name) => after.timeline[name] !== before.timeline[name]);
  return moved.length ? say("news_moment", after.id, moved.map((name) => say(`moment_${name}`)).join(say("comma"))) : null;
}

function ofAlert(before, after) {
  const mine = `${after.ended_by ?? ""}` === state.user.name;
  return before && before.state !== after.state && !mine ? say("news_alert", after.case.id, say(`state_${after.state}`)) : null;
}

live
  .watch("/api/v1/alerts", ({ alerts }) => take("alerts", alerts, ofAlert), { topics: ["alert"] })
  .watch("/api/v1/cases", ({ cases: list }) => take("cases", list, ofCase), { topics: ["case"], every: 2 })
  .watch("/api/v1/statuses", ({ statuses }) => set("statuses", statuses), { topics: ["status"], every: 2 })
  .watch("/api/v1/closures", ({ closures }) => set("closures", closures), { topics: ["closure"], every: 2 });

function set(name, list) {
  state[name] = list;
  changed(name);
}

const refresh = (topic = null) => live.refresh(topic);

async function loadProtocol(condition) {
  try {
    state.protocols[condition] = (await get(`/api/v1/protocols/${condition}`)).body;
    changed("protocols");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    setTimeout(() => loadProtocol(condition), 3000);
  }
}

/** One column works on one thing: a call, a case, closures or hospitals. */
function showWork() {
  const { kind, id } = state.view, open = kind === "none" ? "work_none" : `work_${kind}`;
  byId("work-title").textContent = kind === "case" ? say("case", id) : say(open);
  byId("work-none").hidden = kind !== "none";
  for (const name of ["closures", "hospitals"]) byId(`to-${name}`).setAttribute("aria-pressed", String(kind === name));
}

function start(kind) {
  look(state.view.kind === kind ? "none" : kind);
  if (state.view.kind === kind) byId(kind === "closures" ? "closure-reason" : "hospital-filter").focus();
}

function begin() {
  newCall();
  toPlace();
}

on("view", showWork);
openForm();
openMap();
answer.keepShowing();
cases.keepShowing(refresh);
urgent.keepShowing(cases.alertNext);
calls.keepShowing();
openClosures(() => refresh("closure"));
openHospitals(() => refresh("status"));
keepAsking();
for (const condition of ["stroke", "chest_pain"]) loadProtocol(condition);

byId("new-call").addEventListener("click", begin);
byId("to-closures").addEventListener("click", () => start("closures"));
byId("to-hospitals").addEventListener("click", () => start("hospitals"));
shortcut("F2", "key_new", begin);
shortcut("F4", "key_place", toPlace, { only: () => current() !== null });
shortcut("Ctrl+Enter", "key_send", () => send(current()), { only: () => current() !== null });
shortcut("F8", "key_next", () => cases.alertNext(urgent.waitingForNext()), { only: () => urgent.waitingForNext() !== null });
shortcut("Shift+F8", "key_cancel", () => cases.cancel(currentCase()), { only: () => currentCase() !== null });
shortcut("F9", "key_step", calls.step);
shortcut("Shift+F9", "key_timeline", () => byId("moment-at").focus(), { only: () => currentCase() !== null });
shortcut("Shift+F2", "key_closures", () => start("closures"));
shortcut("Shift+F4", "key_hospitals", () => start("hospitals"));

live.start();
changed("view");
changed("calls");
document.body.dataset.ready = "yes";
