// What the crew's page shows of its case, from what the API tells.

import * as clock from "../clock.js";
import { byId, fill, free, make, phone } from "../dom.js";
import { known } from "../patient.js";
import { say, told, word } from "../words.js";

export const MOMENTS = ["dispatched", "on_scene", "left_scene", "door", "ecg", "last_known_well"];
const PROVIDERS = ["amap", "baidu", "tencent", "apple"];

export function showDestination({ destination, alert }) {
  const { name, address, phone: number, navigation } = destination;
  fill(
    byId("destination"),
    make("p", { class: "to-name" }, name ? free(told(name)) : destination.id),
    address && make("p", {}, free(address)),
    !name && make("p", { class: "urgent", text: say("no_hospital") }),
    alert?.eta && !["arrived", "closed", "cancelled", "diverted"].includes(alert.state) && arrival(alert.eta),
    number && make("p", { class: "to-phone" }, make("span", { class: "quiet", text: say("call_hospital") }), " ", phone(number) ?? free(number)),
    navigation && make("p", { class: "quiet", text: say("drive_by") }),
    navigation && make("p", { class: "providers" }, ...PROVIDERS.map((by) => make("a", { class: "provider", id: `provider-${by}`, href: navigation[by], rel: "noreferrer noopener", target: "_blank", text: word("provider", by) }))),
  );
}

function arrival(eta) {
  return make(
    "p",
    { class: "arrival" },
    make("span", { class: "arrival-words" }, make("span", { class: "in-time", text: say("arrives_in") }), make("span", { class: "too-late", text: say("late_by") })),
    make("b", { class: "count", data: { until: eta } }),
    make("span", { class: "arrival-words" }, `${say("arrives")} `, make("time", { datetime: eta, text: clock.day(eta) })),
  );
}

export function showKnowing({ alert }) {
  const panel = byId("knows");
  if (!alert) return fill(panel, make("p", { text: say("not_alerted") }));
  if (alert.state === "diverted" || alert.state === "cancelled") {
    const [before, after] = say(alert.state, "\u0000").split("\u0000");
    return fill(panel, make("p", { class: "urgent" }, before, free(alert.end_reason ?? "—"), after));
  }
  const lines = alert.teams.map(({ team, acknowledged_at, activated_at }) => {
    const text = activated_at ? "team_active" : acknowledged_at ? "team_knows" : "team_silent";
    return make("li", { class: acknowledged_at || activated_at ? "team-known" : "team-waiting", text: say(text, word("team", team)) });
  });
  return fill(panel, make("ul", {}, ...lines));
}

export const showTelling = (seen) => fill(byId("tell"), make("p", { class: "to-tell" }, make("b", { text: word("condition", seen.condition) }), seen.vehicle && " · ", seen.vehicle && free(seen.vehicle)), ...known(seen));

/** The buttons of the moments: `press` for now, `other` for another time, `undo` for what is not sent yet. */
export function showMoments({ timeline }, entries, { press, other, undo }) {
  const rows = MOMENTS.map((name) => {
    const waiting = entries.find((one) => one.name === name), at = waiting?.at ?? timeline[name];
    const state = waiting ? say("unsent") : "";
    const button = make(
      "button",
      { type: "button", id: `moment-${name}`, class: at ? "moment is-told" : "moment", on: { click: () => press(name) } },
      make("span", { text: word("moment", name) }),
      make("b", { text: at ? `${waiting ? "…" : "✓"} ${clock.minute(at)}` : "—" }),
      state && make("span", { class: "quiet", text: state }),
    );
    const more = waiting
      ? make("button", { type: "button", class: "small", id: `undo-${name}`, text: say("undo"), "aria-label": `${say("undo")}: ${word("moment", name)}`, on: { click: () => undo(waiting.id) } })
      : make("button", { type: "button", class: "small", id: `other-${name}`, text: "✎", "aria-label": say("moment_other", word("moment", name)), on: { click: () => other(name, at) } });
    return make("div", { class: "moment-row" }, button, more);
  });
  fill(byId("moments"), ...rows);
  byId("kept").textContent = entries.length ? say("kept", entries.length) : "";
}
