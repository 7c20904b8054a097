"""The roads and arrivals of one profile as they are at one moment: with what is closed, slowed, or not allowed then."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.dispatch.transfers import Transfers
from stroke_map.editions.changes import CLOSED_MS, make_changes
from stroke_map.editions.current import CurrentRanking
from stroke_map.editions.detours import turns_into
from stroke_map.editions.near import NearArrivals
from stroke_map.editions.near_ranking import NearRanking
from stroke_map.editions.ranking import NEVER, Ranking, Starts
from stroke_map.live.placing import place
from stroke_map.roads.classes import Flag
from stroke_map.roads.conditional import closed_turns

if TYPE_CHECKING:
    from datetime import datetime

    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.editions.changes import Changes
    from stroke_map.live import Closure, LiveState
    from stroke_map.roads import RoadNetwork

#: A caller is rarely on one of these; a point above or beside one belongs to another road.
NO_START: Final = int(Flag.MOTORWAY | Flag.TUNNEL | Flag.BRIDGE)
_ON: Final = {"motorway": int(Flag.MOTORWAY), "bridge": int(Flag.BRIDGE), "tunnel": int(Flag.TUNNEL)}
#: Different moments kept ready: the present, and some that callers name.
_MOST_MOMENTS = 6
_MOST_MASKS = 16


class RoadsNow:
    """What a question reads.

    Attributes
    ----------
    network, ranking
        The roads, and the arrivals to ask.
    closures
        Those that hold, each with the segments it touches.
    extra_ms
        int32[S] added to each segment's time now (CLOSED_MS: closed); None where nothing is closed or slow.
    transfers
        The drives between the hospitals.
    """

    def __init__(
        self,
        network: RoadNetwork,
        arrivals: Arrivals | NearArrivals,
        ranking: Ranking | CurrentRanking,
        closures: tuple[tuple[Closure, np.ndarray], ...] = (),
    ) -> None:
        self.network, self.ranking, self.closures = network, ranking, closures
        self.transfers = Transfers(self, arrivals)
        self._arrivals = arrivals
        extra_ms = ranking.changes.extra_ms if isinstance(ranking, CurrentRanking) else None
        self.extra_ms = extra_ms if extra_ms is not None and extra_ms.any() else None
        self._masks: dict[tuple[str | None, int | None], np.ndarray] = {}

    def usable(self, on: str | None, level: int | None) -> np.ndarray:
        """bool[N]: stretches on which a drive may begin, whether or not they are closed now."""
        mask = self._masks.get((on, level))
        if mask is None:
            flags = self.network.stretch_flags
            if on is not None:
                mask = self._arrivals.reaches & ((flags & _ON[on]) != 0)
            else:
                # On a level one may be on its bridges and tunnels, but nobody walks onto a motorway.
                mask = self._arrivals.reaches & ((flags & (NO_START if level is None else _ON["motorway"])) == 0)
            if level is not None:
                mask &= self.network.stretch_layer == level
            mask.flags.writeable = False
            if len(self._masks) >= _MOST_MASKS:
                self._masks.clear()
            self._masks[on, level] = mask
        return mask

    def gate(self, column: int) -> tuple[float, float]:
        """(lat, lon) in degrees, WGS-84, of the place on the road where a hospital is entered."""
        return float(self._arrivals.gate_lat[column]), float(self._arrivals.gate_lon[column])

    @cached_property
    def open_stretches(self) -> np.ndarray:
        """bool[N]: stretches of which at least one direction is open."""
        segment = self.network.stretch_segment
        closed = (
            np.zeros(self.network.segment_count, dtype=bool) if self.extra_ms is None else self.extra_ms == CLOSED_MS
        )
        return ((segment >= 0) & ~closed[segment]).any(axis=1)

    def avoided(self, stored_segments: np.ndarray) -> list[Closure]:
        """The closures and slow-downs that a stored road would have met."""
        return [closure for closure, segments in self.closures if np.isin(stored_segments, segments).any()]


class PreparedProfile:
    """The roads and arrivals of one profile in one period, and those of the moments asked about last.

    Parameters
    ----------
    like
        The same roads at another time of the week, from which to take what does not hang on it.

    Attributes
    ----------
    always, ranking
        The roads when nothing is closed and no hour forbids a turn, and what is asked then.
    """

    def __init__(
        self, network: RoadNetwork, arrivals: Arrivals | NearArrivals, like: PreparedProfile | None = None
    ) -> None:
        self.network, self.arrivals, self._like = network, arrivals, like
        self._stored = Ranking(network, arrivals)
        self._moments: OrderedDict[tuple[tuple[tuple[int, datetime], ...], bytes], RoadsNow] = OrderedDict()
        self._lock = threading.Lock()
        self.ranking: Ranking | CurrentRanking = self._stored
        if isinstance(arrivals, NearArrivals):
            self.ranking = self._current(make_changes(network, np.zeros(network.segment_count, dtype=bool)))
        self.always = RoadsNow(network, arrivals, self.ranking)

    @cached_property
    def _turns_into(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self._like._turns_into if self._like else turns_into(self.network)  # noqa: SLF001  of its own class

    def at(self, when: datetime, live: LiveState | None) -> RoadsNow:
        """The roads at a moment (local time), with the closures that hold then and the turns its hour forbids."""
        closures = tuple(c for c in live.closures if c.is_active(when)) if live else ()
        turns, _ = closed_turns(self.network, when)
        if not closures and not len(turns):
            return self.always
        # Not by id alone: a database that was restored or made anew counts from 1 again.
        key = tuple((closure.id, closure.created_at) for closure in closures), turns.tobytes()
        with self._lock:
            now = self._moments.get(key)
            if now is None:
                now = self._moments[key] = self._make(closures, turns)
                if len(self._moments) > _MOST_MOMENTS:
                    self._moments.popitem(last=False)
            self._moments.move_to_end(key)
            return now

    def warm_up(self) -> None:
        """Compile, or read from cache, what the first closure will need: seconds that no caller should wait."""
        closed = np.zeros(self.network.segment_count, dtype=bool)
        closed[0] = True
        ranking = self._current(make_changes(self.network, closed))
        starts = Starts(np.array([len(closed) - 1], dtype=np.int32), np.zeros(1), np.zeros(1, dtype=np.int64))
        bounds_ms = ranking.bounds_ms(starts)
        for column in ranking.nearest(starts, bounds_ms, bounds_ms < NEVER, 1)[0].tolist():
            ranking.road(starts, column)
        ranking.all_ms(starts)

    def _current(self, changes: Changes) -> CurrentRanking:
        form = NearRanking if isinstance(self.arrivals, NearArrivals) else CurrentRanking
        return form(self._stored, self._turns_into, changes)

    def _make(self, closures: tuple[Closure, ...], turns: np.ndarray) -> RoadsNow:
        size = self.network.segment_count
        closed, factor = np.zeros(size, dtype=bool), np.ones(size)
        placed = []
        for closure in closures:
            segments = place(self.network, closure).segments
            placed.append((closure, segments))
            if closure.kind == "closed":
                closed[segments] = True
            else:
                factor[segments] = np.maximum(factor[segments], closure.factor or 1.0)
        changes = make_changes(self.network, closed, factor, turns)
        return RoadsNow(self.network, self.arrivals, self._current(changes), tuple(placed))
