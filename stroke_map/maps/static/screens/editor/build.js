// The second step: building the edition, and how far it is.

import { post, Problem } from "../api.js";
import { choices } from "../choices.js";
import * as clock from "../clock.js";
import { byId, fill, make, once } from "../dom.js";
import * as drafts from "../drafts.js";
import { limited, tellProblem } from "../shell.js";
import { lang, say } from "../words.js";
import { cells, failure, steps, told } from "./cells.js";
import { isAcceptable } from "./sheet.js";

const REASONS = ["totals", "places"], LONGEST = 500;
let sheet = null, offered = "", recalled = "", roads = () => "same";

export function openBuild(begun) {
  for (const what of REASONS) {
    const field = limited(byId(`why-${what}`), LONGEST);
    field.value = drafts.kept(`why-${what}`) ?? "";
    field.addEventListener("input", () => drafts.keep(`why-${what}`, field.value));
  }
  byId("build").onsubmit = once(byId("build-do"), async () => {
    const missing = REASONS.map((what) => byId(`why-${what}`)).find((field) => !field.parentElement.hidden && !field.value.trim());
    if (missing) {
      missing.focus();
      return tell(say("need_reason"));
    }
    tell("");
    const reasons = REASONS.map((what) => [`accept_${what}`, byId(`why-${what}`).parentElement.hidden ? "" : byId(`why-${what}`).value.trim()]);
    try {
      await post(`/api/v1/sheets/${sheet.id}/build`, { roads: roads(), ...Object.fromEntries(reasons) }, { repeatable: true, timeout_ms: 30_000 });
      byId("build-title").focus();
    } catch (problem) {
      if (!(problem instanceof Problem)) return tellProblem(problem);
      tell(problem.body.reason === "building" ? busy(problem.body) : problem.message);
    } finally {
      await begun();
    }
  });
}

const busy = ({ by, since }) => (by ? say("building_by", by, clock.day(since)) : say("building_there"));

function tell(text) {
  byId("build-wrong").textContent = text;
  byId("build-wrong").hidden = !text;
}

/** Show how the build of `shown` (null: there is no sheet) stands, and whether one can begin. */
export function showBuild(shown, { road_files, building }) {
  sheet = shown;
  const build = sheet?.build, runs = build?.state === "running", elsewhere = building && building.sheet !== sheet?.id;
  const ready = Boolean(sheet) && (sheet.check?.state === "sound" || isAcceptable(sheet)) && !runs && !elsewhere && build?.state !== "built";
  if (fill(byId("build-told"), ...standing(ready, elsewhere ? building : null))) byId("spoken").textContent = byId("build-told").querySelector(".told")?.textContent ?? "";
  byId("build").hidden = !ready;
  byId("tile-build").textContent = tile(build);
  if (!ready) return;
  byId("build-do").textContent = say({ interrupted: "build_go_on", refused: "build_again", failed: "build_again" }[build?.state] ?? "build_do");
  byId("why-totals-part").hidden = !build?.refusals.length && !build?.accept_totals;
  byId("why-places-part").hidden = !isAcceptable(sheet) && !build?.problems.some((one) => one.severity === "error" && one.acceptable) && !build?.accept_places;
  if (build && build.since !== recalled) {
    recalled = build.since; // once: whoever takes a reason out again means it
    for (const what of REASONS) byId(`why-${what}`).value ||= build[`accept_${what}`];
  }
  offer(road_files, build?.roads);
}

function offer(files, chosen = "same") {
  const list = [["same", say("roads_same")], ...files.map((file) => [file.name, say("roads_file", file.name, file.size_mb, clock.day(file.changed_at))])];
  const known = JSON.stringify([sheet.id, list]);
  if (known === offered) return;
  offered = known;
  roads = choices(byId("roads"), "roads", list, Math.max(0, list.findIndex(([value]) => value === chosen)));
}

function standing(ready, other) {
  const build = sheet?.build;
  if (other) return [told("caution", busy(other))];
  if (!build) return ready ? [] : [make("p", { class: "quiet", text: say("build_not_yet") })];
  const started = make("p", { class: "quiet", text: say("started_by", build.by, clock.day(build.since)) });
  if (build.state === "running") return [told("wait", say("building")), started, steps(build.steps)];
  if (build.state === "built") return [told("good", say("built", build.edition)), started];
  if (build.state === "interrupted") return [told("caution", say("interrupted")), started, steps(build.steps)];
  if (build.refusals.length) {
    const lines = build.refusals.map((refusal) => make("li", { text: refusal[lang] }));
    return [told("bad", say("build_refused")), started, make("ul", { class: "refusals" }, lines), build.report && report()];
  }
  if (build.problems.length) return [told("bad", say("build_mistakes")), started, cells(build.problems, say("wrong_cells"))];
  return [told("bad", say("build_failed")), started, failure(build.failure)];
}

const report = () => make("p", {}, make("a", { href: `/api/v1/sheets/${sheet.id}/report`, target: "_blank", rel: "noopener", text: `↗ ${say("read_report")}` }));

function tile(build) {
  if (!build) return "";
  if (build.state === "running") {
    const at = build.steps.at(-1);
    return at ? `${say("building")} ${Math.floor(at.share * 100)} %` : say("building");
  }
  return build.state === "built" ? say("tile_built", build.edition) : say("tile_refused");
}
