"""What the driver is told: streets in order, and how to come onto each."""

from __future__ import annotations

import pytest


def told(drawing, start, end):
    return [(step.name, step.maneuver) for step in drawing.route(start, end).steps]


def test_one_street_is_one_step_however_many_ways_it_has(draw):
    draw(
        "a b c d e",
        "nodes | name\nab | High Street\nbc | High Street\ncd | Low Street\nde | Low Street",
    ).check("a e: High Street Low Street\ne a: Low Street High Street\na c: High Street")


def test_one_street_stays_one_step_where_signals_and_crossings_cut_it(draw):
    draw(
        """
          x
        a b c d
          y
        """,
        "nodes\nabcd\nxby",
        nodes={"b": {"highway": "traffic_signals"}, "c": {"highway": "crossing"}},
    ).check("a d: abcd\nx y: xby\na x: abcd xby")


def test_one_street_round_a_corner_is_one_step(draw):
    draw("a b\n  c d", "nodes | name\nab | Corner\nbc | Corner\ncd | Corner").check("a d: Corner")


def test_a_street_left_and_met_again_is_told_again(draw):
    draw("a b c d", "nodes | name\nab | One\nbc | Two\ncd | One").check("a d: One Two One")


def test_a_name_is_the_name_tag_and_never_the_ref(draw):
    drawing = draw(
        "a b c d e f",
        """
        nodes | name | ref    | name:en | official_name | int_name
        ab    | -    | G 50   |         |               |
        bc    | 人民路 |        | Renmin Road |           |
        cd    | -    |        | Elsewhere |  Official     | Inter
        de    | -    | S 7    |         |               |
        ef    | Way  | A1;A2  |         |               |
        """,
    )
    assert [step.name for step in drawing.route("a", "f").steps] == ["", "人民路", "", "Way", "Way"]
    assert [step.ref for step in drawing.route("a", "f").steps] == ["G 50", "", "", "A1;A2", "A1;A2"]
    assert drawing.route("b", "c").steps[0].name_en == "Renmin Road"
    assert drawing.route("a", "b").steps[0].name == ""


def test_the_last_step_arrives_on_the_last_street(draw):
    steps = draw("a b c", "nodes\nab\nbc").route("a", "c").steps
    assert [(s.name, s.maneuver, s.distance_m > 0) for s in steps] == [
        ("ab", "depart", True),
        ("bc", "continue", True),
        ("bc", "arrive", False),
    ]


def test_nothing_driven_is_only_arriving(draw):
    steps = draw("a b", "nodes\nab").route("a", "a").steps
    assert [(s.name, s.maneuver, s.distance_m) for s in steps] == [("ab", "arrive", 0.0)]


@pytest.mark.parametrize("grid_m", [5, 10, 100])
def test_streets_of_zero_length_are_left_out(draw, grid_m):
    """Starting and ending at junctions, one is on several streets for no distance at all."""
    drawing = draw(
        """
          n
        w j e k x
          s   t
        """,
        "nodes | oneway\nnj |\nwj |\nje |\njs |\nek |\nkx | yes\nkt |",
        grid_m=grid_m,
    )
    drawing.check("j e: je\nj k: je ek\nw k: wj je ek\nn e: nj je\ne j: je\nk j: ek je\ns x: js je ek kx")


def test_turning_round_is_told(draw):
    drawing = draw("  d\na b c", "nodes\nab\nbc\nbd", "no_left_turn from=ab via=b to=bd")
    assert told(drawing, "a", "d") == [
        ("ab", "depart"),
        ("bc", "continue"),
        ("bc", "uturn"),
        ("bd", "right"),
        ("bd", "arrive"),
    ]


@pytest.mark.parametrize(
    ("end", "maneuver"), [("n", "continue"), ("q", "slight right"), ("e", "right"), ("w", "left"), ("p", "slight left"), ("z", "sharp right")]
)  # fmt: skip
def test_directions(draw, end, maneuver):
    drawing = draw(
        """
        p n q

        w j e

          s z
        """,
        "nodes\nsj\njn\njq\nje\njw\njp\njz",
    )
    assert told(drawing, "s", end)[1] == (f"j{end}", maneuver)


def test_roundabouts_count_their_exits(draw):
    drawing = draw(
        """
             n
             a
          w b d e
             c
             s
        """,
        "nodes | junction | oneway\nabcda | roundabout |\nan | |\nbw | |\ncs | |\nde | |",
    )
    steps = drawing.route("n", "s").steps
    assert [(s.name, s.maneuver, s.exit) for s in steps[1:3]] == [
        ("abcda", "roundabout", 2),
        ("cs", "exit roundabout", None),
    ]
    assert drawing.route("n", "e").steps[1].exit == 3
    assert drawing.route("e", "n").steps[1].exit == 1


def test_ramps_name_their_signs(draw):
    drawing = draw(
        """
        a b c
          d e
        """,
        """
        nodes | highway       | oneway | destination
        ab    | motorway      | yes    |
        bc    | motorway      | yes    |
        bd    | motorway_link | yes    | 北碚;渝北
        de    | primary       |        |
        """,
    )
    ramp = drawing.route("a", "e").steps[1]
    assert (ramp.name, ramp.maneuver, ramp.destination) == ("bd", "off ramp", "北碚;渝北")


def test_tunnels_are_named(draw):
    steps = draw("a b c", "nodes | tunnel\nab |\nbc | yes").route("a", "c").steps
    assert [step.tunnel for step in steps] == [False, True, False]


def test_a_step_knows_where_it_begins(draw):
    drawing = draw("a b c", "nodes\nab\nbc")
    assert drawing.route("a", "c").steps[1].point == pytest.approx(drawing.places["b"][::-1], abs=2e-7)
