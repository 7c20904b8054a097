"""Building an edition with everything around it that a server should not have to do."""

from __future__ import annotations

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stroke_map.commands.output import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def build_complete(**what: Any) -> Path:
    """`editions.build_edition` with base map tiles, and every kernel of an answer compiled into the cache.

    Parameters and errors are those of `build_edition`.
    """
    from stroke_map.editions import Edition, build_edition
    from stroke_map.maps.tiles import draw_tiles
    from stroke_map.settings import read_settings
    from stroke_map.web.ask import warm_up, warm_up_closures

    settings = read_settings()
    folder = build_edition(draw_tiles=draw_tiles, settings=settings, **what)
    edition = Edition(folder)
    warm_up(edition, settings)
    warm_up_closures(edition)
    return folder


@contextmanager
def road_file(osm: Path | None, place: str) -> Iterator[Path]:
    """`osm` where it is given; else a file with the roads of `place`, downloaded, there as long as it is needed.

    Raises
    ------
    RoadDataError
        No such place, no road there, or OpenStreetMap's servers cannot be reached.
    """
    if osm is not None:
        yield osm
        return
    from stroke_map.editions.inputs import PROFILES
    from stroke_map.roads.place import save_place

    say(f"Downloading the roads of {place}; turn restrictions are not among them: use an extract for real work")
    with tempfile.TemporaryDirectory(prefix="stroke-map-place-") as folder:
        # The edition names the file it was built from.
        plain_name = re.sub(r"[^\w-]+", "-", place).strip("-")[:60]
        file = Path(folder) / f"{plain_name or 'place'}.osm.pbf"
        save_place(place, file, PROFILES)
        yield file


def publish_demo(
    geodata_dir: Path, edition_id: str = "demo", progress: Callable[[str, float], None] | None = None
) -> None:
    """Write the demonstration city's road file and hospital sheet, build an edition from them and publish it.

    The city is the same every time: where the edition is there already, it is only published.

    Raises
    ------
    EditionError
        Another build runs, the disk is full, or the edition that is there is damaged.
    """
    from stroke_map.demo import write_demo
    from stroke_map.editions import list_editions, load_region, publish

    if all(state.id != edition_id for state in list_editions(geodata_dir)):
        with tempfile.TemporaryDirectory(prefix="stroke-map-demo-") as folder:
            files = write_demo(Path(folder))
            build_complete(
                osm=files.osm,
                sheet=files.sheet,
                region=load_region("demo"),
                geodata_dir=geodata_dir,
                edition_id=edition_id,
                demo=True,
                progress=progress,
            )
    publish(geodata_dir, edition_id)
