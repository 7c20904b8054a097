"""Outside the built-up land: winding roads between townships, villages, tracks, a ferry and an island no road leads to."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np
import shapely

from stroke_map.demo.city import DISTRICTS, FERRY_TOWNSHIP, HALF_HEIGHT_M, HALF_WIDTH_M, ISLAND, TOWNSHIPS, Ground
from stroke_map.demo.lines import Line, Points, Tags, at, km, lengths, normals, pieces, spline, winding
from stroke_map.demo.names import chinese_number, named

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

VILLAGES = 78
RELAXED = 1.22
FERRY_REACH_X = 13_500.0
"""East of this the main river has no bridge, metres."""
FERRY_COURSE = km((20.0, 5.6), (20.8, 1.4))


def draw_country_roads(ground: Ground, city_ends: list[Points], trunks: list[Line]) -> list[Line]:
    """Winding roads that join every township to its neighbours and to the nearest ends of city streets.

    Two places are joined where no third lies well between them (the relative neighbourhood graph, a little relaxed, so that
    there is more than one way), unless a trunk road does that; a river in between counts as distance, so bridges stay few.
    """
    rng, roads = ground.rng, []
    spots = [(place.x, place.y) for place in TOWNSHIPS] + [tuple(end) for end in city_ends]
    near_water = ground.water.buffer(130)
    served = shapely.union_all([line.geometry for line in trunks]).buffer(1500)
    straight = {
        (i, j): _toll(ground, spots[i], spots[j]) for i, j in combinations(range(len(spots)), 2) if i < len(TOWNSHIPS)
    }
    cost = straight | {(j, i): value for (i, j), value in straight.items()}
    cost |= dict.fromkeys(permutations(range(len(TOWNSHIPS), len(spots)), 2), 0.0)  # the city joins its own ends
    links = [
        (i, j)
        for (i, j), value in straight.items()
        if not _follows(served, spots[i], spots[j])
        and all(
            RELAXED * max(cost.get((i, k), 9e9), cost.get((j, k), 9e9)) >= value
            for k in range(len(spots))
            if k not in (i, j)
        )
    ]
    nearest = {
        i: min((end for end in range(len(TOWNSHIPS), len(spots))), key=lambda end: straight[i, end])
        for i in range(len(TOWNSHIPS))
    }
    links = [(i, j) for i, j in links if j < len(TOWNSHIPS) or j == nearest[i]]
    for number, (i, j) in enumerate(links, start=1):
        a, b = np.array(spots[i]), np.array(spots[j])
        main = number % 3 == 0
        tags: Tags = {
            "highway": "secondary" if main else "tertiary",
            "ref": f"X{number:03d}",
            "maxspeed": "50" if main else "40",
        }
        name = named(f"县道示范{chinese_number(number)}线", f"Demo County Road {number}")
        course = winding(a, b, rng, 0.07 if main else 0.12, 35 if main else 85)
        roads.append(Line(_straight_over(course, near_water), tags | name))
    return roads


def _follows(served: BaseGeometry, a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    line = shapely.LineString([a, b])
    return bool(line.intersection(served).length > 0.8 * line.length)


def _toll(ground: Ground, a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Metres a road would be worth: climbs and bridges count extra, and no bridge is built where the ferry runs."""
    line = shapely.LineString([a, b])
    wet = line.intersection(ground.water)
    bridges = (
        0.0 if wet.is_empty else 7_000.0 * len(shapely.get_parts(wet)) + (1e8 if wet.bounds[2] > FERRY_REACH_X else 0)
    )
    return line.length + bridges + 1.5 * float(line.intersection(ground.ridges).length)


def _straight_over(points: Points, water: BaseGeometry) -> Points:
    """The same road without bends where it crosses water: bridges are straight."""
    wet = shapely.contains_xy(water, points)
    shores = np.flatnonzero(np.diff(np.concatenate([[False], wet, [False]]).astype(int)))
    straight = points.copy()
    for first, end in shores.reshape(-1, 2):
        straight[first:end] = np.linspace(points[first], points[end - 1], end - first)
    return straight


def draw_villages(ground: Ground, along: list[Line], keep_off: shapely.Geometry) -> tuple[list[Line], list[Points]]:
    """Hamlets beside country roads: a few lanes and their ends, and tracks that lead off into the hills.

    Returns
    -------
    tuple
        The lines, and where each village lies.
    """
    rng = ground.rng
    lines: list[Line] = []
    spots: list[Points] = []
    order = np.cumsum([lengths(line.points)[-1] for line in along])
    while len(spots) < VILLAGES:
        station = rng.uniform(0, order[-1])
        number = int(np.searchsorted(order, station))
        road = along[number].points
        distance = station - (order[number - 1] if number else 0)
        spot = at(road, distance)
        crowded = spots and min(np.hypot(*(np.array(spots) - spot).T)) < 1100
        if crowded or keep_off.intersects(shapely.Point(spot).buffer(500)):
            continue
        spots.append(spot)
        lines += _village(rng, road, distance, len(spots))
    outside = [part for line in lines for part in _clip(line, keep_off)]
    return outside, spots


def _clip(line: Line, keep_off: shapely.Geometry) -> list[Line]:
    return [Line(part, line.tags) for part in pieces(line.geometry.difference(keep_off), 40)]


def _village(rng: np.random.Generator, road: Points, middle: float, number: int) -> list[Line]:
    lines: list[Line] = []
    name = named(f"虚构村{chinese_number(number)}组", f"Fiction Village Group {number}")
    gap = rng.uniform(70, 110)
    count = int(rng.integers(4, 8))
    stations = [middle + (i - count / 2) * gap for i in range(count)]
    depth = rng.uniform(110, 230)
    feet, sides = at(road, np.array(stations)), _left(road, stations)
    for i, (foot, left) in enumerate(zip(feet, sides, strict=True)):
        near, far = (depth if i % 2 else 40.0), (depth if i % 3 else 150.0)
        tags = {
            "highway": ("residential", "living_street", "unclassified", "service")[i % 4],
            **(name if i % 4 < 2 else {}),
        }
        bend = rng.normal(0, 9, 2)
        lines.append(
            Line(
                spline(
                    np.array(
                        [
                            foot - left * near,
                            foot - left * near / 2 + bend,
                            foot,
                            foot + left * far / 2,
                            foot + left * far + bend,
                        ]
                    ),
                    30,
                ),
                tags,
            )
        )
    lines.append(Line(spline(feet + sides * depth * 0.62, 30), {"highway": "residential", **name}))
    for i in (0, count - 1):
        reach = rng.uniform(350, 1100)
        start = feet[i] + sides[i] * (60 if i else -60)
        heading = sides[i] * (1 if i else -1)
        end = start + heading * reach + normals(np.array([start, start + heading]))[0] * rng.normal(0, 260)
        tags = {"highway": "track", "surface": "dirt", "tracktype": f"grade{2 + (number + i) % 3}"}
        lines.append(Line(winding(feet[i], end, rng, 0.2, 28), tags))
    return lines


def _left(road: Points, stations: list[float]) -> Points:
    ahead = at(road, np.array(stations) + 8)
    back = at(road, np.array(stations) - 8)
    along = (ahead - back) / np.maximum(np.hypot(*(ahead - back).T), 1e-6)[:, None]
    return np.stack([-along[:, 1], along[:, 0]], axis=1)


def draw_ferry(ground: Ground) -> list[Line]:
    """The ferry over the main river: the short way to a township that roads reach only by a long detour."""
    shores = ground.main_river.buffer(45).intersection(shapely.LineString(FERRY_COURSE))
    north, south = shapely.get_coordinates(shores)[[0, -1]]
    water = {
        "route": "ferry",
        "duration": "00:12",
        "motor_vehicle": "yes",
        "foot": "yes",
        **named("示范渡轮", "Demo Ferry"),
    }
    town = next(place for place in TOWNSHIPS if place.zh == FERRY_TOWNSHIP)
    quay: Tags = {"highway": "tertiary", **named("示范码头路", "Demo Quay Road")}
    inland = next(place for place in TOWNSHIPS if place.zh == "虚八镇")
    return [
        Line(np.array([north, (north + south) / 2 + [60, 0], south]), water),
        Line(winding(south, np.array([town.x, town.y]), ground.rng, 0.06, 12), quay),
        Line(winding(north, np.array([inland.x, inland.y]), ground.rng, 0.08, 30), dict(quay)),
    ]


def draw_island() -> list[Line]:
    """A few lanes on the island: roads one can stand on, from which nothing can be reached."""
    x, y = ISLAND
    name = named("孤岛示范路", "Demo Island Lane")
    across = [np.array([[x + dx, y - 85], [x + dx + 12, y], [x + dx, y + 85]]) for dx in (-180.0, -60.0, 60.0, 180.0)]
    along = [spline(np.array([[x - 260, y + dy], [x, y + dy * 1.3], [x + 260, y + dy]]), 60) for dy in (-50.0, 50.0)]
    return [Line(points, {"highway": "residential", **name}) for points in (*across, *along)]


def inside(points: Points) -> bool:
    """Whether a line keeps to the map."""
    return bool((np.abs(points) <= [HALF_WIDTH_M, HALF_HEIGHT_M]).all())


def outskirts() -> list[Points]:
    """Middle of each new town: country roads start there too."""
    return [np.array([place.x, place.y]) for place in DISTRICTS if place.rank == "town"]
