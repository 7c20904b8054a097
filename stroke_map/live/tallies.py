"""Marks of cases as tables of whole numbers, and the medians and shares that are read off them: tens of thousands in milliseconds."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from stroke_map.live.quality import Mark

    Rows = NDArray[np.int32]

#: The rows of a table: of which case (0: of deleted ones), month, condition, hospital and measure as numbers of their words, the value,
#: and how many cases. Its columns are in the order of `_place`, so that to group them by whatever is asked is to sort them by that alone.
CASE, MONTH, CONDITION, HOSPITAL, MEASURE, VALUE, CASES = range(7)
NO_ROWS: Final[Rows] = np.empty((7, 0), np.int32)


@dataclass(frozen=True, slots=True)
class Values:
    """How many cases have each value of a measure.

    Attributes
    ----------
    values
        Each once, in their order.
    cases_to
        How many cases have this value or a lesser one.
    """

    values: Sequence[int] = ()
    cases_to: Sequence[int] = ()

    @property
    def cases(self) -> int:
        """How many have any."""
        return self.cases_to[-1] if self.cases_to else 0

    @property
    def median(self) -> float | None:
        """The value in the middle, or between the two there; None where there is none."""
        if not self.values:
            return None
        low, high = (self.cases - 1) // 2, self.cases // 2  # the places of both, counted from 0
        return sum(self.values[bisect_right(self.cases_to, place)] for place in (low, high)) / 2

    def within(self, limit: float) -> int:
        """How many are no greater."""
        lesser = bisect_right(self.values, limit)
        return self.cases_to[lesser - 1] if lesser else 0


Tally = defaultdict[str, Values]


class Words:
    """Months, conditions, hospitals and measures as numbers, in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        """That of a word, which may be new."""
        return self._numbers.setdefault(word, len(self._numbers))

    def rows(self, marks: Iterable[tuple[int, Mark, int]]) -> Rows:
        """A table of marks, each with the number of its case and how many cases have it."""
        number = self.number
        table = [
            (case, number(mark[0]), number(mark[1]), number(mark[2]), number(mark[3]), mark[4], cases)
            for case, mark, cases in marks
        ]
        return with_more(NO_ROWS, np.array(table, np.int32).T) if table else NO_ROWS

    def all(self) -> tuple[str, ...]:
        """Every word, by its number."""
        return tuple(self._numbers)


@dataclass(frozen=True)
class Tallies:
    """Marks of cases, counted; whoever holds them sees no later ones.

    Attributes
    ----------
    words
        By their numbers.
    rows
        A table, see `CASE`.
    """

    words: tuple[str, ...]
    rows: Rows

    def only(
        self,
        first: str,
        last: str,
        *,
        condition: str | None = None,
        hospital: str | None = None,
        measure: str | None = None,
    ) -> Tallies:
        """Those of the months from the first to the last, and of what else is named."""
        months = np.array([first <= word <= last for word in self.words], bool)
        wanted = months[self.rows[MONTH]]
        for row, name in ((CONDITION, condition), (HOSPITAL, hospital), (MEASURE, measure)):
            if name is not None:
                wanted &= np.array([word == name for word in self.words], bool)[self.rows[row]]
        return replace(self, rows=self.rows[:, wanted])

    def newest(self, most: int) -> list[int]:
        """The cases that are still there, the last begun first, `most` at the most."""
        there = np.unique(self.rows[CASE])[::-1]
        return [int(case) for case in there[:most] if case]

    def by(self, key_of: Callable[[str, str], str]) -> dict[tuple[str, str], Tally]:
        """The values of each measure, by what `key_of` says of a month and a hospital and by condition; in the order of both."""
        if not self.rows.size:
            return {}
        size, (_, month, condition, hospital, measure, value, cases) = len(self.words), self.rows
        pair = month * size + hospital
        pairs, keys = np.flatnonzero(np.bincount(pair)), Words()
        key_of_pair = np.zeros(int(pairs[-1]) + 1, np.int16)
        key_of_pair[pairs] = [
            keys.number(key_of(self.words[one // size], self.words[one % size])) for one in pairs.tolist()
        ]
        key = key_of_pair[pair]
        order = np.argsort(key, kind="stable")
        key, condition, measure, value, cases = (row[order] for row in (key, condition, measure, value, cases))
        begins = _begins(key, condition, measure, value)
        key, condition, measure = (row[begins] for row in (key, condition, measure))
        values, numbers = value[begins].tolist(), np.add.reduceat(cases, begins).tolist()
        found: dict[tuple[str, str], Tally] = {}
        names = keys.all()
        groups = _begins(key, condition, measure).tolist()
        for begin, end in pairwise([*groups, len(values)]):
            tally = found.setdefault((names[key[begin]], self.words[condition[begin]]), defaultdict(Values))
            tally[self.words[measure[begin]]] = Values(values[begin:end], list(accumulate(numbers[begin:end])))
        return dict(sorted(found.items()))


def with_more(rows: Rows, more: Rows) -> Rows:
    """A table with more columns, each in its place."""
    places = _place(more)
    order = np.argsort(places)
    return np.insert(rows, np.searchsorted(_place(rows), places[order]), more[:, order], axis=1)


def _place(rows: Rows) -> NDArray[np.int64]:
    """Columns of one condition, measure and value stand together, the values of each in their order."""
    condition, measure, value = rows[[CONDITION, MEASURE, VALUE]].astype(np.int64)
    return condition << 48 | measure << 32 | value


def _begins(*columns: NDArray[np.signedinteger[Any]]) -> NDArray[np.intp]:
    """Where another group begins."""
    another = np.zeros(len(columns[0]), bool)
    another[0] = True
    for column in columns:
        another[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(another)
