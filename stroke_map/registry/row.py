"""One record of the sheet to one hospital: every cell is judged, none hides another's problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import shapely

from stroke_map.coordinates import metres_between, to_wgs84
from stroke_map.registry.cells import Cell
from stroke_map.registry.centres import CAPABILITIES, CENTRES
from stroke_map.registry.columns import COLUMNS, capability_columns, level_columns
from stroke_map.registry.fields import is_blank
from stroke_map.registry.hours import hours_caution
from stroke_map.registry.kinds import PHONE_EXAMPLE, read_cell, read_phones, right_for
from stroke_map.registry.models import Capability, Hospital, Level
from stroke_map.registry.network_models import CASES, MEDIANS, TEAMS
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

Part = TypeVar("Part", Level, Capability)

SWAPPED: Final = "latitude and longitude look swapped"
_LIMITS: Final = {"lat": 90, "lon": 180}
_FARTHEST_ENTRANCE_M: Final = 2000.0
_PLAIN: Final = (
    "id", "name_zh", "name_en", "name_short", "organisation", "campus", "district", "address", "crs", "phone", "kind",
    "lead_hospital", "community", "transfer_partners", "remote_ecg_partner",
)  # fmt: skip
COLUMNS_OF: Final[dict[type[Level | Capability], Callable[[str], tuple[str, ...]]]] = {
    Level: level_columns,
    Capability: capability_columns,
}
CAPABILITY_PARTS: Final = ("status", "hours", "valid_from", "valid_until", "body", "assessed_on", "agents")
LEVEL_PARTS: Final = ("scheme", "level", "body", "assessed_on", "valid_until")


@dataclass
class Row:
    """A hospital's cells by column, its id among them, and where its problems go.

    `hospital` is None before it is read, and where a cell is in error. `references` are the other hospitals that it
    names, by column.
    """

    reading: SheetReading
    cells: Mapping[str, Cell]
    hospital: Hospital | None = None
    refused: bool = False
    references: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def read(self, region: shapely.Geometry | None) -> None:
        """Judge every cell, and make the hospital of them if none is wrong."""
        values = {name: self.value(name) for name in _PLAIN}
        values["levels"] = {name: level for name in CENTRES if (level := self._known(Level, name))}
        values["capabilities"] = {name: said for name in CAPABILITIES if (said := self._known(Capability, name))}
        values["figures"] = self._figures()
        values["contacts"] = [
            {"team": team, "phone": phone} for team in TEAMS for phone in self.value(f"{team}_contacts") or ()
        ]
        values |= self._places(values["crs"], region)
        self._note_phone(values["phone"])
        self._note_others(values)
        self.hospital = None if self.refused else Hospital(**_said(values))

    def check_references(self, known: Container[str]) -> None:
        """Note the hospitals that it names and that are not there, when all rows are read."""
        for column, ids in self.references.items():
            missing = [id_ for id_ in ids if id_ not in known]
            if missing:
                self.error(column, f"names {', '.join(missing[:3])}, which no row has", "the id of another row")

    def text(self, column: str) -> str:
        """What stands in a cell, "" where it is missing or nothing can be seen in it."""
        return self._texts.get(column, "")

    @cached_property
    def _texts(self) -> dict[str, str]:
        if isinstance(self.cells, Record):
            return self.cells.texts()
        return {column: cell.text for column, cell in self.cells.items() if not is_blank(cell.text)}

    def cell(self, column: str) -> Cell:
        """The cell, or where it would stand."""
        cell = self.cells.get(column)
        if cell is None:
            id_ = self.cells["id"]
            return Cell("", id_.sheet, id_.row, column)
        return cell

    def error(self, column: str, message: str, right: str) -> None:
        """Note something that must be corrected, so that the row is no hospital."""
        self.refused, self.hospital = True, None
        self.note("error", column, message, right)

    def note(self, severity: Literal["error", "warning"], column: str, message: str, right: str) -> None:
        """Note something about a cell."""
        self.reading.note(severity, self.cell(column), message=message, right=right)

    def value(self, name: str) -> Any:
        """What a cell says; None where it is blank, or wrong, which is noted."""
        text = self.text(name)
        if not text:
            if COLUMNS[name].required:
                self.error(name, "is missing", right_for(COLUMNS[name]))
            return None
        try:
            return read_cell(COLUMNS[name], text)
        except ValueError as error:
            self.error(name, *error.args)
            return None

    def _known(self, model: type[Part], name: str) -> Part | dict[str, Any] | None:
        """A level or a capability; None where nothing is said of it."""
        columns = COLUMNS_OF[model](name)
        texts = tuple(map(self.text, columns))
        return (_sound(model, name, texts) or self.judge(model, name)) if any(texts) else None

    def judge(self, model: type[Level | Capability], name: str) -> dict[str, Any]:
        """What the cells of a level or a capability say; what is wrong is noted."""
        return self._level(name) if model is Level else self._capability(name)

    def _level(self, centre: str) -> dict[str, Any]:
        columns = level_columns(centre)
        told = _said(dict(zip(LEVEL_PARTS, map(self.value, columns), strict=True)))
        scheme, level = columns[:2]
        if any(map(self.text, columns)) and not self.text(level):
            self.error(level, "is missing beside what is said of it", "the level, or all its cells blank")
        elif self.text(level) and not self.text(scheme):
            self.error(scheme, "is missing beside a level", "who gives the level, such as 国家卒中中心")
        return told

    def _capability(self, name: str) -> dict[str, Any]:
        columns = capability_columns(name)
        told = _said(dict(zip(CAPABILITY_PARTS, map(self.value, columns), strict=False)))
        starts, ends = told.get("valid_from"), told.get("valid_until")
        if starts and ends and ends < starts:
            self.error(f"{name}_valid_until", f"is before {name}_valid_from", f"{starts} or later")
        caution = hours_caution(told["hours"]) if "hours" in told else None
        if caution:
            self.note("warning", f"{name}_hours", caution, "hours by weekday, or 24/7")
        return told

    def _figures(self) -> dict[str, Any]:
        told = _said({name: self.value(name) for name in (*CASES, *MEDIANS)})
        year = self.value("figures_year")
        if told and not self.text("figures_year"):
            self.note("warning", "figures_year", "is missing beside the figures", right_for(COLUMNS["figures_year"]))
        return told | {"year": year}

    def _note_phone(self, phone: str | None) -> None:
        try:
            read_phones(phone or "")
        except ValueError:
            self.note("warning", "phone", "is no phone number", PHONE_EXAMPLE)

    def _note_others(self, values: dict[str, Any]) -> None:
        """Collect the other hospitals that are named, and see that they are others."""
        partners = tuple(partner.id for partner in values["transfer_partners"] or ())
        one_each = {name: (values[name],) for name in ("lead_hospital", "remote_ecg_partner") if values[name]}
        self.references = {"transfer_partners": partners, **one_each}
        for column, ids in self.references.items():
            if values["id"] in ids:
                self.error(column, "names the hospital itself", "the id of another hospital, or a blank cell")
            if len(set(ids)) < len(ids):
                self.error(column, "names one hospital twice", "each hospital once")

    def _places(self, crs: str | None, region: shapely.Geometry | None) -> dict[str, float]:
        """The site and its emergency entrance in WGS-84, each inside the region."""
        site = self._place("lat", "lon", crs, region)
        if not self.text("entrance_lat") and not self.text("entrance_lon"):
            entrance = site
        else:
            entrance = self._place("entrance_lat", "entrance_lon", crs, region)
        if site is None or entrance is None:
            return {}
        apart_m = metres_between(site, entrance)
        if apart_m > _FARTHEST_ENTRANCE_M:
            message = f"the entrance is {apart_m / 1000:.1f} km from the site"
            self.note("warning", "entrance_lat", message, f"within {_FARTHEST_ENTRANCE_M / 1000:.0f} km, or blank")
        return dict(zip(("lat", "lon", "entrance_lat", "entrance_lon"), site + entrance, strict=True))

    def _place(
        self, lat_column: str, lon_column: str, crs: str | None, region: shapely.Geometry | None
    ) -> tuple[float, float] | None:
        lat, lon = self._degrees(lat_column), self._degrees(lon_column)
        if lat is None or lon is None:
            return None
        if abs(lat) > 90 >= abs(lon) and abs(lat) <= 180:
            self.error(lat_column, SWAPPED, f"{lat_column} {lon:g} and {lon_column} {lat:g}")
            return None
        out_of_range = False
        for column, value in ((lat_column, lat), (lon_column, lon)):
            limit = _LIMITS[column[-3:]]
            if abs(value) > limit:
                message = f"is out of range, -{limit} to {limit} degrees"
                self.error(column, message, right_for(COLUMNS[column]))
                out_of_range = True
        if out_of_range or crs is None:
            return None
        place = to_wgs84(lat, lon, crs)
        if region is None or shapely.intersects_xy(region, place[1], place[0]):
            return place
        if abs(lon) <= 90 and shapely.intersects_xy(region, *to_wgs84(lon, lat, crs)[::-1]):
            self.error(lat_column, SWAPPED, f"{lat_column} {lon:g} and {lon_column} {lat:g}")
        else:
            west, south, east, north = region.bounds
            inside = f"a place inside the region, within {south:.2f}..{north:.2f} N, {west:.2f}..{east:.2f} E"
            self.error(lat_column, f"lies outside the region ({lat:g}, {lon:g})", inside)
        return None

    def _degrees(self, column: str) -> float | None:
        # Of an entrance, half a place is a mistake; a site that is missing is noted as a required column.
        if not self.text(column) and not COLUMNS[column].required:
            self.error(column, "is missing", right_for(COLUMNS[column]))
        value: float | None = self.value(column)
        return value


@lru_cache(maxsize=1024)
def _sound(model: type[Part], name: str, texts: tuple[str, ...]) -> Part | None:
    """A level or capability of which nothing is to be noted. The same few stand in thousands of rows, so each is made once."""
    cells = {column: Cell(text, "", 0, column) for column, text in zip(COLUMNS_OF[model](name), texts, strict=True)}
    row = Row(SheetReading(""), cells)
    told = row.judge(model, name)
    return None if row.reading.problems else model(**told)


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody said, for which the models have their own word."""
    return {name: value for name, value in values.items() if value is not None}
