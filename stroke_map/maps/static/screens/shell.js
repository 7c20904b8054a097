// The frame of every screen: who is logged in, the server's clock, whether it is heard, whether sound can be heard, help, log-out.

import { ask, logInAgain, onLogInNeeded, Problem, session } from "./api.js";
import * as clock from "./clock.js";
import { byId, make } from "./dom.js";
import * as drafts from "./drafts.js";
import * as keys from "./keys.js";
import { inPlace, onSomebodyElse, screenOf } from "./login.js";
import * as sound from "./sound.js";
import { facts, lang, say } from "./words.js";

const STAYS_MS = 6000;

/**
 * Let in whoever may see this screen. Resolves with who it is; whoever may not is sent to the log-in, or told in words.
 *
 * @param {string[]} roles those whose screen this is
 */
export async function openShell(roles) {
  clock.eachSecond(() => (byId("now").textContent = clock.clock(clock.now())));
  keys.listen();
  openSound();
  byId("log-out")?.addEventListener("click", () => logOut(ask).catch(tellProblem));
  addEventListener("pageshow", ({ persisted }) => persisted && comeBack());
  for (const button of document.querySelectorAll("dialog [data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  const user = await known();
  if (!roles.includes(user.role)) {
    const home = screenOf(user.role);
    stop(say("not_your_screen", user.name, say(`role_${user.role}`)), home && make("p", {}, make("a", { href: `${home}?lang=${lang}`, text: say("to_your_screen") })));
  }
  byId("who").replaceChildren(make("a", { href: `/account?lang=${lang}`, text: user.name, title: say("own_account") }));
  showOthers(user.role);
  onLogInNeeded(user.name, inPlace(user));
  onSomebodyElse(user, logInAgain);
  drafts.belongTo(user.name);
  return user;
}

/** A browser may show a page that was left as it was: the back button shows nothing of a session that has ended. */
function comeBack() {
  document.body.hidden = true;
  location.reload();
}

/** Links to the other screens of this role. */
function showOthers(role) {
  const others = facts.homes[role].filter((address) => address !== location.pathname);
  byId("screens").append(...others.map((address) => make("a", { href: `${address}?lang=${lang}`, text: facts.titles[address] })));
  byId("screens").hidden = !others.length;
}

async function known() {
  for (;;) {
    try {
      return await session();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.code === "unauthorized") {
        location.replace(`/login?${new URLSearchParams({ lang, next: location.pathname + location.search })}`);
        return new Promise(() => {}); // the page is left
      }
      showConnection({ connected: false });
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function stop(text, ...more) {
  byId("main").replaceChildren(make("p", { class: "stopped", role: "alert", text }), ...more.filter(Boolean));
  throw new Error("this screen is for others");
}

export async function logOut(asking) {
  await asking("DELETE", "/api/v1/session", { quietly: true }).catch((problem) => {
    if (problem.code !== "unauthorized") throw problem; // it has ended already
  });
  drafts.forgetAll();
  location.replace(`/login?lang=${lang}`);
}

/** Show in the frame whether the server is heard, and in large letters when it is not. */
export function showConnection({ connected, since }) {
  const line = byId("connection"), lost = byId("lost");
  line.dataset.state = connected ? "good" : "lost";
  line.textContent = say(connected ? "connected" : "not_connected");
  lost.hidden = connected;
  if (!connected) lost.textContent = since ? say("lost_since", clock.clock(since)) : say("lost");
}

/** Let `live` tell the frame about the connection. */
export function follow(live) {
  live.addEventListener("connection", ({ detail }) => showConnection(detail));
}

function openSound() {
  const button = byId("sound"), words = byId("silent");
  const show = () => {
    button.hidden = words.hidden = !sound.blocked();
  };
  button.addEventListener("click", () => sound.unlock().then(() => sound.play("good")));
  for (const press of ["keydown", "pointerdown", "pointerup"]) addEventListener(press, () => sound.blocked() && sound.unlock(), { capture: true });
  sound.onChange(show);
  show();
}

/** Say something that is over: it goes away by itself. */
export function sayBriefly(text, kind = "note") {
  const line = make("p", { class: `toast toast-${kind}`, text });
  byId("toasts").append(line);
  setTimeout(() => line.remove(), STAYS_MS);
}

/** Say what went wrong; it stays until it is put away. */
export function tellProblem(problem) {
  if (!(problem instanceof Problem)) {
    reportError(problem);
    problem = { message: say("problem_internal-error") };
  }
  const close = make("button", { type: "button", class: "small", text: say("put_away"), on: { click: () => line.remove() } });
  const line = make("div", { class: "toast toast-problem", role: "alert" }, make("span", { text: problem.message }), close);
  const panel = byId("toasts");
  for (const old of panel.querySelectorAll(".toast-problem")) if (old.firstChild.textContent === problem.message) old.remove();
  panel.append(line);
}

/** Longest text the server takes, and a kind word where somebody pastes more. */
export function limited(field, most = 500) {
  field.addEventListener("input", () => {
    const characters = [...field.value];
    if (characters.length <= most) return;
    field.value = characters.slice(0, most).join("");
    sayBriefly(say("shortened", most), "caution");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return field;
}
