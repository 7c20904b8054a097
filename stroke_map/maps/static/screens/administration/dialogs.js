// What the parts of the administration have in common: buttons, dialogs that ask, and secrets that are shown once.

import { Problem } from "../api.js";
import { byId, free, make, once } from "../dom.js";
import { sayBriefly, tellProblem } from "../shell.js";
import { knows, say } from "../words.js";

/** A problem in words; a conflict says which. */
function inWords(problem) {
  const known = `conflict_${problem.body?.reason}`;
  return problem.code === "conflict" && knows(known) ? say(known) : problem.message;
}

export function tell(problem) {
  if (problem instanceof Problem) problem.message = inWords(problem);
  tellProblem(problem);
}

/** A button that does `task` once for each press, and says what went wrong. `about` says to those who only hear it what it is about. */
export function button(text, task, { kind = "small", about = "" } = {}) {
  const made = make("button", { type: "button", class: kind }, text, about && make("span", { class: "hidden", text: ` ${about}` }));
  made.addEventListener("click", once(made, () => Promise.resolve(task()).catch(tell)));
  return made;
}

/**
 * Make the dialog `id` of the page one that asks. `send` reads the fields and sends them; it throws a text where one is wrong, and the dialog
 * stays open with what was typed. What it gives is done when the dialog has closed. Returns the dialog.
 */
export function asking(id, send) {
  const dialog = byId(id), form = dialog.querySelector("form"), wrong = byId(`${id}-wrong`), deed = form.querySelector("button.main");
  form.addEventListener("submit", once(deed, async () => {
    wrong.hidden = true;
    try {
      const after = await send();
      dialog.close();
      after();
    } catch (problem) {
      if (problem instanceof Error && !(problem instanceof Problem)) throw problem;
      wrong.textContent = problem instanceof Problem ? inWords(problem) : problem;
      wrong.hidden = false;
    }
  }));
  dialog.addEventListener("close", () => {
    form.reset();
    wrong.hidden = true;
  });
  return dialog;
}

/** Ask before something that cannot be taken back; `twice` is a further sentence that must be ticked. Resolves with whether to do it. */
export function sure(title, words, deed, twice = "") {
  return new Promise((resolve) => {
    const tick = make("input", { type: "checkbox" }), dialog = make("dialog", { "aria-labelledby": "sure-title" });
    const done = (answer) => {
      dialog.remove();
      resolve(answer);
    };
    const yes = make("button", { type: "button", class: "grave", disabled: Boolean(twice), text: deed, on: { click: () => done(true) } });
    const no = make("button", { type: "button", text: say("back"), on: { click: () => done(false) } });
    tick.addEventListener("change", () => (yes.disabled = !tick.checked));
    dialog.append(
      make("h2", { id: "sure-title", text: title }),
      make("p", {}, free(words)),
      ...(twice ? [make("p", {}, make("label", { class: "tick" }, tick, ` ${twice}`))] : []),
      make("p", { class: "deeds" }, yes, no),
    );
    dialog.addEventListener("close", () => done(false));
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}

/** Show what is shown this once: [words, secret], and a picture to scan. It stays until somebody says that it was handed over. */
export function showOnce(title, secrets, picture = null) {
  const dialog = make("dialog", { "aria-labelledby": "secret-title", class: "secret" });
  const rows = secrets.map(([words, secret], place) => {
    const field = make("input", { readonly: true, value: secret, id: `secret-${place}`, dir: "ltr" });
    const copy = button(say("copy"), async () => {
      field.select(); // where there is no clipboard it is marked, to be copied by hand
      if (navigator.clipboard) await navigator.clipboard.writeText(secret).then(() => sayBriefly(say("copied"), "good"), () => {});
    }, { about: words });
    return make("p", {}, make("label", { for: field.id, text: words }), make("span", { class: "row" }, field, copy));
  });
  const done = button(say("secret_done"), () => dialog.remove(), { kind: "main" });
  dialog.append(
    make("h2", { id: "secret-title", text: title }),
    make("p", { class: "caution", text: say("secret_words") }),
    ...(picture ? [make("img", { src: picture, alt: say("secret_picture"), width: 240, height: 240 })] : []),
    ...rows,
    make("p", { class: "deeds" }, done),
  );
  dialog.addEventListener("cancel", (event) => event.preventDefault()); // a slip of the finger does not lose it
  document.body.append(dialog);
  dialog.showModal();
  done.focus();
}
