// Messages of alerts: those that were given up first, to be sent again, then the newest.

import { get, post } from "../api.js";
import * as clock from "../clock.js";
import { byId, fill, free, make } from "../dom.js";
import { sayBriefly } from "../shell.js";
import { say, word } from "../words.js";
import { button, tell } from "./dialogs.js";
import { hospitalName, hospitalOptions, state, table } from "./table.js";

const A_PAGE = 50, MOST_DEAD = 100;

/** Open the part; returns what reads it anew. */
export function openDeliveries() {
  let dead = [], others = [], more = false;
  hospitalOptions(byId("deliveries-hospital"));
  byId("deliveries-form").addEventListener("submit", (event) => {
    event.preventDefault();
    load().catch(tell);
  });
  const older = byId("deliveries-older");
  older.addEventListener("click", () => page(others.at(-1).id).catch(tell));

  function asked(more_asked) {
    const alert = byId("deliveries-alert").value.normalize("NFKC").trim(), hospital = byId("deliveries-hospital").value;
    return `/api/v1/deliveries?${new URLSearchParams({ newest: "true", ...(alert && { alert }), ...(hospital && { hospital }), ...more_asked })}`;
  }

  async function again(path, body) {
    const { body: told } = await post(path, body);
    sayBriefly(say("resent", told.deliveries?.length ?? 1), "good");
    await load();
  }

  /** What sends all of one alert again, for each alert that has lost more than one. */
  function ofAlerts() {
    const counts = new Map();
    for (const one of dead) counts.set(one.alert, (counts.get(one.alert) ?? 0) + 1);
    return [...counts].filter(([, count]) => count > 1).map(([alert, count]) => button(say("resend_all", alert, count), () => again("/api/v1/deliveries/resend", { alert })));
  }

  const target = (one) => (one.via ? [say(`channel_${one.via}`), " ", free(one.target)] : say("delivery_screen"));
  const columns = [
    [say("message"), (one) => [make("b", { text: `${one.id}` }), ` ${say(`message_${one.kind}`)}`]],
    [say("alert"), (one) => [`${one.alert} · `, free(hospitalName(one.hospital)), ` · ${word("team", one.team)}`]],
    [say("to"), target],
    [say("standing"), (one) => state(one.state, say(`delivery_${one.state}`))],
    [say("problem"), (one) => (one.problem ? free(one.problem) : "")],
    [say("attempts"), (one) => String(one.attempts)],
    [say("written"), (one) => clock.day(one.at)],
    [say("deeds"), (one) => (one.state === "dead" ? button(say("resend"), () => again(`/api/v1/deliveries/${one.id}/resend`, undefined), { about: String(one.id) }) : "")],
  ];

  function show() {
    const alone = byId("deliveries-dead").checked, of = ofAlerts();
    byId("deliveries-told").textContent = dead.length ? say("some_dead", dead.length) : `✓ ${say("no_dead")}`;
    byId("deliveries-told").className = dead.length ? "caution" : "fine";
    const rows = [...dead, ...(alone ? [] : others.filter((one) => one.state !== "dead"))];
    fill(byId("deliveries-list"), of.length ? make("p", { class: "tools" }, of) : null, ...table(say("part_deliveries"), columns, rows, rows.length));
    older.hidden = alone || !more;
  }

  async function page(before) {
    const { body } = await get(asked({ most: A_PAGE, ...(before && { before }) }));
    others = before ? [...others, ...body.deliveries] : body.deliveries;
    more = body.more;
    show();
  }

  async function load() {
    dead = (await get(asked({ dead: "true", most: MOST_DEAD }))).body.deliveries;
    await page(null);
  }
  return load;
}
