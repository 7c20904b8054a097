"""The demonstration city from nothing to published: the same steps a real region takes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def publish_demo(
    geodata_dir: Path, edition_id: str = "demo", progress: Callable[[str, float], None] | None = None
) -> None:
    """Write the city's road file and hospital sheet, build an edition from them in `geodata_dir` and publish it.

    The city is the same every time: where the edition is there already, it is only published.

    Raises
    ------
    EditionError
        Another build runs, the disk is full, or the edition that is there is damaged.
    """
    from stroke_map.demo import write_demo
    from stroke_map.editions import build_edition, list_editions, load_region, publish
    from stroke_map.maps.tiles import draw_tiles

    if any(state.id == edition_id for state in list_editions(geodata_dir)):
        publish(geodata_dir, edition_id)
        return
    with tempfile.TemporaryDirectory(prefix="stroke-map-demo-") as folder:
        files = write_demo(Path(folder))
        build_edition(
            osm=files.osm,
            sheet=files.sheet,
            region=load_region("demo"),
            geodata_dir=geodata_dir,
            edition_id=edition_id,
            demo=True,
            progress=progress,
            draw_tiles=draw_tiles,
        )
    publish(geodata_dir, edition_id)
