#!/usr/bin/env python3
"""Attack the clinical plane, with nothing in front of it, while 120 dispatchers ask: slowly, idly, with large bodies, deep JSON and many headers.

    .venv/bin/python scripts/check_enemies.py
    .venv/bin/python scripts/check_enemies.py --only "slow bodies" --seconds 20

Together they ask 200 times a second, every other time on a new connection. No answer may be wrong or lost, 99 of 100 come within
200 ms, nobody is told of an error of the server, its memory stays bounded, and when the enemy is gone so are his connections. Prints a row of
a Markdown table for each enemy; ends with 1 where one does not hold. Linux alone; 10,000 connections need as many open files
(`ulimit -Hn`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stroke_map.settings import prepare_numba_cache

# Before anything imports numba, which reads its cache folder once.
prepare_numba_cache()
from bench.targets import Target  # noqa: E402
from crowd import KEY, Violation  # noqa: E402
from crowd.asking import Asking, Pace, Told  # noqa: E402
from crowd.enemies import ALL, ENEMIES, Harm, more_files  # noqa: E402
from crowd.questions import Question, dispatchers_questions, learn  # noqa: E402
from crowd.report import tell, told_of  # noqa: E402
from crowd.towns import default_roads, geodata_of  # noqa: E402
from duty.sessions import Memory, memory_mb  # noqa: E402
from faults.service import serving  # noqa: E402

from stroke_map.commands.output import progress  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.service import Server

HOLDS = (
    Target("p99_ms", 200), Target("errors", 0), Target("wrong_answers", 0), Target("server_errors", 0), Target("grown_mb", 300),
    Target("connections_left", 0),
)  # fmt: skip
_GONE_WITHIN_S = 30.0


@dataclass(frozen=True)
class Siege:
    """How long each enemy attacks, with what share of his connections, how many dispatchers ask meanwhile, and how often a second all of them do."""

    seconds: float = 45.0
    share: float = 1.0
    dispatchers: int = 120
    rate: float = 200.0
    questions: int = 300
    settle_s: float = 10.0
    seed: int = 1


@click.command(help=__doc__)
@click.option("--seconds", default=45.0, show_default=True, help="Of each enemy.")
@click.option("--only", multiple=True, type=click.Choice([*ENEMIES, ALL]), help="Just this enemy; may be given more than once.")  # fmt: skip
@click.option("--osm", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Road file. Else Porto, where the real extracts lie beside the checkout, or the demonstration city.")  # fmt: skip
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Build here and use what is there.")
@click.option("--seed", default=1, show_default=True)
def main(*, seconds: float, only: tuple[str, ...], osm: Path | None, keep: Path | None, seed: int) -> None:
    with geodata_of(osm or default_roads(), keep) as geodata, progress() as show:
        missed = besiege(geodata, only or (*ENEMIES, ALL), Siege(seconds=seconds, seed=seed), show)
    for violation in missed:
        print(f"VIOLATION: {violation}", file=sys.stderr)
    sys.exit(1 if missed else 0)


def besiege(geodata: Path, names: tuple[str, ...], siege: Siege, show: Callable[[str, float], None]) -> list[Violation]:
    """Let one enemy after the other attack; what did not hold."""
    more_files()
    questions = dispatchers_questions(geodata, siege.questions)
    learn(geodata, questions)
    for number, question in enumerate(questions):
        if number % 2:
            question.headers = question.headers | {"Connection": "close"}
    missed = []
    with serving(geodata, plane="clinical", workers=2, clinical_key=KEY) as server:
        # After a start it verifies its edition and loads what comes later: that is not what is measured.
        Asking(server.port, questions, Pace(siege.dispatchers, siege.settle_s, warm_s=0.0)).wait()
        for name in names:
            try:
                attacked(server, name, questions, siege, partial(show, name))
            except Violation as violation:
                missed.append(violation)
    return missed


def attacked(
    server: Server, name: str, questions: list[Question], siege: Siege, show: Callable[[float], None]
) -> dict[str, float]:
    """Let one enemy attack while dispatchers ask: the figures; Violation where they do not hold."""
    before_mb = memory_mb(server.process.pid)
    pace = Pace(siege.dispatchers, siege.seconds, rate=siege.rate, warm_s=2.0, seed=siege.seed)
    enemy = _enemy(name, server.port, pace.warm_s + pace.seconds, siege.share)
    with Memory(server.process.pid, every_s=0.5) as memory:
        told = Asking(server.port, questions, pace).wait(show)
        printed, _ = enemy.communicate()
    if enemy.returncode:
        raise RuntimeError(f"the enemy ended with {enemy.returncode}")
    harm = Harm(**json.loads(printed))
    left, gone_s = _until_gone(server.port)
    figures = _figures(told, harm) | {
        "grown_mb": max(mb for _, mb in memory.seen) - before_mb,
        "connections_left": left,
        "gone_after_s": gone_s,
    }
    tell(f"{name}, {harm.most_open:,} at once, {siege.seconds:g} s", figures, HOLDS, told)
    return figures


def _figures(told: Told, harm: Harm) -> dict[str, float]:
    times = told.kinds["dispatch"]
    errors = told.lost + sum(count for status, count in told.statuses.items() if not status.endswith(" 200"))
    return {
        "routes_per_s": times["per_s"],
        "p99_ms": times["p99_ms"],
        "worst_ms": times["worst_ms"],
        "errors": errors,
        "connections": harm.opened,
        "refused_connections": harm.failed,
        "longest_kept_s": harm.longest_s,
        "server_errors": sum(count for status, count in harm.statuses.items() if status.startswith("5")),
        **{f"answered_{status}": count for status, count in sorted(harm.statuses.items())},
    } | told_of(told)


def _enemy(name: str, port: int, seconds: float, share: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "crowd.enemies", name, str(port), str(seconds), str(share)]
    path = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent)}
    return subprocess.Popen(command, env=path, stdout=subprocess.PIPE)


def _until_gone(port: int) -> tuple[int, float]:
    """Wait until nobody is connected to a port of this machine: how many still are, and how many seconds that took."""
    begun = time.monotonic()
    while (left := _connected(port)) and time.monotonic() - begun < _GONE_WITHIN_S:
        time.sleep(0.1)
    return left, time.monotonic() - begun


def _connected(port: int) -> int:
    """How many connections to a port the server has not yet ended."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    # ESTABLISHED, CLOSE_WAIT
    return sum(line[1].endswith(f":{port:04X}") and line[3] in {"01", "08"} for line in lines)


if __name__ == "__main__":
    main()
