// What the API tells of quality, as sections of the screen.

import { free, make } from "../dom.js";
import { facts, lang, say, told, word } from "../words.js";
import { chart } from "./chart.js";

const NONE = "—";
const ofAll = (share) => (share === null ? NONE : `${Math.round(share * 100)} %`);
const minutes = (value) => (value === null ? NONE : say("minutes", value));

function seconds(value) {
  if (value === null) return NONE;
  const whole = Math.round(value);
  return whole < 120 ? say("seconds", whole) : say("minutes_seconds", Math.floor(whole / 60), whole % 60);
}

const nameOf = (line) => told(line.name) || say("no_region");

function inOrder(body) {
  const lines = [...body.lines];
  return body.by === "month" ? lines : lines.sort((one, other) => nameOf(one).localeCompare(nameOf(other), lang));
}

/** The totals, large. */
export function totals(total) {
  const tile = (title, text, more) => make("div", {}, make("dt", { text: title }), make("dd", {}, text, more && " ", more && make("small", { text: more })));
  const times = Object.entries(total.times).map(([name, { cases, few, median_min, within }]) => {
    const inTime = cases && within.length ? `${say("within", within[0].minutes)}: ${ofAll(within[0].share)}` : "";
    return tile(say(`time_${name}`), minutes(median_min), [inTime, few && cases ? `◌ ${say("few")} (${cases})` : ""].filter(Boolean).join(" · "));
  });
  const { delivered } = total;
  return [...times, tile(say("delivered"), ofAll(delivered.share), delivered.cases ? `${delivered.capable} / ${delivered.cases - delivered.unsaid}` : "")];
}

/** Every section there is of the figures of one condition. */
export function sections(body, total) {
  const lines = [total, ...inOrder(body)], rows = (has, row) => rowsOf(lines, total, has, row);
  const targets = body.targets[total.condition];
  return [...Object.keys(total.times).map((name) => ofTime(name, targets[name] ?? [], rows)), ofDelivered(rows), ofWaits("first_acknowledged", rows), ofWaits("all_acknowledged", rows), ofOverrides(rows), body.overrides && ofReasons(body)].filter(Boolean);
}

/** Rows of the lines of which anything is known; the total alone says nothing that its one line does not. */
function rowsOf(lines, total, has, row) {
  const known = lines.filter(has);
  return (known.length === 2 ? known.slice(1) : known).map((line) => ({ name: line === total ? say("all") : nameOf(line), all: line === total, late: false, ...row(line) }));
}

function ofTime(name, targets, rows) {
  const words = targets.map((one) => say("target", one.minutes, say(`target_${one.status}`), one.source)), aim = targets[0]?.minutes ?? 0;
  const found = rows(
    (line) => line.times[name].cases > 0,
    (line) => {
      const { cases, few, median_min, within } = line.times[name];
      return { value: median_min, few, late: aim > 0 && median_min > aim, cells: [minutes(median_min), cases, ...within.map((one) => ofAll(one.share))] };
    },
  );
  const columns = [say("median"), say("cases"), ...targets.map((one) => say("within", one.minutes))];
  return chart(`of-${name}`, say(`time_${name}`), words.length ? words : [say("target_none")], columns, found, { aim, none: say("no_time") });
}

function ofDelivered(rows) {
  const found = rows(
    ({ delivered }) => delivered.cases > 0,
    ({ delivered: { cases, capable, unsaid, share, few } }) => ({ value: share, few, cells: [ofAll(share), capable, cases, unsaid] }),
  );
  const columns = [say("share"), say("capable"), say("cases"), say("unsaid")];
  return chart("of-delivered", say("delivered"), [say("delivered_words")], columns, found, { most: 1, none: say("no_arrival") });
}

function ofWaits(name, rows) {
  const found = rows(
    ({ alerts }) => alerts.sent > 0,
    ({ alerts }) => ({ value: alerts[name].median_s, few: alerts[name].few, cells: [seconds(alerts[name].median_s), `${alerts[name].alerts} / ${alerts.sent}`, alerts.diversions] }),
  );
  return chart(`of-${name}`, say(name), [], [say("median"), say("answered"), say("diversions")], found, { none: say("no_alert") });
}

function ofOverrides(rows) {
  const found = rows(
    ({ cases }) => cases > 0,
    ({ cases, overridden, few }) => ({ value: overridden / cases, few, cells: [ofAll(overridden / cases), overridden, cases] }),
  );
  return chart("of-overridden", say("overridden"), [], [say("share"), say("elsewhere"), say("cases")], found, { most: 1 });
}

function ofReasons({ overrides, more }) {
  const heading = [make("h2", { id: "of-reasons", text: say("reasons") }), make("p", { class: "quiet", text: say("reasons_words") })];
  if (!overrides.length) return make("section", { class: "wide", "aria-labelledby": "of-reasons" }, ...heading, make("p", { text: say("reasons_none") }));
  const hospital = (id) => make("bdi", { text: told(facts.hospitals[id]) || id });
  const header = ["case", "month", "first_choice", "went_to", "reason"].map((name) => make("th", { scope: "col", text: say(name) }));
  const body = overrides.map((one) => make("tr", {}, make("td", { text: one.case }), make("td", { text: one.month }), make("td", {}, hospital(one.first_choice)), make("td", {}, hospital(one.hospital)), make("td", {}, free(one.reason))));
  const table = make("table", { class: "reasons", "aria-labelledby": "of-reasons" }, make("thead", {}, make("tr", {}, ...header)), make("tbody", {}, ...body));
  return make("section", { class: "wide", "aria-labelledby": "of-reasons" }, ...heading, more && make("p", { text: say("reasons_more", overrides.length) }), table);
}

/** What is shown, in one line. */
export function summary(body, condition, total) {
  const words = [word("condition", condition), body.from, body.until];
  return total?.cases ? say("shown", ...words, total.cases) : say("nothing", ...words);
}
