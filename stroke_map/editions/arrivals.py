"""Stored arrivals: for every road segment and every hospital, how long it takes and where to turn next.

A row is a segment, a column a hospital. Times are rounded down to a quantum, so they are lower bounds; the next turn comes from the
exact times, so that walking the stored road gives the exact time again.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from stroke_map.editions.gates import Gate, find_gates
from stroke_map.editions.trees import NEVER_MS, arrival_tree, reverse_turns
from stroke_map.errors import EditionDamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from stroke_map.roads import RoadNetwork

__all__ = ["Arrivals", "Gate", "build_arrivals", "find_gates"]

META_FILE = "arrivals.json"
UNREACHABLE = 65535
LONGEST_STEPS = UNREACHABLE - 1
_COARSEST_QUANTUM_MS = 500
#: 9.1 hours; beyond that stored times saturate, which leaves them lower bounds.
LONGEST_STORED_S = LONGEST_STEPS * _COARSEST_QUANTUM_MS / 1000
_GATE_ARRAYS = (
    "gate_first",
    "gate_segment",
    "gate_part_ms",
    "gate_lat",
    "gate_lon",
    "gate_distance_m",
    "reaches",
)
_ARRAYS = ("time", "next_turn", *_GATE_ARRAYS)


@dataclass(frozen=True)
class Gated:
    """What every form of stored arrivals knows of the gates.

    Attributes
    ----------
    quantum_ms
        Unit of stored times.
    gate_first, gate_segment, gate_part_ms
        int64[H + 1], int32[G], int32[G]: where each hospital is entered, and the time from the beginning of that segment.
    gate_lat, gate_lon, gate_distance_m
        float64[H] where on the road, and how far the entrance is from it.
    reaches
        bool[N]: stretches from which at least one hospital can be reached.
    """

    quantum_ms: int
    gate_first: np.ndarray
    gate_segment: np.ndarray
    gate_part_ms: np.ndarray
    gate_lat: np.ndarray
    gate_lon: np.ndarray
    gate_distance_m: np.ndarray
    reaches: np.ndarray

    NUMBERS: ClassVar[tuple[str, ...]] = ("quantum_ms",)
    ARRAYS: ClassVar[tuple[str, ...]] = _GATE_ARRAYS

    def gate(self, column: int) -> Gate:
        """Where the hospital of a column is entered."""
        own = slice(self.gate_first[column], self.gate_first[column + 1])
        lat, lon, distance_m = (float(a[column]) for a in (self.gate_lat, self.gate_lon, self.gate_distance_m))
        return Gate(self.gate_segment[own], self.gate_part_ms[own], lat, lon, distance_m)

    def save(self, folder: str | Path, *, there: Container[str] = ()) -> None:
        """Write one `.npy` file per array, so that `load` can map them; those that are `there` already are left alone."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in (name for name in self.ARRAYS if name not in there):
            np.save(folder / f"{name}.npy", getattr(self, name))
        meta = {name: getattr(self, name) for name in self.NUMBERS}
        (folder / META_FILE).write_text(json.dumps(meta), encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Map what was saved; workers that load the same folder share its memory.

        Raises
        ------
        EditionDamagedError
            The folder holds no complete table.
        """
        folder = Path(folder)
        try:
            meta = json.loads((folder / META_FILE).read_text(encoding="utf-8"))
            found: dict[str, Any] = {name: int(meta[name]) for name in cls.NUMBERS}
            found |= {name: read_only(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in cls.ARRAYS}
            return cls(**found)
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise EditionDamagedError(
                f"{folder.name} is not a complete arrival table: {error}", files=[folder.name]
            ) from error


@dataclass(frozen=True)
class Arrivals(Gated):
    """One arrival table.

    Attributes
    ----------
    time
        uint16[S, H] from the end of a segment to a hospital's gate, rounded down; 65535: no way.
    next_turn
        uint8[S, H] which of the segment's turns to take; 255: no way.
    """

    time: np.ndarray
    next_turn: np.ndarray

    ARRAYS: ClassVar = _ARRAYS

    def rows(self, segments: np.ndarray) -> np.ndarray:
        """uint16[..., H]: the times from segments (int[...])."""
        rows: np.ndarray = self.time[segments]
        return rows


def build_arrivals(
    network: RoadNetwork,
    gates: Sequence[Gate],
    progress: Callable[[int, int], None] | None = None,
    threads: int | None = None,
    cluster: str | None = None,
) -> Arrivals:
    """Grow one reverse tree per hospital, several at once.

    Parameters
    ----------
    gates
        One per hospital, in the order of the columns.
    progress
        Called with (trees done, trees in all).
    threads
        How many trees grow at once; the number of processors where None.
    cluster
        The address of a Dask scheduler on whose machines they grow; None: on this one.
    """
    if cluster:
        from stroke_map.editions.cluster import grow_trees_on

        left, next_turn = grow_trees_on(cluster, network, gates, progress)
    else:
        left, next_turn = grow_trees(network, gates, progress, threads)
    quantum_ms = quantum_for(longest_ms(left))
    time = np.empty((network.segment_count, len(gates)), dtype=np.uint16)
    for column, left_ms in enumerate(left):
        time[:, column] = quantised(left_ms, quantum_ms)
    return assemble(network, gates, quantum_ms, time, np.ascontiguousarray(next_turn.T))


def grow_trees(
    network: RoadNetwork,
    gates: Sequence[Gate],
    progress: Callable[[int, int], None] | None = None,
    threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters as `build_arrivals`; returns (int32[H, S] exact milliseconds, NEVER_MS: no way; uint8[H, S] next turns)."""
    turns = reverse_turns(network)
    left = np.empty((len(gates), network.segment_count), dtype=np.int32)
    next_turn = np.empty((len(gates), network.segment_count), dtype=np.uint8)

    def grow(column: int) -> None:
        left[column], next_turn[column] = arrival_tree(network, turns, gates[column])

    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        jobs = [pool.submit(grow, column) for column in range(len(gates))]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            if progress:
                progress(done, len(gates))
    return left, next_turn


def longest_ms(left: np.ndarray) -> int:
    """The longest of exact times (int32, any shape); 1 where there is none."""
    known = left[left != NEVER_MS]
    return int(known.max()) if len(known) else 1


def quantum_for(longest: int) -> int:
    """The finest unit, in milliseconds, in which a table holds times up to `longest` milliseconds."""
    return min(max(-(-longest // LONGEST_STEPS), 1), _COARSEST_QUANTUM_MS)


def quantised(left_ms: np.ndarray, quantum_ms: int) -> np.ndarray:
    """uint16: exact times (int32) as a table keeps them."""
    steps = np.minimum(left_ms // quantum_ms, LONGEST_STEPS)
    return np.where(left_ms == NEVER_MS, UNREACHABLE, steps).astype(np.uint16)


def assemble(
    network: RoadNetwork, gates: Sequence[Gate], quantum_ms: int, time: np.ndarray, next_turn: np.ndarray
) -> Arrivals:
    """A table of its columns (see `Arrivals`), with its gates and with where one may start."""
    reached = time.min(axis=1, initial=UNREACHABLE) != UNREACHABLE
    return Arrivals(
        quantum_ms=quantum_ms,
        time=read_only(time),
        next_turn=read_only(next_turn),
        **gate_arrays(network, gates, reached),
    )


def gate_arrays(network: RoadNetwork, gates: Sequence[Gate], reached: np.ndarray) -> dict[str, np.ndarray]:
    """What `Gated` keeps, by its names; `reached` (bool[S]) is from the end of which segments some gate is."""
    sizes, none = [len(gate.segment) for gate in gates], np.empty(0, np.int32)
    arrays: dict[str, np.ndarray] = {
        "gate_first": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        "gate_segment": np.concatenate([none, *(gate.segment for gate in gates)]).astype(np.int32),
        "gate_part_ms": np.concatenate([none, *(gate.part_ms for gate in gates)]).astype(np.int32),
        "gate_lat": np.array([gate.lat for gate in gates], dtype=np.float64),
        "gate_lon": np.array([gate.lon for gate in gates], dtype=np.float64),
        "gate_distance_m": np.array([gate.distance_m for gate in gates], dtype=np.float64),
        "reaches": _reaching_stretches(network, gates, reached),
    }
    return {name: read_only(array) for name, array in arrays.items()}


def _reaching_stretches(network: RoadNetwork, gates: Sequence[Gate], reached: np.ndarray) -> np.ndarray:
    """Stretches on which an emergency may begin: at least one hospital can be reached from a direction of theirs."""
    segment = reached.copy()
    for gate in gates:
        segment[gate.segment] = True
    reaches = np.zeros(len(network.stretch_class), dtype=bool)
    reaches[network.segment_stretch[segment & (network.segment_base == np.arange(len(segment)))]] = True
    return reaches & network.stretch_start_allowed


def read_only(array: np.ndarray) -> np.ndarray:
    """A plain read-only view: compiled code then sees one type, whether an array was just built or is mapped."""
    view = np.ascontiguousarray(array).view(np.ndarray)
    view.flags.writeable = False
    return view
