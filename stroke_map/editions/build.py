"""Compile an edition: hospitals, roads, arrivals and tiles into a staging folder, sealed, then renamed.

A crash at any moment, or a full disk, leaves what was there as it was: only a sealed folder ever gets an edition's name.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stroke_map.editions.edition import PERIODS_FILE, REGION_FILE, REGISTRY_FILE, TILES_FOLDER, roads_folder
from stroke_map.editions.files import disk_faults, exclusive_lock, fsync, full_disk
from stroke_map.editions.info import DATA_ATTRIBUTION, DATA_LICENCE, EditionInfo, Role, Source
from stroke_map.editions.publish import edition_folder
from stroke_map.editions.region import hull_of_roads, region_geojson
from stroke_map.editions.seal import seal, sha256_of, verify
from stroke_map.errors import EditionDamagedError, EditionError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stroke_map.editions.region import Region
    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork
    from stroke_map.roads.periods import Periods
    from stroke_map.settings import Settings

PROFILES = ("car", "ambulance")
STAGING_PREFIX = ".staging-"
VALIDITY = timedelta(days=365)
DEMO_LICENCE = "MIT"
DEMO_ATTRIBUTION = "Made-up data, no real place"
# One row of the arrivals: two bytes of time and one of next turn for each hospital.
ARRIVAL_BYTES = 3
# Roads and tiles take less than this many times the OSM file (porto: 5 times as PBF, for each profile).
ROADS_PER_OSM_BYTE = 8
# The reader keeps an index of all nodes in the temporary folder (1.4 to 1.8 times the OSM file as PBF).
SCRATCH_PER_OSM_BYTE = 3
SLACK_BYTES = 2_000_000


@dataclass
class _Build:
    """What one build knows so far. `needed_bytes` grows as it learns how large the edition becomes."""

    osm: Path
    sheet: Path
    region: Region
    profiles: tuple[str, ...]
    settings: Settings
    progress: Callable[[str, float], None]
    periods_file: Path | None
    periods: Periods
    hospitals: list[Hospital] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    needed_bytes: int = 0


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
    settings: Settings | None = None,
    periods: Path | None = None,
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
    settings
        The ambulance's size and speed; None: the defaults.
    periods
        A periods file (see `stroke_map/roads/periods.toml`): each period gets times and arrivals of its own. None: one for
        all hours.

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
    last_day = valid_until or first_day + VALIDITY
    if last_day < first_day:
        raise EditionError("an edition cannot end before it begins", next_step="Correct valid-from and valid-until.")
    quiet: Callable[[str, float], None] = lambda _step, _share: None  # noqa: E731
    settings = settings or read_settings({})
    build = _Build(osm, sheet, region, profiles, settings, progress or quiet, periods, _read_periods(periods, profiles))
    with disk_faults(geodata_dir, lambda: build.needed_bytes), _only_build(geodata_dir):
        _check_name_is_free(final)
        with _staging_folder(final) as staging:
            _read_hospitals(build)
            _compile_roads(build, staging)
            _settle_region(build, staging)
            _write_registry(build, staging)
            _compile_arrivals(build, staging)
            if draw_tiles is not None:
                with _step(build, "tiles"):
                    draw_tiles(_network(staging, profiles[0]), staging / TILES_FOLDER)
            info = EditionInfo(
                id=edition_id,
                region=build.region.info(),
                publisher=region.publisher,
                timezone=region.timezone,
                valid_from=first_day,
                valid_until=last_day,
                demo=demo,
                created_at=datetime.now(UTC),
                licence=DEMO_LICENCE if demo else DATA_LICENCE,
                attribution=DEMO_ATTRIBUTION if demo else DATA_ATTRIBUTION,
                built_from=_sources(build, demo=demo),
                profiles=profiles,
                periods=build.periods.names,
                counts=build.counts,
            )
            with _step(build, "seal"):
                seal(staging, info)
                _give_name(staging, final)
    return final


def _read_periods(path: Path | None, profiles: tuple[str, ...]) -> Periods:
    from stroke_map.roads.periods import Periods, load_periods

    periods = load_periods(path) if path else Periods()
    named = {name for period in periods.period for name in period.factors_of}
    named |= {periods.calibration.profile} if periods.calibration else set()
    for name in sorted(named - set(profiles)):
        raise EditionError(
            f"the periods speak of the profile {name[:40]!r}, which this edition has not",
            next_step=f"It has {', '.join(profiles)}: correct factors_of or calibration.",
        )
    return periods


def _read_hospitals(build: _Build) -> None:
    from stroke_map.registry import read_sheet

    with _step(build, "hospitals"):
        reading = read_sheet(build.sheet, region=build.region.hospital_area)
        reading.raise_for_errors()
        if not reading.hospitals:
            raise EditionError(f"{build.sheet.name} lists no hospital", next_step="Give a sheet with at least one.")
        build.hospitals = reading.hospitals


def _compile_roads(build: _Build, staging: Path) -> None:
    from stroke_map.editions.vehicle import service_profile
    from stroke_map.roads import RoadNetwork

    build.needed_bytes = build.osm.stat().st_size * ROADS_PER_OSM_BYTE * len(build.profiles) + SLACK_BYTES
    # A full disk under a mapped file kills the process, so the reader's index must be known to fit.
    _check_room(Path(tempfile.gettempdir()), build.osm.stat().st_size * SCRATCH_PER_OSM_BYTE)
    build.counts["roads"] = {}
    for profile in build.profiles:
        with _step(build, f"roads {profile}"):
            network = RoadNetwork.from_osm(build.osm, profile=service_profile(profile, build.settings))
            network.save(roads_folder(staging, profile))
            build.counts["roads"][profile] = {
                "points": len(network.point_x),
                "stretches": len(network.stretch_length_m),
                "segments": len(network.segment_stretch),
                "turns": len(network.turn_to),
            }


def _settle_region(build: _Build, staging: Path) -> None:
    if build.region.polygon is None:
        networks = [_network(staging, profile) for profile in build.profiles]
        build.region = build.region.with_polygon(hull_of_roads((n.point_x, n.point_y) for n in networks))
        # Only now is it known where the roads are: a hospital far from all of them is a mistake in the sheet.
        _read_hospitals(build)
    (staging / REGION_FILE).write_bytes(region_geojson(build.region))


def _write_registry(build: _Build, staging: Path) -> None:
    from stroke_map.registry import load_registry, save_registry

    # By id: of hospitals equally near the first column wins, which must not hang on the order of the sheet's rows.
    save_registry(sorted(build.hospitals, key=lambda hospital: hospital.id), staging / REGISTRY_FILE)
    # Read back: the order in which the registry gives hospitals is the order of the columns of the arrivals.
    build.hospitals = load_registry(staging / REGISTRY_FILE)
    able = Counter(
        name for h in build.hospitals for name, capability in h.capabilities.items() if capability.status == "yes"
    )
    build.counts["hospitals"] = len(build.hospitals)
    build.counts["capabilities"] = dict(sorted(able.items()))


def _compile_arrivals(build: _Build, staging: Path) -> None:
    from stroke_map.editions.tables import build_tables

    segments = sum(counts["segments"] for counts in build.counts["roads"].values())
    arrival_bytes = segments * len(build.hospitals) * ARRIVAL_BYTES * len(build.periods.names)
    build.needed_bytes += arrival_bytes
    # Known exactly, and the bulk of an edition: better refused now than after minutes of work.
    _check_room(staging, arrival_bytes)
    build.counts["unreached"] = {}
    if build.periods_file is not None:
        (staging / PERIODS_FILE).write_text(build.periods.to_json(), encoding="utf-8")
        # What each period costs. Without periods the same inputs give the same bytes, to which a build time would put an end.
        build.counts["periods"] = {}
    for profile in build.profiles:
        with _step(build, f"arrivals {profile}"):
            tables = build_tables(
                staging, profile, build.periods, build.hospitals, partial(_tell_share, build, f"arrivals {profile}")
            )
            build.counts["unreached"][profile] = tables.unreached
            if build.periods_file is not None:
                build.counts["periods"][profile] = tables.costs
            if len(tables.unreached) == len(build.hospitals):
                # Then sheet and roads do not fit.
                raise EditionError(
                    f"no road of {build.osm.name} comes near any hospital of {build.sheet.name}",
                    next_step="Check that the roads and the sheet are of the same region.",
                )


def _sources(build: _Build, *, demo: bool) -> tuple[Source, ...]:
    own = DEMO_LICENCE if demo else "publisher's own"
    files: list[tuple[Role, Path | None, str]] = [
        ("roads", build.osm, DEMO_LICENCE if demo else DATA_LICENCE),
        ("hospitals", build.sheet, own),
        ("region", build.region.polygon_file, own),
        ("periods", build.periods_file, own),
    ]
    return tuple(
        Source(role=role, name=path.name, sha256=sha256_of(path), licence=licence)
        for role, path, licence in files
        if path
    )


def _check_room(folder: Path, needed_bytes: int) -> None:
    if shutil.disk_usage(folder).free < needed_bytes:
        raise full_disk(folder, needed_bytes)


def _network(staging: Path, profile: str) -> RoadNetwork:
    from stroke_map.roads import RoadNetwork

    return RoadNetwork.load(roads_folder(staging, profile))


@contextlib.contextmanager
def _step(build: _Build, name: str) -> Iterator[None]:
    build.progress(name, 0.0)
    yield
    build.progress(name, 1.0)


def _tell_share(build: _Build, step: str, done: int, total: int) -> None:
    build.progress(step, done / total)


def _only_build(geodata_dir: Path) -> contextlib.AbstractContextManager[None]:
    return exclusive_lock(geodata_dir / ".build.lock", busy="another edition is being built at this moment")


def _check_name_is_free(final: Path) -> None:
    """A sealed edition never changes; only a damaged one may be built again under its name."""
    if not final.exists():
        return
    try:
        verify(final, edition_id=final.name, full=True)
    except EditionDamagedError:
        return
    raise EditionError(f"edition {final.name} exists and is sound", next_step="Choose another id, such as 2026.2.")


@contextlib.contextmanager
def _staging_folder(final: Path) -> Iterator[Path]:
    """A folder beside the editions; removed when the work fails, and by the next build when the process died."""
    final.parent.mkdir(parents=True, exist_ok=True)
    for left in final.parent.glob(f"{STAGING_PREFIX}*"):
        shutil.rmtree(left)
    staging = final.with_name(STAGING_PREFIX + final.name)
    staging.mkdir()
    try:
        yield staging
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _give_name(staging: Path, final: Path) -> None:
    damaged = final.with_name(f"{STAGING_PREFIX}damaged-{final.name}")
    if final.exists():
        final.rename(damaged)
    staging.rename(final)
    fsync(final.parent)
    # Servers that still have its files mapped keep them until they have changed over.
    shutil.rmtree(damaged, ignore_errors=True)
