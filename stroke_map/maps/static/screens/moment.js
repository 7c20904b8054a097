// Saying when something was: now by one press and Enter, or a time that is typed; and correcting it.

import * as clock from "./clock.js";
import { asking, byId, once } from "./dom.js";
import { Problem } from "./api.js";
import { tellProblem } from "./shell.js";
import { say } from "./words.js";

/**
 * Ask in the dialog `#moment` when `name` was. `before` is what is recorded, if anything is; `record` gets milliseconds, and may fail.
 * A time that nobody changes is the very moment of the press.
 */
export function askMoment(name, before, record) {
  const dialog = byId("moment"), form = dialog.querySelector("form"), field = byId("moment-time"), wrong = byId("moment-wrong");
  const pressed = clock.now(), suggested = clock.minute(pressed);
  byId("moment-title").textContent = say(`moment_${name}`);
  byId("moment-before").textContent = before ? say("moment_recorded", clock.day(before)) : "";
  byId("moment-before").hidden = !before;
  field.value = suggested;
  form.removeAttribute("aria-busy"); // what was asked before may still be under way
  tell("");
  const still = asking(dialog);
  form.onsubmit = once(form, async () => {
    const at = field.value.trim() === suggested ? pressed : clock.read(field.value);
    if (at === null || Number.isNaN(at)) return tell(say("moment_unread"));
    if (at > clock.now() + 60_000) return tell(say("moment_ahead"));
    try {
      await record(Math.min(at, clock.now()));
      if (still()) dialog.close();
    } catch (problem) {
      if (!(problem instanceof Problem) || !still()) return tellProblem(problem);
      tell(problem.message);
    }
  });
  if (!dialog.open) dialog.showModal();
  field.focus();
  field.select();

  function tell(text) {
    wrong.textContent = text;
    wrong.hidden = !text;
    field.toggleAttribute("aria-invalid", Boolean(text));
    if (text) field.setAttribute("aria-invalid", "true");
  }
}
