"""What a page is made to tell of itself: when an answer to a key, a list or a lost line was drawn, and when a sound began."""

from __future__ import annotations

from typing import Any, Final

#: Moments are milliseconds since 1970 by the clock of the machine. A frame is drawn when a message that its callback posted comes.
WATCH: Final = r"""
(() => {
  const told = (window.told = { answers: [], lists: [], sounds: [], lost: [] }), got = {};
  const at = () => performance.timeOrigin + performance.now();
  let pressed = 0;
  const drawn = (task) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => task(at());
    port2.postMessage(null);
  });
  addEventListener("keydown", (event) => (pressed = performance.timeOrigin + event.timeStamp), true);

  const ask = window.fetch;
  window.fetch = async (address, ...more) => {
    const kind = /\/api\/v1\/(route|search)\b/.exec(address)?.[1], asked = at(), key = pressed;
    const answer = await ask(address, ...more);
    if (kind) got[kind] = { pressed: key, asked, answered: at() };
    return answer;
  };
  const shown = (kind, list) => {
    const one = got[kind];
    got[kind] = null;
    if (one) drawn((seen) => list.push({ ...one, seen }));
  };

  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (when = 0) {
    const { currentTime, outputLatency, baseLatency } = this.context;
    told.sounds.push(at() + 1000 * (Math.max(0, when - currentTime) + (outputLatency || baseLatency || 0)));
    return start.call(this, when);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const look = (id, options, task) => {
      const part = document.getElementById(id);
      if (part) new MutationObserver(() => task(part)).observe(part, options);
    };
    look("answer", { attributeFilter: ["aria-busy"] }, (part) => part.getAttribute("aria-busy") === "false" && shown("route", told.answers));
    look("places", { childList: true }, () => shown("search", told.lists));
    look("lost", { attributeFilter: ["hidden"] }, (part) => part.hidden || drawn((seen) => told.lost.push(seen)));
  });
})()
"""


def next_of(page: Any, kind: str, known: int) -> dict[str, float]:
    """The answer or list that was drawn after so many others."""
    page.wait_for_function(f"() => told.{kind}.length > {known}")
    told: dict[str, float] = page.evaluate(f"told.{kind}[{known}]")
    return told


def first_after(page: Any, kind: str, moment_ms: float) -> float:
    """The first sound, or lost line, after a moment."""
    page.wait_for_function("([kind, moment]) => told[kind].some((one) => one > moment)", arg=[kind, moment_ms])
    return float(page.evaluate("([kind, moment]) => told[kind].find((one) => one > moment)", [kind, moment_ms]))
