"""Arrivals of which only some columns are new: what an amendment needs instead of all trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stroke_map.editions.arrivals import (
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
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork

# Of a table's rows so many are moved in one go: what fits into the processor's own memory.
_ROWS = 8_192


def amend_arrivals(
    network: RoadNetwork, before: Arrivals, kept: Sequence[int | None], hospitals: Sequence[Hospital], folder: Path
) -> Arrivals:
    """Save the table that a full build would give, every byte of it, from an earlier table of the same roads.

    Parameters
    ----------
    before
        The earlier table.
    kept
        For each new column the earlier one of a hospital with the same entrance; None where a tree must grow.
    hospitals
        In the order of the new columns.
    folder
        Where it is saved.
    """
    new = [column for column, old in enumerate(kept) if old is None]
    found = iter(find_gates(network, [hospitals[column] for column in new]) if new else [])
    gates = [next(found) if old is None else before.gate(old) for old in kept]
    left, turns = grow_trees(network, [gates[column] for column in new])
    folder.mkdir(parents=True, exist_ok=True)
    steps = _write(folder / "time.npy", before.time, kept, quantised(left, before.quantum_ms))
    if _unit(before.quantum_ms, steps, left) == before.quantum_ms:
        _write(folder / "next_turn.npy", before.next_turn, kept, turns)
        large = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("time", "next_turn")}
        table = assemble(network, gates, before.quantum_ms, **large)
        table.save(folder, there=large)
    else:
        # The longest drive is another one: the whole table is kept in another unit.
        table = build_arrivals(network, gates)
        table.save(folder)
    return table


def _write(path: Path, table: np.ndarray, kept: Sequence[int | None], new: np.ndarray) -> int:
    """Write the columns of a table where they belong now, and new ones between them, as `np.save` would.

    Some rows at a time: a table has hundreds of megabytes, and memory for it costs more than all else.

    Parameters
    ----------
    new
        [n, S] the new columns.

    Returns
    -------
    One more than the largest number in the columns that were kept; where nothing is the largest that there can be, it counts as 0.
    """
    is_new = np.array([old is None for old in kept])
    nothing = np.iinfo(table.dtype).max
    runs, steps = list(_runs(kept)), 0
    room = np.empty((_ROWS, len(kept)), dtype=table.dtype)
    with path.open("wb") as stream:
        header = {"descr": table.dtype.str, "fortran_order": False, "shape": (len(table), len(kept))}
        np.lib.format.write_array_header_1_0(stream, header)
        for at in range(0, len(table), _ROWS):
            before = table[at : at + _ROWS]
            rows = room[: len(before)]
            # Neighbours that stay neighbours move together: column by column every row would be fetched from memory for each.
            for old, columns in runs:
                rows[:, columns] = nothing if old is None else before[:, old : old + columns.stop - columns.start]
            steps = max(steps, int((rows + 1).max(initial=0)))
            rows[:, is_new] = new[:, at : at + _ROWS].T
            stream.write(rows.data)
    return steps


def _runs(kept: Sequence[int | None]) -> Iterator[tuple[int | None, slice]]:
    """The first old column, None for new ones, of every run of columns that stay side by side, and where the run is now."""
    first = 0
    for column in range(1, len(kept) + 1):
        before, here = kept[column - 1], kept[column] if column < len(kept) else None
        if column == len(kept) or here != (None if before is None else before + 1):
            yield kept[first], slice(first, column)
            first = column


def _unit(quantum_ms: int, steps: int, left: np.ndarray) -> int | None:
    """The unit of the amended table; None where it cannot be told from rounded times.

    Parameters
    ----------
    steps
        One more than the longest time that is kept, in units of `quantum_ms`; 0: none is.
    left
        int32[n, S]: the exact milliseconds of the new columns.
    """
    least, most = (steps - 1) * quantum_ms, steps * quantum_ms - 1
    units = {quantum_for(max(longest_ms(left), kept)) for kept in (least, most)}
    return units.pop() if len(units) == 1 else None
