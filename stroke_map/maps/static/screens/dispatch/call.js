// A call: what somebody tells on the telephone, in the order in which one asks. Every key is kept and answered at once.

import { byId } from "../dom.js";
import * as clock from "../clock.js";
import { say } from "../words.js";
import { limited } from "../shell.js";
import { askSoon, questionOf } from "./asking.js";
import { placeBox } from "./place.js";
import { askSure } from "./reason.js";
import { answersIn, fieldsOf, scoreText } from "./questions.js";
import { changed, current, dropCall, keep, on, state } from "./state.js";

let box = null, shown = null;

const form = () => byId("call-form");

export function openForm() {
  box = placeBox({
    choose(place, written) {
      const call = current();
      if (!call) return;
      call.place = place;
      call.written = place ? "" : written; // a name that nobody has chosen yet
      keep();
      changed("draft");
      changed("place");
    },
    next: () => form().querySelector("[name=condition]:checked").focus(),
  });
  limited(byId("vehicle"), 60);
  form().addEventListener("input", typed);
  form().addEventListener("submit", (event) => event.preventDefault());
  byId("drop").addEventListener("click", () => current() && drop(current()));
  on("view", show);
  on("protocols", () => {
    shown = null;
    show();
  });
  clock.eachSecond(() => {
    const call = current();
    if (call) byId("call-clock").textContent = clock.elapsed(call.began);
    if (call) showOnset(call);
  });
}

/** Take a place that was chosen on the map. */
export function takePlace(lat, lon) {
  const call = current();
  if (!call) return false;
  call.place = { lat, lon, crs: "WGS-84", label: `${lat.toFixed(5)}, ${lon.toFixed(5)}` };
  box.show(call.place);
  keep();
  changed("draft");
  changed("place");
  return true;
}

export const toPlace = () => box.focus();

async function drop(call) {
  const empty = !call.place && !call.written && !call.vehicle && !Object.values(call.told).some((answers) => answers && Object.keys(answers).length);
  if (!empty && !(await askSure(say("drop_sure")))) return;
  dropCall(call.id);
  byId("new-call").focus();
}

/** Fill the form for the call that is looked at. What is being typed in the same call is left alone. */
function show() {
  const call = current();
  form().hidden = !call;
  if (!call) return void (shown = null);
  if (shown === call.id) return;
  shown = call.id;
  box.show(call.place, call.written);
  form().elements.condition.value = call.condition;
  byId("vehicle").value = call.vehicle;
  byId("q-departure_min").value = call.told.departure_min ?? "";
  drawQuestions(call);
}

function drawQuestions(call) {
  const kept = document.activeElement?.id;
  byId("questions").replaceChildren(...fieldsOf(call.condition, call.told[call.condition] ?? {}, state.protocols[call.condition]));
  if (kept && byId("questions").querySelector(`#${CSS.escape(kept)}`)) byId(kept).focus();
  mark(call);
}

/** Mark fields that cannot be read, and say what would be right. */
function mark(call) {
  const { wrong } = questionOf(call);
  for (const field of form().querySelectorAll("[aria-invalid]")) if (!wrong.includes(field.id)) field.removeAttribute("aria-invalid");
  for (const id of wrong) byId(id)?.setAttribute("aria-invalid", "true");
  byId("wrong").hidden = !wrong.length;
  byId("wrong").textContent = wrong.length ? say("wrong_fields") : "";
}

/** What stands in the form. A scale that was answered before its questions came anew from the server is not in it, and stays. */
function answers(call) {
  const before = call.told[call.condition] ?? {}, { scale, items } = before;
  return { ...answersIn(form(), call.condition, before), ...(scale && !state.protocols[call.condition] && { scale, items }) };
}

function typed(event) {
  const call = current(), pressed = performance.now(), { target } = event;
  if (!call || ["place", "crs"].includes(target.id)) return;
  if (target.name === "condition") {
    call.condition = target.value;
    call.hospital = null;
    drawQuestions(call);
    changed("condition");
  } else {
    call.vehicle = byId("vehicle").value;
    call.told = { ...call.told, [call.condition]: answers(call), departure_min: byId("q-departure_min").value };
    if (target.id === "q-scale") drawQuestions(call);
    // A time of onset that is typed is the onset, whatever was chosen before.
    if (target.id === "q-onset_at" && target.value) form().elements["q-onset"].value = "";
    if (target.name === "q-onset" && target.value) byId("q-onset_at").value = "";
    if (target.id === "q-onset_at" || target.name === "q-onset") call.told[call.condition] = answers(call);
    const scale = state.protocols[call.condition]?.scales?.[call.told[call.condition].scale];
    if (scale && byId("score")) byId("score").textContent = scoreText(scale, call.told[call.condition]);
  }
  mark(call);
  keep();
  showOnset(call);
  changed("told");
  if (target.id !== "vehicle") askSoon({ pressed });
}

/** How long ago it began. */
function showOnset(call) {
  const told = call.told[call.condition] ?? {}, name = told.onset_at ? "onset_at" : "last_known_well", moment = clock.read(told[name] ?? "", told.heard?.[name]);
  const known = moment !== null && !Number.isNaN(moment);
  byId("onset-clock").textContent = known ? clock.elapsed(moment) : "–";
}
