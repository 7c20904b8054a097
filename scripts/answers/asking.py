"""Scenes at random, and questions in them: every scene and every question is made from the seed and its own number alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from answers.hospitals import SENSIBLE
from stroke_map.dispatch import Question
from stroke_map.live import Closure, HospitalStatus, LiveState

if TYPE_CHECKING:
    from stroke_map.editions import Edition

#: Questions of one scene are asked at so many moments, and so the trees of so many are grown.
MOMENTS: Final = 2
#: Of so many scenes in one nothing is closed: then the stored times are read as they are, without a search.
UNCHANGED_IN: Final = 4
_HOUR: Final = timedelta(hours=1)
#: Moments lie up to so many days before and after the days that the edition is for.
_BEYOND_DAYS: Final = 60
_CONDITIONS: Final = tuple(SENSIBLE)


@dataclass(frozen=True)
class Scene:
    """A state of things.

    Attributes
    ----------
    live
        What is closed and what hospitals say.
    moments
        When it is asked about.
    """

    number: int
    profile: str
    live: LiveState
    moments: tuple[datetime, ...]


class Asking:
    """What is asked of one edition with one seed."""

    def __init__(self, edition: Edition, seed: int) -> None:
        self._edition, self._seed = edition, seed
        self._network = edition.network(edition.info.profiles[0])

    def scene(self, number: int) -> Scene:
        """The scene of that number."""
        rng, info = np.random.default_rng([self._seed, number]), self._edition.info
        first = datetime(info.valid_from.year, info.valid_from.month, info.valid_from.day, tzinfo=self._edition.zone)
        days = (info.valid_until - info.valid_from).days
        base = first + timedelta(days=float(rng.uniform(-_BEYOND_DAYS, days + _BEYOND_DAYS)))
        if rng.random() < 0.2:  # when accreditation, opening hours and times of the week change
            base = base.replace(hour=int(rng.choice([0, 6, 7, 9, 17, 22])), minute=0, second=0) - timedelta(
                seconds=float(rng.uniform(0, 1500))
            )
        moments = tuple(base + float(rng.uniform(-3, 3)) * _HOUR * (k > 0) for k in range(MOMENTS))
        closures = [self._closure(rng, number * 100 + k, base) for k in range(rng.poisson(4))]
        if number % 3 == 0:
            closures.append(self._around_a_hospital(rng, number * 100 + 99, base))
        if number % UNCHANGED_IN == UNCHANGED_IN - 1:
            closures = []
        statuses = tuple(self._status(rng, k, base) for k in range(rng.poisson(rng.choice([1, 5, 40]))))
        live = LiveState(
            as_of=base, stale=bool(rng.random() < 0.1), version=number, closures=tuple(closures), statuses=statuses
        )
        return Scene(number, str(rng.choice(info.profiles)), live, moments)

    def question(self, scene: Scene, number: int) -> Question:
        """A question in that scene."""
        rng = np.random.default_rng([self._seed, scene.number, number])
        lat, lon = self._place(rng)
        condition = str(rng.choice(_CONDITIONS))
        need = str(rng.choice(SENSIBLE[condition])) if rng.random() < 0.7 else None
        at = scene.moments[number % len(scene.moments)] + timedelta(seconds=float(rng.uniform(0, 30)))
        more: dict[str, Any] = {}
        if rng.random() < 0.1:
            more["on"] = str(rng.choice(["motorway", "bridge", "tunnel"]))
        if rng.random() < 0.1:
            more["level"] = int(rng.choice([-1, 0, 0, 1]))
        if rng.random() < 0.2:
            more |= {"bearing_deg": float(rng.uniform(0, 360)), "bearing_tolerance_deg": float(rng.choice([5, 45, 90]))}
        if rng.random() < 0.05:
            more["from_hospital"] = str(rng.choice([hospital.id for hospital in self._edition.hospitals]))
        limit = int(rng.choice([1, 3, 5, 20]))
        return Question(
            lat, lon, at=at, asked_at=at, condition=condition, need=need, profile=scene.profile, limit=limit, **more
        )

    def _place(self, rng: np.random.Generator) -> tuple[float, float]:
        """(lat, lon) beside a road; sometimes far from all, sometimes outside of everything."""
        x, y = self._point(rng)
        away_deg = rng.choice([5e-5, 3e-4, 5e-3, 0.3], p=[0.4, 0.5, 0.08, 0.02])
        return y + float(rng.normal(0, away_deg)), x + float(rng.normal(0, away_deg))

    def _point(self, rng: np.random.Generator) -> tuple[float, float]:
        point = int(rng.integers(len(self._network.point_x)))
        return float(self._network.point_x[point]) * 1e-7, float(self._network.point_y[point]) * 1e-7

    # ---- what is closed

    def _closure(self, rng: np.random.Generator, number: int, base: datetime) -> Closure:
        network = self._network
        kind = str(rng.choice(["closed", "slow"], p=[0.7, 0.3]))
        where: dict[str, Any] = {}
        shape = rng.random()
        if shape < 0.4:
            ways = network.stretch_way_id[rng.integers(len(network.stretch_way_id), size=rng.integers(1, 30))]
            where["ways"] = tuple(dict.fromkeys(ways.tolist()))
        elif shape < 0.8:
            where["geometry"] = self._polygon(rng, *self._point(rng), float(rng.choice([2e-4, 2e-3, 1e-2])))
        else:
            n = int(rng.integers(len(network.stretch_way_id)))
            first, last = network.stretch_first_point[n : n + 2].tolist()
            points = np.column_stack([network.point_x[first:last], network.point_y[first:last]]) * 1e-7
            where["geometry"] = shapely.LineString(points)
        if "geometry" not in where or where["geometry"].geom_type == "LineString":
            where["direction"] = str(rng.choice(["both", "forward", "backward"]))
        return Closure(
            id=number,
            kind=kind,
            factor=float(rng.uniform(1.01, 6)) if kind == "slow" else None,
            layer=int(rng.integers(-1, 2)) if rng.random() < 0.1 else None,
            begins=base - float(rng.uniform(-2, 6)) * _HOUR,
            until=None if rng.random() < 0.4 else base + float(rng.uniform(-2, 6)) * _HOUR,
            ended_at=base if rng.random() < 0.05 else None,
            reason="r",
            author="a",
            created_at=base.astimezone(UTC),
            **where,
        )

    def _around_a_hospital(self, rng: np.random.Generator, number: int, base: datetime) -> Closure:
        hospital = self._edition.hospitals[rng.integers(len(self._edition.hospitals))]
        around = self._polygon(rng, hospital.entrance_lon, hospital.entrance_lat, float(rng.uniform(1e-3, 5e-3)))
        inner = shapely.get_parts(around.buffer(-2e-4))  # in several parts, where the polygon has a waist
        ring = shapely.Polygon(around.exterior, [part.exterior for part in inner]) if rng.random() < 0.5 else around
        closure = replace(
            self._closure(rng, number, base), kind="closed", factor=None, ways=(), direction="both", layer=None
        )
        return replace(
            closure, geometry=ring if ring.is_valid else around, begins=base - _HOUR, until=None, ended_at=None
        )

    def _polygon(self, rng: np.random.Generator, x: float, y: float, radius_deg: float) -> shapely.Polygon:
        turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 9))))
        radii = radius_deg * rng.uniform(0.6, 1.0, len(turns))
        return shapely.Polygon(np.column_stack([x + radii * np.cos(turns), y + radii * np.sin(turns)]))

    # ---- what hospitals say

    def _status(self, rng: np.random.Generator, number: int, base: datetime) -> HospitalStatus:
        said = base - float(rng.uniform(-0.5, 8)) * _HOUR
        return HospitalStatus(
            id=number,
            hospital_id=str(rng.choice([*(hospital.id for hospital in self._edition.hospitals), "elsewhere"])),
            kind=str(rng.choice(["diversion", "full", "ct_down", "cath_lab_down"])),  # type: ignore[arg-type]
            until=said + float(rng.uniform(0.1, 10)) * _HOUR,
            open_ended=bool(rng.random() < 0.4),
            reason="r",
            author="a",
            created_at=said,
            ended_at=base if rng.random() < 0.1 else None,
        )
