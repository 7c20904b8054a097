"""`status`: set, list, clear."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from stroke_map.commands.closures import opened_store, this_user
from stroke_map.commands.output import as_json, print_json, print_table
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.editions import Edition
    from stroke_map.live import HospitalStatus

#: `stroke_map.live.statuses.TROUBLES`, which would take long to import; a test holds the two together.
KINDS = ("diversion", "full", "ct_down", "cath_lab_down")


@click.group()
def status() -> None:
    """Say what hospitals cannot do now; answers know it from the next question on."""


@status.command("set")
@click.argument("hospital")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--until", help="When it ends by itself, RFC 3339; when left out, someone must say it again in time.")
@click.option("--reason", required=True, help="Why.")
@click.option("--author", help="Who says so; the name of this user when left out.")
@as_json
def set_(hospital: str, *, as_json: bool, **fields: Any) -> None:
    """Say that KIND holds of the hospital with the id HOSPITAL; said again it is confirmed."""
    _say(hospital, {name: value for name, value in fields.items() if value is not None}, as_json=as_json)


@status.command()
@click.argument("hospital")
@click.option("--kind", "ends", type=click.Choice(KINDS), multiple=True, help="Only this; may be repeated.")
@click.option("--reason", default="over", show_default=True, help="Why.")
@click.option("--author", help="Who says so; the name of this user when left out.")
@as_json
def clear(hospital: str, ends: tuple[str, ...], reason: str, author: str | None, *, as_json: bool) -> None:
    """Say that what was said of HOSPITAL is over; it stays on record for 400 days."""
    fields = {"kind": "open", "ends": list(ends) or None, "reason": reason, "author": author}
    _say(hospital, fields, as_json=as_json)


def _say(hospital: str, fields: dict[str, Any], *, as_json: bool) -> None:
    from stroke_map.editions import open_published
    from stroke_map.web.statuses import read_status, record, recorded_json

    settings, now = read_settings(), datetime.now(UTC)
    edition = open_published(settings.geodata_dir)
    said = read_status(hospital, fields, edition, settings, now=now, by=this_user())
    with opened_store() as store:
        ended = record(store, said, now=now)
        current = store.statuses.list(now=now, hospital_id=hospital)
    if as_json:
        told = [[recorded_json(status, edition, now) for status in some] for some in (current, ended)]
        print_json({"statuses": told[0], "ended": told[1]})
    else:
        _print(current, edition, now)


@status.command("list")
@click.option("--hospital", help="Only those of the hospital with this id.")
@click.option("--all", "include_ended", is_flag=True, help="The history too.")
@as_json
def list_(hospital: str | None, *, include_ended: bool, as_json: bool) -> None:
    """List what holds of hospitals, and what ran out and was not confirmed."""
    from stroke_map.editions import open_published
    from stroke_map.web.statuses import recorded_json

    edition, now = open_published(read_settings().geodata_dir), datetime.now(UTC)
    with opened_store() as store:
        found = store.statuses.list(now=now, hospital_id=hospital, include_ended=include_ended)
    if as_json:
        print_json([recorded_json(status, edition, now) for status in found])
    else:
        _print(found, edition, now)


def _print(found: Sequence[HospitalStatus], edition: Edition, now: datetime) -> None:
    names = {hospital.id: hospital.name_zh for hospital in edition.hospitals}
    rows = (
        (
            s.hospital_id,
            names.get(s.hospital_id, ""),
            s.kind,
            s.state(now),
            s.until.astimezone().isoformat(" ", "minutes"),
            s.author,
            s.reason,
        )
        for s in found
    )
    print_table(("ID", "HOSPITAL", "KIND", "STATE", "UNTIL", "AUTHOR", "REASON"), rows)
