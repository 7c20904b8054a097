"""Closures against the roads of an edition: what cannot mean anything there is refused before it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from stroke_map.errors import ClosureError
from stroke_map.live.entry import fields_of, read_entry, refused
from stroke_map.live.geometry import swapped
from stroke_map.live.placing import place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from stroke_map.editions import Edition
    from stroke_map.live.closures import NewClosure

_MOST_IDS_TOLD = 20
NO_END = "no-end"


@dataclass(frozen=True)
class Checked:
    """A closure that may be recorded.

    Attributes
    ----------
    closure
        As it was said.
    stretches
        How many stretches of road it touches, by profile.
    warnings
        What whoever said it should know, as (code, text).
    """

    closure: NewClosure
    stretches: dict[str, int]
    warnings: tuple[tuple[str, str], ...]


def check(closure: NewClosure, edition: Edition) -> Checked:
    """Hold `closure` against the roads of `edition`.

    Raises
    ------
    ClosureError
        It lies outside, names unknown ways, or touches no road.
    """
    if closure.geometry is not None:
        _check_inside(closure.geometry, edition)
    placed = {profile: place(edition.network(profile), closure) for profile in edition.info.profiles}
    unknown = set.intersection(*(set(found.unknown_ways) for found in placed.values()))
    if unknown:
        told = ", ".join(map(str, sorted(unknown)[:_MOST_IDS_TOLD]))
        more = f" and {len(unknown) - _MOST_IDS_TOLD} more" if len(unknown) > _MOST_IDS_TOLD else ""
        raise refused(("ways", f"names ways that are no roads of this map: {told}{more}"))
    stretches = {profile: len(found.stretches) for profile, found in placed.items()}
    if not any(stretches.values()):
        reason = next(found.reason for found in placed.values())
        raise refused(("ways" if closure.ways else "geometry", f"touches no road: {reason}"))
    warnings = () if closure.until else ((NO_END, "It has no end: someone must end it."),)
    return Checked(closure, stretches, warnings)


def check_all(entries: Sequence[Any], edition: Edition, *, now: datetime) -> tuple[list[Checked], list[dict[str, Any]]]:
    """Read and check every entry: what may be recorded, and the problems of all others, entries counted from 1."""
    sound, problems = [], []
    for number, entry in enumerate(entries, start=1):
        try:
            sound.append(check(read_entry(fields_of(entry), now=now, zone=edition.zone), edition))
        except ClosureError as error:
            problems += [problem | {"entry": number} for problem in error.facts["problems"]]
    return sound, problems


def _check_inside(geometry: shapely.Geometry, edition: Edition) -> None:
    boxes = [edition.network(profile).bounds for profile in edition.info.profiles]
    area = shapely.box(*shapely.total_bounds([edition.region, *(shapely.box(*box) for box in boxes)]))
    if area.contains(geometry):
        return
    if area.intersects(geometry):
        west, south, east, north = area.bounds
        raise refused(
            (
                "geometry",
                f"reaches beyond the map (longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f})",
            )
        )
    problem = "is outside the region"
    if area.intersects(swapped(geometry)):
        problem += (
            ", and inside with the other in its place: latitude and longitude look swapped; GeoJSON is [lon, lat]"
        )
    raise refused(("geometry", problem))
