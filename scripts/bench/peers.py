"""Our times beside those of another router: the same profile figures, origins and hospitals, each already on a road."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.osrm import osrm
from bench.targets import Row
from stroke_map.editions.ranking import Starts
from stroke_map.roads.network import TIE_M

if TYPE_CHECKING:
    from bench.in_process import InProcess
    from bench.inputs import Case
    from bench.osrm import Osrm

LARGEST = 20
_WAYS_TOLD = 3
#: Two hospitals this near in time are as good as each other.
_AS_GOOD_S = 1.0


class Origin(NamedTuple):
    """Where a trip begins: on the road, (lat, lon) in degrees, and the same as starts."""

    place: tuple[float, float]
    starts: Starts


def measure_osrm(case: Case, ours: InProcess, count: int) -> Row:
    """Ratios of travel time, agreement on the best hospital, the worst regret, and what lies behind the largest differences."""
    origins = _origins(ours, count)
    arrivals = ours.arrivals
    hospitals = list(zip(arrivals.gate_lat.tolist(), arrivals.gate_lon.tolist(), strict=True))
    mine = np.array([_times_s(ours, origin) for origin in origins])
    with osrm(case, ours.network.profile) as peer:
        theirs = np.array([peer.times_s(origin.place, hospitals) for origin in origins])
        details = [
            _difference(ours, peer, origins[i], h, (mine[i, h], theirs[i, h])) for i, h in _largest(mine, theirs)
        ]
    note = f"{count} origins x {len(hospitals)} hospitals; ratio is ours to theirs"
    return Row("osrm", case.name, "OSRM with our profile", _figures(mine, theirs), note, {"largest": details})


def _origins(ours: InProcess, count: int) -> list[Origin]:
    network = ours.network
    found = []
    for lat, lon in ours.questions(count):
        at = network.snap(lat, lon, max_snap_m=1000.0, spread_m=TIE_M, usable=ours.profile.always.usable(None, None))
        segment, share = network.both_directions(at)
        starts = Starts(segment, share, np.zeros(len(segment), dtype=np.int64))
        found.append(Origin((float(at.y[0]) * 1e-7, float(at.x[0]) * 1e-7), starts))
    return found


def _times_s(ours: InProcess, origin: Origin) -> np.ndarray:
    """float64[H]: exact seconds, deterrents for restricted streets included; infinite where no road leads."""
    ranking = ours.profile.ranking
    size = len(ours.arrivals.gate_lat)
    column, cost_ms = ranking.nearest(origin.starts, ranking.bounds_ms(origin.starts), np.ones(size, dtype=bool), size)
    times_s = np.full(size, np.inf)
    times_s[column] = cost_ms / 1000
    return times_s


def _figures(mine: np.ndarray, theirs: np.ndarray) -> dict[str, float]:
    both = np.isfinite(mine) & np.isfinite(theirs) & (mine > 0) & (theirs > 0)
    ratio = mine[both] / theirs[both]
    rows = np.arange(len(mine))
    best, their_best = mine.argmin(axis=1), np.where(np.isfinite(mine), theirs, np.inf).argmin(axis=1)
    regret_s = mine[rows, their_best] - mine[rows, best]
    return {
        "ratio_p5": float(np.percentile(ratio, 5)),
        "ratio_p50": float(np.percentile(ratio, 50)),
        "ratio_p50_off": abs(float(np.median(ratio)) - 1),
        "ratio_p95": float(np.percentile(ratio, 95)),
        "same_best_percent": float((best == their_best).mean() * 100),
        "as_good_percent": float((regret_s <= _AS_GOOD_S).mean() * 100),
        "worst_regret_s": float(regret_s[np.isfinite(regret_s)].max()),
        "reached_by_one_alone": int((np.isfinite(mine) ^ np.isfinite(theirs)).sum()),
    }


def _largest(mine: np.ndarray, theirs: np.ndarray) -> list[tuple[int, int]]:
    """The pairs that differ most, by ratio; of each hospital one, lest one gate fills the list."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(np.log(mine / theirs))
    apart[~np.isfinite(apart)] = 0.0
    row = apart.argmax(axis=0)
    columns = np.argsort(-apart[row, np.arange(apart.shape[1])])[:LARGEST]
    return [(int(row[h]), int(h)) for h in columns]


def _difference(
    ours: InProcess, peer: Osrm, origin: Origin, hospital: int, times_s: tuple[float, float]
) -> dict[str, Any]:
    """Which roads the two take, and why: the ways only one of them drives, longest first."""
    network, arrivals = ours.network, ours.arrivals
    _, _, segments, turns, _ = ours.profile.ranking.road(origin.starts, hospital)
    road = peer.road(origin.place, (float(arrivals.gate_lat[hospital]), float(arrivals.gate_lon[hospital])))
    their_nodes = set(road.nodes)
    stretch = network.segment_stretch[segments]
    shared = [
        int(network.stretch_tail_id[n]) in their_nodes and int(network.stretch_head_id[n]) in their_nodes
        for n in stretch
    ]
    only_mine: Counter[str] = Counter()
    for n, same in zip(stretch.tolist(), shared, strict=True):
        if not same:
            only_mine[_way(ours, n)] += round(float(network.stretch_length_m[n]))
    only_theirs, unknown = _only_theirs(ours, road.nodes, set(stretch.tolist()))
    deterrent_s = network.deterrent_ms(turns) / 1000
    return {
        "from": origin.place, "hospital": hospital, "mine_s": round(times_s[0], 1), "theirs_s": round(times_s[1], 1),
        "deterrent_s": deterrent_s, "only_mine_m": dict(only_mine.most_common(_WAYS_TOLD)),
        "only_theirs_m": dict(only_theirs.most_common(_WAYS_TOLD)), "theirs_not_among_ours": unknown[:_WAYS_TOLD],
        "reason": _reason(deterrent_s, only_mine, only_theirs, unknown),
    }  # fmt: skip


def _only_theirs(ours: InProcess, nodes: list[int], mine: set[int]) -> tuple[Counter[str], list[tuple[int, ...]]]:
    """Metres by way of what they drive and we do not; and, as pairs of OSM nodes, the stretches of theirs that our network does not have."""
    network = ours.network
    tail, head = network.stretch_tail_id, network.stretch_head_id
    junctions = [node for node in nodes if node in _junctions(ours)]
    driven = {tuple(sorted(pair)) for pair in itertools.pairwise(junctions)}
    metres: Counter[str] = Counter()
    known: set[tuple[int, ...]] = set()
    for n in np.flatnonzero(np.isin(tail, nodes) & np.isin(head, nodes)).tolist():
        pair = tuple(sorted((int(tail[n]), int(head[n]))))
        if pair in driven:
            known.add(pair)
            if n not in mine:
                metres[_way(ours, n)] += round(float(network.stretch_length_m[n]))
    return metres, sorted(driven - known)


@lru_cache(maxsize=1)
def _junctions(ours: InProcess) -> frozenset[int]:
    """OSM ids of the junctions of our network."""
    return frozenset(np.concatenate([ours.network.stretch_tail_id, ours.network.stretch_head_id]).tolist())


def _way(ours: InProcess, stretch: int) -> str:
    from stroke_map.roads.classes import ROAD_CLASSES

    network = ours.network
    name, _, ref = network.names_of(stretch)
    return f"{ROAD_CLASSES[network.stretch_class[stretch]]} {name or ref or '-'} (way {int(network.stretch_way_id[stretch])})"


def _reason(
    deterrent_s: float, only_mine: Counter[str], only_theirs: Counter[str], unknown: list[tuple[int, ...]]
) -> str:
    if deterrent_s:
        return "ours counts a deterrent for driving through a street closed to through traffic"
    if unknown:
        return "they drive a stretch that is closed to us"
    if not only_mine and not only_theirs:
        return "the same road, at another speed or with other turn and signal costs"
    return "another road"
