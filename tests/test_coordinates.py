"""The three coordinate systems, against a known place, two independent packages, and themselves."""

from __future__ import annotations

import math
import warnings

import prcoords
import pytest
from coord_convert import transform
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.coordinates import SYSTEMS, from_wgs84, metres_between, to_wgs84
from stroke_map.errors import InvalidRequestError

METRES_PER_DEGREE = 111_320.0
LIBERATION_MONUMENT = {
    "WGS-84": (29.5574, 106.5770),
    "GCJ-02": (29.554511979, 106.580687876),
    "BD-09": (29.560666971, 106.587165075),
}

anywhere_in_china = st.tuples(st.floats(0.84, 55.82), st.floats(72.01, 137.83))
anywhere = st.tuples(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
shifted_system = st.sampled_from(["GCJ-02", "BD-09"])


def metres_apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = (one[1] - other[1]) * math.cos(math.radians(one[0]))
    return math.hypot(one[0] - other[0], east) * METRES_PER_DEGREE


@pytest.mark.parametrize("crs", SYSTEMS)
def test_liberation_monument_has_the_published_coordinates_in_every_system(crs: str) -> None:
    assert from_wgs84(*LIBERATION_MONUMENT["WGS-84"], crs) == pytest.approx(LIBERATION_MONUMENT[crs], abs=1e-9)
    assert to_wgs84(*LIBERATION_MONUMENT[crs], crs) == pytest.approx(LIBERATION_MONUMENT["WGS-84"], abs=2e-9)


def test_the_shift_in_chongqing_is_what_was_measured_there() -> None:
    shifts = [
        metres_apart(from_wgs84(28.2 + i * 0.1, 105.3 + j * 0.1, "GCJ-02"), (28.2 + i * 0.1, 105.3 + j * 0.1))
        for i in range(40)
        for j in range(48)
    ]
    assert min(shifts) > 400
    assert max(shifts) < 610


@given(anywhere_in_china, st.sampled_from(SYSTEMS))
def test_there_and_back_is_within_a_tenth_of_a_millimetre_in_china(point: tuple[float, float], crs: str) -> None:
    assert metres_apart(to_wgs84(*from_wgs84(*point, crs), crs), point) < 1e-4
    assert metres_apart(from_wgs84(*to_wgs84(*point, crs), crs), point) < 1e-4


@given(st.floats(20, 40), st.floats(-1e-9, 1e-9), shifted_system)
def test_the_meridian_where_the_formula_has_no_derivative_is_inverted_too(lat: float, beside: float, crs: str) -> None:
    assert metres_apart(to_wgs84(*from_wgs84(lat, 105.0 + beside, crs), crs), (lat, 105.0 + beside)) < 1e-4


@given(anywhere, st.sampled_from(SYSTEMS))
def test_every_place_on_earth_converts_to_finite_degrees(point: tuple[float, float], crs: str) -> None:
    assert all(map(math.isfinite, (*to_wgs84(*point, crs), *from_wgs84(*point, crs))))


@pytest.mark.parametrize("point", [(41.15, -8.61), (35.9, 14.5), (-33.9, 151.2), (90, 180), (-90, -180), (0, 0)])
def test_there_is_no_shift_outside_the_rectangle(point: tuple[float, float]) -> None:
    assert from_wgs84(*point, "GCJ-02") == point
    assert to_wgs84(*point, "GCJ-02") == point


@given(anywhere_in_china)
def test_forward_equals_both_independent_packages(point: tuple[float, float]) -> None:
    lat, lon = point
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")  # prcoords warns outside its rectangle
        oracles = {
            "GCJ-02": [tuple(prcoords.wgs_gcj(point)), transform.wgs2gcj(lon, lat)[::-1]],
            "BD-09": [tuple(prcoords.wgs_bd(point)), transform.wgs2bd(lon, lat)[::-1]],
        }
    for crs, answers in oracles.items():
        for answer in answers:
            # coord-convert derives the ellipsoid from 1/298.3, which is some nanometres off
            assert metres_apart(from_wgs84(lat, lon, crs), answer) < 1e-4


@given(st.tuples(st.floats(1, 55), st.floats(73, 137)))
def test_backward_agrees_with_the_packages_as_far_as_they_are_exact(point: tuple[float, float]) -> None:
    lat, lon = point
    assert metres_apart(to_wgs84(lat, lon, "GCJ-02"), tuple(prcoords.gcj_wgs_bored(point))) < 0.01
    assert metres_apart(to_wgs84(lat, lon, "GCJ-02"), transform.gcj2wgs(lon, lat)[::-1]) < 0.2
    assert metres_apart(to_wgs84(lat, lon, "BD-09"), tuple(prcoords.bd_wgs_bored(point))) < 1.0


@pytest.mark.parametrize("crs", ["GCJ02", "wgs-84", "", "EPSG:4326", "CGCS2000"])
@pytest.mark.parametrize("convert", [to_wgs84, from_wgs84])
def test_an_unknown_system_is_refused_with_the_three_that_are_known(convert, crs: str) -> None:
    with pytest.raises(InvalidRequestError, match="WGS-84, GCJ-02, BD-09") as refused:
        convert(29.5, 106.5, crs)
    assert [error["field"] for error in refused.value.facts["errors"]] == ["crs"]


@pytest.mark.parametrize(
    ("lat", "lon", "fields"),
    [
        (10**400, 106.5, ["lat"]),
        (math.nan, 106.5, ["lat"]),
        (29.5, math.nan, ["lon"]),
        (math.inf, -math.inf, ["lat", "lon"]),
        (106.5, 29.5, ["lat"]),
        (90.0001, 180.0001, ["lat", "lon"]),
        ("29.5", 106.5, ["lat"]),
        (None, True, ["lat", "lon"]),
    ],
)
@pytest.mark.parametrize("convert", [to_wgs84, from_wgs84])
def test_what_is_no_place_is_refused_field_by_field_without_echoing_it(convert, lat, lon, fields) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        convert(lat, lon, "GCJ-02")
    assert [error["field"] for error in refused.value.facts["errors"]] == fields
    assert "106.5" not in refused.value.detail.replace("106.5770", "")


@given(anywhere, anywhere)
def test_metres_between_two_places_are_those_of_the_chord_and_the_same_both_ways(one, other) -> None:
    def on_the_sphere(lat: float, lon: float) -> tuple[float, float, float]:
        y, x = math.radians(lat), math.radians(lon)
        return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)

    chord = math.dist(on_the_sphere(*one), on_the_sphere(*other))
    assert metres_between(one, other) == pytest.approx(
        2 * 6_371_008.8 * math.asin(min(chord / 2, 1)), rel=1e-6, abs=1e-3
    )
    assert metres_between(one, other) == metres_between(other, one)


def test_metres_are_counted_across_the_date_line() -> None:
    assert metres_between((0, 179.999), (0, -179.999)) == pytest.approx(222.4, abs=0.1)
    assert metres_between((29.5574, 106.5770), (29.5574, 106.5770)) == 0
