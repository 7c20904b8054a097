"""Arrivals of which only some columns are new: what an amendment needs instead of all trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stroke_map.editions.arrivals import (
    UNREACHABLE,
    Arrivals,
    assemble,
    build_arrivals,
    find_gates,
    grow_trees,
    longest_ms,
    quantised,
    quantum_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork

# Of a table's rows so many are looked at in one go.
_ROWS = 65_536


def amend_arrivals(
    network: RoadNetwork,
    before: Arrivals,
    kept: Sequence[int | None],
    hospitals: Sequence[Hospital],
    progress: Callable[[int, int], None] | None = None,
) -> Arrivals:
    """The table that a full build would give, every byte of it, from an earlier table of the same roads.

    Parameters
    ----------
    before
        The earlier table.
    kept
        For each new column the earlier one of a hospital with the same entrance; None where a tree must grow.
    hospitals
        In the order of the new columns.
    progress
        Called with (trees done, trees in all).
    """
    new = [column for column, old in enumerate(kept) if old is None]
    found = iter(find_gates(network, [hospitals[column] for column in new]) if new else [])
    gates = [next(found) if old is None else before.gate(old) for old in kept]
    left, turns = grow_trees(network, [gates[column] for column in new], progress)
    time = _moved(before.time, kept, UNREACHABLE)
    if _unit(before.quantum_ms, time, left) != before.quantum_ms:
        # The longest drive is another one: the whole table is kept in another unit.
        return build_arrivals(network, gates, progress)
    next_turn = _moved(before.next_turn, kept, 0)
    for column, left_ms, turn in zip(new, left, turns, strict=True):
        time[:, column], next_turn[:, column] = quantised(left_ms, before.quantum_ms), turn
    return assemble(network, gates, before.quantum_ms, time, next_turn)


def _moved(table: np.ndarray, kept: Sequence[int | None], fill: int) -> np.ndarray:
    """The columns of a table where they belong now, and `fill` in those that are new."""
    as_many = len(kept) == table.shape[1]
    moved = np.array(table) if as_many else np.empty((len(table), len(kept)), dtype=table.dtype)
    # Column by column every row would be fetched from memory again for each; neighbours that stay neighbours move together.
    for old, columns in _runs(kept):
        if old is None:
            moved[:, columns] = fill
        elif not as_many or old != columns.start:
            moved[:, columns] = table[:, old : old + columns.stop - columns.start]
    return moved


def _runs(kept: Sequence[int | None]) -> Iterator[tuple[int | None, slice]]:
    """The first old column, None for new ones, of every run of columns that stay side by side, and where the run is now."""
    first = 0
    for column in range(1, len(kept) + 1):
        before, here = kept[column - 1], kept[column] if column < len(kept) else None
        if column == len(kept) or here != (None if before is None else before + 1):
            yield kept[first], slice(first, column)
            first = column


def _unit(quantum_ms: int, kept_time: np.ndarray, left: np.ndarray) -> int | None:
    """The unit of the amended table; None where it cannot be told from rounded times.

    Parameters
    ----------
    kept_time
        uint16[S, H] in units of `quantum_ms`, UNREACHABLE in columns that are new.
    left
        int32[n, S]: the exact milliseconds of these.
    """
    # One more than the longest: "no way" becomes 0, and with it a table without any.
    steps = max((int((kept_time[at : at + _ROWS] + 1).max()) for at in range(0, len(kept_time), _ROWS)), default=0)
    least, most = (steps - 1) * quantum_ms, steps * quantum_ms - 1
    units = {quantum_for(max(longest_ms(left), kept)) for kept in (least, most)}
    return units.pop() if len(units) == 1 else None
