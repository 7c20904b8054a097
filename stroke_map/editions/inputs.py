"""What an edition is made of. The same inputs give the same edition."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

import stroke_map
from stroke_map.editions.edition import REGION_FILE, TILES_FOLDER
from stroke_map.editions.info import DATA_LICENCE, FORMAT, Role, SealedProtocol, Source
from stroke_map.editions.seal import sha256_of
from stroke_map.errors import EditionError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stroke_map.editions.edition import Edition
    from stroke_map.editions.region import Region
    from stroke_map.roads.periods import Periods
    from stroke_map.settings import Settings

PROFILES = ("car", "ambulance")
DEMO_LICENCE = "MIT"
OWN_LICENCE = "publisher's own"


@dataclass(frozen=True)
class Inputs:
    """Files, settings and days.

    Attributes
    ----------
    sheet
        The hospital sheet.
    region
        Whose edition it is; without a polygon the hull of the roads.
    valid_from, valid_until
        First and last day.
    osm, base
        The OpenStreetMap file, or the edition whose roads and tiles are used again: one of them.
    profiles, settings
        The road profiles, and the ambulance's size and speed.
    periods_file, places, population
        Times of the week, a gazetteer, and where people live; None where there is no such file.
    protocols
        The clinical protocols by condition, as the canonical JSON that the room `protocols` writes and reads.
    nearest
        How many of the nearest hospitals are stored for each capability; None: all.
    demo
        Made-up data.
    """

    sheet: Path
    region: Region
    valid_from: date
    valid_until: date
    osm: Path | None = None
    base: Edition | None = None
    profiles: tuple[str, ...] = PROFILES
    settings: Settings = field(default_factory=lambda: read_settings({}))
    periods_file: Path | None = None
    places: Path | None = None
    population: Path | None = None
    protocols: Mapping[str, str] = field(default_factory=dict)
    nearest: int | None = None
    demo: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot become an edition; EditionError."""
        self.check_unchanged()  # from here on the files must stay as they are
        if (self.osm is None) == (self.base is None):
            raise EditionError("an edition needs a road file or another edition's roads", next_step="Give one of them.")
        if self.valid_until < self.valid_from:
            raise EditionError(
                "an edition cannot end before it begins", next_step="Correct valid-from and valid-until."
            )
        self._check_nearest()
        named = {name for period in self.periods.period for name in period.factors_of}
        named |= {self.periods.calibration.profile} if self.periods.calibration else set()
        for name in sorted(named - set(self.profiles)):
            raise EditionError(
                f"the periods speak of the profile {name[:40]!r}, which this edition has not",
                next_step=f"It has {', '.join(self.profiles)}: correct factors_of or calibration.",
            )

    def _check_nearest(self) -> None:
        if self.nearest is None:
            return
        # Here, because whoever stores all of them need not wait for it.
        from stroke_map.editions.near import MOST_NEAREST

        if not 1 <= self.nearest <= MOST_NEAREST:
            raise EditionError(
                f"{self.nearest} is no number of nearest hospitals to store", next_step=f"Give 1 to {MOST_NEAREST}."
            )

    @cached_property
    def periods(self) -> Periods:
        """The times of the week; RoadDataError where their file cannot be used."""
        from stroke_map.roads.periods import Periods, load_periods

        return load_periods(self.periods_file) if self.periods_file else Periods()

    def check_unchanged(self) -> None:
        """Refuse files that somebody has replaced since this object was made: an edition is of one state of them.

        Raises
        ------
        EditionError
            One is another file now.
        """
        for path, before in self._states.items():
            if _state(path) != before:
                raise EditionError(
                    f"{path.name} was replaced while the edition was being made",
                    next_step="Run the command again: it begins with the files as they are then.",
                )

    @cached_property
    def _states(self) -> dict[Path, tuple[int, int, int] | None]:
        files = (self.osm, self.sheet, self.region.polygon_file, self.periods_file, self.places, self.population)
        return {path: _state(path) for path in files if path}

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every file it is made of, with its checksum; of an edition whose roads are used again, those that these came from."""
        own = DEMO_LICENCE if self.demo else OWN_LICENCE
        files: list[tuple[Role, Path | None, str]] = [
            ("roads", self.osm, DEMO_LICENCE if self.demo else DATA_LICENCE),
            ("hospitals", self.sheet, own),
            ("region", self.region.polygon_file, own),
            ("periods", self.periods_file, own),
            ("places", self.places, own),
            ("population", self.population, own),
        ]
        again = [source for source in self.base.info.built_from if source.role == "roads"] if self.base else []
        return (*again, *(_source(role, path, licence) for role, path, licence in files if path))

    @cached_property
    def sealed_protocols(self) -> tuple[SealedProtocol, ...]:
        """What `edition.json` says of each protocol."""
        told = ("version", "local_version", "signed_by", "signed_on")
        return tuple(
            SealedProtocol(
                condition=condition,
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                **{name: document.get(name) for name in told},
            )
            for condition, text in sorted(self.protocols.items())
            if (document := orjson.loads(text))
        )

    @cached_property
    def key(self) -> str:
        """A sha256 over the content of every file and all else that the edition's bytes hang on: settings, days, our own code.

        File names do not count.
        """
        # Here, because whoever lists or publishes editions need not wait for the room of roads.
        from stroke_map.editions.vehicle import service_profile

        region = self.region
        used_again = self.base.info.files.items() if self.base else ()
        document: dict[str, Any] = {
            "version": [stroke_map.__version__, FORMAT, _digest_of_code()],
            "files": [(source.role, source.sha256) for source in self.sources],
            "roads": sorted((name, file.sha256) for name, file in used_again if is_of_roads(name)),
            "region": [
                region.id,
                region.name.model_dump(),
                region.publisher.model_dump(),
                region.timezone,
                region.bounds,
                region.districts,
            ],
            "profiles": [service_profile(name, self.settings).to_json() for name in self.profiles],
            "protocols": [protocol.sha256 for protocol in self.sealed_protocols],
            "valid": [self.valid_from, self.valid_until],
            "nearest": self.nearest,
            "demo": self.demo,
        }
        return hashlib.sha256(orjson.dumps(document)).hexdigest()


@cache
def _digest_of_code() -> str:
    """Of the rooms that make editions: what a newer checkout makes of the same files may be something else."""
    package = Path(stroke_map.__file__).parent
    files = (path for room in ("roads", "registry", "editions", "maps") for path in package.glob(f"{room}/*.*"))
    code = sorted(path for path in files if path.suffix in {".py", ".toml"})
    return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()


def is_of_roads(name: str) -> bool:
    """Whether a file of an edition, by its path in it, comes from the roads alone."""
    return name == REGION_FILE or name.partition("/")[0] in {"roads", TILES_FOLDER}


def _state(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from another one in its place, without reading it; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _source(role: Role, path: Path, licence: str) -> Source:
    return Source(role=role, name=path.name, sha256=sha256_of(path), licence=licence)
