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
from stroke_map.live.audit_chain import ARCHIVED, WRITES, Head, Link, Seal, beginning, problems
from stroke_map.live.audit_reads import CHAIN_CLOSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from sqlalchemy import Connection

    from stroke_map.live.store import LiveStore

_MOST_DELETED: Final = 2000  # lines in one transaction: alerts wait for it
_MOST_READ: Final = (
    1000  # lines in one transaction, over before they are written: PostgreSQL ends one that waits for a disk
)


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
        The log is not whole, or was archived by somebody else meanwhile: it stays as it is.
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
        over = {chain for chain in news if heads[chain] == ends[chain] and _is_closed(connection, chain, ends[chain])}
        seal = _seal(connection, ends, over, earlier) if news else earlier
    if not news:
        _take_away(store, earlier)
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"audit-{now:%Y%m%dT%H%M%SZ}.jsonl"
    _write(store, file, news, earlier)
    with store.writing() as connection:
        connection.execute(delete(audit_chains).where(audit_chains.c.chain.in_(sorted(over))))
        store.audit.append(connection, {"action": ARCHIVED, "file": file.name, "archived": seal.told()})
        if not _was_alone(connection, heads[WRITES]):
            file.unlink()
            raise _changed(["another archive was made meanwhile"])
    _take_away(store, seal)
    lines = sum(end.number - _begins(chain, earlier).number for chain, end in news.items())
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


def _write(store: LiveStore, file: Path, ends: Mapping[str, Head], earlier: Seal) -> None:
    """Write the lines as the files of reads have them, and be sure of them; a file that does not hold all of them does not stay."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:  # noqa: PTH123  for the mode
        try:
            for chain, end in sorted(ends.items()):
                _write_chain(store, opened, chain, _begins(chain, earlier), end)
            opened.flush()
            os.fsync(opened.fileno())
        except BaseException:
            file.unlink()
            raise
    within = os.open(file.parent, os.O_RDONLY)
    os.fsync(within)
    os.close(within)


def _write_chain(store: LiveStore, opened: BinaryIO, chain: str, begins: Head, end: Head) -> None:
    # Read after the seal was made: held against it here, whatever was done to the log meanwhile.
    if wrong := list(problems(chain, _written(store, opened, chain, begins, end), end, begins)):
        raise _changed(wrong)


def _written(store: LiveStore, opened: BinaryIO, chain: str, begins: Head, end: Head) -> Iterator[Link]:
    """The lines of a chain behind `begins` up to `end`, each when it is in the file."""
    wanted = select(audit.c.number, audit.c.line, audit.c.hash).order_by(audit.c.number).limit(_MOST_READ)
    wanted = wanted.where(audit.c.chain == chain, audit.c.number <= end.number)
    number = begins.number
    while number < end.number:
        with store.reading() as connection:
            rows = connection.execute(wanted.where(audit.c.number > number)).all()
        if not rows:
            return
        for row in rows:
            opened.write(f"{row.hash} {row.line}\n".encode())
            yield Link(row.number, row.line, row.hash)
        number = rows[-1].number


def _was_alone(connection: Connection, since: Head) -> bool:
    """Whether nobody else has archived since then; asked behind one's own line, before which nobody writes any more."""
    told = [one.record().get("action") for one, _ in lines_after(connection, WRITES, since.number)]
    return told.count(ARCHIVED) == 1


def _changed(wrong: Sequence[str]) -> AuditError:
    return AuditError(
        "The audit log was changed while it was archived, and stays as it is.",
        problems=wrong,
        next_step="Run `stroke-map audit verify`: where it finds nothing, another `audit archive` was quicker.",
    )


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
