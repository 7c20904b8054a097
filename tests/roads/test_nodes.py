"""Each table is read as a specification: tags of a node, and whether the vehicle passes (`x`) or not (`-`)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.roads.nodes import NodeReader
from stroke_map.roads.profile import load_profile

PROFILES = {name: load_profile(name) for name in ("car", "ambulance")}
READERS = {name: NodeReader(profile) for name, profile in PROFILES.items()}


def tags_of(text):
    pairs = [word if "=" in word else f"barrier={word}" for word in text.split()]
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def read(text, profile="car"):
    return READERS[profile].read(tags_of(text))


def passes(text, profile):
    use = read(text, profile)
    return "-" if use is not None and use.blocks else "x"


def specification(*rows):
    return pytest.mark.parametrize(("text", "car", "ambulance"), [(text, *both.split()) for text, both in rows])


@specification(
    ("bollard", "- -"),
    ("bollard bollard=rising", "x x"),
    ("bollard bollard=removable", "- -"),
    ("gate", "x x"),
    ("lift_gate", "x x"),
    ("swing_gate", "x x"),
    ("cattle_grid", "x x"),
    ("toll_booth", "x x"),
    ("sally_port", "x x"),
    ("border_control", "x x"),
    ("entrance", "x x"),
    ("no", "x x"),
    ("kerb", "- -"),
    ("kerb kerb=lowered", "x x"),
    ("kerb kerb=flush", "x x"),
    ("kerb kerb=raised", "- -"),
    ("kerb highway=crossing", "x x"),
    ("bollard highway=crossing", "- -"),
    ("block", "- -"),
    ("wall", "- -"),
    ("fence", "- -"),
    ("chain", "- -"),
    ("jersey_barrier", "- -"),
    ("cycle_barrier", "- -"),
    ("stile", "- -"),
    ("bus_trap", "- -"),
    ("something_new", "- -"),
    ("gate locked=yes", "- -"),
    ("gate locked=no", "x x"),
    ("gate locked=yes motor_vehicle=yes", "x x"),
    ("gate locked=yes access=private", "x -"),
)
def test_barriers(text, car, ambulance):
    assert (passes(text, "car"), passes(text, "ambulance")) == (car, ambulance)


@specification(
    ("gate access=yes", "x x"),
    ("gate access=no", "- -"),
    ("gate access=private", "x x"),
    ("gate access=agricultural", "- x"),
    ("gate access=no motorcar=yes", "x x"),
    ("gate motor_vehicle=no", "- -"),
    ("gate motor_vehicle=no motorcar=permissive", "x x"),
    ("gate access=no emergency=yes", "- x"),
    ("gate access=emergency", "- x"),
    ("gate foot=no bicycle=no", "x x"),
    ("gate vehicle:forward=no", "x x"),
    ("gate vehicle:forward=no vehicle:backward=no", "- -"),
    ("wall access=yes", "x x"),
    ("bollard motor_vehicle=yes", "x x"),
    ("bollard emergency=yes", "- x"),
    ("bollard access=private", "x -"),
    ("bollard bus=yes", "- -"),
    ("bollard access=emergency", "- x"),
    ("bus_trap access=no bus=yes", "- -"),
    ("block access=no_idea", "- -"),
    ("access=no", "- -"),
    ("highway=crossing access=yes", "x x"),
)
def test_access_tags_overrule_the_barrier(text, car, ambulance):
    assert (passes(text, "car"), passes(text, "ambulance")) == (car, ambulance)


@specification(
    ("height_restrictor", "x -"),
    ("height_restrictor maxheight=1.9", "- -"),
    ("height_restrictor maxheight=2", "- -"),
    ("height_restrictor maxheight=2.2", "x -"),
    ("height_restrictor maxheight=3.5", "x x"),
    ("height_restrictor maxheight=low", "x -"),
    ("height_restrictor maxheight=2.2 emergency=yes", "x -"),
    ("gate maxwidth=2", "x -"),
    ("gate maxwidth:physical=1.8 access=yes", "- -"),
    ("bollard bollard=rising width=0.3", "x x"),
    ("maxheight=1.8", "- -"),
    ("maxweight=3.5t", "x -"),
)
def test_limits_of_size_always_hold(text, car, ambulance):
    assert (passes(text, "car"), passes(text, "ambulance")) == (car, ambulance)


@pytest.mark.parametrize(
    ("text", "cost_s", "direction"),
    [
        ("highway=traffic_signals", 8, 0),
        ("highway=traffic_signals traffic_signals:direction=forward", 8, 1),
        ("highway=traffic_signals traffic_signals:direction=backward", 8, -1),
        ("highway=traffic_signals traffic_signals:direction=both", 8, 0),
        ("highway=traffic_signals direction=forward", 8, 1),
        ("highway=traffic_signals direction=90", 8, 0),
        ("highway=stop direction=backward", 5, -1),
        ("highway=give_way direction=forward", 2, 1),
        ("highway=crossing", 1, 0),
        ("highway=crossing crossing=traffic_signals", 4, 0),
        ("railway=level_crossing", 5, 0),
        ("traffic_calming=hump", 3, 0),
        ("traffic_calming=hump highway=traffic_signals", 8, 0),
        ("gate", 15, 0),
        ("gate access=private", 315, 0),
        ("gate highway=traffic_signals direction=forward", 23, 0),
        ("bollard bollard=rising", 10, 0),
    ],
)
def test_cost_of_one_passage(text, cost_s, direction):
    use = read(text)
    assert (use.blocks, use.cost_s, use.signal_direction) == (False, cost_s, direction)


def test_a_private_gate_costs_an_ambulance_less_than_a_car():
    assert read("gate", "ambulance").cost_s < read("gate access=private", "ambulance").cost_s
    assert read("gate access=private", "ambulance").cost_s < read("gate access=private").cost_s


@pytest.mark.parametrize("text", ["natural=tree", "highway=bus_stop", "entrance=yes", "access=yes", "barrier=entrance"])
def test_what_makes_no_difference_is_none(text):
    assert read(text) is None


@pytest.mark.parametrize(
    "tag", [("access", "perhaps"), ("maxheight", "high"), ("traffic_signals:direction", "up"), ("direction", "there")]
)
def test_what_is_not_understood_is_ignored_and_counted_for_every_node(tag):
    issues = Counter()
    reader = NodeReader(PROFILES["car"], issues)
    plain = reader.read({"highway": "traffic_signals"})
    assert [reader.read(dict([("highway", "traffic_signals"), tag])) for _ in range(2)] == [plain] * 2
    assert issues == {tag: 2}


def test_nodes_of_interest_are_found_by_their_keys():
    reader = READERS["car"]
    assert {"barrier", "highway", "railway", "access", "maxheight"} <= set(reader.node_filter_keys)
    assert set(reader.node_filter_keys) <= reader.relevant_keys


VALUES = st.text(max_size=80) | st.sampled_from(["yes", "no", "gate", "bollard", "2.2 m", "traffic_signals", "forward"])


@given(
    st.dictionaries(st.sampled_from(sorted(READERS["ambulance"].relevant_keys)), VALUES, max_size=8),
    st.sampled_from(sorted(PROFILES)),
)
def test_any_text_in_any_tag_gives_a_use_within_bounds_or_none(tags, name):
    issues = Counter()
    use = NodeReader(PROFILES[name], issues).read(tags)
    assert set(issues) <= set(tags.items())
    if use is not None:
        assert 0 <= use.cost_s < 3600
        assert use.signal_direction in {-1, 0, 1}
        assert use.blocks or use.cost_s > 0
