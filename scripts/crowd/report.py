"""What was measured, as a row of a Markdown table, beside what it has to hold."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crowd import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.targets import Target

    from crowd.asking import Told

_HEAD = "| test | measured | to hold | held |\n|---|---|---|---|"


def told_of(*told: Told) -> dict[str, float]:
    """What goes wrong or not in whatever is asked: to be looked at in every test."""
    return {
        "wrong_answers": sum(one.wrong for one in told),
        "lost": sum(one.lost for one in told),
        "share_of_processors_that_asked": sum(one.cores for one in told) / (os.cpu_count() or 1),
    }


def tell(what: str, figures: dict[str, float], targets: Sequence[Target], *told: Told) -> None:
    """Print the row; Violation where something is not held."""
    missed = [target.figure for target in targets if target.reached(figures[target.figure]) == "no"]
    measured = ", ".join(f"{_spoken(name)} {_rounded(value)}" for name, value in figures.items())
    to_hold = ", ".join(f"{_spoken(one.figure)} {'>=' if one.more else '<='} {one.least:,g}" for one in targets)
    today = datetime.now(UTC).date().isoformat()
    print(_HEAD)
    print(
        f"| {what}, {today}, {os.cpu_count()} cores | {measured} | {to_hold} | {'no' if missed else 'yes'} |",
        flush=True,
    )
    for example in [example for one in told for example in one.examples]:
        print(f"  {example}", file=sys.stderr)
    if missed:
        raise Violation(f"{what}: {', '.join(map(_spoken, missed))}")


def _spoken(figure: str) -> str:
    return figure.replace("_per_s", "/s").replace("_ms", ", ms").replace("_mb", ", MB").replace("_", " ")


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
