// The API of this server: one function to ask it, and every way in which that can fail as words for people.

import * as clock from "./clock.js";
import { knows, say } from "./words.js";

const TIMEOUT_MS = 8000, SESSION_TIMEOUT_MS = 4000;
const WAITS_MS = [400, 1200, 3000]; // before a question is asked again
const AGAIN = new Set(["offline", "too-busy", "live-store"]);

let csrf = "", key = "", user = "", askToLogIn = null, loggingIn = null;

/** What went wrong. `code` is the API's, or `offline`; `message` says it in the language of the page, with what to do. */
export class Problem extends Error {
  constructor(body, status = 0) {
    super(inWords(body));
    this.code = body.code;
    this.body = body;
    this.status = status;
  }

  /** The fields with mistakes, {name: what is wrong}. */
  get fields() {
    return Object.fromEntries((this.body.errors ?? this.body.problems ?? []).map((one) => [one.field, one.problem]));
  }
}

function inWords(body) {
  const known = `problem_${body.code}`;
  const parts = [knows(known) ? say(known, body.retry_after_s ?? "") : `${body.title ?? body.code}`];
  for (const one of (body.errors ?? body.problems ?? []).slice(0, 4)) {
    const field = knows(`field_${one.field}`) ? say(`field_${one.field}`) : one.field;
    parts.push(`${field}: ${one.problem}${one.example ? ` (${JSON.stringify(one.example)})` : ""}`);
  }
  return parts.join(" ");
}

/** Who is logged in; Problem "unauthorized" where nobody is. */
export async function session() {
  const known = await request("GET", "/api/v1/session", {}, SESSION_TIMEOUT_MS);
  csrf = known.body.csrf_token ?? "";
  return known.body;
}

export function useToken(token) {
  csrf = token ?? "";
}

/** Show this with every question from now on, in the place of a session. */
export function useKey(shown) {
  key = shown;
}

/** What to do when the session of `name` has ended: `task` resolves when they have logged in again. */
export function onLogInNeeded(name, task) {
  user = name;
  askToLogIn = task;
}

/** Have them log in again; until then nothing more is asked. */
export async function logInAgain() {
  loggingIn ??= askToLogIn().finally(() => (loggingIn = null)); // one dialog, however many questions wait for it
  await loggingIn;
}

async function request(method, path, { body, headers = {}, signal } = {}, timeout_ms = TIMEOUT_MS) {
  const ended = new AbortController(), timer = setTimeout(() => ended.abort(), timeout_ms), sent = clock.here();
  const stop = () => ended.abort();
  signal?.addEventListener("abort", stop);
  const raw = body instanceof Blob; // a file goes as it is
  let response, text;
  try {
    signal?.throwIfAborted();
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json, application/problem+json",
        ...(body === undefined ? {} : { "Content-Type": raw ? "application/octet-stream" : "application/json" }),
        ...(key && { Authorization: `Bearer ${key}` }),
        ...(method === "GET" || !csrf ? {} : { "X-CSRF-Token": csrf }),
        ...headers,
      },
      body: body === undefined || raw ? body : JSON.stringify(body),
      cache: "no-store",
      credentials: key ? "omit" : "same-origin",
      signal: ended.signal,
    });
    // Some servers say it twice, which a browser joins with a comma.
    clock.hear(Date.parse(/^\w+, [^,]+/.exec(response.headers.get("Date") ?? "")?.[0] ?? ""), sent, clock.here(), 1000);
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem({ code: "offline" });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    throw new Problem({ code: "internal-error" }, response.status); // a proxy's own page
  }
  if (told?.as_of) clock.hear(Date.parse(told.as_of), sent, clock.here());
  if (response.ok || response.status === 304) return { status: response.status, body: told, etag: response.headers.get("ETag") };
  const after = Number(response.headers.get("Retry-After")) || undefined;
  throw new Problem({ retry_after_s: after, ...told, code: told?.code ?? "internal-error" }, response.status);
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Ask the API, and give back {status, body, etag}.
 *
 * Whatever may be sent twice is (looking, what has a `key`, what is `repeatable`): after a lost connection, or when the server is busy, up to three times
 * more. After the end of a session it waits for the log-in and goes on; nothing that was to be sent is lost.
 */
export async function ask(method, path, { body, key, etag, signal, timeout_ms, repeatable = false, tries = WAITS_MS.length, quietly = false } = {}) {
  const headers = { ...(key && { "Idempotency-Key": key }), ...(etag && { "If-None-Match": etag }) };
  const twice = method === "GET" || method === "PUT" || method === "DELETE" || Boolean(key) || repeatable;
  let renewed = false;
  for (let attempt = 0; ; ) {
    try {
      if (loggingIn && !quietly) await loggingIn; // the session may be somebody else's by now
      return await request(method, path, { body, headers, signal }, timeout_ms);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.code === "unauthorized" && askToLogIn && !quietly) await logInAgain();
      else if (problem.code === "forbidden" && problem.body.reason === "csrf" && !renewed) {
        renewed = true; // another tab has logged in since
        const { name } = await session();
        if (askToLogIn && name !== user) await logInAgain();
      } else if (AGAIN.has(problem.code) && twice && attempt < tries) await wait(WAITS_MS[attempt++]);
      else throw problem;
    }
  }
}

export const get = (path, options) => ask("GET", path, options);
export const post = (path, body, options) => ask("POST", path, { body, ...options });
export const put = (path, body, options) => ask("PUT", path, { body, ...options });

/** A new name for one intention: the same press sent twice is one request to the server. */
export const intention = () => (crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
