// The page `/logout`: one press ends the session. Nothing ends by merely opening it, which another site could bring about.

import { ask, Problem, session } from "./api.js";
import { byId } from "./dom.js";
import { logOut } from "./shell.js";
import { say } from "./words.js";

const button = byId("logout"), words = byId("said");

try {
  const known = await session();
  words.textContent = say("logout_who", known.name, say(`role_${known.role}`));
  button.hidden = false;
  button.focus();
  button.addEventListener("click", async () => {
    try {
      await logOut(ask);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      words.textContent = problem.message;
    }
  });
} catch (problem) {
  if (!(problem instanceof Problem)) throw problem;
  words.textContent = problem.code === "unauthorized" ? say("logout_nobody") : problem.message;
  byId("to-login").hidden = false;
}
