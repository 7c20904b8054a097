"""The sea: on the right of a coast, never over streets, and none where the coast contradicts itself."""

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stroke_map.maps.ground import read_ground
from stroke_map.maps.sea import sea_within
from stroke_map.maps.tile_painter import TilePainter
from stroke_map.maps.tile_style import LAND, WATER

BOX = (0.0, 0.0, 10.0, 10.0)
NOWHERE = np.empty((0, 2))


def line(*points):
    return shapely.linestrings(points)


def around(west, south, east, north):
    """An island: its land on the left of a ring that turns against the clock."""
    return line((west, south), (east, south), (east, north), (west, north), (west, south))


def is_sea(sea, x, y):
    return any(piece.contains(shapely.Point(x, y)) for piece in sea)


def test_around_an_island_is_sea_and_on_it_and_in_its_lagoon_is_what_the_coast_says():
    lagoon = shapely.reverse(around(4, 4, 6, 6))
    sea = sea_within([around(2, 2, 8, 8), lagoon, around(4.5, 4.5, 5.5, 5.5)], BOX, NOWHERE)
    seen = {at: is_sea(sea, *at) for at in ((1, 1), (3, 3), (4.2, 4.2), (5, 5), (9, 9))}
    assert seen == {(1, 1): True, (3, 3): False, (4.2, 4.2): True, (5, 5): False, (9, 9): True}


def test_a_coast_that_the_file_cuts_off_is_led_to_the_edge():
    # The land is in the west; the coast comes in two ways, and ends within the box.
    sea = sea_within([line((6, 5), (5, 9)), line((5, 0.5), (6, 5))], BOX, NOWHERE)
    assert is_sea(sea, 8, 5)
    assert is_sea(sea, 5.2, 9.7)
    assert not is_sea(sea, 2, 5)
    assert not is_sea(sea, 4.8, 0.2)


def test_one_way_turned_round_leaves_land_where_the_coast_says_both():
    island = [line((2, 2), (8, 2), (8, 8)), line((2, 2), (2, 8), (8, 8))]
    assert sea_within(island, BOX, NOWHERE) == []


def test_a_sea_with_streets_in_it_is_none():
    inland = np.array([[1.0, 1.0]] * 10 + [[5.0, 5.0]] * 90)
    assert sea_within([around(2, 2, 8, 8)], BOX, inland) == []
    assert sea_within([around(2, 2, 8, 8)], BOX, inland[10:])


def test_no_coast_is_no_sea():
    assert sea_within([around(20, 20, 30, 30)], BOX, NOWHERE) == []


@settings(max_examples=20)
@example([(1.0, 0.625, 1.15625)])  # leaves a corner of the box beyond it, with a part of one segment for a coast
@given(st.lists(st.tuples(st.floats(0.5, 8.5), st.floats(0.5, 8.5), st.floats(0.1, 1.4)), min_size=1, max_size=30))
def test_pieces_are_small_do_not_overlap_and_are_all_but_the_islands(found):
    rings = [shapely.Point(x, y).buffer(r, quad_segs=32) for x, y, r in found]
    islands = shapely.union_all(rings)
    coasts = [
        ring
        for island in shapely.get_parts(islands)
        for ring in (shapely.orient_polygons(island).exterior, *shapely.orient_polygons(island).interiors)
    ]
    sea = sea_within([shapely.linestrings(ring.coords) for ring in coasts], BOX, NOWHERE)
    assert max(shapely.get_num_coordinates(sea)) <= 400
    whole = shapely.box(*BOX).difference(islands)
    assert sum(piece.area for piece in sea) == pytest.approx(whole.area)
    assert shapely.union_all(sea).symmetric_difference(whole).area < 1e-6


def test_malta_is_land_in_the_sea(shared_osm, malta_edition):
    network = malta_edition.network("car")
    ground = read_ground(shared_osm / "malta.osm.pbf", network)
    west, south, east, _north = ground.bounds
    assert west < network.bounds[0] - 0.1
    assert south < network.bounds[1] - 0.1
    assert east > network.bounds[2]
    water = shapely.STRtree([piece for piece in ground.water if piece.geom_type == "Polygon"])
    valletta, comino, between, out = (14.5125, 35.8975), (14.337, 36.012), (14.36, 36.03), (14.2, 35.8)
    sicily = (14.84, 36.72)  # where a ferry leads: the file does not say what is land there
    asked = (valletta, comino, sicily, between, out)
    wet = [at for at in asked if len(water.query(shapely.Point(at), predicate="intersects"))]
    assert wet == [between, out]
    picture = np.asarray(_tile(TilePainter(network, ground.water), *out))
    assert (picture == WATER).all()
    shore = np.asarray(_tile(TilePainter(network, ground.water), *valletta)).reshape(-1, 3)
    assert {LAND, WATER} <= {tuple(pixel) for pixel in shore.tolist()}


def _tile(painter, lon, lat, zoom=13):
    import io

    from PIL import Image

    from stroke_map.maps.mercator import project

    x, y = (int(value * 2**zoom) for value in project(lon, lat))
    return Image.open(io.BytesIO(painter.paint(zoom, x, y))).convert("RGB")
