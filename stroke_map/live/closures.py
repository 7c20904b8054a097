"""A closure or slow-down of roads: plain values, no clock and no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson
import shapely

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["closed", "slow"]
Direction = Literal["both", "forward", "backward"]


@dataclass(frozen=True, kw_only=True)
class NewClosure:
    """What someone says is closed or slow, checked by itself but not yet against any road.

    Attributes
    ----------
    kind, factor
        "closed", or "slow" with how many times the travel time is taken, above 1.
    geometry
        LineString, MultiLineString, Polygon or MultiPolygon; (lon, lat) in degrees, WGS-84. None where `ways` says it.
    ways
        OpenStreetMap way ids; empty where `geometry` says it.
    direction
        Relative to the drawn line or to the OpenStreetMap way.
    begins, until
        Aware. `until` None: until someone ends it.
    reason, author
        Why, and who says so.
    layer
        Only stretches with this `layer` tag; None: all.
    """

    kind: Kind = "closed"
    factor: float | None = None
    geometry: shapely.Geometry | None = None
    ways: tuple[int, ...] = ()
    direction: Direction = "both"
    begins: datetime
    until: datetime | None = None
    reason: str
    author: str
    layer: int | None = None

    def turns_at(self, after: datetime) -> datetime | None:
        """When it begins or ends by time alone, the next such moment after this one; None: it does not any more."""
        return min((at for at in (self.begins, self.until) if at is not None and at > after), default=None)


@dataclass(frozen=True, kw_only=True)
class Closure(NewClosure):
    """A closure as it was recorded. What it says never changes; it can only be ended.

    Attributes
    ----------
    id
        Counts from 1 and is never given twice.
    created_at, ended_at
        Aware. `ended_at` None: nobody has ended it.
    ended_by
        Who did; empty while nobody has.
    """

    id: int
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    def is_over(self, at: datetime) -> bool:
        """Whether it was ended, or has ended by itself, at that moment."""
        return self.ended_at is not None or (self.until is not None and self.until <= at)

    def is_active(self, at: datetime) -> bool:
        """Whether it holds at that moment."""
        return self.begins <= at and not self.is_over(at)

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Its members as the API and the command line show them; `active` is told for `now`."""
        return {
            "id": self.id,
            "kind": self.kind,
            "factor": self.factor,
            "active": self.is_active(now),
            "from": self.begins,
            "until": self.until,
            "reason": self.reason,
            "author": self.author,
            "direction": self.direction,
            "layer": self.layer,
            "ways": list(self.ways) or None,
            "geometry": None if self.geometry is None else orjson.loads(shapely.to_geojson(self.geometry)),
            "created_at": self.created_at,
            "ended_at": self.ended_at,
            "ended_by": self.ended_by or None,
        }
