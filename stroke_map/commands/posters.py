"""`poster`: what hangs in clinics, as HTML or PDF."""

from __future__ import annotations

from pathlib import Path

import click

from stroke_map.commands.output import say
from stroke_map.commands.reporting import open_edition
from stroke_map.settings import read_settings


@click.command()
@click.argument("edition_id", required=False)
@click.option(
    "--condition",
    type=click.Choice(["stroke", "chest_pain"]),
    default="stroke",
    show_default=True,
    help="For which condition.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Its language.")
@click.option("--paper", type=click.Choice(["a3", "a4"]), default="a3", show_default=True, help="Its size.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write, .html or .pdf; poster-EDITION.html."
)
def poster(edition_id: str | None, condition: str, lang: str, paper: str, out: Path | None) -> None:
    """Write the poster of EDITION_ID (the published one when left out): map, signs, telephones by district, QR code.

    A PDF needs Chromium and a Chinese font; the QR code leads to STROKE_MAP_PUBLIC_URL.
    """
    from stroke_map.editions.edition import TILES_FOLDER
    from stroke_map.maps.geojson import hospitals_geojson
    from stroke_map.maps.ground import Ground
    from stroke_map.maps.poster import make_poster
    from stroke_map.maps.poster_pdf import check_can_print, print_pdf
    from stroke_map.web.facts import facts_of
    from stroke_map.web.origins import public_address

    settings = read_settings()
    address = public_address(settings)
    edition = open_edition(edition_id)
    out = out or Path(f"poster-{edition.info.id}.html")
    as_pdf = out.suffix.lower() == ".pdf"
    if as_pdf:
        check_can_print()
    html = make_poster(
        hospitals_geojson(edition.hospitals),
        facts_of(edition, settings),
        edition.network(edition.info.profiles[0]),
        bounds=edition.info.region.bounds,
        polygon=edition.region,
        water=Ground.load(edition.folder / TILES_FOLDER).water,
        lang=lang,
        condition=condition,
        paper=paper,
        address=address,
    )
    if as_pdf:
        print_pdf(html, out, made_at=edition.info.created_at)
    else:
        out.write_text(html, encoding="utf-8")
    say(f"Wrote {out}" + ("" if address else "; it has no QR code, for STROKE_MAP_PUBLIC_URL is not set"))
