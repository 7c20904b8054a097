"""The steps by which an edition is made, in their order: check, roads, registry, arrivals, seal.

A plain build and the yearly update are made of the same steps; each takes a `Work` and leaves in it what the next one needs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stroke_map.editions.copying import copy_files
from stroke_map.editions.edition import (
    TILES_FOLDER,
    roads_folder,
)
from stroke_map.editions.info import DATA_ATTRIBUTION, DATA_LICENCE, EditionInfo
from stroke_map.editions.inputs import DEMO_LICENCE
from stroke_map.editions.region import hull_of_roads
from stroke_map.editions.room import arrivals_step, tables_room
from stroke_map.editions.seal import seal
from stroke_map.editions.work import expected
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from stroke_map.editions.work import Work
    from stroke_map.roads import RoadNetwork

DEMO_ATTRIBUTION = "Made-up data, no real place"
# How long a profile's roads take to read and compile, for the bar alone (porto as PBF: 3.2 MB in 3 s).
SECONDS_PER_OSM_BYTE = 1e-6
# What a disk takes for good, at least; for the bar alone too.
DISK_BYTES_PER_SECOND = 1e8


def make_roads(work: Work) -> None:
    """Compile the roads of every profile, or take over those of the edition that has them; then the region is known.

    Raises
    ------
    RoadDataError
        The road file cannot be used.
    EditionDamagedError
        The roads that should be used again are not what was sealed.
    """
    work.counts["roads"] = {}
    for profile in work.inputs.profiles:
        make = _taken_over(work, f"roads/{profile}") if work.inputs.base else _compiled(work, profile)
        work.counts["roads"][profile] = work.step(f"roads {profile}", make)
    if work.region.polygon is None:
        networks = [work.network(profile) for profile in work.inputs.profiles]
        work.region = work.region.with_polygon(hull_of_roads((n.point_x, n.point_y) for n in networks))


def _compiled(work: Work, profile: str) -> Callable[[Callable[[float], None]], dict[str, int]]:
    from stroke_map.editions.vehicle import service_profile
    from stroke_map.roads import RoadNetwork

    osm = work.inputs.osm
    assert osm is not None  # noqa: S101 - Inputs has either a road file or an edition

    def make(tell: Callable[[float], None]) -> dict[str, int]:
        work.check_scratch()
        with expected(osm.stat().st_size * SECONDS_PER_OSM_BYTE + 1, tell):
            network = RoadNetwork.from_osm(osm, profile=service_profile(profile, work.inputs.settings))
            network.save(roads_folder(work.folder, profile))
        return {
            "points": len(network.point_x),
            "stretches": len(network.stretch_length_m),
            "segments": len(network.segment_stretch),
            "turns": len(network.turn_to),
        }

    return make


def _taken_over(work: Work, part: str) -> Callable[[Callable[[float], None]], dict[str, Any]]:
    base = work.inputs.base
    assert base is not None  # noqa: S101 - as above

    def make(tell: Callable[[float], None]) -> dict[str, Any]:
        copy_files(base, work.folder, lambda name: name.startswith(f"{part}/"), tell)
        counts: dict[str, Any] = base.info.counts["roads"].get(part.removeprefix("roads/"), {})
        return counts

    return make


def make_arrivals(work: Work) -> None:
    """Compile the arrivals, table by table.

    Raises
    ------
    EditionError
        No road comes near any hospital, or the disk cannot hold the tables.
    """
    periods = work.inputs.periods
    segments = {profile: counts["segments"] for profile, counts in work.counts["roads"].items()}
    tables = tables_room(work.inputs, len(work.hospitals), segments)
    work.room |= tables
    unreached: dict[str, list[str]] = {}
    sizes: dict[str, dict[str, dict[str, int]]] = {}
    for profile in work.inputs.profiles:
        sizes[profile] = {}
        for period, factors in zip(periods.names, periods.factors(profile), strict=True):
            name = arrivals_step(profile, period, periods.names)
            facts = work.step(name, _table(work, profile, period, factors, tables))
            unreached[profile] = facts["unreached"]
            sizes[profile][period] = {"bytes": facts["bytes"]}
    work.counts["unreached"] = unreached
    if work.inputs.periods_file is not None:
        work.counts["periods"] = sizes


def _table(
    work: Work, profile: str, period: str, factors: Any, tables: Iterable[str]
) -> Callable[[Callable[[float], None]], dict[str, Any]]:
    from stroke_map.editions.tables import build_table

    def make(tell: Callable[[float], None]) -> dict[str, Any]:
        # Known exactly, and the bulk of an edition: better refused now than after minutes of work.
        work.check_room(tables)
        table = build_table(
            work.folder, profile, period,
            factors=factors, hospitals=work.hospitals, nearest=work.inputs.nearest, cluster=work.cluster,
            progress=lambda done, total: tell(done / total),
        )  # fmt: skip
        if len(table.unreached) == len(work.hospitals):
            raise EditionError(
                f"no road of {_roads_name(work)} comes near any hospital of {work.inputs.sheet.name}",
                next_step="Check that the roads and the sheet are of the same region.",
            )
        return {"unreached": table.unreached, "bytes": table.size_bytes}

    return make


def make_tiles(work: Work, draw_tiles: Callable[[RoadNetwork, Path], Any] | None) -> None:
    """Draw the base map, or take over that of the edition whose roads are used again."""

    def draw(_tell: Callable[[float], None]) -> None:
        if draw_tiles is not None:
            draw_tiles(work.network(work.inputs.profiles[0]), work.folder / TILES_FOLDER)

    if work.inputs.base:
        work.step("tiles", _taken_over(work, TILES_FOLDER))
    elif draw_tiles is not None:
        work.step("tiles", draw)


def make_bands(work: Work, draw_bands: Callable[..., Any] | None) -> None:
    """Draw how far the hospitals reach, for the map."""
    if draw_bands is not None:
        first_day = work.inputs.valid_from
        work.step("bands", lambda tell: draw_bands(work.folder, first_day, tell))


def describe(
    work: Work, edition_id: str, *, based_on: str = "", accepted: str = "", prepared_by: str = ""
) -> EditionInfo:
    """What `edition.json` will say (see `EditionInfo`), but for the files and the seal."""
    inputs = work.inputs
    return EditionInfo(
        id=edition_id,
        region=work.region.info(),
        publisher=work.region.publisher,
        timezone=work.region.timezone,
        valid_from=inputs.valid_from,
        valid_until=inputs.valid_until,
        demo=inputs.demo,
        created_at=datetime.now(UTC),
        licence=DEMO_LICENCE if inputs.demo else DATA_LICENCE,
        attribution=DEMO_ATTRIBUTION if inputs.demo else DATA_ATTRIBUTION,
        built_from=inputs.sources,
        profiles=inputs.profiles,
        periods=inputs.periods.names,
        arrivals=inputs.nearest or "full",
        protocols=inputs.sealed_protocols,
        counts=work.counts,
        inputs=inputs.key,
        based_on=based_on,
        accepted=accepted,
        accepted_problems=work.reading.accepted,
        prepared_by=prepared_by,
    )


def seal_work(work: Work, info: EditionInfo) -> None:
    """Write `edition.json`: the folder is an edition now, which only lacks its name."""
    size = sum(file.size for file in work.marks.sums.values())
    with work.told("seal", seconds=0.1 + size / DISK_BYTES_PER_SECOND):
        work.inputs.check_unchanged()
        seal(work.folder, info.model_copy(update={"created_at": datetime.now(UTC)}), work.marks.sums)


def _roads_name(work: Work) -> str:
    return work.inputs.osm.name if work.inputs.osm else f"edition {work.inputs.base.info.id}"  # type: ignore[union-attr]
