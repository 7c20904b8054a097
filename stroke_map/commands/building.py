"""Building an edition with everything around it that a server should not have to do."""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stroke_map.commands.output import say
from stroke_map.errors import EditionDamagedError, NoEditionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stroke_map.editions import Made, Region
    from stroke_map.roads import RoadNetwork

KEPT_S = 7 * 24 * 3600


def build_complete(**what: Any) -> Path:
    """`editions.build_edition` with base map tiles, and every kernel of an answer compiled into the cache.

    Parameters and errors are those of `build_edition`; EditionError also where a region's own clinical values would be lost.
    """
    from stroke_map.editions import build_edition
    from stroke_map.maps.band_layer import draw_bands
    from stroke_map.settings import read_settings

    what["protocols"] = protocol_texts(_kept(what["region"], what["geodata_dir"]))
    tiles = _tiles(what.get("progress"), what["osm"])
    folder = build_edition(draw_tiles=tiles, draw_bands=draw_bands, settings=read_settings(), **what)
    _warm_up(folder)
    return folder


def update_complete(**what: Any) -> Made:
    """`editions.annual_update` with base map tiles and the report, and every kernel of an answer compiled into the cache.

    Parameters and errors are those of `annual_update`; EditionError also where a region's own clinical values would be lost.
    """
    from stroke_map.editions import annual_update
    from stroke_map.maps.band_layer import draw_bands
    from stroke_map.maps.report import write_report
    from stroke_map.settings import read_settings

    given, geodata_dir = what["region"], what["geodata_dir"]
    what["protocols"] = protocol_texts(_kept(given, geodata_dir) if given else _published_region(geodata_dir))
    tiles = _tiles(what.get("progress"), what.get("osm"))
    made = annual_update(
        draw_tiles=tiles, draw_bands=draw_bands, write_report=write_report, settings=read_settings(), **what
    )
    if made.state == "built":
        _warm_up(made.folder)
    return made


def amend_complete(**what: Any) -> Made:
    """`editions.amend_edition` with its report, and with the pictures of coverage that it changes.

    Parameters and errors are those of `amend_edition`.
    """
    from stroke_map.editions import amend_edition
    from stroke_map.maps.amendment import write_amendment
    from stroke_map.settings import read_settings

    def draw(*folder_and_more: Any, **only: Any) -> None:
        # Here, because a new telephone number need not wait for all that draws.
        from stroke_map.maps.band_layer import draw_bands

        draw_bands(*folder_and_more, **only)

    return amend_edition(draw_bands=draw, write_report=write_amendment, settings=read_settings(), **what)


def _tiles(progress: Callable[[str, float], None] | None, osm: Path | None) -> Callable[[RoadNetwork, Path], Any]:
    from stroke_map.maps.tiles import draw_tiles

    return partial(draw_tiles, osm=osm, progress=partial(progress, "tiles") if progress else None)


def protocol_texts(region: Region | None) -> dict[str, str]:
    """The clinical protocols, with the region's own values where it has some, as an edition seals them.

    Raises
    ------
    ProtocolError
        A value of the region is missing, unknown or contradicts another.
    """
    from stroke_map.protocols import load_protocol
    from stroke_map.protocols.protocol import CONDITIONS

    own = region.protocol_file if region else None
    return {condition: load_protocol(condition, own).to_json() for condition in CONDITIONS}


def _published_region(geodata_dir: Path) -> Region | None:
    """The region of the edition that serves, as its file describes it now; None where none serves, or there is no such file.

    Raises
    ------
    EditionError
        That edition is damaged, or see `region_again`.
    """
    from stroke_map.editions import open_published
    from stroke_map.editions.region import region_again

    try:
        info = open_published(geodata_dir).info
    except NoEditionError:
        return None
    return region_again(info, geodata_dir)


def _kept(region: Region, geodata_dir: Path) -> Region:
    """A region that somebody gives, with which no clinical values of the edition that serves are lost.

    Raises
    ------
    EditionError
        They would be, see `refuse_if_values_are_lost`.
    """
    from stroke_map.editions import open_published
    from stroke_map.editions.region import refuse_if_values_are_lost

    if region.protocol_file is None:
        # A damaged one can say nothing for sure, and to build again is how it is mended.
        with suppress(NoEditionError, EditionDamagedError):
            refuse_if_values_are_lost(open_published(geodata_dir).info, region)
    return region


def _warm_up(folder: Path) -> None:
    from stroke_map.editions import Edition
    from stroke_map.settings import read_settings
    from stroke_map.web.ask import warm_up, warm_up_closures

    edition = Edition(folder)
    warm_up(edition, read_settings())
    warm_up_closures(edition)


@contextmanager
def road_file(osm: Path | None, place: str | None, *, keep_in: Path | None = None) -> Iterator[Path | None]:
    """`osm`, or else a file with the roads of `place`, downloaded, there as long as it is needed; None where neither is given.

    Parameters
    ----------
    keep_in
        A folder to keep the file in for a week: whoever is interrupted goes on with the same roads.

    Raises
    ------
    RoadDataError
        No such place, no road there, or OpenStreetMap's servers cannot be reached.
    """
    if osm is not None or place is None:
        yield osm
        return
    # The edition names the file it was built from.
    plain_name = re.sub(r"[^\w-]+", "-", place).strip("-")[:60] or "place"
    with tempfile.TemporaryDirectory(prefix="stroke-map-place-") as folder:
        file = (keep_in or Path(folder)) / f"{plain_name}.osm.pbf"
        if not file.is_file() or time.time() - file.stat().st_mtime > KEPT_S:
            _download(place, Path(folder) / "new.osm.pbf", file)
        yield file


def _download(place: str, new: Path, file: Path) -> None:
    from stroke_map.editions.files import write_atomically
    from stroke_map.editions.inputs import PROFILES
    from stroke_map.roads.place import save_place

    say(f"Downloading the roads of {place}; turn restrictions are not among them: use an extract for real work")
    save_place(place, new, PROFILES)
    file.parent.mkdir(parents=True, exist_ok=True)
    # In one step: half a file that was left here would be taken for all of the roads for a week.
    write_atomically(file, new.read_bytes())


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
