"""The steps that are about hospitals: read and check the list, find them on the roads, write the registry."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stroke_map.editions.edition import PERIODS_FILE, PROTOCOLS_FOLDER, REGION_FILE, REGISTRY_FILE
from stroke_map.editions.region import region_geojson
from stroke_map.editions.room import steps_room
from stroke_map.editions.work import expected
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stroke_map.editions.edition import EditionHead
    from stroke_map.editions.work import Work
    from stroke_map.registry.places import Place

# How long the named places of a road file take to collect and write, for the bar alone (four portos, 12.8 MB: 3 s); and a sheet to
# read (a workbook of 5,000 rows with every column, 4 MB: 4 s).
SECONDS_PER_OSM_BYTE = 2e-7
SECONDS_PER_SHEET_BYTE = 1e-6


def seconds_to_read(sheet: Path) -> float:
    """About how long a sheet takes to read and check."""
    return 0.1 + (sheet.stat().st_size * SECONDS_PER_SHEET_BYTE if sheet.is_file() else 0)


def check_sheet(work: Work, *, thoroughly: bool = False) -> None:
    """Read the hospitals.

    Parameters
    ----------
    thoroughly
        Check what stands between the rows too, and between the list and the edition's days.

    Raises
    ------
    RegistryError
        The sheet has mistakes.
    EditionError
        It lists no hospital.
    """
    from stroke_map.registry import read_sheet
    from stroke_map.registry.checks import check_hospitals

    inputs = work.inputs
    reading = read_sheet(inputs.sheet, region=work.region.hospital_area)
    if thoroughly:
        reading.problems += check_hospitals(
            reading.hospitals,
            valid_from=inputs.valid_from,
            valid_until=inputs.valid_until,
            districts=work.region.districts or None,
            records=reading.records,
            complete=not reading.lost_rows,
            grace_days=inputs.settings.accreditation_grace_days,
        )
    reading.raise_for_errors()
    if not reading.hospitals:
        raise EditionError(f"{inputs.sheet.name} lists no hospital", next_step="Give a sheet with at least one.")
    work.reading, work.hospitals = reading, reading.hospitals
    work.places = _read_places(work)
    work.room |= steps_room(inputs, len(work.hospitals))


def _read_places(work: Work) -> list[Place]:
    from stroke_map.registry.places_csv import read_places_csv

    if work.inputs.places is None:
        return []
    reading = read_places_csv(work.inputs.places, region=work.region.polygon)
    reading.raise_for_errors()
    return reading.places


def check_entrances(work: Work, before: EditionHead | None) -> None:
    """Compare where the hospitals are said to be with the roads, the hospitals that the road file knows, and the edition before.

    That one is somewhere else, or that no road leads to its entrance, is noted in the reading: somebody may know better.
    """
    from stroke_map.editions.placement import check_places, known_before
    from stroke_map.registry import Problem, draft_from_osm

    def make(tell: Callable[[float], None]) -> dict[str, Any]:
        with expected(_osm_bytes(work) * SECONDS_PER_OSM_BYTE + 1, tell):
            known = list(draft_from_osm(work.inputs.osm)) if work.inputs.osm else []
            known += known_before(before.hospitals, work.hospitals) if before else []
            network, records = work.network(work.inputs.profiles[0]), work.reading.records
            return {"problems": [asdict(p) for p in check_places(work.hospitals, network, known, records=records)]}

    found = work.step("entrances", make, depends=before.info.seal if before else "")["problems"]
    work.reading.problems += [Problem(**problem) for problem in found]


def write_registry(work: Work) -> None:
    """Write the region, the protocols and the registry."""
    from stroke_map.registry import load_registry, save_registry

    registry = work.folder / REGISTRY_FILE

    def make(tell: Callable[[float], None]) -> None:
        (work.folder / REGION_FILE).write_bytes(region_geojson(work.region))
        if work.inputs.periods_file is not None:
            (work.folder / PERIODS_FILE).write_text(work.inputs.periods.to_json(), encoding="utf-8")
        for condition, text in work.inputs.protocols.items():
            file = work.folder / PROTOCOLS_FOLDER / f"{condition}.json"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        # By id: of hospitals equally near the first column wins, which must not hang on the order of the sheet's rows.
        save_registry(sorted(work.hospitals, key=lambda hospital: hospital.id), registry)
        with expected(_osm_bytes(work) * SECONDS_PER_OSM_BYTE + 1, tell):
            _write_places(work, registry)

    work.step("registry", make)
    # Read back: the order in which the registry gives hospitals is the order of the columns of the arrivals.
    work.hospitals = load_registry(registry)
    work.counts |= hospital_counts(work.hospitals)


def _write_places(work: Work, registry: Path) -> None:
    """Write the named places of the road file, or of the edition whose roads are used again, and those that the publisher adds."""
    from stroke_map.editions.gazetteer import collect_places
    from stroke_map.registry.places import PUBLISHED, load_places, save_places

    inputs = work.inputs
    if inputs.base is None:
        assert inputs.osm is not None  # noqa: S101 - as above
        work.check_scratch()
        of_map = collect_places(inputs.osm, work.region.polygon)
    else:
        known = load_places(inputs.base.folder / REGISTRY_FILE)
        of_map = [place for place in known if inputs.places is None or place.kind != PUBLISHED]
    save_places([*of_map, *work.places], registry)


def hospital_counts(hospitals: list[Any]) -> dict[str, Any]:
    """What `edition.json` counts of hospitals."""
    able = Counter(name for h in hospitals for name, capability in h.capabilities.items() if capability.status == "yes")
    return {"hospitals": len(hospitals), "capabilities": dict(sorted(able.items()))}


def _osm_bytes(work: Work) -> int:
    return work.inputs.osm.stat().st_size if work.inputs.osm else 0
