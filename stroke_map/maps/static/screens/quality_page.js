// The quality screen: how long things took, and how many were in time. What stands where is in templates/screens/quality.html.

import { get, Problem } from "./api.js";
import { byId, make } from "./dom.js";
import { shortcut } from "./keys.js";
import { openShell, showConnection, tellProblem } from "./shell.js";
import { facts, lang, say, told } from "./words.js";
import { sections, summary, totals } from "./quality/figures.js";

const EACH_MS = 3000, LONGEST_MS = 30_000, USUAL = { condition: "stroke", by: "hospital", from: "", until: "", hospital: "" };
const form = byId("asked");
let asking = null, connected = true;

await openShell(["auditor", "editor", "administrator"]);
const names = Object.entries(facts.hospitals).map(([id, name]) => [id, told(name)]);
names.sort(([, one], [, other]) => one.localeCompare(other, lang));
byId("hospital").append(...names.map(([value, text]) => make("option", { value, text })));

/** What is asked for, as it stands in the address of this page and in the API's. */
function asked() {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
}

function fillIn() {
  const wanted = new URLSearchParams(location.search);
  for (const [name, usual] of Object.entries(USUAL)) form.elements[name].value = wanted.get(name) ?? usual;
  for (const name of ["condition", "by"]) if (!form.elements[name].value) form.elements[name].value = USUAL[name];
}

async function read() {
  asking?.abort();
  const mine = (asking = new AbortController()), query = asked();
  history.replaceState(null, "", `?${new URLSearchParams([...query, ["lang", lang]])}`);
  for (const kind of ["csv", "xlsx"]) byId(kind).href = `/api/v1/quality.${kind}?${query}`;
  byId("figures").setAttribute("aria-busy", "true");
  try {
    const { body } = await get(`/api/v1/quality?${query}`, { signal: mine.signal, tries: 1, timeout_ms: LONGEST_MS });
    hear(true);
    show(body, query.get("condition"));
  } catch (problem) {
    if (mine.signal.aborted) return;
    if (!(problem instanceof Problem)) return tellProblem(problem);
    hear(problem.code !== "offline");
    if (connected) refuse(problem);
  } finally {
    if (mine === asking) byId("figures").removeAttribute("aria-busy");
  }
}

function hear(heard) {
  connected = heard;
  showConnection({ connected });
}

/** Whether the server is there, also while nobody asks for anything; when it is back, what was asked for is read. */
async function listen() {
  const was = connected, there = await get("/healthz", { tries: 0, timeout_ms: EACH_MS }).then(() => true, (problem) => problem.code !== "offline");
  if (there && !was) read();
  else if (!there) hear(false);
  setTimeout(listen, EACH_MS);
}

function show(body, condition) {
  const total = body.totals.find((one) => one.condition === condition);
  byId("wrong").hidden = true;
  for (const name of ["from", "until"]) {
    form.elements[name].value = body[name];
    form.elements[name].removeAttribute("aria-invalid");
  }
  byId("said").textContent = summary(body, condition, total);
  byId("legend").hidden = !total;
  byId("totals").replaceChildren(...(total ? totals(total) : []));
  byId("figures").replaceChildren(...(total ? sections(body, total) : [make("p", { class: "nothing wide", text: say("nothing_words") })]));
}

function refuse(problem) {
  byId("wrong").textContent = problem.message;
  byId("wrong").hidden = false;
  for (const name of ["from", "until"]) if (name in problem.fields) form.elements[name].setAttribute("aria-invalid", "true");
  byId("said").textContent = say("not_read");
  byId("legend").hidden = true;
  byId("totals").replaceChildren();
  byId("figures").replaceChildren();
}

function choose(name, value) {
  form.elements[name].value = value;
  read();
}

form.addEventListener("change", read);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  read();
});
addEventListener("offline", () => hear(false));
addEventListener("online", read);
shortcut("1", "key_stroke", () => choose("condition", "stroke"));
shortcut("2", "key_chest_pain", () => choose("condition", "chest_pain"));
shortcut("h", "key_by_hospital", () => choose("by", "hospital"));
shortcut("m", "key_by_month", () => choose("by", "month"));
shortcut("r", "key_by_region", () => choose("by", "region"));
shortcut("u", "key_again", read);
shortcut("c", "key_csv", () => byId("csv").click());
shortcut("x", "key_xlsx", () => byId("xlsx").click());
fillIn();
await read();
listen();
