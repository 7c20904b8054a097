"""By which power of the size each figure grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What is fitted, by the name of the figure: how it is spoken of, with its unit.
FIGURES = {
    "build_s": "build, s",
    "build_cpu_s": "build, s of processors",
    "roads_cpu_s": "read and compile, s of processors",
    "arrivals_cpu_s": "arrivals, s of processors",
    "build_gb": "memory of the build, GB",
    "disk_mb": "edition, MB",
    "private_mb": "memory of a process that answers, MB",
    "ready_s": "start, s",
    "snap_median_ms": "where on the road, ms",
    "rank_median_ms": "rank all hospitals, ms",
    "road_median_ms": "nearest exactly and its road, ms",
}
#: Held: ranking may not grow with the region by more than this power of its size.
FLAT, FLAT_AT_MOST = "rank_median_ms", 0.1


@dataclass(frozen=True)
class Line:
    """One figure against one size.

    Attributes
    ----------
    name
        The figure, with its unit.
    x, y
        What was measured, at least two points, all above zero.
    exponent
        Of the power that fits best, by least squares of the logarithms.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """See above."""
        return float(np.polyfit(np.log(self.x), np.log(self.y), 1)[0])


def lines(rows: Sequence[dict[str, Any]], size: str) -> list[Line]:
    """Every figure of rows that differ in their `size` alone; none where there is one row."""
    return [
        Line(spoken, *zip(*((float(row[size]), float(row[name])) for row in rows), strict=True))
        for name, spoken in FIGURES.items()
        if len(rows) > 1 and all(row[name] > 0 for row in rows)
    ]


def by_region(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those rows, smallest first, that have the number of hospitals of which there are most regions."""
    return _most_alike(rows, alike="hospitals", by="segments")


def by_hospitals(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those rows, fewest first, of the region of which there are most numbers of hospitals."""
    return _most_alike(rows, alike="side", by="hospitals")


def by_connections(row: dict[str, Any]) -> list[Line]:
    """What connections get of one row; none where fewer than two numbers of them got any answer."""
    answered = {float(number): one for number, one in row["http"].items() if one["requests_per_s"] > 0}
    told = {"median_ms": "median, ms", "p99_ms": "p99, ms", "requests_per_s": "answers a second"}
    return [
        Line(spoken, tuple(answered), tuple(one[name] for one in answered.values()))
        for name, spoken in told.items()
        if len(answered) > 1
    ]


def _most_alike(rows: Sequence[dict[str, Any]], *, alike: str, by: str) -> list[dict[str, Any]]:
    groups = [[row for row in rows if row[alike] == value] for value in sorted({row[alike] for row in rows})]
    return sorted(max(groups, key=len), key=lambda row: row[by])
