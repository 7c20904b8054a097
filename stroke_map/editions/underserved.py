"""Which places wait longest: named places where they are known, else the cells of a grid."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from stroke_map.editions.access import MAIN_CAPABILITIES
from stroke_map.errors import OffNetworkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.editions.access import Access

MOST_TOLD: Final = 20
#: What places are sorted by.
SORTED_BY: Final = "thrombolysis"
#: About 5 km: a township.
CELL_DEGREES: Final = 0.05
_CELL = round(CELL_DEGREES * 1e7)
_CELL_ROW = 100_000  # more than there are columns around the world
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
    """The places of the region with their minutes."""
    network, region, usable = access.network, access.region, access.counted_stretches
    found = [place for place in places if region is None or shapely.intersects_xy(region, place.lon, place.lat)]
    ms = np.full((len(found), len(MAIN_CAPABILITIES)), np.inf)
    for number, place in enumerate(found):
        with suppress(OffNetworkError):
            at = network.snap(place.lat, place.lon, max_snap_m=_SNAP_LIMIT_M, spread_m=0.0, usable=usable)
            ms[number], _ = access.at(at.stretch[:1], at.fraction[:1])
    return [replace(place, minutes=_minutes(row)) for place, row in zip(found, ms, strict=True)]


def _cells(access: Access) -> list[Place]:
    """Each cell of a grid with enough road: the time from which half of its road is nearer, named by its longest street."""
    network, legs = access.network, access.legs
    # By a leg's first point; a cell is one number, so that they are told apart quickly.
    rows, columns = (np.asarray(values)[legs.first] // _CELL for values in (network.point_y, network.point_x))
    cells, cell = np.unique(rows.astype(np.int64) * _CELL_ROW + columns, return_inverse=True)
    ms, _ = access.at(legs.stretch, legs.middle)
    large = np.bincount(cell, weights=legs.length_m) >= LEAST_KM * 1000
    sorted_by = _medians(cell, ms[:, MAIN_CAPABILITIES.index(SORTED_BY)], legs.length_m, len(cells))
    order = np.argsort(-sorted_by, kind="stable")
    found = []
    for number in order[large[order]][:MOST_TOLD].tolist():
        mine = np.flatnonzero(cell == number)
        alone = np.zeros(len(mine), dtype=np.int64)
        medians = np.array([_medians(alone, of[mine], legs.length_m[mine], 1)[0] for of in ms.T])
        name = _longest_street(access, legs.stretch[mine], legs.length_m[mine])
        row = round(cells[number] / _CELL_ROW)
        lat, lon = ((corner + 0.5) * CELL_DEGREES for corner in (row, int(cells[number]) - row * _CELL_ROW))
        found.append(Place(name, round(lat, 6), round(lon, 6), _minutes(medians)))
    return found


def _medians(group: np.ndarray, value: np.ndarray, weight: np.ndarray, groups: int) -> np.ndarray:
    """float64[groups]: in each group the value up to which half of its weight lies."""
    order = np.lexsort([value, group])
    run = np.cumsum(weight[order])
    last = np.cumsum(np.bincount(group, minlength=groups)) - 1
    before = np.concatenate([[0.0], run[last[:-1]]])
    half = (before + run[last]) / 2
    at: np.ndarray = value[order][np.minimum(np.searchsorted(run, half), last)]
    return at


def _longest_street(access: Access, stretch: np.ndarray, length_m: np.ndarray) -> str:
    """The name of the street with most road here, "" where none has a name."""
    name = access.network.stretch_name[stretch]
    texts = access.network.texts["name"]
    of_name = np.bincount(name, weights=length_m)
    named = [index for index in np.argsort(-of_name, kind="stable").tolist() if of_name[index] > 0 and texts[index]]
    return texts[named[0]] if named else ""
