"""Amend an edition in mid-year: a few hospitals are different, the roads are not, and nor are the arrivals of all others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from stroke_map.editions.approval import Said
from stroke_map.editions.comparing import Made, check_gate, write_changes
from stroke_map.editions.copying import link_files
from stroke_map.editions.edition import (
    PERIODS_FILE,
    PROTOCOLS_FOLDER,
    REGISTRY_FILE,
    Edition,
    EditionHead,
    arrivals_folder,
)
from stroke_map.editions.files import disk_faults, fsync
from stroke_map.editions.hospital_steps import hospital_counts
from stroke_map.editions.info import Source
from stroke_map.editions.inputs import OWN_LICENCE, is_of_roads
from stroke_map.editions.pictures import amend_pictures
from stroke_map.editions.publish import edition_folder, existing_folder, read_publication
from stroke_map.editions.publish import publish as publish_edition
from stroke_map.editions.region import HOSPITAL_MARGIN_M, districts_of, grow
from stroke_map.editions.room import arrivals_step
from stroke_map.editions.seal import checksums, seal, sha256_of
from stroke_map.editions.setting_cells import read_with_cells_set
from stroke_map.editions.staging import give_name, next_id, only_build, staging_folder
from stroke_map.editions.work import quiet
from stroke_map.errors import EditionError, InvalidRequestError
from stroke_map.registry import read_sheet, save_registry
from stroke_map.registry.checks import check_hospitals
from stroke_map.registry.compare import compare_hospitals
from stroke_map.registry.matching import entrance_of, place_of
from stroke_map.registry.places import copy_places
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stroke_map.editions.info import EditionInfo, FileSeal
    from stroke_map.registry import Hospital, SheetReading
    from stroke_map.registry.compare import RegistryChanges
    from stroke_map.settings import Settings


@dataclass(frozen=True)
class _Amendment:
    """An edition, and the hospitals it should have, in the order of the columns.

    `kept` has for each of them the column of the edition with the same entrance, None where there is no such; `roads` is the edition
    with its roads, None where every column of the arrivals stays what and where it is.
    """

    base: EditionHead
    roads: Edition | None
    reading: SheetReading
    hospitals: list[Hospital]
    changes: RegistryChanges
    kept: list[int | None]
    progress: Callable[[str, float], None]

    def takes_over(self, name: str) -> bool:
        """Whether a file of the edition, by its path in it, stays as it is."""
        part = name.partition("/")[0]
        stays = is_of_roads(name) or part in {PERIODS_FILE, PROTOCOLS_FOLDER, "times"}
        return stays or (part == "arrivals" and self.roads is None)


def amend_edition(
    *,
    geodata_dir: Path,
    hospitals: Path | None = None,
    cells: Sequence[str] = (),
    edition_id: str | None = None,
    reason: str = "",
    accept: str | Mapping[str, str] = "",
    prepared_by: str = "",
    publish: bool = False,
    approved_by: str = "",
    settings: Settings | None = None,
    progress: Callable[[str, float], None] | None = None,
    draw_bands: Callable[..., Any] | None = None,
    write_report: Callable[..., Any] | None = None,
) -> Made:
    """Make the next edition from one whose roads stay: `2026.2` from `2026.1`, valid for the same days.

    It gives the answers that a full build of the same hospitals on these roads would give. Only the arrivals of hospitals with a new
    entrance are computed. Of the pictures of coverage those are drawn that a capability changes; where an entrance does, they stay, and
    `EditionInfo.bands_of` says of which edition they are. Its report does not measure again what the edition reaches: that would take
    longer than all else.

    Parameters
    ----------
    hospitals
        A whole sheet, in place of the one before.
    cells
        Instead of a sheet: `ID.column=value` for each cell of the edition's own list that is different.
    edition_id
        The edition to amend; None: the one that serves.
    reason
        Why; kept in the edition, and required with `cells`.
    accept, prepared_by, publish, approved_by, settings, progress
        As `annual_update`.
    draw_bands
        `maps.band_layer.draw_bands`; None: no picture of coverage is drawn.
    write_report
        `maps.amendment.write_amendment`; None: `changes.json` alone.

    Raises
    ------
    RegistryError, GateError, EditionError, InvalidRequestError
        As `annual_update`; EditionError also where nothing would be different.
    """
    said = Said.checked(reason=reason, accept=accept, prepared_by=prepared_by, approved_by=approved_by, publish=publish)
    if (hospitals is None) == (not cells) or (cells and not said.reason):
        mistake = {"field": "reason", "problem": "is missing", "example": "the hospital has a new number"}
        raise InvalidRequestError("an amendment is a sheet, or cells and the reason for them", errors=[mistake])
    base_id = edition_id or read_publication(geodata_dir).edition
    base = EditionHead(existing_folder(geodata_dir, base_id))
    progress, needed_bytes = progress or quiet, sum(file.size for file in base.info.files.values())
    with disk_faults(geodata_dir, lambda: needed_bytes), only_build(geodata_dir):
        progress("check", 0.0)
        grace_days = (settings or read_settings({})).accreditation_grace_days
        districts = districts_of(base.info.region, geodata_dir=geodata_dir)
        amendment, said = _read(
            base, hospitals, cells, said, progress=progress, grace_days=grace_days, districts=districts
        )
        progress("check", 1.0)
        check_gate(amendment.changes, said.accepted.totals, base)
        final = edition_folder(geodata_dir, _next_id(geodata_dir, base_id))
        with staging_folder(final) as staging:
            folder = staging / "edition"
            folder.mkdir()
            notes = {"reason": said.reason, "accepted": said.accepted.totals, "prepared_by": said.prepared_by}
            counts, sums = _fill(amendment, folder)
            bands_of = amend_pictures(
                base, folder, amendment.hospitals,
                moved=amendment.roads is not None, draw_bands=draw_bands, tell=partial(progress, "bands"),
            )  # fmt: skip
            accepted = (*_still_accepted(base, amendment.hospitals), *amendment.reading.accepted)
            made = {"counts": counts, "accepted_problems": accepted, "bands_of": bands_of}
            info = _describe(base.info, final.name, hospitals, **made, **notes)
            write_changes(folder, final.name, base, amendment.changes, **notes)
            if write_report:
                write_report(
                    folder, info=info, hospitals=(base.hospitals, amendment.hospitals), changes=amendment.changes,
                    problems=amendment.reading.problems, notes=notes,
                )  # fmt: skip
            progress("seal", 0.0)
            seal(folder, info, sums)
            progress("seal", 1.0)
            give_name(folder, final)
    if publish:
        publish_edition(geodata_dir, final.name, approved_by=said.approved_by)
    warnings = tuple(map(str, amendment.reading.problems))
    return Made(final.name, final, "built", amendment.changes, warnings)


def _read(
    base: EditionHead,
    sheet: Path | None,
    cells: Sequence[str],
    said: Said,
    *,
    progress: Callable[[str, float], None],
    grace_days: int,
    districts: tuple[str, ...],
) -> tuple[_Amendment, Said]:
    """What is to be made of the base; and what was said of it, every reason with what it is for."""
    area = grow(base.region, HOSPITAL_MARGIN_M)
    reading = read_sheet(sheet, region=area) if sheet else read_with_cells_set(base.hospitals, cells, region=area)
    info = base.info
    reading.problems += check_hospitals(
        reading.hospitals, valid_from=info.valid_from, valid_until=info.valid_until,
        districts=districts or None, records=reading.records, complete=not reading.lost_rows,
        grace_days=grace_days,
    )  # fmt: skip
    reading.raise_for_errors()
    hospitals = sorted(reading.hospitals, key=lambda hospital: hospital.id)
    if not hospitals or hospitals == list(base.hospitals):
        raise EditionError(
            "the amended edition would be what it is already" if hospitals else "the sheet lists no hospital",
            next_step="Give a sheet, or cells, in which something is different.",
        )
    # Only its entrance decides a hospital's column. Of two with one entrance either column will do, but its own stays in place.
    column_of = {entrance_of(old): column for column, old in enumerate(base.hospitals)}
    own = {(old.id, entrance_of(old)): column for column, old in enumerate(base.hospitals)}
    kept = [own.get((new.id, entrance_of(new)), column_of.get(entrance_of(new))) for new in hospitals]
    same = kept == list(range(len(base.hospitals))) and (info.arrivals == "full" or _same_groups(base, hospitals))
    roads = None if same else Edition(base.folder)
    moved = [hospital for hospital, column in zip(hospitals, kept, strict=True) if column is None]
    if roads and moved:
        from stroke_map.editions.placement import check_places, known_before

        network, known = roads.network(info.profiles[0]), known_before(base.hospitals, moved)
        reading.problems += check_places(moved, network, known, records=reading.records)
    changes = compare_hospitals(base.hospitals, hospitals)
    said = said.settled(reading, changes)
    return _Amendment(base, roads, reading, hospitals, changes, kept, progress), said


def _same_groups(base: EditionHead, hospitals: Sequence[Hospital]) -> bool:
    """Whether each hospital is among the nearest of the same capabilities as before."""
    from stroke_map.editions.near import groups_of

    return groups_of(base.hospitals).tobytes() == groups_of(hospitals).tobytes()


def _still_accepted(base: EditionHead, hospitals: Sequence[Hospital]) -> Iterator[str]:
    """What was accepted of hospitals that are where they were: nobody looks at their places again."""
    there = {(hospital.id, place_of(hospital), entrance_of(hospital)) for hospital in hospitals}
    same = {old.id for old in base.hospitals if (old.id, place_of(old), entrance_of(old)) in there}
    return (line for line in base.info.accepted_problems if line.partition(":")[0] in same)


def _next_id(geodata_dir: Path, base_id: str) -> str:
    """`2026.2` after `2026.1`, `demo.1` after `demo`; or a later number."""
    stem, _, number = base_id.rpartition(".")
    if stem and number.isdecimal():
        return next_id(geodata_dir, stem, after=int(number))
    return next_id(geodata_dir, base_id)


def _fill(amendment: _Amendment, folder: Path) -> tuple[dict[str, Any], dict[str, FileSeal]]:
    """Everything but the pictures of coverage, the changes, the report and `edition.json`; returns what that says of its counts, and the checksums that are known."""
    base, progress = amendment.base, amendment.progress
    progress("copy", 0.0)
    link_files(base, folder, amendment.takes_over)
    save_registry(amendment.hospitals, folder / REGISTRY_FILE)
    copy_places(base.folder / REGISTRY_FILE, folder / REGISTRY_FILE)
    progress("copy", 1.0)
    # What is taken over was checked when its edition was published, and is again when this one is.
    sums = {name: file for name, file in base.info.files.items() if amendment.takes_over(name)}
    tables, of_tables = _make_arrivals(amendment, amendment.roads, folder) if amendment.roads else ({}, {})
    return base.info.counts | hospital_counts(amendment.hospitals) | tables, sums | of_tables


def _make_arrivals(amendment: _Amendment, base: Edition, folder: Path) -> tuple[dict[str, Any], dict[str, FileSeal]]:
    """Write every table; returns what `edition.json` counts of them, and the checksums of their files."""
    # Here, because an amendment without new entrances need not wait for compiled kernels to be loaded.
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from stroke_map.editions.arrivals import Arrivals, Gated, find_gates
    from stroke_map.editions.columns import amend_arrivals
    from stroke_map.editions.near import build_near, groups_of
    from stroke_map.editions.tables import table_bytes

    info = base.info
    sums: dict[str, FileSeal] = {}

    def make(table_of: tuple[str, str]) -> list[str]:
        profile, period = table_of
        own = arrivals_folder(folder, profile, period)
        step = arrivals_step(profile, period, info.periods)
        amendment.progress(step, 0.0)
        network, before = base.network(profile, period), base.arrivals(profile, period)
        table: Gated
        if isinstance(before, Arrivals):
            table = amend_arrivals(network, before, amendment.kept, amendment.hospitals, own)
        else:
            # Who is among the nearest hangs on all of them.
            found = find_gates(network, amendment.hospitals)
            table = build_near(network, found, groups_of(amendment.hospitals), before.nearest)
            table.save(own)
        # Now, because the disk can write one table while the other still grows.
        for path in own.iterdir():
            fsync(path)
            sums[path.relative_to(folder).as_posix()] = checksums(path, path.stat().st_size)
        amendment.progress(step, 1.0)
        gates = np.diff(table.gate_first)
        return [hospital.id for hospital, number in zip(amendment.hospitals, gates, strict=True) if not number]

    tables = list(product(info.profiles, info.periods))
    # Two at a time: the walk through a table leaves one processor idle, and more would take too much memory.
    with ThreadPoolExecutor(2) as pool:
        reached = pool.map(make, tables)
        unreached = {profile: ids for (profile, _), ids in zip(tables, reached, strict=True)}
    counts: dict[str, Any] = {"unreached": unreached}
    if "periods" in info.counts:
        counts["periods"] = {profile: {} for profile in info.profiles}
        for profile, period in tables:
            counts["periods"][profile][period] = {"bytes": table_bytes(folder, profile, period)}
    return counts, sums


def _describe(base: EditionInfo, edition_id: str, sheet: Path | None, **said: Any) -> EditionInfo:
    """What `edition.json` will say, but for the files and the seal."""
    own = Source(role="hospitals", name=sheet.name, sha256=sha256_of(sheet), licence=OWN_LICENCE) if sheet else None
    built_from = tuple(own if own and source.role == "hospitals" else source for source in base.built_from)
    return base.model_copy(
        update={
            "id": edition_id,
            "created_at": datetime.now(UTC),
            "built_from": built_from,
            "inputs": "",
            "based_on": base.id,
            **said,
        }
    )
