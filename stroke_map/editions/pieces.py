"""Roads cut where hospitals are entered: along a piece, each way, the time to a hospital changes evenly.

So the time at any place of a piece is known from its two ends alone, and how much of a piece lies within so many minutes is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.editions.arrivals import UNREACHABLE

if TYPE_CHECKING:
    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.editions.near import NearArrivals
    from stroke_map.roads import RoadNetwork

#: Longer than any drive, and far from the end of int32 when a piece's own time is added.
NEVER_MS = np.int32(2**30)
ALONG, AGAINST = 0, 1
#: A place at the very end of a stretch is on its last piece, not on the next stretch.
_LAST_SHARE = 1 - 1e-9


@dataclass(frozen=True)
class Pieces:
    """M pieces: every stretch, or its parts between gates. The second axis of [M, 2] is along the stretch, against it.

    Attributes
    ----------
    stretch, begin, end
        int32[M], float64[M], float64[M]: shares of the stretch's length.
    length_m
        float64[M].
    drive_ms
        float64[M, 2]: from one end to the other; 0 where nobody may drive that way.
    segment, rest_ms
        int32[M, 2], int32[M, 2]: the segment, -1 where there is none, and the time from the piece's far end to the segment's.
    gates
        int64[n, 4] piece, direction, column, milliseconds: gates ahead on the segment itself.
    """

    stretch: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    length_m: np.ndarray
    drive_ms: np.ndarray
    segment: np.ndarray
    rest_ms: np.ndarray
    gates: np.ndarray

    def __len__(self) -> int:
        """M."""
        return len(self.stretch)

    @cached_property
    def _key(self) -> np.ndarray:
        return self.stretch + self.begin

    def at(self, stretch: np.ndarray, share: np.ndarray) -> np.ndarray:
        """int64[n]: the pieces on which places lie, each given by its stretch and its share of the length."""
        return np.searchsorted(self._key, stretch + np.clip(share, 0.0, _LAST_SHARE), side="right") - 1

    def steps(self, arrivals: Arrivals | NearArrivals, rows: np.ndarray) -> np.ndarray:
        """uint16[n, 2, H]: what the table says of the segments of pieces `rows` (int64[n]); UNREACHABLE where there is none."""
        segment = self.segment[rows]
        steps = arrivals.rows(np.maximum(segment, 0))
        steps[segment < 0] = UNREACHABLE
        return steps

    def left_ms(self, arrivals: Arrivals | NearArrivals, rows: np.ndarray) -> np.ndarray:
        """int32[n, 2, H]: from the far end of pieces `rows` (int64[n], ascending), each way, to every hospital."""
        steps = self.steps(arrivals, rows)
        left = steps.astype(np.int32) * np.int32(arrivals.quantum_ms) + self.rest_ms[rows][:, :, None]
        left[steps == UNREACHABLE] = NEVER_MS
        if len(self.gates) and len(rows):
            at = np.minimum(np.searchsorted(rows, self.gates[:, 0]), len(rows) - 1)
            here = rows[at] == self.gates[:, 0]
            _, way, column, ms = self.gates[here].T
            np.minimum.at(left, (at[here], way, column), ms.astype(np.int32))
        return left


def share_within(left_ms: np.ndarray, drive_ms: np.ndarray, limit_ms: float) -> np.ndarray:
    """The share of pieces from which one of their two ways takes no longer than a limit.

    Along a piece what is within the limit lies at its end, against it at its beginning.

    Parameters
    ----------
    left_ms, drive_ms
        [M, 2, ...]: from the far end on, and over the whole piece.
    """
    reach = np.clip((limit_ms - left_ms) / np.maximum(drive_ms, 1e-9), 0, 1)
    within: np.ndarray = np.minimum(reach[:, ALONG] + reach[:, AGAINST], 1)
    return within


def cut_at_gates(network: RoadNetwork, arrivals: Arrivals | NearArrivals) -> Pieces:
    """The pieces of every stretch of a network, in the order of stretches and then along each."""
    gates = _gates(network, arrivals)
    cuts = np.unique([(stretch, share) for stretch, _, share in gates if 0 < share < 1] or np.empty((0, 2)), axis=0)
    count = len(network.stretch_length_m)
    stretch = np.concatenate([np.arange(count), cuts[:, 0]]).astype(np.int32)
    begin = np.concatenate([np.zeros(count), cuts[:, 1]])
    order = np.lexsort([begin, stretch])
    stretch, begin = stretch[order], begin[order]
    end = np.ones(len(begin))
    goes_on = np.flatnonzero(stretch[1:] == stretch[:-1])
    end[goes_on] = begin[goes_on + 1]

    segment = network.stretch_segment[stretch]
    whole_ms = np.where(segment < 0, 0.0, network.segment_time_ms[np.maximum(segment, 0)])
    return Pieces(
        stretch=stretch,
        begin=begin,
        end=end,
        length_m=(end - begin) * network.stretch_length_m[stretch],
        drive_ms=(end - begin)[:, None] * whole_ms,
        segment=segment,
        rest_ms=np.rint(whole_ms * np.stack([1 - end, begin], axis=1)).astype(np.int32),
        gates=_gates_ahead(gates, stretch, begin, end, whole_ms),
    )


def _gates(network: RoadNetwork, arrivals: Arrivals | NearArrivals) -> list[tuple[int, int, float]]:
    """(stretch, column, share of the stretch's length from its first point): once, where both directions lead to a gate."""
    segment = arrivals.gate_segment
    share = arrivals.gate_part_ms / network.segment_time_ms[segment]
    share = np.clip(np.where(network.segment_forward[segment], share, 1 - share), 0.0, 1.0)
    column = np.repeat(np.arange(len(arrivals.gate_first) - 1), np.diff(arrivals.gate_first))
    found: dict[tuple[int, int], float] = {}
    for key, value in zip(
        zip(network.segment_stretch[segment].tolist(), column.tolist(), strict=True), share.tolist(), strict=True
    ):
        # The two directions round to milliseconds apart from each other: one place must not become two.
        found.setdefault(key, value)
    return [(stretch, hospital, at) for (stretch, hospital), at in found.items()]


def _gates_ahead(
    gates: list[tuple[int, int, float]], stretch: np.ndarray, begin: np.ndarray, end: np.ndarray, whole_ms: np.ndarray
) -> np.ndarray:
    """For each gate every piece of its stretch from which it lies ahead, with the time from the piece's far end."""
    found = []
    for gate_stretch, column, share in gates:
        for piece in range(*np.searchsorted(stretch, [gate_stretch, gate_stretch + 1])):
            for way, ahead in ((ALONG, share - end[piece]), (AGAINST, begin[piece] - share)):
                if ahead >= 0 and whole_ms[piece, way] > 0:
                    found.append((piece, way, column, round(ahead * whole_ms[piece, way])))
    return np.array(found, dtype=np.int64).reshape(-1, 4)
