"""The ring expressway and its two spurs: separate carriageways, entered at interchanges alone.

Traffic keeps right, so the outer carriageway of the ring runs anticlockwise and the inner one clockwise; ramps leave
outwards from the outer and inwards from the inner one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely

from stroke_map.demo.lines import EXPRESS, Line, Points, Tags, at, beside, bezier, km, lengths, spline
from stroke_map.demo.names import named

HALF_MEDIAN_M = 8.0
RAMP_M = 420.0
RING: Tags = {"highway": "motorway", "ref": "DS01", "maxspeed": "80", "oneway": "yes", "lanes": "3"}
SPUR: Tags = {"highway": "motorway", "ref": "DS02", "maxspeed": "100", "oneway": "yes", "lanes": "2"}
RAMP: Tags = {"highway": "motorway_link", "oneway": "yes", "maxspeed": "40"}
RING_NAME = named("示范绕城快速路", "Demo Ring Expressway")


@dataclass
class Carriageways:
    """Two one-way roads either side of a centre line; `with_line` runs along it, on its right."""

    centre: Points
    tags: Tags
    closed: bool = False
    with_line: Line = field(init=False)
    against: Line = field(init=False)

    def __post_init__(self) -> None:
        right, left = beside(self.centre, -HALF_MEDIAN_M), beside(self.centre, HALF_MEDIAN_M)
        if self.closed:
            right[-1], left[-1] = right[0], left[0]
        self.with_line = Line(right, dict(self.tags), EXPRESS)
        self.against = Line(left[::-1], dict(self.tags), EXPRESS)

    def spot(self, station: float, side: int = 0) -> tuple[Points, Points]:
        """The place at a distance along, and the unit tangent; side 1 = `with_line`, -1 = `against`, 0 = the middle."""
        total = lengths(self.centre)[-1]
        here, ahead = (at(self.centre, d % total if self.closed else d) for d in (station, station + 5))
        if side:
            road = (self.with_line if side > 0 else self.against).geometry
            here = shapely.get_coordinates(road.interpolate(road.project(shapely.Point(here))))[0]
        return here, (ahead - at(self.centre, station % total)) / max(
            float(np.hypot(*(ahead - at(self.centre, station % total)))), 1e-9
        )


@dataclass
class Expressways:
    """What was drawn, where it touches other roads, and the land it takes."""

    lines: list[Line] = field(default_factory=list)
    joints: list[Points] = field(default_factory=list)
    areas: list[shapely.Geometry] = field(default_factory=list)

    def ramp(self, start: Points, leaving: Points, arriving: Points, end: Points, tags: Tags = RAMP) -> None:
        """A ramp from `start` in the direction `leaving` to `end` in the direction `arriving` (vectors, metres)."""
        self.lines.append(Line(bezier(start, start + leaving, end - arriving, end), dict(tags), EXPRESS))
        self.joints += [start, end]

    def interchange(self, ways: Carriageways, station: float, road: Line) -> bool:
        """A diamond where `road` crosses; False where it does not cross squarely enough for one."""
        middle, tangent = ways.spot(station)
        outward = np.array([tangent[1], -tangent[0]])
        ends = shapely.get_coordinates(road.geometry.intersection(shapely.Point(middle).buffer(150).boundary))
        if len(ends) != 2 or abs(np.dot((ends[0] - ends[1]) / 300, outward)) < 0.75:
            return False
        right, left = sorted(ends, key=lambda end: -float(np.dot(end - middle, outward)))
        for side, end in ((1, right), (-1, left)):
            leave, way = ways.spot(station - side * RAMP_M, side)
            enter, way_after = ways.spot(station + side * RAMP_M, side)
            self.ramp(leave, side * way * 200, side * tangent * 110, end)
            self.ramp(end, side * tangent * 110, side * way_after * 200, enter)
        corners = [ways.spot(station + d)[0] for d in (-RAMP_M, RAMP_M)]
        self.areas.append(shapely.MultiPoint([*corners, *ends]).convex_hull.buffer(45))
        return True

    def fork(self, ring: Carriageways, station: float, spur: Carriageways) -> None:
        """Join a spur, which runs away from the ring, to both carriageways of the ring."""
        (start, away), (finish, _) = spur.spot(0, 1), spur.spot(0, -1)
        for side in (1, -1):
            leave, way = ring.spot(station - side * RAMP_M * 1.4, side)
            enter, way_after = ring.spot(station + side * RAMP_M * 1.4, side)
            self.ramp(leave, side * way * 320, away * 320, start)
            self.ramp(finish, -away * 320, side * way_after * 320, enter)
        corners = [ring.spot(station + d)[0] for d in (-RAMP_M * 1.4, RAMP_M * 1.4)]
        self.areas.append(shapely.MultiPoint([*corners, start, finish]).convex_hull.buffer(45))


def ring_centre() -> Points:
    """The middle of the ring: closed, anticlockwise."""
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = 7900 + 450 * np.sin(2 * turn + 0.7) + 280 * np.sin(3 * turn + 2.1)
    corners = np.stack([-900 + radius * np.cos(turn), 300 + radius * 0.97 * np.sin(turn)], axis=1)
    return spline(corners, closed=True)


def draw_expressways(roads: list[Line]) -> Expressways:
    """The ring, with interchanges at those of `roads` that cross it squarely, and spurs west and east."""
    drawn = Expressways()
    ring = Carriageways(ring_centre(), RING | RING_NAME, closed=True)
    circle = shapely.LineString(ring.centre)
    taken: list[float] = []
    for controls, name in _SPURS:
        fork = circle.project(shapely.Point(controls[0]))
        foot, along = ring.spot(fork)
        start = foot + np.array([along[1], -along[0]]) * 750
        spur = Carriageways(spline(np.vstack([start, controls[1:]])), SPUR | name)
        drawn.fork(ring, fork, spur)
        taken.append(fork)
        _finish(drawn, spur, roads)
    for road in sorted(roads, key=lambda road: road.kind != "trunk"):  # trunk roads first: interchanges need room
        for crossing in shapely.get_coordinates(road.geometry.intersection(circle)):
            station = circle.project(shapely.Point(crossing))
            apart = [abs((station - other + circle.length / 2) % circle.length - circle.length / 2) for other in taken]
            if min(apart) > 2.7 * RAMP_M and drawn.interchange(ring, station, road):
                taken.append(station)
    drawn.lines += [ring.with_line, ring.against]
    drawn.areas.append(circle.buffer(45))
    return drawn


def _finish(drawn: Expressways, spur: Carriageways, roads: list[Line]) -> None:
    """Interchanges along a spur; at its far end both carriageways meet in one place, where a country road begins."""
    spur.with_line.points[-1] = spur.against.points[0] = spur.centre[-1]
    drawn.joints.append(spur.centre[-1])
    drawn.lines += [spur.with_line, spur.against]
    line = shapely.LineString(spur.centre)
    for road in roads:
        for crossing in shapely.get_coordinates(road.geometry.intersection(line)):
            drawn.interchange(spur, line.project(shapely.Point(crossing)), road)
    drawn.areas.append(line.buffer(40))


SPUR_ENDS = km((-25.0, -3.6), (21.4, 8.2))
_SPURS = (
    (np.vstack([km((-9.2, -2.6), (-12.9, -2.9), (-16.8, -3.9), (-21, -4.3)), SPUR_ENDS[:1]]), named("示范西线高速", "Demo West Expressway")),
    (np.vstack([km((7.0, 6.0), (10.4, 8.6), (13.2, 9.6), (17.6, 9.2)), SPUR_ENDS[1:]]), named("示范东线高速", "Demo East Expressway")),
)  # fmt: skip
