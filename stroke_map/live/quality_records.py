"""What is measured of cases, out of the database: of those that are there, and of those that are deleted.

A process keeps what it has read, and reads only what has changed since. The first reading, of everything, lets others have their turn.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlalchemy import func, select, text

from stroke_map.live.case_tables import alerts, case_tallies, cases
from stroke_map.live.holding import CASE_TOPIC
from stroke_map.live.quality import Mark, marks_of
from stroke_map.live.quality_facts import load_facts
from stroke_map.live.tallies import CASE, CONDITION, MONTH, NO_ROWS, Tallies, Words, with_more

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from stroke_map.live.store import LiveStore
    from stroke_map.live.tallies import Rows
    from stroke_map.live.watch import File

#: Some ten milliseconds of work, and a pause in which whoever waits for the interpreter has it.
_AT_ONCE, _PAUSE_S = 50, 0.002
_NO_MONTH: Final = "9999-12"


class QualityRecords:
    """What was measured, of the cases of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store
        self._known = _Known()
        self._one_reads = threading.Lock()

    def tallies(self, first: str, last: str, *, condition: str | None = None, hospital: str | None = None) -> Tallies:
        """The marks of all cases, each case once, whether it is still there or deleted.

        Parameters
        ----------
        first, last
            Months, "2026-05"; both are counted.
        """
        with self._one_reads:
            known, self._known = self._known, _Known()  # where reading fails, all is read anew
            file = self._file()
            with self._store.reading() as connection:
                _hold_still(connection)
                (version,) = self._store.read_versions(connection, CASE_TOPIC)
                if file != known.file or version < known.version:  # a backup was restored
                    known = _Known(file)
                known.refresh(connection, version, first)
            self._known = known
            found = known.tallies()
        return found.only(first, last, condition=condition, hospital=hospital)

    def warm(self, now: datetime) -> None:
        """Read what the first who asks for the figures of the last year would wait for."""
        self.tallies(f"{now.year - 1}-{now.month:02}", f"{now:%Y-%m}")

    def overrides(self, of: Tallies, *, most: int) -> Sequence[dict[str, Any]]:
        """Of the cases of `of` those that are still there and went elsewhere than the answer put first, and why; the newest first."""
        names = ("id", "month", "condition", "first_choice", "hospital_id", "override_reason")
        ids = of.only("", _NO_MONTH, measure="overridden").newest(most)
        wanted = select(*(cases.c[name] for name in names)).where(cases.c.id.in_(ids)).order_by(cases.c.id.desc())
        with self._store.reading() as connection:
            return [{name: getattr(row, name) for name in names} for row in connection.execute(wanted)]

    def _file(self) -> File | None:
        """Which file the database is; None for PostgreSQL."""
        with suppress(OSError):
            if self._store.file is not None:
                status = self._store.file.stat()
                return status.st_dev, status.st_ino
        return None


@dataclass
class _Known:
    """What was read.

    Attributes
    ----------
    file
        Which one was read; None for PostgreSQL.
    version
        Of the topic, up to which all is known.
    since
        The first month of which deleted cases are known.
    ids
        Every case that is there.
    kept
        How many marks of deleted cases are known, by month and condition.
    """

    file: File | None = None
    version: int = 0
    since: str = _NO_MONTH
    ids: set[int] = field(default_factory=set)
    kept: dict[tuple[str, str], int] = field(default_factory=dict)
    words: Words = field(default_factory=Words)
    rows: Rows = field(default_factory=NO_ROWS.copy)

    def tallies(self) -> Tallies:
        """All of it; what is read later is not in it."""
        return Tallies(self.words.all(), self.rows)

    def refresh(self, connection: Connection, version: int, first: str) -> None:
        """Read what has changed, and deleted cases from the month `first` on."""
        if version != self.version:
            newest = max(self.ids, default=0)
            self._read_cases(connection, self._changed(connection))
            # Cases that are gone: of those known, and of those that came and went since. Their marks are among the kept ones now.
            came = max(self.ids, default=0) - newest - sum(case > newest for case in self.ids)
            count = connection.execute(select(func.count()).select_from(cases)).scalar_one()
            if came or count != len(self.ids) or not self.version:
                there = set(connection.execute(select(cases.c.id)).scalars())
                self._drop(np.isin(self.rows[CASE], list(self.ids - there)))
                self.ids &= there
                self._read_kept(connection)
            self.version = version
        if first < self.since:
            self.since = first
            self._read_kept(connection)

    def _changed(self, connection: Connection) -> list[int]:
        """The cases of which anything has changed."""
        of_cases = select(cases.c.id).where(cases.c.changed > self.version)
        of_alerts = select(alerts.c.case_id).where(alerts.c.changed > self.version)
        return list(connection.execute(of_cases.union(of_alerts)).scalars())

    def _read_cases(self, connection: Connection, ids: list[int]) -> None:
        self._drop(np.isin(self.rows[CASE], ids))
        self.ids.update(ids)
        found = []
        for place in range(0, len(ids), _AT_ONCE):
            if place:
                time.sleep(_PAUSE_S)
            of_cases = load_facts(connection, ids[place : place + _AT_ONCE])
            found.append(self.words.rows((case, mark, 1) for case, facts in of_cases for mark in marks_of(facts)))
        self._add(found)

    def _read_kept(self, connection: Connection) -> None:
        """Read the marks of deleted cases, of the months and conditions of which there are others by now."""
        of = case_tallies.c
        numbers = select(of.month, of.condition, func.sum(of.cases)).group_by(of.month, of.condition)
        there = {(row[0], row[1]): row[2] for row in connection.execute(numbers.where(of.month >= self.since))}
        found = []
        for month, condition in [pair for pair in there | self.kept if there.get(pair) != self.kept.get(pair)]:
            of_month, of_condition = self.words.number(month), self.words.number(condition)
            self._drop((self.rows[CASE] == 0) & (self.rows[MONTH] == of_month) & (self.rows[CONDITION] == of_condition))
            wanted = select(case_tallies).where(of.month == month, of.condition == condition)
            found.append(self.words.rows((0, Mark(*row[:5]), row[5]) for row in connection.execute(wanted)))
            time.sleep(_PAUSE_S)
        self._add(found)
        self.kept = there

    def _drop(self, which: NDArray[np.bool_]) -> None:
        if which.any():
            self.rows = self.rows[:, ~which]

    def _add(self, tables: Sequence[Rows]) -> None:
        if tables:
            self.rows = with_more(self.rows, np.concatenate(tables, axis=1))


def _hold_still(connection: Connection) -> None:
    """See the database as it is now until the end: a case that is deleted meanwhile would count twice, or not at all."""
    if connection.dialect.name == "postgresql":  # SQLite does so by itself
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
