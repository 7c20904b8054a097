"""Where is asked: editions of a real town or of a made-up one, published in a folder of their own."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.inputs import HOSPITALS, SHARED_OSM, make_hospitals, write_grid

from stroke_map.commands.building import publish_demo
from stroke_map.editions import Region, build_edition, publish
from stroke_map.editions.publish import CURRENT_FILE, edition_folder
from stroke_map.registry import write_sheet
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTO = SHARED_OSM / "porto.osm.pbf"
_SHEET = "hospitals.csv"


@contextmanager
def geodata_of(osm: Path | None, keep: Path | None) -> Iterator[Path]:
    """A folder with an edition of a road file published, of the demonstration city where there is none; built where it is not in `keep`."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    with nullcontext(str(keep)) if keep else TemporaryDirectory(prefix="stroke-map-crowd-") as name:
        folder = Path(name)
        if not (folder / CURRENT_FILE).exists():
            if osm is None:
                publish_demo(folder)
            else:
                _build(folder, osm, "crowd")
                publish(folder, "crowd")
        yield folder


def default_roads() -> Path | None:
    """Porto, where the real extracts lie beside the checkout; None: the demonstration city."""
    return PORTO if PORTO.is_file() else None


def two_editions(folder: Path, osm: Path | None) -> tuple[str, str]:
    """Build two editions without a hospital in common, of a made-up town without a street name either, and publish the first."""
    names = ("first", "second")
    if osm is None:
        roads = [write_grid(folder / f"{name}.osm", 40) for name in names]
        text = roads[1].read_text(encoding="utf-8")
        roads[1].write_text(text.replace("Street", "Road").replace("residential", "tertiary"), encoding="utf-8")
    else:
        roads = [osm, osm]
    for name, road in zip(names, roads, strict=True):
        if not edition_folder(folder, name).is_dir():
            _build(folder, road, name, others=name == "second")
    publish(folder, names[0])
    return names


def _build(folder: Path, osm: Path, edition: str, *, others: bool = False) -> None:
    hospitals = make_hospitals(RoadNetwork.from_osm(osm, profile="car"), 2 * HOSPITALS)
    chosen = hospitals[HOSPITALS:] if others else hospitals[:HOSPITALS]
    with (folder / _SHEET).open("w", encoding="utf-8", newline="") as stream:
        write_sheet(chosen, stream)
    build_edition(osm=osm, sheet=folder / _SHEET, region=Region(), geodata_dir=folder, edition_id=edition)
