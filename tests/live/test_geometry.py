import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.coordinates import from_wgs84
from stroke_map.live.geometry import length_m, read_geometry, swapped

SQUARE = [[106.5, 29.5], [106.51, 29.5], [106.51, 29.51], [106.5, 29.51], [106.5, 29.5]]
BOW_TIE = [[106.5, 29.5], [106.51, 29.51], [106.51, 29.5], [106.5, 29.51], [106.5, 29.5]]
HOLE = [[106.503, 29.503], [106.506, 29.503], [106.506, 29.506], [106.503, 29.503]]
LINE = SQUARE[:3]


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("LineString", LINE),
        ("MultiLineString", [LINE, SQUARE]),
        ("Polygon", [SQUARE, HOLE]),
        ("MultiPolygon", [[SQUARE], [[[x + 1, y] for x, y in SQUARE]]]),
    ],
)
def test_the_four_kinds_are_read_as_shapely_reads_them(kind, coordinates):
    document = {"type": kind, "coordinates": coordinates}
    assert read_geometry(document).equals_exact(shapely.geometry.shape(document), 1e-9)


def test_elevations_are_dropped_and_centimetres_kept():
    line = read_geometry({"type": "LineString", "coordinates": [[106.123456789, 29, 300], [106.2, 29, 310, 7]]})
    assert list(line.coords) == [(106.1234568, 29.0), (106.2, 29.0)]


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_another_system_is_converted(crs):
    shifted = [list(from_wgs84(lat, lon, crs))[::-1] for lon, lat in SQUARE]
    assert shifted != SQUARE
    found = read_geometry({"type": "Polygon", "coordinates": [shifted]}, crs)
    assert found.equals_exact(shapely.Polygon(SQUARE), 2e-7)


NAN = math.nan
BAD = [
    (None, "must be a GeoJSON"),
    ([], "must be a GeoJSON"),
    ({}, "must be a GeoJSON"),
    ({"type": ["LineString"]}, "must be a GeoJSON"),
    ({"type": "Point", "coordinates": [106.5, 29.5]}, "must be a GeoJSON LineString"),
    ({"type": "GeometryCollection", "geometries": []}, "must be a GeoJSON"),
    ({"type": "LineString"}, "not nested"),
    ({"type": "LineString", "coordinates": {"0": 1}}, "not nested"),
    ({"type": "LineString", "coordinates": []}, "empty"),
    ({"type": "MultiLineString", "coordinates": []}, "empty"),
    ({"type": "MultiPolygon", "coordinates": [[]]}, "empty"),
    ({"type": "LineString", "coordinates": [[106.5, 29.5]]}, "fewer than two"),
    ({"type": "LineString", "coordinates": [[106.5, 29.5]] * 3}, "fewer than two"),
    ({"type": "LineString", "coordinates": [[106.5, 29.5], [106.50000001, 29.5]]}, "fewer than two"),
    ({"type": "MultiLineString", "coordinates": [LINE, [[106.5, 29.5]]]}, "fewer than two"),
    ({"type": "LineString", "coordinates": SQUARE[0]}, r"not \[lon, lat\]"),
    ({"type": "LineString", "coordinates": [LINE]}, r"not two numbers|not \[lon, lat\]"),
    ({"type": "LineString", "coordinates": [[106.5], [106.6]]}, r"not \[lon, lat\]"),
    ({"type": "LineString", "coordinates": [["106.5", "29.5"], [106.6, 29.6]]}, "two numbers"),
    ({"type": "LineString", "coordinates": [[True, 29.5], [106.6, 29.6]]}, "two numbers"),
    ({"type": "LineString", "coordinates": [[None, 29.5], [106.6, 29.6]]}, "two numbers"),
    ({"type": "LineString", "coordinates": [[NAN, 29.5], [106.6, 29.6]]}, "not finite"),
    ({"type": "LineString", "coordinates": [[math.inf, 29.5], [106.6, 29.6]]}, "not finite"),
    ({"type": "LineString", "coordinates": [[10**400, 29.5], [106.6, 29.6]]}, "not on the Earth"),
    ({"type": "LineString", "coordinates": [[29.5, 106.5], [29.6, 106.6]]}, "look swapped"),
    ({"type": "LineString", "coordinates": [[200.0, 29.5], [106.6, 29.6]]}, "not on the Earth"),
    ({"type": "LineString", "coordinates": [[0, 0], [90, 0]]}, "km long"),
    ({"type": "LineString", "coordinates": LINE * 4000}, "more than 10,000"),
    ({"type": "MultiLineString", "coordinates": [LINE] * 4000}, "more than 10,000"),
    ({"type": "Polygon", "coordinates": [BOW_TIE]}, "not a valid Polygon: Self-intersection"),
    ({"type": "Polygon", "coordinates": [SQUARE[:4]]}, "end where it begins"),
    ({"type": "Polygon", "coordinates": [[SQUARE[0], SQUARE[1], SQUARE[0]]]}, "fewer than four"),
    ({"type": "Polygon", "coordinates": [[SQUARE[0]] * 5]}, "not a valid"),
    ({"type": "Polygon", "coordinates": [SQUARE, [[x + 1, y] for x, y in HOLE]]}, "Hole lies outside"),
    ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, "not a valid"),
]


@pytest.mark.parametrize(
    ("document", "problem"), BAD, ids=[f"{i}-{problem[:20]}" for i, (_, problem) in enumerate(BAD)]
)
def test_what_is_no_sound_geometry_is_refused_with_the_reason(document, problem):
    with pytest.raises(ValueError, match=problem):
        read_geometry(document)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(st.sampled_from(["LineString", "MultiLineString", "Polygon", "MultiPolygon"]), ANYTHING)
def test_nothing_else_than_a_refusal_or_a_sound_geometry_comes_of_anything(kind, coordinates):
    try:
        geometry = read_geometry({"type": kind, "coordinates": coordinates})
    except ValueError:
        return
    assert geometry.is_valid
    assert not geometry.is_empty


def test_lengths_and_swapping():
    line = shapely.LineString([(106.5, 29.5), (106.5, 29.6)])
    assert length_m(line) == pytest.approx(11119.5, abs=0.1)
    assert swapped(line).equals(shapely.LineString([(29.5, 106.5), (29.6, 106.5)]))
