"""Placing on a small made-up town, on real roads against shapely, and what an edition refuses.

The town, in metres: 1 is the main street west to east through junctions b and c, 2 crosses it at b, 3 is one-way north at
c, 4 a bridge (layer 1) over the main street, 5 a lane parallel to the main street, 200 m north.
"""

import math

import numpy as np
import pytest
import shapely

from stroke_map.errors import ClosureError
from stroke_map.live.checking import check, check_all
from stroke_map.live.placing import REACH_M, place
from stroke_map.roads import RoadNetwork

NODES = {
    "a": (0, 0), "b": (300, 0), "c": (600, 0), "d": (900, 0),
    "e": (300, -200), "f": (300, 200), "g": (600, 200),
    "h": (450, -100), "i": (450, 100),
}  # fmt: skip
WAYS = [
    ("abcd", {"highway": "primary", "name": "Main"}),
    ("ebf", {"highway": "residential", "name": "Cross"}),
    ("cg", {"highway": "residential", "name": "North", "oneway": "yes"}),
    ("hi", {"highway": "residential", "name": "Over", "bridge": "yes", "layer": "1"}),
    ("fg", {"highway": "residential", "name": "Lane"}),
]


@pytest.fixture(scope="module")
def network(write_osm):
    return RoadNetwork.from_osm(write_osm(NODES, WAYS))


@pytest.fixture(scope="module")
def line(place_of):
    """A line through points in metres."""
    return lambda *points: shapely.LineString([place_of(*point)[::-1] for point in points])


@pytest.fixture
def touched(network, new_closure, place_of):
    """What a closure touches, as {way: {"from-to" in metres east, ...}} with an arrow for each direction."""

    def told(**fields):
        placed = place(network, new_closure(**fields))
        assert (np.diff(placed.segments) > 0).all()
        assert set(network.segment_stretch[placed.segments].tolist()) == set(placed.stretches.tolist())
        assert bool(placed.reason) == (len(placed.segments) == 0)
        return {name_of(network, segment, place_of) for segment in placed.segments.tolist()}

    return told


def name_of(network, segment, place_of):
    """Like "Main bc": the street, and the junctions the segment goes from and to."""
    stretch = network.segment_stretch[segment]
    ends = network.stretch_first_point[stretch], network.stretch_first_point[stretch + 1] - 1
    spots = {tuple(round(v * 1e7) for v in place_of(*at)[::-1]): name for name, at in NODES.items()}
    names = [spots[int(network.point_x[p]), int(network.point_y[p])] for p in ends]
    return f"{network.names_of(stretch)[0]} {''.join(names if network.segment_forward[segment] else names[::-1])}"


MAIN_MIDDLE = {"Main bc", "Main cb"}


def test_a_line_touches_the_stretches_it_runs_along_and_not_those_it_meets(touched, line):
    assert touched(geometry=line((300, 3), (600, -4))) == MAIN_MIDDLE
    assert touched(geometry=line((0, 0), (600, 0))) == MAIN_MIDDLE | {"Main ab", "Main ba"}


@pytest.mark.parametrize("drawn_m", [40, 100, 250])
def test_a_line_along_a_part_touches_the_whole_stretch(touched, line, drawn_m):
    assert touched(geometry=line((320, 5), (320 + drawn_m, 5))) == MAIN_MIDDLE


def test_a_line_drawn_a_little_past_a_corner_touches_nothing_more(touched, line):
    assert touched(geometry=line((290, 2), (612, 2))) == MAIN_MIDDLE


def test_direction_is_that_of_the_line_as_drawn(touched, line):
    assert touched(geometry=line((310, 0), (590, 0)), direction="forward") == {"Main bc"}
    assert touched(geometry=line((310, 0), (590, 0)), direction="backward") == {"Main cb"}
    assert touched(geometry=line((590, 0), (310, 0)), direction="forward") == {"Main cb"}
    assert touched(geometry=line((590, 0), (310, 0)), direction="backward") == {"Main bc"}


def test_only_directions_that_may_be_driven_are_touched(touched, line, network, new_closure):
    north = line((600, 10), (600, 190))
    assert touched(geometry=north) == {"North cg"}
    assert touched(geometry=north, direction="forward") == {"North cg"}
    placed = place(network, new_closure(geometry=north, direction="backward"))
    assert (len(placed.segments), "may not be driven" in placed.reason) == (0, True)


def test_a_bent_line_follows_streets_around_corners(touched, line):
    bent = line((300, -190), (300, 0), (600, 0), (600, 190))
    assert touched(geometry=bent, direction="forward") == {"Cross eb", "Main bc", "North cg"}


def test_lines_of_a_multi_line_count_each_for_itself(touched, line):
    both = shapely.MultiLineString([line((10, 0), (290, 0)), line((590, 200), (310, 200))])
    assert touched(geometry=both, direction="forward") == {"Main ab", "Lane gf"}


def test_a_short_line_across_closes_the_streets_it_crosses(touched, line):
    assert touched(geometry=line((400, -10), (410, 12))) == MAIN_MIDDLE
    assert touched(geometry=line((400, -10), (400, -5))) == set()


def test_a_long_line_across_means_nothing(network, line, new_closure):
    placed = place(network, new_closure(geometry=line((200, -400), (200, 400))))
    assert (len(placed.segments), "no road runs along" in placed.reason) == (0, True)


def test_a_line_across_has_no_direction(touched, line):
    assert touched(geometry=line((400, -10), (410, 12)), direction="forward") == set()


@pytest.mark.parametrize(("away_m", "hit"), [(REACH_M - 1, True), (REACH_M + 1, False)])
def test_how_far_from_the_road_a_line_may_be_drawn(touched, line, away_m, hit):
    assert bool(touched(geometry=line((20, away_m), (280, away_m)))) is hit


@pytest.mark.parametrize(("turned_deg", "hit"), [(20, True), (40, False)])
def test_how_much_a_line_may_be_turned_from_the_road(touched, line, turned_deg, hit):
    dx, dy = 12 * math.cos(math.radians(turned_deg)), 12 * math.sin(math.radians(turned_deg))
    forward = touched(geometry=line((150 - dx, 1 - dy), (150 + dx, 1 + dy)), direction="forward")
    assert forward == ({"Main ab"} if hit else set())


def test_a_polygon_touches_every_stretch_that_enters_it(touched, line):
    square = shapely.Polygon(line((400, -20), (500, -20), (500, 20), (400, 20), (400, -20)))
    assert touched(geometry=square) == MAIN_MIDDLE | {"Over hi", "Over ih"}
    around = shapely.Polygon(line((590, 190), (610, 190), (610, 210), (590, 210), (590, 190)))
    assert touched(geometry=shapely.MultiPolygon([around])) == {"North cg", "Lane fg", "Lane gf"}
    field = shapely.Polygon(line((10, 50), (100, 50), (100, 150), (10, 50)))
    assert touched(geometry=field) == set()


def test_layer_tells_a_bridge_from_the_road_under_it(touched, line):
    square = shapely.Polygon(line((400, -20), (500, -20), (500, 20), (400, 20), (400, -20)))
    assert touched(geometry=square, layer=1) == {"Over hi", "Over ih"}
    assert touched(geometry=square, layer=0) == MAIN_MIDDLE
    assert touched(geometry=square, layer=-1) == set()
    assert touched(ways=(4,), layer=1) == {"Over hi", "Over ih"}


def test_ways_are_taken_exactly(touched, network, new_closure):
    assert touched(ways=(2,)) == {"Cross eb", "Cross be", "Cross bf", "Cross fb"}
    assert touched(ways=(1,), direction="forward") == {"Main ab", "Main bc", "Main cd"}
    assert touched(ways=(1,), direction="backward") == {"Main ba", "Main cb", "Main dc"}
    assert place(network, new_closure(ways=(2, 99))).unknown_ways == (99,)
    assert place(network, new_closure(ways=(99, 2**63 - 1))).unknown_ways == (99, 2**63 - 1)


def test_a_closure_far_away_touches_nothing(touched):
    assert touched(geometry=shapely.LineString([(5, 5), (5.01, 5)])) == set()
    assert touched(geometry=shapely.box(5, 5, 6, 6)) == set()


def test_all_copies_of_a_segment_are_touched(write_osm, new_closure):
    """A street for its residents alone has a copy for those who begin there and one for those who come to it."""
    ways = [("abcd", {"highway": "primary"}), ("ebf", {"highway": "residential", "access": "destination"})]
    network = RoadNetwork.from_osm(write_osm(NODES, ways), profile="car")
    assert network.segment_count > len(np.unique(network.segment_base))
    placed = place(network, new_closure(ways=(2,)))
    expected = np.flatnonzero(network.stretch_way_id[network.segment_stretch] == 2)
    assert placed.segments.tolist() == expected.tolist()


@pytest.fixture(scope="module")
def malta(malta_edition):
    return malta_edition.network("car")


def lines_of(network, stretches):
    first = network.stretch_first_point
    return [
        shapely.LineString(np.column_stack([axis[first[n] : first[n + 1]] for axis in (network.point_x, network.point_y)]) * 1e-7)
        for n in stretches
    ]  # fmt: skip


def test_on_real_roads_polygons_touch_what_shapely_says_of_every_stretch(malta, new_closure):
    rng = np.random.default_rng(7)
    everything = np.array(lines_of(malta, range(len(malta.stretch_way_id))))
    west, south, east, north = malta.bounds
    for _ in range(25):
        x, y, size = rng.uniform(west, east), rng.uniform(south, north), rng.uniform(0.0005, 0.02)
        polygon = shapely.Point(x, y).buffer(size, quad_segs=int(rng.integers(1, 5)))
        placed = place(malta, new_closure(geometry=polygon))
        assert placed.stretches.tolist() == np.flatnonzero(shapely.intersects(everything, polygon)).tolist()


def test_on_real_roads_a_line_along_a_stretch_touches_it_in_the_direction_drawn(malta, new_closure):
    rng = np.random.default_rng(8)
    stretches = rng.choice(np.flatnonzero(malta.stretch_length_m > 30), 400, replace=False)
    for n, line in zip(stretches.tolist(), lines_of(malta, stretches), strict=True):
        assert n in place(malta, new_closure(geometry=line)).stretches
        ahead, back = malta.stretch_segment[n]
        found = place(malta, new_closure(geometry=line.reverse(), direction="backward")).segments
        straight = shapely.LineString([line.coords[0], line.coords[-1]])
        if line.length < 1.1 * straight.length:  # a hairpin runs both ways beside itself
            assert (ahead in found, back in found) == (ahead >= 0, False)


def test_on_real_roads_nothing_far_from_a_line_is_touched(malta, new_closure):
    rng = np.random.default_rng(9)
    for line in lines_of(malta, rng.choice(np.flatnonzero(malta.stretch_length_m > 30), 100, replace=False)):
        placed = place(malta, new_closure(geometry=line))
        for other in lines_of(malta, placed.stretches):
            assert shapely.distance(line, other) * 111_195 < REACH_M * 1.3  # degrees of longitude are shorter there


class TestAgainstAnEdition:
    """What only the roads and the region of an edition can tell."""

    @pytest.fixture
    def refused(self, malta_edition):
        def told(closure):
            with pytest.raises(ClosureError) as caught:
                check(closure, malta_edition)
            return caught.value.detail

        return told

    def test_a_sound_closure_tells_how_much_it_touches_and_warns_without_an_end(
        self, malta_edition, malta, new_closure
    ):
        checked = check(new_closure(ways=(int(malta.stretch_way_id[0]),)), malta_edition)
        assert set(checked.stretches) == set(malta_edition.info.profiles)
        assert checked.stretches["car"] >= 1
        assert [code for code, _ in checked.warnings] == ["no-end"]

    def test_outside_beyond_and_swapped(self, refused, new_closure):
        assert "outside the region" in refused(new_closure(geometry=shapely.box(5, 5, 5.1, 5.1)))
        assert "look swapped" in refused(new_closure(geometry=shapely.LineString([(35.9, 14.4), (35.91, 14.41)])))
        assert "swapped" not in refused(new_closure(geometry=shapely.LineString([(14.4, 45.9), (14.41, 45.91)])))
        assert "reaches beyond" in refused(new_closure(geometry=shapely.box(-180, -90, 180, 90)))

    def test_touching_no_road(self, refused, new_closure):
        at_sea = shapely.LineString([(14.45, 36.0), (14.451, 36.0)])
        assert "touches no road: no road runs along the line" in refused(new_closure(geometry=at_sea))

    def test_unknown_ways_are_named(self, refused, malta, new_closure):
        known = int(malta.stretch_way_id[0])
        assert refused(new_closure(ways=(known, 1, 2))).endswith("no roads of this map: 1, 2.")
        assert "and 5 more" in refused(new_closure(ways=tuple(range(1, 26))))

    def test_a_file_is_checked_to_its_end(self, malta_edition, malta, now):
        way = int(malta.stretch_way_id[0])
        good = {"ways": [way], "reason": "r", "author": "a"}
        sound, problems = check_all(
            [good, good | {"ways": [1]}, 5, good | {"kind": "x", "layer": "y"}, good], malta_edition, now=now
        )
        assert len(sound) == 2
        assert [(p["entry"], p["field"]) for p in problems] == [(2, "ways"), (3, "body"), (4, "kind"), (4, "layer")]
