// What others do, as it happens. The stream of events nudges, the lists of the API tell: so nothing is missed that a nudge lost.
// Without a stream each list is asked every second by its ETag; with one every few seconds, which also shows that the line stands.

import { get, Problem } from "./api.js";
import { now } from "./clock.js";
import { facts } from "./words.js";

const BEAT_MS = 500, EACH_MS = 1000, BESIDE_STREAM_MS = 2500, TIMEOUT_MS = 4000, LOST_AFTER_MS = 4000;

export class Live extends EventTarget {
  #watches = [];
  #source = null;
  #streaming = false;
  #heard = performance.now();
  #connected = null;
  #since = 0;
  #due = 0;
  #ticks = null;
  #stopped = false;

  /**
   * Follow the list at `path`; `heard` gets it whenever it has changed. An event of one of the `topics` asks for it at once.
   * Several lists may stand under one line: `every` says that this one is asked each so many rounds. `refused` gets the problem
   * where the server answers with one.
   */
  watch(path, heard, { topics = [], every = 1, refused = () => {} } = {}) {
    this.#watches.push({ path, heard, refused, topics, every, round: 0, etag: null, last: null, running: false, again: false });
    return this;
  }

  start() {
    this.#listen();
    this.#keepBeating();
    const all = () => this.refresh();
    addEventListener("online", all);
    addEventListener("offline", () => this.#check(true));
    document.addEventListener("visibilitychange", () => document.hidden || all());
    return this;
  }

  /** Ask for nothing more. */
  stop() {
    this.#stopped = true;
    this.#source?.close();
    this.#ticks?.terminate();
  }

  /** Ask for every list now, or for those of one topic. */
  refresh(topic = null) {
    return Promise.all(this.#watches.filter((one) => topic === null || one.topics.includes(topic)).map((one) => this.#look(one)));
  }

  /** Whether this server is heard; `since` is when (ms, by the server's clock) it was last. */
  get connection() {
    return { connected: this.#connected !== false, since: this.#since };
  }

  #keepBeating() {
    const beat = () => this.#beat();
    if (window.Worker) this.#ticks = new Worker(new URL("tick.js", import.meta.url));
    this.#ticks?.addEventListener("message", beat);
    setInterval(beat, BEAT_MS); // where there is no worker, or it cannot be loaded
    beat();
  }

  #beat() {
    if (this.#stopped) return;
    this.#check();
    const here = performance.now();
    if (here < this.#due) return;
    this.#due = here + (this.#streaming ? BESIDE_STREAM_MS : EACH_MS) - BEAT_MS / 4; // a beat may come a little early
    for (const one of this.#watches) if (one.round++ % one.every === 0) this.#look(one);
  }

  async #look(one) {
    if (this.#stopped) return;
    if (one.running) return void (one.again = true); // what happened since is asked for afterwards
    one.running = true;
    do {
      one.again = false;
      try {
        const answer = await get(one.path, { etag: one.etag, timeout_ms: TIMEOUT_MS, tries: 0 });
        this.#hear();
        if (answer.status !== 304) {
          const { as_of: _, ...rest } = answer.body, told = JSON.stringify(rest);
          if (told !== one.last) one.heard(answer.body);
          [one.etag, one.last] = [answer.etag, told]; // only now: what could not be shown is asked for again
        }
      } catch (problem) {
        if (!(problem instanceof Problem)) reportError(problem); // else one that failed is no lost line: the time without any is
        else {
          if (problem.status && problem.status < 500) this.#hear(); // an answer, though not the one that was asked for
          one.refused(problem);
        }
      }
    } while (one.again);
    one.running = false;
  }

  #hear() {
    this.#heard = performance.now();
    this.#since = now();
    this.#tell(true);
  }

  #check(failed = false) {
    if (this.#stopped) return;
    if (failed || performance.now() - this.#heard > LOST_AFTER_MS) this.#tell(false);
  }

  #tell(connected) {
    if (connected === this.#connected) return;
    const back = connected && this.#connected === false;
    this.#connected = connected;
    this.dispatchEvent(new CustomEvent("connection", { detail: this.connection }));
    if (back) this.refresh();
  }

  #listen() {
    if (!facts.stream || !window.EventSource) return;
    const source = (this.#source = new EventSource(facts.stream, { withCredentials: true }));
    const tells = (whether) => {
      this.#streaming = whether;
      if (!whether) this.#due = 0;
    };
    for (const news of ["open", "fresh"])
      source.addEventListener(news, () => {
        tells(true);
        this.refresh();
      });
    source.addEventListener("stale", () => tells(false)); // it cannot read what has changed
    for (const topic of ["alert", "case", "status", "closure"]) source.addEventListener(topic, () => this.refresh(topic));
    source.addEventListener("reset", () => this.refresh());
    source.addEventListener("error", () => {
      tells(false);
      // A browser tries again by itself, but not where it was refused, as after the end of a session.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#listen(), 5000);
    });
  }
}
