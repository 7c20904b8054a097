"""One way alone in a file, asked for from end to end; and what stands on one. Tags: https://wiki.openstreetmap.org/wiki/Key:access etc."""

from __future__ import annotations

import pytest


def tags_of(text):
    """`primary oneway=yes`: a word without `=` is the highway, or the barrier of a node; `~` is a blank inside a value."""
    pairs = [word.replace("~", " ").partition("=") for word in text.split()]
    return {key if value else "": value or key for key, _, value in pairs}


def rows(table):
    return [line.strip().partition(": ")[::2] for line in table.strip().splitlines()]


WAYS = """
    motorway: forward
    motorway oneway=no: both
    motorway_link: both
    trunk: both
    trunk_link: both
    primary: both
    secondary_link: both
    tertiary: both
    unclassified: both
    residential: both
    living_street: both
    service: both
    track: closed
    track motor_vehicle=yes: both
    pedestrian: closed
    footway: closed
    cycleway: closed
    path motorcar=designated: both
    steps: closed
    construction: closed
    proposed: closed
    runway: closed
    runway access=yes: both
    primary oneway=yes: forward
    primary oneway=true: forward
    primary oneway=1: forward
    primary oneway=-1: backward
    primary oneway=reverse: backward
    primary oneway=no: both
    primary oneway=alternating: both
    primary oneway=reversible: closed
    primary oneway=yes oneway:motorcar=no: both
    primary oneway=yes oneway:bicycle=no: forward
    primary oneway:motor_vehicle=yes: forward
    primary junction=roundabout: forward
    primary junction=circular: forward
    primary junction=roundabout oneway=no: both
    primary junction=roundabout oneway=-1: backward
    primary junction=intersection: both
    primary access=no: closed
    primary access=no vehicle=yes: both
    primary access=no motor_vehicle=permissive: both
    primary access=yes motorcar=no: closed
    primary vehicle=no motor_vehicle=yes: both
    primary vehicle=no: closed
    primary motor_vehicle=no: closed
    primary foot=no bicycle=no hgv=no horse=no: both
    primary access=destination: both
    primary access=private: both
    primary access=customers: both
    primary access=delivery: both
    primary access=agricultural: closed
    primary access=forestry: closed
    primary access=emergency: closed
    primary access=psv: closed
    primary motorcar:forward=no: backward
    primary vehicle:backward=no: forward
    primary access=no motorcar:backward=yes: backward
    primary oneway=yes motor_vehicle:forward=no: closed
    service service=parking_aisle: both
    service service=drive-through: both
    service service=emergency_access: closed
    service access=private: closed
    primary area=yes: closed
    primary impassable=yes: closed
    primary hov=designated: closed
    primary toll=yes: both
    primary railway=construction: closed
    primary tunnel=yes layer=-2: both
    primary bridge=yes layer=2: both
    primary maxspeed=5: both
    primary surface=mud: both
    primary smoothness=impassable: closed
    primary maxheight=1.9: closed
    primary maxheight:forward=1.9: backward
    primary maxwidth=6'2": closed
    primary maxweight=1500~kg: closed
    - bridge=movable: both
    - route=ferry: both
    - route=ferry oneway=yes: forward
    - route=ferry motor_vehicle=no: closed
    - route=shuttle_train: both
    - railway=rail: closed
    - building=yes: closed
"""


@pytest.mark.parametrize(("text", "expected"), rows(WAYS), ids=str)
def test_one_way_alone(draw, text, expected):
    tags = tags_of(text)
    assert draw.alone({"highway": tags.pop("")} | tags) == expected


NODES = """
    bollard: stops
    bollard bollard=rising: passes
    bollard motor_vehicle=yes: passes
    gate: passes
    gate access=no: stops
    gate access=private: passes
    gate access=no motorcar=yes: passes
    gate motor_vehicle=no foot=yes: stops
    lift_gate: passes
    swing_gate: passes
    cattle_grid: passes
    toll_booth: passes
    sally_port: passes
    border_control: passes
    entrance: passes
    no: passes
    kerb: stops
    kerb kerb=lowered: passes
    kerb kerb=flush: passes
    kerb highway=crossing: passes
    height_restrictor: passes
    height_restrictor maxheight=1.9: stops
    height_restrictor maxheight=2.5: passes
    wall: stops
    fence: stops
    block: stops
    cycle_barrier: stops
    stile: stops
    nobody_knows: stops
    nobody_knows access=yes: passes
    block access=permissive: passes
"""


@pytest.mark.parametrize(("text", "expected"), rows(NODES), ids=str)
def test_what_stands_on_the_way(draw, text, expected):
    tags = tags_of(text)
    drawing = draw("a b c", "nodes\nabc", nodes={"b": {"barrier": tags.pop("")} | tags})
    answers = {drawing.names("a", "c"), drawing.names("c", "a")}
    assert answers == ({"abc"} if expected == "passes" else {"no route"})
    assert drawing.names("a", "b") == drawing.names("b", "c") == "abc"
