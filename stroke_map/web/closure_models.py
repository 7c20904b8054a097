"""What the closures API takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from stroke_map.live.closures import Direction, Kind  # noqa: TC001  pydantic reads the annotations
from stroke_map.live.entry import Words  # noqa: TC001
from stroke_map.moments import Moment  # noqa: TC001
from stroke_map.web.questions import plain_whole_number

MOST_LISTED = 1000


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class ClosurePath(_Shape):
    """Which closure."""

    closure_id: int = Field(description="The closure's id.", json_schema_extra={"example": 17})


class ClosuresQuery(_Shape):
    """Which closures to list."""

    at: Moment = Field(
        default=None,
        description="Only those that hold at this moment: RFC 3339, without an offset in the edition's timezone.",
        json_schema_extra={"example": "2026-05-01T20:30:00+08:00"},
    )
    include_ended: Literal["true", "false"] = Field(
        default="false", description="Also those that are over.", json_schema_extra={"example": "true"}
    )
    after: Annotated[int, BeforeValidator(plain_whole_number)] = Field(
        default=0,
        ge=0,
        description="Only those with a larger id: the next page, after the last id of this one.",
        json_schema_extra={"example": 1000},
    )
    most: Annotated[int, BeforeValidator(plain_whole_number)] = Field(
        default=MOST_LISTED, ge=1, le=MOST_LISTED, description="How many at most.", json_schema_extra={"example": 100}
    )


class EndingQuery(_Shape):
    """Who ends a closure."""

    by: Words | None = Field(
        default=None,
        description="Who ends it; the name of the account when left out.",
        json_schema_extra={"example": "dispatcher 7"},
    )


class RecordedClosure(_Shape):
    """A closure or slow-down as it was recorded."""

    id: int
    kind: Kind
    factor: float | None = Field(description="How many times the travel time is taken; for slow alone.")
    active: bool = Field(description="Whether it holds now.")
    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime | None = Field(description="Null: until someone ends it.")
    reason: str
    author: str
    direction: Direction
    layer: int | None
    ways: list[int] | None = Field(description="OpenStreetMap way ids, where these say where it is.")
    geometry: dict[str, Any] | None = Field(description="GeoJSON, WGS-84, where this says where it is.")
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    ended_by: str | None


class ClosureWarning(_Shape):
    """What whoever recorded it should know."""

    code: str
    text: str


class AddedClosure(_Shape):
    """A closure that was just recorded."""

    closure: RecordedClosure
    stretches: dict[str, int] = Field(description="How many stretches of road it touches, by profile.")
    warnings: list[ClosureWarning]


class ClosureList(_Shape):
    """Closures, in the order in which they were recorded."""

    as_of: AwareDatetime
    closures: list[RecordedClosure]
    more: bool = Field(description="Whether there are others, with larger ids.")
