"""Those who ask, in a process of their own: every answer is held against what is known beforehand.

Run as `python -m crowd.asking PLAN`, a JSON file made by `ask`; prints what came of it as JSON. One thread and plain sockets: it shares the
processors with the server that it asks, and says how much of them it took.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bench.load import Client, without_pause
from bench.offered import offered
from bench.targets import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crowd.questions import Question

HOST = "127.0.0.1"
_SCRIPTS = Path(__file__).resolve().parents[1]
_EXAMPLES = 5
_FIRST, _LAST = b'"origin":', b',"live_state":'


def part_of(body: bytes) -> bytes:
    """What of an answer depends on nothing but the question, the edition and the roads as they are: origin, hospitals, decision.

    All of it where it is no answer about a road.
    """
    first = body.find(_FIRST)
    return body if first < 0 else body[first : body.find(_LAST)]


@dataclass(frozen=True)
class Pace:
    """How is asked.

    Attributes
    ----------
    connections
        So many at once.
    rate
        Requests a second, whatever the server makes of it; 0: as soon as the answer before has come.
    warm_s, seconds
        What comes in the first is looked at too, but not timed.
    """

    connections: int
    seconds: float
    rate: float = 0.0
    warm_s: float = 3.0
    seed: int = 1


@dataclass
class Told:
    """What came of it.

    Attributes
    ----------
    kinds
        By kind of question: `per_s`, `median_ms`, `p99_ms`, `worst_ms` and `asked`.
    statuses
        By kind and status, as "dispatch 200".
    lost
        Connections that ended without an answer, and questions that never were answered.
    wrong, examples
        Answers that were not as is known, and what was wrong with some of them.
    cores
        How much of a processor this process took.
    """

    kinds: dict[str, dict[str, float]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)
    cores: float = 0.0

    def refused(self, kind: str) -> int:
        """How many questions of a kind were answered with 429."""
        return self.statuses.get(f"{kind} 429", 0)


class Asking:
    """Questions being asked by another process."""

    def __init__(self, port: int, questions: Sequence[Question], pace: Pace) -> None:
        self._folder = TemporaryDirectory(prefix="stroke-map-asking-")
        self._seconds = pace.warm_s + pace.seconds
        plan = Path(self._folder.name) / "plan.json"
        asked = [
            {"request": bytes(one).decode(), "kind": one.kind, "editions": one.editions, "may_refuse": one.may_refuse}
            for one in questions
        ]
        plan.write_text(json.dumps({"port": port, "questions": asked, "pace": asdict(pace)}), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "crowd.asking", str(plan)],
            env=os.environ | {"PYTHONPATH": str(_SCRIPTS)},
            stdout=subprocess.PIPE,
        )

    def wait(self, show: Callable[[float], None] = lambda _: None) -> Told:
        """Wait for the end, and for what came of it; `show` is told the share that is done."""
        begun = time.monotonic()
        while self._process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            show(min(1.0, (time.monotonic() - begun) / self._seconds))
        printed, _ = self._process.communicate()
        self._folder.cleanup()
        if self._process.returncode:
            raise RuntimeError(f"the process that asks ended with {self._process.returncode}")
        return Told(**json.loads(printed))

    def end(self) -> None:
        """End it at once, if it has not ended."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


class _Known:
    """A question as it is sent again and again."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.kind: str = told["kind"]
        self.may_refuse: bool = told["may_refuse"]
        self.parts = {f'"edition":"{name}"'.encode(): {part.encode() for part in parts} for name, parts in told["editions"].items()}  # fmt: skip
        self._request = told["request"].encode()

    def __bytes__(self) -> bytes:
        return self._request

    def wrong(self, client: Client) -> str:
        """What is wrong with the answer; "" nothing."""
        if client.status == b"429" and self.may_refuse:
            return "" if b"retry-after:" in client.head.lower() else f"{self.kind}: 429 without Retry-After"
        if client.status != b"200":
            return f"{self.kind}: {client.status.decode()} {client.body[:200]!r}"
        return self._unlike(client.body) if self.parts else ""

    def _unlike(self, body: bytes) -> str:
        part = part_of(body)
        if part is body:  # no answer about a road: a page or a list, the same for everybody
            return "" if any(body in parts for parts in self.parts.values()) else f"{self.kind}: another than is known"
        # The edition is what an answer begins with.
        (named,) = [name for name in self.parts if body.startswith(b"{" + name)] or [b""]
        if not named:
            return f"{self.kind}: of an edition that is not known, {body[:60]!r}"
        if part in self.parts[named]:
            return ""
        others = [name.decode() for name, parts in self.parts.items() if part in parts]
        return f"{self.kind}: {named.decode()} with the hospitals of {others}" if others else f"{self.kind}: {named.decode()} with other hospitals than is known"  # fmt: skip


def main(plan: Path) -> Told:
    """Ask as the plan says."""
    told = json.loads(plan.read_text(encoding="utf-8"))
    pace, known = Pace(**told["pace"]), [_Known(one) for one in told["questions"]]
    times: dict[str, list[float]] = {one.kind: [] for one in known}
    statuses, examples = Counter[str](), list[str]()
    lost = wrong = done = 0
    began = time.perf_counter()
    timed = began + pace.warm_s
    for client, answered, since in _answers((HOST, told["port"]), known, pace):
        done += 1
        question: _Known = client.asked  # type: ignore[assignment]
        if not answered:
            lost += 1
            continue
        now = time.perf_counter()
        statuses[f"{question.kind} {client.status.decode()}"] += 1
        if since >= timed:
            times[question.kind].append((now - since) * 1000)
        if problem := question.wrong(client):
            wrong += 1
            examples += [problem] if len(examples) < _EXAMPLES else []
    if pace.rate:
        lost += max(0, round((pace.warm_s + pace.seconds) * pace.rate) - done)
    kinds = {kind: _figures(values, pace.seconds) for kind, values in times.items()}
    cores = time.process_time() / (time.perf_counter() - began)
    return Told(kinds, dict(statuses), lost, wrong, examples, cores)


def _answers(address: tuple[str, int], known: list[_Known], pace: Pace) -> Iterator[tuple[Client, bool, float]]:
    """Each client as it was answered, or lost its connection, and since when it waited."""
    rng = random.Random(pace.seed)
    requests = (rng.choice(known) for _ in count())
    seconds = pace.warm_s + pace.seconds
    if pace.rate:
        yield from offered(address, requests, pace.connections, rate=pace.rate, seconds=seconds)
        return
    for client, answered in without_pause(address, requests, pace.connections, time.perf_counter() + seconds):
        yield client, answered, client.sent_at


def _figures(times_ms: list[float], seconds: float) -> dict[str, float]:
    if not times_ms:
        return {"asked": 0, "per_s": 0.0, "median_ms": float("inf"), "p99_ms": float("inf"), "worst_ms": float("inf")}
    per_s = len(times_ms) / seconds
    return {"asked": len(times_ms), "per_s": per_s, **spread(times_ms), "worst_ms": max(times_ms)}


if __name__ == "__main__":
    print(json.dumps(asdict(main(Path(sys.argv[1])))))
