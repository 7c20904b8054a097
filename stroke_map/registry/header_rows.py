"""Where in a sheet the header stands, in one row or in two, and which column is which."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from stroke_map.registry.headers import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.registry.tables import SheetCells

_FEWEST: Final = 2  # fewer known columns, and it is no header but a word in passing


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet: the number of its last row, what stands above each column, and what that means."""

    row: int
    texts: dict[int, str]
    names: dict[int, str | None]

    @property
    def known(self) -> set[str]:
        """The columns that it has."""
        return {name for name in self.names.values() if name}

    @property
    def is_of_hospitals(self) -> bool:
        """Whether the rows below have an id and say something."""
        return "id" in self.known and len(self.known) >= _FEWEST


def find_header(rows: Sequence[tuple[int, SheetCells]]) -> Header:
    """Find the row, or the two rows one below the other, whose texts are known as headers most often.

    Parameters
    ----------
    rows
        The first rows of the sheet that are not blank, at least one, merged cells filled across.
    """
    plain = [(row, {at: text for at, text in cells.items() if isinstance(text, str)}) for row, cells in rows]
    single = [_single(row, texts) for row, texts in plain]
    double = [_double(row, upper, texts) for (above, upper), (row, texts) in pairwise(plain) if above == row - 1]
    return max((*single, *double), key=lambda header: len(header.known))  # the first of those with as many


def _single(row: int, texts: dict[int, str]) -> Header:
    return Header(row, texts, {column: canonical(text) for column, text in texts.items()})


def _double(row: int, upper: dict[int, str], lower: dict[int, str]) -> Header:
    """A header of two rows: 静脉溶栓 above 状态, 时间 and 有效期至, merged or with blank cells to its right."""
    texts: dict[int, str] = {}
    names: dict[int, str | None] = {}
    group = ""
    for column in sorted(upper.keys() | lower.keys()):
        above, below = upper.get(column, ""), lower.get(column, "")
        group = above or group
        texts[column] = above if not below or below == above else f"{group} {below}".strip()
        names[column] = canonical(texts[column])
        beside = (upper.get(column - 1, ""), upper.get(column + 1, ""))
        # Above several columns may also stand 基本信息, which says nothing; above one, the first row of data is below.
        if names[column] is None and below and (above in {"", *beside} or not beside[1]):
            names[column] = canonical(below)
    return Header(row, texts, names)
