"""Checking a sheet by all that is at hand: its cells, its rows, the map's hospitals, the roads."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from stroke_map.errors import EditionDamagedError, EditionError, NoEditionError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from stroke_map.editions import Edition, Region
    from stroke_map.registry import SheetReading
    from stroke_map.roads import RoadNetwork

_PROFILE: Final = "ambulance"


def region_without_name(geodata_dir: Path, edition: Edition | None) -> Region:
    """Where nobody names a region: anywhere, with the districts of the edition that is named, else of the one that serves.

    A made-up city's districts count only where its edition is named.
    """
    from stroke_map.editions import Region, read_publication, verify_edition
    from stroke_map.editions.region import districts_of

    info = edition.info if edition else None
    with suppress(NoEditionError, EditionError, EditionDamagedError):
        serving = info or verify_edition(geodata_dir, read_publication(geodata_dir).edition, full=False)
        info = None if serving.demo and not edition else serving
    return Region(districts=districts_of(info.region, geodata_dir=geodata_dir)) if info else Region()


@dataclass(frozen=True, slots=True)
class Check:
    """What a sheet is checked against; `osm` and `edition` may both be given, and the edition's roads are taken."""

    region: Region
    osm: Path | None = None
    edition: Edition | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def check_file(path: Path, check: Check, show: Callable[[str, float], None]) -> SheetReading:
    """Read a sheet and find what is wrong with it; the clock says today where no first day is given.

    Raises
    ------
    RoadDataError
        An OpenStreetMap file that cannot be read.
    EditionDamagedError
        An edition whose roads are not what was sealed.
    """
    from stroke_map.editions.build import VALIDITY
    from stroke_map.editions.hospital_steps import seconds_to_read
    from stroke_map.editions.placement import check_places, known_before
    from stroke_map.editions.work import expected
    from stroke_map.registry import draft_from_osm, read_sheet
    from stroke_map.registry.checks import check_hospitals

    with expected(seconds_to_read(path), lambda share: show("sheet", min(share, 0.99))):
        reading = read_sheet(path, region=check.region.hospital_area)
    show("sheet", 1.0)
    first_day = check.valid_from or datetime.now(check.region.zone).date()
    reading.problems += check_hospitals(
        reading.hospitals,
        valid_from=first_day,
        valid_until=check.valid_until or first_day + VALIDITY,
        districts=check.region.districts or None,
        records=reading.records,
        complete=not reading.lost_rows,
        grace_days=read_settings().accreditation_grace_days,
    )
    network = _network(check, show)
    if network is not None:
        known = list(draft_from_osm(check.osm)) if check.osm else []
        known += known_before(check.edition.hospitals, reading.hospitals) if check.edition else []
        reading.problems += check_places(reading.hospitals, network, known, records=reading.records)
    return reading


def _network(check: Check, show: Callable[[str, float], None]) -> RoadNetwork | None:
    from stroke_map.editions.steps import SECONDS_PER_OSM_BYTE
    from stroke_map.editions.work import expected
    from stroke_map.roads import RoadNetwork

    if check.edition is not None:
        return check.edition.network(_PROFILE)
    if check.osm is None:
        return None
    size = check.osm.stat().st_size
    with expected(size * SECONDS_PER_OSM_BYTE + 1, lambda share: show("roads", min(share, 0.99))):
        network = RoadNetwork.from_osm(check.osm, profile=_PROFILE)
    show("roads", 1.0)
    return network
