"""Building an edition with everything around it that a server should not have to do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def build_complete(**what: Any) -> Path:
    """`editions.build_edition` with base map tiles, and every kernel of an answer compiled into the cache.

    Parameters and errors are those of `build_edition`.
    """
    from stroke_map.editions import Edition, build_edition
    from stroke_map.maps.tiles import draw_tiles
    from stroke_map.settings import read_settings
    from stroke_map.web.ask import warm_up

    folder = build_edition(draw_tiles=draw_tiles, **what)
    warm_up(Edition(folder), read_settings())
    return folder


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
