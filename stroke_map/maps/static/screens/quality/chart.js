// One figure of every hospital, month or region: a table of numbers in which each row has its bar. Who cannot see the bars has the numbers.

import { make } from "../dom.js";
import { say } from "../words.js";

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const percent = (share) => `${Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10}%`;

/** A bar of so much of `most`, with a line at `aim`. */
function bar({ value, few, late }, most, aim) {
  const parts = [];
  if (value !== null) parts.push(draw("rect", { class: few ? "bar-few" : late ? "bar-late" : "bar-in", x: 1, y: 6, width: percent((value / most) * 0.98), height: 16, rx: 2 }));
  if (aim) parts.push(draw("line", { class: "aim", x1: percent((aim / most) * 0.98), x2: percent((aim / most) * 0.98), y1: 0, y2: 28 }));
  return draw("svg", { "aria-hidden": "true", focusable: "false" }, ...parts);
}

/**
 * A section with a table.
 *
 * @param {string} id of its heading
 * @param {string} title
 * @param {string[]} words what stands below the title
 * @param {string[]} columns the headers behind the bar
 * @param {{name: string, all: boolean, value: number|null, few: boolean, late: boolean, cells: Array}[]} rows
 * @param {{aim: number, most: number, none: string}} how the target; the end of every bar, else the longest; the words where no row is
 */
export function chart(id, title, words, columns, rows, { aim = 0, most = 0, none = "" } = {}) {
  const heading = [make("h2", { id, text: title }), ...words.map((text) => make("p", { class: "quiet", text }))];
  if (!rows.length) return make("section", { "aria-labelledby": id }, ...heading, make("p", { text: none }));
  const end = most || Math.max(aim * 1.25, ...rows.map((row) => row.value ?? 0)) || 1;
  const header = make("tr", {}, make("th", { scope: "col", text: say("of_which") }), make("th", { scope: "col" }, make("span", { class: "hidden", text: say("chart") })), ...columns.map((text) => make("th", { scope: "col", class: "number", text })));
  const body = rows.map((row) =>
    make(
      "tr",
      { class: row.all ? "is-all" : false },
      make("th", { scope: "row" }, make("bdi", { text: row.name })),
      make("td", { class: "drawn" }, bar(row, end, aim)),
      ...row.cells.map((cell, place) => make("td", { class: "number" }, ...(place === 0 ? first(cell, row) : [String(cell)]))),
    ),
  );
  return make("section", { "aria-labelledby": id }, ...heading, make("table", { class: "chart", "aria-labelledby": id }, make("thead", {}, header), make("tbody", {}, ...body)));
}

/** The number that counts: past its target, or of few cases, in words and signs. */
function first(text, { value, few, late }) {
  return [make("span", { class: late ? "late" : false, text }), ...(few && value !== null ? [" ", make("span", { class: "few", text: say("few") })] : [])];
}
