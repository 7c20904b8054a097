"""Whether hospitals are where the sheet says: found by the map's own hospitals of that name, and by the roads.

A sheet that names the wrong coordinate system puts every hospital half a kilometre to a kilometre off. Near a hospital there
is a road, and often a hospital of that name on the map: the right system is the one in which both fit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.coordinates import GCJ_02, SYSTEMS, from_wgs84, metres_between, to_wgs84
from stroke_map.editions.gates import GATE_LIMIT_M, NO_GATE, find_gates, usable_for_gates
from stroke_map.errors import OffNetworkError
from stroke_map.registry.findings import Finding, Records, problems_of
from stroke_map.registry.matching import entrance_of, place_of
from stroke_map.registry.names import normal_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stroke_map.editions.gates import Gate
    from stroke_map.registry import Hospital, Problem
    from stroke_map.roads import RoadNetwork

FAR_FROM_ROAD_M: Final = 150.0
BESIDE_ROAD_M: Final = 30.0
NO_LONGER_BESIDE_M: Final = 100.0
# The gate of a large hospital and the middle of its outline may be 150 m apart; the systems differ by 200 m at least, mostly by 500 m.
FAR_FROM_NAMESAKE_M: Final = 150.0
AT_NAMESAKE_M: Final = 100.0
CLEARLY: Final = 1 / 3
#: A hospital of that name farther away is another one.
NAMESAKE_WITHIN_M: Final = 3000.0
#: Fewer hospitals than this prove nothing together.
FEWEST: Final = 8


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a hospital fits the map if its coordinates are read in one system; metres."""

    system: str
    road_m: float
    namesake_m: float | None

    @property
    def distance_m(self) -> float:
        return self.road_m if self.namesake_m is None else self.namesake_m


@dataclass(frozen=True, slots=True)
class _Reading:
    """One hospital's coordinates as they are given, and in the other systems (none where all systems are one)."""

    hospital: Hospital
    namesake: Hospital | None
    given: _Fit
    others: tuple[_Fit, ...]


def check_places(
    hospitals: Sequence[Hospital],
    network: RoadNetwork,
    known: Sequence[Hospital],
    *,
    records: Records | None = None,
) -> list[Problem]:
    """Find hospitals that are not where the sheet says, and those nobody can drive to.

    Parameters
    ----------
    hospitals
        The whole list.
    network
        The roads, of any profile.
    known
        Where hospitals are by the map (`draft_from_osm`), or were by an earlier edition (`known_before`); may be empty.
    records
        The cells the hospitals were read from (`SheetReading.records`).

    Returns
    -------
    list of Problem
        Errors for coordinates in another system than was said, and for entrances without a road within 1 km; warnings for those over
        150 m from a road, or beside one that nobody reaches. Of one hospital somebody may know better than the map, so that its errors
        may be accepted; those of many hospitals together may not.
    """
    readings = _read(hospitals, network, known)
    findings: list[Finding] = []
    explained: set[str] = set()
    for given in SYSTEMS:
        alike = [reading for reading in readings if reading.others and reading.given.system == given]
        together = _fit_another_system_together(alike)
        if together is not None:
            findings.append(together)
            explained.update(reading.hospital.id for reading in alike)
    for reading, gate in zip(readings, find_gates(network, hospitals), strict=True):
        if reading.hospital.id not in explained:
            findings += [*_fits_another_system(reading)] or [*_without_road(reading, gate, network)]
    return problems_of(findings, hospitals, records or {})


def known_before(before: Sequence[Hospital], hospitals: Sequence[Hospital]) -> list[Hospital]:
    """Where an earlier list has those that have moved. Said to be in another system now, one was most likely wrong before."""
    places = {(hospital.id, hospital.crs): place_of(hospital) for hospital in hospitals}
    there = ((old, places.get((old.id, old.crs), place_of(old))) for old in before)
    return [old for old, place in there if metres_between(place_of(old), place) > FAR_FROM_NAMESAKE_M]


def _read(hospitals: Sequence[Hospital], network: RoadNetwork, known: Sequence[Hospital]) -> list[_Reading]:
    usable = usable_for_gates(network)
    by_name: dict[str, list[Hospital]] = defaultdict(list)
    for one in known:
        for name in _names(one):
            by_name[name].append(one)
    return [_reading(hospital, network, usable, by_name) for hospital in hospitals]


def _names(hospital: Hospital) -> set[str]:
    return {normal_name(name) for name in (hospital.name_zh, hospital.name_en, hospital.name_short)} - {""}


def _reading(
    hospital: Hospital, network: RoadNetwork, usable: np.ndarray, by_name: dict[str, list[Hospital]]
) -> _Reading:
    site, entrance = place_of(hospital), entrance_of(hospital)
    known = {(one.id, place_of(one)): one for name in sorted(_names(hospital)) for one in by_name.get(name, ())}
    near = [one for one in known.values() if metres_between(site, place_of(one)) <= NAMESAKE_WITHIN_M]

    def fit(system: str) -> _Fit:
        there = _misread(site, hospital.crs, system)
        namesake_m = min((metres_between(there, place_of(one)) for one in near), default=None)
        return _Fit(system, _road_m(network, usable, _misread(entrance, hospital.crs, system)), namesake_m)

    # Outside China all systems are one.
    others = () if from_wgs84(*site, GCJ_02) == site else tuple(fit(name) for name in SYSTEMS if name != hospital.crs)
    nearest = min(near, key=lambda one: metres_between(site, place_of(one)), default=None)
    return _Reading(hospital, nearest, fit(hospital.crs), others)


def _misread(place: tuple[float, float], given: str, system: str) -> tuple[float, float]:
    """Where a place is, WGS-84, if what was read as `given` is in truth in `system`."""
    return place if system == given else to_wgs84(*from_wgs84(*place, given), system)


def _road_m(network: RoadNetwork, usable: np.ndarray, place: tuple[float, float]) -> float:
    try:
        return float(network.snap(*place, max_snap_m=GATE_LIMIT_M, spread_m=0.0, usable=usable).distance_m[0])
    except OffNetworkError:
        return math.inf


def _fit_another_system_together(readings: Sequence[_Reading]) -> Finding | None:
    """What most hospitals of one system say together, each of which alone could be chance.

    A place in the wrong system is as near to a road as any place in town, which is often near enough. But over many hospitals the right
    system is nearer on the average. This is a paired t test of the logarithm of the distances (so that one hospital far out in the country
    does not decide), at about 1 in 1000.
    """
    if len(readings) < FEWEST:
        return None
    given_m = np.array([reading.given.distance_m for reading in readings])
    number_m = [[reading.others[number].distance_m for reading in readings] for number in range(len(SYSTEMS) - 1)]
    gains = [_closeness(given_m) - _closeness(np.array(other_m)) for other_m in number_m]
    best = int(np.argmax([gain.mean() for gain in gains]))
    gain = gains[best]
    error = max(float(gain.std(ddof=1)), 0.05) / math.sqrt(len(gain))
    if gain.mean() < 0.2 or gain.mean() < (3.0 + 12.0 / len(gain)) * error or (gain > 0).mean() <= 0.5:
        return None
    other = readings[0].others[best].system
    before_m, after_m = np.median(given_m), np.median([reading.others[best].distance_m for reading in readings])
    message = (
        f"the {len(readings)} hospitals that are given as {readings[0].given.system} fit the map clearly better as {other}: half of them "
        f"lie within {after_m:.0f} m of the hospital of that name or the nearest road, as given within {before_m:.0f} m"
    )
    return Finding("error", None, "crs", message, other)


def _closeness(distance_m: np.ndarray) -> np.ndarray:
    """20 m are a road's other side, 500 m are as wrong as any more."""
    return np.log1p(np.minimum(distance_m, 500.0) / 20.0)


def _fits_another_system(reading: _Reading) -> Iterator[Finding]:
    """The hospital of that name is where another system puts this one."""
    given_m = reading.given.namesake_m
    if reading.namesake is None or given_m is None or not reading.others:
        return
    best = min(reading.others, key=lambda fit: fit.distance_m)
    if given_m <= FAR_FROM_NAMESAKE_M or best.distance_m >= min(AT_NAMESAKE_M, given_m * CLEARLY):
        return
    message = (
        f"as {reading.given.system} this is {given_m:.0f} m from where {reading.namesake.name_zh} ({reading.namesake.id}) is known to be, "
        f"as {best.system} {best.distance_m:.0f} m"
    )
    # The roads are a second witness. Where they speak against it, it may be the map that has the hospital in the wrong system.
    doubted = reading.given.road_m <= BESIDE_ROAD_M and best.road_m > NO_LONGER_BESIDE_M
    if doubted:
        yield Finding("warning", reading.hospital, "crs", message, best.system)
    else:
        yield Finding("error", reading.hospital, "crs", message, best.system, acceptable=True)


def _without_road(reading: _Reading, gate: Gate, network: RoadNetwork) -> Iterator[Finding]:
    entrance = entrance_of(reading.hospital)
    column = "lat" if entrance == place_of(reading.hospital) else "entrance_lat"
    right = "entrance_lat and entrance_lon beside a road"
    if not len(gate.segment):
        message = f"no road that can be driven to is within {GATE_LIMIT_M:,.0f} m of the entrance"
        yield Finding("error", reading.hospital, column, message + _hint(reading), right, acceptable=True)
    elif gate.distance_m > FAR_FROM_ROAD_M:
        nearest_m = _road_m(network, (network.stretch_flags & NO_GATE) == 0, entrance)
        message = f"the entrance is {gate.distance_m:.0f} m from any road"
        if nearest_m <= FAR_FROM_ROAD_M:
            message = f"no way leads to the road {nearest_m:.0f} m from the entrance, and the next is {gate.distance_m:.0f} m away"
        yield Finding("warning", reading.hospital, column, message + _hint(reading), right)


def _hint(reading: _Reading) -> str:
    """The road alone is no proof, but a hospital far from all of them may well be one of another system."""
    best = min(reading.others, key=lambda fit: fit.road_m, default=None)
    if best is None or best.road_m > BESIDE_ROAD_M:
        return ""
    return f"; as {best.system} it would be {best.road_m:.0f} m from a road"
