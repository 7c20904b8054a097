"""What a caller may ask of `/api/v1/route`, and how a mistake in it is told without repeating what was sent."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from stroke_map.errors import InvalidRequestError
from stroke_map.moments import Moment  # noqa: TC001  pydantic reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

_Model = TypeVar("_Model", bound=BaseModel)
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?|[+-]?(nan|inf(inity)?)", re.ASCII | re.IGNORECASE)


def _plain_number(value: Any) -> Any:
    """Text that is a plain decimal number becomes one; pydantic alone would also take ' 1_0 '."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise ValueError("must be a number in degrees")
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number, not NaN or infinity")
    return value


def plain_whole_number(value: Any) -> Any:
    """Text that is a plain whole number becomes one."""
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?\d{1,10}", value, re.ASCII):
            raise ValueError("must be a whole number")
        value = int(value)
    return value


def _field(description: str, example: Any, **limits: Any) -> Any:
    return Field(description=description, json_schema_extra={"example": example}, **limits)


Latitude = Annotated[
    float,
    _field("Latitude of the patient in degrees, in the system `crs`.", 29.5574, ge=-90, le=90),
    BeforeValidator(_plain_number),
]
Longitude = Annotated[
    float,
    _field("Longitude of the patient in degrees, in the system `crs`.", 106.577, ge=-180, le=180),
    BeforeValidator(_plain_number),
]
System = Literal["WGS-84", "GCJ-02", "BD-09"]
_CRS = "Coordinate system of lat and lon: WGS-84 (GPS, OpenStreetMap), GCJ-02 (Amap, Tencent), BD-09 (Baidu)."


_PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this question",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "too_short": "must not be empty",
    "list_type": "must be a list",
}
_RANGES = {
    "lat": "-90 to 90 degrees",
    "lon": "-180 to 180 degrees",
    "limit": "1 or more hospitals",
    "level": "-10 to 10",
    "bearing": "0 to 360 degrees",
    "bearing_tolerance": "1 to 180 degrees",
    "after": "0 or more",
    "most": "1 to 1,000",
    "skip": "0 to 1,000,000",
    "before": "1 or more",
    "alert": "1 or more",
    "days": "1 to 1,095",
    "overlap_hours": "0 to 720",
    "year": "2000 to 2100",
}
_MOST_MISTAKES = 20


def _looks_swapped(fields: Mapping[str, Any]) -> bool:
    try:
        lat, lon = float(fields["lat"]), float(fields["lon"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return False
    return 90 < abs(lat) <= 180 and abs(lon) <= 90


def _problem(detail: ErrorDetails, field: str, fields: Mapping[str, Any]) -> str:
    kind = detail["type"]
    if kind in {"greater_than_equal", "less_than_equal"}:
        swapped = "; latitude and longitude look swapped" if field == "lat" and _looks_swapped(fields) else ""
        return f"is out of range: {_RANGES[field]}{swapped}"
    if kind == "literal_error":
        return f"must be one of {detail['ctx']['expected']}"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    return _PROBLEMS.get(kind, "is not of the right kind")


def mistake(model: type[BaseModel], detail: ErrorDetails, fields: Mapping[str, Any]) -> dict[str, Any]:
    """One of pydantic's errors as field, problem and example. A name we do not know is repeated only if it is plain."""
    name = str(detail["loc"][0]) if detail["loc"] else "body"
    if name not in model.model_fields and not _PLAIN_NAME.fullmatch(name):
        name = "(a name that is not plain a-z)"
    known = model.model_fields.get(name)
    extra = known.json_schema_extra if known else None
    example = extra.get("example") if isinstance(extra, dict) else None
    return {"field": name, "problem": _problem(detail, name, fields), "example": example}


class Common(BaseModel):
    """What every question for a hospital may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    condition: Literal["stroke", "chest_pain"] = _field("What is suspected.", "stroke", default="stroke")
    at: Moment = _field(
        "Leaving with the patient: RFC 3339, without an offset in the edition's timezone; now when left out.",
        "2026-05-01T20:30:00+08:00",
        default=None,
    )
    profile: Literal["car", "ambulance"] = _field(
        "Who drives; ambulance needs a key or a log-in.", "car", default="car"
    )
    limit: int | None = _field(
        "How many hospitals to list: 3, at most 20, unless set otherwise.", 3, default=None, ge=1
    )
    roads: Literal["first", "all"] = _field("Draw the road to the first hospital, or to all.", "first", default="first")


class _Question(Common):
    lat: Latitude
    lon: Longitude
    need: Literal["thrombolysis", "thrombectomy", "primary_pci", "fibrinolysis", "ct", "cardiac_surgery"] | None = (
        _field(
            "The treatment needed. Without it stroke means thrombolysis, chest_pain means primary_pci or fibrinolysis.",
            "thrombectomy",
            default=None,
        )
    )
    on: Literal["motorway", "bridge", "tunnel"] | None = _field(
        "The caller is on such a road; without it none of them is taken for the road he is on.", "bridge", default=None
    )
    level: Annotated[int | None, BeforeValidator(plain_whole_number)] = _field(
        "Only roads with this OpenStreetMap layer, where streets lie above each other.", 1, default=None, ge=-10, le=10
    )
    bearing: Annotated[float | None, BeforeValidator(_plain_number)] = _field(
        "Which way a moving caller heads: degrees clockwise from north.", 90, default=None, ge=0, le=360
    )
    bearing_tolerance: Annotated[float, BeforeValidator(_plain_number)] = _field(
        "How far, in degrees, a road may differ from `bearing`.", 45, default=45.0, ge=1, le=180
    )


class RouteQuery(_Question):
    """The question as URL parameters."""

    crs: System = _field(_CRS + " Echoed in the answer.", "WGS-84", default="WGS-84")


class RouteBody(_Question):
    """The question as JSON; the system of the coordinates must be named."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    crs: System = _field(_CRS, "GCJ-02")


def read_question(model: type[_Model], fields: Mapping[str, Any]) -> _Model:
    """The question in `fields`.

    Raises
    ------
    InvalidRequestError
        Every mistake at once in `facts["errors"]`, as field, problem and example; never the value that was sent.
    """
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        mistakes = [mistake(model, detail, fields) for detail in details[:_MOST_MISTAKES]]
    raise invalid(mistakes)


def invalid(mistakes: list[dict[str, Any]]) -> InvalidRequestError:
    """The error that carries `mistakes`, made by `mistake` or by hand in the same shape."""
    named = ", ".join(mistake["field"] for mistake in mistakes)
    return InvalidRequestError(f"The question has a mistake in: {named}.", errors=mistakes)
