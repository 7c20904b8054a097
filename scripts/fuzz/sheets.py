"""The hospital sheet and the file of places: cells, rows, CSV and workbooks."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import shapely
from hypothesis import strategies as st

from fuzz.running import Target
from fuzz.texts import damaged, texts, whole_texts
from stroke_map.errors import RegistryError
from stroke_map.registry import read_sheet, write_sheet
from stroke_map.registry.checks import check_hospitals
from stroke_map.registry.columns import COLUMNS
from stroke_map.registry.hours import hours_caution, is_open, tidy_hours
from stroke_map.registry.kinds import read_cell
from stroke_map.registry.places_csv import HEADERS, read_places_csv
from stroke_map.registry.spreadsheet import write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ZONE = ZoneInfo("Asia/Shanghai")
_AREA = shapely.box(100, 20, 120, 40)
_SOUND = {name: column.example for name, column in COLUMNS.items()} | {
    "lead_hospital": "", "remote_ecg_partner": "", "transfer_partners": "",
}  # fmt: skip


def targets(folder: Path) -> Iterator[Target]:
    """The readers of this room; files are written into `folder`."""
    columns = list(COLUMNS.values())
    yield Target(
        "cells", st.tuples(st.sampled_from(columns), texts), lambda case: read_cell(*case), (ValueError,), share=3
    )
    yield Target(
        "hours",
        st.tuples(texts, st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2100-01-01"))),
        _open_at,
        (ValueError,),
        share=3,
    )
    csv_rows = st.lists(_rows(tuple(COLUMNS), _SOUND), min_size=1, max_size=4)
    yield Target("rows", csv_rows, lambda rows: _sheet(folder / "rows.csv", _csv(rows)), (RegistryError,))
    whole = _csv([_SOUND, _SOUND | {"id": "h2"}])
    yield Target(
        "csv",
        damaged(st.just(whole) | csv_rows.map(_csv)),
        lambda data: _sheet(folder / "damaged.csv", data),
        (RegistryError,),
    )
    books = [_workbook(folder / "book.xlsx"), _loose_workbook(folder / "loose.xlsx")]
    yield Target(
        "workbooks",
        damaged(st.sampled_from(books)),
        lambda data: _sheet(folder / "damaged.xlsx", data),
        (RegistryError,),
        share=0.5,
    )
    parts = st.sampled_from(list(_parts(books[1]).items())).flatmap(
        lambda part: damaged(st.just(part[1])).map(lambda data: (part[0], data))
    )
    yield Target(
        "workbook parts",
        parts,
        lambda part: _sheet(folder / "parts.xlsx", _with_part(books[1], *part)),
        (RegistryError,),
        share=0.5,
    )
    places = {
        "name": "南门",
        "alias": "a; b",
        "lat": "29.5574",
        "lon": "106.577",
        "crs": "WGS-84",
        "district": "d",
        "name_en": "e",
    }
    listed = st.lists(_rows(tuple(HEADERS), places), min_size=1, max_size=4).map(_csv)
    yield Target("places", damaged(listed), lambda data: _places(folder / "places.csv", data), (RegistryError,))


def _open_at(case: tuple[str, datetime]) -> None:
    text, when = case
    hours = tidy_hours(text)
    hours_caution(hours)
    is_open(hours, when.replace(tzinfo=_ZONE))
    if tidy_hours(hours) != hours:
        raise AssertionError("tidy hours are not tidy")


@st.composite
def _rows(draw: st.DrawFn, columns: tuple[str, ...], sound: dict[str, str]) -> dict[str, str]:
    """A sound row with some cells that are not."""
    strange = draw(st.dictionaries(st.sampled_from(columns), whole_texts, max_size=4))
    more = draw(st.dictionaries(whole_texts, whole_texts, max_size=1))
    return sound | strange | more


def _csv(rows: list[dict[str, str]]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(dict.fromkeys(column for row in rows for column in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def _sheet(path: Path, data: bytes) -> None:
    """Read a sheet, and what is sound in it once more as it would be written."""
    path.write_bytes(data)
    reading = read_sheet(path, region=_AREA)
    first = date(2026, 1, 1)
    check_hospitals(
        reading.hospitals, valid_from=first, valid_until=first + timedelta(days=364), records=reading.records
    )
    reading.raise_for_errors()
    again = path.with_name("again.csv")
    with again.open("w", encoding="utf-8", newline="") as stream:
        write_sheet(reading.hospitals, stream)
    if read_sheet(again).hospitals != reading.hospitals and reading.hospitals:
        raise AssertionError("a sheet that was read is another when it is written and read again")


def _places(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    read_places_csv(path, region=_AREA).raise_for_errors()


def _workbook(path: Path) -> bytes:
    sheet = path.with_suffix(".csv")
    sheet.write_bytes(_csv([_SOUND, _SOUND | {"id": "h2", "lat": "29.6"}]))
    write_workbook(read_sheet(sheet).hospitals, path)
    return path.read_bytes()


def _loose_workbook(path: Path) -> bytes:
    """As somebody types one: numbers, dates, merged cells, a formula, a second sheet."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.append(["医院名单", None, None, None, None, None])
    sheet.merge_cells("A1:F1")
    sheet.append(["id", "name_zh", "lat", "lon", "crs", "thrombolysis_valid_until"])
    sheet.append(["h1", "第一", 29.5574, 106.577, "WGS-84", date(2026, 12, 31)])
    sheet.append(["h2", "第二", 29.5, 106.5, "GCJ-02", 46387])
    other = book.create_sheet("能力")
    other.append(["id", "thrombolysis"])
    other.append(["h1", True])
    book.save(path)
    return path.read_bytes()


def _parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _with_part(book: bytes, name: str, data: bytes) -> bytes:
    """The workbook with another content in one part: damage that the archive's checksums would give away."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part, content in (_parts(book) | {name: data}).items():
            archive.writestr(part, content)
    return stream.getvalue()
