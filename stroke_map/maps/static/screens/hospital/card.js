// One alert as a card: who comes and when, what is known, who of the hospital knows, what is timed.

import * as clock from "../clock.js";
import { free, make, single } from "../dom.js";
import { known } from "../patient.js";
import { say, word } from "../words.js";
import * as standing from "./standing.js";

const TIMED = { stroke: ["door", "imaging", "needle", "puncture", "reperfusion"], chest_pain: ["door", "ecg", "needle", "puncture", "wire"] };
const BEFORE = ["call", "dispatched", "on_scene", "left_scene"];

/** What stands in the card of `alert`; `deeds` are what its buttons do, `user` who is logged in. */
export function card(alert, user, deeds) {
  if (standing.isOver(alert)) return over(alert, deeds);
  return [
    make(
      "div",
      { class: "call" },
      head(alert),
      make("div", { class: "teams", role: "group", "aria-label": say("teams") }, ...alert.teams.map((team) => ofTeam(alert, team, user, deeds))),
      alert.telephone_now && make("p", { class: "urgent", text: say("telephone_now") }),
      alert.not_activated && !alert.telephone_now && make("p", { class: "urgent", text: say("not_activated") }),
    ),
    make(
      "div",
      { class: "facts" },
      make("h3", { text: say("known") }),
      ...known(alert.case),
      make("h3", { text: say("timeline") }),
      timeline(alert, deeds),
      standing.isComing(alert) && make("p", {}, make("button", { type: "button", id: `divert-${alert.id}`, class: "small", text: say("divert"), on: { click: () => deeds.divert(alert) } })),
    ),
  ];
}

export const title = (alert) => [word("condition", alert.case.condition), alert.case.vehicle].filter(Boolean).join(" · ");

function head(alert) {
  const { condition, vehicle, id } = alert.case;
  return make(
    "header",
    {},
    make("div", {}, make("h2", { id: `title-${alert.id}`, tabindex: "-1", text: word("condition", condition) }), make("p", { class: "quiet" }, say("case", id), vehicle && " · ", vehicle && free(vehicle))),
    arrival(alert),
  );
}

function arrival(alert) {
  if (alert.arrived_at) return make("p", { class: "arrival is-here", text: say("arrived_at", clock.day(alert.arrived_at)) });
  if (!alert.eta) return make("p", { class: "arrival", text: say("eta_unknown") });
  return make(
    "p",
    { class: "arrival" },
    make("span", { class: "arrival-words" }, make("span", { class: "in-time", text: say("arrives_in") }), make("span", { class: "too-late", text: say("late_by") })),
    make("b", { class: "count", data: { until: alert.eta } }),
    make("span", { class: "arrival-words" }, `${say("arrives")} `, make("time", { datetime: alert.eta, text: clock.day(alert.eta) })),
  );
}

function ofTeam(alert, { team, ...at }, user, deeds) {
  const ours = !user.team || user.team === team, name = word("team", team), done = at.activated_at ?? at.acknowledged_at;
  const told = done ? say(at.activated_at ? "activated" : "acknowledged", clock.minute(done)) : say("waiting");
  const by = at.activated_by ?? at.acknowledged_by;
  const words = make("p", { class: done ? "team-known" : "team-waiting" }, make("b", { text: name }), " ", told, by && " ", by && make("bdi", { class: "quiet", text: by }));
  if (!ours) return make("div", { class: "team" }, words);
  if (!done && standing.isComing(alert))
    return make("div", { class: "team" }, make("button", { type: "button", class: "acknowledge", id: `acknowledge-${alert.id}-${team}`, text: say("acknowledge", name), on: { click: single(() => deeds.acknowledge(alert, team)) } }));
  const more = !at.activated_at && make("button", { type: "button", class: "activate", id: `activate-${alert.id}-${team}`, text: `${say("activate")} · ${name}`, on: { click: single(() => deeds.activate(alert, team)) } });
  return make("div", { class: "team" }, words, more);
}

function timeline(alert, deeds) {
  const told = alert.case.timeline;
  const before = BEFORE.filter((name) => told[name]).map((name) => `${word("moment", name)} ${clock.minute(told[name])}`).join(" · ");
  const buttons = TIMED[alert.case.condition].map((name) => {
    const words = [make("span", { text: word("moment", name) }), told[name] ? make("b", { text: `✓ ${clock.minute(told[name])}` }) : make("b", { text: "—" })];
    const label = told[name] ? `${word("moment", name)} ${clock.minute(told[name])}` : word("moment", name);
    return make("button", { type: "button", class: told[name] ? "moment is-told" : "moment", id: `moment-${alert.id}-${name}`, "aria-label": label, on: { click: () => deeds.moment(alert, name) } }, ...words);
  });
  return make("div", {}, before && make("p", { class: "quiet", text: before }), make("div", { class: "moments" }, ...buttons));
}

function over(alert, deeds) {
  const reason = alert.end_reason;
  return [
    make("header", {}, make("h2", { id: `title-${alert.id}`, text: say(`over_${alert.state}`) }), make("p", { class: "over-when" }, make("time", { datetime: alert.ended_at, text: clock.day(alert.ended_at) }))),
    make("p", {}, word("condition", alert.case.condition), ` · ${say("case", alert.case.id)}`, alert.case.vehicle && " · ", alert.case.vehicle && free(alert.case.vehicle)),
    make("p", {}, alert.ended_by && free(alert.ended_by), reason && " · ", reason && free(reason)),
    alert.state !== "closed" && !deeds.isSeen(alert) && make("p", {}, make("button", { type: "button", id: `seen-${alert.id}`, class: "main", text: say("seen_it"), on: { click: () => deeds.see(alert) } })),
    alert.state === "closed" && timeline(alert, deeds),
  ];
}
