"""`closure`: add, list, end."""

from __future__ import annotations

import getpass
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stroke_map.commands.output import as_json, print_json, print_table, say
from stroke_map.errors import ClosureError, InvalidRequestError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stroke_map.live import Closure, LiveStore
    from stroke_map.live.checking import Checked

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def closure() -> None:
    """Record, list and end closures and slow-downs of roads; answers avoid them from the next question on."""


@contextmanager
def opened_store() -> Iterator[LiveStore]:
    """The database of live state; what the command writes there stands in the audit log under this user's name."""
    from stroke_map.live import LiveStore

    store = LiveStore(read_settings())
    with closing(store):
        store.migrate()
        context = click.get_current_context()
        # Whatever the program was started as.
        command = "stroke-map" + context.command_path.removeprefix(context.find_root().command_path)
        with store.audit.doing(actor=this_user(), role="command line", action=command):
            yield store


def this_user() -> str:
    """Who runs this; a container may have no name for its user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "command line"


@closure.command()
@click.option("--file", type=_FILE, help="GeoJSON FeatureCollection, or JSON list, of up to 10,000 entries.")
@click.option("--skip-bad", is_flag=True, help="With --file: record the sound entries even when others are refused.")
@click.option("--geometry", "geometry_file", type=_FILE, help="GeoJSON file: a line along the roads, or a polygon.")
@click.option("--way", "ways", type=int, multiple=True, help="OpenStreetMap way id, instead; may be repeated.")
@click.option("--slow", "factor", type=float, help="Slow, not closed: how many times the travel time it takes.")
@click.option("--crs", help="System of the geometry: WGS-84 (default), GCJ-02 or BD-09.")
@click.option("--direction", help="both (default), forward or backward: relative to the line as drawn, or to the way.")
@click.option("--from", "from_", help="When it begins, RFC 3339; now when left out.")
@click.option("--until", help="When it ends by itself, RFC 3339; when left out, someone must end it.")
@click.option("--layer", type=int, help="Only roads with this layer tag, for example 1 on a bridge.")
@click.option("--reason", help="Why.")
@click.option("--author", help="Who says so; the name of this user when left out.")
@as_json
def add(*, file: Path | None, skip_bad: bool, as_json: bool, **options: Any) -> None:
    """Record one closure from its options, or those of a file: all of them, or none if any is refused."""
    from stroke_map.editions import open_published
    from stroke_map.live.checking import check_all
    from stroke_map.live.files import read_entries

    given = {name: value for name, value in options.items() if value not in (None, ())}
    if file is not None and given:
        raise InvalidRequestError("--file takes every field from the file", next_step="Leave the other options out.")
    entries = [_entry(given)] if file is None else read_entries(file)
    settings, now = read_settings(), datetime.now(UTC)
    sound, problems = check_all(entries, open_published(settings.geodata_dir), now=now)
    refused = len({problem["entry"] for problem in problems})
    if problems and not (skip_bad and sound):
        raise ClosureError(f"{refused:,} of {len(entries):,} refused; nothing was recorded", problems=problems)
    with opened_store() as store:
        recorded = store.closures.add(*(checked.closure for checked in sound), now=now)
    _print_added(recorded, sound, problems, now, as_json=as_json)


def _entry(options: dict[str, Any]) -> dict[str, Any]:
    """An entry of a file, from the options of the command."""
    from stroke_map.live.entry import parse_json

    entry = {name.rstrip("_"): value for name, value in options.items() if name not in {"geometry_file", "ways"}}
    if "factor" in entry:
        entry["kind"] = "slow"
    if "ways" in options:
        entry["ways"] = list(options["ways"])
    if "geometry_file" in options:
        document = parse_json(options["geometry_file"].read_bytes())
        is_feature = isinstance(document, dict) and document.get("type") == "Feature"
        entry["geometry"] = document["geometry"] if is_feature and "geometry" in document else document
    return {"author": this_user()} | entry


def _print_added(
    recorded: Sequence[Closure],
    sound: list[Checked],
    problems: list[dict[str, Any]],
    now: datetime,
    *,
    as_json: bool,
) -> None:
    for problem in problems:
        say(f"entry {problem['entry']} refused: {problem['field']} {problem['problem']}")
    for closure, checked in zip(recorded, sound, strict=True):
        for _, text in checked.warnings:
            say(f"closure {closure.id}: {text}")
    if as_json:
        told = [
            {"closure": closure.as_json(now), "stretches": checked.stretches}
            for closure, checked in zip(recorded, sound, strict=True)
        ]
        print_json({"added": told, "refused": problems})
    else:
        click.echo(
            f"Recorded {len(recorded):,}: {', '.join(str(closure.id) for closure in recorded[:20])}{' ...' * (len(recorded) > 20)}"
        )


@closure.command("list")
@click.option("--at", help="Only those that hold at this moment, RFC 3339.")
@click.option("--all", "include_ended", is_flag=True, help="Also those that are over.")
@as_json
def list_(at: str | None, *, include_ended: bool, as_json: bool) -> None:
    """List closures and slow-downs that hold now or later."""
    now = datetime.now(UTC)
    with opened_store() as store:
        found = store.closures.list(now=now, at=moment_of(at, "--at"), include_ended=include_ended)
    if as_json:
        print_json([closure.as_json(now) for closure in found])
        return
    rows = (
        (
            c.id,
            "over" if c.is_over(now) else "active" if c.is_active(now) else "later",
            c.kind if c.factor is None else f"slow x{c.factor:g}",
            c.begins.astimezone().isoformat(" ", "minutes"),
            c.until.astimezone().isoformat(" ", "minutes") if c.until else "until ended",
            c.author,
            c.reason,
        )
        for c in found
    )
    print_table(("ID", "STATE", "KIND", "FROM", "UNTIL", "AUTHOR", "REASON"), rows)


def moment_of(text: str | None, option: str) -> datetime | None:
    """A moment of the command line; without an offset it is this machine's time."""
    from stroke_map.moments import read_moment

    if text is None:
        return None
    try:
        return read_moment(text).astimezone()
    except ValueError as error:
        raise InvalidRequestError(
            f"{option} {error}", next_step="Use something like 2026-05-01T20:30:00+08:00."
        ) from None


@closure.command()
@click.argument("closure_id", type=int)
@click.option("--by", help="Who ends it; the name of this user when left out.")
@as_json
def end(closure_id: int, by: str | None, *, as_json: bool) -> None:
    """End the closure CLOSURE_ID from the next question on; it stays on record."""
    now = datetime.now(UTC)
    with opened_store() as store:
        ended = store.closures.end(closure_id, by or this_user(), now=now)
    if as_json:
        print_json(ended.as_json(now))
    else:
        click.echo(f"Ended closure {ended.id}")
