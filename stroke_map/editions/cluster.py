"""Trees that grow on the machines of a Dask cluster, which have this package too. The same bytes come of it as on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stroke_map.editions.near_trees import Labels, grow_labels, merge_labels
from stroke_map.editions.trees import goals_of, reverse_turns, tree
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stroke_map.editions.gates import Gate
    from stroke_map.editions.trees import ReverseTurns
    from stroke_map.roads import RoadNetwork

    Goals = tuple[np.ndarray, np.ndarray]
    #: The times of all segments, and the turns into each.
    Roads = tuple[np.ndarray, ReverseTurns]

#: Trees in one task: few, for their times come back whole.
_TREES: Final = 4
_ANSWERS_WITHIN: Final = "20s"
_NOWHERE: Final = np.empty(0, np.int32), np.empty(0, np.int32)


def grow_trees_on(
    address: str, network: RoadNetwork, gates: Sequence[Gate], progress: Callable[[int, int], None] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """As `arrivals.grow_trees`, on the cluster whose scheduler listens at `address`.

    Raises
    ------
    EditionError
        The extra `cluster` is not installed, or no scheduler answers.
    """
    left = np.empty((len(gates), network.segment_count), dtype=np.int32)
    next_turn = np.empty((len(gates), network.segment_count), dtype=np.uint8)
    goals = [goals_of(network, gate) for gate in gates]
    columns = [slice(first, first + _TREES) for first in range(0, len(gates), _TREES)]
    done = 0
    for own, found in _run(address, network, _trees, [(own, (goals[own],)) for own in columns]):
        left[own], next_turn[own] = found
        done += len(goals[own])
        if progress:
            progress(done, len(gates))
    return left, next_turn


def grow_near_on(
    address: str,
    network: RoadNetwork,
    gates: Sequence[Gate],
    groups: np.ndarray,
    *,
    nearest: int,
    progress: Callable[[int, int], None] | None = None,
) -> Labels:
    """As `near_trees.grow_near`, on the cluster whose scheduler listens at `address`: a group of hospitals in each task.

    Raises
    ------
    EditionError
        As `grow_trees_on`.
    """
    goals = [goals_of(network, gate) for gate in gates]
    bits = [np.uint64(1) << np.uint64(bit) for bit in range(int(groups.max(initial=0)).bit_length())]
    labels = Labels.none(network.segment_count)
    tasks = [(bit, (goals, groups & bit, nearest)) for bit in bits]
    for done, (_, found) in enumerate(_run(address, network, _near, tasks), start=1):
        labels = Labels(*merge_labels(*labels, *found))
        if progress:
            progress(done, len(bits))
    return labels


def _trees(roads: Roads, goals: Sequence[Goals]) -> tuple[np.ndarray, np.ndarray]:
    """A task: some trees, as `arrivals.grow_trees` tells of all."""
    time_ms, turns = roads
    grown = [tree(*goal, time_ms, *turns) for goal in goals]
    return np.stack([left for left, _ in grown]), np.stack([turn for _, turn in grown])


def _near(roads: Roads, goals: Sequence[Goals], groups: np.ndarray, nearest: int) -> Labels:
    """A task: the nearest of some groups."""
    own = [goal if of_it else _NOWHERE for goal, of_it in zip(goals, groups.tolist(), strict=True)]
    return grow_labels(*roads, own, groups, nearest)


def _run(
    address: str, network: RoadNetwork, task: Callable[..., Any], arguments: Sequence[tuple[Any, tuple[Any, ...]]]
) -> Iterator[tuple[Any, Any]]:
    """(key, what came of it) of every task, in the order in which they end."""
    distributed = _distributed()
    try:
        with distributed.Client(address, timeout=_ANSWERS_WITHIN, set_as_default=False) as client:
            roads = client.scatter((network.segment_time_ms, reverse_turns(network)), broadcast=True, hash=False)
            jobs = {client.submit(task, roads, *own, pure=False): key for key, own in arguments}
            for job, found in distributed.as_completed(list(jobs), loop=client.loop, with_results=True):
                yield jobs.pop(job), found
                job.release()  # or all would stay in the memory of the machines
    except OSError as error:  # a time-out too
        raise EditionError(
            f"no Dask scheduler answers at {address}", next_step="Start it and its workers, or build without --dask."
        ) from error


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise EditionError(
            "a build on a cluster needs more packages", next_step="Install them: pip install 'stroke-map[cluster]'."
        ) from error
    return distributed
