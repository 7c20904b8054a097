// What the forms of users and keys ask alike: name, role, and what it is bound to.

import { byId } from "../dom.js";
import { say } from "../words.js";
import { hospitalOptions } from "./table.js";

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.@-]{0,63}$/u;

/** Make the fields of the dialog `of` work; `changed` is told of each new role. Returns what reads them, which throws words for what is wrong. */
export function standing(of, changed = () => {}) {
  const field = (name) => byId(`${of}-${name}`), role = field("role");
  const show = () => {
    field("bound").hidden = role.value !== "hospital";
    changed(role.value);
  };
  hospitalOptions(field("hospital"));
  role.addEventListener("change", show);
  byId(of).addEventListener("close", () => setTimeout(show)); // when the form was emptied
  show();
  return () => {
    const name = field("name").value.normalize("NFKC").trim(), bound = role.value === "hospital";
    if (!NAME.test(name)) throw say("name_wrong");
    if (bound && !field("hospital").value) throw say("hospital_missing");
    return { name, role: role.value, ...(bound && { hospital: field("hospital").value }), ...(bound && field("team").value && { team: field("team").value }) };
  };
}

/** The whole number in a field, between two bounds; throws the words `wrong` otherwise. */
export function whole(id, least, most, wrong) {
  const typed = byId(id).value.normalize("NFKC").trim(), number = Number(typed);
  if (!/^\d+$/.test(typed) || number < least || number > most) throw say(wrong);
  return number;
}
