"""`edition report` and `edition coverage`: what an edition reaches, and what is new in it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stroke_map.commands.editions import edition
from stroke_map.commands.output import as_json, print_json, print_table, progress, say
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from stroke_map.editions import Edition

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_population = click.option("--population", type=_FILE, help="Where people live: CSV (lat, lon, people) or GeoTIFF.")


@edition.command()
@click.argument("edition_id", required=False)
@click.option("--against", help="Edition to compare with; the one it was based on, if any, when left out.")
@_population
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; report-EDITION.html.")
def report(edition_id: str | None, against: str | None, population: Path | None, out: Path | None) -> None:
    """Write what is new in EDITION_ID (the published one when left out), for people: one page to read and print."""
    from stroke_map.editions.region import districts_of
    from stroke_map.maps.report import make_report
    from stroke_map.registry.checks import check_hospitals
    from stroke_map.registry.compare import compare_hospitals

    after = open_edition(edition_id)
    info, file = after.info, out or Path(f"report-{after.info.id}.html")
    against = against or info.based_on
    before = open_edition(against) if against else None
    with progress() as show:
        made = make_report(
            after.folder,
            edition_id=info.id,
            before=before,
            changes=compare_hospitals(before.hospitals, after.hospitals) if before else None,
            problems=check_hospitals(
                after.hospitals,
                valid_from=info.valid_from,
                valid_until=info.valid_until,
                districts=districts_of(info.region, geodata_dir=read_settings().geodata_dir) or None,
                grace_days=read_settings().accreditation_grace_days,
            ),
            notes={"prepared_by": info.prepared_by, "accepted": info.accepted, "reason": info.reason},
            population=population,
            progress=partial(show, "report"),
        )
    file.write_text(made.html, encoding="utf-8")
    say(f"Wrote {file}")


@edition.command()
@click.argument("edition_id", required=False)
@_population
@as_json
def coverage(edition_id: str | None, population: Path | None, as_json: bool) -> None:
    """Say how much road, and how many people, EDITION_ID (the published one when left out) reaches in how many minutes."""
    from stroke_map.editions.coverage import BANDS_MIN, open_coverage

    opened = open_edition(edition_id)
    with progress() as show:
        _, measured = open_coverage(
            opened.folder, day=opened.info.valid_from, population=population, progress=partial(show, "coverage")
        )
    if as_json:
        print_json({"edition": opened.info.id, **measured.to_json()})
        return
    wholes = {"road": measured.road_km, "people": measured.people}
    rows = [
        (name, reach.hospitals, what, *(f"{100 * value / whole:.1f} %" for value in values))
        for name, reach in measured.reach.items()
        for (what, whole), values in zip(wholes.items(), (reach.km, reach.people), strict=True)
        if whole and values
    ]
    print_table(("CAPABILITY", "HOSPITALS", "OF", *(f"{band} MIN" for band in BANDS_MIN)), rows)


def open_edition(edition_id: str | None) -> Edition:
    """An edition by its id, the published one for None; quickly checked."""
    from stroke_map.editions import Edition, open_published, verify_edition
    from stroke_map.editions.publish import edition_folder

    geodata_dir = read_settings().geodata_dir
    if edition_id is None:
        return open_published(geodata_dir)
    verify_edition(geodata_dir, edition_id, full=False)
    return Edition(edition_folder(geodata_dir, edition_id))
