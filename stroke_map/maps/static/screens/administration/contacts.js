// Who of a hospital hears an alert, and by what: first those where nobody does. Numbers are the list's; channels are added and removed here.

import { ask, get, post } from "../api.js";
import { byId, fill, free, make, phone } from "../dom.js";
import { sayBriefly } from "../shell.js";
import { say, told, word } from "../words.js";
import { asking, button, showOnce, sure } from "./dialogs.js";
import { holds, rest, state } from "./table.js";

const MOST_SHOWN = 40;

/** Open the part; returns what reads it anew. */
export function openContacts() {
  let hospitals = [], adding = null;
  const value = (name) => byId(`channel-${name}`).value;
  const kind = byId("channel-kind"), showFormat = () => (byId("channel-format-row").hidden = kind.value !== "webhook");
  const dialog = asking("channel", async () => {
    const target = value("target").trim(), format = kind.value === "webhook" ? value("format") : "native";
    if (!target) throw say("channel_target_missing");
    const entry = { hospital: adding.id, kind: kind.value, target, format, ...(value("team") && { team: value("team") }) };
    const { body: made } = await post("/api/v1/channels", entry);
    return () => {
      sayBriefly(say("added"), "good");
      if (made.secret) showOnce(say("secret_channel", made.id), [[say("secret_text"), made.secret]]);
      load();
    };
  });
  kind.addEventListener("change", showFormat);
  dialog.addEventListener("close", showFormat);
  for (const id of ["contacts-find", "contacts-reach"]) byId(id).addEventListener("input", show);

  function add(hospital) {
    adding = hospital;
    byId("channel-title").replaceChildren(say("channel_add_to", told(hospital.name)));
    dialog.showModal();
  }

  async function remove(channel) {
    if (!(await sure(say("remove_title", channel.id), say("remove_words", channel.target), say("remove")))) return;
    await ask("DELETE", `/api/v1/channels/${channel.id}`);
    sayBriefly(say("removed"), "good");
    await load();
  }

  const channelLine = (one) =>
    make("li", {}, `${say(`channel_${one.kind}`)} · ${one.team ? word("team", one.team) : say("every_team")} · `, free(one.target), one.format === "fhir" && " · FHIR", " ", button(say("remove"), () => remove(one), { about: String(one.id) }));

  function teamRow({ team, phones, heard_by: heard }) {
    const numbers = phones.length ? phones.flatMap((number) => [phone(number) ?? free(number), " "]) : say("none");
    const cells = [make("th", { scope: "row", text: word("team", team) }), make("td", { data: { title: say("phones") } }, numbers), make("td", { data: { title: say("heard_by") } }, state(heard, say(`heard_${heard}`)))];
    return make("tr", {}, cells);
  }

  function card(hospital) {
    const name = told(hospital.name), head = [say("team"), say("phones"), say("heard_by")].map((title) => make("th", { scope: "col", text: title }));
    const title = make("h3", { id: `contact-${hospital.id}` }, free(name), make("span", { class: "quiet", text: ` ${hospital.id} ${hospital.district}` }));
    return make(
      "article",
      { class: `contact reach-${hospital.reach}`, "aria-labelledby": `contact-${hospital.id}` },
      make("header", {}, title, state(hospital.reach, say(`reach_${hospital.reach}`))),
      make("table", {}, make("caption", { class: "hidden", text: name }), make("thead", {}, make("tr", {}, head)), make("tbody", {}, hospital.teams.map(teamRow))),
      make("h4", { text: say("channels") }),
      hospital.channels.length ? make("ul", {}, hospital.channels.map(channelLine)) : make("p", { class: "quiet", text: say("none") }),
      make("p", {}, button(say("channel_add"), () => add(hospital), { about: name })),
    );
  }

  function show() {
    const typed = byId("contacts-find").value, reach = byId("contacts-reach").value;
    const found = hospitals.filter((one) => (!reach || one.reach === reach) && holds(typed, one.name.zh, one.name.en, one.id, one.district));
    const cards = found.slice(0, MOST_SHOWN).map(card);
    fill(byId("contacts-list"), ...(cards.length ? [make("div", { class: "cards" }, cards)] : [make("p", { class: "quiet", text: say("nothing") })]), rest(found.length - MOST_SHOWN));
  }

  async function load() {
    const { body } = await get("/api/v1/contacts");
    hospitals = body.hospitals;
    byId("contacts-numbers").textContent = body.numbers_by ? say("numbers_by", say(`channel_${body.numbers_by}`)) : say("numbers_by_none");
    show();
  }
  return load;
}
