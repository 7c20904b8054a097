// What this hospital says of itself: one press for what is the matter, one to confirm; until when and why are filled in already.

import { Problem, put } from "../api.js";
import { choices } from "../choices.js";
import * as clock from "../clock.js";
import { asking, byId, fill, free, make, once } from "../dom.js";
import { limited, tellProblem } from "../shell.js";
import { facts, say } from "../words.js";

const KINDS = ["diversion", "full", "ct_down", "cath_lab_down"];
const MINUTES = [30, 60, 120, 240], USUAL = 60;
const WHY = { diversion: ["why_mass", "why_nobody"], full: ["why_full", "why_mass"], ct_down: ["why_repair", "why_service"], cath_lab_down: ["why_occupied", "why_repair", "why_nobody"] };

let hospital = "", refresh = () => {};

export function openStatus(id, look) {
  hospital = id;
  refresh = look;
  limited(byId("status-text"), 400);
}

export function showStatus(statuses) {
  const holds = Object.fromEntries(statuses.filter((one) => one.state === "active" || one.state === "unconfirmed").map((one) => [one.kind, one]));
  const buttons = KINDS.map((kind) => {
    const one = holds[kind], active = one?.state === "active";
    const words = active ? say("status_until", clock.day(one.until)) : one ? say("status_unconfirmed", clock.day(one.until)) : "";
    return make(
      "button",
      { type: "button", id: `kind-${kind}`, class: "kind", "aria-pressed": String(active), on: { click: () => (active ? askEnd(kind) : askSet(kind)) } },
      make("span", { text: say(`kind_${kind}`) }),
      words && make("span", { class: "kind-until", text: words }),
      one && free(one.reason),
    );
  });
  const open = !KINDS.some((kind) => holds[kind]);
  fill(byId("own-status"), make("p", { class: open ? "is-open" : "is-troubled", text: open ? `✓ ${say("status_open")}` : `⚠ ${KINDS.filter((kind) => holds[kind]).map((kind) => say(`kind_${kind}`)).join(say("comma"))}` }), ...buttons);
}

const words = (minutes) => (minutes < 60 ? say("status_minutes", Math.round(minutes)) : say("status_hours", minutes / 60));

function askSet(kind) {
  open(say(`kind_${kind}`), say("status_set", say(`kind_${kind}`)), true);
  const longest = facts.longest_h[kind] * 60, offered = MINUTES.filter((minutes) => minutes <= longest);
  const spans = offered.length ? offered : [longest];
  const span = choices(byId("status-spans"), "span", spans.map((minutes) => [minutes, `${words(minutes)} (${clock.minute(clock.now() + minutes * 60_000)})`]), Math.max(0, spans.indexOf(USUAL)));
  const why = choices(byId("status-reasons"), "why", WHY[kind].map((name) => [say(name), say(name)]));
  submit(() => ({ kind, until: new Date(clock.now() + Number(span()) * 60_000 - 1000).toISOString(), reason: [why(), byId("status-text").value.trim()].filter(Boolean).join(" · ") }));
}

function askEnd(kind) {
  open(say(`kind_${kind}`), say("status_end", say(`kind_${kind}`)), false);
  submit(() => ({ kind: "open", ends: [kind], reason: byId("status-text").value.trim() || say("why_over") }));
}

function open(title, deed, setting) {
  byId("status-title").textContent = title;
  byId("status-do").textContent = deed;
  byId("status-span").hidden = byId("status-why").hidden = byId("status-words").hidden = !setting;
  byId("status-text").value = "";
  tell("");
  byId("status").showModal();
  byId("status-do").focus();
}

function submit(entry) {
  const form = byId("status").querySelector("form"), still = asking(byId("status"));
  byId("status-do").removeAttribute("aria-busy"); // what was asked before may still be under way
  form.onsubmit = once(byId("status-do"), async () => {
    try {
      await put(`/api/v1/hospitals/${encodeURIComponent(hospital)}/status`, entry());
      if (still()) byId("status").close();
      await refresh();
    } catch (problem) {
      if (!(problem instanceof Problem) || !still()) return tellProblem(problem);
      tell(problem.message);
    }
  });
}

function tell(text) {
  byId("status-wrong").textContent = text;
  byId("status-wrong").hidden = !text;
}
