"""Streets for those who live there: entered to reach or leave a place on them, never driven through."""

from __future__ import annotations

import pytest

RESTRICTING = ["destination", "private", "customers", "delivery"]

SHORT_CUT = """
    a   b c   d

    x         y
"""


@pytest.mark.parametrize("value", RESTRICTING)
def test_not_driven_through_even_if_shorter(draw, value):
    draw(
        SHORT_CUT,
        f"""
        nodes | access
        ab    |
        bc    | {value}
        cd    |
        axyd  |
        """,
    ).check(
        """
        a d: axyd
        d a: axyd
        a c: axyd cd
        b c: bc
        a b: ab
        """
    )


def test_entered_to_reach_or_leave_a_place_on_them(draw):
    draw(
        """
        a   b 1 c   d

        x           y
        """,
        """
        nodes | access
        ab    |
        bc    | destination
        cd    |
        axyd  |
        """,
    ).check(
        """
        a 1: ab bc
        d 1: cd bc
        1 a: bc ab
        1 d: bc cd
        a d: axyd
        """
    )


@pytest.mark.parametrize("key", ["access", "vehicle", "motor_vehicle", "motorcar"])
def test_whatever_key_says_so(draw, key):
    draw(
        SHORT_CUT,
        f"""
        nodes | {key}
        ab    |
        bc    | destination
        cd    |
        axyd  |
        """,
    ).check("a d: axyd\nb c: bc")


def test_a_more_specific_key_frees_a_street(draw):
    draw(
        SHORT_CUT,
        """
        nodes | access  | motor_vehicle
        ab    |         |
        bc    | private | yes
        cd    |         |
        axyd  |         |
        """,
    ).check("a d: ab bc cd")


def test_one_direction_may_be_restricted(draw):
    draw(
        SHORT_CUT,
        """
        nodes | motor_vehicle:forward
        ab    |
        bc    | destination
        cd    |
        axyd  |
        """,
    ).check("a d: axyd\nd a: cd bc ab")


def test_only_way_through(draw):
    """Two towns joined by a private road alone are still joined: slow, but not unreachable."""
    drawing = draw(
        "a b c d",
        """
        nodes | access
        ab    |
        bc    | private
        cd    |
        """,
    )
    drawing.check("a d: ab bc cd\nd a: cd bc ab")
    assert drawing.route("a", "d").travel_time_s < 120


def test_chain_of_restricted_streets(draw):
    draw(
        """
        a b c d e

        x       y
        """,
        """
        nodes | access
        ab    |
        bc    | destination
        cd    | private
        de    |
        axye  |
        """,
    ).check(
        """
        a e: axye
        e a: axye
        a c: ab bc
        b d: bc cd
        a d: axye de
        c a: bc ab
        c e: cd de
        """
    )


def test_islands_between_restricted_streets(draw):
    """c-d is free but reached over restricted streets only."""
    draw(
        """
        a b c d e f

        x         y
        """,
        """
        nodes | access
        ab    |
        bc    | destination
        cd    |
        de    | destination
        ef    |
        axyf  |
        """,
    ).check(
        """
        a f: axyf
        b e: ab axyf ef
        a e: axyf ef
        c f: bc ab axyf
        a d: ab bc cd
        """
    )


def test_inside_an_area_one_stays_inside(draw):
    draw(
        """
        a b c d e
          f   g
        x       y
        """,
        """
        nodes | access
        ab    |
        bc    | private
        cd    | private
        bf    | private
        dg    | private
        fg    | private
        de    |
        axye  |
        """,
    ).check(
        """
        b d: bc cd
        f d: fg dg
        f g: fg
        c g: cd dg
        a g: ab bf fg
        a f: ab bf
        a e: axye
        """
    )


def test_whole_file_restricted(draw):
    draw(
        "a b c d",
        """
        nodes | access
        ab    | private
        bc    | destination
        cd    | customers
        """,
    ).check("a d: ab bc cd\nd b: cd bc\nb c: bc")


def test_dead_end_compound(draw):
    drawing = draw(
        """
        a b c
          d
          e f
        """,
        """
        nodes | access | highway
        abc   |        | residential
        bd    | private | residential
        def   | private | residential
        """,
    )
    drawing.check("a f: abc bd def\nf c: def bd abc\na c: abc\nd f: def")
    assert drawing.route("a", "f").travel_time_s < 150


def test_two_entrances_the_nearer_one_is_taken(draw):
    draw(
        """
        a b c d e
          f g h
        """,
        """
        nodes | access
        abcde |
        bf    | destination
        dh    | destination
        fgh   | destination
        """,
    ).check("a f: abcde bf\ne g: abcde dh fgh\nf h: fgh\nf e: fgh dh abcde\na e: abcde")


def test_turns_banned_inside_restricted_streets_stay_banned(draw):
    draw(
        """
        a b c
          d e
          f
        """,
        """
        nodes | access | oneway
        ab    |        | yes
        bc    |        | yes
        bd    | destination | yes
        df    | destination | yes
        de    | destination | yes
        """,
        "no_left_turn from=ab via=bd to=de",
    ).check("a e: no route\na f: ab bd df\nb e: bd de\na c: ab bc")


def test_gates_cost_but_open(draw):
    draw(
        """
        a   b   c
        x       y
        """,
        """
        nodes
        abc
        axyc
        """,
        nodes={"b": {"barrier": "gate", "access": "private"}},
    ).check("a c: axyc\na b: abc\nb c: abc")
