"""Old lines of the audit log, brought into a file and taken out of the database; what stays is proven as before.

The chain of writes says up to where each chain was archived: number and hash of the last line, which the next one names as the one
before. So the rest needs no line of the file, and the file, held against it, is proven by the rest.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select

from stroke_map.errors import AuditError
from stroke_map.live.account_tables import audit, audit_chains
from stroke_map.live.audit import CHAIN_OPENED, lines_after, seal_of
from stroke_map.live.audit_chain import ARCHIVED, WRITES, Head, Link, Seal, beginning
from stroke_map.live.audit_reads import CHAIN_CLOSED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from stroke_map.live.store import LiveStore

_MOST_DELETED: Final = 2000  # lines in one transaction: alerts wait for it


@dataclass(frozen=True, slots=True)
class Archived:
    """What was archived: where it is, and how many lines of how many chains."""

    file: Path
    lines: int
    chains: int


def archive(store: LiveStore, folder: Path, *, before: datetime, now: datetime) -> Archived | None:
    """Bring every line from before a moment into a new file of `folder`, and take it out of the database; None: there is none.

    Of each chain that is what lies before its first line of a later moment. Killed at any moment, the log is whole, and the next
    time removes what this one has left.

    Raises
    ------
    AuditError
        The log is not whole: it stays as it is.
    LiveStoreError
        The database is away.
    OSError
        The file cannot be written; nothing was taken away.
    """
    _, wrong = store.audit.verify()
    if wrong:
        raise AuditError("The audit log is not whole, and stays as it is.", problems=wrong)
    with store.reading() as connection:
        earlier = seal_of(connection)
        heads = {row.chain: Head(row.number, row.hash) for row in connection.execute(select(audit_chains))}
        ends = {chain: _end(connection, chain, earlier, head, before) for chain, head in heads.items()}
        news = {chain: end for chain, end in ends.items() if end != _begins(chain, earlier)}
        if not news:
            _take_away(store, earlier)
            return None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"audit-{now:%Y%m%dT%H%M%SZ}.jsonl"
        lines = _write(connection, file, news, earlier)
        over = {chain for chain in news if heads[chain] == ends[chain] and _is_closed(connection, chain, ends[chain])}
        seal = _seal(connection, ends, over, earlier)
    with store.writing() as connection:
        connection.execute(delete(audit_chains).where(audit_chains.c.chain.in_(sorted(over))))
        store.audit.append(connection, {"action": ARCHIVED, "file": file.name, "archived": seal.told()})
    _take_away(store, seal)
    return Archived(file, lines, len(news))


def _begins(chain: str, seal: Seal) -> Head:
    return seal.ends.get(chain, beginning(chain))


def _end(connection: Connection, chain: str, earlier: Seal, head: Head, before: datetime) -> Head:
    """The last line of a chain that is archived now."""
    begins = _begins(chain, earlier)
    here = audit.c.chain == chain, audit.c.number > begins.number
    first_kept = connection.execute(select(func.min(audit.c.number)).where(*here, audit.c.at >= before)).scalar_one()
    if first_kept is None:
        return head
    row = connection.execute(
        select(audit.c.number, audit.c.hash).where(*here, audit.c.number == first_kept - 1)
    ).one_or_none()
    return begins if row is None else Head(row.number, row.hash)


def _write(connection: Connection, file: Path, ends: Mapping[str, Head], earlier: Seal) -> int:
    """Write the lines as the files of reads have them, and be sure of them; gives how many."""
    count = 0
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:  # noqa: PTH123  for the mode
        for chain, end in sorted(ends.items()):
            for one, _ in lines_after(connection, chain, _begins(chain, earlier).number):
                if one.number > end.number:
                    break
                opened.write(f"{one.hash} {one.line}\n".encode())
                count += 1
        opened.flush()
        os.fsync(opened.fileno())
    within = os.open(file.parent, os.O_RDONLY)
    os.fsync(within)
    os.close(within)
    return count


def _is_closed(connection: Connection, chain: str, end: Head) -> bool:
    """Whether the worker of a chain of reads has said that nothing comes any more."""
    row = connection.execute(select(audit).where(audit.c.chain == chain, audit.c.number == end.number)).one()
    return Link(row.number, row.line, row.hash).record().get("action") == CHAIN_CLOSED


def _seal(connection: Connection, ends: Mapping[str, Head], over: set[str], earlier: Seal) -> Seal:
    """What the chain of writes is to say now: of chains that are nowhere any more nothing, so that it does not grow for ever."""
    opened = set()
    for one, _ in lines_after(connection, WRITES, ends[WRITES].number):
        record = one.record()
        if record.get("action") == CHAIN_OPENED:
            opened.add(record["opened"])
    said = {chain: end for chain, end in ends.items() if end.number or chain not in opened}
    gone = earlier.over & opened
    return Seal(said | {chain: earlier.ends[chain] for chain in gone}, frozenset(over | gone))


def _take_away(store: LiveStore, seal: Seal) -> None:
    """Delete what was archived, some lines at a time."""
    for chain, end in sorted(seal.ends.items()):
        here = audit.c.chain == chain, audit.c.number <= end.number
        with store.reading() as connection:
            first = connection.execute(select(func.min(audit.c.number)).where(*here)).scalar_one()
        for number in range(first or end.number + 1, end.number + 1, _MOST_DELETED):
            with store.writing(audited=False) as connection:
                connection.execute(delete(audit).where(*here, audit.c.number < number + _MOST_DELETED))
