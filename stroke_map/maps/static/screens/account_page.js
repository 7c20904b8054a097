// One's own account: another password, another authenticator, each confirmed by the present password and code.

import { post, Problem } from "./api.js";
import { byId, once } from "./dom.js";
import { Live } from "./live.js";
import { codeIn, patiently } from "./login.js";
import { follow, openShell, sayBriefly, tellProblem } from "./shell.js";
import { facts, say } from "./words.js";

await openShell(Object.keys(facts.homes));
const live = new Live();
follow(live);

/** What went wrong, in words, and the name of the field in which it is put right. */
function inWords(problem) {
  if (problem.code === "locked-out") return [say("login_locked", problem.body.retry_after_s ?? 30), "code"];
  if (problem.body.reason === "not-confirmed") return [say("login_wrong"), "code"];
  return problem.fields.new_code ? [say("code_new_wrong"), "new_code"] : [problem.message, "password"];
}

/** Let `form` send to `path` what `entry` gives, which throws [words, name of a field] where one is wrong; `done` says that it is changed. */
function changing(form, path, entry, done) {
  const wrong = form.querySelector("[role=alert]"), button = form.querySelector("button.main");

  function tell(text, name = null) {
    wrong.textContent = text;
    wrong.hidden = !text;
    for (const field of form.querySelectorAll("input")) field.removeAttribute("aria-invalid");
    if (!name) return;
    form.elements[name].setAttribute("aria-invalid", "true");
    form.elements[name].focus();
  }

  form.addEventListener("submit", once(button, async () => {
    const { password, code } = form.elements;
    if (!password.value) return tell(say("login_no_password"), "password");
    if (codeIn(code).length !== 6) return tell(say("login_no_code"), "code");
    try {
      const body = { password: password.value, code: codeIn(code), ...entry(form.elements) };
      tell("");
      await patiently(() => post(path, body));
    } catch (problem) {
      if (Array.isArray(problem)) return tell(...problem);
      if (!(problem instanceof Problem)) return tellProblem(problem);
      code.value = "";
      return tell(...inWords(problem));
    }
    form.reset();
    sayBriefly(say(done), "good");
  }));
}

changing(byId("password"), "/api/v1/account/password", ({ new_password: next, again }) => {
  if ([...next.value].length < facts.least_password) throw [say("password_short", facts.least_password), "new_password"];
  if (next.value !== again.value) throw [say("password_other"), "again"];
  return { new_password: next.value };
}, "password_changed");

changing(byId("authenticator"), "/api/v1/account/authenticator", ({ secret, new_code: next }) => {
  if (codeIn(next).length !== 6) throw [say("login_no_code"), "new_code"];
  return { secret: secret.value, new_code: codeIn(next) };
}, "authenticator_changed");
byId("authenticator").addEventListener("reset", () => {
  byId("authenticator").hidden = true;
  byId("picture").removeAttribute("src");
});

byId("begin").addEventListener("click", once(byId("begin"), async () => {
  try {
    const { body } = await post("/api/v1/account/secret", {}, { repeatable: true });
    byId("picture").src = body.qr;
    byId("authenticator").hidden = false;
    byId("secret").value = body.secret;
    byId("new-code").focus();
  } catch (problem) {
    tellProblem(problem);
  }
}));

live.watch("/api/v1/session", () => {}, { every: 3 }).start();
document.body.dataset.ready = "yes";
