"""`audit`: list, verify and archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stroke_map.commands.closures import moment_of, opened_store
from stroke_map.commands.output import as_json, print_json, print_table
from stroke_map.errors import AuditError, InvalidRequestError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from stroke_map.live.audit_chain import Head


@click.group()
def audit() -> None:
    """Look at the log of who read and wrote what, and find whether a line was changed or removed."""


@audit.command("list")
@click.option("--actor", help="Only what this user or key did.")
@click.option("--since", help="Only from this moment on, RFC 3339.")
@click.option("--most", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many lines at most.")
@as_json
def list_(actor: str | None, since: str | None, most: int, *, as_json: bool) -> None:
    """List what was done, the newest first."""
    with opened_store() as store:
        found = store.audit.list(since=moment_of(since, "--since"), actor=actor, most=most)
    if as_json:
        print_json(found)
        return
    columns = ("at", "actor", "role", "action", "path", "address", "edition", "status")
    rows = ([line.get(column, "") for column in columns] for line in found)
    print_table([column.upper() for column in columns], rows)


@audit.command()
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What an earlier `audit verify --json` printed and was kept elsewhere: its ends must still be there.",
)
@as_json
def verify(against: Path | None, *, as_json: bool) -> None:
    """Read every line; exit code 12 when one was changed or removed."""
    from stroke_map.live.audit_reads import gather_left

    anchors = {} if against is None else _anchors(against)
    with opened_store() as store:
        wrong = gather_left(read_settings().audit_dir, store)
        heads, found = store.audit.verify(anchors)
        wrong += found
    if wrong:
        raise AuditError(f"{len(wrong):,} places are not as they were written", problems=wrong)
    if as_json:
        print_json({chain: {"number": head.number, "hash": head.hash} for chain, head in heads.items()})
    else:
        print_table(("CHAIN", "LINES", "HASH OF THE LAST"), [(c, head.number, head.hash) for c, head in heads.items()])


@audit.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--older-than", "days", type=click.IntRange(min=1), required=True, help="Days that stay in the database.")
@as_json
def archive(folder: Path, days: int, *, as_json: bool) -> None:
    """Bring old lines into a new file of FOLDER and take them out of the database; `audit verify` still proves the rest whole."""
    from stroke_map.live.audit_archive import archive as bring
    from stroke_map.live.audit_reads import gather_left

    now = datetime.now(UTC)
    with opened_store() as store:
        if wrong := gather_left(read_settings().audit_dir, store):
            raise AuditError(f"{len(wrong):,} places are not as they were written", problems=wrong)
        done = bring(store, folder, before=now - timedelta(days=days), now=now)
    if as_json:
        print_json({"file": str(done.file) if done else None, "lines": done.lines if done else 0})
    else:
        click.echo(f"{done.lines:,} lines of {done.chains:,} chains are in {done.file}" if done else "Nothing is older")


def _anchors(file: Path) -> dict[str, Head]:
    import orjson

    from stroke_map.live.audit_chain import Head

    try:
        told = orjson.loads(file.read_bytes())
        return {chain: Head(int(head["number"]), str(head["hash"])) for chain, head in told.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidRequestError(f"{file.name} is not what `audit verify --json` prints", next_step="Give another file.") from None  # fmt: skip
