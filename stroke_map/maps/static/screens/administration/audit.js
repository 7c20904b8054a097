// The audit log: searched, page by page, downloaded, and held against its hashes.

import { get, Problem } from "../api.js";
import * as clock from "../clock.js";
import { byId, fill, free, make, once } from "../dom.js";
import { say, word } from "../words.js";
import { tell } from "./dialogs.js";
import { state, table } from "./table.js";

const A_PAGE = 50, PATIENCE_MS = 60_000;

/** What a line tells besides who and when, as text. */
function about(line) {
  const told = { ...(line.hospital && { hospital: line.hospital }), ...(line.status && { status: line.status }), ...line.about };
  return Object.entries(told).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(" · ");
}

/** Open the part; returns what reads it anew. */
export function openAudit() {
  const field = (name) => byId(`audit-${name}`), wrong = field("wrong"), actions = new Set();
  let asked = null, skip = 0;

  /** What is typed, as the API takes it; throws words where it is no time. */
  function typed() {
    const moments = {};
    for (const name of ["since", "until"]) {
      const moment = clock.read(field(name).value);
      field(name).setAttribute("aria-invalid", String(Number.isNaN(moment)));
      if (Number.isNaN(moment)) throw say("moment_wrong");
      if (moment !== null) moments[name] = new Date(moment).toISOString();
    }
    const plain = Object.fromEntries(["actor", "action"].map((name) => [name, field(name).value.trim()]).filter(([, value]) => value));
    return { ...plain, ...moments, ...(field("writes").checked && { writes: "true" }) };
  }

  async function search() {
    wrong.hidden = true;
    try {
      asked = typed();
    } catch (words) {
      if (words instanceof Error) throw words;
      wrong.textContent = words;
      wrong.hidden = false;
      return;
    }
    field("csv").href = `/api/v1/audit.csv?${new URLSearchParams(asked)}`;
    asked.until ??= new Date(clock.now() + 1000).toISOString(); // lines are added all the time: pages stay as they are
    await page(0);
  }

  async function page(from) {
    const { body } = await get(`/api/v1/audit?${new URLSearchParams({ ...asked, skip: from, most: A_PAGE })}`);
    skip = from;
    show(body.lines);
    field("newer").hidden = !skip;
    field("older").hidden = !body.more;
    field("where").textContent = body.lines.length ? say("lines_found", skip + 1, skip + body.lines.length) : "";
  }

  function show(lines) {
    const columns = [
      [say("when"), (line) => `${clock.day(line.at)}:${clock.clock(line.at).slice(-2)}`],
      [say("who"), (line) => [free(line.actor), line.role && make("span", { class: "quiet", text: ` ${word("role", line.role)}` })].filter(Boolean)],
      [say("action"), (line) => make("code", { text: line.action })],
      [say("about"), (line) => [free(about(line)), line.path && make("span", { class: "quiet" }, " ", free(`${line.method ?? ""} ${line.path}`))].filter(Boolean)],
      [say("from_where"), (line) => line.address ?? ""],
      [say("line"), (line) => make("span", { class: "quiet", text: `${line.chain} ${line.number}` })],
    ];
    for (const line of lines) actions.add(line.action);
    field("actions").replaceChildren(...[...actions].sort().map((value) => make("option", { value })));
    fill(field("list"), ...table(say("part_audit"), columns, lines));
  }

  async function verify() {
    const panel = field("verified");
    fill(panel, make("p", { text: say("verifying") }));
    try {
      const { body: found } = await get("/api/v1/audit/verify", { timeout_ms: PATIENCE_MS, tries: 0 });
      const problems = make("ul", {}, found.problems.map((text) => make("li", {}, free(text))));
      fill(panel, ...(found.whole ? [state("active", say("verified", found.lines, clock.clock(found.at)))] : [make("p", { class: "wrong", text: say("not_whole") }), problems]));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      fill(panel, make("p", { class: "caution", text: problem.code === "too-busy" ? say("verify_later") : problem.message }));
    }
  }

  byId("audit-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search().catch(tell);
  });
  field("newer").addEventListener("click", () => page(Math.max(0, skip - A_PAGE)).catch(tell));
  field("older").addEventListener("click", () => page(skip + A_PAGE).catch(tell));
  field("verify").addEventListener("click", once(field("verify"), verify));
  return search;
}
