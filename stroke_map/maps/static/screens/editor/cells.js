// What is wrong in a table, cell by cell; and the steps of a check or build.

import { free, make } from "../dom.js";
import { lang, say, told as inLanguage, word } from "../words.js";

/** A table of problems under `caption`; null where there is none. */
export function cells(problems, caption) {
  if (!problems.length) return null;
  const head = ["where", "value", "what_is_wrong", "what_is_right"].map((name) => make("th", { scope: "col", text: say(name) }));
  const table = make("table", {}, make("caption", { text: caption }), make("thead", {}, make("tr", {}, head)), make("tbody", {}, problems.map(row)));
  return make("div", { class: "cells", role: "region", "aria-label": caption, tabindex: "0" }, table);
}

function row(problem) {
  const where = [problem.sheet, problem.row ? say("row", problem.row) : say("whole_file"), problem.column, problem.address].filter(Boolean);
  return make(
    "tr",
    { class: `is-${problem.severity}` },
    make("th", { scope: "row" }, make("span", { class: "hidden", text: `${word("severity", problem.severity)} ` }), free(where.join(" · "))),
    make("td", {}, free(problem.value)),
    words(problem.message),
    words(problem.right),
  );
}

const words = (text) => make("td", { lang: text[lang] ? null : "en", text: inLanguage(text) });

/** The steps so far, each with a bar and how long it still takes. */
export function steps(list) {
  return make("ol", { class: "worksteps" }, list.map(step));
}

function step({ name, share, left_s }) {
  const [first, ...rest] = name.split(" ");
  const text = [word("work", first), ...rest.map((part) => word("value", part))].join(" ");
  return make(
    "li",
    { class: "workstep" },
    make("span", { text }),
    make("progress", { max: 1, value: share, "aria-label": text }),
    make("span", { text: share >= 1 ? `✓ ${say("done")}` : `${Math.floor(share * 100)} % ${left(left_s)}` }),
  );
}

function left(seconds) {
  if (seconds === null) return "";
  return seconds < 90 ? say("left_seconds", Math.max(1, Math.ceil(seconds))) : say("left_minutes", Math.ceil(seconds / 60));
}

/** A line that says how something stands: `good`, `bad` or `caution`. */
export const told = (kind, text) => make("p", { class: `told told-${kind}` }, make("span", { text }));

/** Why something failed, in the words of the program. */
export function failure(problem) {
  if (!problem) return null;
  return make("p", { class: "quiet", lang: "en", text: [problem.detail, problem.next_step].filter(Boolean).join(" ") });
}
