"""`RoadNetwork`: any two points of any file."""

from __future__ import annotations

import mmap
from datetime import UTC, datetime

import numpy as np
import pytest
from shapely import LineString

from stroke_map.errors import InvalidRequestError, NoRouteError, OffNetworkError, RoadDataError
from stroke_map.roads import RoadNetwork

# Where a trip begins and ends ----------------------------------------------------------------------------------------------


def test_a_place_beside_the_road_moves_to_the_nearest_position_on_it(draw):
    drawing = draw(
        """
        a  b  c
          1  2
        """,
        "nodes\nab\nbc",
        grid_m=10,
    )
    drawing.check("1 2: ab bc\n2 1: bc ab\n1 c: ab bc\na 2: ab bc")
    route = drawing.route("1", "2")
    assert route.distance_m == pytest.approx(30, rel=0.01)
    assert route.geometry.coords[0] == pytest.approx((drawing.places["1"][1], drawing.places["a"][0]), abs=2e-7)


@pytest.mark.parametrize("grid_m", [5, 10, 100])
def test_a_place_at_a_junction_may_start_on_any_of_its_roads(draw, grid_m):
    draw(
        """
          n
        w j e
          s
        """,
        "nodes | oneway\nnj | yes\nwj | yes\nje | yes\njs | yes",
        grid_m=grid_m,
    ).check("j e: je\nj s: js\nn j: nj\nw j: wj\ne j: no route\nw s: wj js\nj j: nothing")


def test_a_junction_asked_for_in_six_decimals_is_still_the_junction(draw):
    drawing = draw("  n\nw j e\n  s", "nodes | oneway\nnj |\nwj |\nje |\njs | yes", grid_m=5)
    drawing.places = {letter: (round(lat, 6), round(lon, 6)) for letter, (lat, lon) in drawing.places.items()}
    drawing.check("w j: wj\nj e: je\nw e: wj je\nn s: nj js\nj s: js\ne n: je nj\nj w: wj\nj j: nothing")


def test_positions_within_a_metre_of_the_nearest_are_as_good(draw):
    draw(
        """
        a              b
        1
        c              d
        """,
        "nodes | oneway\nab | yes\ndc | yes",
        grid_m=0.9,
    ).check("1 b: ab\nb 1: no route\nd 1: dc")


def test_beyond_a_metre_the_nearest_road_alone_counts(draw):
    draw(
        """
        a         b

             1
        c         d
        """,
        "nodes | oneway\nab | yes\ndc | yes",
        grid_m=2,
    ).check("1 c: dc\n1 b: no route\na b: ab")


@pytest.mark.parametrize("highway", ["motorway", "motorway_link", "trunk", "service", "living_street"])
def test_any_class_of_road_will_do(draw, highway):
    draw("a b\n 1\n\n\nc d", f"nodes | highway\nab | {highway}\ncd | residential", grid_m=20).check("a b: ab\n1 b: ab")


def test_a_small_part_of_the_network_will_do(draw):
    draw(
        """
        a b c d e f
        g h i j k l

        x  1  y
        """,
        "nodes\nabcdef\nghijkl\nag\nbh\nfl\nxy",
    ).check("1 y: xy\n1 a: no route\nx y: xy")


def test_bridges_and_tunnels_are_roads_like_others(draw):
    draw(
        """
        a 1 b
        """,
        "nodes | tunnel | layer\nab | yes | -1",
    ).check("1 b: ab\n1 a: ab")


def test_too_far(draw):
    drawing = draw("a b          1", "nodes\nab")
    assert drawing.names("a", "1", max_snap_m=1150) == "ab"
    with pytest.raises(OffNetworkError, match=r"within 1000 m.*1[01]\d\d\.\d m away") as caught:
        drawing.route("a", "1")
    assert caught.value.facts["nearest_m"] == pytest.approx(1100, rel=0.01)
    assert drawing.names("1", "a", max_snap_m=50) == "off network"
    assert drawing.names("a", "b", max_snap_m=0.5) == "ab"


@pytest.mark.parametrize("point", [(91, 0), (0, 181), (float("nan"), 0), (0, float("inf"))])
def test_no_place_on_earth(draw, point):
    drawing = draw("a b", "nodes\nab")
    with pytest.raises(InvalidRequestError):
        drawing.network.route(point, drawing.places["a"])
    with pytest.raises(InvalidRequestError):
        drawing.network.route(drawing.places["a"], point)


def test_start_and_end_on_one_segment(draw):
    drawing = draw("a 1 2 b", "nodes | oneway\nab | yes")
    drawing.check("1 2: ab\n2 1: no route\na b: ab\nb a: no route\n1 1: nothing\na a: nothing\nb b: nothing")
    assert drawing.route("1", "2").distance_m == pytest.approx(200, rel=0.001)
    assert drawing.route("1", "1").distance_m == 0
    assert drawing.route("1", "1").travel_time_s == 0


def test_start_and_end_on_neighbouring_one_way_segments(draw):
    draw(
        """
        a 1 b 2 c
        e       d
        """,
        "nodes | oneway\nab | yes\nbc | yes\ncdea |",
    ).check("1 2: ab bc\n2 1: bc cdea ab\nb 1: bc cdea ab\n2 b: bc cdea ab")


def test_overlapping_ways(draw):
    """The same street mapped twice, over the same nodes and over others."""
    draw("a b c", "nodes | id\nabc | one\nabc | two").check("a c: abc\nb c: abc\nc a: abc")
    draw("a b c", "nodes | oneway | name\nabc | yes | there\ncba | yes | back").check(
        "a c: there\nc a: back\nb a: back"
    )


@pytest.mark.parametrize("first_id", [-1, 2**31, 10**15])
def test_numbers_of_any_kind(draw, first_id):
    drawing = draw("a b c", "nodes\nab\nbc", "no_straight_on from=ab via=b to=bc", first_id=first_id)
    drawing.check("a c: no route\nc a: bc ab")
    ferry = draw("a b", "nodes | highway\nab | -", "- =ab ; type=route ; route=ferry", first_id=first_id)
    ferry.check("a b: ab")


def test_missing_nodes_cut_the_road(draw):
    drawing = draw("a b c d e", "nodes\nabcde", leave_out="c")
    drawing.check("a b: abcde\nd e: abcde\na d: no route\ne b: no route")
    assert drawing.network.report["missing_nodes"] == 1


def test_nodes_in_a_row_that_are_the_same(draw):
    drawing = draw("a b c", "nodes\naabbcc")
    drawing.check("a c: aabbcc\nc a: aabbcc")
    assert drawing.route("a", "c").distance_m == pytest.approx(400, rel=0.01)


def test_zero_length_ways(draw):
    drawing = draw("a b c", "nodes\nab\nbb\nbc")
    drawing.check("a c: ab bc")
    with pytest.raises(RoadDataError):
        draw("a b", "nodes\naa")
    # Three nodes at one place.
    drawing = draw("a b c", "nodes\nab\nbc", grid_m=0.000001)
    assert drawing.route("a", "c").distance_m < 0.1


def test_nothing_to_drive_on(draw):
    for tags in (
        {"highway": "footway"},
        {"highway": "-", "building": "yes"},
        {"access": "no"},
        {"oneway": "reversible"},
    ):
        with pytest.raises(RoadDataError, match="no road"):
            draw("a b", [{"nodes": "ab", **tags}])


# Ferries, trains, bridges that open ----------------------------------------------------------------------------------------

ISLANDS = """
    a b 1     2 c d
"""


@pytest.mark.parametrize("kind", [{"route": "ferry"}, {"route": "shuttle_train"}])
def test_ferries_and_trains_join_roads_but_nobody_starts_on_one(draw, kind):
    ways = [{"nodes": "ab"}, {"nodes": "bc", "highway": "-", **kind}, {"nodes": "cd"}]
    drawing = draw(ISLANDS, ways)
    drawing.check("a d: ab bc cd\nd a: cd bc ab\n1 a: ab\n2 d: cd\na 1: ab\n1 d: bc cd\n1 2: bc")
    assert ("ferry" in {step.maneuver for step in drawing.route("a", "d").steps}) == (kind == {"route": "ferry"})


def test_a_network_of_ferries_alone(draw):
    draw("a b", [{"nodes": "ab", "highway": "-", "route": "ferry"}]).check("a b: ab")


def test_a_ferry_may_be_closed_to_cars(draw):
    for tags in ({"motor_vehicle": "no"}, {"motorcar": "no"}, {"access": "no"}, {"vehicle": "no"}):
        ways = [{"nodes": "ab"}, {"nodes": "bc", "highway": "-", "route": "ferry", **tags}, {"nodes": "cd"}]
        draw(ISLANDS, ways).check("a d: no route\na b: ab\nc d: cd")


def test_a_ferry_takes_as_long_as_it_says(draw):
    ways = [{"nodes": "ab"}, {"nodes": "bc", "highway": "-", "route": "ferry", "duration": "00:30"}, {"nodes": "cd"}]
    assert draw(ISLANDS, ways).route("b", "c").travel_time_s == pytest.approx(1800, rel=0.02)


@pytest.mark.parametrize(("duration", "taken"), [("00:01", "ab bc cd"), ("01:00", "ab bxyc cd"), ("20", "ab bxyc cd")])
def test_ferry_or_bridge_as_the_timetable_says(draw, duration, taken):
    draw(
        """
        a b       c d

          x       y
        """,
        f"""
        nodes | highway | route | duration | oneway
        ab    | primary |       |          |
        bc    | -       | ferry | {duration} |
        cd    | primary |       |          |
        bxyc  | primary |       |          |
        """,
        grid_m=200,
    ).check(f"a d: {taken}")


def test_ferry_relations(draw):
    """The way itself carries no tag."""
    drawing = draw(
        ISLANDS,
        "nodes | highway\nab | primary\nbc | -\ncd | primary",
        "- =bc ; type=route ; route=ferry ; name=Island Line ; duration=00:10",
    )
    drawing.check("a d: ab bc cd")
    assert drawing.route("b", "c").travel_time_s == pytest.approx(600, rel=0.02)


def test_a_road_to_the_landing_stays_a_road_in_a_ferry_relation(draw):
    drawing = draw(
        ISLANDS,
        "nodes | highway\nab | primary\nbc | -\ncd | primary",
        "- =ab =bc =cd ; type=route ; route=ferry ; duration=00:10",
    )
    assert [step.maneuver for step in drawing.route("a", "d").steps] == ["depart", "ferry", "continue", "arrive"]
    drawing.check("a b: ab\n1 a: ab")


def test_movable_bridges(draw):
    draw("a b c d", "nodes | highway | bridge\nab | primary |\nbc | - | movable\ncd | primary |").check("a d: ab bc cd")
    drawing = draw(
        "a b c d", "nodes | highway | bridge | duration\nab | primary |  |\nbc | - | movable | 00:05\ncd | primary | |"
    )
    assert drawing.route("b", "c").travel_time_s == pytest.approx(300, rel=0.02)


# Which road is quicker -----------------------------------------------------------------------------------------------------

TWO_ROADS = """
      b
    a   d
      c
"""


@pytest.mark.parametrize(
    ("quicker", "slower"),
    [
        ({"highway": "motorway"}, {"highway": "trunk"}),
        ({"highway": "trunk"}, {"highway": "primary"}),
        ({"highway": "primary"}, {"highway": "secondary"}),
        ({"highway": "secondary"}, {"highway": "tertiary"}),
        ({"highway": "tertiary"}, {"highway": "unclassified"}),
        ({"highway": "residential"}, {"highway": "living_street"}),
        ({"highway": "residential"}, {"highway": "service"}),
        ({"highway": "primary"}, {"highway": "primary_link"}),
        ({"highway": "service"}, {"highway": "service", "service": "parking_aisle"}),
        ({"highway": "service"}, {"highway": "service", "service": "driveway"}),
        ({"highway": "service"}, {"highway": "service", "service": "alley"}),
        ({"maxspeed": "60"}, {"maxspeed": "30"}),
        ({"maxspeed": "50 mph"}, {"maxspeed": "50"}),
        ({"maxspeed": "none"}, {"maxspeed": "80"}),
        ({"maxspeed": "CN:rural"}, {"maxspeed": "CN:urban"}),
        ({"highway": "residential", "maxspeed": "50"}, {"highway": "residential", "maxspeed": "walk"}),
        ({"highway": "residential", "maxspeed": "60"}, {"highway": "secondary", "maxspeed": "20"}),
        ({"maxspeed": "80"}, {"maxspeed": "80", "maxspeed:advisory": "30"}),
        ({"surface": "asphalt"}, {"surface": "gravel"}),
        ({"surface": "paved"}, {"surface": "cobblestone"}),
        ({"surface": "gravel"}, {"surface": "mud"}),
        ({"smoothness": "good"}, {"smoothness": "very_bad"}),
        ({"highway": "unclassified", "tracktype": "grade1"}, {"highway": "unclassified", "tracktype": "grade5"}),
        ({}, {"lanes": "1"}),
        ({}, {"narrow": "yes"}),
        ({}, {"width": "2.5"}),
        ({}, {"maxspeed": "20"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("upper_is_quicker", [True, False])
def test_the_quicker_of_two_roads_of_one_length(draw, quicker, slower, upper_is_quicker):
    both = {"oneway": "no"}
    upper, lower = (quicker, slower) if upper_is_quicker else (slower, quicker)
    drawing = draw(TWO_ROADS, [{"nodes": "abd", **both, **upper}, {"nodes": "acd", **both, **lower}], grid_m=200)
    assert drawing.names("a", "d") == ("abd" if upper_is_quicker else "acd")


def test_speed_differs_by_direction(draw):
    draw(
        TWO_ROADS,
        "nodes | maxspeed | maxspeed:forward | maxspeed:backward\nabd | 50 | 80 | 20\nacd | 50 | |",
        grid_m=200,
    ).check("a d: abd\nd a: acd")


def test_short_and_slow_or_long_and_fast(draw):
    draw(
        """
        a       b
        c       d
        """,
        "nodes | highway | oneway\nab | residential |\nacdb | motorway | no",
        grid_m=500,
    ).check("a b: acdb\nb a: acdb")


@pytest.mark.parametrize(
    "tags",
    [
        {"maxwidth": "1.8"}, {"maxwidth": "1.9"}, {"maxwidth": "5'"}, {"width": "1.5 m"}, {"est_width": "1.5"},
        {"maxheight": "1.9"}, {"maxheight": "2"}, {"maxheight": "6'2\""}, {"maxheight": "190 cm"},
        {"maxweight": "1.5"}, {"maxweight": "1.5t"}, {"maxweight": "1500 kg"}, {"maxweight": "2"}, {"maxweight": "4000 lbs"},
        {"maxlength": "4"}, {"maxlength": "4.8 m"}, {"maxlength": "15 ft"},
        {"hov": "designated"}, {"hov:lanes": "designated|designated"},
        {"impassable": "yes"}, {"smoothness": "impassable"}, {"construction": "yes"}, {"area": "yes"}, {"proposed": "yes"},
    ],
    ids=str,
)  # fmt: skip
def test_roads_that_are_no_way_for_this_car(draw, tags):
    draw(TWO_ROADS, [{"nodes": "abd", **tags}, {"nodes": "acd", "highway": "service"}]).check("a d: acd")


@pytest.mark.parametrize(
    "tags",
    [
        {"maxwidth": "2"}, {"maxwidth": "7'"}, {"maxwidth": "none"}, {"maxheight": "2.1 m"}, {"maxheight": "7'2\""},
        {"maxheight": "default"}, {"maxheight": "below_default"}, {"maxweight": "3.5t"}, {"maxweight": "7.5"},
        {"maxlength": "6 m"}, {"hov": "yes"}, {"hov:lanes": "designated|yes"}, {"hov:lanes": "|designated"},
        {"maxheight": "low"}, {"maxweight": "5;3"}, {"impassable": "no"}, {"construction": "minor"}, {"toll": "yes"},
    ],
    ids=str,
)  # fmt: skip
def test_roads_that_only_look_as_if(draw, tags):
    draw(TWO_ROADS, [{"nodes": "abd", **tags}, {"nodes": "acd", "highway": "service"}]).check("a d: abd")


# What comes back -----------------------------------------------------------------------------------------------------------


def test_the_answer(draw):
    drawing = draw("a b c\n    d", "nodes | ref\nabc | G50\ncd |")
    route = drawing.route("a", "d")
    assert route.distance_m == pytest.approx(500, rel=0.005)
    assert isinstance(route.geometry, LineString)
    assert next(iter(route.geometry.coords)) == pytest.approx(drawing.places["a"][::-1], abs=2e-7)
    assert [*route.geometry.coords][-1] == pytest.approx(drawing.places["d"][::-1], abs=2e-7)
    assert [(s.name, s.ref, s.maneuver) for s in route.steps] == [
        ("abc", "G50", "depart"), ("cd", "", "right"), ("cd", "", "arrive"),
    ]  # fmt: skip
    assert sum(s.distance_m for s in route.steps) == pytest.approx(route.distance_m)
    assert sum(s.travel_time_s for s in route.steps) == pytest.approx(route.travel_time_s)
    assert type(route.travel_time_s) is float
    assert type(route.distance_m) is float


def test_departure_may_know_its_timezone(draw):
    assert draw("a b", "nodes\nab").route("a", "b", departure=datetime(2026, 1, 1, tzinfo=UTC)).warnings == []


@pytest.mark.parametrize("corner", [(0.0001, -0.0001), (-33.9, 18.4), (69.6, 18.9), (85.0, 0.001), (-54.8, -179.9)])
def test_anywhere_on_earth(draw, monkeypatch, corner):
    monkeypatch.setattr(draw, "north_west", corner)
    drawing = draw("a 1 b\n    2\nd   c", "nodes | oneway\nabcda | yes", grid_m=20)
    drawing.check("1 2: abcda\n2 1: abcda\na d: abcda")
    assert drawing.route("1", "2").distance_m == pytest.approx(60, rel=0.01)
    assert drawing.route("2", "1").distance_m == pytest.approx(180, rel=0.01)


def test_no_route_says_so(draw):
    with pytest.raises(NoRouteError):
        draw("a b c d", "nodes\nab\ncd").route("a", "d")


def is_mapped(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


def test_saved_and_loaded_it_is_the_same_and_mapped(draw, tmp_path):
    drawing = draw(
        "a b c\n  d e\n  f g",
        "nodes | access\nab |\nbc |\nbd | destination\ndf |\nfg |\nde |",
        "no_left_turn from=ab via=bd to=de\n- from=bd via=d to=df ; restriction:conditional=no_straight_on @ (Mo 08:00-09:00)",
    )
    drawing.network.save(tmp_path / "net")
    loaded = RoadNetwork.load(tmp_path / "net")
    assert loaded.texts == drawing.network.texts
    assert loaded.report == drawing.network.report
    assert loaded.profile == drawing.network.profile
    for name, array in drawing.network._arrays.items():
        copy = getattr(loaded, name)
        np.testing.assert_array_equal(copy, array)
        assert copy.dtype == array.dtype
        assert is_mapped(copy) or copy.size == 0, name
        with pytest.raises(ValueError, match="read-only"):
            copy.flags.writeable or copy.__setitem__(..., 0)
    pairs = [(p, q) for p in "abcdefg" for q in "abcdefg"]
    again = type(drawing)(loaded, drawing.places)
    assert [again.names(*pair) for pair in pairs] == [drawing.names(*pair) for pair in pairs]


def test_a_folder_that_is_no_network(tmp_path):
    with pytest.raises(RoadDataError):
        RoadNetwork.load(tmp_path)
