"""The yearly update: this year's sheet and roads become an edition, in steps that an interrupted run goes on from.

1 check, 2 roads, 3 arrivals, 4 compare, 5 report, 6 seal, 7 publish on request.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from stroke_map.editions import hospital_steps, steps
from stroke_map.editions.approval import Said
from stroke_map.editions.comparing import Made, check_gate, make_report
from stroke_map.editions.edition import Edition, open_published
from stroke_map.editions.files import disk_faults
from stroke_map.editions.info import EDITION_FILE, EditionInfo, read_info
from stroke_map.editions.inputs import PROFILES, Inputs
from stroke_map.editions.publish import (
    edition_folder,
    editions_dir,
    read_or_none,
    verify_edition,
)
from stroke_map.editions.publish import (
    publish as publish_edition,
)
from stroke_map.editions.region import Region, districts_of
from stroke_map.editions.staging import give_name, next_id, only_build, remove_work, work_folder
from stroke_map.editions.work import Work, quiet
from stroke_map.errors import EditionDamagedError, EditionError, NoEditionError
from stroke_map.registry.compare import compare_hospitals
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stroke_map.registry.compare import RegistryChanges
    from stroke_map.roads import RoadNetwork
    from stroke_map.settings import Settings


def annual_update(
    *,
    year: int,
    hospitals: Path,
    geodata_dir: Path,
    osm: Path | None = None,
    same_roads: bool = False,
    region: Region | None = None,
    against: str | None = None,
    accept: str | Mapping[str, str] = "",
    prepared_by: str = "",
    publish: bool = False,
    approved_by: str = "",
    dry_run: bool = False,
    places: Path | None = None,
    population: Path | None = None,
    periods: Path | None = None,
    protocols: Mapping[str, str] | None = None,
    profiles: tuple[str, ...] = PROFILES,
    valid_from: date | None = None,
    valid_until: date | None = None,
    nearest: int | None = None,
    cluster: str | None = None,
    settings: Settings | None = None,
    progress: Callable[[str, float], None] | None = None,
    draw_tiles: Callable[[RoadNetwork, Path], Any] | None = None,
    draw_bands: Callable[..., Any] | None = None,
    write_report: Callable[..., Any] | None = None,
) -> Made:
    """Make the edition of a year, or go on making it where an earlier run stopped.

    Parameters
    ----------
    year
        The edition is `<year>.1`, or has the next number where other inputs have made that one already.
    hospitals
        The association's sheet.
    osm, same_roads
        This year's road file, or the roads of the edition that serves.
    region
        Whose edition it is; None: with the same roads that edition's, else the hull of the roads.
    against
        The edition to compare with (and whose roads are used again); None: the one that serves.
    accept
        Why totals may differ from that edition's so much that the gate would refuse them ("totals"), and why a hospital is right where
        the map speaks against it ("places"); a single reason is for that of the two which is refused, and for neither where both are.
        Kept in the edition.
    prepared_by, publish, approved_by
        Who runs this; whether to publish in the end, and who has looked at it. Two different people.
    dry_run
        Stop after the report; the next run goes on from there.
    places, population, periods
        More files: a gazetteer for the search, where people live for the report, times of the week.
    valid_from, valid_until
        First and last day; None: those of the year.
    protocols, profiles, nearest, cluster, settings, progress, draw_tiles, draw_bands
        As `build_edition`.
    write_report
        `maps.report.write_report`; None: `changes.json` alone.

    Raises
    ------
    RegistryError
        The sheet was refused by a check.
    GateError
        The gate refused: too much is different. The report is written all the same.
    RoadDataError
        The roads or the periods cannot be used.
    InvalidRequestError
        A name or reason that is none.
    EditionError
        Prepared and approved are one person, another build runs, the disk is full, or the edition before cannot be opened.
    """
    said = Said.checked(accept=accept, prepared_by=prepared_by, approved_by=approved_by, publish=publish)
    before = _edition_before(geodata_dir, against)
    if same_roads and before is None:
        raise NoEditionError("no edition serves whose roads could be used again", next_step="Give --osm.")
    base = before if same_roads else None
    inputs = Inputs(
        sheet=hospitals, region=region or (region_of(base, geodata_dir) if base else Region()), osm=osm, base=base,
        valid_from=valid_from or date(year, 1, 1), valid_until=valid_until or date(year, 12, 31),
        profiles=base.info.profiles if base else profiles, settings=settings or read_settings({}),
        periods_file=periods, places=places, population=population, protocols=protocols or {},
        nearest=nearest, demo=base is not None and base.info.demo,
    )  # fmt: skip
    if before is not None and before.info.demo != inputs.demo:
        before = None  # a made-up city is nothing to compare real hospitals with
    work = Work(inputs, progress or quiet, cluster)
    with disk_faults(geodata_dir, lambda: work.needed_bytes), only_build(geodata_dir):
        with work.told("check", seconds=hospital_steps.seconds_to_read(hospitals)):
            hospital_steps.check_sheet(work, thoroughly=True)
        edition_id, built = _which_edition(geodata_dir, year, inputs.key)
        final = edition_folder(geodata_dir, edition_id)
        if built:
            made = Made(edition_id, final, "already built", warnings=_warnings(work))
        else:
            work.begin(work_folder(geodata_dir, inputs.key))
            changes, said = _grow(work, before, said, draw_tiles)
            steps.make_bands(work, draw_bands)
            info = _compare(work, edition_id, before, changes, said, write_report=write_report)
            made = Made(edition_id, work.folder, "dry run", changes, _warnings(work))
            if dry_run:
                return made
            steps.seal_work(work, info)
            give_name(work.folder, final)
            made = replace(made, folder=final, state="built")
        remove_work(geodata_dir)
    if publish and not dry_run:
        with work.told("publish"):
            _publish(geodata_dir, edition_id, said.approved_by)
    return made


def region_of(edition: Edition, geodata_dir: Path) -> Region:
    """The region of an edition, as one that is built from its roads has it."""
    info = edition.info
    return Region(
        info.region.id, info.region.name, info.publisher, info.timezone, polygon=edition.region,
        districts=districts_of(info.region, geodata_dir=geodata_dir),
    )  # fmt: skip


def _edition_before(geodata_dir: Path, against: str | None) -> Edition | None:
    if against is not None:
        verify_edition(geodata_dir, against, full=False)
        return Edition(edition_folder(geodata_dir, against))
    try:
        return open_published(geodata_dir)
    except NoEditionError:
        return None


def _which_edition(geodata_dir: Path, year: int, key: str) -> tuple[str, bool]:
    """The id that these inputs get, and whether they have it already."""
    for name in sorted(folder.name for folder in editions_dir(geodata_dir).glob(f"{year}.*")):
        if _inputs_of(geodata_dir, name) == key:
            try:
                verify_edition(geodata_dir, name, full=True)
            except EditionDamagedError:
                return name, False  # it is built again under its name
            return name, True
    return next_id(geodata_dir, str(year)), False


def _inputs_of(geodata_dir: Path, edition_id: str) -> str | None:
    try:
        return read_info((edition_folder(geodata_dir, edition_id) / EDITION_FILE).read_bytes()).inputs
    except (OSError, ValueError, EditionError):
        return None


def _grow(
    work: Work, before: Edition | None, said: Said, draw_tiles: Callable[[RoadNetwork, Path], Any] | None
) -> tuple[RegistryChanges | None, Said]:
    """Roads, hospitals, arrivals and tiles; what is different from the edition before, and what was said of it (see `Said.settled`)."""
    steps.make_roads(work)
    if work.inputs.region.polygon is None:
        # Only now is it known where the roads are: a hospital far from all of them is a mistake in the sheet.
        hospital_steps.check_sheet(work, thoroughly=True)
    hospital_steps.check_entrances(work, before)
    changes = compare_hospitals(before.hospitals, work.hospitals) if before else None
    said = said.settled(work.reading, changes)
    hospital_steps.write_registry(work)
    steps.make_arrivals(work)
    steps.make_tiles(work, draw_tiles)
    return changes, said


def _compare(
    work: Work,
    edition_id: str,
    before: Edition | None,
    changes: RegistryChanges | None,
    said: Said,
    *,
    write_report: Callable[..., Any] | None,
) -> EditionInfo:
    """Report, and only then refuse: whoever must decide has something to look at."""
    based_on, accepted = before.info.id if before else "", said.accepted.totals
    info = steps.describe(work, edition_id, based_on=based_on, accepted=accepted, prepared_by=said.prepared_by)
    make_report(work, info, before, changes, write_report)
    check_gate(changes, accepted, before, work.folder)
    return info


def _warnings(work: Work) -> tuple[str, ...]:
    return tuple(map(str, work.reading.problems))


def _publish(geodata_dir: Path, edition_id: str, approved_by: str) -> None:
    publication = read_or_none(geodata_dir)
    if publication is not None and publication.edition == edition_id:
        return
    # Also where it was rolled back: what a timer repeats must not undo what a person has done.
    if publication is not None and edition_id in {*publication.history, *publication.approvals}:
        raise EditionError(
            f"edition {edition_id} has served already, and {publication.edition} has taken its place",
            next_step=f"If it should serve again: stroke-map edition publish {edition_id}.",
        )
    publish_edition(geodata_dir, edition_id, approved_by=approved_by)
