"""The road of every run on the edition, and how its time divides among kinds of road and times of the week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.calibration.runs import LeftOut
from stroke_map.dispatch.drive import find_drive
from stroke_map.dispatch.prepared import prepare
from stroke_map.dispatch.starts import find_starts
from stroke_map.errors import NoRouteError, OffNetworkError
from stroke_map.roads.classes import ROAD_CLASSES
from stroke_map.roads.trace import shares_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.calibration.runs import Run
    from stroke_map.editions import Edition
    from stroke_map.settings import Settings

#: Few cities have enough runs to tell all classes apart, so classes that are driven alike share a factor. Ferries and trains
#: keep their timetable.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "fast": ("motorway", "motorway_link", "trunk", "trunk_link"),
    "main": ("primary", "primary_link", "secondary", "secondary_link"),
    "minor": ("tertiary", "tertiary_link", "unclassified", "road"),
    "local": ("residential", "living_street", "service", "busway", "track", "pedestrian", "path", "other"),
}
#: Nobody drives so fast or so slowly from door to door; such a run is a slip of the pen or was interrupted.
FASTEST_KPH: Final = 180.0
SLOWEST_KPH: Final = 3.0
#: A shorter drive says more of stairs and doors than of roads.
SHORTEST_M: Final = 300.0


@dataclass(frozen=True, slots=True)
class Drives:
    """What the edition says of the runs that can be used.

    Attributes
    ----------
    period
        int64[n]: the period of each.
    group_s
        float64[n, G]: seconds on the roads of each group.
    fixed_s
        float64[n]: seconds that no factor changes: turns, ferries, the walk to the road.
    actual_s
        float64[n]: how long it really took.
    """

    period: np.ndarray
    group_s: np.ndarray
    fixed_s: np.ndarray
    actual_s: np.ndarray

    def __len__(self) -> int:
        """N."""
        return len(self.actual_s)

    def predicted_s(self, factors: np.ndarray | None = None) -> np.ndarray:
        """float64[n]: with factors float64[P, G] by period and group; None: as the edition says."""
        scale = 1.0 if factors is None else factors[self.period]
        total: np.ndarray = (self.group_s * scale).sum(axis=1) + self.fixed_s
        return total

    def take(self, chosen: np.ndarray) -> Drives:
        """Some of them, by index or mask."""
        return Drives(self.period[chosen], self.group_s[chosen], self.fixed_s[chosen], self.actual_s[chosen])


def drive_runs(edition: Edition, profile: str, runs: Sequence[Run], settings: Settings) -> tuple[Drives, list[LeftOut]]:
    """Route every run with the times of its hour; those that make no sense are left out."""
    group_of = np.full(len(ROAD_CLASSES), len(GROUPS))
    for number, names in enumerate(GROUPS.values()):
        group_of[[ROAD_CLASSES.index(name) for name in names]] = number
    rows, left_out = [], []
    for run in runs:
        try:
            rows.append(_drive(edition, profile, run, settings, group_of))
        except OffNetworkError:
            left_out.append(LeftOut(run.row, "origin off the network"))
        except ValueError as error:
            left_out.append(LeftOut(run.row, str(error)))
    table = np.array([row for _, row in rows]).reshape(len(rows), len(GROUPS) + 2)
    period = np.array([number for number, _ in rows], dtype=np.int64)
    return Drives(period, table[:, : len(GROUPS)], table[:, -2], table[:, -1]), left_out


def _drive(
    edition: Edition, profile: str, run: Run, settings: Settings, group_of: np.ndarray
) -> tuple[int, list[float]]:
    """(period, seconds by group, then what is fixed, then what it took); ValueError says why it cannot be used."""
    if not edition.contains(run.lat, run.lon):
        raise ValueError("origin outside the region")
    period = edition.period_at(run.departure)
    roads = prepare(edition).profiles[profile, period].at(run.departure.astimezone(edition.zone), None)
    starts = find_starts(roads, run.lat, run.lon, settings).starts
    try:
        drive = find_drive(roads, starts, run.column)
    except NoRouteError as error:
        raise ValueError("no road leads from the origin to the hospital") from error
    if drive.length_m < SHORTEST_M:
        raise ValueError(f"shorter than {SHORTEST_M:g} m")
    speed_kph = drive.length_m / run.actual_s * 3.6
    if not SLOWEST_KPH <= speed_kph <= FASTEST_KPH:
        raise ValueError(f"impossible speed: {speed_kph:.0f} km/h is not {SLOWEST_KPH:g} to {FASTEST_KPH:g}")
    network = roads.network
    driven = shares_of(drive.segments, drive.first_share, drive.last_share)
    group = group_of[network.stretch_class[network.segment_stretch[drive.segments]]]
    seconds = np.bincount(group, network.segment_time_ms[drive.segments] * driven / 1000, len(GROUPS) + 1)[:-1]
    fixed_s = max(drive.time_ms / 1000 - seconds.sum(), 0.0)
    return edition.info.periods.index(period), [*seconds.tolist(), fixed_s, run.actual_s]
