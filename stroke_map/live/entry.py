"""A closure as a stranger sent it, by the API or in a file -> `NewClosure`, or everything that is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from stroke_map.errors import ClosureError
from stroke_map.live.closures import Direction, Kind, NewClosure
from stroke_map.live.geometry import read_geometry
from stroke_map.moments import Moment  # noqa: TC001  pydantic reads the annotations
from stroke_map.registry.fields import tidy_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import shapely

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_:-]{0,39}", re.ASCII)
_MOST_PROBLEMS = 20
_LARGEST_WAY_ID = 2**63 - 1
MOST_WAYS = 10_000


def _field(description: str, example: Any, **limits: Any) -> Any:
    return Field(description=description, json_schema_extra={"example": example}, **limits)


Words = Annotated[str, AfterValidator(tidy_text), StringConstraints(min_length=1)]
_LINE = {"type": "LineString", "coordinates": [[106.577, 29.5574], [106.58, 29.56]]}


class ClosureEntry(BaseModel):
    """What is closed or slow, from when until when, and who says so."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Kind = _field("Closed, or slow: passable, but it takes longer.", "closed", default="closed")
    factor: float | None = _field(
        "How many times the travel time is taken; for slow alone.",
        None,
        default=None,
        gt=1,
        le=100,
        allow_inf_nan=False,
    )
    geometry: dict[str, Any] | None = _field(
        "GeoJSON LineString along the roads (or short and across one), MultiLineString, Polygon or MultiPolygon.",
        _LINE,
        default=None,
    )
    ways: list[Annotated[int, Field(ge=1, le=_LARGEST_WAY_ID)]] | None = _field(
        "OpenStreetMap way ids, instead of a geometry.", None, default=None, min_length=1, max_length=MOST_WAYS
    )
    crs: Literal["WGS-84", "GCJ-02", "BD-09"] = _field("Coordinate system of the geometry.", "WGS-84", default="WGS-84")
    direction: Direction = _field("Relative to the line as drawn, or to the way.", "both", default="both")
    from_: Moment = _field(
        "When it begins: RFC 3339, without an offset in the edition's timezone; now when left out.",
        "2026-05-01T20:30:00+08:00",
        default=None,
        alias="from",
    )
    until: Moment = _field(
        "When it ends by itself; when left out, someone must end it.", "2026-05-02T06:00:00+08:00", default=None
    )
    reason: Words = _field("Why.", "landslide")
    author: Words = _field("Who says so.", "dispatcher 7")
    layer: int | None = _field(
        "Only roads with this `layer` tag, for example 1 on a bridge.", None, default=None, ge=-10, le=10
    )


def read_entry(fields: Mapping[str, Any], *, now: datetime, zone: ZoneInfo) -> NewClosure:
    """The closure in `fields`.

    Parameters
    ----------
    now
        When it begins where nothing is said.
    zone
        The timezone of moments without an offset.

    Raises
    ------
    ClosureError
        Everything that is wrong at once in `facts["problems"]`, as field and problem; never the value.
    """
    try:
        entry = ClosureEntry.model_validate(dict(fields))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise refused(*((_name(detail["loc"]), _problem(detail)) for detail in details[:_MOST_PROBLEMS])) from None
    problems = list(_contradictions(entry))
    geometry: shapely.Geometry | None = None
    if entry.geometry is not None:
        try:
            geometry = read_geometry(entry.geometry, entry.crs)
        except ValueError as error:
            problems.append(("geometry", str(error)))
    begins, until = _aware(entry.from_, zone) or now, _aware(entry.until, zone)
    if until is not None and until <= begins:
        problems.append(("until", "ends before it begins"))
    elif until is not None and until <= now:
        problems.append(("until", "has ended already"))
    if problems:
        raise refused(*problems)
    return NewClosure(
        kind=entry.kind,
        factor=entry.factor,
        geometry=geometry,
        ways=tuple(dict.fromkeys(entry.ways or ())),
        direction=entry.direction,
        begins=begins,
        until=until,
        reason=entry.reason,
        author=entry.author,
        layer=entry.layer,
    )


def parse_json(content: bytes) -> Any:
    """The value of a JSON text, None where it is none. NaN is let through, so that the place it stands in is named later."""
    try:
        return from_json(content, allow_inf_nan=True)
    except ValueError:
        return None


def fields_of(entry: Any) -> dict[str, Any]:
    """The fields of one entry: an object of them, or a GeoJSON Feature whose properties they are.

    Raises
    ------
    ClosureError
        It is neither.
    """
    if isinstance(entry, dict) and entry.get("type") == "Feature":
        properties = entry.get("properties") or {}
        if isinstance(properties, dict) and "geometry" not in properties:
            # A Feature of ways has no geometry.
            place = {} if entry.get("geometry") is None else {"geometry": entry["geometry"]}
            return properties | place
    elif isinstance(entry, dict):
        return entry
    raise refused(("body", "must be a JSON object of a closure's fields, or a GeoJSON Feature with them as properties"))


def refused(*problems: tuple[str, str], entry: int = 1) -> ClosureError:
    """The error that carries `(field, problem)`s of one entry."""
    told = "; ".join(f"{field} {problem}" for field, problem in problems)
    listed = [{"entry": entry, "field": field, "problem": problem} for field, problem in problems]
    return ClosureError(f"The closure is refused: {told}.", problems=listed)


def _contradictions(entry: ClosureEntry) -> list[tuple[str, str]]:
    problems = []
    if (entry.geometry is None) == (entry.ways is None):
        problems.append(("geometry", "or ways must say where it is, and only one of them"))
    if entry.kind == "slow" and entry.factor is None:
        problems.append(("factor", "is missing: how many times the travel time does it take?"))
    if entry.kind == "closed" and entry.factor is not None:
        problems.append(("factor", "is for slow alone: a closed road has no travel time"))
    kind = (entry.geometry or {}).get("type")
    if entry.direction != "both" and kind in {"Polygon", "MultiPolygon"}:
        problems.append(("direction", "must be both: a polygon has no direction"))
    return problems


def _aware(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=zone)


def _name(path: tuple[int | str, ...]) -> str:
    name = str(path[0]) if path else "entry"
    return name if _PLAIN_NAME.fullmatch(name) else "(a name that is not plain a-z)"


_PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of a closure",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "too_long": f"has more than {MOST_WAYS:,} members",
    "dict_type": "must be a GeoJSON object",
    "list_type": "must be a list of whole numbers",
    "finite_number": "must be a finite number",
}


def _problem(detail: Any) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    limits = {"greater_than": "gt", "greater_than_equal": "ge", "less_than_equal": "le"}
    if kind in limits:
        words = {"gt": "more than", "ge": "at least", "le": "at most"}[limits[kind]]
        return (
            f"must be {words} {context[limits[kind]]:g}"
            if detail["loc"][0] != "ways"
            else "must be way ids of OpenStreetMap"
        )
    if kind == "literal_error":
        return f"must be one of {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    return _PROBLEMS.get(kind, "is not of the right kind")
