"""`stroke-map search`: what the search of an edition finds."""

from __future__ import annotations

import click

from stroke_map.commands.output import as_json, print_json, print_table
from stroke_map.settings import read_settings


@click.command()
@click.argument("text")
@click.option("--edition", "edition_id", help="Another edition than the published one.")
@click.option("--limit", type=click.IntRange(1, 1000), default=8, show_default=True, help="How many at most.")
@as_json
def search(text: str, edition_id: str | None, limit: int, as_json: bool) -> None:
    """Find hospitals, districts and places by TEXT: a name or a part of one, pinyin, or initials."""
    from dataclasses import asdict

    from stroke_map.editions import Edition, open_published, verify_edition
    from stroke_map.editions.publish import edition_folder
    from stroke_map.editions.searching import search_of

    geodata_dir = read_settings().geodata_dir
    if edition_id:
        verify_edition(geodata_dir, edition_id, full=False)
    edition = Edition(edition_folder(geodata_dir, edition_id)) if edition_id else open_published(geodata_dir)
    found = search_of(edition).find(text, limit)
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        rows = [(one.kind, one.name, one.name_en, one.district, f"{one.lat:.5f}", f"{one.lon:.5f}") for one in found]
        print_table(("KIND", "NAME", "IN ENGLISH", "DISTRICT", "LAT", "LON"), rows)
