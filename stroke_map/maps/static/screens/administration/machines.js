// Keys for machines: made, rotated without a gap, revoked.

import { ask, get, post } from "../api.js";
import * as clock from "../clock.js";
import { byId, fill, make } from "../dom.js";
import { sayBriefly } from "../shell.js";
import { facts, say, word } from "../words.js";
import { standing, whole } from "./accounts.js";
import { asking, button, showOnce, sure } from "./dialogs.js";
import { bound, by, holds, hospitalName, state, table } from "./table.js";

/** What a scope opens, in words; with ":read" behind it, to look only. */
function scopeWords(scope) {
  const [part, read] = scope.split(":");
  return read ? say("scope_read", word("scope", part)) : word("scope", part);
}

/** Open the part; returns what reads it anew. */
export function openKeys() {
  let keys = [], rotating = "";
  const path = (id, deed = "") => `/api/v1/keys/${encodeURIComponent(id)}${deed}`;
  const read = standing("key", (role) => {
    const tick = (scope) => make("label", { class: "tick" }, make("input", { type: "checkbox", value: scope }), ` ${scopeWords(scope)}`);
    byId("key-scopes").replaceChildren(...facts.scopes[role].map(tick));
  });
  const dialog = asking("key", async () => {
    const scopes = [...byId("key-scopes").querySelectorAll("input:checked")].map((box) => box.value);
    const made = await post("/api/v1/keys", { ...read(), scopes, days: whole("key-days", 1, 1095, "days_wrong") });
    return () => handOver(made.body);
  });
  const rotation = asking("rotate", async () => {
    const body = { overlap_hours: whole("rotate-overlap", 0, 720, "overlap_wrong"), days: whole("rotate-days", 1, 1095, "days_wrong") };
    const made = await post(path(rotating, "/rotate"), body);
    return () => handOver(made.body);
  });
  byId("key-add").addEventListener("click", () => dialog.showModal());
  for (const id of ["keys-find", "keys-over"]) byId(id).addEventListener("input", show);

  function handOver(made) {
    showOnce(say("secret_key", made.name), [[say("secret_text"), made.key]]);
    load();
  }

  function rotate(one) {
    rotating = one.id;
    byId("rotate-title").textContent = say("rotate_title", `${one.name} ${one.id}`);
    rotation.showModal();
  }

  async function revoke({ id, name }) {
    const called = `${name} ${id}`;
    if (!(await sure(say("revoke_title", called), say("revoke_words"), say("revoke")))) return;
    await ask("DELETE", path(id));
    sayBriefly(say("revoked", called), "good");
    await load();
  }

  function standingOf(key) {
    const more = key.state === "revoked" ? by(key.revoked_at, key.revoked_by) : key.replaced_by && say("replaced_by", key.replaced_by);
    return [state(key.state, say(`state_${key.state}`)), more && make("span", { class: "quiet" }, " ", more)].filter(Boolean);
  }

  const deeds = (key) =>
    key.state !== "active"
      ? ""
      : [!key.replaced_by && button(say("rotate"), () => rotate(key), { about: `${key.name} ${key.id}` }), button(say("revoke"), () => revoke(key), { about: `${key.name} ${key.id}` })].filter(Boolean);

  function show() {
    const typed = byId("keys-find").value, over = byId("keys-over").checked;
    const found = keys.filter((one) => (over || one.state === "active") && holds(typed, one.name, one.id, say(`role_${one.role}`), hospitalName(one.hospital), one.hospital));
    const columns = [
      [say("key_id"), (one) => [make("b", { text: one.name }), " ", make("code", { text: one.id })]],
      [say("role"), bound],
      [say("scopes"), (one) => one.scopes.map(scopeWords).join(" · ")],
      [say("until_day"), (one) => clock.day(one.expires_at)],
      [say("standing"), standingOf],
      [say("made"), (one) => by(one.created_at, one.created_by)],
      [say("deeds"), deeds],
    ];
    fill(byId("keys-list"), ...table(say("part_keys"), columns, found));
  }

  async function load() {
    keys = (await get("/api/v1/keys")).body.keys.reverse();
    show();
  }
  return load;
}
