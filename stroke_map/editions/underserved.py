"""Which places wait longest: named places where they are known, else the cells of a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.editions.access import MAIN_CAPABILITIES, legs_of
from stroke_map.errors import OffNetworkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.editions.access import Access

MOST_TOLD: Final = 20
#: What places are sorted by.
SORTED_BY: Final = "thrombolysis"
#: About 5 km: a township.
CELL_DEGREES: Final = 0.05
#: A cell with less road than this is no place, but a corner of one.
LEAST_KM: Final = 1.0
#: A village's point may lie in its fields.
_SNAP_LIMIT_M = 3000.0


@dataclass(frozen=True)
class Place:
    """A place, and the minutes (None: no road leads there) to its nearest hospital for each of `MAIN_CAPABILITIES`.

    `lat`, `lon` in degrees, WGS-84; `name` is "" where nothing there has one.
    """

    name: str
    lat: float
    lon: float
    minutes: dict[str, float | None]


def worst_served(access: Access, places: Sequence[Place] | None = None) -> tuple[Place, ...]:
    """The places that are farthest from `SORTED_BY`, the worst first."""
    found = _cells(access) if places is None else _timed(access, places)
    found.sort(key=_order)
    return tuple(found[:MOST_TOLD])


def _order(place: Place) -> tuple[float, str, float, float]:
    minutes = place.minutes[SORTED_BY]
    return (-np.inf if minutes is None else -minutes, place.name, place.lat, place.lon)


def _minutes(ms: np.ndarray) -> dict[str, float | None]:
    told = zip(MAIN_CAPABILITIES, (ms / 60_000).tolist(), strict=True)
    return {name: value if np.isfinite(value) else None for name, value in told}


def _timed(access: Access, places: Sequence[Place]) -> list[Place]:
    """Places with their minutes; those far from any road that is counted are left out."""
    network = access.network
    usable = np.zeros(len(network.stretch_length_m), dtype=bool)
    usable[access.pieces.stretch[access.counted]] = True
    usable.flags.writeable = False
    found, stretch, share = [], [], []
    for place in places:
        try:
            at = network.snap(place.lat, place.lon, max_snap_m=_SNAP_LIMIT_M, spread_m=0.0, usable=usable)
        except OffNetworkError:
            continue
        found.append(place)
        stretch.append(int(at.stretch[0]))
        share.append(float(at.fraction[0]))
    ms, _ = access.at(np.array(stretch, dtype=np.int64), np.array(share))
    return [replace(place, minutes=_minutes(row)) for place, row in zip(found, ms, strict=True)]


def _cells(access: Access) -> list[Place]:
    """Each cell of a grid with enough road: the time from which half of its road is nearer, named by its longest street."""
    network, legs = access.network, legs_of(access)
    lat, lon = (
        (values[legs.first].astype(np.float64) + values[legs.first + 1]) / 2e7
        for values in (network.point_y, network.point_x)
    )
    corner = np.stack([np.floor(lat / CELL_DEGREES), np.floor(lon / CELL_DEGREES)], axis=1)
    cells, cell = np.unique(corner, axis=0, return_inverse=True)
    ms, _ = access.at(legs.stretch, legs.middle)
    large = np.bincount(cell, weights=legs.length_m) >= LEAST_KM * 1000
    medians = np.stack([_weighted_medians(cell, of, legs.length_m, len(cells)) for of in ms.T], axis=1)
    order = np.argsort(-medians[:, MAIN_CAPABILITIES.index(SORTED_BY)], kind="stable")
    found = []
    for number in order[large[order]][:MOST_TOLD].tolist():
        mine = np.flatnonzero(cell == number)
        name = _longest_street(access, legs.stretch[mine], legs.length_m[mine])
        south, west = (cells[number] * CELL_DEGREES).tolist()
        half = CELL_DEGREES / 2
        found.append(Place(name, round(south + half, 6), round(west + half, 6), _minutes(medians[number])))
    return found


def _weighted_medians(group: np.ndarray, value: np.ndarray, weight: np.ndarray, groups: int) -> np.ndarray:
    """float64[groups]: in each group the value up to which half of its weight lies."""
    order = np.lexsort([value, group])
    run = np.cumsum(weight[order])
    sizes = np.bincount(group, minlength=groups)
    last = np.cumsum(sizes) - 1
    total = np.bincount(group, weights=weight, minlength=groups)
    half = run[last] - total / 2
    at: np.ndarray = value[order][np.clip(np.searchsorted(run, half), last - sizes + 1, last)]
    return at


def _longest_street(access: Access, stretch: np.ndarray, length_m: np.ndarray) -> str:
    """The name of the street with most road here, "" where none has a name."""
    name = access.network.stretch_name[stretch]
    texts = access.network.texts["name"]
    of_name = np.bincount(name, weights=length_m)
    named = [index for index in np.argsort(-of_name, kind="stable").tolist() if of_name[index] > 0 and texts[index]]
    return texts[named[0]] if named else ""
