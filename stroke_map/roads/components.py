"""Which parts of a network can be left and reached: its largest strongly connected part, and what that part reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.roads.network import RoadNetwork


def reachable_from_main(network: RoadNetwork) -> np.ndarray:
    """bool[S]: segments that the largest strongly connected part of the network leads to, itself included."""
    label = strong_components(network.turn_first, network.turn_to)
    main = int(np.bincount(label).argmax())
    return _spread(network.turn_first, network.turn_to, label == main)


@njit(cache=True, nogil=True)
def strong_components(first, to):  # type: ignore[no-untyped-def]
    """int32[n]: the strongly connected component of every item of a graph in compressed rows (Tarjan 1972, without recursion)."""
    size = len(first) - 1
    label = np.full(size, -1, dtype=np.int32)
    order = np.full(size, -1, dtype=np.int64)
    low = np.zeros(size, dtype=np.int64)
    waiting = np.empty(size, dtype=np.int32)
    path = np.empty(size, dtype=np.int32)
    at = first[:-1].copy()
    count, found, held = 0, 0, 0
    for root in range(size):
        if order[root] >= 0:
            continue
        depth = 1
        path[0] = root
        while depth > 0:
            here = path[depth - 1]
            if order[here] < 0:
                order[here] = low[here] = count
                count += 1
                waiting[held] = here
                held += 1
            if at[here] < first[here + 1]:
                following = to[at[here]]
                at[here] += 1
                if order[following] < 0:
                    path[depth] = following
                    depth += 1
                elif label[following] < 0:
                    low[here] = min(low[here], order[following])
                continue
            if low[here] == order[here]:
                while True:
                    held -= 1
                    label[waiting[held]] = found
                    if waiting[held] == here:
                        break
                found += 1
            depth -= 1
            if depth > 0:
                above = path[depth - 1]
                low[above] = min(low[above], low[here])
    return label


@njit(cache=True, nogil=True)
def _spread(first, to, reached):  # type: ignore[no-untyped-def]
    reached = reached.copy()
    stack = np.empty(len(reached), dtype=np.int32)
    size = 0
    for s in range(len(reached)):
        if reached[s]:
            stack[size] = s
            size += 1
    while size > 0:
        size -= 1
        s = stack[size]
        for t in range(first[s], first[s + 1]):
            if not reached[to[t]]:
                reached[to[t]] = True
                stack[size] = to[t]
                size += 1
    return reached
