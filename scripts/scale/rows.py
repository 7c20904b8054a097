"""The rows of the table: what is measured of one region with so many hospitals. Each is kept as soon as it is known."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.building import run_module
from bench.inputs import Case, write_grid
from bench.serving import load, measure_start, service

from scale.portos import write_copies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Directed segments of one Porto for cars, and the bytes that building a full table takes for each of them and each hospital:
#: exact and rounded times, and the next turn twice. For what fits alone; what is told is measured.
_SEGMENTS, _BYTES = 150_000, 8
#: The same for each label where the nearest alone are stored, and how many labels a segment has for each of them.
_LABEL_BYTES, _LABELS = 60, 3
_SETTLES_S = 5.0


@dataclass(frozen=True)
class Size:
    """How much is measured of each row; `starts` are besides that of the server that is asked."""

    questions: int = 4000
    starts: int = 3
    warm_s: float = 1.0
    load_s: float = 5.0


QUICK = Size(questions=40, starts=0, warm_s=0.1, load_s=0.3)


@dataclass(frozen=True)
class Row:
    """One region: `side` x `side` copies of an extract, how many hospitals, and how many of the nearest are stored (None: all)."""

    side: int
    hospitals: int
    nearest: int | None = None

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.side * self.side}x-{self.hospitals}" + (f"-{self.nearest}" if self.nearest else "")

    @property
    def work(self) -> int:
        """About how long it takes, in any unit."""
        return self.side**2 * (300 + self.hospitals)

    @property
    def needs_gb(self) -> float:
        """About how much memory building it takes at most."""
        each = self.hospitals * _BYTES
        if self.nearest:
            each = min(self.hospitals, self.nearest * _LABELS) * _LABEL_BYTES
        return self.side**2 * _SEGMENTS * each / 1e9


@dataclass(frozen=True)
class Lab:
    """Where rows are measured: the extract that is copied (None: a made-up town), the folder that keeps all, and how much of each."""

    osm: Path | None
    cache: Path
    size: Size
    connections: Sequence[int]

    def known(self, row: Row) -> dict[str, Any] | None:
        """What is known of a row; None where it is not measured yet."""
        file = self._folder(row) / "row.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None

    def measure(self, row: Row) -> dict[str, Any]:
        """Everything about a row: numbers by what they are, their unit at the end of the name."""
        folder = self._folder(row)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        osm, sheet, geodata, paths = self._osm(row.side), folder / "hospitals.csv", folder / "geodata", folder / "paths"
        drawn_from = self.cache / f"roads-{row.side}"
        run_module("scale.sheets", str(osm), str(drawn_from), str(row.hospitals), str(sheet))
        figures = run_module("scale.building", str(osm), str(sheet), str(geodata), str(row.nearest or ""))
        figures |= run_module("scale.asking", str(geodata), str(self.size.questions), str(paths))
        figures |= {"ready_s": 0.0, "http": {}}
        if self.connections:
            figures["ready_s"], figures["http"] = self._serve(geodata, paths)
        if self.connections and self.size.starts:
            figures |= measure_start(Case(osm, folder), self.size.starts).figures
        told = {"side": row.side, "hospitals": row.hospitals, "nearest": row.nearest, **figures}
        shutil.rmtree(geodata)  # gigabytes, and nobody asks it again
        (folder / "row.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        return told

    def _serve(self, geodata: Path, paths: Path) -> tuple[float, dict[str, dict[str, float]]]:
        """Seconds to be ready, and figures of `GET /api/v1/route` by the number of connections that ask all the time."""
        size = self.size
        with service(geodata) as (port, ready_s):
            # After a start the service verifies its edition and loads what a first page will need: that is not the steady state.
            time.sleep(min(_SETTLES_S, 5 * size.warm_s))
            return ready_s, {
                str(number): load(port, paths, number, size.warm_s, size.load_s) for number in self.connections
            }

    def _osm(self, side: int) -> Path:
        self.cache.mkdir(parents=True, exist_ok=True)
        if self.osm is None:
            return write_grid(self.cache / f"town-{side}.osm", 8 * side)
        return self.osm if side == 1 else write_copies(self.osm, side, self.cache / f"copies-{side}.osm.pbf")

    def _folder(self, row: Row) -> Path:
        return self.cache / row.name
