// The hospital's screen: who is on the way, and what the hospital says to it. What stands where is in templates/screens/hospital.html.

import { get, post, Problem } from "./api.js";
import { stayAwake } from "./awake.js";
import * as clock from "./clock.js";
import { byId, fill, make, phone } from "./dom.js";
import * as drafts from "./drafts.js";
import { shortcut } from "./keys.js";
import { Live } from "./live.js";
import { askMoment } from "./moment.js";
import { count } from "./patient.js";
import { follow, openShell, tellProblem } from "./shell.js";
import * as sound from "./sound.js";
import { facts, say, told as inLanguage, word } from "./words.js";
import { card, title } from "./hospital/card.js";
import { askDivert, openDivert } from "./hospital/divert.js";
import { openStatus, showStatus } from "./hospital/status.js";
import * as standing from "./hospital/standing.js";

const user = await openShell(["hospital"]);
const live = new Live(), cards = new Map(), received = new Set(), under = new Set();
const seen = new Set(drafts.kept("seen") ?? []);
let alerts = [], before = null;

follow(live);
// Nobody looks at a screen that is silent: one that would hear of no alert says so by sound.
live.addEventListener("connection", ring);
stayAwake();
byId("dispatch-phone").append(phone(facts.dispatch_phone) ?? "");
byId("own-name").textContent = inLanguage(facts.hospitals[user.hospital]) || user.hospital;
byId("test-sound").addEventListener("click", testSound);
openDivert();
openStatus(user.hospital, () => live.refresh("status"));

/** Send something once, however often it is pressed, and show what came of it. */
async function send(alert, deed, body) {
  const key = `${alert.id}/${deed}/${body.team ?? ""}`;
  if (under.has(key)) return;
  under.add(key);
  const pressed = document.activeElement?.id;
  try {
    take((await post(`/api/v1/alerts/${alert.id}/${deed}`, body, { repeatable: true })).body);
  } catch (problem) {
    tellProblem(problem);
    if (problem instanceof Problem && problem.code === "conflict") await live.refresh("alert");
  } finally {
    under.delete(key);
    // The button is gone; not to the next one, which the same press might reach.
    if (pressed && !byId(pressed)) byId(`title-${alert.id}`)?.focus({ preventScroll: true });
  }
}

const deeds = {
  acknowledge: (alert, team) => send(alert, "acknowledge", { team }),
  activate: (alert, team) => send(alert, "activate", { team }),
  divert: (alert) => askDivert(alert, take),
  moment: (alert, name) => askMoment(name, alert.case.timeline[name], (at) => record(alert, name, at)),
  isSeen: (alert) => seen.has(alert.id),
  see(alert) {
    drafts.keep("seen", [...seen.add(alert.id)].slice(-200));
    show();
  },
};

async function record(alert, name, at) {
  const told = { name, at: new Date(at).toISOString(), instead_of: alert.case.timeline[name] ?? null };
  try {
    await post(`/api/v1/cases/${alert.case.id}/events`, told, { repeatable: true });
  } finally {
    await live.refresh("alert");
  }
}

/** One alert as it stands now, which the list will tell as well. */
function take(alert) {
  hear(alerts.some((one) => one.id === alert.id) ? alerts.map((one) => (one.id === alert.id ? alert : one)) : [...alerts, alert]);
}

function hear(list) {
  alerts = list;
  const known = before ?? new Map(), fresh = alerts.filter((one) => standing.waiting(one, user).length && !known.has(one.id));
  const gone = before ? alerts.filter((one) => one.state === "cancelled" && known.has(one.id) && known.get(one.id) !== "cancelled") : [];
  before = new Map(alerts.map((one) => [one.id, one.state]));
  ring();
  show();
  if (gone.length) sound.play("news");
  for (const one of fresh) speak(one.eta ? say("alert_comes", title(one), clock.elapsed(one.eta).replace("−", "")) : say("alert_comes_sometime", title(one)));
  for (const one of gone) speak(say("stood_down", title(one)));
  tellReceived();
}

/** For every alert that waits; and where this screen would hear of none. */
function ring() {
  sound.ringFor(new Set(alerts.filter((one) => standing.waiting(one, user).length).map((one) => one.id)));
  if (!live.connection.connected) sound.ring("deaf", "news");
}

function speak(text) {
  byId("spoken").textContent = text;
}

/** Tell the dispatcher that a screen shows it, once somebody could see it. */
function tellReceived() {
  if (document.hidden) return;
  for (const alert of alerts.filter((one) => ["created", "sent"].includes(one.state) && !received.has(one.id))) {
    received.add(alert.id);
    const body = user.team ? { team: user.team } : {};
    post(`/api/v1/alerts/${alert.id}/received`, body, { repeatable: true }).catch(() => received.delete(alert.id)); // the next look tries again
  }
}

function show() {
  const panel = byId("alerts"), ordered = standing.inOrder(alerts, user, seen).filter((one) => !standing.isOver(one) || !seen.has(one.id));
  const waiting = ordered.filter((one) => standing.waiting(one, user).length).length;
  document.title = `${waiting ? `(${waiting}) ⚠ ` : ""}${say("title_hospital")} · ${say("service")}`;
  if (!ordered.length) {
    cards.clear();
    fill(panel, make("div", { class: "nobody" }, make("p", { class: "nobody-title", text: `✓ ${say("nobody_comes")}` }), make("p", { class: "quiet", text: say("nobody_words") })));
    return;
  }
  delete panel.dataset.shown;
  for (const id of cards.keys()) if (!ordered.some((one) => one.id === id)) cards.delete(id);
  for (const alert of ordered) draw(alert);
  const wanted = ordered.map((one) => cards.get(one.id)), focus = document.activeElement?.id;
  if (wanted.length !== panel.children.length || wanted.some((one, place) => panel.children[place] !== one)) {
    panel.replaceChildren(...wanted);
    if (focus) byId(focus)?.focus({ preventScroll: true });
  }
  count();
}

function draw(alert) {
  if (!cards.has(alert.id)) cards.set(alert.id, make("article", { "aria-labelledby": `title-${alert.id}`, id: `alert-${alert.id}` }));
  const place = cards.get(alert.id), over = standing.isOver(alert);
  place.className = `alert is-${over ? alert.state : standing.waiting(alert, user).length ? "waiting" : alert.arrived_at ? "here" : "coming"}`;
  fill(place, make("div", { class: "alert-inside" }, ...card(alert, user, deeds)));
}

const first = (which) => standing.inOrder(alerts, user, seen).map((alert) => [alert, which(alert, user)[0]]).find(([, team]) => team);

function forFirst(which, deed) {
  const found = first(which);
  if (found) send(found[0], deed, { team: found[1].team });
}

async function testSound() {
  await sound.unlock();
  sound.play("urgent");
}

shortcut("a", "key_acknowledge", () => forFirst(standing.waiting, "acknowledge"));
shortcut("s", "key_activate", () => forFirst(standing.activatable, "activate"));
shortcut("t", "key_test_sound", testSound);
clock.eachSecond(count);
document.addEventListener("visibilitychange", tellReceived);
live
  .watch("/api/v1/alerts", ({ alerts: list }) => hear(list), { topics: ["alert", "case"] })
  .watch(`/api/v1/statuses?hospital=${encodeURIComponent(user.hospital)}`, ({ statuses }) => showStatus(statuses), { topics: ["status"], every: 3 })
  .start();
