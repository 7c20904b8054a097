"""Runs that were really driven, from a CSV file; what cannot be used is listed and left out."""

from __future__ import annotations

import csv
import io
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from stroke_map.coordinates import SYSTEMS, to_wgs84
from stroke_map.errors import InvalidRequestError
from stroke_map.moments import read_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

COLUMNS: Final = ("lat", "lon", "hospital", "departure", "minutes")
MAX_FILE_BYTES: Final = 50_000_000
LONGEST_MIN: Final = 600.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes
    ----------
    row
        Of the file, from 1 (the header).
    lat, lon
        Where it began, degrees, WGS-84.
    column
        The hospital's, in the edition.
    departure
        Aware.
    actual_s
        How long it took.
    """

    row: int
    lat: float
    lon: float
    column: int
    departure: datetime
    actual_s: float


class LeftOut(NamedTuple):
    """A row that says nothing, and why. The reason never repeats the place, which is where a patient was."""

    row: int
    reason: str


def read_runs(path: Path, hospitals: Mapping[str, int]) -> tuple[list[Run], list[LeftOut]]:
    """Read `lat,lon[,crs],hospital,departure,minutes`.

    Parameters
    ----------
    hospitals
        The column of each hospital id.

    Raises
    ------
    InvalidRequestError
        It is no such file: too large, not UTF-8, or a column is missing.
    """
    rows = _rows(path)
    header = next(rows, (1, []))[1]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise _refuse(f"has no column {', '.join(missing)}")
    runs: list[Run] = []
    left_out: list[LeftOut] = []
    for row, cells in rows:
        try:
            if len(cells) != len(header):
                raise ValueError("malformed: not as many cells as the header")  # noqa: TRY301
            runs.append(_run(row, dict(zip(header, cells, strict=True)), hospitals))
        except ValueError as error:
            left_out.append(LeftOut(row, str(error)))
    return runs, left_out


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank with its number, from 1; one that CSV cannot read has no cells."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _refuse(f"is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _refuse(f"cannot be read as UTF-8: {error}") from None
    lines = csv.reader(io.StringIO(text, newline=""))
    for row in itertools.count(1):
        try:
            cells = [cell.strip() for cell in next(lines)]
        except StopIteration:
            return
        except csv.Error:
            yield row, []
            continue
        if any(cells):
            yield row, cells


def _run(row: int, cells: dict[str, str], hospitals: Mapping[str, int]) -> Run:
    lat, lon, minutes = (_number(cells[name], name) for name in ("lat", "lon", "minutes"))
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise ValueError("malformed: lat and lon are degrees, latitude first")
    crs = cells.get("crs") or "WGS-84"
    if crs not in SYSTEMS:
        raise ValueError(f"malformed: crs is one of {', '.join(SYSTEMS)}")
    if not 0 < minutes <= LONGEST_MIN:
        raise ValueError(f"malformed: minutes are above 0 and at most {LONGEST_MIN:g}")
    if cells["hospital"] not in hospitals:
        raise ValueError("unknown hospital")
    try:
        departure = read_moment(cells["departure"])
    except ValueError:
        departure = None
    if departure is None or departure.tzinfo is None:
        raise ValueError("malformed: departure is a time with its offset, such as 2026-06-05T17:30:00+08:00")
    lat, lon = to_wgs84(lat, lon, crs)
    return Run(row, lat, lon, hospitals[cells["hospital"]], departure, minutes * 60)


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"malformed: {name} is no number")
    return value


def _refuse(problem: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the file of runs {problem}",
        next_step=f"Give a CSV file, saved as UTF-8, with the columns {','.join(COLUMNS)}.",
    )
