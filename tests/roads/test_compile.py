"""Whatever is in a file, it becomes a network or one clear error, and a network always answers."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import quoteattr

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stroke_map.errors import InvalidRequestError, NoRouteError, OffNetworkError, RoadDataError
from stroke_map.roads import RoadNetwork
from stroke_map.roads.steps import Step

IDS = st.integers(-2, 9).filter(bool)
WORDS = st.one_of(
    st.sampled_from(
        [
            "yes",
            "no",
            "-1",
            "0",
            "1",
            "primary",
            "motorway",
            "service",
            "footway",
            "roundabout",
            "private",
            "destination",
            "reversible",
            "ferry",
            "movable",
            "bollard",
            "gate",
            "designated",
            "none",
            "00:10",
            "3",
            "2.5t",
            "6'2\"",
            "50;30",
            "CN:urban",
            "no_left_turn",
            "only_straight_on",
            "no_u_turn",
            "no_entry",
            "no_exit",
            "motorcar",
            "hgv",
            "restriction",
            "route",
            "traffic_signals",
        ]
    ),
    st.sampled_from(
        [
            "no_left_turn @ (Mo-Fr 07:00-09:00)",
            "no_u_turn @ (weight>7.5 AND Mo)",
            "only_left_turn @ wet",
            "@",
            "(",
            "no @ ((",
        ]
    ),
    st.text(max_size=12),
)
KEYS = st.sampled_from(
    [
        "highway",
        "name",
        "oneway",
        "junction",
        "access",
        "motorcar",
        "vehicle:forward",
        "route",
        "bridge",
        "maxspeed",
        "maxspeed:backward",
        "maxwidth",
        "maxheight",
        "maxweight",
        "lanes",
        "width",
        "duration",
        "hov:lanes",
        "surface",
        "service",
        "barrier",
        "kerb",
        "layer",
        "tunnel",
        "ref",
        "traffic_signals:direction",
    ]
)
RULES = st.sampled_from(["restriction", "restriction:conditional", "restriction:motorcar", "restriction:hgv", "except"])
TAGS = st.dictionaries(KEYS, WORDS, max_size=4)
PLACES = st.tuples(st.sampled_from([0, 0, 1, 2, 50]), st.sampled_from([0, 1, 1, 3, 50]))
MEMBERS = st.tuples(st.sampled_from(["node", "way", "relation"]), IDS, st.sampled_from(["from", "via", "to", "", "x"]))


@st.composite
def files(draw):
    nodes = draw(st.dictionaries(IDS, st.tuples(PLACES, TAGS), min_size=2, max_size=9))
    ways = draw(st.dictionaries(IDS, st.tuples(st.lists(IDS, max_size=7), TAGS), max_size=6))
    # One road at least, most of the time.
    ways[draw(IDS)] = (
        draw(st.lists(st.sampled_from(sorted(nodes)), min_size=2, max_size=6)),
        {"highway": "residential"},
    )
    relations = draw(
        st.lists(
            st.tuples(st.lists(MEMBERS, max_size=6), st.dictionaries(RULES, WORDS, min_size=1, max_size=2)), max_size=4
        )
    )
    return nodes, ways, relations


def xml(nodes, ways, relations):
    def text(value):
        return quoteattr("".join(letter for letter in value if letter.isprintable()))

    def tags(these):
        return "".join(f"<tag k={text(key)} v={text(value)}/>" for key, value in these.items())

    lines = ['<osm version="0.6">']
    for at, ((x, y), these) in sorted(nodes.items()):
        lines.append(
            f'<node id="{at}" version="1" lat="{29.5 + y * 1e-4}" lon="{106.5 + x * 1e-4}">{tags(these)}</node>'
        )
    for at, (refs, these) in sorted(ways.items()):
        lines.append(
            f'<way id="{at}" version="1">' + "".join(f'<nd ref="{ref}"/>' for ref in refs) + tags(these) + "</way>"
        )
    for at, (members, these) in enumerate(relations, start=1):
        inside = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        lines.append(f'<relation id="{at}" version="1">{inside}{tags({"type": "restriction"} | these)}</relation>')
    return "\n".join([*lines, "</osm>"])


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@example(
    (
        {1: ((0, 0), {}), -1: ((1, 1), {}), 2: ((0, 1), {}), -2: ((0, 0), {})},
        {1: ([-2, 2, -1], {"highway": "residential"})},
        [],
    ),
    [(1, 1), (1, 1)],
)
@given(files(), st.lists(PLACES, min_size=2, max_size=4))
def test_no_file_is_too_strange(tmp_path, file, spots):
    path = tmp_path / "strange.osm"
    path.write_text(xml(*file), encoding="utf-8")
    try:
        network = RoadNetwork.from_osm(path, profile="car")
    except RoadDataError:
        return
    points = [(29.5 + y * 1e-4, 106.5 + x * 1e-4) for x, y in spots]
    for start, end in pairwise(points):
        for departure in (None, datetime(2026, 11, 24, 8)):  # noqa: DTZ001 (local time)
            try:
                route = network.route(start, end, departure=departure)
            except (NoRouteError, OffNetworkError):
                continue
            assert route.travel_time_s >= 0
            assert route.distance_m >= 0
            assert len(route.line) >= 2
            assert all(isinstance(step, Step) and isinstance(step.name, str) for step in route.steps)


@given(st.floats(), st.floats())
def test_no_coordinate_is_too_strange(lat, lon):
    network = _one_road()
    try:
        network.route((lat, lon), (29.5, 106.5))
    except (InvalidRequestError, OffNetworkError):
        return
    assert abs(lat - 29.5) < 0.1
    assert abs(lon - 106.5) < 0.1


@cache
def _one_road():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "road.osm"
        road = {1: ([1, 2], {"highway": "primary"})}
        path.write_text(xml({1: ((0, 0), {}), 2: ((9, 0), {})}, road, []), encoding="utf-8")
        return RoadNetwork.from_osm(path, profile="car")
