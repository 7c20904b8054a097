"""Snapping equals a search through everything."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stroke_map.roads.grid import METRES_PER_UNIT, Snapped, build_grid, morton_order, snap


class Roads:
    """Just enough of a network to snap to."""

    def __init__(self, x, y, first_point):
        self.arrays = {"point_x": x, "point_y": y, "stretch_first_point": first_point}
        self.arrays |= build_grid(self.arrays)
        self.count = len(first_point) - 1

    def snap(self, x, y, limit_m=np.inf, spread_m=0.0, usable=None):
        usable = np.ones(self.count, dtype=bool) if usable is None else usable
        order = (
            "point_x",
            "point_y",
            "point_stretch",
            "stretch_first_point",
            "grid_origin",
            "grid_first",
            "grid_piece",
        )
        return Snapped(*snap(float(x), float(y), limit_m, spread_m, usable, *(self.arrays[name] for name in order)))

    def lines(self, latitude_units):
        """The stretches in metres around a latitude."""
        scale = np.cos(np.radians(latitude_units * 1e-7))
        points = np.stack([self.arrays["point_x"] * scale, self.arrays["point_y"]], axis=1) * METRES_PER_UNIT
        first = self.arrays["stretch_first_point"]
        return [shapely.LineString(points[a:b]) for a, b in pairwise(first)], scale


def agrees(roads, x, y, limit_m, spread_m):
    lines, scale = roads.lines(y)
    place = shapely.Point(x * scale * METRES_PER_UNIT, y * METRES_PER_UNIT)
    distances = shapely.distance(lines, place)
    found = roads.snap(x, y, limit_m, spread_m)
    if distances.min() > limit_m:
        assert len(found.stretch) == 0
        return
    assert found.distance_m[0] == pytest.approx(distances.min(), abs=1e-6)
    assert (found.distance_m[0] <= found.distance_m).all()
    near = np.flatnonzero(distances <= min(distances.min() + spread_m, limit_m) - 1e-6)
    assert set(near.tolist()) <= set(found.stretch.tolist())
    assert len(set(found.stretch.tolist())) == len(found.stretch)
    for stretch, fraction, distance, at_x, at_y, bearing in zip(*found, strict=True):
        assert 0 <= bearing <= 360
        assert distance <= min(distances.min() + spread_m, limit_m) + 1e-6
        at = shapely.Point(at_x * scale * METRES_PER_UNIT, at_y * METRES_PER_UNIT)
        assert distance == pytest.approx(distances[stretch], abs=1e-6)
        assert lines[stretch].distance(at) < 1e-3
        along = lines[stretch].interpolate(fraction, normalized=True)
        assert along.distance(at) < 0.01 + 1e-4 * lines[stretch].length


POINTS = arrays(np.int32, st.tuples(st.integers(4, 24), st.just(2)), elements=st.integers(-40_000, 40_000))


@settings(max_examples=40, deadline=None)
@given(
    POINTS,
    st.integers(-60_000, 60_000),
    st.integers(-60_000, 60_000),
    st.sampled_from([0.0, 1.0, 300.0]),
    st.sampled_from([np.inf, 250.0]),
)
def test_nearest_position_on_random_stretches(points, x, y, spread_m, limit_m):
    cuts = np.arange(0, len(points) - 1, 4)
    first = np.append(cuts, len(points)).astype(np.int64)
    east, north = 1_065_000_000, 295_000_000
    roads = Roads((points[:, 0] + east).astype(np.int32), (points[:, 1] + north).astype(np.int32), first)
    agrees(roads, x + east, y + north, limit_m, spread_m)


def test_nearest_position_on_real_roads(shared_osm):
    from stroke_map.roads import RoadNetwork

    network = RoadNetwork.from_osm(shared_osm / "monaco.osm.pbf", profile="car")
    roads = Roads(network.point_x, network.point_y, network.stretch_first_point)
    random = np.random.default_rng(11)
    for at in random.integers(len(network.point_x), size=20):
        x, y = network.point_x[at] + random.normal() * 5000, network.point_y[at] + random.normal() * 5000
        agrees(roads, x, y, 5000.0, random.choice([0.0, 1.0, 30.0]))


def test_only_usable_stretches_count():
    x = np.array([0, 1000, 0, 1000], dtype=np.int32)
    y = np.array([0, 0, 5000, 5000], dtype=np.int32)
    roads = Roads(x, y, np.array([0, 2, 4]))
    assert roads.snap(500, 0).stretch.tolist() == [0]
    assert roads.snap(500, 0, usable=np.array([False, True])).stretch.tolist() == [1]
    assert roads.snap(500, 0, usable=np.array([False, False])).stretch.tolist() == []


@pytest.mark.parametrize("latitude", [-85, -60, 0, 29, 60, 85])
def test_distances_are_true_at_every_latitude(latitude):
    y = np.array([latitude * 10_000_000] * 2, dtype=np.int32)
    roads = Roads(np.array([0, 100_000], dtype=np.int32), y, np.array([0, 2]))
    found = roads.snap(200_000, y[0])
    assert found.distance_m[0] == pytest.approx(1111.95 * np.cos(np.radians(latitude)), rel=0.001)
    assert found.fraction[0] == 1


def test_far_away_is_found_too():
    roads = Roads(np.array([0, 1000], dtype=np.int32), np.array([0, 1000], dtype=np.int32), np.array([0, 2]))
    assert roads.snap(500_000_000, 300_000_000).distance_m[0] > 5_000_000


@given(arrays(np.int32, st.integers(1, 40), elements=st.integers(-1000, 1000)))
def test_the_order_along_a_curve_is_an_order(values):
    assert sorted(morton_order(values, values[::-1]).tolist()) == list(range(len(values)))
