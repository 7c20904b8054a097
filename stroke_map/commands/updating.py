"""`edition update`, `amend`, `prune`, `status`: the life of editions from year to year."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stroke_map.commands.building import amend_complete, road_file, update_complete
from stroke_map.commands.editions import edition
from stroke_map.commands.output import arrivals, as_json, day, print_json, print_table, progress, say
from stroke_map.editions.approval import ACCEPTABLE
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from stroke_map.editions import Made

_EXIT_CODES = """
\b
Exit codes:
   0   built, built already, or reported (--dry-run)
   5   refused by the check: the sheet has mistakes
  10   refused by the gate: too much is different from the edition before
  other: failed, see `stroke-map --help`; run it again to go on
"""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _reasons(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """By what they are for (see `editions.approval.Accepted`); "" is for whichever is refused."""
    reasons: dict[str, str] = {}
    for text in given:
        what, _, reason = text.partition("=")
        for_, reason = (what, reason) if what in ACCEPTABLE else ("", text)
        if for_ in reasons:
            raise click.BadParameter("is given twice; right would be one for totals=REASON and one for places=REASON")
        reasons[for_] = reason
    return reasons


_accept = click.option(
    "--accept",
    multiple=True,
    callback=_reasons,
    metavar="[totals=|places=]REASON",
    help="Why totals differ by over a fifth, or places from the map; kept. Where both do: once for each.",
)


@edition.command(epilog=_EXIT_CODES)
@click.option("--year", type=click.IntRange(2000, 2100), required=True, help="The edition is YEAR.1, or the next free.")
@click.option("--hospitals", type=_FILE, required=True, help="The association's sheet (XLSX or CSV).")
@click.option("--osm", type=_FILE, help="This year's OpenStreetMap file.")
@click.option("--place", help="Instead of --osm: a place by name; its roads are downloaded, without turn restrictions.")
@click.option("--same-roads", is_flag=True, help="Instead of --osm: the roads of the edition that serves.")
@click.option("--region", help="A region's id, its .toml, or a GeoJSON polygon; else the hull of the roads.")
@click.option("--against", help="Edition to compare with; the one that serves when left out.")
@_accept
@click.option("--prepared-by", default="", help="Who runs this; kept in the edition.")
@click.option("--publish", is_flag=True, help="Publish it in the end; --prepared-by and --approved-by say who.")
@click.option("--approved-by", default="", help="Who has looked at it: not who prepared it.")
@click.option("--dry-run", is_flag=True, help="Stop after the report; the next run goes on from there.")
@click.option("--places", type=_FILE, help="Compounds and landmarks that OpenStreetMap lacks (CSV).")
@click.option("--population", type=_FILE, help="Where people live (CSV lat, lon, people; or GeoTIFF), for the report.")
@click.option("--periods", type=_FILE, help="Times of the week with times and arrivals of their own (TOML); else one.")
@click.option(
    "--arrivals", "nearest", type=arrivals, default="full", show_default=True,
    help="Store the road to every hospital, or to so many of the nearest for each capability: for a country.",
)  # fmt: skip
@click.option("--dask", "cluster", metavar="ADDRESS", help="Grow trees on a Dask cluster, such as tcp://host:8786.")
@click.option("--valid-from", type=day, help="First day; 1 January of YEAR when left out.")
@click.option("--valid-until", type=day, help="Last day; 31 December of YEAR when left out.")
@as_json
def update(osm: Path | None, place: str | None, *, region: str | None, as_json: bool, **options: Any) -> None:
    """Make the edition of a year: check, roads, arrivals, compare, report, seal, and publish on request.

    Run it again after an interruption: it goes on from the last finished step. The same inputs again change nothing.
    """
    from stroke_map.editions import load_region

    if [osm is not None, place is not None, options["same_roads"]].count(True) != 1:
        raise click.UsageError("give one of --osm, --place and --same-roads")
    geodata_dir = read_settings().geodata_dir
    whose = load_region(region, geodata_dir=geodata_dir) if region else None
    with road_file(osm, place, keep_in=geodata_dir / "downloads") as roads, progress() as show:
        made = update_complete(osm=roads, region=whose, geodata_dir=geodata_dir, progress=show, **options)
    _tell(made, published=options["publish"], as_json=as_json)


def _tell(made: Made, *, published: bool, as_json: bool = False) -> None:
    if as_json:
        told = {"edition": made.edition_id, "state": made.state, "published": published}
        print_json(told | {"report": str(made.report), "warnings": made.warnings})
        return
    for warning in made.warnings:
        say(warning)
    if made.changes is not None:
        say(made.changes.describe("en"))
    say(f"See {made.report}")
    if made.state != "dry run" and not published:
        say(f"Publish it with: stroke-map edition publish {made.edition_id}")
    click.echo(f"Edition {made.edition_id}: {made.state}{', published' if published else ''}")


@edition.command()
@click.argument("edition_id", required=False)
@click.option("--hospitals", type=_FILE, help="A whole sheet, in place of the one before.")
@click.option(
    "--set", "cells", metavar="ID.COLUMN=VALUE", multiple=True, help="Instead: one cell of it; may be repeated."
)
@click.option("--reason", default="", help="Why; kept in the edition. Needed with --set.")
@_accept
@click.option("--prepared-by", default="", help="Who runs this; kept in the edition.")
@click.option("--publish", is_flag=True, help="Publish it in the end; --prepared-by and --approved-by say who.")
@click.option("--approved-by", default="", help="Who has looked at it: not who prepared it.")
def amend(edition_id: str | None, **options: Any) -> None:
    """Make the next edition from EDITION_ID (the published one when left out) with other hospitals on the same roads.

    Only the arrivals of hospitals with a new entrance are computed: seconds, where a full build takes minutes.
    """
    if bool(options["hospitals"]) == bool(options["cells"]):
        raise click.UsageError("give either --hospitals or --set")
    with progress() as show:
        made = amend_complete(geodata_dir=read_settings().geodata_dir, edition_id=edition_id, progress=show, **options)
    _tell(made, published=options["publish"])


@edition.command()
@click.option(
    "--keep", type=click.IntRange(min=1), default=2, show_default=True, help="How many editions to go back to stay."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(keep: int, *, yes: bool) -> None:
    """Remove old editions: never the published one, nor those to go back to, nor one that is newer."""
    from stroke_map.editions.prune import prunable
    from stroke_map.editions.prune import prune as remove

    geodata_dir = read_settings().geodata_dir
    names = [state.id for state in prunable(geodata_dir, keep)]
    if names and not yes:
        click.confirm(f"Remove {', '.join(names)}?", abort=True, err=True)
    freed_bytes = remove(geodata_dir, names, keep)
    click.echo(f"Removed {', '.join(names) or 'nothing'}; {freed_bytes / 1e6:,.1f} MB are free again")


@edition.command()
@as_json
def status(*, as_json: bool) -> None:
    """Say which edition serves and for how long it still holds; warns from 60 days before its end."""
    from stroke_map.editions import read_publication, verify_edition
    from stroke_map.editions.status import validity_at

    geodata_dir = read_settings().geodata_dir
    publication = read_publication(geodata_dir)
    info = verify_edition(geodata_dir, publication.edition, full=False)
    validity, approval = validity_at(info, datetime.now(UTC)), publication.approvals.get(info.id)
    told = {
        "edition": info.id,
        "state": validity.state,
        "days_left": validity.days_left,
        "valid_from": info.valid_from,
        "valid_until": info.valid_until,
        "published_at": publication.published_at.isoformat(timespec="seconds"),
        "prepared_by": info.prepared_by,
        "approved_by": approval.by if approval else "",
        "approved_at": approval.at.isoformat(timespec="seconds") if approval else "",
    }
    if as_json:
        print_json(told)
    else:
        first, *others = ((name, str(value)) for name, value in told.items())
        print_table(first, others)
    if validity.warning:
        say(f"{validity.warning.capitalize()}. Make and publish the next with: stroke-map edition update")
