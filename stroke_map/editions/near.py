"""Stored arrivals of the nearest hospitals alone, for regions where the table of all of them does not fit.

For every road segment and each group of hospitals (who can do a thing, and of whom nobody knows whether they can) the k nearest: a
label each, in the order of their times. Of a hospital that has no label the k-th of each of its groups says at least how far it is, so
that the searches of `current` and `detours` read this form as they read the full table, and stay exact.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from stroke_map.editions.arrivals import (
    META_FILE,
    UNREACHABLE,
    Arrivals,
    Gated,
    gate_arrays,
    quantised,
    quantum_for,
    read_only,
)
from stroke_map.editions.near_tables import NearTimes, NearTurns
from stroke_map.editions.near_trees import grow_near
from stroke_map.errors import EditionError
from stroke_map.registry import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stroke_map.editions.gates import Gate
    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork

#: A segment counts the hospitals of each group in one byte; groups are the bits of a number.
MOST_NEAREST: Final = 255
#: A label names its hospital in two bytes.
MOST_HOSPITALS: Final = 65_535
_NEAREST: Final = "nearest"


@dataclass(frozen=True)
class NearArrivals(Gated):
    """The nearest hospitals of every segment.

    Attributes
    ----------
    nearest
        So many of each group are stored.
    first
        int64[S + 1]: the labels of segment s are `first[s] : first[s + 1]`, the nearest hospital first.
    column, steps, turn
        uint16[L], uint16[L], uint8[L]: the hospital, the time to its gate in units of `quantum_ms`, rounded down, and which of the
        segment's turns to take.
    groups
        uint64[H]: bit g is set where a hospital is in group g.
    """

    nearest: int
    first: np.ndarray
    column: np.ndarray
    steps: np.ndarray
    turn: np.ndarray
    groups: np.ndarray

    NUMBERS: ClassVar = (*Gated.NUMBERS, _NEAREST)
    ARRAYS: ClassVar = ("first", "column", "steps", "turn", "groups", *Gated.ARRAYS)

    @cached_property
    def time(self) -> NearTimes:
        """As the full table's, for compiled code: `time[s, h]` is a lower bound."""
        shape = len(self.first) - 1, len(self.groups)
        return NearTimes(self.first, self.column, self.steps, self.groups, self.nearest, shape)

    @cached_property
    def next_turn(self) -> NearTurns:
        """As the full table's, for compiled code; 255 where no label says which."""
        return NearTurns(self.first, self.column, self.turn)

    def rows(self, segments: np.ndarray) -> np.ndarray:
        """uint16[..., H]: the stored times from segments (int[...]); UNREACHABLE for every other hospital."""
        flat = segments.ravel()
        sizes = self.first[flat + 1] - self.first[flat]
        row = np.repeat(np.arange(len(flat)), sizes)
        # Each run of labels counts from its own first one.
        label = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(self.first[flat], sizes)
        rows = np.full((len(flat), len(self.groups)), UNREACHABLE, dtype=np.uint16)
        rows[row, self.column[label]] = self.steps[label]
        return rows.reshape(*segments.shape, len(self.groups))


def load_arrivals(folder: Path) -> Arrivals | NearArrivals:
    """Map saved arrivals of either form; EditionDamagedError where the folder holds none that are complete."""
    with suppress(OSError, ValueError, TypeError):
        if _NEAREST in json.loads((folder / META_FILE).read_text(encoding="utf-8")):
            return NearArrivals.load(folder)
    return Arrivals.load(folder)


def groups_of(hospitals: Sequence[Hospital]) -> np.ndarray:
    """uint64[H]: the groups of each hospital, a bit each: all of them; and for each capability who has it, and who may have it."""
    members = [np.ones(len(hospitals), dtype=bool)]
    members += [
        np.array([hospital.capabilities[name].status == status for hospital in hospitals], dtype=bool)
        for name in CAPABILITIES
        for status in ("yes", "unknown")
    ]
    groups = np.zeros(len(hospitals), dtype=np.uint64)
    # A group with the members of another would only be counted again.
    for bit, of_it in enumerate({each.tobytes(): each for each in members if each.any()}.values()):
        groups |= of_it.astype(np.uint64) << np.uint64(bit)
    return groups


def build_near(
    network: RoadNetwork,
    gates: Sequence[Gate],
    groups: np.ndarray,
    nearest: int,
    *,
    progress: Callable[[int, int], None] | None = None,
    cluster: str | None = None,
) -> NearArrivals:
    """Find the `nearest` hospitals of each group for every segment, in one search from all gates at once.

    Parameters
    ----------
    gates, groups
        One per hospital, in the order of the columns (see `NearArrivals.groups`).
    nearest
        1 to 255.
    progress
        Called with (what is found, all there can be), neither of them hospitals.
    cluster
        The address of a Dask scheduler on whose machines they are found; None: on this one.

    Raises
    ------
    EditionError
        There are more hospitals than labels can name.
    """
    if len(groups) > MOST_HOSPITALS:
        raise EditionError(
            f"arrivals of the nearest hospitals hold {MOST_HOSPITALS:,} hospitals, not {len(groups):,}",
            next_step="Make an edition for each part of the area.",
        )
    if cluster:
        from stroke_map.editions.cluster import grow_near_on

        labels = grow_near_on(cluster, network, gates, groups, nearest=nearest, progress=progress)
    else:
        labels = grow_near(network, gates, groups, nearest, progress)
    quantum_ms = quantum_for(int(labels.left_ms.max(initial=1)))
    return NearArrivals(
        quantum_ms=quantum_ms,
        nearest=nearest,
        first=read_only(labels.first),
        column=read_only(labels.column),
        steps=read_only(quantised(labels.left_ms, quantum_ms)),
        turn=read_only(labels.turn),
        groups=read_only(groups),
        **gate_arrays(network, gates, np.diff(labels.first) > 0),
    )
