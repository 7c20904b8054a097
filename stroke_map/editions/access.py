"""How far every place of the roads is from the nearest hospital that can do a thing: the ground under all coverage figures.

Times are those of the arrival table, rounded down to its quantum (at most .5 s), from the place on the road to the hospital's gate,
at any hour: opening hours are not weighed, and neither is the way from a door to the road. The deterrent of a street that is closed to
through traffic counts as time (ambulance: 20 s).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from stroke_map.editions.arrivals import UNREACHABLE
from stroke_map.editions.edition import (
    PERIODS_FILE,
    REGION_FILE,
    REGISTRY_FILE,
    arrivals_folder,
    roads_folder,
    times_file,
)
from stroke_map.editions.gates import find_gates
from stroke_map.editions.near import NearArrivals, build_near, load_arrivals
from stroke_map.editions.pieces import AGAINST, ALONG, NEVER_MS, Pieces, cut_at_gates, share_within
from stroke_map.editions.region import read_polygon
from stroke_map.registry import CAPABILITIES, load_registry
from stroke_map.roads import RoadNetwork
from stroke_map.roads.grid import METRES_PER_UNIT
from stroke_map.roads.periods import Periods

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import date
    from pathlib import Path

    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.registry import Hospital

#: Always told, also where no hospital can.
MAIN_CAPABILITIES: Final = ("thrombolysis", "thrombectomy", "primary_pci")
#: Rows of the arrival table read at once: few enough to stay in the processor's cache, which is four times as fast.
_ROWS = 2_000


class Legs(NamedTuple):
    """L straight parts of roads.

    Attributes
    ----------
    stretch, middle
        int64[L], float64[L]: the stretch, and the share of its length at the leg's middle.
    first
        int64[L]: index of its first point; its last is the next one.
    length_m
        float64[L].
    """

    stretch: np.ndarray
    middle: np.ndarray
    first: np.ndarray
    length_m: np.ndarray


@dataclass(frozen=True)
class Access:
    """The nearest hospital of every piece of road, for each of K capabilities.

    Attributes
    ----------
    network, arrivals, hospitals
        What it is measured on; hospitals by the column of the arrivals.
    pieces
        M pieces of road.
    counted
        bool[M]: in the region, and an emergency may begin there, which is where some hospital can be reached from.
    lost_km
        Road in the region where one may be, and from which no road leads to any hospital; it is in no other figure.
    region
        (lon, lat) in degrees, WGS-84; None: all the world.
    capabilities, able
        K names and bool[K, H].
    left_ms, nearest
        int32[K, M, 2] from a piece's far end, along and against it, to the nearest hospital that can, and int16[K, M, 2] its
        column, the first where equal; NEVER_MS and -1 where no road leads to one.
    """

    network: RoadNetwork
    arrivals: Arrivals | NearArrivals
    hospitals: tuple[Hospital, ...]
    pieces: Pieces
    counted: np.ndarray
    lost_km: float
    region: shapely.Geometry | None
    capabilities: tuple[str, ...]
    able: np.ndarray
    left_ms: np.ndarray
    nearest: np.ndarray

    @cached_property
    def counted_stretches(self) -> np.ndarray:
        """bool[N]."""
        counted = np.zeros(len(self.network.stretch_length_m), dtype=bool)
        counted[self.pieces.stretch[self.counted]] = True
        counted.flags.writeable = False
        return counted

    @cached_property
    def legs(self) -> Legs:
        """The straight parts of the roads that are counted."""
        return _legs(self.network, self.counted_stretches)

    def within(self, capability: str, limit_ms: float) -> np.ndarray:
        """float64[M]: which share of each piece lies within so long of a hospital that can."""
        return share_within(self.left_ms[self.capabilities.index(capability)], self.pieces.drive_ms, limit_ms)

    def catchment(self, capability: str) -> tuple[np.ndarray, np.ndarray]:
        """Whose each piece is: int16[M, 2] columns (-1: nobody's), and float64[M, 2] the share nearest to each."""
        k = self.capabilities.index(capability)
        left, drive = self.left_ms[k].astype(np.float64), self.pieces.drive_ms
        # Where both ways take as long: (1 - p) * drive + left, along, is p * drive + left, against.
        against = np.clip((drive[:, ALONG] + left[:, ALONG] - left[:, AGAINST]) / drive.sum(axis=1), 0, 1)
        return self.nearest[k], np.stack([1 - against, against], axis=1)

    def at(
        self, stretch: np.ndarray, share: np.ndarray, capabilities: Sequence[str] = MAIN_CAPABILITIES
    ) -> tuple[np.ndarray, np.ndarray]:
        """From places on the road (stretch, share of its length): float64[n, K] milliseconds and int16[n, K] the column.

        K are the `capabilities` asked for, in their order.
        """
        piece, to_end = self.place(stretch, share)
        chosen = np.array([[self.capabilities.index(name)] for name in capabilities])
        both = to_end + self.left_ms[chosen, piece]
        against = both[:, :, AGAINST] < both[:, :, ALONG]
        nearest = np.where(against, *(self.nearest[chosen, piece, way] for way in (AGAINST, ALONG)))
        ms = np.where(nearest < 0, np.inf, both.min(axis=2))
        return ms.T, nearest.T

    def place(self, stretch: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int64[n] the pieces of places, and float64[n, 2] milliseconds to the far end of each, along and against."""
        pieces = self.pieces
        piece = pieces.at(stretch, share)
        done = np.clip((share - pieces.begin[piece]) / (pieces.end[piece] - pieces.begin[piece]), 0, 1)
        return piece, np.stack([1 - done, done], axis=1) * pieces.drive_ms[piece]


def able_on(hospitals: Sequence[Hospital], capability: str, day: date | None) -> np.ndarray:
    """bool[H]: who has a capability, accredited on that day (None: whenever)."""

    def able(hospital: Hospital) -> bool:
        told = hospital.capabilities[capability]
        begun = day is None or told.valid_from is None or told.valid_from <= day
        return told.status == "yes" and begun and (day is None or told.valid_until is None or day <= told.valid_until)

    return np.array([able(hospital) for hospital in hospitals], dtype=bool)


def told_capabilities(hospitals: Sequence[Hospital], day: date | None) -> tuple[str, ...]:
    """Those that some hospital has on that day, and `MAIN_CAPABILITIES`."""
    return tuple(name for name in CAPABILITIES if name in MAIN_CAPABILITIES or able_on(hospitals, name, day).any())


def open_access(
    folder: Path,
    *,
    day: date | None,
    profile: str = "ambulance",
    only: Collection[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Access:
    """Measure an edition by its folder, sealed or not yet, in the first of its periods.

    Parameters
    ----------
    profile
        Who drives; another where the edition has not this one.
    day
        Accreditations count that hold on this day.
    only
        Of `told_capabilities` these; None: all.
    progress
        Called with the share done, 0 to 1.

    Raises
    ------
    RegistryError, RoadDataError, EditionDamagedError, EditionError
        A part of it cannot be read.
    """
    if not roads_folder(folder, profile).is_dir():
        profile = min((path.name for path in (folder / "roads").glob("*")), default=profile)
    file = folder / PERIODS_FILE
    period = (Periods.from_json(file.read_text(encoding="utf-8")) if file.is_file() else Periods()).names[0]
    network = RoadNetwork.load(roads_folder(folder, profile))
    times = times_file(folder, profile, period)
    if times.is_file():
        network = network.with_times(np.load(times, mmap_mode="r"))
    return measure_access(
        network,
        load_arrivals(arrivals_folder(folder, profile, period)),
        load_registry(folder / REGISTRY_FILE),
        region=read_polygon(folder / REGION_FILE),
        day=day,
        only=only,
        progress=progress,
    )


def measure_access(
    network: RoadNetwork,
    arrivals: Arrivals | NearArrivals,
    hospitals: Sequence[Hospital],
    *,
    region: shapely.Geometry | None = None,
    day: date | None = None,
    only: Collection[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Access:
    """Find the nearest hospital of every piece of road.

    Parameters
    ----------
    hospitals
        By the column of the arrivals.
    region
        (lon, lat) in degrees: roads whose middle lies outside are not counted. None: all are.
    only
        Of `told_capabilities` these; None: all.
    """
    capabilities = tuple(name for name in told_capabilities(hospitals, day) if only is None or name in only)
    able = np.array([able_on(hospitals, name, day) for name in capabilities]).reshape(-1, len(hospitals))
    pieces = cut_at_gates(network, arrivals)
    inside = _in_region(network, region)
    counted = arrivals.reaches & inside
    lost = network.stretch_start_allowed & ~arrivals.reaches & inside
    holding = _holding_the_nearest(network, arrivals, hospitals, able, capabilities)
    left_ms, nearest = _nearest(pieces, holding, able, progress or (lambda _: None))
    return Access(
        network=network,
        arrivals=arrivals,
        hospitals=tuple(hospitals),
        pieces=pieces,
        counted=counted[pieces.stretch],
        lost_km=float(network.stretch_length_m[lost].sum()) / 1000,
        region=region,
        capabilities=capabilities,
        able=able,
        left_ms=left_ms,
        nearest=nearest,
    )


def _holding_the_nearest(
    network: RoadNetwork,
    arrivals: Arrivals | NearArrivals,
    hospitals: Sequence[Hospital],
    able: np.ndarray,
    capabilities: Sequence[str],
) -> Arrivals | NearArrivals:
    """Arrivals that hold the nearest of the hospitals that are `able` (bool[K, H]) everywhere.

    Where the nearest alone are stored, they are those of all that can. Not all of these may be accredited on the day, and the
    nearest that are may not be stored: then the roads are searched for them.
    """
    able_ever = np.array([able_on(hospitals, name, None) for name in capabilities]).reshape(able.shape)
    if not isinstance(arrivals, NearArrivals) or np.array_equal(able, able_ever):
        return arrivals
    groups = np.zeros(len(hospitals), dtype=np.uint64)
    for bit, of_it in enumerate(able):
        groups |= of_it.astype(np.uint64) << np.uint64(bit)
    return build_near(network, find_gates(network, hospitals), groups, nearest=1)


def _nearest(
    pieces: Pieces, arrivals: Arrivals | NearArrivals, able: np.ndarray, progress: Callable[[float], None]
) -> tuple[np.ndarray, np.ndarray]:
    left_ms = np.full((len(able), len(pieces), 2), NEVER_MS, dtype=np.int32)
    nearest = np.full(left_ms.shape, -1, dtype=np.int16)
    columns = [np.flatnonzero(row) for row in able]
    for first in range(0, len(pieces), _ROWS):
        rows = np.arange(first, min(first + _ROWS, len(pieces)))
        # In the table's own unit, where "no way" is the largest number: a quarter of the time that milliseconds to all of them take.
        steps, rest_ms = pieces.steps(arrivals, rows), pieces.rest_ms[rows]
        for k, mine in enumerate(columns):
            if len(mine):
                least, column = _least(steps, mine)
                there = least < UNREACHABLE
                left_ms[k, rows] = np.where(there, least.astype(np.int32) * arrivals.quantum_ms + rest_ms, NEVER_MS)
                nearest[k, rows] = np.where(there, column, -1)
        progress((first + len(rows)) / len(pieces))
    gated = np.unique(pieces.gates[:, 0])
    to_all = pieces.left_ms(arrivals, gated)
    for k, mine in enumerate(columns):
        if len(mine):
            left_ms[k, gated], column = _least(to_all, mine)
            nearest[k, gated] = np.where(left_ms[k, gated] < NEVER_MS, column, -1)
    return left_ms, nearest


def _least(to_all: np.ndarray, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[n, 2]: the least of the columns `mine` of [n, 2, H], and int[n, 2] whose it is, the first where equal."""
    to_mine = to_all if len(mine) == to_all.shape[2] else to_all[:, :, mine]
    best = to_mine.argmin(axis=2)
    return np.take_along_axis(to_mine, best[:, :, None], axis=2)[:, :, 0], mine[best]


def _legs(network: RoadNetwork, counted: np.ndarray) -> Legs:
    """Every leg of the stretches `counted` (bool[N])."""
    of_point = np.asarray(network.point_stretch)
    first = np.flatnonzero((of_point[:-1] == of_point[1:]) & counted[of_point[:-1]])
    stretch = of_point[first].astype(np.int64)
    x, y = network.point_x.astype(np.float64), network.point_y.astype(np.float64)
    east = (x[first + 1] - x[first]) * np.cos(np.radians(y[first] * 1e-7))
    length_m = np.hypot(east, y[first + 1] - y[first]) * METRES_PER_UNIT
    run = np.cumsum(length_m)
    whole = np.bincount(stretch, length_m, minlength=len(counted))
    before = np.cumsum(whole) - whole
    middle = (run - length_m / 2 - before[stretch]) / np.maximum(whole[stretch], 1e-9)
    return Legs(stretch, np.clip(middle, 0, 1), first, length_m)


def _in_region(network: RoadNetwork, region: shapely.Geometry | None) -> np.ndarray:
    """bool[N]: stretches whose middle point lies in the region."""
    if region is None:
        return np.ones(len(network.stretch_length_m), dtype=bool)
    shapely.prepare(region)
    middle = (network.stretch_first_point[:-1] + network.stretch_first_point[1:] - 1) // 2
    inside: np.ndarray = shapely.intersects_xy(region, network.point_x[middle] * 1e-7, network.point_y[middle] * 1e-7)
    return inside
