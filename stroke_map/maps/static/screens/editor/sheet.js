// The first step: sending this year's table, and seeing what is wrong in it.

import { get, post, Problem } from "../api.js";
import * as clock from "../clock.js";
import { byId, fill, free, make, once } from "../dom.js";
import { tellProblem } from "../shell.js";
import { say } from "../words.js";
import { cells, failure, steps, told } from "./cells.js";

const MOST_BYTES = 20_000_000, PATIENCE_MS = 300_000, LONGEST_NAME = 120;
const NOTHING = { problems: [], more: 0 };
/** The problems of the check that is shown. */
let whole = { of: "", ...NOTHING };

export function openTable(sent) {
  const year = byId("year");
  year.value = new Date(clock.now()).getFullYear() + (new Date(clock.now()).getMonth() >= 6 ? 1 : 0); // next year's list comes in autumn
  byId("send").onsubmit = once(byId("send-do"), async () => {
    try {
      await send(byId("file").files[0], year.value.normalize("NFKC").trim());
      await sent();
    } catch (problem) {
      if (!(problem instanceof Problem)) return tellProblem(problem);
      tell(problem.message);
    }
  });
}

async function send(file, year) {
  tell("");
  if (!file) return tell(say("need_file"), byId("file"));
  if (!/^20\d\d$/.test(year)) return tell(say("need_year"), byId("year"));
  if (file.size > MOST_BYTES) return tell(say("file_large"), byId("file"));
  byId("spoken").textContent = say("sending");
  let content;
  try {
    content = new Blob([await file.arrayBuffer()]); // a spreadsheet program may save it meanwhile
  } catch {
    return tell(say("file_gone"), byId("file"));
  }
  const query = new URLSearchParams({ year, name: [...file.name].slice(-LONGEST_NAME).join("") });
  await post(`/api/v1/sheets?${query}`, content, { repeatable: true, timeout_ms: PATIENCE_MS });
}

function tell(text, field = null) {
  byId("send-wrong").textContent = text;
  byId("send-wrong").hidden = !text;
  for (const each of [byId("file"), byId("year")]) each.toggleAttribute("aria-invalid", false);
  field?.setAttribute("aria-invalid", "true");
  field?.focus();
}

/** Show a sheet and its check; gives what is wrong in it: `problems`, and how many `more` there are. */
export async function showTable(sheet) {
  if (!sheet) {
    fill(byId("sheet"), make("p", { class: "quiet", text: say("no_sheet") }));
    byId("tile-table").textContent = "";
    return null;
  }
  const { check } = sheet, of = `${sheet.id} ${check?.since} ${check?.state}`;
  if (of !== whole.of) whole = { of, ...((check?.errors || check?.warnings) && (await problemsOf(sheet))) };
  const { problems = [], more = 0 } = whole;
  const head = make("p", { class: "quiet" }, free(sheet.name), ` · ${say("sent_by", sheet.by, clock.day(sheet.at), sheet.year, clock.day(sheet.deleted_at))}`);
  if (fill(byId("sheet"), head, ...standing(sheet, problems, more))) speak(check);
  byId("tile-table").textContent = tile(sheet);
  return { problems, more };
}

async function problemsOf({ id }) {
  const { problems, more } = (await get(`/api/v1/sheets/${id}`)).body;
  return { problems, more };
}

const isWrong = (problem) => problem.severity === "error";
/** Whether all that is wrong may be right all the same, which somebody can say. */
export const isAcceptable = ({ check, problems }) => check?.state === "mistakes" && check.errors > 0 && problems.filter(isWrong).length === check.errors && problems.filter(isWrong).every((one) => one.acceptable);

function standing(sheet, problems, more) {
  const { check } = sheet;
  if (!check) return [told("caution", say("check_failed"))];
  if (check.state === "running") return [told("wait", say("checking")), steps(check.steps)];
  if (!["sound", "mistakes"].includes(check.state) || check.errors === null) return [told("bad", say("check_failed")), failure(check.failure)];
  const marked = check.marked && check.errors + check.warnings > 0 && make("p", {}, make("a", { href: `/api/v1/sheets/${sheet.id}/marked.xlsx`, download: "marked.xlsx", text: `⤓ ${say("get_marked")}` }));
  const wrong = problems.filter(isWrong), others = problems.filter((one) => !isWrong(one));
  const warnings = others.length > 0 && make("details", { id: "warnings" }, make("summary", { text: `${say("warnings")} (${check.warnings})` }), cells(others, say("warnings")));
  const rest = more > 0 && make("p", { text: say("and_more", more) });
  if (check.state === "sound") return [told("good", say("check_sound", check.hospitals, check.warnings)), marked, warnings, rest];
  const words = isAcceptable({ check, problems }) ? say("check_places", check.errors) : say("check_mistakes", check.errors, check.warnings);
  return [told("bad", words), marked, cells(wrong, say("wrong_cells")), warnings, rest];
}

function speak(check) {
  const words = { running: "checking", sound: "tile_sound", mistakes: "tile_mistakes" }[check?.state];
  if (words) byId("spoken").textContent = say(words, check.errors ?? 0);
}

function tile({ year, check }) {
  if (check?.state === "sound") return say("tile_sound");
  if (check?.state === "mistakes" && check.errors) return say("tile_mistakes", check.errors);
  return check?.state === "running" ? say("checking") : say("tile_table", year);
}
