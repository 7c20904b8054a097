"""What each figure should reach, on two cores with 115 hospitals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """`figure` should be at most `least` (at least where `more`), better `aim`."""

    figure: str
    least: float
    aim: float | None = None
    more: bool = False

    def reached(self, value: float) -> str:
        """`aim`, `yes` or `no`."""
        if self.aim is not None and self._good(value, self.aim):
            return "aim"
        return "yes" if self._good(value, self.least) else "no"

    def _good(self, value: float, limit: float) -> bool:
        return value >= limit if self.more else value <= limit


#: By row and road file; `*` is every file.
TARGETS: dict[tuple[str, str], tuple[Target, ...]] = {
    ("query", "porto"): (Target("median_ms", 0.2, 0.06), Target("p99_ms", 1.0)),
    ("query", "scale_four_portos"): (Target("median_ms", 0.3, 0.08),),
    ("closures", "*"): (Target("median_ms", 1.0), Target("worst_ms", 50.0)),
    ("networkx", "porto"): (Target("times_slower", 5_000, 15_000, more=True),),
    ("build", "porto"): (Target("wall_s", 15, 6), Target("peak_gb", 1.0)),
    ("build", "scale_four_portos"): (Target("wall_s", 70, 40), Target("peak_gb", 3.0)),
    ("http", "*"): (
        Target("requests_per_s", 1_500, 4_000, more=True),
        Target("p99_ms", 120, 60),
        Target("errors", 0),
        Target("other_status", 0),
    ),
    ("pages", "*"): (Target("p99_ms", 200), Target("errors", 0), Target("other_status", 0)),
    # The median ratio should be within 1 % of 1.
    ("osrm", "*"): (Target("ratio_p50_off", 0.01), Target("same_best_percent", 97.0, more=True)),
    ("valhalla", "*"): (Target("ratio_p50_off", 0.01), Target("same_best_percent", 97.0, more=True)),
    ("update", "scale_four_portos"): (Target("wall_s", 150), Target("peak_gb", 3.0)),
    ("amend-phone", "scale_four_portos"): (Target("wall_s", 2.0),),
    ("amend-moved", "scale_four_portos"): (Target("wall_s", 5.0),),
    ("coverage", "scale_four_portos"): (Target("wall_s", 20.0),),
    ("check", "*"): (Target("wall_s", 5.0),),
    ("patient", "*"): (Target("decide_ms", 1.0),),
    ("start", "*"): (Target("ready_s", 3.0, 1.5),),
}


@dataclass(frozen=True)
class Row:
    """One measurement: which row of the table, on which road file, its figures (unit in the name), and what to know."""

    row: str
    case: str
    what: str
    figures: dict[str, float]
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it should reach; empty where nothing was promised."""
        return TARGETS.get((self.row, self.case)) or TARGETS.get((self.row, "*"), ())

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        judged = [
            {"figure": t.figure, "at_least": t.least, "aim": t.aim, "reached": t.reached(self.figures[t.figure])}
            for t in self.targets
        ]
        return {"row": self.row, "case": self.case, "what": self.what, "figures": self.figures, "targets": judged,
                "note": self.note, "details": self.details}  # fmt: skip


def spread(values_ms: list[float]) -> dict[str, float]:
    """Median and 99th percentile of milliseconds."""
    ordered = sorted(values_ms)
    return {"median_ms": ordered[len(ordered) // 2], "p99_ms": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]}
