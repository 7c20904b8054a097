"""The audit log in the database: who wrote what, in the transaction that wrote it; and the reads, gathered from their files.

Whoever lets somebody in says so with `AuditLog.begin`. From then on every transaction of that thread that writes ends with a line of
its own: both are kept, or neither. What nobody in particular does (migrating, delivering) leaves no line.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import insert, select, text, update

from stroke_map.errors import AuditError
from stroke_map.live.account_tables import audit, audit_chains
from stroke_map.live.audit_chain import ARCHIVED, WRITES, Head, Link, Seal, beginning, link, problems
from stroke_map.live.database import insert_if_absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row, Select

    from stroke_map.live.store import LiveStore

CHAIN_OPENED: Final = "audit.open"


@dataclass
class Deed:
    """What is being done: who does it and from where, what the next line says besides, and whether anything was written so far."""

    facts: dict[str, Any]
    about: dict[str, Any] = field(default_factory=dict)
    written: bool = False


_deed: ContextVar[Deed | None] = ContextVar("stroke_map.deed", default=None)


class AuditLog:
    """The audit log of a `LiveStore`; every method raises LiveStoreError when its database is away."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store

    @staticmethod
    def begin(facts: Mapping[str, Any]) -> Deed:
        """Say who does what from now on in this thread: `actor`, `role`, `action`, from where ..."""
        deed = Deed(dict(facts))
        _deed.set(deed)
        return deed

    @staticmethod
    def end() -> None:
        """From now on nobody in particular does anything in this thread."""
        _deed.set(None)

    @contextmanager
    def doing(self, **facts: Any) -> Iterator[None]:
        """Say who does what in this block."""
        token = _deed.set(Deed(facts))
        try:
            yield
        finally:
            _deed.reset(token)

    @staticmethod
    def mention(**facts: Any) -> None:
        """Add facts to the next line of what is being done, such as the id that something was given."""
        deed = _deed.get()
        if deed is not None:
            deed.about.update(facts)

    def append_deed(self, connection: Connection) -> None:
        """The last thing in a transaction that writes: the line of what is being done, if anything is.

        The end of the chain stays locked from here to the commit, so it comes last and holds others up least.
        """
        deed = _deed.get()
        if deed is not None:
            deed.written, about, deed.about = True, deed.about, {}
            self.append(connection, deed.facts | ({"about": about} if about else {}))

    def append(self, connection: Connection, facts: Mapping[str, Any]) -> None:
        """Add a line to the chain of writes."""
        head, _ = self._lock(connection, WRITES)
        self._insert(connection, WRITES, [link(WRITES, head, {"at": datetime.now(UTC), **facts})])

    def gather(self, chain: str, links: Sequence[Link]) -> Head:
        """Take lines of a read chain that are not in the database yet; returns the end of the chain.

        Raises
        ------
        AuditError
            They do not follow what is there.
        """
        with self._store.writing() as connection:
            head, is_new = self._lock(connection, chain)
            further = [found for found in links if found.number > head.number]
            if wrong := list(problems(chain, further, None, head)):
                raise AuditError(f"a file of the audit log is not whole: {wrong[0]}", problems=wrong)
            if is_new:  # a chain that is taken away as a whole is missed: the chain of writes names it
                self.append(connection, {"action": CHAIN_OPENED, "opened": chain})
            return self._insert(connection, chain, further) if further else head

    @staticmethod
    def _lock(connection: Connection, chain: str) -> tuple[Head, bool]:
        end = select(audit_chains).where(audit_chains.c.chain == chain).with_for_update()
        row, is_new = connection.execute(end).one_or_none(), False
        if row is None:
            start = {"chain": chain, "number": 0, "hash": beginning(chain).hash}
            is_new = insert_if_absent(connection, audit_chains, start)
            row = connection.execute(end).one()
        return Head(row.number, row.hash), is_new

    @staticmethod
    def _insert(connection: Connection, chain: str, links: Sequence[Link]) -> Head:
        rows = [
            {"chain": chain, "number": one.number, "at": one.at(), "line": one.line, "hash": one.hash} for one in links
        ]
        connection.execute(insert(audit), rows)
        end = links[-1].head
        connection.execute(
            update(audit_chains).where(audit_chains.c.chain == chain).values(number=end.number, hash=end.hash)
        )
        return end

    def list(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
        action: str | None = None,
        writes: bool = False,
        skip: int = 0,
        most: int = 1000,
    ) -> Sequence[dict[str, Any]]:
        """What was done from `since` to before `until`, the newest first: each line as it was written, but for the first `skip`.

        With `writes` only what changed something, without all that was read and refused.
        """
        wanted = select(audit.c.number, audit.c.line, audit.c.hash).order_by(
            audit.c.at.desc(), audit.c.chain, audit.c.number.desc()
        )
        if since is not None:
            wanted = wanted.where(audit.c.at >= since)
        if until is not None:
            wanted = wanted.where(audit.c.at < until)
        if writes:
            wanted = wanted.where(audit.c.chain == WRITES)
        asked = {name: value for name, value in (("actor", actor), ("action", action)) if value is not None}
        for (
            name,
            value,
        ) in asked.items():  # most are left out where they lie; a line that only mentions it is left out below
            wanted = wanted.where(audit.c.line.contains(orjson.dumps({name: value}).decode()[1:-1], autoescape=True))
        found: list[dict[str, Any]] = []
        with self._store.reading() as connection, _rows(connection, wanted) as rows:
            for row in rows:
                record = Link(row.number, row.line, row.hash).record()
                if all(record.get(name) == value for name, value in asked.items()):
                    found.append(record)
                if len(found) >= skip + most:
                    break
        return found[skip:]

    def verify(self, anchors: Mapping[str, Head] | None = None) -> tuple[dict[str, Head], Sequence[str]]:
        """Look at every line: the end of each chain, and what is wrong with any, in words.

        Parameters
        ----------
        anchors
            Ends that an earlier `verify` gave and that were kept elsewhere: each must still be in its chain, for whoever can write
            to the database could have made a chain anew.
        """
        wrong: list[str] = []
        with self._store.reading() as connection:
            if self._store.file is None:  # all of it as at one moment; SQLite gives that by itself
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            heads = {row.chain: Head(row.number, row.hash) for row in connection.execute(select(audit_chains))}
            known = set(heads) | set(connection.execute(select(audit.c.chain).distinct()).scalars())
            anchors, seal = anchors or {}, seal_of(connection)
            opened = {WRITES, *seal.ends}
            for chain in sorted(known | set(anchors)):
                begins = seal.ends.get(chain, beginning(chain))
                lines = lines_after(connection, chain, begins.number)
                followed = _followed(chain, lines, anchor=anchors.get(chain), begins=begins, opened=opened, wrong=wrong)
                wrong += problems(chain, followed, heads.get(chain, begins), begins)
        wrong += [f"{chain}: was begun, and is gone" for chain in sorted(opened - known - seal.over - {WRITES})]
        wrong += [f"{chain}: nobody began it" for chain in sorted(set(heads) - opened)]
        return heads, wrong


def seal_of(connection: Connection) -> Seal:
    """What was archived last, as the chain of writes says."""
    wanted = select(audit.c.number, audit.c.line, audit.c.hash).where(audit.c.chain == WRITES)
    wanted = wanted.where(audit.c.line.contains(f'"action":"{ARCHIVED}"', autoescape=True))
    with _rows(connection, wanted.order_by(audit.c.number.desc())) as rows:
        for row in rows:
            record = Link(row.number, row.line, row.hash).record()
            if record.get("action") == ARCHIVED:
                return Seal.of(record)
    return Seal()


@contextmanager
def _rows(connection: Connection, wanted: Select[Any]) -> Iterator[Iterator[Row[Any]]]:
    """Rows that come a thousand at a time: the log may be larger than the memory."""
    with connection.execute(wanted, execution_options={"yield_per": 1000}) as result:
        yield iter(result)


def lines_after(connection: Connection, chain: str, number: int) -> Iterator[tuple[Link, datetime]]:
    """The lines of a chain behind that one, and under which moment each is filed."""
    wanted = select(audit).where(audit.c.chain == chain, audit.c.number > number).order_by(audit.c.number)
    with _rows(connection, wanted) as rows:
        for row in rows:
            yield Link(row.number, row.line, row.hash), row.at


def _followed(
    chain: str,
    lines: Iterator[tuple[Link, datetime]],
    *,
    anchor: Head | None,
    begins: Head,
    opened: set[str],
    wrong: list[str],
) -> Iterator[Link]:
    """The lines of a chain; what only the database knows of them is looked at on the way."""
    # An end that lies in the archive is held to nothing here.
    met = anchor is None or anchor.number < begins.number or anchor in {begins, Head(0, anchor.hash)}
    for one, at in lines:
        try:
            record, told_at = one.record(), one.at()
        except ValueError:
            record, told_at = {}, at
        if told_at != at:
            wrong.append(f"{chain}: line {one.number} is filed under another moment")
        if chain == WRITES and record.get("action") == CHAIN_OPENED:
            opened.add(str(record.get("opened")))
        met = met or one.head == anchor
        yield one
    if not met and anchor is not None:
        wrong.append(f"{chain}: line {anchor.number} is not what it was")
