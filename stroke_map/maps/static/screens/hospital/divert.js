// Saying that a patient cannot be taken, and why.

import { post, Problem } from "../api.js";
import { choices } from "../choices.js";
import { asking, byId, once } from "../dom.js";
import { limited, tellProblem } from "../shell.js";
import { say } from "../words.js";
import { title } from "./card.js";

const REASONS = ["why_ct", "why_cath_lab", "why_full", "why_nobody", "why_mass"];

export function openDivert() {
  limited(byId("divert-text"), 400);
}

/** Ask why `alert` is diverted; `done` gets the alert as it stands then. */
export function askDivert(alert, done) {
  const dialog = byId("divert"), form = dialog.querySelector("form"), field = byId("divert-text");
  const why = choices(byId("divert-reasons"), "divert-why", [...REASONS.map((name) => [say(name), say(name)]), ["", say("reason_other")]], -1);
  byId("divert-whom").textContent = `${title(alert)} · ${say("case", alert.case.id)}`;
  field.value = "";
  byId("divert-do").removeAttribute("aria-busy"); // what was asked before may still be under way
  tell("");
  const still = asking(dialog);
  form.onsubmit = once(byId("divert-do"), async () => {
    const reason = [why(), field.value.trim()].filter(Boolean).join(" · ");
    if (!reason) {
      field.focus();
      return tell(say("need_reason"));
    }
    try {
      const { body } = await post(`/api/v1/alerts/${alert.id}/divert`, { reason }, { repeatable: true });
      if (still()) dialog.close();
      await done(body);
    } catch (problem) {
      if (!(problem instanceof Problem) || !still()) return tellProblem(problem);
      tell(problem.message);
    }
  });
  dialog.showModal();

  function tell(text) {
    byId("divert-wrong").textContent = text;
    byId("divert-wrong").hidden = !text;
  }
}
