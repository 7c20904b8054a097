"""Our times beside those of other routers: the same profile figures, origins and hospitals, each already on a road."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.osrm import osrm
from bench.reasons import Reasons
from bench.street_peer import StreetPeer
from bench.tagged import Tagged
from bench.targets import Row
from bench.valhalla import valhalla
from stroke_map.editions.ranking import Starts
from stroke_map.roads.network import TIE_M

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.in_process import InProcess
    from bench.inputs import Case
    from bench.osrm import Osrm
    from bench.valhalla import Valhalla

LARGEST = 20
#: Two hospitals this near in time are as good as each other.
_AS_GOOD_S = 1.0
#: No other road this near to an origin.
_CLEAR_M = 5.0
#: NetworkX takes a second for each origin.
_STREET_ORIGINS = 20


class Origin(NamedTuple):
    """Where a trip begins: on the road, (lat, lon) in degrees, and the same as starts."""

    place: tuple[float, float]
    starts: Starts


def measure_peers(case: Case, ours: InProcess, count: int) -> Iterator[Row]:
    """Of each peer: ratios of travel time, agreement on the best hospital, the worst regret, the largest differences and their reasons."""
    origins = _origins(ours, count)
    hospitals = list(zip(ours.arrivals.gate_lat.tolist(), ours.arrivals.gate_lon.tolist(), strict=True))
    mine = np.array([_times_s(ours, origin) for origin in origins])
    places = [origin.place for origin in origins]
    note = f"{len(origins)} origins x {len(hospitals)} hospitals; ratio is ours to theirs"
    tagged = Tagged(case.osm)

    def row(name: str, what: str, peer: Osrm | Valhalla) -> Row:
        theirs = peer.matrix_s(places, hospitals)
        reasons = Reasons(ours, peer, tagged)
        told = [reasons.explain(origins[i], h, (mine[i, h], theirs[i, h])) for i, h in _largest(mine, theirs)]
        counts = Counter(each["category"] for each in told).most_common()
        why = "; ".join(f"{count} {category}" for category, count in counts)
        largest = f"; the {len(told)} largest: {why}"
        return Row(name, case.name, what, _figures(mine, theirs), note + largest, {"largest": told})

    with osrm(case, ours.network.profile) as peer:
        yield row("osrm", "OSRM with our profile", peer)
    yield row("valhalla", "Valhalla with our speeds", valhalla(case, ours.network.profile))
    few = origins[:_STREET_ORIGINS]
    theirs = StreetPeer(ours).matrix_s([origin.starts for origin in few])
    what = f"{StreetPeer.name}, our streets without turns"
    note = f"{len(few)} origins; no turn or signal costs, no restrictions there"
    yield Row("streets", case.name, what, _figures(mine[: len(few)], theirs), note)


def _origins(ours: InProcess, count: int) -> list[Origin]:
    """Places clearly on one road: at a junction each router would begin on another one."""
    network, usable = ours.network, ours.profile.always.usable(None, None)
    found = []
    for lat, lon in ours.questions(count * 3):
        at = network.snap(lat, lon, max_snap_m=1000.0, spread_m=TIE_M, usable=usable)
        place = float(at.y[0]) * 1e-7, float(at.x[0]) * 1e-7
        around = network.snap(*place, max_snap_m=1000.0, spread_m=_CLEAR_M, usable=np.ones_like(usable))
        if len(around.stretch) == 1 and len(found) < count:
            segment, share = network.both_directions(around)
            found.append(Origin(place, Starts(segment, share, np.zeros(len(segment), dtype=np.int64))))
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
    """The pairs that differ most, by ratio; of each origin and each hospital one, lest one of them fills the list."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(np.log(mine / theirs))
    apart[~np.isfinite(apart)] = -1.0
    pairs = []
    for _ in range(min(LARGEST, *apart.shape)):
        i, h = np.unravel_index(apart.argmax(), apart.shape)
        pairs.append((int(i), int(h)))
        apart[i, :] = apart[:, h] = -1.0
    return pairs
