"""Coverage of an edition: how much road, and how many people, are within so many minutes of each capability.

Roads are counted by their length, each carriageway of its own, where an emergency may begin and in the region; see `access`
for what a time is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stroke_map.editions.access import Access, open_access
from stroke_map.editions.edition import REGISTRY_FILE
from stroke_map.editions.pieces import share_within
from stroke_map.editions.population import read_population, settle
from stroke_map.editions.underserved import Place, worst_served
from stroke_map.registry.places import load_places

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from stroke_map.editions.population import Residents

BANDS_MIN: Final = (15, 30, 45, 60)
#: Whose catchments are told: what a stroke and a heart attack need.
CATCHMENTS: Final = ("thrombolysis", "thrombectomy", "primary_pci")
#: What one more centre would gain: which capability, where there is which already, within how many minutes.
ADDED, ADDED_WHERE, ADDED_WITHIN_MIN = "thrombectomy", "thrombolysis", 60
MS_PER_MIN: Final = 60_000
#: The kind of named places that are sorted by how long they wait.
SETTLEMENT: Final = "settlement"
_ROWS = 2_000


@dataclass(frozen=True)
class Reach:
    """How far one capability reaches: `hospitals` that have it, and km of road and people within each of `BANDS_MIN`."""

    hospitals: int
    km: tuple[float, ...]
    people: tuple[float, ...] | None


@dataclass(frozen=True)
class Catchment:
    """The road and the people to whom a hospital is the nearest of its kind."""

    km: float
    people: float | None


@dataclass(frozen=True)
class Gain:
    """What a hospital would bring newly within reach, had it one capability more."""

    hospital: str
    km: float
    people: float | None


@dataclass(frozen=True)
class Coverage:
    """Every figure of one edition.

    Attributes
    ----------
    road_km, lost_km, people
        All that is counted; road that leads to no hospital and is not; `people` is None where no population was given.
    people_outside, people_far
        Those in no figure: outside the region, and (counted in `people` alone) too far from any road.
    reach
        By capability.
    catchments
        By capability and hospital id.
    worst, cells
        The places worst served, the worst first; whether they are cells of a grid.
    gains
        For `ADDED` at every hospital with `ADDED_WHERE`, the greatest first: by people, or by km where there are none.
    """

    road_km: float
    lost_km: float
    people: float | None
    people_outside: float | None
    people_far: float | None
    quantum_ms: int
    reach: dict[str, Reach]
    catchments: dict[str, dict[str, Catchment]]
    worst: tuple[Place, ...]
    cells: bool
    gains: tuple[Gain, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, numbers to a metre and a tenth of a person."""
        return {"bands_min": list(BANDS_MIN), **_rounded(asdict(self))}


def open_coverage(
    folder: Path,
    *,
    day: date | None,
    population: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Access, Coverage]:
    """Measure an edition by its folder, sealed or not yet.

    Parameters
    ----------
    day
        Accreditations count that hold on this day.
    population
        See `read_population`.
    progress
        Called with the share done, 0 to 1.

    Raises
    ------
    RegistryError, RoadDataError, EditionDamagedError, EditionError
        A part of the edition, or the population, cannot be read.
    """
    tell = progress or (lambda _: None)
    access = open_access(folder, day=day, progress=lambda share: tell(share / 2))
    residents = None
    if population:
        people = read_population(population, None if access.region is None else access.region.bounds)
        residents = settle(
            people, access.network, access.arrivals, access.region, lambda share: tell(0.5 + share * 0.4)
        )
    # OpenStreetMap may have a town twice, as a point and as an area.
    towns = {
        (place.name, round(place.lat, 2), round(place.lon, 2)): Place(place.name, place.lat, place.lon, {})
        for place in load_places(folder / REGISTRY_FILE)
        if place.kind == SETTLEMENT
    }
    coverage = measure_coverage(access, residents, list(towns.values()) or None)
    tell(1.0)
    return access, coverage


def measure_coverage(
    access: Access, residents: Residents | None = None, places: Sequence[Place] | None = None
) -> Coverage:
    """All figures of an edition.

    Parameters
    ----------
    residents
        Its people, where they live on the road.
    places
        Its named places; None: cells of a grid stand for them.
    """
    km = access.pieces.length_m * access.counted / 1000
    to_people = None if residents is None else access.at(residents.stretch, residents.share, access.capabilities)
    reach = {name: _reach(access, name, km, residents, to_people) for name in access.capabilities}
    return Coverage(
        road_km=float(km.sum()),
        lost_km=access.lost_km,
        people=residents.total if residents else None,
        people_outside=residents.outside if residents else None,
        people_far=residents.far if residents else None,
        quantum_ms=access.arrivals.quantum_ms,
        reach=reach,
        catchments={name: _catchments(access, name, km, residents, to_people) for name in CATCHMENTS},
        worst=worst_served(access, places),
        cells=places is None,
        gains=gains(access, residents),
    )


def _reach(
    access: Access,
    name: str,
    km: np.ndarray,
    residents: Residents | None,
    to_people: tuple[np.ndarray, np.ndarray] | None,
) -> Reach:
    k = access.capabilities.index(name)
    people = None
    if residents is not None and to_people is not None:
        ms = to_people[0][:, k]
        people = tuple(float(residents.people[ms <= band * MS_PER_MIN].sum()) for band in BANDS_MIN)
    within = tuple(float(km @ access.within(name, band * MS_PER_MIN)) for band in BANDS_MIN)
    return Reach(int(access.able[k].sum()), within, people)


def _catchments(
    access: Access,
    name: str,
    km: np.ndarray,
    residents: Residents | None,
    to_people: tuple[np.ndarray, np.ndarray] | None,
) -> dict[str, Catchment]:
    """Column -1, nobody's, is counted one place up, and left out."""
    size = len(access.hospitals) + 1
    nearest, share = access.catchment(name)
    km_of = np.bincount((nearest + 1).ravel(), weights=(share * km[:, None]).ravel(), minlength=size)
    people_of = None
    k = access.capabilities.index(name)
    if residents is not None and to_people is not None:
        people_of = np.bincount(to_people[1][:, k] + 1, weights=residents.people, minlength=size)
    return {
        access.hospitals[column].id: Catchment(
            float(km_of[column + 1]), None if people_of is None else float(people_of[column + 1])
        )
        for column in np.flatnonzero(access.able[k]).tolist()
    }


def gains(access: Access, residents: Residents | None = None) -> tuple[Gain, ...]:
    """What `ADDED` at each hospital that has `ADDED_WHERE` and not it would bring newly within `ADDED_WITHIN_MIN`."""
    k = access.capabilities.index(ADDED)
    columns = np.flatnonzero(access.able[access.capabilities.index(ADDED_WHERE)] & ~access.able[k])
    limit_ms = ADDED_WITHIN_MIN * MS_PER_MIN
    pieces, km = access.pieces, access.pieces.length_m * access.counted / 1000
    now = access.within(ADDED, limit_ms)
    km_more, people_more = np.zeros(len(columns)), np.zeros(len(columns))
    open_ = np.flatnonzero((now < 1) & (km > 0))
    for first in range(0, len(open_), _ROWS):
        rows = open_[first : first + _ROWS]
        left = np.minimum(pieces.left_ms(access.arrivals, rows)[:, :, columns], access.left_ms[k, rows][:, :, None])
        then = share_within(left, pieces.drive_ms[rows][:, :, None], limit_ms)
        km_more += km[rows] @ (then - now[rows, None])
    if residents is not None:
        ms, _ = access.at(residents.stretch, residents.share, [ADDED])
        waiting = np.flatnonzero(ms[:, 0] > limit_ms)
        piece, to_end = access.place(residents.stretch[waiting], residents.share[waiting])
        for first in range(0, len(waiting), _ROWS):
            some = slice(first, first + _ROWS)
            rows, back = np.unique(piece[some], return_inverse=True)
            left = pieces.left_ms(access.arrivals, rows)[:, :, columns][back]
            then_ms = (to_end[some][:, :, None] + left).min(axis=1)
            people_more += residents.people[waiting[some]] @ (then_ms <= limit_ms)
    found = [
        Gain(access.hospitals[column].id, float(more_km), None if residents is None else float(more_people))
        for column, more_km, more_people in zip(columns.tolist(), km_more, people_more, strict=True)
    ]
    return tuple(sorted(found, key=lambda gain: (-(gain.people or 0), -gain.km, gain.hospital)))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(member) for member in value]
    return value
