// What hospitals say of themselves: two presses, one for the hospital and one for what holds; seen by everybody at once.

import { put } from "../api.js";
import { byId, fill, free, make, once } from "../dom.js";
import * as clock from "../clock.js";
import { limited, sayBriefly, tellProblem } from "../shell.js";
import { lang, say, told, word } from "../words.js";
import { on, state, statusesOf } from "./state.js";

const KINDS = ["diversion", "full", "ct_down", "cath_lab_down"];
let refresh = () => {}, chosen = null;

async function tell(hospital, kind) {
  const reason = byId("status-reason").value.trim() || say("by_telephone"), until = clock.readAhead(byId("status-until").value);
  if (Number.isNaN(until)) {
    byId("status-until").setAttribute("aria-invalid", "true");
    byId("status-until").focus();
    return sayBriefly(say("wrong_fields"), "caution");
  }
  byId("status-until").removeAttribute("aria-invalid");
  try {
    // What is over is what stands here: not what the hospital has said a moment ago, and nobody has read yet.
    const more = kind === "open" ? { ends: statusesOf(hospital.id).map((status) => status.kind) } : until !== null && { until: new Date(until).toISOString() };
    await put(`/api/v1/hospitals/${hospital.id}/status`, { kind, reason, ...more });
    byId("status-reason").value = byId("status-until").value = "";
    sayBriefly(`${told(hospital.name)}: ${word("kind", kind)}`, "good");
    await refresh();
  } catch (problem) {
    tellProblem(problem);
  }
}

function lines(hospital) {
  return statusesOf(hospital.id).map((status) => make("p", { class: status.state === "active" ? "notice notice-caution" : "notice notice-note" },
    make("b", { text: `▲ ${word("kind", status.kind)}` }), ` ${status.state === "active" ? say("status_until", clock.day(status.until)) : say("status_unconfirmed")} · `, free(status.reason), " · ", free(status.author)));
}

function buttons(hospital) {
  const open = statusesOf(hospital.id), made = KINDS.map((kind) => {
    const held = open.some((status) => status.kind === kind && status.state === "active");
    const button = make("button", { type: "button", id: `say-${kind}`, "aria-pressed": String(held), text: word("kind", kind) });
    button.addEventListener("click", once(button, () => tell(hospital, kind)));
    return button;
  });
  const over = make("button", { type: "button", id: "say-open", text: say("kind_open"), disabled: !open.length });
  over.addEventListener("click", once(over, () => tell(hospital, "open")));
  return make("div", { class: "kinds", role: "group", "aria-label": told(hospital.name) }, ...made, over);
}

function row(hospital) {
  const open = chosen === hospital.id;
  return make("li", { data: { hospital: hospital.id } },
    make("button", { type: "button", class: "item", id: `hospital-${hospital.id}`, "aria-expanded": String(open), on: { click: () => {
      chosen = open ? null : hospital.id;
      show();
      byId(`hospital-${hospital.id}`).focus();
    } } }, make("b", { text: told(hospital.name) })),
    ...lines(hospital), open && buttons(hospital));
}

const matches = (hospital, text) => !text || [hospital.name.zh, hospital.name.en, hospital.name_short, hospital.district].some((name) => name?.toLowerCase().includes(text));

function show() {
  const open = state.view.kind === "hospitals", text = byId("hospital-filter").value.trim().toLowerCase();
  byId("hospitals-panel").hidden = !open;
  if (!open) return;
  const found = [...state.hospitals.values()].filter((hospital) => hospital.kind === "hospital" && matches(hospital, text));
  const trouble = (hospital) => Number(statusesOf(hospital.id).length > 0);
  found.sort((one, other) => trouble(other) - trouble(one) || one.name[lang].localeCompare(other.name[lang], lang));
  fill(byId("hospitals"), ...found.map(row));
  byId("hospitals-none").hidden = found.length > 0;
}

export function openHospitals(refreshing) {
  refresh = refreshing;
  limited(byId("status-reason"));
  byId("hospital-filter").addEventListener("input", show);
  byId("hospital-filter").addEventListener("keydown", (event) => {
    const [first] = byId("hospitals").querySelectorAll("button.item");
    if (event.key !== "Enter" || !first) return;
    event.preventDefault();
    if (first.getAttribute("aria-expanded") !== "true") first.click();
    byId("say-diversion").focus();
  });
  on("view statuses hospitals", show);
}
