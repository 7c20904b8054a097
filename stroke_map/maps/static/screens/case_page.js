// The crew's page: one case, by a link. The token of the link stands in the address and is shown to the API alone.

import { ask, Problem, useKey } from "./api.js";
import { mayDim, stayAwake } from "./awake.js";
import * as clock from "./clock.js";
import { byId, fill, free, make, phone } from "./dom.js";
import { Live } from "./live.js";
import { askMoment } from "./moment.js";
import { count } from "./patient.js";
import { follow, sayBriefly, tellProblem } from "./shell.js";
import { facts, say, told, word } from "./words.js";
import * as kept from "./crew/kept.js";
import { Queue } from "./crew/queue.js";
import { Sharing } from "./crew/position.js";
import { showDestination, showKnowing, showMoments, showTelling } from "./crew/view.js";

const ADDRESS = `/api/v1/cases/${facts.case}`;
useKey(kept.token());
const live = new Live(), queue = new Queue(facts.case, send), sharing = new Sharing(tellPlace);
let seen = null, ended = false;

byId("dispatch-phone").append(phone(facts.dispatch_phone) ?? "");
for (const button of document.querySelectorAll("dialog [data-close]")) button.addEventListener("click", () => button.closest("dialog").close());

/** One moment to the server, by its own time; told twice it is told once. */
async function send({ name, at }) {
  const { body } = await ask("POST", `${ADDRESS}/events`, { body: { name, at: new Date(at).toISOString() }, tries: 0 });
  if (seen) seen.timeline = body.timeline;
}

async function tellPlace(place) {
  try {
    await ask("POST", `${ADDRESS}/position`, { body: place, tries: 0 });
  } catch (problem) {
    if (problem instanceof Problem && problem.code === "not-found" && !problem.body.fallback) live.refresh(); // perhaps the case has ended
    throw problem;
  }
  live.refresh();
}

function hear(told) {
  const before = seen;
  seen = told;
  byId("open").hidden = false;
  if (before && before.destination.id !== seen.destination.id) tellChanged();
  keepDestination(seen);
  showDestination(seen);
  showKnowing(seen);
  showTelling(seen);
  draw();
  count();
}

/** For when the page is opened again where there is no network; see crew/worker.js. */
function keepDestination({ destination: { id, name, phone: number } }) {
  kept.keep({ id, name, phone: number, at: clock.now() }, Date.parse(facts.until) - clock.now());
}

function draw() {
  if (seen && !ended) showMoments(seen, queue.entries, { press, other, undo: (id) => queue.drop(id) });
}

function press(name) {
  const recorded = queue.entries.find((one) => one.name === name)?.at ?? seen.timeline[name];
  if (recorded || name === "last_known_well") return other(name, recorded); // a second press is no other time by mistake
  queue.add(name, clock.now());
}

const other = (name, recorded) => askMoment(name, recorded && new Date(recorded).toISOString(), async (at) => queue.add(name, at, 0));

function tellChanged() {
  const name = seen.destination.name ? told(seen.destination.name) : seen.destination.id, [before, after] = say("changed_to", "\u0000").split("\u0000");
  const panel = byId("changed");
  panel.hidden = false;
  fill(panel, make("p", {}, before, free(name), after), make("button", { type: "button", class: "main", id: "changed-seen", text: say("seen_it"), on: { click: () => (panel.hidden = true) } }));
  navigator.vibrate?.([300, 150, 300]);
  scrollTo({ top: 0 });
}

/** The case is closed, or the link was ended: nothing is shared or sent any more, and what was not is told. */
function end() {
  if (ended) return;
  ended = true;
  sharing.stop();
  mayDim();
  byId("open").hidden = byId("changed").hidden = true;
  byId("over").hidden = false;
  byId("connection").hidden = byId("lost").hidden = true; // nobody is asked any more
  document.querySelector("dialog[open]")?.close();
  const left = queue.entries;
  fill(
    byId("over-unsent"),
    left.length > 0 && make("p", { text: say("over_unsent") }),
    left.length > 0 && make("ul", {}, ...left.map(({ name, at }) => make("li", { text: `${word("moment", name)} ${clock.day(at)}` }))),
  );
  queue.forget();
  kept.forget();
  live.stop();
}

/** That the line is lost stands at the top. */
function refused(problem) {
  if (problem.code === "not-found") end();
  else if (problem.code !== "offline") sayBriefly(problem.message, "caution");
}

function showSharing({ words, problem }) {
  const button = byId("share");
  button.setAttribute("aria-pressed", String(sharing.on));
  button.textContent = say(sharing.on ? "place_stop" : "place_start");
  byId("shared").textContent = !words ? "" : words === "place_sent" ? say(words, clock.clock(clock.now())) : problem ? say(words, problem.message) : say(words);
}

byId("share").addEventListener("click", () => {
  if (sharing.on) return sharing.stop();
  sharing.start();
  stayAwake();
});
sharing.addEventListener("change", ({ detail }) => showSharing(detail));
queue.addEventListener("change", draw);
queue.addEventListener("over", end);
queue.addEventListener("refused", ({ detail: { name, at, problem } }) => tellProblem(Object.assign(problem, { message: say("refused", word("moment", name), clock.minute(at), problem.message) })));
live.addEventListener("connection", ({ detail }) => detail.connected && queue.work());
clock.eachSecond(() => (byId("now").textContent = clock.clock(clock.now())));
clock.eachSecond(count);
follow(live);
live.watch(`${ADDRESS}/crew`, hear, { every: 2, refused }).start();
queue.work();
if (window.isSecureContext) navigator.serviceWorker?.register("/case/worker.js").catch(() => {}); // where it cannot be, it needs a network
