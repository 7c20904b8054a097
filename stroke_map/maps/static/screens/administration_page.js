// The administrator's screen: one part of it at a time, by links that can be kept. What stands where is in templates/screens/administration.html.

import { byId } from "./dom.js";
import { shortcut } from "./keys.js";
import { Live } from "./live.js";
import { follow, openShell } from "./shell.js";
import { say } from "./words.js";
import { openAudit } from "./administration/audit.js";
import { openContacts } from "./administration/contacts.js";
import { openDeliveries } from "./administration/deliveries.js";
import { tell } from "./administration/dialogs.js";
import { openKeys } from "./administration/machines.js";
import { openUsers } from "./administration/users.js";

const user = await openShell(["administrator"]);
const live = new Live();
//: Each opens its part and gives what reads it anew.
const parts = { users: openUsers(user), keys: openKeys(), contacts: openContacts(), deliveries: openDeliveries(), audit: openAudit() };
const links = [...document.querySelectorAll(".parts a")];
let shown = "";

function show() {
  const asked = location.hash.slice(1), name = Object.hasOwn(parts, asked) ? asked : shown || "users";
  if (name === shown) return;
  for (const part of Object.keys(parts)) byId(part).hidden = part !== name;
  for (const link of links) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${say(`part_${name}`)} · ${say("title_administration")} · ${say("service")}`;
  if (shown || asked === name) byId(`${name}-title`).focus();
  shown = name;
  parts[name]().catch(tell);
}

Object.keys(parts).forEach((name, at) => shortcut(String(at + 1), `part_${name}`, () => (location.hash = name)));
shortcut("n", "key_new", () => byId({ users: "user-add", keys: "key-add" }[shown]).click(), { only: () => ["users", "keys"].includes(shown) });
shortcut("/", "key_filter", () => byId(shown).querySelector("input").focus());
addEventListener("hashchange", show);
follow(live);
// Nothing here changes from second to second: this only shows that the line stands and that the log-in lasts.
live.watch("/api/v1/session", () => {}).start();
show();
