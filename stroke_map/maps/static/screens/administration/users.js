// Who logs in: added with a password and a code to scan, reset, unlocked, revoked.

import { ask, get, post } from "../api.js";
import * as clock from "../clock.js";
import { byId, fill, make } from "../dom.js";
import { sayBriefly } from "../shell.js";
import { say } from "../words.js";
import { standing } from "./accounts.js";
import { asking, button, showOnce, sure } from "./dialogs.js";
import { bound, by, holds, hospitalName, state, table } from "./table.js";

const LEAST_PASSWORD = 12;

/** Open the part; returns what reads it anew. */
export function openUsers(me) {
  let users = [];
  const path = (name, deed = "") => `/api/v1/users/${encodeURIComponent(name)}${deed}`;
  const read = standing("user");
  const dialog = asking("user", async () => {
    const entry = read(), password = byId("user-password").value;
    if (password && [...password].length < LEAST_PASSWORD) throw say("user_password_short");
    const { body } = await post("/api/v1/users", { ...entry, ...(password && { password }) });
    return () => handOver(body);
  });
  byId("user-add").addEventListener("click", () => dialog.showModal());
  for (const id of ["users-find", "users-over"]) byId(id).addEventListener("input", show);

  function handOver(made) {
    showOnce(say("secret_user", made.name), [...(made.password ? [[say("secret_password"), made.password]] : []), [say("secret_totp"), made.totp]], made.qr);
    load();
  }

  async function reset({ name }) {
    if (await sure(say("reset_title", name), say("reset_words"), say("reset"))) handOver((await post(path(name, "/reset"), {})).body);
  }

  async function unlock({ name }) {
    await post(path(name, "/unlock"), undefined, { repeatable: true });
    sayBriefly(say("unlocked", name), "good");
    await load();
  }

  async function revoke({ name }) {
    const mine = name === me.name;
    if (!(await sure(say("revoke_title", name), say("revoke_words"), say("revoke"), mine ? say("revoke_myself") : ""))) return;
    await ask("DELETE", path(name, mine ? "?myself=true" : ""));
    sayBriefly(say("revoked", name), "good");
    await load();
  }

  function standingOf(user) {
    if (user.state === "revoked") return [state("revoked", say("state_revoked")), make("span", { class: "quiet" }, " ", by(user.revoked_at, user.revoked_by))];
    return user.locked_until ? state("locked", say("state_locked", clock.day(user.locked_until))) : state("active", say("state_active"));
  }

  const deeds = (user) =>
    user.state === "revoked"
      ? ""
      : [
          user.locked_until && button(say("unlock"), () => unlock(user), { about: user.name }),
          button(say("reset"), () => reset(user), { about: user.name }),
          button(say("revoke"), () => revoke(user), { about: user.name }),
        ].filter(Boolean);

  function show() {
    const typed = byId("users-find").value, over = byId("users-over").checked;
    const found = users.filter((one) => (over || one.state !== "revoked") && holds(typed, one.name, say(`role_${one.role}`), hospitalName(one.hospital), one.hospital));
    const columns = [
      [say("name"), (one) => make("b", { text: one.name })],
      [say("role"), bound],
      [say("standing"), standingOf],
      [say("made"), (one) => by(one.created_at, one.created_by)],
      [say("deeds"), deeds],
    ];
    fill(byId("users-list"), ...table(say("part_users"), columns, found));
  }

  async function load() {
    users = (await get("/api/v1/users")).body.users;
    show();
  }
  return load;
}
