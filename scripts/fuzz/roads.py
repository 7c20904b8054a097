"""Road files and tags: what OpenStreetMap's editors let anybody write, files that were damaged, and hours of restrictions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import osmium
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Relation, Way

from fuzz.running import Target
from fuzz.texts import damaged, texts, whole_words, xml_texts
from stroke_map.errors import NoRouteError, OffNetworkError, RoadDataError
from stroke_map.roads import RoadNetwork
from stroke_map.roads.nodes import NodeReader
from stroke_map.roads.profile import load_profile
from stroke_map.roads.units import parse_duration_s, parse_length_m, parse_speed_kph, parse_weight_t
from stroke_map.roads.ways import WayReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    #: Nodes, ways and relations as (id, where or what of, tags).
    Objects = tuple[
        list[tuple[int, tuple[float, float], dict[str, str]]],
        list[tuple[int, list[int], dict[str, str]]],
        list[tuple[int, list[tuple[str, int, str]], dict[str, str]]],
    ]

#: What real data says, so that hostile tags are read far enough to matter.
_VALUES: Final = {
    "highway": ("primary", "residential", "service", "motorway", "footway", "track", "steps", "traffic_signals", "stop"),
    "route": ("ferry", "shuttle_train"),
    "oneway": ("yes", "-1", "reversible", "alternating"),
    "oneway:bus": ("no",), "junction": ("roundabout",), "bridge": ("movable",), "tunnel": ("yes",), "layer": ("1", "-2", "1;2"),
    "maxspeed": ("50", "30 mph", "RU:urban", "walk", "none"), "maxspeed:conditional": ("30 @ (22:00-06:00)",),
    "maxheight": ("2.5 m", "8'6\"", "default"), "maxweight": ("3.5", "7.5 t"), "maxwidth": ("2",), "width": ("1.5",),
    "access": ("no", "private", "destination;delivery", "emergency"), "motor_vehicle": ("no", "yes"), "emergency": ("yes", "designated"),
    "access:conditional": ("no @ (Mo-Fr 07:00-09:00)",), "barrier": ("gate", "bollard", "block", "toll_booth"), "duration": ("00:20", "PT20M"),
    "smoothness": ("impassable",), "surface": ("mud",), "lanes": ("0", "1", "1;2"), "name": ("x",), "toll": ("yes",), "crossing": ("signals",),
}  # fmt: skip
_RESTRICTIONS: Final = ("no_left_turn", "no_u_turn", "only_straight_on", "no_entry", "no_exit", "none", "give_way")
_ROLES: Final = ("from", "via", "to", "location_hint", "")
_IDS: Final = st.sampled_from([-1, 0, 2**31, 2**40, 2**62])
_PROFILES: Final = ("car", "ambulance")
_SOUND: Final = ([(1, (106.498, 29.498), {}), (2, (106.502, 29.502), {})], [(100, [1, 2], {"highway": "primary"})], [])
#: libosmium writes no text of over 1,024 bytes, two of which make a conditional restriction.
_WRITABLE: Final = xml_texts.map(lambda text: text[:120])
_SUFFIXES: Final = ("osm", "osm.pbf", "osm.gz", "osm.bz2")


def targets(folder: Path) -> Iterator[Target]:
    """The readers of this room; files are written into `folder`."""
    readers = [reader(load_profile(name)) for name in _PROFILES for reader in (WayReader, NodeReader)]
    yield Target("tags", _tags(texts), lambda tags: [reader.read(tags) for reader in readers], share=3)
    yield Target("units", texts, _units, share=3)
    for profile in _PROFILES:
        _drive(_written(folder / "map.osm", _SOUND), profile)  # what must be compiled at first is no case's fault
    told = st.tuples(_maps(), st.sampled_from(_SUFFIXES), st.sampled_from(_PROFILES))
    yield Target(
        "road files", told, lambda case: _drive(_written(folder / f"map.{case[1]}", case[0]), case[2]), (RoadDataError,)
    )
    for suffix, more in (("osm", ""), ("osm.pbf", ""), ("osm.pbf", ",pbf_compression=none")):
        made = damaged(
            _maps().map(lambda objects, s=suffix, m=more: _written(folder / f"whole.{s}", objects, m).read_bytes())
        )
        yield Target(
            f"damaged {suffix}{' of plain bytes' * bool(more)}",
            made,
            lambda data, s=suffix: _drive(_kept(folder / f"damaged.{s}", data), "car"),
            (RoadDataError,),
        )  # fmt: skip


def _tags(values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    """Keys that matter with values that mappers write, and with any."""
    known = st.sampled_from([(key, value) for key, some in _VALUES.items() for value in some])
    strange = st.tuples(st.sampled_from(list(_VALUES)) | values, values)
    directed = st.tuples(
        st.sampled_from([f"{key}:{way}" for key in _VALUES for way in ("forward", "backward")]), values
    )
    return st.lists(known | strange | directed, max_size=8).map(dict)


def _units(text: str) -> None:
    for parse in (parse_speed_kph, parse_length_m, parse_weight_t, parse_duration_s):
        value = parse(text)
        if value is not None and not 0 < value < 1e15:
            raise AssertionError(f"{parse.__name__} gives {value}")


@st.composite
def _maps(draw: st.DrawFn) -> Objects:
    """Few nodes and ways that meet in them again and again, with hostile tags; some refer to what is not there."""
    count = draw(st.integers(2, 14))
    places = st.tuples(st.integers(-3, 3), st.integers(-3, 3))
    nodes = []
    for number in range(1, count + 1):
        x, y = draw(places)
        tags = draw(_tags(_WRITABLE)) if draw(st.integers(0, 3)) == 0 else {}
        nodes.append((number, (106.5 + x * 1e-3, 29.5 + y * 1e-3), tags))
    refs = st.lists(st.integers(1, count + 1) | st.integers(1, count), max_size=draw(st.sampled_from([8, 24, 120])))
    highway = st.sampled_from(_VALUES["highway"][:4]).map(lambda kind: {"highway": kind})
    ways = [
        (100 + number if draw(st.integers(0, 9)) else draw(_IDS), draw(refs), draw(highway) | draw(_tags(_WRITABLE)))
        for number in range(draw(st.integers(1, 6)))
    ]
    ids = st.sampled_from([id_ for id_, _, _ in [*nodes, *ways]] + [999])
    strange = st.lists(st.tuples(st.sampled_from("nwr"), ids, st.sampled_from(_ROLES) | _WRITABLE), max_size=6)
    over = st.lists(
        st.sampled_from([("w", id_, "via") for id_, _, _ in ways] + [("n", id_, "via") for id_, _, _ in nodes]),
        min_size=1,
        max_size=3,
    )
    ends = st.tuples(*(st.sampled_from([("w", id_, role) for id_, _, _ in ways]) for role in ("from", "to"))).map(list)
    members = st.tuples(ends, over).map(lambda parts: parts[0] + parts[1]) | strange
    relations = [(1000 + number, draw(members), draw(_relation_tags())) for number in range(draw(st.integers(0, 4)))]
    return nodes, ways, relations


def _relation_tags() -> st.SearchStrategy[dict[str, str]]:
    kinds = st.sampled_from(_RESTRICTIONS) | _WRITABLE
    conditional = st.tuples(kinds, _WRITABLE).map(lambda told: f"{told[0]} @ ({told[1]})") | _WRITABLE
    return st.fixed_dictionaries(
        {"type": st.sampled_from(["restriction", "restriction:bus", "restriction:motorcar", "route"])},
        optional={
            "restriction": kinds,
            "restriction:conditional": conditional,
            "restriction:motorcar": kinds,
            "except": _WRITABLE,
            "day_on": _WRITABLE,
            "hour_on": _WRITABLE,
            "route": st.just("ferry"),
            "duration": whole_words.filter(str.isprintable),
        },
    )


def _written(path: Path, objects: Objects, more: str = "") -> Path:
    """The map as a file; libosmium asks for ids in order."""
    path.unlink(missing_ok=True)
    writer = osmium.SimpleWriter(osmium.io.File(str(path), path.name.partition(".")[2] + more))
    nodes, ways, relations = objects
    for id_, place, tags in nodes:
        writer.add_node(Node(id=id_, version=1, location=place, tags=tags))
    for id_, refs, tags in ways:
        writer.add_way(Way(id=id_, version=1, nodes=refs, tags=tags))
    for id_, members, tags in relations:
        writer.add_relation(Relation(id=id_, version=1, members=members, tags=tags))
    writer.close()
    return path


def _kept(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _drive(path: Path, profile: str) -> None:
    """Read the file and drive through it, at an hour when rules hold."""
    network = RoadNetwork.from_osm(path, profile=profile)
    for departure in (None, datetime.fromisoformat("2026-02-02T08:00")):
        try:
            route = network.route((29.4985, 106.4985), (29.5015, 106.5015), departure=departure, max_snap_m=2000)
        except (NoRouteError, OffNetworkError):
            continue
        if not (0 <= route.travel_time_s < 1e7 and 0 <= route.distance_m < 1e7):
            raise AssertionError(f"{route.travel_time_s} s, {route.distance_m} m")
