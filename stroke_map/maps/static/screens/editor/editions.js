// The third step: which edition serves, which waits for a second person, and the way back.

import { post, Problem } from "../api.js";
import * as clock from "../clock.js";
import { byId, fill, free, make, once } from "../dom.js";
import { hint } from "../keys.js";
import { sayBriefly, tellProblem } from "../shell.js";
import { say, told as inLanguage, word } from "../words.js";
import { told } from "./cells.js";

const PATIENCE_MS = 300_000; // every byte is verified before it serves
let user, switched, editions = [], serving = null, backTo = null;

export function openEditions(who, done) {
  user = who;
  switched = done;
  byId("editions").addEventListener("click", ({ target }) => {
    const button = target.closest("button[data-deed]"), edition = editions.find((one) => one.id === button?.dataset.edition);
    if (edition) ({ publish: askPublish, rollback: askRollBack })[button.dataset.deed](edition);
  });
}

/** Press the first button or link there is for a deed: `report`, `publish` or `rollback`. */
export function press(deed) {
  byId("editions").querySelector(`[data-deed="${deed}"]`)?.click();
}

export function showEditions(list) {
  ({ editions, serving, roll_back_to: backTo } = list);
  const of = (state) => editions.filter((one) => one.state === state);
  const waiting = of("waiting"), now = of("published"), rest = editions.filter((one) => !["waiting", "published"].includes(one.state));
  fill(
    byId("editions"),
    make("h3", { text: say("waiting") }),
    waiting.length ? waiting.map(card) : make("p", { class: "quiet", text: say("nothing_waits") }),
    make("h3", { text: say("serving") }),
    now.length ? now.map(card) : told("caution", say("nothing_serves")),
    rest.length > 0 && make("details", { id: "earlier" }, make("summary", { text: `${say("earlier")} (${rest.length})` }), rest.map(card)),
  );
  byId("tile-publish").textContent = waiting.length ? say("tile_waiting", waiting[0].id) : serving ? say("tile_serving", serving) : "";
}

function card(edition) {
  const region = inLanguage(edition.region);
  return make(
    "article",
    { class: `edition is-${edition.state}`, "aria-label": edition.id },
    make("p", { class: "edition-name" }, make("span", { text: edition.id }), make("small", { text: [word("state", edition.state), region].filter(Boolean).join(" · ") })),
    edition.state === "damaged" ? make("p", { class: "is-late", text: say("damaged") }) : facts(edition),
    make("p", { class: "deeds" }, report(edition, hint("r")), ...deeds(edition)),
  );
}

function facts(edition) {
  const { validity } = edition, late = validity.state !== "valid";
  const days = say(`said_${validity.state.replaceAll(" ", "_")}`, Math.abs(validity.days_left));
  const approved = edition.approved_by && [edition.approved_by, clock.day(edition.approved_at)].join(" · ");
  const rows = [
    ["valid", make("span", {}, `${edition.valid_from} – ${edition.valid_until} `, make("span", { class: late && edition.state === "published" ? "is-late" : "", text: days }))],
    ["prepared_by", edition.prepared_by || say("nobody")],
    ["made_at", clock.day(edition.created_at)],
    ["approved_by", approved],
    ["compared_with", edition.based_on],
    ["hospitals", edition.hospitals],
    ["accepted", edition.accepted && free(edition.accepted)],
    ["because", edition.reason && free(edition.reason)],
  ];
  return make("dl", {}, rows.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", { text: say(name) }), make("dd", {}, value)]));
}

function report({ id, report: there }, ...more) {
  if (!there) return make("span", { class: "quiet", text: say("no_report") });
  const href = `/api/v1/editions/${encodeURIComponent(id)}/report`;
  return make("a", { href, target: "_blank", rel: "noopener", data: { deed: "report" }, text: `↗ ${say("read_report")} ` }, make("span", { class: "hidden", text: say("report_of", id) }), ...more);
}

function deeds(edition) {
  const { id, state } = edition, data = (deed) => ({ deed, edition: id });
  if (state === "damaged") return [];
  if (state === "published") return backTo ? [make("button", { type: "button", id: "roll-back", data: data("rollback"), text: `${say("roll_back_do", backTo)} ` }, hint("z"))] : [];
  if (!edition.may_publish) return [make("span", { class: "own", text: say("prepared_by_you") })];
  const waits = state === "waiting";
  return [make("button", { type: "button", id: `publish-${id}`, class: waits ? "main" : "", data: data("publish"), text: `${say(waits ? "publish_do" : "publish_again", id)} ` }, waits && hint("p"))];
}

function askPublish(edition) {
  const body = { instead_of: serving };
  ask({
    title: say("publish_title", edition.id),
    words: say("publish_question", serving ?? say("nothing"), user.name),
    button: say("publish_now"),
    read: edition,
    send: () => post(`/api/v1/editions/${encodeURIComponent(edition.id)}/publish`, body, { repeatable: true, timeout_ms: PATIENCE_MS }),
  });
}

function askRollBack({ id }) {
  const body = { from: id, to: backTo };
  ask({
    title: say("roll_back_title", backTo),
    words: say("roll_back_question", id, backTo),
    button: say("roll_back_do", backTo),
    send: () => post("/api/v1/editions/rollback", body, { repeatable: true, timeout_ms: PATIENCE_MS }),
  });
}

/** Ask before a switch; `read` is the edition whose report must have been read. */
function ask({ title, words, button, read = null, send }) {
  const dialog = byId("switch"), form = dialog.querySelector("form"), tick = byId("have-read");
  byId("switch-title").textContent = title;
  byId("switch-words").textContent = words;
  byId("switch-do").textContent = button;
  byId("switch-report").replaceChildren(...(read?.report ? [report(read)] : []));
  byId("switch-read").hidden = !read;
  tick.checked = false;
  tell("");
  tick.onchange = () => tell("");
  form.onsubmit = once(byId("switch-do"), async () => {
    if (read && !tick.checked) {
      tick.focus();
      return tell(say("need_read"));
    }
    tell("");
    try {
      const { body } = await send();
      dialog.close();
      sayBriefly(say("published", body.serving), "good");
    } catch (problem) {
      if (!(problem instanceof Problem)) return tellProblem(problem);
      tell(problem.body.reason === "prepared" ? say("prepared_by_you") : problem.message);
    } finally {
      await switched();
    }
  });
  dialog.showModal();
}

function tell(text) {
  byId("switch-wrong").textContent = text;
  byId("switch-wrong").hidden = !text;
}
