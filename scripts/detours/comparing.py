"""Answers of `CurrentRanking` against the trees of a town."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.progress import track

from detours.town import HOSPITALS, require
from stroke_map.dispatch.roads_now import RoadsNow
from stroke_map.dispatch.starts import find_starts
from stroke_map.editions.detours import _is_reachable
from stroke_map.editions.near_ranking import NearRanking
from stroke_map.editions.ranking import NEVER, Starts
from stroke_map.errors import OffNetworkError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from detours.town import Town
    from stroke_map.editions.changes import Changes

#: One tree in so many is grown by NetworkX too, one road in so many is driven turn by turn (of those that turn back: more).
NETWORKX_IN, DRIVEN_IN, DRIVEN_BACK_IN = 50, 500, 50
#: Where there is no road, one search in so many is run to its end; of all, the flood that says so is asked.
SEARCHED_IN = 16
PLACES = 200
_CHUNK = 500
_JITTER_DEG = 30 / 111_195
_SETTINGS = read_settings({})


@dataclass
class Compared:
    """How much was compared.

    Attributes
    ----------
    answers, without_road, turned_back
        From one segment to one hospital; those of them that there is no road, and those whose quickest road turns back.
    enclosed_origins, enclosed_hospitals
        How many had roads, and have none under a set of changes.
    searched
        Answers without a road for which the whole search was run, too.
    driven, driven_back
        Roads that were added up one by one; with turning back.
    several
        Answers from places in the street, with several starts; `beside_closed` of them where the nearest road is closed.
    networkx_trees
        Trees grown by NetworkX too.
    """

    answers: int = 0
    without_road: int = 0
    turned_back: int = 0
    enclosed_origins: int = 0
    enclosed_hospitals: int = 0
    searched: int = 0
    driven: int = 0
    driven_back: int = 0
    several: int = 0
    beside_closed: int = 0
    networkx_trees: int = 0


def compare(
    town: Town, rng: np.random.Generator, *, sets: int, origins: int | None, places: int = PLACES, threads: int = 1
) -> Compared:
    """Ask from random origins (None: from all) under random changes; every answer must equal the trees.

    Raises
    ------
    SystemExit
        An answer is wrong: says which.
    """
    compared = Compared()
    for number in track(range(sets), "sets of changes", disable=not sys.stderr.isatty()):
        _Set(town, rng, number, compared).compare(origins, places, threads)
    return compared


def starts_at_end(segment: int) -> Starts:
    """A drive that begins at the end of a segment."""
    return Starts(np.array([segment], np.int32), np.array([1.0]), np.zeros(1, np.int64))


class _Set:
    """One set of changes, and what every drive costs under it."""

    def __init__(self, town: Town, rng: np.random.Generator, number: int, compared: Compared) -> None:
        self.town, self.rng, self.number, self.compared = town, rng, number, compared
        self.changes = town.random_changes(rng, enclose=number % HOSPITALS if number % 3 == 0 else None)
        self.now = town.now(self.changes)
        self.trees = town.trees(self.changes)
        #: float64[S, H]: from the end of every segment.
        self.expected_ms = self.trees.cost_ms.T.copy()
        for segment in np.concatenate([gate.segment for gate in town.gates]).tolist():
            self.expected_ms[segment] = town.expected_ms(self.changes, self.trees, starts_at_end(segment))
        for column in range(HOSPITALS):
            if (number * HOSPITALS + column) % NETWORKX_IN == 0:
                by_networkx = town.networkx_cost_ms(self.changes, column)
                require(np.array_equal(self.trees.cost_ms[column], by_networkx), "SciPy and NetworkX differ")
                compared.networkx_trees += 1

    def compare(self, origins: int | None, places: int, threads: int) -> None:
        """Everything that is asked under this set."""
        chosen = self.town.origins(self.changes)
        if origins is not None:
            # Few roads turn back: such origins are looked for.
            backwards = chosen[self.trees.turns_back[:, chosen].any(axis=0)]
            chosen = np.append(self.rng.choice(chosen, origins), self.rng.permutation(backwards)[: origins // 10])
        chunks = np.split(chosen, range(_CHUNK, len(chosen), _CHUNK))
        with ThreadPoolExecutor(threads) as pool:
            answers = list(pool.map(self._ask, chunks))
        found_ms, bounds_ms, searched = (np.concatenate(parts) for parts in zip(*answers, strict=True))
        expected_ms = self.expected_ms[chosen]
        self._judge(chosen, found_ms, bounds_ms, expected_ms)
        self._count(chosen, expected_ms, bounds_ms, searched)
        self._drive(chosen, expected_ms)
        self._several(places)

    def _ask(self, segments: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(int64[n, H] costs or NEVER, int64[n, H] bounds, bool[n, H] whether the search was run) from the end of each segment."""
        size = (len(segments), HOSPITALS)
        found_ms, bounds_ms, searched = np.full(size, NEVER), np.empty(size, np.int64), np.empty(size, bool)
        share, extra_ms = np.ones(1), np.zeros(1, np.int64)
        for i, segment in enumerate(segments.tolist()):
            starts = Starts(segments[i : i + 1], share, extra_ms)
            bounds_ms[i] = self.now.bounds_ms(starts)
            searched[i] = np.isfinite(self.expected_ms[segment]) | ((segment + self.number) % SEARCHED_IN == 0)
            searched[i] |= bounds_ms[i] >= NEVER
            columns, costs = self.now.nearest(starts, bounds_ms[i], searched[i], HOSPITALS)
            found_ms[i, columns] = costs
            for column in np.flatnonzero(~searched[i]).tolist():
                # The search would look at 20,000 segments before it asks this.
                if _is_reachable(starts.segment, column, self.now._tables, self.now._now):  # noqa: SLF001
                    found_ms[i, column] = -1
        return found_ms, bounds_ms, searched

    def _judge(self, chosen: np.ndarray, found_ms: np.ndarray, bounds_ms: np.ndarray, expected_ms: np.ndarray) -> None:
        finite = np.where(np.isinf(expected_ms), NEVER, expected_ms).astype(np.int64)
        for i, column in np.argwhere(found_ms != finite)[:1].tolist():
            where = f"from segment {chosen[i]} to hospital {column} under set {self.number}"
            require(False, f"{found_ms[i, column]} ms instead of {expected_ms[i, column]} {where}")
        for i, column in np.argwhere(bounds_ms > finite)[:1].tolist():
            require(False, f"the bound is no bound from segment {chosen[i]} to hospital {column}, set {self.number}")

    def _count(self, chosen: np.ndarray, expected_ms: np.ndarray, bounds_ms: np.ndarray, searched: np.ndarray) -> None:
        compared, none = self.compared, np.isinf(expected_ms)
        had = bounds_ms < NEVER
        compared.answers += expected_ms.size
        compared.without_road += int(none.sum())
        compared.searched += int((none & searched & had).sum())
        compared.turned_back += int(self.trees.turns_back.T[chosen].sum())
        compared.enclosed_origins += int((none.all(axis=1) & had.any(axis=1)).sum())
        compared.enclosed_hospitals += int(((none & had).sum(axis=0) > 0.9 * had.sum(axis=0)).sum())

    def _drive(self, chosen: np.ndarray, expected_ms: np.ndarray) -> None:
        """Add up some of the roads one by one."""
        backwards = self.trees.turns_back.T[chosen]
        likely = np.where(backwards, 1 / DRIVEN_BACK_IN, 1 / DRIVEN_IN)
        likely *= max(1.0, 20_000 / likely.size)  # a short run drives a larger part
        for i, column in np.argwhere(self.rng.random(likely.shape) < likely).tolist():
            where = f"from segment {chosen[i]} to hospital {column} under set {self.number}"
            road = self.now.road(starts_at_end(int(chosen[i])), column)
            found_ms = road.cost_ms if road.start >= 0 else np.inf
            require(found_ms == expected_ms[i, column], f"{found_ms} ms by road() {where}")
            if road.start < 0 or len(road.segments) == 1:
                continue
            added_ms = self.town.cost_of(self.changes, column, road.segments, road.turns)
            require(added_ms == road.cost_ms, f"the road costs {added_ms} ms, not {road.cost_ms} {where}")
            self.compared.driven += 1
            self.compared.driven_back += bool((road.turns < 0).any())

    def _several(self, places: int) -> None:
        """Ask from places in the street, as callers do: several roads, shares of them, and walks to the farther ones."""
        town, everyone = self.town, np.ones(HOSPITALS, dtype=bool)
        roads = RoadsNow(town.network, town.arrivals, self.now)
        points = self.rng.integers(len(town.network.point_x), size=places)
        jitter = self.rng.normal(0, _JITTER_DEG, (2, places))
        for lat, lon in zip(
            town.network.point_y[points] * 1e-7 + jitter[0],
            town.network.point_x[points] * 1e-7 + jitter[1],
            strict=True,
        ):
            try:
                begin = find_starts(roads, float(lat), float(lon), _SETTINGS)
            except OffNetworkError:
                continue
            expected_ms = town.expected_ms(self.changes, self.trees, begin.starts)
            columns, costs = self.now.nearest(begin.starts, self.now.bounds_ms(begin.starts), everyone, HOSPITALS)
            order = sorted((ms, column) for column, ms in enumerate(expected_ms.tolist()) if ms < np.inf)
            found = list(zip(costs.tolist(), columns.tolist(), strict=True))
            require(found == order, f"{found} instead of {order} from {lat}, {lon} under set {self.number}")
            if isinstance(self.now, NearRanking):
                self._flood(begin.starts, expected_ms)
            self.compared.several += HOSPITALS
            self.compared.beside_closed += HOSPITALS * begin.closed_road

    def _flood(self, starts: Starts, expected_ms: np.ndarray) -> None:
        """Ask for all hospitals at once, and for the road to one of them."""
        now, town = self.now, self.town
        costs = now.all_ms(starts)
        finite = np.where(np.isinf(expected_ms), NEVER, expected_ms).astype(np.int64)
        require(np.array_equal(costs, finite), f"{costs} instead of {finite} by one search under set {self.number}")
        column = int(costs.argmin())
        road = now.road(starts, column)
        if costs[column] < NEVER and len(road.segments) > 1:
            begun_ms = costs[column] - town.cost_of(self.changes, column, road.segments, road.turns)
            alone = Starts(*(part[road.start : road.start + 1] for part in starts))
            require(begun_ms == _begun_ms(town, self.changes, alone), f"no such road under set {self.number}")


def _begun_ms(town: Town, changes: Changes, start: Starts) -> int:
    """From one start to the end of its segment."""
    parts_ms = town.network.segment_time_ms[start.segment[0]], changes.extra_ms[start.segment[0]]
    return int(start.extra_ms[0] + sum(np.rint((1.0 - start.share[0]) * part) for part in parts_ms))
