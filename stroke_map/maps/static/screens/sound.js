// Tones made in code, so that there is no file to load. A browser stays silent until somebody has pressed something in the page: until
// then `blocked` says so, and the screen tells it in words.

const TUNES = {
  // Each tone: frequency in Hz, start and length in seconds.
  urgent: [[880, 0, 0.16], [1175, 0.18, 0.16], [1568, 0.36, 0.3]], // rising: somebody must act
  news: [[660, 0, 0.12], [880, 0.15, 0.18]],
  good: [[784, 0, 0.1]],
};
const AGAIN_MS = { urgent: 2500, news: 15_000 };

let context = null;
const ringing = new Map();
const heard = new EventTarget();

export const onChange = (task) => heard.addEventListener("change", task);
export const blocked = () => context?.state !== "running";

/** Try to be heard; call it from a press of a key or a button. */
export async function unlock() {
  try {
    context ??= new AudioContext();
    context.onstatechange ??= () => heard.dispatchEvent(new Event("change"));
    if (context.state !== "running") await context.resume();
  } catch {
    // no audio on this machine: it stays blocked, and the screen says so
  }
  heard.dispatchEvent(new Event("change"));
}

export function play(name) {
  if (blocked()) return void context?.resume().catch(() => {}); // a call, or a machine that slept: the next tone is heard again
  for (const [frequency, start, length] of TUNES[name]) {
    const tone = context.createOscillator(), loudness = context.createGain(), from = context.currentTime + start;
    tone.frequency.value = frequency;
    tone.type = "triangle";
    loudness.gain.setValueAtTime(0, from);
    loudness.gain.linearRampToValueAtTime(0.35, from + 0.015);
    loudness.gain.setTargetAtTime(0, from + length - 0.03, 0.02);
    tone.connect(loudness).connect(context.destination);
    tone.start(from);
    tone.stop(from + length + 0.1);
  }
}

/** Play again and again until `hush` is called with the same `why`. */
export function ring(why, name = "urgent") {
  if (ringing.has(why)) return;
  play(name);
  ringing.set(why, setInterval(() => play(name), AGAIN_MS[name]));
}

export function hush(why) {
  clearInterval(ringing.get(why));
  ringing.delete(why);
}

/** Ring for exactly these reasons. */
export function ringFor(reasons, name = "urgent") {
  for (const why of [...ringing.keys()]) if (!reasons.has(why)) hush(why);
  for (const why of reasons) ring(why, name);
}

export const isRinging = () => ringing.size > 0;
