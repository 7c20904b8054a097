"""A binary heap for shortest-path searches in compiled code: int64 cost, int32 item, both in plain arrays."""

from __future__ import annotations

import numpy as np

from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)


@njit(cache=True, nogil=True, inline="never")
def push(costs, items, size, cost, item):  # type: ignore[no-untyped-def]
    """Add an entry; returns the (possibly larger) arrays and the new size."""
    if size == len(costs):
        costs = np.concatenate((costs, np.empty_like(costs)))
        items = np.concatenate((items, np.empty_like(items)))
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if costs[above] <= cost:
            break
        costs[at], items[at] = costs[above], items[above]
        at = above
    costs[at], items[at] = cost, item
    return costs, items, size + 1


@njit(cache=True, nogil=True, inline="never")
def pop(costs, items, size):  # type: ignore[no-untyped-def]
    """Remove the cheapest entry, which the caller has read from index 0; returns the new size."""
    size -= 1
    cost, item = costs[size], items[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and costs[below + 1] < costs[below]:
            below += 1
        if costs[below] >= cost:
            break
        costs[at], items[at] = costs[below], items[below]
        at = below
    costs[at], items[at] = cost, item
    return size
