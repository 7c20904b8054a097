// Moments that were pressed, kept in this browser until the server has them: a tunnel, a dead battery or a closed tab loses none.
// Nothing about the patient is kept: names of moments, and when they were.

import { Problem } from "../api.js";

const HOLD_MS = 5000, AGAIN_MS = 3000;
/** What will not become right by being sent again. */
const FINAL = new Set(["invalid-request", "forbidden", "conflict", "too-large"]);

export class Queue extends EventTarget {
  #name;
  #send;
  #memory = "[]"; // where the browser refuses to store anything
  #sending = false;
  #timer = 0;

  /** @param {number} caseId the case @param {(entry: object) => Promise} send sends one, and fails where it could not */
  constructor(caseId, send) {
    super();
    this.#name = `stroke-map/moments/${caseId}`;
    this.#send = send;
    addEventListener("storage", ({ key }) => key === this.#name && this.#changed());
    addEventListener("online", () => this.work());
  }

  get entries() {
    try {
      return JSON.parse(localStorage.getItem(this.#name) ?? this.#memory);
    } catch {
      return JSON.parse(this.#memory);
    }
  }

  #keep(entries) {
    this.#memory = JSON.stringify(entries);
    try {
      if (entries.length) localStorage.setItem(this.#name, this.#memory);
      else localStorage.removeItem(this.#name);
    } catch {
      // kept until the page is left
    }
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Keep a moment; it is sent after a few seconds, in which it can be taken back. Pressed again, the later press counts. */
  add(name, at, hold_ms = HOLD_MS) {
    const id = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#keep([...this.entries.filter((one) => one.name !== name), { id, name, at, hold: Date.now() + hold_ms }]);
    setTimeout(() => this.work(), hold_ms + 20);
  }

  drop(id) {
    this.#keep(this.entries.filter((one) => one.id !== id));
  }

  forget() {
    clearTimeout(this.#timer);
    this.#keep([]);
  }

  /** Send what is due, one after another in the order of the presses; try again later where the line is gone. */
  async work() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    try {
      for (;;) {
        const due = this.entries.find((one) => one.hold <= Date.now() || one.hold > Date.now() + HOLD_MS); // or this clock was set back
        if (!due) break;
        try {
          await this.#send(due);
          this.drop(due.id);
        } catch (problem) {
          if (!(problem instanceof Problem)) throw problem;
          if (problem.code === "not-found") return this.dispatchEvent(new Event("over"));
          if (!FINAL.has(problem.code)) break;
          this.drop(due.id);
          this.dispatchEvent(new CustomEvent("refused", { detail: { ...due, problem } }));
        }
      }
    } finally {
      this.#sending = false;
    }
    if (this.entries.length) this.#timer = setTimeout(() => this.work(), AGAIN_MS);
  }
}
