"""The pencil: splines, offsets and country roads keep to what was asked of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.demo.lines import at, beside, km, lengths, resample, spline, winding

CORNERS = km((0, 0), (3, 1), (5, -1), (9, 0))


def test_a_spline_passes_through_its_control_points() -> None:
    line = spline(CORNERS, step=5.0)
    for corner in CORNERS:
        assert np.hypot(*(line - corner).T).min() < 4


def test_a_closed_spline_ends_where_it_starts() -> None:
    ring = spline(CORNERS, closed=True)
    assert ring[0] == pytest.approx(ring[-1])


def test_a_line_beside_another_keeps_its_distance_to_the_left() -> None:
    east = resample(km((0, 0), (2, 0)), 50)
    assert beside(east, 9.0) == pytest.approx(east + np.array([0, 9]))
    tapered = beside(east, 9.0, taper=100)
    assert tapered[[0, -1]] == pytest.approx(east[[0, -1]])


@given(st.floats(0, 1), st.floats(10, 200))
def test_resampling_keeps_ends_and_places_along_the_line(share: float, step: float) -> None:
    straight = km((0, 0), (3, 4))
    again = resample(straight, step)
    assert again[[0, -1]] == pytest.approx(straight)
    assert at(again, 5000 * share) == pytest.approx(at(straight, 5000 * share), abs=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_a_country_road_joins_its_ends_and_is_longer_than_the_straight_line(seed: int) -> None:
    start, end = km((0, 0), (12, 5))
    road = winding(start, end, np.random.default_rng(seed))
    assert road[0] == pytest.approx(start)
    assert road[-1] == pytest.approx(end)
    assert 13_000 < lengths(road)[-1] < 40_000
