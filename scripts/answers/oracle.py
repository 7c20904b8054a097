"""What must be answered."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from answers.hospitals import (
    CLOSED,
    LAPSED,
    LOST,
    NONE,
    STILL_SHOWN,
    UNKNOWN,
    USUAL,
    VALID,
    class_of,
    day_ends,
    is_within,
)
from answers.roads import BRIDGE, MOTORWAY, PARTS, TUNNEL, Position, Roads
from answers.roads import CLOSED as ROAD_CLOSED

if TYPE_CHECKING:
    from stroke_map.dispatch import Question
    from stroke_map.editions import Edition
    from stroke_map.live import LiveState
    from stroke_map.settings import Settings

_ON: Final = {"motorway": MOTORWAY, "bridge": BRIDGE, "tunnel": TUNNEL}
_EARTH_RADIUS_M: Final = 6_371_008.8
_TIE_M: Final = 1e-6


class Ambiguous(Exception):  # noqa: N818 - the question has two right answers
    """Where a road bends, which way it leads there is a matter of taste; such a question is not counted."""


@dataclass
class Expected:
    """What must be answered.

    Attributes
    ----------
    error
        The class of the error in place of an answer.
    hospitals
        (id, class, travel_time_s), best first.
    besides
        Ids by the part of the answer they stand in.
    snapped_m
        Distances to the roads that the first drive may begin on.
    codes
        Warnings that must be there; `perhaps` may.
    fallback
        (id, straight_line_m) beside an error.
    """

    error: str = ""
    hospitals: list[tuple[str, int, float]] = field(default_factory=list)
    besides: dict[str, list[str]] = field(default_factory=dict)
    snapped_m: set[float] = field(default_factory=set)
    period: str = ""
    codes: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)
    fallback: list[tuple[str, int]] = field(default_factory=list)


class Oracle:
    """One edition, asked by `expected`."""

    def __init__(self, edition: Edition, settings: Settings) -> None:
        self.edition, self.settings = edition, settings
        self._roads: dict[tuple[str, str], Roads] = {}
        self._usual: dict[tuple[str, str], np.ndarray] = {}
        self._known: dict[Any, Moment] = {}

    def forget(self) -> None:
        """Let go of the trees of what is closed now."""
        self._known.clear()

    def period(self, question: Question) -> str:
        """The time of the week in which the drive begins."""
        local = question.at.astimezone(self.edition.zone)
        (name,) = (
            period.name for period in self.edition.periods.period if any(is_within(text, local) for text in period.when)
        )
        return name

    def moment(self, question: Question, live: LiveState) -> Moment:
        """The roads at the moment of a question; their trees are grown once."""
        kind = question.profile, self.period(question)
        if kind not in self._roads:
            roads = self._roads[kind] = Roads(self.edition.network(*kind), self.edition.hospitals)
            self._usual[kind] = roads.reaching(roads.trees(roads.usual))
        roads, at = self._roads[kind], question.at
        begun = [closure for closure in live.closures if closure.begins <= at and closure.ended_at is None]
        active = [closure for closure in begun if closure.until is None or at < closure.until]
        rules = roads.rules_at(at.astimezone(self.edition.zone))
        key = kind, tuple(closure.id for closure in active), rules
        if key not in self._known:
            self._known[key] = Moment(roads, roads.now(active, rules), self._usual[kind])
        return self._known[key]

    def expected(self, question: Question, live: LiveState, sign: int = 1) -> Expected:
        """The answer to a question; `sign` as for `Roads.graph`.

        Raises
        ------
        Ambiguous
            It has two.
        """
        return _Answering(self, question, live, sign).answer()


class Moment:
    """The roads of a profile as they are then."""

    def __init__(self, roads: Roads, now: Any, reaching: np.ndarray) -> None:
        self.roads, self.now, self.reaching = roads, now, reaching
        self._trees: dict[int, np.ndarray] = {}

    @cached_property
    def is_open(self) -> np.ndarray:
        """bool[N]."""
        return self.roads.is_open(self.now)

    def trees(self, sign: int) -> np.ndarray:
        """See `Roads.trees`."""
        if sign not in self._trees:
            self._trees[sign] = self.roads.trees(self.now, sign)
        return self._trees[sign]


class _Answering:
    def __init__(self, oracle: Oracle, question: Question, live: LiveState, sign: int) -> None:
        self.edition, self.settings, self.question, self.live, self.sign = (
            oracle.edition,
            oracle.settings,
            question,
            live,
            sign,
        )
        self.moment = oracle.moment(question, live)
        self.roads, self.now = self.moment.roads, self.moment.now
        self.told = Expected(period=oracle.period(question))
        self.needs = (question.need,) if question.need else USUAL[question.condition]
        self.leaves_s = question.at.timestamp()
        self.edition_over = self.leaves_s >= day_ends(self.edition.info.valid_until, self.edition.zone)
        self.hospitals = self.edition.hospitals

    def answer(self) -> Expected:
        question, told = self.question, self.told
        lat, lon = question.lat, question.lon
        if question.from_hospital is not None:
            gate = self.roads.gates[[hospital.id for hospital in self.hospitals].index(question.from_hospital)]
            lat, lon = gate.lat, gate.lon
        elif not _contains(self.edition.region, lon, lat):
            return self._refused("OutsideAreaError")
        starts = self._starts(lat, lon)
        if not starts:
            return self._refused("OffNetworkError")
        costs = self._costs(starts)
        best = costs.min(axis=0)
        reached = np.isfinite(best)
        cost_ms = np.where(reached, np.round(np.where(reached, best, 0) / PARTS), np.inf)
        passes = np.where(reached, (best - np.where(reached, cost_ms, 0) * PARTS) * self.sign, 0)
        time_ms = np.where(reached, cost_ms - passes * self.roads.pass_ms, 0)
        classes = self._classes(self.leaves_s + time_ms / 1000)
        if min(classes) == NONE:
            return self._refused("NoCapableHospitalError")
        order = sorted(np.flatnonzero(np.isfinite(best)).tolist(), key=lambda column: (cost_ms[column], column))
        ranked = [column for class_ in (VALID, LAPSED) for column in order if classes[column] == class_]
        for class_ in (CLOSED, UNKNOWN):
            ranked = ranked or [column for column in order if classes[column] == class_]
        ranked = ranked[: question.limit]
        if not ranked:
            return self._refused("NoRouteError")
        told.hospitals = [
            (self.hospitals[column].id, classes[column], round(float(time_ms[column]) / 1000, 1)) for column in ranked
        ]
        quickest = np.flatnonzero(np.round(costs[:, ranked[0]] / PARTS) == cost_ms[ranked[0]])
        told.snapped_m = {round(starts[k][0].distance_m, 1) for k in quickest.tolist()}
        if question.profile == "ambulance":
            for name, class_ in (("telephone_first", CLOSED), ("unknown", UNKNOWN)):
                others = [column for column in order if classes[column] == class_ and column not in ranked]
                told.besides[name] = [self.hospitals[column].id for column in others[:3]]
        self._warn(classes[ranked[0]], self.hospitals[ranked[0]], self.leaves_s + float(time_ms[ranked[0]]) / 1000)
        return told

    # ---- where it begins

    def _starts(self, lat: float, lon: float) -> list[tuple[Position, int, float]]:
        """(position, segment, share behind) of every direction in which the drive may begin."""
        question, settings = self.question, self.settings
        usable = self._usable()
        within = settings.snap_limit_m, settings.snap_spread_m
        nearest = self.roads.near(lat, lon, usable, *within)
        found = self.roads.near(lat, lon, usable & self.moment.is_open, *within)
        if not found:
            return []
        closed = [
            not self.moment.is_open[position.stretch]
            for position in nearest
            if position.distance_m <= nearest[0].distance_m + _TIE_M
        ]
        if any(closed):
            (self.told.codes if all(closed) else self.told.perhaps).add("closed-road-at-origin")
        every = [
            (position, segment, share)
            for position in found
            for segment, share in self.roads.directions(position)
            if self.now.extra_ms[segment] != ROAD_CLOSED
        ]
        if question.bearing_deg is None or question.from_hospital is not None:
            return every
        heading = [start for start in every if self._leads(start[0], start[1])]
        if not heading:
            self.told.codes.add("no-road-in-this-direction")
        return heading or every

    def _usable(self) -> np.ndarray:
        """bool[N]: where the caller may be."""
        network, question, usable = self.roads.network, self.question, self.moment.reaching
        on, level = (None, None) if question.from_hospital else (question.on, question.level)
        flags = network.stretch_flags
        if on is not None:
            usable = usable & ((flags & _ON[on]) != 0)
        elif level is not None:
            usable = usable & ((flags & MOTORWAY) == 0)
        else:
            usable = usable & ((flags & (MOTORWAY | BRIDGE | TUNNEL)) == 0)
        return usable if level is None else usable & (network.stretch_layer == level)

    def _leads(self, position: Position, segment: int) -> bool:
        """Whether a segment leads the way the caller heads there."""
        turned = 0.0 if self.roads.network.segment_forward[segment] else 180.0
        off = [
            abs((bearing + turned - self.question.bearing_deg + 180.0) % 360.0 - 180.0)
            for bearing in position.bearings_deg
        ]
        leads = [degrees <= self.question.bearing_tolerance_deg for degrees in off]
        if any(leads) != all(leads):
            raise Ambiguous
        return leads[0]

    # ---- how long it takes

    def _costs(self, starts: list[tuple[Position, int, float]]) -> np.ndarray:
        """float64[k, H]: walking there, the rest of the segment, and the tree from its end; or to a gate ahead on the segment itself."""
        least_m = min(position.distance_m for position, _, _ in starts)
        trees = self.moment.trees(self.sign)
        costs = np.empty((len(starts), len(trees)))
        for cost, (position, segment, share) in zip(costs, starts, strict=True):
            walk_ms = np.rint((position.distance_m - least_m) * 3600 / self.settings.walk_speed_kph)
            time_ms, extra_ms = self.roads.time_ms[segment], self.now.extra_ms[segment]
            rest_ms = np.rint((1.0 - share) * time_ms) + np.rint((1.0 - share) * extra_ms)
            cost[:] = (walk_ms + rest_ms) * PARTS + trees[:, segment]
            for column, part_ms in self.roads.gates_on.get(segment, ()):
                to_gate_ms = part_ms + np.rint(part_ms / time_ms * extra_ms)
                ahead_ms = to_gate_ms - np.rint(share * time_ms) - np.rint(share * extra_ms)
                if ahead_ms >= 0:
                    cost[column] = min(cost[column], (walk_ms + ahead_ms) * PARTS)
        return costs

    # ---- who may be given

    def _classes(self, arrives_s: np.ndarray) -> list[int]:
        return [
            class_of(
                hospital,
                self.needs,
                at,
                self.live.statuses,
                zone=self.edition.zone,
                grace_days=self.settings.accreditation_grace_days,
                edition_over=self.edition_over,
            )
            for hospital, at in zip(self.hospitals, arrives_s.tolist(), strict=True)
        ]

    def _refused(self, error: str) -> Expected:
        """With those that could, by straight line."""
        self.told.error = error
        distances = [self._straight_m(hospital) for hospital in self.hospitals]
        classes = self._classes(np.full(len(self.hospitals), self.leaves_s))
        order = sorted(range(len(classes)), key=lambda column: (classes[column], distances[column]))
        self.told.fallback = [
            (self.hospitals[column].id, round(distances[column])) for column in order if classes[column] != NONE
        ][: self.question.limit]
        return self.told

    def _straight_m(self, hospital: Any) -> float:
        """By the spherical law of cosines in the plane of the three unit vectors, not by haversines."""
        ends = [(self.question.lat, self.question.lon), (hospital.entrance_lat, hospital.entrance_lon)]
        one, other = (
            np.array([math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a)])
            for a, b in ((math.radians(lat), math.radians(lon)) for lat, lon in ends)
        )
        return _EARTH_RADIUS_M * math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other))

    def _warn(self, first_class: int, first: Any, arrives_s: float) -> None:
        codes = self.told.codes
        if self.live.stale:
            codes.add("live-state-stale")
        if self.edition.info.demo:
            codes.add("demo-data")
        if any(distance_m > 150.0 for distance_m in self.told.snapped_m):
            (codes if min(self.told.snapped_m) > 150.1 else self.told.perhaps).add("far-from-road")
        if self.edition_over:
            codes.add("edition-out-of-date")
        elif first_class == LAPSED:
            codes.add("accreditation-lapsed")
        if first_class in {CLOSED, UNKNOWN}:
            codes.add("telephone-first" if first_class == CLOSED else "capability-unknown")
        for status in self.live.statuses:
            since_s = arrives_s - status.until.timestamp()
            over = status.open_ended and status.ended_at is None and 0 <= since_s < STILL_SHOWN.total_seconds()
            matters = status.kind in {"diversion", "full"} or any(need in LOST[status.kind] for need in self.needs)
            if over and matters and status.hospital_id == first.id:
                codes.add("status-unconfirmed")


def _contains(region: Any, x: float, y: float) -> bool:
    """Whether a polygon, or one of several, has a point inside: how often a line to the east of it crosses their edges."""
    crossings = 0
    for polygon in getattr(region, "geoms", [region]):
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.asarray(ring.coords)
            (ax, ay), (bx, by) = points[:-1, :2].T, points[1:, :2].T
            spans = (ay > y) != (by > y)
            crossings += int(
                (x < ax[spans] + (y - ay[spans]) / (by[spans] - ay[spans]) * (bx[spans] - ax[spans])).sum()
            )
    return crossings % 2 == 1
