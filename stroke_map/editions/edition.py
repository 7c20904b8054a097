"""An open, sealed edition. A request uses one `Edition` and nothing else, so that no answer mixes two."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from stroke_map.editions.publish import published_folder
from stroke_map.editions.region import read_polygon
from stroke_map.editions.seal import damaged, refuse_if_short, verify
from stroke_map.errors import InvalidRequestError, StrokeMapError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.editions.info import EditionInfo
    from stroke_map.editions.near import NearArrivals
    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork
    from stroke_map.roads.periods import Periods

T = TypeVar("T")

PERIODS_FILE = "periods.json"

REGISTRY_FILE = "registry.db"
PROTOCOLS_FOLDER = "protocols"
REGION_FILE = "region.geojson"
TILES_FOLDER = "tiles"
#: Pictures of how far each treatment reaches.
BANDS_FOLDER = "bands"


def roads_folder(folder: Path, profile: str) -> Path:
    """Where an edition keeps the roads of a profile."""
    return folder / "roads" / profile


def arrivals_folder(folder: Path, profile: str, period: str = "all") -> Path:
    """Where an edition keeps the arrivals of a profile and period."""
    return folder / "arrivals" / profile / period


def times_file(folder: Path, profile: str, period: str) -> Path:
    """Where an edition keeps the times of a profile's roads in a period; no file: those of the roads themselves."""
    return folder / "times" / profile / f"{period}.npy"


class EditionHead:
    """What can be read of a sealed edition without its roads, and without waiting for the kernels that search them.

    Parameters
    ----------
    folder
        The sealed folder; its name is the edition's id.

    Attributes
    ----------
    info
        `edition.json`.
    hospitals
        By the column of the arrivals: `hospitals[i]` is column i of every table.
    region
        The polygon, (lon, lat) in degrees, WGS-84.

    Raises
    ------
    EditionDamagedError
        The quick check failed, or a file cannot be read for what it should be.
    NoMemoryError
        The machine has no memory, or no open files, left for it.
    """

    def __init__(self, folder: Path) -> None:
        # Here, because listing, publishing and rolling back need none of it.
        from stroke_map.registry import load_registry

        self.folder = folder
        self.info: EditionInfo = verify(folder, edition_id=folder.name)
        self.hospitals: tuple[Hospital, ...] = tuple(self._open(REGISTRY_FILE, load_registry))
        self.region = self._open(REGION_FILE, read_polygon)

    def _open(self, part: str | Path, load: Callable[[Path], T]) -> T:
        """Load a part of the edition; what fails is named by its path in it."""
        path = self.folder / part
        try:
            return load(path)
        except (
            ValueError,
            LookupError,
            TypeError,
            OSError,
            EOFError,
            MemoryError,
            sqlite3.Error,
            StrokeMapError,
        ) as error:
            refuse_if_short(error)
            name = path.relative_to(self.folder).as_posix()
            raise damaged(self.info.id, {name: f"cannot be read: {error}"}) from error


class Edition(EditionHead):
    """A sealed edition, open for reading; safe to share between threads. It never changes.

    Attributes
    ----------
    zone
        The edition's timezone.
    periods
        The times of the week that have arrivals of their own.
    """

    def __init__(self, folder: Path) -> None:
        from stroke_map.editions.near import load_arrivals
        from stroke_map.roads import RoadNetwork
        from stroke_map.roads.periods import minute_of_week

        super().__init__(folder)
        self._minute_of_week = minute_of_week
        self.zone: ZoneInfo = ZoneInfo(self.info.timezone)
        shapely.prepare(self.region)
        # GEOS builds the index of a prepared polygon at its first use: better before threads share it.
        self.contains(self.region.representative_point().y, self.region.representative_point().x)
        self.periods = self._open(PERIODS_FILE, self._read_periods)
        self._week = self.periods.week()
        roads = {p: self._open(roads_folder(folder, p), RoadNetwork.load) for p in self.info.profiles}
        self._networks = {
            (profile, period): self._open(times_file(folder, profile, period), partial(_at_times, network))
            for profile, network in roads.items()
            for period in self.info.periods
        }
        self._arrivals = {
            (profile, period): self._open(arrivals_folder(folder, profile, period), load_arrivals)
            for profile in self.info.profiles
            for period in self.info.periods
        }

    def protocol_text(self, condition: str) -> str | None:
        """The protocol sealed into the edition, as JSON that the room `protocols` reads; None: it has none."""
        path = self.folder / PROTOCOLS_FOLDER / f"{condition}.json"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def network(self, profile: str, period: str | None = None) -> RoadNetwork:
        """The roads as that profile drives them in a period (None: the first); InvalidRequestError where there is no such."""
        return self._networks[self._check_profile(profile), period or self.info.periods[0]]

    def arrivals(self, profile: str, period: str | None = None) -> Arrivals | NearArrivals:
        """The arrivals of a profile in a period (None: the first); InvalidRequestError where there is no such profile."""
        return self._arrivals[self._check_profile(profile), period or self.info.periods[0]]

    def period_at(self, when: datetime) -> str:
        """The period that a moment (aware) is in, by the clock of the edition's timezone."""
        return self.info.periods[self._week[self._minute_of_week(when.astimezone(self.zone))]]

    def contains(self, lat: float, lon: float) -> bool:
        """Whether a point (degrees, WGS-84) is in the edition's region."""
        return bool(shapely.intersects_xy(self.region, lon, lat))

    def _check_profile(self, profile: str) -> str:
        if profile not in self.info.profiles:
            known = ", ".join(self.info.profiles)
            problem = f"this edition has {known}"
            raise InvalidRequestError(
                f"unknown profile; {problem}",
                errors=[{"field": "profile", "problem": problem, "example": self.info.profiles[0]}],
            )
        return profile

    def _read_periods(self, path: Path) -> Periods:
        from stroke_map.roads.periods import Periods

        # An edition of one period for all hours, as most are, keeps no file of them.
        plain = PERIODS_FILE not in self.info.files
        periods = Periods() if plain else Periods.from_json(path.read_text(encoding="utf-8"))
        if periods.names != self.info.periods:
            raise ValueError("not the periods this edition was built for")
        return periods


def _at_times(network: RoadNetwork, path: Path) -> RoadNetwork:
    return network.with_times(np.load(path, mmap_mode="r")) if path.is_file() else network


def open_published(geodata_dir: Path) -> Edition:
    """Open the published edition once, for a script; a server uses `EditionHolder`.

    Raises
    ------
    NoEditionError
        Nothing is published.
    EditionDamagedError
        What is published is damaged.
    """
    return Edition(published_folder(geodata_dir)[1])
