// The server's time, whatever the clock of this machine says, and moments as people write and read them.

import { facts } from "./words.js";

const A_MINUTE = 60_000, A_DAY = 86_400_000;
let offset = 0, doubt = Infinity; // server minus client, and by how much that may be wrong; milliseconds
let heardAt = 0;

/** This machine's time, which nobody can set back while the page is open; milliseconds. */
export const here = () => performance.timeOrigin + performance.now();

/** Learn the server's time from an answer: `told` (ms, exact to `unit` ms) was read between the moments `sent` and `received`. */
export function hear(told, sent, received, unit = 1) {
  const wrong = (received - sent + unit) / 2;
  // A better reading replaces a worse one; after ten minutes any does, for clocks drift and are set.
  if (!Number.isFinite(told) || (wrong >= doubt && received - heardAt < 600_000 && Math.abs(told + unit / 2 - received - offset) < 5000)) return;
  offset = told + unit / 2 - (sent + received) / 2;
  doubt = wrong;
  heardAt = received;
}

/** The server's time now, in milliseconds. */
export const now = () => here() + offset;

const shown = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: facts.zone, hourCycle: "h23", ...options });
const clockFormat = shown({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = shown({ hour: "2-digit", minute: "2-digit" });
const dayFormat = shown({ year: "numeric", month: "2-digit", day: "2-digit" });

export const clock = (moment) => clockFormat.format(new Date(moment));
export const minute = (moment) => minuteFormat.format(new Date(moment));

/** Day and minute; the day is left out where it is today. */
export function day(moment) {
  const at = new Date(moment), of = (format) => format.split("/").reverse().join("-");
  const told = of(dayFormat.format(at));
  return told === of(dayFormat.format(new Date(now()))) ? minute(at) : `${told} ${minute(at)}`;
}

/** Minutes and seconds since (or, with a minus, until) a moment: 4:07, 1:04:07, −2:30. */
export function elapsed(moment) {
  const seconds = Math.floor((now() - new Date(moment).getTime()) / 1000), whole = Math.abs(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return `${seconds < 0 ? "−" : ""}${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

/** By how much the region's time is ahead of UTC at a moment, in milliseconds. */
function ahead(moment) {
  const parts = Object.fromEntries(shown({ dateStyle: "short", timeStyle: "medium" }).formatToParts(moment).map((part) => [part.type, Number(part.value)]));
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(moment / 1000) * 1000;
}

/**
 * A moment as somebody in a hurry types it, in the region's time: `19:40`, `1940`, `7.40`, `19：40`, `-35` or `35m` (minutes ago),
 * or a whole date and time. A time of day is the last one there was, as of `heard` (ms): when it was typed. Returns milliseconds, NaN for
 * what is none, null for nothing.
 */
export function read(text, heard = now()) {
  const typed = text.normalize("NFKC").trim().replace(/^[−–]/, "-");
  if (!typed) return null;
  const ago = /^-(\d{1,4})$|^(\d{1,4})\s*(?:m|min|分钟?|')$/i.exec(typed);
  if (ago) return heard - Number(ago[1] ?? ago[2]) * A_MINUTE;
  const dated = /^(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})$/.exec(typed);
  const time = dated ? [0, dated[4], dated[5]] : /^(\d{1,2})[:.h](\d{2})$|^(\d{2})(\d{2})$/.exec(typed);
  if (!time) return NaN;
  const [hours, minutes] = [Number(time[1] ?? time[3]), Number(time[2] ?? time[4])];
  if (hours > 23 || minutes > 59) return NaN;
  const local = new Date(heard + ahead(heard));
  const date = dated ? Date.UTC(dated[1], dated[2] - 1, dated[3]) : Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate());
  const wall = date + (hours * 60 + minutes) * A_MINUTE, moment = wall - ahead(wall - ahead(wall));
  return !dated && moment > heard + 5 * A_MINUTE ? moment - A_DAY : moment;
}

/** A moment to come: `22:30` (the next there is), `+90` or `90m` (minutes from now), or a date and time. As `read` otherwise. */
export function readAhead(text) {
  const typed = text.normalize("NFKC").trim(), ahead = /^\+\s*(\d{1,5})\s*(?:m|min|分钟?|')?$|^(\d{1,5})\s*(?:m|min|分钟?|')$/i.exec(typed);
  if (ahead) return now() + Number(ahead[1] ?? ahead[2]) * A_MINUTE;
  const moment = read(typed);
  return moment !== null && !typed.includes("-") && moment <= now() ? moment + A_DAY : moment;
}

/** Call `task` now and with each second of the server's clock. */
export function eachSecond(task) {
  setTimeout(() => eachSecond(task), 1000 - (((now() % 1000) + 1000) % 1000) + 5); // first, so that it goes on whatever the task does
  task();
}
