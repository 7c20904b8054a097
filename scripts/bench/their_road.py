"""A road of another router's, driven in our network as far as our rules let it be."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.in_process import InProcess
    from bench.peers import Origin
    from bench.tagged import Pace

#: From one junction to the next: their OSM ids and the way between them.
Street = tuple[int, int, int]


class Driven(NamedTuple):
    """Segments and the turns between them, all the way; or the streets between which our network has no turn."""

    segments: np.ndarray
    turns: np.ndarray
    start: int
    stopped_at: tuple[Street, Street] | None = None


class TheirRoads:
    """Finds roads of others in our network."""

    def __init__(self, ours: InProcess) -> None:
        network = self._network = ours.network
        self._arrivals = ours.arrivals
        stretch = network.segment_stretch
        tail, head = network.stretch_tail_id[stretch], network.stretch_head_id[stretch]
        forward = network.segment_forward
        ends = np.where(forward, tail, head).tolist(), np.where(forward, head, tail).tolist()
        self._streets = list(zip(*ends, network.stretch_way_id[stretch].tolist(), strict=True))
        self._copies: defaultdict[Street, list[int]] = defaultdict(list)
        for segment, street in enumerate(self._streets):
            self._copies[street].append(segment)
        self._junctions = frozenset(ends[0]) | frozenset(ends[1])

    def drive(self, origin: Origin, hospital: int, paces: Sequence[Pace]) -> Driven | None:
        """The cheapest way to drive that road by our rules; None where it cannot be told (it lies within one street, say)."""
        streets = self._streets_of(paces)
        if not streets:
            return None
        arrivals = self._arrivals
        gates = arrivals.gate_segment[arrivals.gate_first[hospital] : arrivals.gate_first[hospital + 1]]
        begin = [(0, int(s), -1, -1, n) for n, s in enumerate(origin.starts.segment)
                 if self._streets[int(s)][1] == streets[0][0]]  # fmt: skip
        last = {int(s) for gate in gates for s in self._copies[self._streets[int(gate)]]}
        levels = [{state[1]: state for state in begin}]
        wanted: list[set[int]] = [set(self._copies.get(street, ())) for street in streets] + [last]
        for number, goals in enumerate(wanted):
            level = self._next(levels[-1], goals)
            if not level:
                return self._stopped(number, streets, levels[0], wanted)
            levels.append(level)
        return self._back(levels)

    def _next(self, level: dict[int, tuple[int, ...]], goals: set[int]) -> dict[int, tuple[int, ...]]:
        """Cheapest (cost, segment, turn, before, start) of each of `goals` that follows."""
        network, found = self._network, {}
        for segment, (cost, *_, start) in level.items():
            for turn in range(int(network.turn_first[segment]), int(network.turn_first[segment + 1])):
                to = int(network.turn_to[turn])
                if to in goals:
                    total = cost + int(network.turn_cost_ms[turn]) + int(network.segment_time_ms[to])
                    if to not in found or found[to][0] > total:
                        found[to] = (total, to, turn, segment, start)
        return found

    def _stopped(
        self, number: int, streets: list[Street], begin: dict[int, tuple[int, ...]], wanted: list[set[int]]
    ) -> Driven | None:
        if number == len(streets) or (number and not wanted[number]) or not begin:
            return None
        before = streets[number - 1] if number else self._streets[next(iter(begin))]
        return Driven(np.array([]), np.array([]), 0, (before, streets[number]))

    def _back(self, levels: list[dict[int, tuple[int, ...]]]) -> Driven:
        state = min(levels[-1].values())
        segments, turns = [state[1]], []
        for level in reversed(levels[:-1]):
            turns.append(state[2])
            segments.append(state[3])
            state = level[state[3]]
        return Driven(np.array(segments[::-1]), np.array(turns[::-1]), state[4])

    def _streets_of(self, paces: Sequence[Pace]) -> list[Street]:
        streets: list[Street] = []
        begun = 0
        for pace in paces:
            begun = pace.tail if pace.tail in self._junctions else begun
            if begun and pace.head in self._junctions:
                streets.append((begun, pace.head, pace.way))
        return streets
