"""Compile an edition: hospitals, roads, arrivals and tiles into a staging folder, sealed, then renamed.

A crash at any moment, or a full disk, leaves what was there as it was: only a sealed folder ever gets an edition's name.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from stroke_map.editions import hospital_steps, steps
from stroke_map.editions.files import disk_faults
from stroke_map.editions.inputs import PROFILES, Inputs
from stroke_map.editions.publish import edition_folder
from stroke_map.editions.staging import (
    WORK_LIFETIME_S,
    check_name_is_free,
    give_name,
    only_build,
    remove_work,
    staging_folder,
)
from stroke_map.editions.work import Work, quiet
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stroke_map.editions.region import Region
    from stroke_map.roads import RoadNetwork
    from stroke_map.settings import Settings

VALIDITY = timedelta(days=365)


def build_edition(
    *,
    osm: Path,
    sheet: Path,
    region: Region,
    geodata_dir: Path,
    edition_id: str,
    demo: bool = False,
    profiles: tuple[str, ...] = PROFILES,
    valid_from: date | None = None,
    valid_until: date | None = None,
    progress: Callable[[str, float], None] | None = None,
    draw_tiles: Callable[[RoadNetwork, Path], Any] | None = None,
    draw_bands: Callable[..., Any] | None = None,
    settings: Settings | None = None,
    periods: Path | None = None,
    places: Path | None = None,
    protocols: Mapping[str, str] | None = None,
    nearest: int | None = None,
    cluster: str | None = None,
) -> Path:
    """Build and seal an edition; publishing it is another step.

    Parameters
    ----------
    osm, sheet
        The OpenStreetMap file and the hospital sheet.
    region
        Whose edition it is. Without a polygon it answers for the hull of the roads and 2 km around.
    geodata_dir, edition_id
        The edition becomes the folder `<geodata_dir>/editions/<edition_id>`.
    demo
        Made-up data: every answer will say so.
    profiles
        The road profiles to compile.
    valid_from, valid_until
        First and last day; default today (in the region's timezone) and a year later.
    progress
        Called with a step's name and its done share (0 to 1).
    draw_tiles
        Called with the first profile's roads and the folder to draw base map tiles into. Maps are a room above this one.
    draw_bands
        Called with the folder, which has roads, arrivals and hospitals, the first day, and a function to tell the done share to.
    settings
        The ambulance's size and speed; None: the defaults.
    periods
        A periods file (see `stroke_map/roads/periods.toml`): each period gets times and arrivals of its own. None: one for
        all hours.
    places
        A CSV file of compounds and landmarks that the OpenStreetMap file lacks (see `registry.places_csv`).
    protocols
        The clinical protocols by condition, as `Protocol.to_json` writes them; None: answers use those of the package.
    nearest
        Store so many of the nearest hospitals for each capability (see `near`), 1 to 255; None: all.
    cluster
        The address of a Dask scheduler on whose machines trees grow; None: on this one. The edition is the same.

    Returns
    -------
    The sealed folder.

    Raises
    ------
    RegistryError, RoadDataError
        The sheet, the roads or the periods cannot be used.
    EditionError
        The id is taken or impossible, another build runs, or the disk is full (`facts["needed_bytes"]`).
    """
    final = edition_folder(geodata_dir, edition_id)
    first_day = valid_from or datetime.now(region.zone).date()
    inputs = Inputs(
        sheet=sheet, region=region, valid_from=first_day, valid_until=valid_until or first_day + VALIDITY, osm=osm,
        profiles=profiles, settings=settings or read_settings({}), periods_file=periods, places=places, demo=demo,
        protocols=protocols or {}, nearest=nearest,
    )  # fmt: skip
    work = Work(inputs, progress or quiet, cluster)
    with disk_faults(geodata_dir, lambda: work.needed_bytes), only_build(geodata_dir):
        check_name_is_free(final)
        remove_work(geodata_dir, older_than_s=WORK_LIFETIME_S)
        with staging_folder(final) as staging:
            work.begin(staging)
            with work.told("check", seconds=hospital_steps.seconds_to_read(sheet)):
                hospital_steps.check_sheet(work)
            steps.make_roads(work)
            if region.polygon is None:
                # Only now is it known where the roads are: a hospital far from all of them is a mistake in the sheet.
                hospital_steps.check_sheet(work)
            hospital_steps.write_registry(work)
            steps.make_arrivals(work)
            steps.make_tiles(work, draw_tiles)
            steps.make_bands(work, draw_bands)
            steps.seal_work(work, steps.describe(work, edition_id))
            give_name(work.folder, final)
    return final
