// Where the ambulance is, told every few seconds while somebody agrees. The place goes to the server and nowhere else.

import { Problem } from "../api.js";

const EACH_MS = 10_000, WALKING_MPS = 2, PATIENCE_MS = 30_000;

export class Sharing extends EventTarget {
  #send;
  #watch = null;
  #sentAt = -Infinity;
  #sending = false;

  /** @param {(place: object) => Promise} send sends a place, and fails where it could not */
  constructor(send) {
    super();
    this.#send = send;
  }

  get on() {
    return this.#watch !== null;
  }

  start() {
    if (this.on) return;
    if (!window.isSecureContext || !navigator.geolocation) return this.#tell("place_insecure");
    this.#sentAt = -Infinity;
    this.#watch = navigator.geolocation.watchPosition((place) => this.#found(place), (error) => this.#failed(error), {
      enableHighAccuracy: true,
      maximumAge: EACH_MS,
      timeout: PATIENCE_MS,
    });
    this.#tell("place_asking");
  }

  stop() {
    if (!this.on) return;
    navigator.geolocation.clearWatch(this.#watch);
    this.#watch = null;
    this.#tell("");
  }

  async #found({ coords }) {
    if (this.#sending || performance.now() - this.#sentAt < EACH_MS) return;
    this.#sending = true;
    this.#sentAt = performance.now();
    const moving = coords.speed > WALKING_MPS && Number.isFinite(coords.heading);
    try {
      await this.#send({ lat: coords.latitude, lon: coords.longitude, crs: "WGS-84", ...(moving && { bearing: coords.heading }) });
      if (this.on) this.#tell("place_sent");
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (this.on) this.#tell("place_unsent", problem);
    } finally {
      this.#sending = false;
    }
  }

  #failed(error) {
    if (error.code !== error.PERMISSION_DENIED) return this.#tell("place_nowhere");
    this.stop();
    this.#tell("place_denied");
  }

  #tell(words, problem = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: { words, problem } }));
  }
}
