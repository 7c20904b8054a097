// Roads that are closed or slow: drawn on the map, or typed as a list of places; seen by everybody at once.

import { ask, post } from "../api.js";
import { byId, fill, free, make, once } from "../dom.js";
import * as clock from "../clock.js";
import * as drafts from "../drafts.js";
import { limited, sayBriefly, tellProblem } from "../shell.js";
import { say, word } from "../words.js";
import { changed, on, state } from "./state.js";
import { coordinates } from "./place.js";
import { show as showOnMap, sketch, takePresses } from "./roadmap.js";

const DRAFT = "closure";
let refresh = () => {};

const form = () => byId("closure-form");

/** The places in the list, as [[lat, lon], ...], and the numbers of lines that are none. */
function points() {
  const found = [], wrong = [];
  for (const [at, line] of form().elements.points.value.split("\n").entries()) {
    if (!line.trim()) continue;
    const place = coordinates(line);
    if (place) found.push(place);
    else wrong.push(at + 1);
  }
  return { found, wrong };
}

const isArea = () => form().elements.shape.value === "area";

function drawn() {
  const { found } = points(), least = isArea() ? 3 : 2;
  // Another system's coordinates would lie elsewhere on this map: they are sent as they are, and shown when they are recorded.
  sketch(form().elements.closure_crs.value === "WGS-84" ? found : [], isArea());
  byId("closure-count").textContent = say("closure_points", found.length, least);
  drafts.keep(DRAFT, Object.fromEntries(new FormData(form())));
}

function press(lat, lon) {
  const field = form().elements.points;
  field.value = `${field.value.trimEnd()}\n${lat.toFixed(6)}, ${lon.toFixed(6)}`.trimStart();
  form().elements.closure_crs.value = "WGS-84";
  drawn();
}

function complain(field, text) {
  field.setAttribute("aria-invalid", "true");
  field.focus();
  byId("closure-wrong").hidden = false;
  byId("closure-wrong").textContent = text;
}

function body() {
  const { points: list, reason, until, closure_crs: crs, kind, factor } = form().elements, { found, wrong } = points();
  for (const field of [list, reason, until, factor]) field.removeAttribute("aria-invalid");
  byId("closure-wrong").hidden = true;
  if (wrong.length) return complain(list, say("closure_line", wrong.join(say("comma"))));
  if (found.length < (isArea() ? 3 : 2)) return complain(list, say("closure_few"));
  if (!reason.value.trim()) return complain(reason, say("need_reason"));
  const end = clock.readAhead(until.value);
  if (Number.isNaN(end)) return complain(until, say("wrong_fields"));
  const times = Number(factor.value.replace(",", "."));
  if (kind.value === "slow" && !(times > 1 && times <= 100)) return complain(factor, say("closure_factor"));
  const places = found.map(([lat, lon]) => [lon, lat]);
  const geometry = isArea() ? { type: "Polygon", coordinates: [[...places, places[0]]] } : { type: "LineString", coordinates: places };
  return { kind: kind.value, ...(kind.value === "slow" && { factor: times }), geometry, crs: crs.value, reason: reason.value.trim(), author: state.user.name, ...(end !== null && { until: new Date(end).toISOString() }) };
}

async function save() {
  const told = body();
  if (!told) return;
  try {
    const { body: made } = await post("/api/v1/closures", told);
    drafts.forget(DRAFT);
    form().reset();
    drawn();
    sayBriefly(say("closure_saved", made.stretches.ambulance ?? 0), "good");
    refresh();
  } catch (problem) {
    tellProblem(problem);
    // Whether it arrived nobody knows: what is in the list is there, what is not can be sent again.
    if (problem.code === "offline") refresh();
  }
}

async function end(closure) {
  try {
    await ask("DELETE", `/api/v1/closures/${closure.id}`);
    sayBriefly(say("closure_ended"), "good");
    refresh();
  } catch (problem) {
    tellProblem(problem);
  }
}

function bounds(geometry) {
  const flat = geometry.coordinates.flat(3), pairs = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at + 1], flat[at]]);
  return pairs;
}

function row(closure) {
  const button = make("button", { type: "button", class: "small", id: `end-${closure.id}`, text: say("closure_end") });
  button.addEventListener("click", once(button, () => end(closure)));
  const place = closure.geometry && make("button", { type: "button", class: "small", id: `see-${closure.id}`, text: say("on_map"), on: { click: () => showOnMap(bounds(closure.geometry)) } });
  return make("li", {}, make("p", {}, make("b", { text: word("closure", closure.kind) }), closure.factor && ` ×${closure.factor}`, " · ", free(closure.reason)),
    make("p", { class: "quiet" }, closure.until ? say("status_until", clock.day(closure.until)) : say("closure_open"), !closure.active && ` · ${say("closure_from", clock.day(closure.from))}`, " · ", free(closure.author)),
    make("p", { class: "deeds" }, place, button));
}

function show() {
  const open = state.view.kind === "closures";
  byId("closures-panel").hidden = !open;
  takePresses(open ? press : null);
  if (!open) return sketch([], false);
  fill(byId("closures"), ...state.closures.map(row));
  byId("closures-none").hidden = state.closures.length > 0;
}

export function openClosures(refreshing) {
  refresh = refreshing;
  const { elements } = form(), kept = drafts.kept(DRAFT) ?? {};
  for (const [name, value] of Object.entries(kept)) if (elements[name]) elements[name].value = value;
  limited(elements.reason);
  const kind = () => (byId("factor-row").hidden = elements.kind.value !== "slow");
  form().addEventListener("input", () => {
    kind();
    drawn();
  });
  kind();
  byId("closure-clear").addEventListener("click", () => {
    elements.points.value = "";
    drawn();
    elements.points.focus();
  });
  form().addEventListener("submit", once(byId("closure-save"), save));
  on("view closures", show);
  on("view", () => state.view.kind === "closures" && drawn());
  on("closures", () => changed("closed"));
}
