"""Each table is read as a specification: tags, and what one may do with them.

`x` both directions, `>` forward only, `<` backward only, `-` neither; `r` after it: only to reach or leave a place there.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.roads.classes import ROAD_CLASSES, Flag
from stroke_map.roads.profile import load_profile
from stroke_map.roads.ways import WayReader, WayUse

PROFILES = {name: load_profile(name) for name in ("car", "ambulance")}
READERS = {name: WayReader(profile) for name, profile in PROFILES.items()}


def tags_of(text):
    """`primary oneway=yes` is highway=primary, oneway=yes; `~` is a blank inside a value."""
    words = text.split()
    pairs = [word if "=" in word else f"highway={word}" for word in words]
    return {key: value.replace("~", " ") for key, _, value in (pair.partition("=") for pair in pairs)}


def read(text, profile="car"):
    return READERS[profile].read(tags_of(text))


def verdict(use):
    if use is None:
        return "-"
    sides = {(True, True): "x", (True, False): ">", (False, True): "<"}[
        use.forward is not None, use.backward is not None
    ]
    return sides + ("r" if use.flags & Flag.RESTRICTED else "")


def specification(*rows):
    return pytest.mark.parametrize(("text", "car", "ambulance"), [(text, *both.split()) for text, both in rows])


def holds(text, car, ambulance):
    assert (verdict(read(text, "car")), verdict(read(text, "ambulance"))) == (car, ambulance)


@specification(
    ("motorway", "> >"),
    ("motorway_link", "x x"),
    ("trunk", "x x"),
    ("trunk_link", "x x"),
    ("primary", "x x"),
    ("primary_link", "x x"),
    ("secondary", "x x"),
    ("secondary_link", "x x"),
    ("tertiary", "x x"),
    ("tertiary_link", "x x"),
    ("unclassified", "x x"),
    ("residential", "x x"),
    ("living_street", "x x"),
    ("service", "x x"),
    ("track", "- x"),
    ("road", "- x"),
    ("busway", "- x"),
    ("bus_guideway", "- -"),
    ("pedestrian", "- -"),
    ("footway", "- -"),
    ("path", "- -"),
    ("cycleway", "- -"),
    ("bridleway", "- -"),
    ("steps", "- -"),
    ("steps motorcar=yes emergency=yes", "- -"),
    ("platform", "- -"),
    ("raceway", "- -"),
    ("anything_else", "- -"),
    ("construction", "- -"),
    ("construction access=yes", "- -"),
    ("proposed", "- -"),
    ("razed", "- -"),
    ("abandoned", "- -"),
    ("no", "- -"),
    ("building=yes", "- -"),
    ("waterway=river", "- -"),
)
def test_kinds_of_way(text, car, ambulance):
    holds(text, car, ambulance)


@specification(
    ("primary access=yes", "x x"),
    ("primary access=no", "- -"),
    ("primary vehicle=no", "- -"),
    ("primary motor_vehicle=no", "- -"),
    ("primary motorcar=no", "- -"),
    ("primary bicycle=no foot=no hgv=no", "x x"),
    ("primary access=no vehicle=yes", "x x"),
    ("primary access=no motor_vehicle=yes", "x x"),
    ("primary access=no motorcar=yes", "x x"),
    ("primary vehicle=no motorcar=permissive", "x x"),
    ("primary motor_vehicle=yes motorcar=no", "- -"),
    ("primary access=yes vehicle=no", "- -"),
    ("primary access=designated", "x x"),
    ("primary access=permissive", "x x"),
    ("primary access=No", "- -"),
    ("primary access=some_value", "x x"),
    ("primary access=private", "xr xr"),
    ("primary access=destination", "xr xr"),
    ("primary access=delivery", "xr xr"),
    ("primary access=customers", "xr xr"),
    ("primary access=destination;delivery", "xr xr"),
    ("primary access=private motor_vehicle=yes", "x x"),
    ("primary access=agricultural", "- xr"),
    ("primary access=forestry", "- xr"),
    ("primary access=military", "- -"),
    ("primary access=psv", "- x"),
    ("primary access=emergency", "- x"),
    ("primary access=no emergency=yes", "- x"),
    ("primary access=no emergency=designated", "- x"),
    ("primary emergency=no", "x -"),
    ("primary emergency=fire_hydrant", "x x"),
    ("primary motor_vehicle=no bus=yes", "- x"),
    ("primary motor_vehicle=no psv=designated", "- x"),
    ("primary access=no bus=no", "- -"),
    ("primary bus=no", "x x"),
    ("primary access=unknown", "x x"),
    ("primary access=discouraged", "x x"),
)
def test_access_from_the_general_to_the_specific(text, car, ambulance):
    holds(text, car, ambulance)


@specification(
    ("footway motorcar=yes", "x x"),
    ("footway motor_vehicle=designated", "x x"),
    ("footway vehicle=permissive", "x x"),
    ("footway access=yes", "- -"),
    ("footway motorcar=destination", "- -"),
    ("path emergency=yes", "- x"),
    ("pedestrian emergency=yes motor_vehicle=no", "- x"),
    ("pedestrian motor_vehicle=destination", "- xr"),
    ("pedestrian motor_vehicle=no", "- -"),
    ("pedestrian bus=yes", "- x"),
    ("cycleway motor_vehicle=yes", "x x"),
    ("track access=yes", "x x"),
    ("track motorcar=yes", "x x"),
    ("track motor_vehicle=agricultural", "- xr"),
    ("track motor_vehicle=no", "- -"),
    ("runway access=yes", "x x"),
    ("runway vehicle=yes", "x x"),
    ("runway access=private", "- -"),
    ("runway access=no", "- -"),
    ("runway access=private motorcar=permissive", "x x"),
    ("busway motor_vehicle=yes", "x x"),
    ("footway motorcar:forward=yes", "> >"),
)
def test_what_is_closed_by_default_opens_by_a_tag_about_vehicles(text, car, ambulance):
    holds(text, car, ambulance)


@specification(
    ("service service=driveway", "x x"),
    ("service service=parking_aisle", "x x"),
    ("service service=alley", "x x"),
    ("service access=private", "- xr"),
    ("service service=driveway access=private", "- xr"),
    ("service motor_vehicle=private", "- xr"),
    ("service access=private motorcar=yes", "x x"),
    ("service access=destination", "xr xr"),
    ("service access=customers", "xr xr"),
    ("service access=no", "- -"),
    ("service service=emergency_access", "- x"),
    ("service service=emergency_access access=no", "- x"),
    ("service service=emergency_access motor_vehicle=yes", "- x"),
)
def test_service_roads(text, car, ambulance):
    holds(text, car, ambulance)


@specification(
    ("primary oneway=yes", "> >"),
    ("primary oneway=true", "> >"),
    ("primary oneway=1", "> >"),
    ("primary oneway=Yes", "> >"),
    ("primary oneway=-1", "< <"),
    ("primary oneway=reverse", "< <"),
    ("primary oneway=no", "x x"),
    ("primary oneway=false", "x x"),
    ("primary oneway=0", "x x"),
    ("primary oneway=maybe", "x x"),
    ("primary oneway=reversible", "- -"),
    ("primary oneway=alternating", "x x"),
    ("motorway oneway=no", "x x"),
    ("motorway oneway=-1", "< <"),
    ("motorway oneway=maybe", "> >"),
    ("motorway_link oneway=yes", "> >"),
    ("primary junction=roundabout", "> >"),
    ("primary junction=circular", "> >"),
    ("primary junction=roundabout oneway=no", "x x"),
    ("primary junction=roundabout oneway=-1", "< <"),
    ("primary junction=yes", "x x"),
    ("primary oneway=yes oneway:motorcar=no", "x x"),
    ("primary oneway=yes oneway:motor_vehicle=no", "x x"),
    ("primary oneway=yes oneway:vehicle=-1", "< <"),
    ("primary oneway=no oneway:motorcar=yes", "> >"),
    ("primary oneway:motor_vehicle=-1", "< <"),
    ("primary oneway:motor_vehicle=yes oneway:motorcar=no", "x x"),
    ("primary oneway=yes oneway:bicycle=no oneway:bus=no", "> >"),
    ("primary oneway=yes emergency=yes", "> >"),
    ("primary oneway=yes oneway:psv=no psv=yes", "> >"),
)
def test_one_way(text, car, ambulance):
    holds(text, car, ambulance)


@specification(
    ("primary access:forward=no", "< <"),
    ("primary vehicle:backward=no", "> >"),
    ("primary vehicle:forward=no", "< <"),
    ("primary motor_vehicle:backward=no", "> >"),
    ("primary motorcar:forward=no motorcar:backward=no", "- -"),
    ("primary access=no motorcar:forward=yes", "> >"),
    ("primary motorcar=yes vehicle:backward=no", "x x"),
    ("primary motorcar=no motorcar:backward=yes", "< <"),
    ("primary access:backward=private", "xr xr"),
    ("primary oneway=yes access:forward=no", "- -"),
    ("primary oneway=yes access:backward=no", "> >"),
    ("primary oneway=-1 motor_vehicle:forward=no", "< <"),
    ("primary bicycle:forward=no", "x x"),
)
def test_access_by_direction(text, car, ambulance):
    holds(text, car, ambulance)


def test_only_the_restricted_direction_is_restricted():
    use = read("primary access:backward=destination")
    assert (use.forward.restricted, use.backward.restricted) == (False, True)


@specification(
    ("primary construction=yes", "- -"),
    ("primary construction=residential", "- -"),
    ("primary construction=no", "x x"),
    ("primary construction=minor", "x x"),
    ("primary construction=widening", "x x"),
    ("primary proposed=yes", "- -"),
    ("primary proposed=no", "x x"),
    ("primary railway=construction", "- -"),
    ("primary impassable=yes", "- -"),
    ("primary impassable=no", "x x"),
    ("primary status=impassable", "- -"),
    ("primary area=yes", "- -"),
    ("pedestrian area=yes motorcar=yes", "- -"),
    ("primary area=no", "x x"),
    ("primary toll=yes", "x x"),
    ("primary hov=designated", "- x"),
    ("primary hov=yes", "x x"),
    ("primary hov:lanes=designated", "- x"),
    ("primary hov:lanes=designated|designated", "- x"),
    ("primary hov:lanes=designated|yes", "x x"),
    ("primary hov:lanes=designated||", "x x"),
    ("primary hov:lanes:forward=designated|designated", "< x"),
    ("primary smoothness=impassable", "- -"),
    ("primary smoothness=very_horrible", "x x"),
    ("primary abandoned=yes", "- -"),
    ("primary ford=stepping_stones", "- -"),
)
def test_what_closes_a_way(text, car, ambulance):
    holds(text, car, ambulance)


@specification(
    ("primary maxwidth=1.9", "- -"),
    ("primary maxwidth=1.91", "x -"),
    ("primary maxwidth=2.2", "x -"),
    ("primary maxwidth=2.3", "x x"),
    ("primary maxwidth=190~cm", "- -"),
    ("primary maxwidth=6'2\"", "- -"),
    ("primary maxwidth=7'3\"", "x x"),
    ("primary maxwidth:physical=1.8", "- -"),
    ("primary maxwidth=3 maxwidth:physical=2", "x -"),
    ("primary maxwidth=none", "x x"),
    ("primary maxwidth=narrow", "x x"),
    ("primary width=1.5", "- -"),
    ("primary width=2", "x -"),
    ("primary width=2.5~m", "x x"),
    ("primary est_width=1.5", "- -"),
    ("primary width=3 est_width=1.5", "x x"),
    ("primary maxwidth=3 width=1.5", "x x"),
    ("primary narrow=yes", "x x"),
    ("primary maxheight=2", "- -"),
    ("primary maxheight=2.1", "x -"),
    ("primary maxheight=2.9", "x -"),
    ("primary maxheight=3~m", "x x"),
    ("primary maxheight=6ft", "- -"),
    ("primary maxheight=12'6\"", "x x"),
    ("primary maxheight:physical=2.5", "x -"),
    ("primary maxheight=default", "x x"),
    ("primary maxheight=below_default", "x x"),
    ("primary maxheight=no_sign", "x x"),
    ("primary maxheight:forward=1.5", "< <"),
    ("primary maxheight=1.5 maxheight:backward=4", "< <"),
    ("primary maxlength=4.8", "- -"),
    ("primary maxlength=5", "x -"),
    ("primary maxlength=10", "x x"),
    ("primary maxweight=2", "- -"),
    ("primary maxweight=3.5", "x -"),
    ("primary maxweight=3.5t", "x -"),
    ("primary maxweight=1500~kg", "- -"),
    ("primary maxweight=5~st", "x x"),
    ("primary maxweight=10~tons", "x x"),
    ("primary maxweight=heavy", "x x"),
    ("primary maxheight=2 emergency=yes", "- -"),
)
def test_a_limit_must_be_above_the_vehicle(text, car, ambulance):
    holds(text, car, ambulance)


@specification(
    ("route=ferry", "x x"),
    ("route=ferry oneway=yes", "> >"),
    ("route=ferry access=no", "- -"),
    ("route=ferry motor_vehicle=no", "- -"),
    ("route=ferry vehicle=no foot=yes", "- -"),
    ("route=ferry motorcar=no", "- -"),
    ("route=ferry access=no motorcar=yes", "x x"),
    ("route=ferry foot=yes bicycle=yes", "x x"),
    ("route=ferry capacity:car=0", "- -"),
    ("route=ferry maxheight=2", "- -"),
    ("route=shuttle_train", "x x"),
    ("route=shuttle_train railway=rail", "x x"),
    ("route=shuttle_train motor_vehicle=no", "- -"),
    ("railway=rail", "- -"),
    ("railway=rail access=yes", "- -"),
    ("railway=rail motorcar=yes", "x x"),
    ("route=bus", "- -"),
    ("route=bus highway=primary", "x x"),
    ("bridge=movable", "x x"),
    ("bridge=movable motor_vehicle=no", "- -"),
    ("bridge=movable capacity:car=0", "- -"),
    ("bridge=movable capacity:car=5", "x x"),
    ("bridge=movable highway=primary oneway=yes", "> >"),
    ("bridge=movable highway=footway", "- -"),
    ("bridge=yes", "- -"),
    ("man_made=pier", "- -"),
    ("man_made=pier access=yes", "- -"),
    ("man_made=pier motor_vehicle=yes", "x x"),
)
def test_ferries_trains_movable_bridges_and_piers(text, car, ambulance):
    holds(text, car, ambulance)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("route=ferry duration=00:20", 1200),
        ("route=ferry duration=20", 1200),
        ("route=ferry duration=PT1H20M", 4800),
        ("route=shuttle_train duration=00:35:30", 2130),
        ("bridge=movable duration=00:05", 300),
        ("primary bridge=movable duration=00:05", 300),
        ("route=ferry", None),
        ("route=ferry duration=soon", None),
        ("primary duration=00:20", None),
    ],
)
def test_duration_of_the_whole_way(text, seconds):
    assert read(text).duration_s == seconds


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("primary", True),
        ("motorway", True),
        ("bridge=movable", True),
        ("route=ferry", False),
        ("route=shuttle_train", False),
    ],
)
def test_one_cannot_start_aboard(text, allowed):
    assert read(text).start_allowed is allowed


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("primary", 52),
        ("primary maxspeed=80", 64),
        ("primary maxspeed=50~mph", 64.37),
        ("primary maxspeed=30~knots", 44.45),
        ("primary maxspeed=50;30", 24),
        ("primary maxspeed=none", 112),
        ("primary maxspeed=walk", 5.6),
        ("primary maxspeed=signals", 52),
        ("primary maxspeed=nonsense", 52),
        ("primary maxspeed=0", 52),
        ("primary maxspeed=2", 5),
        ("primary maxspeed=999", 140),
        ("primary maxspeed=CN:urban", 40),
        ("primary maxspeed=DE:rural", 80),
        ("primary maxspeed=RO:motorway", 104),
        ("primary maxspeed=XX:rural", 64),
        ("primary maxspeed=XX:nowhere", 52),
        ("primary maxspeed=DE:zone30", 24),
        ("primary source:maxspeed=CN:urban", 40),
        ("primary maxspeed:type=CN:rural", 56),
        ("primary zone:maxspeed=DE:30", 52),
        ("primary zone:maxspeed=DE:zone:30", 24),
        ("primary source:maxspeed=sign", 52),
        ("primary source:maxspeed=DE:rural maxspeed=50", 40),
        ("primary maxspeed:forward=40", 32),
        ("primary maxspeed=80 maxspeed:forward=40", 32),
        ("primary maxspeed=80 maxspeed:backward=40", 64),
        ("primary maxspeed:forward=? maxspeed=50", 40),
        ("primary maxspeed=80 maxspeed:advisory=50", 40),
        ("primary maxspeed=50 maxspeed:advisory=80", 40),
        ("primary maxspeed:advisory=40", 32),
        ("primary maxspeed=80 maxspeed:advisory:forward=30", 24),
        ("primary surface=asphalt", 52),
        ("primary surface=gravel", 40),
        ("primary surface=Gravel", 40),
        ("primary surface=asphalt;mud", 8),
        ("primary surface=gravel maxspeed=20", 16),
        ("primary surface=gravel maxspeed=100", 40),
        ("primary surface=cheese", 52),
        ("primary tracktype=grade4", 20),
        ("primary smoothness=very_bad", 20),
        ("primary smoothness=very_bad surface=mud", 8),
        ("service service=alley", 7.5),
        ("service service=driveway", 7.5),
        ("primary side_road=yes", 41.6),
        ("primary narrow=yes", 31.2),
        ("primary lanes=1", 31.2),
        ("primary lanes=1 oneway=yes", 52),
        ("primary lanes=2", 52),
        ("primary lanes=many", 52),
        ("primary width=2.8", 31.2),
        ("primary width=2.8 lanes=2", 52),
        ("primary oneway=alternating", 20.8),
        ("primary bridge=movable", 30),
        ("primary bridge=yes", 52),
        ("primary ford=yes", 10),
        ("footway motorcar=yes", 6),
    ],
)
def test_speed(text, kph):
    assert read(text).forward.speed_kph == pytest.approx(kph, abs=0.01)


def test_speed_by_direction():
    use = read("primary maxspeed:forward=40 maxspeed:backward=80")
    assert (use.forward.speed_kph, use.backward.speed_kph) == (32, 64)


def test_more_important_roads_are_faster():
    order = (
        "motorway",
        "trunk",
        "primary",
        "secondary",
        "tertiary",
        "unclassified",
        "residential",
        "service",
        "living_street",
    )
    speeds = [read(road).forward.speed_kph for road in order]
    assert speeds == sorted(speeds, reverse=True)
    assert len(set(speeds)) == len(speeds)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("primary", Flag(0)),
        ("primary tunnel=yes", Flag.TUNNEL),
        ("primary tunnel=building_passage", Flag.TUNNEL),
        ("primary tunnel=no bridge=no", Flag(0)),
        ("primary bridge=viaduct", Flag.BRIDGE),
        ("bridge=movable", Flag.BRIDGE | Flag.MOVABLE),
        ("primary toll=yes", Flag.TOLL),
        ("primary junction=circular", Flag.ROUNDABOUT | Flag.ONE_WAY),
        ("trunk motorroad=yes", Flag.MOTORWAY),
        ("motorway", Flag.MOTORWAY | Flag.ONE_WAY),
        ("motorway_link oneway=yes", Flag.MOTORWAY | Flag.LINK | Flag.ONE_WAY),
        ("primary_link", Flag.LINK),
        ("primary access=destination", Flag.RESTRICTED),
        ("route=ferry", Flag.FERRY),
        ("route=shuttle_train", Flag.TRAIN),
    ],
)
def test_flags(text, flags):
    assert Flag(read(text).flags) == flags


@pytest.mark.parametrize(
    ("text", "layer"), [("primary", 0), ("primary layer=-2", -2), ("primary layer=+1", 1), ("primary layer=up", 0)]
)
def test_layer(text, layer):
    assert read(text).layer == layer


@pytest.mark.parametrize(
    ("text", "road_class"), [("primary", "primary"), ("route=ferry", "ferry"), ("track access=yes", "track")]
)
def test_road_class(text, road_class):
    assert ROAD_CLASSES[read(text).road_class] == road_class


@pytest.mark.parametrize(
    "tag",
    [
        ("access", "perhaps"),
        ("motorcar:forward", "perhaps"),
        ("oneway", "perhaps"),
        ("maxspeed", "fast"),
        ("maxspeed:advisory:backward", "fast"),
        ("source:maxspeed", "my head"),
        ("maxheight", "high"),
        ("maxweight", "3.5 elephants"),
        ("width", "narrow"),
        ("lanes", "many"),
        ("layer", "up"),
        ("surface", "cheese"),
        ("smoothness", "rough"),
        ("tracktype", "grade6"),
    ],
)
def test_what_is_not_understood_is_ignored_and_counted_for_every_way(tag):
    issues = Counter()
    reader = WayReader(PROFILES["car"], issues)
    plain = reader.read({"highway": "primary"})
    assert [reader.read(dict([("highway", "primary"), tag])) for _ in range(3)] == [plain] * 3
    assert issues == {tag: 3}


def test_a_malformed_duration_is_counted():
    issues = Counter()
    WayReader(PROFILES["car"], issues).read({"route": "ferry", "duration": "soon"})
    assert issues == {("duration", "soon"): 1}


def test_names_and_other_keys_make_no_difference():
    reader = WayReader(PROFILES["car"])
    first = reader.read({"highway": "primary", "name": "一", "surface": "gravel"})
    assert reader.read({"name": "二", "highway": "primary", "surface": "gravel", "lit": "yes"}) is first
    assert "name" not in reader.relevant_keys


def test_every_kind_of_way_can_be_found_by_its_key():
    reader = READERS["car"]
    assert {"highway", "route", "bridge", "railway", "man_made"} == set(reader.way_filter_keys)


RELEVANT = sorted(READERS["ambulance"].relevant_keys)
VALUES = st.text(max_size=80) | st.sampled_from(
    [
        "yes",
        "no",
        "-1",
        "private",
        "destination",
        "50",
        "50 mph",
        "6'2\"",
        "3.5t",
        "none",
        "primary",
        "ferry",
        "*",
        "!",
        ";",
        "|",
    ]
)
TAGS = st.dictionaries(st.sampled_from(RELEVANT), VALUES, max_size=8)
ROADS = st.sampled_from(["motorway", "primary", "service", "track", "footway"])


@given(TAGS | st.builds(lambda tags, road: tags | {"highway": road}, TAGS, ROADS), st.sampled_from(sorted(PROFILES)))
def test_any_text_in_any_tag_gives_a_use_within_bounds_or_none(tags, name):
    profile, issues = PROFILES[name], Counter()
    use = WayReader(profile, issues).read(tags)
    assert set(issues) <= set(tags.items())
    if use is None:
        return
    assert isinstance(use, WayUse)
    assert 0 <= use.road_class < len(ROAD_CLASSES)
    assert 0 <= use.flags < 2**16
    assert use.duration_s is None or 0 < use.duration_s < 1e7
    directions = [each for each in (use.forward, use.backward) if each is not None]
    assert directions
    assert all(profile.min_speed_kph <= each.speed_kph <= profile.max_speed_kph for each in directions)


@given(
    st.sampled_from(
        [
            "access",
            "motorcar:forward",
            "oneway",
            "maxspeed",
            "maxspeed:advisory",
            "maxheight",
            "maxweight",
            "width",
            "lanes",
            "layer",
            "surface",
            "smoothness",
            "tracktype",
        ]
    ),
    st.text(alphabet="qzj一 -.", min_size=1, max_size=80),
)
def test_no_nonsense_passes_uncounted(key, value):
    issues = Counter()
    reader = WayReader(PROFILES["car"], issues)
    assert reader.read({"highway": "primary", key: value}) == reader.read({"highway": "primary"})
    assert issues == {(key, value): 1}
