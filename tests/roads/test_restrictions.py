"""Turn restrictions, read as a driver would read the signs. https://wiki.openstreetmap.org/wiki/Relation:restriction"""

from __future__ import annotations

from datetime import datetime

import networkx as nx
import pytest

from stroke_map.roads import RoadNetwork

CROSSING = """
      n
    w j e
      s
"""
ONE_WAY_ARMS = """
    nodes | oneway
    sj    | yes
    jn    | yes
    jw    | yes
    je    | yes
"""
FREE = {"s n": "sj jn", "s w": "sj jw", "s e": "sj je"}


def held(draw, relations, ways=ONE_WAY_ARMS, **options):
    """Which of left, straight on and right the relations leave: `l`, `s`, `r`, `-`."""
    drawing = draw(CROSSING, ways, relations, grid_m=options.pop("grid_m", 5))
    answers = {"l": "s w", "s": "s n", "r": "s e"}
    return "".join(
        letter if drawing.names(*pair.split(), **options) == FREE[pair] else "-" for letter, pair in answers.items()
    )


@pytest.mark.parametrize(
    ("relation", "left"),
    [
        ("no_left_turn from=sj via=j to=jw", "-sr"),
        ("no_right_turn from=sj via=j to=je", "ls-"),
        ("no_straight_on from=sj via=j to=jn", "l-r"),
        ("no_u_turn from=sj via=j to=sj", "lsr"),
        ("only_left_turn from=sj via=j to=jw", "l--"),
        ("only_straight_on from=sj via=j to=jn", "-s-"),
        ("only_right_turn from=sj via=j to=je", "--r"),
        ("no_turn_on_red from=sj via=j to=jw", "-sr"),
        ("no_entry from=sj via=j to=jw", "-sr"),
        ("no_exit from=sj via=j to=jw", "-sr"),
        # The members decide, not the name.
        ("no_right_turn from=sj via=j to=jw", "-sr"),
        ("only_left_turn from=sj via=j to=je", "--r"),
        # Members in any order.
        ("no_left_turn to=jw via=j from=sj", "-sr"),
        ("no_left_turn via=j to=jw from=sj", "-sr"),
        # Other members mean nothing.
        ("no_left_turn from=sj via=j to=jw location_hint=n", "-sr"),
        # Nothing that can be understood.
        ("yes_left_turn from=sj via=j to=jw", "lsr"),
        ("left from=sj via=j to=jw", "lsr"),
        ("no_left_turn from=sj to=jw", "lsr"),
        ("no_left_turn via=j to=jw", "lsr"),
        ("no_left_turn from=sj via=j", "lsr"),
        ("no_left_turn from=sj via=j to=?", "lsr"),
        ("no_left_turn from=? via=j to=jw", "lsr"),
        ("no_left_turn from=sj via=? to=jw", "lsr"),
        ("no_left_turn from=sj via=n to=jw", "lsr"),
        ("no_left_turn from=jw via=j to=sj", "lsr"),
        ("no_left_turn from=sj via=j to=jw to=je", "lsr"),
        ("only_left_turn from=sj via=j to=?", "lsr"),
        # Several members.
        ("no_exit from=sj via=j to=jw to=je", "-s-"),
        ("no_entry from=sj from=jn via=j to=jw", "-sr"),
        ("no_exit from=sj via=j to=jw to=?", "-sr"),
    ],
)
def test_what_a_restriction_leaves(draw, relation, left):
    assert held(draw, relation) == left


@pytest.mark.parametrize(
    ("relations", "left"),
    [
        ("no_left_turn from=sj via=j to=jw\nno_left_turn from=sj via=j to=jw", "-sr"),
        ("no_left_turn from=sj via=j to=jw\nno_right_turn from=sj via=j to=je", "-s-"),
        ("only_left_turn from=sj via=j to=jw\nonly_left_turn from=sj via=j to=jw", "l--"),
        ("only_left_turn from=sj via=j to=jw\nonly_straight_on from=sj via=j to=jn", "ls-"),
        ("only_left_turn from=sj via=j to=jw\nno_left_turn from=sj via=j to=jw", "---"),
        ("no_straight_on from=sj via=j to=jn\nonly_left_turn from=sj via=j to=jw", "l--"),
    ],
)
def test_several_at_one_junction(draw, relations, left):
    assert held(draw, relations) == left


@pytest.mark.parametrize(
    ("tags", "left"),
    [
        ("restriction=no_left_turn", "-sr"),
        ("restriction=no_left_turn ; except=bicycle", "-sr"),
        ("restriction=no_left_turn ; except=bus;bicycle", "-sr"),
        ("restriction=no_left_turn ; except=psv;emergency", "-sr"),
        ("restriction=no_left_turn ; except=motorcar", "lsr"),
        ("restriction=no_left_turn ; except=motor_vehicle", "lsr"),
        ("restriction=no_left_turn ; except=vehicle", "lsr"),
        ("restriction=no_left_turn ; except=bicycle;motorcar", "lsr"),
        ("restriction=no_left_turn ; except=bicycle; motorcar", "lsr"),
        ("restriction:motorcar=no_left_turn", "-sr"),
        ("restriction:motor_vehicle=no_left_turn", "-sr"),
        ("restriction:vehicle=no_left_turn", "-sr"),
        ("restriction:motorcar=only_left_turn", "l--"),
        ("restriction:hgv=no_left_turn", "lsr"),
        ("restriction:bicycle=no_left_turn", "lsr"),
        ("restriction:bus=only_straight_on", "lsr"),
        ("restriction:hgv=only_right_turn ; restriction=no_left_turn", "-sr"),
        ("restriction:motorcar=no_left_turn ; except=motorcar", "lsr"),
        ("type=restriction:hgv ; restriction=no_left_turn", "lsr"),
        ("type=restriction:motorcar ; restriction=no_left_turn", "-sr"),
        ("type=restriction:hgv ; restriction:hgv=no_left_turn", "lsr"),
        ("type=restriction:conditional ; restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", "lsr"),
        ("type=route ; restriction=no_left_turn", "lsr"),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", "lsr"),
        ("restriction:hgv:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", "lsr"),
        ("restriction=no_left_turn ; restriction:conditional=none @ (Sa-Su)", "-sr"),
    ],
)
def test_whom_a_restriction_concerns(draw, tags, left):
    assert held(draw, f"- from=sj via=j to=jw ; {tags}") == left


TUESDAY_8, TUESDAY_12, SUNDAY_8 = (datetime(2026, 11, *at) for at in [(24, 8), (24, 12), (22, 8)])  # noqa: DTZ001


@pytest.mark.parametrize(
    ("tags", "at", "left"),
    [
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", TUESDAY_8, "-sr"),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", TUESDAY_12, "lsr"),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", SUNDAY_8, "lsr"),
        ("restriction:conditional=no_left_turn @ Mo-Fr 07:00-09:00", TUESDAY_8, "-sr"),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00,16:00-18:00)", TUESDAY_8, "-sr"),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-08:30; Sa 10:00-12:00)", TUESDAY_8, "-sr"),
        ("restriction:conditional=only_left_turn @ (Mo-Fr 07:00-09:00)", TUESDAY_8, "l--"),
        ("restriction:motorcar:conditional=no_left_turn @ (07:00-09:00)", TUESDAY_8, "-sr"),
        ("restriction:hgv:conditional=no_left_turn @ (07:00-09:00)", TUESDAY_8, "lsr"),
        ("restriction:conditional=no_left_turn @ (07:00-09:00) ; except=motorcar", TUESDAY_8, "lsr"),
        ("restriction:conditional=no_left_turn @ (Mo 07:00-09:00); no_left_turn @ (Tu)", TUESDAY_8, "-sr"),
        ("restriction:conditional=no_left_turn @ (08:00-09:00); no_left_turn @ (12:00-13:00)", TUESDAY_12, "-sr"),
        # No hours at all: heavier vehicles, wet roads.
        ("restriction:conditional=no_left_turn @ (weight>7.5)", TUESDAY_8, "lsr"),
        ("restriction:conditional=no_left_turn @ (weight>1.5 t AND 07:00-09:00)", TUESDAY_8, "-sr"),
        ("restriction:conditional=no_left_turn @ (07:00-09:00 AND weight > 1.5)", TUESDAY_12, "lsr"),
        ("restriction:conditional=no_left_turn @ (length<7)", TUESDAY_12, "-sr"),
        (
            "restriction=no_left_turn ; day_on=Monday ; day_off=Friday ; hour_on=07:00 ; hour_off=09:00",
            TUESDAY_8,
            "-sr",
        ),
        (
            "restriction=no_left_turn ; day_on=Monday ; day_off=Friday ; hour_on=07:00 ; hour_off=09:00",
            TUESDAY_12,
            "lsr",
        ),
        ("restriction=no_left_turn ; hour_on=07:00 ; hour_off=09:00", SUNDAY_8, "-sr"),
    ],
)
def test_conditional_restrictions_hold_at_their_hours(draw, tags, at, left):
    assert held(draw, f"- from=sj via=j to=jw ; {tags}", departure=at) == left


def test_without_a_time_conditional_restrictions_are_not_applied_and_the_answer_says_so(draw):
    relation = "- from=sj via=j to=jw ; restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)"
    drawing = draw(CROSSING, ONE_WAY_ARMS, relation)
    assert [code for code, _ in drawing.route("s", "w").warnings] == ["conditional-rules"]
    assert drawing.route("s", "w", departure=SUNDAY_8).warnings == []
    assert draw(CROSSING, ONE_WAY_ARMS).route("s", "w").warnings == []


TWO_WAY_ARMS = """
    nodes
    js
    jn
    wj
    je
"""


def test_restriction_concerns_one_direction_only(draw):
    draw(CROSSING, TWO_WAY_ARMS, "no_left_turn from=js via=j to=wj").check(
        """
        w s: wj js
        n w: jn wj
        e w: je wj
        s n: js jn
        """
    )


def test_a_start_at_the_junction_itself_is_free(draw):
    draw(CROSSING, ONE_WAY_ARMS, "only_left_turn from=sj via=j to=jw").check("j e: je\nj n: jn\ns j: sj")


def test_only_forbids_turning_round_as_well(draw):
    draw(
        """
        a b c
        """,
        """
        nodes | oneway
        ab    |
        bc    | yes
        """,
        "only_straight_on from=ab via=b to=bc",
    ).check("a c: ab bc\nc a: no route")


def test_restriction_at_a_dead_end(draw):
    """The turn at the end of d is not the one that is forbidden."""
    draw(
        """
        a b c
          d
        """,
        """
        nodes
        ab
        bc
        bd
        """,
        "no_right_turn from=ab via=b to=bd",
    ).check("a c: ab bc\na d: ab bc bc bd\nd a: bd ab")


def test_no_u_turn_at_a_dead_end_holds(draw):
    draw("a b c", "nodes | oneway\nab | yes\nbc |", "no_u_turn from=bc via=c to=bc").check("a c: ab bc\nc b: bc")


def test_ways_not_split_at_the_junction(draw):
    """Strictly the members should end at the via; the name of the restriction says which of the halves is meant."""
    draw(
        """
            n
        a   j   b
            s
        """,
        """
        nodes
        ajb
        sj
        jn
        """,
        "no_left_turn from=sj via=j to=ajb",
    ).check(
        """
        s b: sj ajb
        s n: sj jn
        b n: ajb jn
        n a: jn ajb
        s a: sj jn jn ajb
        """
    )


def test_split_from_and_to_ways_act_where_they_touch_the_via(draw):
    """Signals cut ways into stretches; the restriction is about the junction."""
    draw(
        """
        a b j d e
            f
        """,
        """
        nodes
        abj
        jde
        jf
        """,
        "no_straight_on from=abj via=j to=jde",
        nodes={"b": {"highway": "traffic_signals"}, "d": {"highway": "crossing"}},
    ).check("a e: abj jf jf jde\ne a: jde abj\na f: abj jf")


def test_restriction_on_a_way_against_its_one_way_direction_is_meaningless(draw):
    assert held(draw, "no_left_turn from=jn via=j to=jw\nonly_left_turn from=je via=j to=jn") == "lsr"


def test_restriction_from_a_way_to_itself(draw):
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
        "no_u_turn from=abc via=b to=abc",
    ).check("a c: abc\nc a: abc\na d: abc bd")


# Over ways ---------------------------------------------------------------------------------------------------------------

DUAL = """
    a b c d
    h g f e
"""
DUAL_WAYS = """
    nodes | oneway
    ab    | yes
    bc    | yes
    cd    | yes
    ef    | yes
    fg    | yes
    gh    | yes
    cf    |
    bg    |
"""


def test_no_u_turn_over_a_via_way(draw):
    relation = "no_u_turn from=bc via=cf to=fg"
    free = draw(DUAL, DUAL_WAYS, grid_m=5)
    free.check("a h: ab bg gh\na g: ab bg\nc g: cf fg")
    draw(DUAL, DUAL_WAYS, relation, grid_m=5).check(
        """
        a h: ab bg gh
        a f: ab bc cf
        c g: cf fg
        a d: ab bc cd
        e d: ef cf cd
        """
    )


def test_via_way_restriction_forbids_the_whole_manoeuvre_and_nothing_else(draw):
    picture = """
        a b c
          d
        e f g
    """
    ways = """
        nodes | oneway
        ab    | yes
        bc    | yes
        bd    | yes
        df    | yes
        fe    | yes
        fg    | yes
        """
    draw(picture, ways, "no_left_turn from=ab via=bd via=df to=fg").check(
        """
        a c: ab bc
        a e: ab bd df fe
        a g: no route
        b g: bd df fg
        d g: df fg
        """
    )
    draw(picture, ways, "only_left_turn from=ab via=bd via=df to=fg").check(
        """
        a c: ab bc
        a e: no route
        a g: ab bd df fg
        b e: bd df fe
        """
    )
    for order in ("via=df via=bd from=ab to=fg", "to=fg via=df from=ab via=bd"):
        draw(picture, ways, f"no_left_turn {order}").check("a g: no route\na e: ab bd df fe")


def test_via_way_split_into_stretches(draw):
    draw(
        """
        a b c
          d x
        e f g
        """,
        """
        nodes | oneway
        ab    | yes
        bc    | yes
        bdf   |
        dx    |
        fe    | yes
        fg    | yes
        """,
        "no_left_turn from=ab via=bdf to=fg",
    ).check(
        """
        a e: ab bdf fe
        a x: ab bdf dx
        x g: dx bdf fg
        a g: ab bdf dx dx bdf fg
        """
    )


def test_restrictions_that_share_their_beginning(draw):
    picture = """
        a b c d
            e f
            g h
    """
    ways = """
        nodes | oneway
        ab    | yes
        bc    | yes
        cd    | yes
        ce    | yes
        ef    | yes
        eg    | yes
        gh    | yes
    """
    draw(
        picture, ways, "no_left_turn from=ab via=bc via=ce to=ef\nno_left_turn from=ab via=bc via=ce via=eg to=gh"
    ).check("a g: ab bc ce eg\na f: no route\na h: no route\nb f: bc ce ef\nb h: bc ce eg gh\nc h: ce eg gh")
    draw(picture, ways, "no_left_turn from=ab via=bc to=cd\nno_left_turn from=bc via=ce to=ef").check(
        "a d: no route\nb d: bc cd\na f: no route\nb f: no route\na h: ab bc ce eg gh\nc f: ce ef"
    )
    draw(picture, ways, "only_straight_on from=ab via=bc via=ce to=eg\nno_left_turn from=bc via=ce to=ef").check(
        "a d: ab bc cd\na f: no route\nb f: no route\nc f: ce ef\na h: ab bc ce eg gh"
    )
    draw(picture, ways, "only_right_turn from=ab via=bc to=ce\nonly_left_turn from=bc via=ce to=ef").check(
        "a d: no route\nb d: bc cd\na f: ab bc ce ef\na g: no route\nb g: no route\nc g: ce eg"
    )


def test_a_manoeuvre_may_begin_inside_another(draw):
    """After a false start on the first chain the second one still holds."""
    draw(
        """
        a b c d e
          x y z
        """,
        """
        nodes | oneway
        ab    | yes
        bc    | yes
        cd    | yes
        de    | yes
        bx    | yes
        cy    | yes
        dz    | yes
        """,
        """
        no_right_turn from=ab via=bc via=cd to=dz
        no_right_turn from=bc via=cd to=de
        """,
    ).check("a z: no route\na e: no route\nb z: bc cd dz\nb e: no route\nc e: cd de\nc z: cd dz\na y: ab bc cy")


def test_via_way_restriction_and_a_way_round(draw):
    """Whoever comes onto the via way from elsewhere may turn: the router leaves and returns if that is the law."""
    draw(
        """
        a b c
          d e
        g f h
        """,
        """
        nodes | oneway
        ab    | yes
        bd    | yes
        df    | yes
        bc    | yes
        ce    | yes
        ed    | yes
        fg    | yes
        fh    | yes
        """,
        "no_right_turn from=ab via=bd via=df to=fg",
    ).check("a g: ab bc ce ed df fg\na h: ab bd df fh\nb g: bd df fg")


def test_conditional_via_way_restriction(draw):
    drawing = draw(
        DUAL,
        DUAL_WAYS,
        "- from=ef via=cf to=cd ; restriction:conditional=no_u_turn @ (Mo-Fr 07:00-09:00)",
    )
    assert drawing.names("e", "d", departure=TUESDAY_12) == "ef cf cd"
    assert drawing.names("e", "d", departure=TUESDAY_8) == "ef fg bg bc cd"
    assert drawing.names("f", "d", departure=TUESDAY_8) == "cf cd"


@pytest.mark.parametrize(
    "relation",
    [
        "no_u_turn from=bc via=cf via=? to=fg",
        "no_u_turn from=bc via=? to=fg",
        "no_u_turn from=ab via=cf to=fg",
        "no_u_turn from=bc via=c via=cf to=fg",
        "only_u_turn from=bc via=bg to=fg",
    ],
)
def test_members_that_do_not_join_mean_nothing(draw, relation):
    drawing = draw(DUAL, DUAL_WAYS, relation)
    drawing.check("c g: cf fg\nb h: bg gh\na f: ab bc cf\na h: ab bg gh")
    assert sum(drawing.network.report["restrictions_not_placed"].values()) == 1


def test_a_via_way_that_meets_itself_everywhere_is_left_out_and_said(tmp_path):
    """Over a way through every pair of 13 nodes there are a hundred million ways: nobody drives them, and nobody counts them."""
    walk = [node for node, _ in nx.eulerian_circuit(nx.complete_graph(13))]
    nodes = [
        f'<node id="{n + 1}" version="1" lat="{29.5 + n * n * 1e-4}" lon="{106.5 + n * 1e-3}"/>' for n in range(15)
    ]
    ways = {1: [13, 0], 2: walk, 3: [1, 14]}
    lines = [
        f'<way id="{way}" version="1">{"".join(f"""<nd ref="{n + 1}"/>""" for n in refs)}<tag k="highway" v="service"/></way>'
        for way, refs in ways.items()
    ]
    members = "".join(
        f'<member type="way" ref="{way}" role="{role}"/>' for way, role in zip(ways, ("from", "via", "to"), strict=True)
    )
    relation = f'<relation id="9" version="1">{members}<tag k="type" v="restriction"/><tag k="restriction" v="no_u_turn"/></relation>'
    path = tmp_path / "knot.osm"
    path.write_text(f'<osm version="0.6">{"".join(nodes + lines)}{relation}</osm>', encoding="utf-8")
    report = RoadNetwork.from_osm(path, profile="car").report
    assert report["restrictions_not_placed"] == {"more ways over its via ways than can be meant": 1}
