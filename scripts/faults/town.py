"""A made-up town in which everything says which year's edition it is from: an answer of two editions gives itself away."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bench.inputs import write_grid

from faults import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Crossings a side: enough nodes that the road reader takes the way that it takes with real files.
SIZE = 72
HOSPITALS = 12
#: A place on a street, (lat, lon) in degrees, WGS-84.
ASKED_AT = (29.5405, 106.5465)
#: So long that no answer is marked as out of date.
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2099, 12, 31)
DAYS = ("--valid-from", str(FIRST_DAY), "--valid-until", str(LAST_DAY))
#: Two people, as publishing asks.
PREPARED_BY, APPROVED_BY = "Wang Fang", "Li Min"
PEOPLE = ("--prepared-by", PREPARED_BY, "--approved-by", APPROVED_BY, "--publish")
# As JSON names an edition, as a page names it to its script, and as a script names it to the tiles.
_EDITION = re.compile(rb'(?:"edition":"|\?edition=|/tiles/)(\d{4}\.\d+)')
_MARK = re.compile(rb"\bY(\d{4})\b|\b023-(\d{4})\d{4}\b")


@dataclass(frozen=True)
class Town:
    """The road file of the town, and where its sheets are written."""

    osm: Path
    folder: Path

    def sheet(self, year: int, variant: int = 0) -> Path:
        """The sheet of a year; names and telephone numbers carry it, and another `variant` is another list."""
        path = self.folder / f"hospitals-{year}-{variant}.csv"
        # Once: an update refuses to go on with a file that is written again meanwhile.
        return path if path.is_file() else write_csv(path, hospitals(year, variant))

    def update(self, year: int, variant: int = 0, *, sheet: Path | None = None) -> tuple[str, ...]:
        """The arguments of the yearly update of that year, with its own sheet or another."""
        sheet = sheet or self.sheet(year, variant)
        return ("--year", str(year), "--hospitals", str(sheet), "--osm", str(self.osm), *DAYS)


def update_here(geodata: Path, town: Town, year: int, sheet: Path | None = None) -> None:
    """Make and publish the edition of a year in this process, which spares a new one its start; nothing can kill it."""
    from stroke_map.commands.building import update_complete

    update_complete(
        year=year, hospitals=sheet or town.sheet(year), osm=town.osm, geodata_dir=geodata, prepared_by=PREPARED_BY, publish=True,
        approved_by=APPROVED_BY, valid_from=FIRST_DAY, valid_until=LAST_DAY, region=None,
    )  # fmt: skip


def make_town(folder: Path) -> Town:
    """Write the town into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return Town(write_grid(folder / "town.osm", SIZE), folder)


def hospitals(year: int, variant: int = 0) -> list[dict[str, str]]:
    """The rows of a sheet."""
    return [_row(year, variant, number) for number in range(HOSPITALS)]


def write_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    """Write rows as a sheet."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _row(year: int, variant: int, number: int) -> dict[str, str]:
    return {
        "id": f"h{number:02}",
        "name_zh": f"第{number + 1}医院 Y{year}",
        "name_en": f"Hospital {number + 1} Y{year}",
        "address": f"variant {variant}",
        "lat": f"{29.5 + 0.00135 * (5 + 5 * number):.6f}",
        "lon": f"{106.5 + 0.00155 * (5 + 17 * number % 60):.6f}",
        "crs": "WGS-84",
        "phone": f"023-{year}{number:04}",
        "thrombolysis": "yes",
        "ct": "yes",
        **dict.fromkeys(("thrombectomy", "primary_pci"), "yes" if number % 2 else "no"),
    }


def edition_of(body: bytes) -> str:
    """The edition that an answer names.

    Raises
    ------
    Violation
        It names none or two, or one of its hospitals is from another year.
    """
    editions = {match[1].decode() for match in _EDITION.finditer(body)}
    years = {(match[1] or match[2]).decode() for match in _MARK.finditer(body)}
    if len(editions) != 1:
        raise Violation(f"an answer names {len(editions)} editions: {sorted(editions)}")
    (edition,) = editions
    if years - {edition.partition(".")[0]}:
        raise Violation(f"an answer of edition {edition} has hospitals of {', '.join(sorted(years))}")
    return edition
