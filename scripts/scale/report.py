"""What was measured as Markdown: the rows, the powers by which figures grow, and on what machine."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scale.fitting import FIGURES, FLAT, FLAT_AT_MOST, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = (
    ("roads", lambda row: f"{row['side'] ** 2} x"),
    ("segments", lambda row: f"{row['segments']:,}"),
    ("hospitals", lambda row: f"{row['hospitals']:,}"),
    ("stored", lambda row: f"{row['nearest']} nearest" if row["nearest"] else "all"),
    ("build; of processors, s", lambda row: f"{_short(row['build_s'])}; {_short(row['build_cpu_s'])}"),
    ("of it roads; arrivals, s of processors", lambda row: f"{_short(row['roads_cpu_s'])}; {_short(row['arrivals_cpu_s'])}"),
    ("its memory, GB", lambda row: _short(row["build_gb"])),
    ("edition (arrivals), MB", lambda row: f"{_short(row['disk_mb'])} ({_short(row['arrivals_mb'])})"),
    ("start, s", lambda row: _short(row["ready_s"]) if row["ready_s"] else ""),
    ("memory of a process that answers: own; shared, MB", lambda row: f"{_short(row['private_mb'])}; {_short(row['mapped_mb'])}"),
    ("snap; rank; exact nearest and its road, ms: median", lambda row: "; ".join(_short(row[f"{part}_median_ms"]) for part in ("snap", "rank", "road"))),
    ("p99", lambda row: "; ".join(_short(row[f"{part}_p99_ms"]) for part in ("snap", "rank", "road"))),
)  # fmt: skip


def machine() -> str:
    """What this is, in a line."""
    gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor unknown"
    )
    return f"{os.cpu_count()} cores ({model}), {gb:.0f} GB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def markdown(
    rows: Sequence[dict[str, Any]], region: Sequence[Line], hospitals: Sequence[Line], left_out: Sequence[str]
) -> str:
    """The whole report.

    Parameters
    ----------
    region, hospitals
        The lines by the size of the region, and by the number of hospitals.
    left_out
        Why rows are not there.
    """
    parts = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, one run, on {machine()}; load before: {os.getloadavg()[0]:.1f}.",
        _table([name for name, _ in _COLUMNS], [[told(row) for _, told in _COLUMNS] for row in rows]),
        *_http(rows),
        "By which power of its size a figure grows (1: as the size, 0: not at all):",
        _powers(region, hospitals),
        *left_out,
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def is_flat(region: Sequence[Line]) -> bool | None:
    """Whether ranking holds its promise; None where one region alone was measured."""
    found = [line.exponent for line in region if line.name == FIGURES[FLAT]]
    return found[0] <= FLAT_AT_MOST if found else None


def _http(rows: Sequence[dict[str, Any]]) -> list[str]:
    numbers = sorted({int(number) for row in rows for number in row["http"]})
    if not numbers:
        return []
    lines = [
        [f"{row['side'] ** 2} x, {row['hospitals']:,} hospitals", *(_answers(row["http"].get(str(n))) for n in numbers)]
        for row in rows
    ]
    words = "Answers through HTTP, two workers, the load on the same machine: answers a second, median and p99 in ms by the number of connections."
    return [words, _table(["", *map(str, numbers)], lines)]


def _answers(one: dict[str, float] | None) -> str:
    if one is None:
        return ""
    wrong = one["errors"] + one["other_status"]
    told = f"{one['requests_per_s']:,.0f}/s; {_short(one['median_ms'])}; {_short(one['p99_ms'])}"
    return f"{told} ({wrong:,.0f} not answered)" if wrong else told


def _powers(region: Sequence[Line], hospitals: Sequence[Line]) -> str:
    by_name = [{line.name: f"{line.exponent:.2f}" for line in lines} for lines in (region, hospitals)]
    return _table(
        ["figure", "by segments", "by hospitals"],
        [[name, *(powers.get(name, "") for powers in by_name)] for name in FIGURES.values()],
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}" if value < 1 else f"{value:.1f}"
