"""`demo` and `edition`: build, list, verify, publish, roll back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stroke_map.commands.building import build_complete, publish_demo, road_file
from stroke_map.commands.output import arrivals, as_json, day, print_json, print_table, progress, say
from stroke_map.errors import NoEditionError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from datetime import date

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--id", "edition_id", default="demo", show_default=True, help="Name of the edition to build.")
@click.option("--unless-published", is_flag=True, help="Do nothing where an edition is published already.")
def demo(edition_id: str, unless_published: bool) -> None:
    """Write the demonstration city, build an edition from it and publish it."""
    geodata_dir = read_settings().geodata_dir
    if unless_published and _is_published(geodata_dir):
        return
    say("Building the demonstration city (made-up data, not for emergencies)")
    with progress() as show:
        publish_demo(geodata_dir, edition_id, show)
    say(f"Published edition {edition_id}")


def _is_published(geodata_dir: Path) -> bool:
    from stroke_map.editions import read_publication

    with suppress(NoEditionError):
        read_publication(geodata_dir)
        return True
    return False


@click.group()
def edition() -> None:
    """Build, list, verify and publish editions: sealed folders with everything a server needs."""


@edition.command()
@click.argument("edition_id")
@click.option("--osm", type=_FILE, help="OpenStreetMap file (.osm.pbf, .osm, .osm.gz, .osm.bz2).")
@click.option(
    "--place", help="Instead of --osm: a place by name, whose roads are downloaded, without turn restrictions."
)
@click.option("--sheet", type=_FILE, required=True, help="Hospital sheet (CSV).")
@click.option("--region", help="A region's id, its .toml, or a GeoJSON polygon; else the hull of the roads.")
@click.option("--periods", type=_FILE, help="Times of the week with times and arrivals of their own (TOML); else one.")
@click.option("--places", type=_FILE, help="Compounds and landmarks that OpenStreetMap lacks (CSV).")
@click.option(
    "--arrivals", "nearest", type=arrivals, default="full", show_default=True,
    help="Store the road to every hospital, or to so many of the nearest for each capability: for a country.",
)  # fmt: skip
@click.option("--dask", "cluster", metavar="ADDRESS", help="Grow trees on a Dask cluster, such as tcp://host:8786.")
@click.option("--valid-from", type=day, help="First day; today when left out.")
@click.option("--valid-until", type=day, help="Last day; a year later when left out.")
def build(
    *,
    edition_id: str,
    osm: Path | None,
    place: str | None,
    sheet: Path,
    region: str | None,
    periods: Path | None,
    places: Path | None,
    nearest: int | None,
    cluster: str | None,
    valid_from: date | None,
    valid_until: date | None,
) -> None:
    """Build and seal the edition EDITION_ID; publishing it is another step."""
    from stroke_map.editions import Region, load_region

    if (osm is None) == (place is None):
        raise click.UsageError("give either --osm or --place")
    geodata_dir = read_settings().geodata_dir
    with road_file(osm, place) as roads, progress() as show:
        folder = build_complete(
            osm=roads,
            sheet=sheet,
            region=load_region(region, geodata_dir=geodata_dir) if region else Region(),
            geodata_dir=geodata_dir,
            edition_id=edition_id,
            periods=periods,
            places=places,
            nearest=nearest,
            cluster=cluster,
            valid_from=valid_from,
            valid_until=valid_until,
            progress=show,
        )
    say(f"Built {folder}\nPublish it with: stroke-map edition publish {edition_id}")


@edition.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List every edition with its state."""
    from stroke_map.editions import list_editions

    states = list_editions(read_settings().geodata_dir)
    rows = [
        (s.id, s.state, *((s.info.region.id, s.info.valid_from, s.info.valid_until) if s.info else ("", "", "")))
        for s in states
    ]
    columns = ("id", "state", "region", "valid_from", "valid_until")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table([name.upper() for name in columns], rows)


@edition.command()
@click.argument("edition_id", required=False)
@as_json
def verify(edition_id: str | None, as_json: bool) -> None:
    """Check every byte of EDITION_ID (the published one when left out) against its seal."""
    from stroke_map.editions import read_publication, verify_edition

    geodata_dir = read_settings().geodata_dir
    info = verify_edition(geodata_dir, edition_id or read_publication(geodata_dir).edition)
    if as_json:
        print_json({"id": info.id, "sound": True, "files": len(info.files), "seal": info.seal})
    else:
        click.echo(f"{info.id} is sound: {len(info.files)} files are what was sealed")


@edition.command()
@click.argument("edition_id")
@click.option(
    "--approved-by", default="", help="Who has looked at it: not who prepared it. Needed where it names a preparer."
)
def publish(edition_id: str, approved_by: str) -> None:
    """Verify every byte of EDITION_ID, then let it serve; running servers follow within a second."""
    from stroke_map.editions import publish as publish_edition

    publication = publish_edition(read_settings().geodata_dir, edition_id, approved_by=approved_by)
    click.echo(f"Published {publication.edition}")


@edition.command()
def rollback() -> None:
    """Let the edition before the published one serve again."""
    from stroke_map.editions import rollback as roll_back

    publication = roll_back(read_settings().geodata_dir)
    click.echo(f"Published {publication.edition} again")
