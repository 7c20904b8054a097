"""Where a driver may go at the end of a segment: junctions, dead ends, barriers, roundabouts."""

from __future__ import annotations

import pytest


def test_a_road_that_bends_is_followed_across_its_parts(draw):
    draw(
        """
        a b c
            d
        """,
        """
        nodes
        abc
        cd
        """,
    ).check(
        """
        a d: abc cd
        d a: cd abc
        a b: abc
        b a: abc
        """
    )


def test_one_way_streets_are_driven_one_way(draw):
    draw(
        """
        a b c
        d   e
        """,
        """
        nodes | oneway
        abc   | yes
        ce    |
        de    | -1
        ad    | no
        """,
    ).check(
        """
        a c: abc
        c a: ce de ad
        b a: abc ce de ad
        d c: ad abc
        d e: ad abc ce
        e d: de
        """
    )


def test_a_destination_just_behind_on_a_one_way_street_is_reached_by_driving_round(draw):
    draw(
        """
        a1 2b
        d   c
        """,
        """
        nodes | oneway
        ab    | yes
        bc    |
        cd    |
        da    |
        """,
    ).check(
        """
        1 2: ab
        2 1: ab bc cd da ab
        """
    )


def test_a_place_behind_on_a_two_way_street_is_simply_behind(draw):
    drawing = draw("a 1 2 b", "nodes\nab")
    drawing.check("1 2: ab\n2 1: ab\n1 1: nothing")
    assert drawing.route("2", "1").distance_m == pytest.approx(200, rel=0.01)


def test_one_turns_round_at_a_dead_end_not_at_a_crossing(draw):
    draw(
        """
            d
        a   b   c
        """,
        """
        nodes
        ab
        bc
        bd
        """,
        "no_left_turn from=ab via=b to=bd",
    ).check("a d: ab bc bc bd\nc d: bc bd\nd a: bd ab")


def test_one_turns_round_where_all_other_roads_are_one_way(draw):
    """Nobody comes the other way; where the road goes on in both directions somebody may."""
    picture = """
            x
        a   m   b   c
        """
    for on, expected in {"yes": "xm mb mb am", "-1": "xm mb mb am", "no": "xm mb bc bc mb am"}.items():
        draw(
            picture,
            f"""
            nodes | oneway
            xm    | yes
            am    |
            mb    |
            bc    | {on}
            """,
            "no_right_turn from=xm via=m to=am",
        ).check(f"x a: {expected}\na b: am mb")


def test_nobody_turns_round_where_a_road_parts_into_two_one_way_carriageways(draw):
    """Neither OSRM nor Valhalla does; on Porto's trunk roads it saved a minute to the next interchange."""
    drawing = draw(
        """
            x       c
        a   m   b       e
                    d
        """,
        """
        nodes | oneway
        xm    | yes
        am    |
        mb    |
        bc    | yes
        db    | yes
        ce    | yes
        ed    | yes
        """,
        "no_right_turn from=xm via=m to=am",
    )
    drawing.check("x a: xm mb bc ce ed db mb am\na e: am mb bc ce")


def test_u_turns_at_dead_ends(draw):
    drawing = draw(
        """
        d
        a 1 b c
        """,
        """
        nodes | oneway
        abc   |
        da    | yes
        """,
        "only_left_turn from=da via=a to=abc",
    )
    drawing.check("d c: da abc\nc d: no route")
    assert draw("a b c d", "nodes\nabcd").names("b", "c") == "abcd"


def test_turning_round_in_a_dead_end_to_obey_a_restriction(draw):
    draw(
        """
            d
        a b c
            e
        """,
        """
        nodes
        abc
        cd
        ce
        """,
        "no_left_turn from=abc via=c to=cd",
    ).check(
        """
        a d: abc ce ce cd
        a e: abc ce
        e d: ce cd
        """
    )


def test_where_a_two_way_street_becomes_one_way_against_the_driver_he_turns_round(draw):
    draw(
        """
        d
        a b c
        """,
        """
        nodes | oneway
        ab    |
        cb    | yes
        da    |
        """,
    ).check("a b: ab\nd b: da ab\nc d: cb ab da\nb c: no route")


def test_barrier_in_the_middle(draw):
    drawing = draw(
        """
        a 1 b 2 c
        d   e
        """,
        """
        nodes
        abc
        ad
        """,
        nodes={"b": {"barrier": "bollard"}, "e": {}},
    )
    drawing.check(
        """
        a 1: abc
        a 2: no route
        1 c: no route
        2 1: no route
        2 c: abc
        b c: abc
        b a: abc
        a b: abc
        c b: abc
        """
    )


def test_a_barrier_is_no_way_round_a_corner_either(draw):
    draw(
        """
        a b c
          d
        """,
        """
        nodes
        abc
        bd
        """,
        nodes={"b": {"barrier": "wall"}},
    ).check("a c: no route\na d: no route\nd c: no route\na b: abc\nd b: bd")


def test_turning_round_at_a_barrier(draw):
    """The one-way street leads onto a road that is blocked on one side."""
    draw(
        """
        x   d
        a   b   c
            e
        """,
        """
        nodes | oneway
        abc   |
        db    | yes
        be    | yes
        """,
        "no_right_turn from=db via=b to=abc",
        nodes={"c": {"barrier": "block"}},
    ).check("d a: db abc abc\nd e: db be")


def test_ways_that_cross_without_a_common_node_do_not_meet(draw):
    draw(
        """
          c
        a 1 b
          d
        """,
        """
        nodes | bridge | layer
        ab    |        |
        cd    | yes    | 1
        """,
    ).check("a b: ab\nc d: cd\na d: no route\nc b: no route")


@pytest.mark.parametrize("junction", ["roundabout", "circular"])
def test_roundabouts_run_one_way(draw, junction):
    drawing = draw(
        """
             n
             a
          w b d e
             c
             s
        """,
        f"""
        nodes | junction
        abcda | {junction}
        an    |
        bw    |
        cs    |
        de    |
        """,
    )
    drawing.check(
        """
        n w: an abcda bw
        n s: an abcda cs
        n e: an abcda de
        w n: bw abcda an
        a d: abcda
        d a: abcda
        """
    )
    assert drawing.route("n", "w").distance_m < drawing.route("w", "n").distance_m
    assert drawing.route("d", "a").distance_m < drawing.route("a", "d").distance_m


def test_the_other_way_round_a_roundabout_is_the_long_way(draw):
    drawing = draw("ab\ndc", "nodes | junction\nabcda | roundabout", grid_m=50)
    assert drawing.route("a", "b").distance_m == pytest.approx(50, rel=0.01)
    assert drawing.route("b", "a").distance_m == pytest.approx(150, rel=0.01)
    assert drawing.route("d", "c").distance_m == pytest.approx(150, rel=0.01)


def test_loops_and_closed_ways(draw):
    drawing = draw(
        """
        a b c
          e d
        """,
        """
        nodes
        abcdeb
        """,
    )
    drawing.check("a c: abcdeb\nc a: abcdeb\ne d: abcdeb\nd c: abcdeb\na a: nothing")
    assert drawing.route("a", "e").distance_m == pytest.approx(300, rel=0.01)
    alone = draw("a b\nd c", "nodes | oneway\nabcda | yes")
    assert alone.route("b", "a").distance_m == pytest.approx(400, rel=0.01)
    assert alone.route("a", "d").distance_m == pytest.approx(500, rel=0.01)
    both = draw("a b\nd c", "nodes\nabcda")
    assert both.route("a", "d").distance_m == pytest.approx(100, rel=0.01)
    assert both.route("b", "d").distance_m == pytest.approx(300, rel=0.01)
