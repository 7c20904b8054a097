"""The ground the made-up city stands on: rivers, ridges, built-up land, districts and townships.

Lengths are metres east and north of the centre. The centre lies in the middle of the Badain Jaran desert, where there is
no city at all: the coordinates are arbitrary, and nobody can take this map for a place they know.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from stroke_map.demo.lines import Points, km, resample, spline

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

CENTER_LAT, CENTER_LON = 40.5, 102.5
HALF_WIDTH_M, HALF_HEIGHT_M = 30_000.0, 25_000.0
METRES_PER_DEGREE = 6_371_008.8 * np.pi / 180  # the mean radius of the earth, as OSMnx and haversine formulas use it
CORE = np.array([-1800.0, 300.0])
"""The middle of the old town, on the peninsula between the rivers."""


@dataclass(frozen=True)
class Place:
    """A name on the map, and the built-up land around it."""

    zh: str
    en: str
    x: float
    y: float
    radius: float
    rank: str = "suburb"


DISTRICTS = (
    Place("示范区", "Shifan (Demo)", -1800, 300, 2500),
    Place("演示区", "Yanshi (Show)", -7200, -900, 2500),
    Place("样例区", "Yangli (Sample)", -5600, 8200, 2500),
    Place("虚构区", "Xugou (Fiction)", 2600, 7600, 2500),
    Place("模拟区", "Moni (Mock)", -3200, -7400, 2500),
    Place("练习区", "Lianxi (Practice)", 4600, -4600, 2500),
    Place("试验新城", "Shiyan New Town (Trial)", -19000, 1000, 3100, "town"),
    Place("假想新城", "Jiaxiang New Town (Imaginary)", 17600, -4200, 2700, "town"),
    Place("范本新城", "Fanben New Town (Template)", 2800, 16200, 2300, "town"),
    Place("参考新城", "Cankao New Town (Reference)", -4300, -15800, 2100, "town"),
)
TOWNSHIPS = tuple(
    Place(zh + "镇", en + " Township", x * 1000.0, y * 1000.0, radius, "village")
    for zh, en, x, y, radius in (
        ("虚一", "Xuyi", -27.2, -21.3, 720),
        ("虚二", "Xu'er", -17.8, -19.6, 640),
        ("虚三", "Xusan", 5.8, -20.4, 700),
        ("虚四", "Xusi", 17.0, -16.2, 650),
        ("虚五", "Xuwu", 26.6, -21.2, 700),
        ("虚六", "Xuliu", 27.2, -9.4, 620),
        ("渡口", "Dukou", 21.2, 0.6, 760),
        ("虚八", "Xuba", 22.6, 9.0, 640),
        ("虚九", "Xujiu", 26.8, 20.6, 720),
        ("虚十", "Xushi", 10.6, 18.9, 640),
        ("例一", "Liyi", -8.2, 20.6, 680),
        ("例二", "Li'er", -18.4, 17.2, 640),
        ("例三", "Lisan", -27.0, 20.8, 700),
        ("例四", "Lisi", -25.6, 5.6, 640),
        ("例五", "Liwu", -26.4, -4.6, 700),
        ("例六", "Liliu", -22.4, -14.2, 600),
        ("例七", "Liqi", 17.8, 11.2, 560),
        ("例八", "Liba", -10.6, -13.4, 560),
    )
)
FERRY_TOWNSHIP = "渡口镇"

MAIN_RIVER = km(
    (-32, -17), (-26, -11.6), (-21, -10.4), (-16.5, -12.4), (-11.5, -9.2), (-8.6, -4.9), (-5, -3.4), (-1, -2.9),
    (2.4, -0.9), (4.6, 1.7), (8, 4.4), (13, 5.2), (18, 3.2), (23, 4.8), (27, 9.4), (32, 12),
)  # fmt: skip
SIDE_RIVER = km(
    (-32, 15), (-27, 11.6), (-22, 10.4), (-17, 11.8), (-12, 9), (-9.4, 5.6), (-6, 4.3), (-2.6, 4.6), (0.6, 3.4), (4.4, 1.9),
)  # fmt: skip
WEST_RIDGE = km((-17, -27), (-14.2, -12), (-13, 0), (-12.8, 8), (-11.4, 26))
EAST_RIDGE = km((8.8, -27), (10.6, -12), (12.2, -3), (13.2, 8), (15.6, 27))
HILLS = ((-5600, 1750, 640), (1500, 5700, 600), (-800, -5900, 720), (2700, -3900, 560), (-7300, 6900, 520))
"""Wooded hills within the main city: x, y and radius, metres."""
ISLAND = np.array([-21_000.0, -10_420.0])


class Ground:
    """Water, hills and built-up land for one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._waves = [
            (*self.rng.uniform(-1, 1, 2), self.rng.uniform(0, 6.28), self.rng.uniform(0, 6.28)) for _ in range(5)
        ]

    def warp(self, points: Points, amplitude: float, wavelength: float) -> Points:
        """Bend straight lines smoothly: neighbours move together, so streets stay streets."""
        x, y = points[:, 0], points[:, 1]
        dx, dy = np.zeros(len(points)), np.zeros(len(points))
        for number, (p, q, a, b) in enumerate(self._waves):
            turn = 2 * np.pi / wavelength * (0.6 + 0.2 * number)
            dx += np.sin(turn * (p * x + (1 - abs(p)) * y) + a)
            dy += np.sin(turn * ((1 - abs(q)) * x + q * y) + b)
        return points + np.stack([dx, dy], axis=1) * amplitude / 2.2

    def blob(self, x: float, y: float, radius: float, rough: float = 0.14) -> shapely.Polygon:
        """A round patch of land with an uneven edge."""
        turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        edge = np.ones(72)
        for wave in (2, 3, 5, 7):
            edge += rough / wave**0.5 * np.sin(wave * turn + self.rng.uniform(0, 6.28))
        return shapely.Polygon(np.stack([x + radius * edge * np.cos(turn), y + radius * edge * np.sin(turn)], axis=1))

    @cached_property
    def main_river(self) -> shapely.Polygon:
        """The wide river, without its island."""
        return _banks(MAIN_RIVER, 290, 90).difference(self.island)

    @cached_property
    def side_river(self) -> shapely.Polygon:
        """The narrower river, up to where they join."""
        return _banks(SIDE_RIVER, 165, 45).difference(self.main_river)

    @cached_property
    def island(self) -> shapely.Polygon:
        """A small island no road leads to."""
        return shapely.affinity.scale(shapely.Point(*ISLAND).buffer(190), 2.0, 0.75)

    @cached_property
    def water(self) -> BaseGeometry:
        """Both rivers."""
        return shapely.union_all([self.main_river, self.side_river, self.island])

    @cached_property
    def ridges(self) -> BaseGeometry:
        """The two mountain ridges that close the basin; roads tunnel through or wind over."""
        bands = [_banks(WEST_RIDGE, 1150, 300), _banks(EAST_RIDGE, 1050, 260)]
        return shapely.union_all(bands).difference(self.water.buffer(500))

    @cached_property
    def hills(self) -> list[shapely.Polygon]:
        """Wooded hills in the main city: arterials tunnel through, a small road winds over."""
        return [self.blob(x, y, radius, 0.22) for x, y, radius in HILLS]

    @cached_property
    def inside_rock(self) -> BaseGeometry:
        """Where main roads run in tunnels."""
        return shapely.union_all([self.ridges.buffer(-60), *(hill.buffer(-110) for hill in self.hills)])

    @cached_property
    def town(self) -> BaseGeometry:
        """Land of the main city, rivers included."""
        return self.blob(-900, 300, 9100, 0.12).difference(self.ridges.buffer(350))

    @cached_property
    def new_towns(self) -> list[BaseGeometry]:
        """Land of the four new towns, as `DISTRICTS` lists them."""
        return [
            self.blob(p.x, p.y, p.radius).difference(shapely.union_all([self.ridges, self.water]).buffer(200))
            for p in DISTRICTS
            if p.rank == "town"
        ]

    def district(self, x: float, y: float) -> Place:
        """The district or township a place belongs to: the nearest."""
        return min((*DISTRICTS, *TOWNSHIPS), key=lambda p: float(np.hypot(p.x - x, p.y - y)) / p.radius**0.5)


def _banks(controls: Points, half_width: float, variation: float) -> shapely.Polygon:
    middle = spline(controls, 120.0)
    along = np.arange(len(middle)) * 0.12
    width = half_width + variation * (0.6 * np.sin(along * 0.9) + 0.4 * np.sin(along * 2.3 + 1))
    discs = shapely.buffer(shapely.points(resample(middle, 120.0)[: len(width)]), width, quad_segs=12)
    hulls = [shapely.convex_hull(shapely.union(a, b)) for a, b in itertools.pairwise(discs)]
    frame = shapely.box(-HALF_WIDTH_M, -HALF_HEIGHT_M, HALF_WIDTH_M, HALF_HEIGHT_M)
    return shapely.union_all(hulls).intersection(frame).simplify(4)


def to_lat_lon(points: Points) -> Points:
    """Metres from the centre as WGS-84 degrees, shape (n, 2), latitude first."""
    lat = CENTER_LAT + points[:, 1] / METRES_PER_DEGREE
    lon = CENTER_LON + points[:, 0] / (METRES_PER_DEGREE * np.cos(np.radians(CENTER_LAT)))
    return np.stack([lat, lon], axis=1)
