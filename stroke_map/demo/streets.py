"""The streets of the built-up land: arterials bent with the ground, river drives, and a grid of its own in every quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import affinity

from stroke_map.demo.city import CORE, DISTRICTS, TOWNSHIPS, Ground, Place
from stroke_map.demo.expressway import ring_centre
from stroke_map.demo.lines import Line, Points, Tags, beside, km, lengths, normals, pieces, resample, spline
from stroke_map.demo.names import StreetNames, named

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

TURN = np.radians(-17.0)
U_LINES = (-8.6, -7.2, -5.9, -4.7, -3.5, -2.4, -1.3, -0.2, 1.0, 2.2, 3.5, 4.9, 6.3, 7.8)
V_LINES = (-8.4, -6.9, -5.5, -4.2, -3.0, -1.8, -0.7, 0.4, 1.5, 2.7, 4.0, 5.4, 6.9, 8.3)
BOULEVARDS = ("u5", "u9", "v3", "v7", "v11")
"""Arterials built as dual carriageways inside the ring."""
TRUNKS = (
    (km((-7.6, 0.9), (-10, 1.3), (-12.8, 0.8), (-16, 1.6), (-19.2, 1.2), (-22.5, 2.1), (-25.6, 5.6)), "西干线", "West Trunk Road", "D101"),
    (km((5.2, -1.6), (8, -2.8), (12.0, -3.6), (14.8, -4.6), (17.6, -4.2), (21.4, -5.8), (27.2, -9.4)), "东干线", "East Trunk Road", "D102"),
    (km((0.8, 6.2), (1.7, 9.4), (2.6, 13), (2.8, 16.2), (1.2, 19.6), (-8.2, 20.6)), "北干线", "North Trunk Road", "D103"),
    (km((-2.2, -6.2), (-3.0, -9.4), (-3.6, -12.5), (-4.2, -15.8), (-1.2, -18.8), (5.8, -20.4)), "南干线", "South Trunk Road", "D104"),
)  # fmt: skip
BANK_M = 90.0
BRIDGE: Tags = {"bridge": "yes", "layer": "1"}
TUNNEL: Tags = {"tunnel": "yes", "layer": "-1"}
LONGEST_BRIDGE_M = {"main": 900.0, "side": 540.0}
BRIDGES_APART_M = 280.0
PARK_SHARE = 0.03
"""Of the quarters of the main city."""
HALF_MEDIAN_M = 9.0


def draw_arterials(ground: Ground, names: StreetNames) -> list[Line]:
    """Two families of long streets over the main city, the even ones crossing the rivers, and the four trunk roads."""
    roads = []
    bridges = list(shapely.get_parts(shapely.LineString(ring_centre()).intersection(ground.water)))
    for family, offsets in (("u", U_LINES), ("v", V_LINES)):
        for number, offset in enumerate(offsets):
            along = np.linspace(-11_500, 11_500, 180)
            across = np.full(180, offset * 1000)
            straight = np.stack([across, along] if family == "u" else [along, across], axis=1)
            turned = straight @ np.array([[np.cos(TURN), np.sin(TURN)], [-np.sin(TURN), np.cos(TURN)]]) + CORE
            road = ground.warp(turned, 620, 8200)
            crosses = number % 2 == 1
            land = (
                _reach(ground, shapely.LineString(road), bridges) if crosses else ground.town.difference(_shore(ground))
            )
            for part in pieces(shapely.LineString(road).intersection(land), 400):
                mid = part[len(part) // 2]
                tags = {"highway": "primary" if crosses else "secondary"}
                tags |= names.next(ground.district(mid[0], mid[1]), mid, "大道" if crosses else "路")
                boulevard = f"{family}{number}" in BOULEVARDS
                roads += _dual(part, tags) if boulevard else [Line(part, tags)]
    for line in roads:
        line.zones.append((ground.inside_rock, TUNNEL))
    for controls, zh, en, ref in TRUNKS:
        tags = {"highway": "trunk", "ref": ref, "maxspeed": "70", **named("演示" + zh, "Demo " + en)}
        roads.append(Line(spline(controls), tags, zones=[(ground.inside_rock, TUNNEL)]))
    return roads


def _shore(ground: Ground) -> BaseGeometry:
    return ground.water.buffer(BANK_M - 4)


def _reach(ground: Ground, road: shapely.LineString, bridges: list[BaseGeometry]) -> BaseGeometry:
    """The town, less the water where a crossing would be too long or too near one of `bridges`; adds the others to them."""
    refused = []
    for part in shapely.get_parts(road.intersection(ground.water)):
        longest = LONGEST_BRIDGE_M["main" if part.intersects(ground.main_river) else "side"]
        if part.length > longest or any(part.distance(bridge) < BRIDGES_APART_M for bridge in bridges):
            refused.append(part.buffer(600))
        else:
            bridges.append(part)
    return ground.town.difference(shapely.union_all(refused).intersection(_shore(ground)))


def draw_hill_roads(ground: Ground) -> list[Line]:
    """A small road over every hill, in the bends it takes to climb."""
    roads = []
    for number, hill in enumerate(ground.hills, start=1):
        middle, turn = shapely.get_coordinates(hill.centroid)[0], ground.rng.uniform(0, np.pi)
        half = 1.6 * np.sqrt(hill.area / np.pi) * np.array([np.cos(turn), np.sin(turn)])
        base = resample(np.array([middle - half, middle + half]), 12)
        share = np.linspace(0, 1, len(base))
        sway = 105 * np.sin(share * 2 * np.pi * 4) * np.clip(4 * np.minimum(share, 1 - share), 0, 1)
        name = named(f"盘山示范路{number}段", f"Demo Hill Road Section {number}")
        tags: Tags = {"highway": "tertiary", "maxspeed": "30", **name}
        roads.append(Line(base + normals(base) * sway[:, None], tags))
    return roads


def _dual(points: Points, tags: Tags) -> list[Line]:
    """A boulevard: dual carriageways near the centre, one road farther out."""
    inner = shapely.Point(*CORE).buffer(6300)
    roads = [Line(part, tags) for part in pieces(shapely.LineString(points).difference(inner), 30)]
    for part in pieces(shapely.LineString(points).intersection(inner), 30):
        middle, one_way = resample(part, 30), tags | {"oneway": "yes", "lanes": "3", "dual_carriageway": "yes"}
        roads.append(Line(beside(middle, -HALF_MEDIAN_M, 70), one_way))
        roads.append(Line(beside(middle, HALF_MEDIAN_M, 70)[::-1], dict(one_way)))
    return roads


def draw_river_drives(ground: Ground) -> list[Line]:
    """Streets along both banks of both rivers, through the main city."""
    drives = []
    bank = ground.water.buffer(BANK_M).boundary.intersection(ground.town.buffer(-150))
    for number, part in enumerate(pieces(shapely.line_merge(bank), 500), start=1):
        tags = {
            "highway": "secondary",
            "maxspeed": "50",
            **named(f"滨江示范路{number}段", f"Demo Riverside Road Section {number}"),
        }
        drives.append(Line(resample(part, 45), tags))
    return drives


def spacing(x: float, y: float) -> float:
    """How far apart streets are here, metres: closest in the old town."""
    return float(np.interp(np.hypot(x - CORE[0], y - CORE[1]), [800, 2600, 5000, 9000], [136, 162, 192, 232]))


def fill_quarters(
    ground: Ground,
    land: BaseGeometry,
    borders: list[Line],
    names: StreetNames,
    taken: BaseGeometry,
    *,
    park_share: float = 0.0,
) -> list[Line]:
    """Grids for the quarters that `borders` cut out of `land`, none on `taken` ground; some quarters stay green."""
    cuts = [shapely.get_parts(land.boundary), [line.geometry for line in borders]]
    faces = shapely.get_parts(
        shapely.polygonize(shapely.get_parts(shapely.union_all([g for part in cuts for g in part])))
    )
    medians = [line.geometry for line in borders if "dual_carriageway" in line.tags]
    keep_off = shapely.union_all([_shore(ground).buffer(-4), taken, shapely.union_all(medians).buffer(7)])
    streets: list[Line] = []
    for face in sorted(faces, key=lambda f: (round(f.centroid.x), round(f.centroid.y))):
        spot = face.representative_point()
        if face.area < 9000 or not land.contains(spot) or ground.water.contains(spot):
            continue
        quarter = face.buffer(4).difference(keep_off)
        park = ground.rng.random() < park_share and spot.distance(shapely.Point(*CORE)) > 1500
        if not park and quarter.area > 15_000:
            streets += _grid(ground, quarter, face, names)
    return streets


def _grid(ground: Ground, quarter: BaseGeometry, face: shapely.Polygon, names: StreetNames) -> list[Line]:
    rng, center = ground.rng, face.centroid
    box = shapely.get_coordinates(face.minimum_rotated_rectangle)
    side = box[1] - box[0]
    angle = np.degrees(np.arctan2(side[1], side[0])) + (
        rng.normal(0, 4) if rng.random() < 0.75 else rng.uniform(-35, 35)
    )
    apart = spacing(center.x, center.y)
    half = float(np.hypot(*(box[2] - box[0]))) / 2 + 60
    place = ground.district(center.x, center.y)
    core = np.hypot(center.x - CORE[0], center.y - CORE[1]) < 1750
    streets = []
    for axis, factor in ((0, rng.uniform(0.85, 1.05)), (90, rng.uniform(1.05, 1.45))):
        offset, number = -half + rng.uniform(0.2, 0.9) * apart, 0
        while offset < half:
            straight = np.stack(
                [np.arange(-half, half, 45.0), np.full(len(np.arange(-half, half, 45.0)), offset)], axis=1
            )
            turned = affinity.rotate(shapely.LineString(straight), angle + axis, origin=(0, 0))
            road = ground.warp(shapely.get_coordinates(turned) + np.array([center.x, center.y]), 26, 760)
            parts = pieces(shapely.LineString(road).intersection(quarter), 45)
            streets += [_street(part, place, axis, number, names, core=bool(core)) for part in parts]
            offset += apart * factor * rng.uniform(0.72, 1.3)
            number += 1
    return streets


def _street(part: Points, place: Place, axis: int, number: int, names: StreetNames, *, core: bool) -> Line:
    short = lengths(part)[-1] < 180
    kind = "巷" if short else "街" if axis else "路"
    highway = "tertiary" if number % 4 == 2 and not short else "unclassified" if number % 7 == 3 else "residential"
    tags: Tags = {"highway": highway, **names.next(place, part[len(part) // 2], kind)}
    if core and not short:
        tags |= {"oneway": "yes", "maxspeed": "40"}
        part = part if number % 2 else part[::-1]
    return Line(part, tags)


def draw_townships(ground: Ground, through: list[Line], names: StreetNames) -> list[Line]:
    """New towns, with arterials of their own, and townships, gridded along the road that leads through them."""
    streets: list[Line] = []
    everything = [line.geometry for line in through]
    for place, land in zip([d for d in DISTRICTS if d.rank == "town"], ground.new_towns, strict=True):
        mains = _town_mains(ground, place, land, names)
        near = [line for line in through if line.geometry.intersects(land)]
        streets += mains + fill_quarters(ground, land, mains + near, names, shapely.Point(0, 0))
    tree = shapely.STRtree(everything)
    for place in TOWNSHIPS:
        land = ground.blob(place.x, place.y, place.radius).difference(ground.water.buffer(BANK_M))
        near = [through[i] for i in sorted(tree.query(land, predicate="intersects"))]
        streets += fill_quarters(ground, land, near, names, shapely.Point(0, 0))
    return streets


def _town_mains(ground: Ground, place: Place, land: BaseGeometry, names: StreetNames) -> list[Line]:
    mains = []
    turn = float(ground.rng.uniform(-30, 30))
    for axis in (0, 90):
        for number, offset in enumerate((-0.75, -0.28, 0.3, 0.78)):
            straight = shapely.LineString(
                [(-1.3 * place.radius, offset * place.radius), (1.3 * place.radius, offset * place.radius)]
            )
            road = shapely.get_coordinates(affinity.rotate(straight.segmentize(120), turn + axis, origin=(0, 0)))
            bent = ground.warp(road + np.array([place.x, place.y]), 240, 4200)
            for part in pieces(shapely.LineString(bent).intersection(land), 300):
                tags = {"highway": "primary" if number == 1 else "secondary"}
                mains.append(
                    Line(part, tags | names.next(place, part[len(part) // 2], "大道" if number == 1 else "路"))
                )
    return mains
