"""`hospitals-from-osm`, `nearest` and `route`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from stroke_map.commands.output import as_json, print_json, print_table, say
from stroke_map.settings import read_settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Point(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on, where we take 8.2 too
    """`LAT,LON` in degrees."""

    name = "LAT,LON"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        try:
            lat, lon = (float(part) for part in value.split(","))
        except ValueError:
            self.fail("must be LAT,LON in degrees, for example 29.5574,106.577", param, ctx)
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            self.fail("is out of range; latitude comes first, then longitude", param, ctx)
        return lat, lon


@click.command("hospitals-from-osm")
@click.argument("file", type=_FILE)
def hospitals_from_osm(file: Path) -> None:
    """Draft a hospital sheet from the amenity=hospital objects of FILE: CSV on stdout, every capability unknown."""
    from stroke_map.registry import draft_from_osm, write_sheet

    hospitals = list(draft_from_osm(file))
    write_sheet(hospitals, sys.stdout)
    say(f"{len(hospitals)} hospitals drafted; fill in the capabilities before building an edition")


@click.command()
@click.option("--osm", type=_FILE, required=True, help="OpenStreetMap file.")
@click.option(
    "--profile", type=click.Choice(["car", "ambulance"]), default="ambulance", show_default=True, help="Who drives."
)
@click.option("--from", "origin", type=_Point(), required=True, help="Where the drive begins, WGS-84 degrees.")
@click.option("--to", "destination", type=_Point(), required=True, help="Where it ends, WGS-84 degrees.")
@as_json
def route(
    osm: Path, profile: str, origin: tuple[float, float], destination: tuple[float, float], as_json: bool
) -> None:
    """Find the fastest road between any two points of any OpenStreetMap file."""
    from stroke_map.roads import RoadNetwork

    network = RoadNetwork.from_osm(osm, profile=profile, progress=say if sys.stderr.isatty() else None)
    found = network.route(origin=origin, destination=destination)
    columns = ("maneuver", "name", "ref", "distance_m", "travel_time_s")
    steps = [tuple(getattr(step, column) for column in columns) for step in found.steps]
    if as_json:
        total = {"travel_time_s": found.travel_time_s, "distance_m": found.distance_m, "warnings": list(found.warnings)}
        road = {"type": "LineString", "coordinates": [list(point) for point in found.geometry.coords]}
        print_json({**total, "steps": [dict(zip(columns, step, strict=True)) for step in steps], "geometry": road})
    else:
        click.echo(f"{found.travel_time_s / 60:.1f} min, {found.distance_m / 1000:.2f} km")
        print_table(
            ("DO", "STREET", "REF", "METRES", "SECONDS"), [(*s[:3], f"{s[3]:.0f}", f"{s[4]:.0f}") for s in steps]
        )


@click.command()
@click.option("--lat", required=True, help="Latitude in degrees.")
@click.option("--lon", required=True, help="Longitude in degrees.")
@click.option("--condition", default="stroke", show_default=True, help="stroke or chest_pain.")
@click.option("--need", help="thrombolysis, thrombectomy, primary_pci, fibrinolysis, ct or cardiac_surgery.")
@click.option("--crs", help="WGS-84 (default), GCJ-02 or BD-09.")
@click.option("--at", help="Leaving with the patient, RFC 3339; now when left out.")
@click.option("--profile", help="car (default) or ambulance.")
@click.option("--limit", help="How many hospitals, 1 to 20.")
@as_json
def nearest(as_json: bool, **fields: str | None) -> None:
    """List the nearest hospitals of the published edition that can treat this, best first."""
    from stroke_map.editions import open_published
    from stroke_map.live import LiveStore, LiveView
    from stroke_map.web.ask import ask
    from stroke_map.web.questions import RouteQuery, read_question

    settings = read_settings()
    edition = open_published(settings.geodata_dir)
    asked = read_question(RouteQuery, {name: value for name, value in fields.items() if value is not None})
    answer = ask(edition, asked, settings, LiveView(LiveStore(settings), patience_s=5.0))
    if as_json:
        print_json(answer)
        return
    for warning in answer["warnings"]:
        say(f"[{warning['severity']}] {warning['text']['zh']} / {warning['text']['en']}")
    rows = (
        (
            h["class"],
            f"{h['travel_time_s'] / 60:.1f}",
            f"{h['distance_m'] / 1000:.1f}",
            h["name"]["zh"],
            h["name"]["en"],
            h["phone"],
        )
        for h in answer["hospitals"]
    )
    print_table(("CLASS", "MINUTES", "KM", "HOSPITAL", "IN ENGLISH", "PHONE"), rows)
