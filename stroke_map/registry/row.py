"""One row of the sheet to one hospital: every cell is judged, none hides another's problem."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import shapely

from stroke_map.coordinates import SYSTEMS, to_wgs84
from stroke_map.registry.centres import CAPABILITIES, CENTRES
from stroke_map.registry.columns import capability_columns
from stroke_map.registry.fields import check_id, tidy_text
from stroke_map.registry.hours import ALWAYS, HOURS_EXAMPLE, hours_caution, tidy_hours
from stroke_map.registry.models import (
    AGENTS,
    AGENTS_CAPABILITY,
    KINDS,
    STATUSES,
    UNKNOWN,
    Capability,
    Hospital,
    Level,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stroke_map.registry.problems import SheetReading

SWAPPED: Final = "latitude and longitude look swapped"
_LIMITS: Final = {"lat": (90, "29.5574"), "lon": (180, "106.5770")}
_FARTHEST_ENTRANCE_M: Final = 2000.0
# One or more numbers, each with 3 (120) to 15 digits (E.164) and perhaps an extension.
_PHONE = re.compile(r"\+?[\d\s()./-]{3,30}((转|ext\.?|x|#)\s*\d{1,6})?", re.IGNORECASE)


@dataclass
class Row:
    """A row's cells by column, and where its problems go."""

    reading: SheetReading
    number: int
    cells: dict[str, str]
    refused: bool = False

    def hospital(self, region: shapely.Geometry | None) -> Hospital | None:
        """The row as a hospital; None where a cell is in error."""
        values: dict[str, Any] = {
            "id": self._checked("id", check_id, "cq-001"),
            "name_zh": self._text("name_zh", required=True),
            **{name: self._text(name) for name in ("name_en", "name_short", "district", "address")},
            "crs": self._choice("crs", SYSTEMS, None),
            "phone": self._phone(),
            "kind": self._choice("kind", KINDS, "hospital"),
            "levels": {name: level for name in CENTRES if (level := self._level(f"{name}_level"))},
            "capabilities": {name: self._capability(name) for name in CAPABILITIES},
        }
        values |= self._places(values["crs"], region)
        return None if self.refused else Hospital(**values)

    def _cell(self, column: str) -> str:
        return self.cells.get(column, "")

    def _error(self, column: str, message: str, right: str) -> None:
        self.refused = True
        self.reading.error(self.number, column, self._cell(column), message=message, right=right)

    def _warning(self, column: str, message: str, right: str) -> None:
        self.reading.warning(self.number, column, self._cell(column), message=message, right=right)

    def _checked(self, column: str, check: Callable[[str], str], right: str) -> str | None:
        """The cell through a function that raises ValueError; None, with an error noted, where it does."""
        try:
            return check(self._cell(column))
        except ValueError as error:
            self._error(column, str(error) if self._cell(column) else "is missing", right)
            return None

    def _text(self, column: str, *, required: bool = False) -> str | None:
        text = self._checked(column, tidy_text, "a line of plain text")
        if required and text == "":
            self._error(column, "is missing", "a text")
        return text

    def _choice(self, column: str, choices: tuple[str, ...], default: str | None) -> str | None:
        by_lower_case = {choice.lower(): choice for choice in choices}
        cell = self._cell(column)
        if not cell and default is not None:
            return default
        choice = by_lower_case.get(cell.lower())
        if choice is None:
            self._error(column, "is unknown" if cell else "is missing", " | ".join(choices))
        return choice

    def _phone(self) -> str | None:
        text = self._text("phone")
        numbers = re.split(r"[;,、；，]", unicodedata.normalize("NFKC", text)) if text else []
        for number in numbers:
            if not _PHONE.fullmatch(number.strip()) or not 3 <= sum(map(str.isdigit, number)) <= 21:
                self._warning("phone", "is no phone number", "023-6869 0000 or +86 23 6869 0000")
                break
        return text

    def _level(self, column: str) -> Level | None:
        scheme, level = self._text(f"{column}_scheme"), self._text(column)
        if scheme and level:
            return Level(scheme=scheme, level=level)
        if level:
            self._error(f"{column}_scheme", "is missing beside a level", "who gives the level, such as 国家卒中中心")
        elif scheme:
            self._error(column, "is missing beside its scheme", "the level, or both cells blank")
        return None

    def _capability(self, name: str) -> Capability:
        columns = capability_columns(name)
        status, hours, valid_from, valid_until, body = columns[:5]
        starts, ends = self._date(valid_from), self._date(valid_until)
        if starts and ends and ends < starts:
            self._error(valid_until, f"is before {valid_from}", f"{starts} or later")
        values = {
            "status": self._choice(status, STATUSES, "unknown"),
            "hours": self._hours(hours),
            "valid_from": starts,
            "valid_until": ends,
            "body": self._text(body),
            "agents": self._agents() if name == AGENTS_CAPABILITY else (),
        }
        return UNKNOWN if self.refused else Capability.model_validate(values)

    def _hours(self, column: str) -> str | None:
        hours = self._checked(column, tidy_hours, HOURS_EXAMPLE) if self._cell(column) else ALWAYS
        caution = hours_caution(hours) if hours else None
        if caution:
            self._warning(column, caution, "hours by weekday, or 24/7")
        return hours

    def _date(self, column: str) -> date | None:
        cell = self._cell(column)
        if not cell:
            return None
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell, re.ASCII):
                raise ValueError  # noqa: TRY301  fromisoformat also takes 20260101 and 2026-W01-1
            return date.fromisoformat(cell)
        except ValueError:
            self._error(column, "is no date", "year-month-day, such as 2026-12-31")
            return None

    def _agents(self) -> tuple[str, ...] | None:
        cell = self._cell(f"{AGENTS_CAPABILITY}_agents").lower()
        agents = tuple(agent.strip() for agent in re.split(r"[;；]", cell) if agent.strip())
        if not set(agents) <= set(AGENTS):
            self._error(f"{AGENTS_CAPABILITY}_agents", "is unknown", f"any of {';'.join(AGENTS)}, with ; between")
        return agents

    def _places(self, crs: str | None, region: shapely.Geometry | None) -> dict[str, float]:
        """The site and its emergency entrance in WGS-84, each inside the region."""
        site = self._place("lat", "lon", crs, region)
        if not self._cell("entrance_lat") and not self._cell("entrance_lon"):
            entrance = site
        else:
            entrance = self._place("entrance_lat", "entrance_lon", crs, region)
        if site is None or entrance is None:
            return {}
        apart_m = _metres_between(site, entrance)
        if apart_m > _FARTHEST_ENTRANCE_M:
            message = f"the entrance is {apart_m / 1000:.1f} km from the site"
            self._warning("entrance_lat", message, f"within {_FARTHEST_ENTRANCE_M / 1000:.0f} km, or blank")
        return dict(zip(("lat", "lon", "entrance_lat", "entrance_lon"), site + entrance, strict=True))

    def _place(
        self, lat_column: str, lon_column: str, crs: str | None, region: shapely.Geometry | None
    ) -> tuple[float, float] | None:
        lat, lon = self._degrees(lat_column), self._degrees(lon_column)
        if lat is None or lon is None:
            return None
        if abs(lat) > 90 >= abs(lon) and abs(lat) <= 180:
            self._error(lat_column, SWAPPED, f"{lat_column} {lon:g} and {lon_column} {lat:g}")
            return None
        out_of_range = False
        for column, value in ((lat_column, lat), (lon_column, lon)):
            limit, example = _LIMITS[column[-3:]]
            if abs(value) > limit:
                self._error(column, f"is out of range, -{limit} to {limit} degrees", example)
                out_of_range = True
        if out_of_range or crs is None:
            return None
        place = to_wgs84(lat, lon, crs)
        if region is None or shapely.intersects_xy(region, place[1], place[0]):
            return place
        if abs(lon) <= 90 and shapely.intersects_xy(region, *to_wgs84(lon, lat, crs)[::-1]):
            self._error(lat_column, SWAPPED, f"{lat_column} {lon:g} and {lon_column} {lat:g}")
        else:
            west, south, east, north = region.bounds
            inside = f"a place inside the region, within {south:.2f}..{north:.2f} N, {west:.2f}..{east:.2f} E"
            self._error(lat_column, f"lies outside the region ({lat:g}, {lon:g})", inside)
        return None

    def _degrees(self, column: str) -> float | None:
        cell = unicodedata.normalize("NFKC", self._cell(column))
        example = _LIMITS[column[-3:]][1]
        if not cell:
            self._error(column, "is missing", f"decimal degrees, such as {example}")
            return None
        # float() would also take 1_0, infinity and digits of any script
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e-?\d+)?", cell, re.ASCII | re.IGNORECASE):
            self._error(column, "is no number", f"decimal degrees, such as {example}")
            return None
        return float(cell)


def _metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Straight line between two nearby (lat, lon), on a sphere cut flat; good to a percent for some kilometres."""
    east = (one[1] - other[1]) * math.cos(math.radians(one[0]))
    return math.hypot(one[0] - other[0], east) * 111_195.0
