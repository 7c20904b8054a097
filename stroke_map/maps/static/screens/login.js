// Logging in: as a page of its own, and in place where a session ends in the middle of a case.

import { ask, Problem, session, useToken } from "./api.js";
import { byId } from "./dom.js";
import { facts, lang, say } from "./words.js";

const PATIENCE = 6;
/** Tells the other tabs of this browser who has logged in: the session is one for all. */
const tabs = window.BroadcastChannel && new BroadcastChannel("stroke-map/log-in");

/** The digits in the field of a one-time code. */
export const codeIn = (field) => field.value.normalize("NFKC").replace(/\D/g, "");

/** Do `task` again while somebody else logs in at this moment: a server checks one password at a time. */
export async function patiently(task) {
  for (let patience = PATIENCE; ; patience--) {
    try {
      return await task();
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.code !== "too-busy" || !patience) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  }
}

/**
 * Make `form` (name, password, code, a button, a place for words) log somebody in; `done` gets who.
 * What failed is said where one types, with what to do next; the code is used up either way, so it is typed anew.
 */
export function logInForm(form, done) {
  const { name, password, code } = form.elements, words = form.querySelector("[role=alert]"), button = form.querySelector("button");
  let waiting = 0;

  function tell(text, field = null) {
    words.textContent = text;
    words.hidden = !text;
    for (const each of [name, password, code]) each.removeAttribute("aria-invalid");
    if (!field) return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  function holdOff(seconds) {
    clearInterval(waiting);
    const until = performance.now() + seconds * 1000;
    const show = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      button.disabled = left > 0;
      tell(left > 0 ? say("login_locked", left) : say("login_again"));
      if (left > 0) return;
      clearInterval(waiting);
      waiting = 0;
    };
    show();
    waiting = setInterval(show, 1000);
  }

  async function attempt() {
    const body = { name: name.value.trim(), password: password.value, code: codeIn(code) };
    if (!body.name) return tell(say("login_no_name"), name);
    if (!body.password) return tell(say("login_no_password"), password);
    if (body.code.length !== 6) return tell(say("login_no_code"), code);
    tell("");
    button.disabled = true;
    try {
      const { body: known } = await patiently(() => ask("POST", "/api/v1/session", { body, quietly: true }));
      password.value = code.value = "";
      useToken(known.csrf_token);
      tabs?.postMessage(known.name);
      return done(known);
    } catch (problem) {
      button.disabled = false;
      if (!(problem instanceof Problem)) throw problem;
      if (problem.code === "locked-out") return holdOff(problem.body.retry_after_s ?? 30);
      code.value = "";
      tell(problem.code === "unauthorized" ? say("login_wrong") : problem.message, code);
    } finally {
      if (!waiting) button.disabled = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!button.disabled) attempt();
  });
}

/** Where somebody of this role goes after the log-in: where they came from, where that is a screen of theirs, else their own. */
export function screenOf(role, wanted = "") {
  const homes = facts.homes[role] ?? [];
  const [path] = wanted.split(/[?#]/);
  return homes.includes(path) ? wanted : homes[0];
}

const inLanguage = (address) => (address.includes("lang=") ? address : `${address}?lang=${lang}`);

/** The page `/login`. */
export function openPage() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "";
  logInForm(byId("login"), ({ role, name }) => {
    const home = screenOf(role, wanted);
    if (home) return location.replace(inLanguage(home));
    const words = byId("login").querySelector("[role=alert]");
    words.hidden = false;
    words.textContent = say("login_no_screen", name, say(`role_${role}`));
  });
  byId("login").elements.name.focus();
}

/** Call `task` when somebody else than `user` has logged in in another tab. */
export function onSomebodyElse(user, task) {
  tabs?.addEventListener("message", ({ data }) => data !== user.name && task());
}

/** The dialog in place: resolves when the same person has logged in again. Somebody else gets a fresh page. */
export function inPlace(user) {
  const dialog = byId("again"), form = dialog.querySelector("form");
  let needed = false;
  // Where the same person has logged in in another tab, there is nothing left to ask.
  tabs?.addEventListener("message", ({ data }) => needed && data === user.name && session().then(dialog.resolve, () => {}));

  function show() {
    if (!dialog.open) dialog.showModal();
    form.elements.password.focus();
  }

  return () =>
    new Promise((resolve) => {
      form.elements.name.value = user.name;
      needed = true;
      dialog.resolve = (known) => {
        needed = false;
        dialog.close();
        if (known.name !== user.name) return location.reload();
        resolve(known);
      };
      if (!dialog.dataset.ready) {
        dialog.dataset.ready = "yes";
        logInForm(form, (known) => dialog.resolve(known));
        dialog.addEventListener("cancel", (event) => event.preventDefault()); // there is nothing to go on with
        dialog.addEventListener("close", () => needed && show()); // a browser closes it at the second Escape all the same
      }
      show();
    });
}
