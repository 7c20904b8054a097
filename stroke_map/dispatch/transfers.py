"""From hospital to hospital: the roads by which a patient is sent on."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stroke_map.dispatch.drive import find_drive, find_every_time
from stroke_map.editions.changes import CLOSED_MS
from stroke_map.editions.current import CurrentRanking
from stroke_map.editions.ranking import NEVER, Starts

if TYPE_CHECKING:
    from stroke_map.dispatch.roads_now import RoadsNow
    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.editions.near import NearArrivals

#: How many hospitals to go on to are weighed for each, beside its agreed partners. Which of them treats soonest hangs on their own
#: medians too, so that the nearest is not always the best.
_MOST: Final = 8
_MOST_KEPT: Final = 8192


class Leg(NamedTuple):
    """One drive from a hospital: to the hospital of a column, in minutes as a clock would show."""

    column: int
    travel_min: float


class _Leaving(NamedTuple):
    """The drives from one hospital: where they begin, int64[H] what each costs at least, float64[H] see `Transfers.times_ms`."""

    starts: Starts
    bounds_ms: np.ndarray
    time_ms: np.ndarray


class Transfers:
    """The drives between the hospitals on one state of the roads; each is worked out when it is first asked for."""

    def __init__(self, roads: RoadsNow, arrivals: Arrivals | NearArrivals) -> None:
        # Weak: no circle, so that an edition that is let go is gone at once, with the files it maps; the collector may be told to leave it.
        self._roads, self._arrivals = weakref.proxy(roads), arrivals
        self._leaving: dict[int, _Leaving] = {}
        self._legs: dict[tuple[int, bytes, tuple[int, ...]], tuple[Leg, ...]] = {}
        self._lock = threading.Lock()

    def legs(self, column: int, wanted: np.ndarray, partners: tuple[int, ...] = ()) -> tuple[Leg, ...]:
        """The drives from one hospital to the nearest of those `wanted` (bool[H]), itself left out, and to its partners among them."""
        key = column, wanted.tobytes(), partners
        with self._lock:
            found = self._legs.get(key)
            if found is None:
                if len(self._legs) >= _MOST_KEPT:
                    self._legs.clear()
                found = self._legs[key] = self._find(column, wanted, partners)
            return found

    def times_ms(self, column: int) -> np.ndarray:
        """float64[H]: how long from one hospital to each by the clock, infinite where no road leads.

        To a `CurrentRanking` a drive to every hospital is too dear: its bounds stand for the times, and may be hours too early.
        """
        with self._lock:
            return self._from(column).time_ms

    def _find(self, column: int, wanted: np.ndarray, partners: tuple[int, ...]) -> tuple[Leg, ...]:
        starts, bounds_ms, _ = self._from(column)
        others = wanted.copy()
        others[column] = False
        nearest = self._roads.ranking.nearest(starts, bounds_ms, others, _MOST)[0].tolist()
        partners_only = np.zeros_like(others)
        partners_only[list(partners)] = True
        agreed = self._roads.ranking.nearest(starts, bounds_ms, others & partners_only, len(partners) or 1)[0].tolist()
        columns = dict.fromkeys(nearest + agreed)
        return tuple(Leg(onto, find_drive(self._roads, starts, onto).time_ms / 60_000) for onto in columns)

    def _from(self, column: int) -> _Leaving:
        """The drives from the gate of a hospital, in every direction one may drive off now."""
        known = self._leaving.get(column)
        if known is None:
            tables, network = self._arrivals, self._roads.network
            of_it = slice(tables.gate_first[column], tables.gate_first[column + 1])
            segment, part_ms = tables.gate_segment[of_it], tables.gate_part_ms[of_it]
            if self._roads.extra_ms is not None:
                is_open = self._roads.extra_ms[segment] != CLOSED_MS
                segment, part_ms = segment[is_open], part_ms[is_open]
            share = part_ms / np.maximum(network.segment_time_ms[segment], 1)
            starts = Starts(segment.astype(np.int32), share, np.zeros(len(segment), dtype=np.int64))
            known = self._leaving[column] = _Leaving(starts, *self._drives(starts))
        return known

    def _drives(self, starts: Starts) -> tuple[np.ndarray, np.ndarray]:
        """`bounds_ms` and `time_ms` of `_Leaving`."""
        ranking = self._roads.ranking
        if isinstance(ranking, CurrentRanking):
            bounds_ms = ranking.bounds_ms(starts)
            return bounds_ms, np.where(bounds_ms < NEVER, bounds_ms.astype(np.float64), np.inf)
        time_ms, cost_ms = find_every_time(self._roads, starts)
        return cost_ms, time_ms
