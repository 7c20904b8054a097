"""The yearly update, amendments, the check of a large sheet, coverage, and answers about a patient, each as its users run it.

Commands are timed as whole processes. Run as `python -m bench.yearly SHEET FOLDER` this asks the published edition about patients.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.building import SHEET_FILE, run_module
from bench.targets import Row, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.inputs import Case

YEAR = date.today().year  # noqa: DTZ011  a year will do
_CLI = (sys.executable, "-m", "stroke_map.cli")


def measure_yearly(case: Case, *, rows: int, questions: int) -> Iterator[Row]:
    """Make an edition of `case`, amend it, and ask it; its sheet must be there.

    Parameters
    ----------
    rows
        How many rows the large sheet has.
    questions
        How many questions about patients.
    """
    geodata = case.folder / "geodata"
    sheet = case.folder / SHEET_FILE
    update = ("edition", "update", "--year", str(YEAR), "--hospitals", str(sheet), "--osm", str(case.osm))
    names = ("--prepared-by", "bench", "--publish", "--approved-by", "second person")
    told = _run(geodata, *update, *names)
    yield Row("update", case.name, "yearly update, check to publish, two tables", told)
    again = _run(geodata, *update, "--prepared-by", "bench")
    yield Row("update-again", case.name, "the same once more: nothing to do", {"wall_s": again["wall_s"]})
    phone = _run(geodata, "edition", "amend", "--set", "H000.phone=023-11111111", "--reason", "bench")
    yield Row("amend-phone", case.name, "amend a telephone number", phone)
    moved = _run(geodata, "edition", "amend", *_moved(sheet), "--reason", "bench")
    yield Row("amend-moved", case.name, "amend one hospital that moved", moved)
    covered = _run(geodata, "edition", "coverage", "--json")
    yield Row("coverage", case.name, "coverage bands of every capability", covered)
    large = _large_sheet(case.folder / "large.xlsx", sheet, rows)
    checked = _run(geodata, "registry", "check", str(large), "--json")
    yield Row("check", case.name, f"check a workbook of {rows:,} rows", checked)
    asked = run_module("bench.yearly", str(geodata), str(questions))
    yield Row("patient", case.name, "answer about a patient, in process", asked)


def _run(geodata: Path, *arguments: str) -> dict[str, float]:
    """A command in a process of its own: its wall time and the memory it took at most."""
    environment = os.environ | {"STROKE_MAP_GEODATA_DIR": str(geodata)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*_CLI, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"stroke-map {' '.join(arguments)} ended with {process.returncode}")
    return {"wall_s": time.perf_counter() - began, "peak_gb": usage.ru_maxrss * 1024 / 1e9}


def _moved(sheet: Path) -> tuple[str, ...]:
    """The first hospital at the entrance of the second."""
    from stroke_map.registry import read_sheet

    second = read_sheet(sheet).hospitals[1]
    return (
        "--set",
        f"H000.entrance_lat={second.entrance_lat + 0.0005}",
        "--set",
        f"H000.entrance_lon={second.entrance_lon}",
    )


def _large_sheet(path: Path, sheet: Path, rows: int) -> Path:
    """A workbook of the same hospitals over and over, each under an id, a name and a place of its own."""
    from stroke_map.registry import read_sheet
    from stroke_map.registry.spreadsheet import write_workbook

    hospitals = read_sheet(sheet).hospitals
    many = []
    for number in range(rows):
        like, away = hospitals[number % len(hospitals)], number // len(hospitals) * 0.001
        place = {"lat": like.lat + away, "lon": like.lon, "entrance_lat": like.entrance_lat + away}
        many.append(
            like.model_copy(update={"id": f"H{number:05}", "name_zh": f"第{number}医院", "name_en": "", **place})
        )
    write_workbook(many, path)
    return path


def main(geodata: Path, count: int) -> None:
    """Ask the published edition about patients and print how long it took, deciding apart."""
    from stroke_map import dispatch
    from stroke_map.dispatch import weigh
    from stroke_map.editions import open_published
    from stroke_map.protocols import StrokeQuestion
    from stroke_map.settings import read_settings

    edition, settings, decide = open_published(geodata), read_settings({}), weigh.decide
    now = datetime.now(edition.zone)
    deciding: list[float] = []

    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        decision = decide(*arguments)
        deciding.append((time.perf_counter() - began) * 1000)
        return decision

    weigh.decide = timed
    patient = StrokeQuestion(now=now, onset=now - timedelta(minutes=60), scale="LAMS", score=5)
    took: list[float] = []
    for number in range(count + 20):
        place = edition.hospitals[number % len(edition.hospitals)]
        question = dispatch.Question(
            lat=place.lat, lon=place.lon, at=now, asked_at=now, profile="ambulance", patient=patient
        )
        began = time.perf_counter()
        dispatch.answer(edition, question, settings)
        took.append((time.perf_counter() - began) * 1000)
    figures = spread(took[20:])
    print(json.dumps(figures | {"decide_ms": spread(deciding[20:])["median_ms"]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
