"""The table on the terminal, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from bench.targets import Row

_UNITS = {"ms": "ms", "s": "s", "gb": "GB"}
_MARKS = {"aim": "[green]aim[/]", "yes": "[green]yes[/]", "no": "[red]NO[/]"}


def print_table(rows: list[Row], console: Console | None = None) -> None:
    """One line for each figure, the target beside it."""
    table = Table(
        title=f"stroke_map, {os.cpu_count()} processors, Python {platform.python_version()}", title_justify="left"
    )
    for name, right in (("what", False), ("roads", False), ("figure", False), ("measured", True), ("at least", True),
                        ("aim", True), ("reached", False), ("note", False)):  # fmt: skip
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        targets = {target.figure: target for target in row.targets}
        for i, (figure, value) in enumerate(row.figures.items()):
            target = targets.get(figure)
            least, aim, reached = "", "", ""
            if target:
                sign = ">=" if target.more else "<="
                least, aim = f"{sign} {target.least:,g}", "" if target.aim is None else f"{target.aim:,g}"
                reached = _MARKS[target.reached(value)]
            first = (row.what, row.case) if i == 0 else ("", "")
            table.add_row(
                *first, _spoken(figure), f"{_rounded(value)}", least, aim, reached, row.note if i == 0 else ""
            )
        table.add_section()
    (console or Console(width=None if os.isatty(1) else 190)).print(table)


def write_json(rows: list[Row], path: Path) -> None:
    """Machine, moment and every row."""
    report = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processors": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version(),
                    "load_average": os.getloadavg()},
        "rows": [row.as_json() for row in rows],
    }  # fmt: skip
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _spoken(figure: str) -> str:
    words, _, unit = figure.rpartition("_")
    known = _UNITS.get(unit) if not words.endswith("per") else None
    return f"{words.replace('_', ' ')}, {known}" if known else figure.replace("_", " ").replace(" per s", "/s")


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
