"""The made-up city holds everything the tests and a newcomer's first look rely on."""

from __future__ import annotations

import csv
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmium
import pytest

from stroke_map.demo.hospitals import CAPABILITIES
from stroke_map.registry import CENTRES, read_sheet
from stroke_map.roads import RoadNetwork
from stroke_map.roads.classes import ROAD_CLASSES, Flag
from stroke_map.roads.components import reachable_from_main
from stroke_map.roads.exchange import street_graph

if TYPE_CHECKING:
    from stroke_map.demo import DemoFiles
    from stroke_map.editions import Edition


@pytest.fixture(scope="module")
def demo(demo_files: DemoFiles) -> DemoFiles:
    return demo_files


@pytest.fixture(scope="module")
def network(demo: DemoFiles) -> RoadNetwork:
    return RoadNetwork.from_osm(demo.osm, profile="ambulance")


@pytest.fixture(scope="module")
def objects(demo: DemoFiles) -> list[tuple[str, dict[str, str]]]:
    return [(each.type_str(), {tag.k: tag.v for tag in each.tags}) for each in osmium.FileProcessor(str(demo.osm))]


def test_the_same_seed_gives_the_same_bytes(demo: DemoFiles, demo_edition: Edition) -> None:
    # The files of the edition were written for it alone.
    built_from = {source.role: source.sha256 for source in demo_edition.info.built_from}
    written = {"roads": demo.osm, "hospitals": demo.sheet}
    assert built_from == {role: sha256(file.read_bytes()).hexdigest() for role, file in written.items()}


def test_it_is_as_large_as_a_city(network: RoadNetwork) -> None:
    junctions = street_graph(network).number_of_nodes()
    assert 13_000 < junctions < 17_000
    west, south, east, north = network.bounds
    assert 55 < (east - west) * 111.195 * np.cos(np.radians((south + north) / 2)) < 61
    assert 43 < (north - south) * 111.195 < 51


def test_one_can_get_nearly_everywhere(network: RoadNetwork) -> None:
    own = network.segment_base == np.arange(network.segment_count)
    # Who leaves a compound cannot have driven through it: the ways out of compounds are reached only by starting there.
    open_to_all = own & (network.stretch_flags[network.segment_stretch] & int(Flag.RESTRICTED) == 0)
    assert reachable_from_main(network)[open_to_all].mean() > 0.99
    parts = sorted(nx.strongly_connected_components(street_graph(network)), key=len, reverse=True)
    assert len(parts[0]) > 0.97 * sum(len(part) for part in parts)
    assert any(10 < len(part) < 60 for part in parts[1:]), "the island no road leads to"


@pytest.mark.parametrize(
    ("kind", "key", "value", "least"),
    [
        ("n", "highway", "traffic_signals", 100),
        ("n", "barrier", "gate", 5),
        ("n", "barrier", "lift_gate", 40),
        ("n", "barrier", "bollard", 10),
        ("n", "place", "village", 15),
        ("n", "place", "town", 4),
        ("n", "amenity", "hospital", 24),
        ("w", "junction", "roundabout", 15),
        ("w", "route", "ferry", 1),
        ("w", "bridge", "yes", 20),
        ("w", "tunnel", "yes", 4),
        ("w", "maxheight", "2.2", 2),
        ("w", "bus", "yes", 2),
        ("w", "highway", "pedestrian", 4),
        ("w", "highway", "living_street", 50),
        ("w", "highway", "track", 50),
        ("w", "oneway", "yes", 300),
        ("w", "access", "private", 40),
        ("r", "restriction", "no_left_turn", 60),
        ("r", "restriction", "only_straight_on", 3),
        ("r", "restriction", "no_u_turn", 2),
        ("r", "restriction:conditional", "no_left_turn @ (Mo-Fr 07:00-09:00,17:00-19:00)", 2),
        ("w", "highway", "tertiary_link", 5),
        ("w", "leisure", "park", 4),
        ("w", "natural", "water", 4),
    ],
)
def test_it_has(objects: list[tuple[str, dict[str, str]]], kind: str, key: str, value: str, least: int) -> None:
    assert sum(type_ == kind and tags.get(key) == value for type_, tags in objects) >= least


def test_every_restriction_is_placed_and_one_goes_over_a_via_way(demo: DemoFiles, network: RoadNetwork) -> None:
    assert network.report["restrictions_not_placed"] == {}
    via = Counter(
        m.type for r in osmium.FileProcessor(str(demo.osm), osmium.osm.RELATION) for m in r.members if m.role == "via"
    )
    assert via["w"] >= 2


def test_the_expressway_is_entered_by_ramps_alone(demo: DemoFiles) -> None:
    kinds: dict[int, set[str]] = {}
    for way in osmium.FileProcessor(str(demo.osm), osmium.osm.WAY):
        for node in way.nodes:
            kinds.setdefault(node.ref, set()).add(way.tags.get("highway", ""))
    touching = [found - {"motorway"} for found in kinds.values() if "motorway" in found]
    assert sum("motorway_link" in found for found in touching) >= 40
    others = [found for found in touching if found - {"motorway_link"}]
    assert others == [{"trunk"}, {"trunk"}], "the two ends of the expressway, where it becomes a trunk road"


def test_every_class_of_road_is_there(network: RoadNetwork) -> None:
    there = {ROAD_CLASSES[index] for index in np.unique(network.stretch_class)}
    assert there >= {
        "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary",
        "tertiary_link", "unclassified", "residential", "living_street", "service", "track", "pedestrian", "ferry",
    }  # fmt: skip
    assert (network.stretch_flags & int(Flag.TUNNEL)).any()


def test_the_sheet_passes_the_check_with_every_capability_yes_and_no(demo: DemoFiles) -> None:
    reading = read_sheet(demo.sheet)
    assert [problem for problem in reading.problems if problem.severity == "error"] == []
    assert len(reading.hospitals) == 24
    assert sum(hospital.kind == "unit" for hospital in reading.hospitals) == 4
    for capability in CAPABILITIES:
        said = {hospital.capabilities[capability].status for hospital in reading.hospitals}
        assert {"yes", "no"} <= said, capability
    assert {hospital.crs for hospital in reading.hospitals} == {"WGS-84", "GCJ-02", "BD-09"}


def test_the_made_up_hospitals_work_together(demo: DemoFiles) -> None:
    reading = read_sheet(demo.sheet)
    assert reading.problems == []
    by_id = {hospital.id: hospital for hospital in reading.hospitals}
    assert {centre for hospital in by_id.values() for centre in hospital.levels} == set(CENTRES)
    campuses = [hospital for hospital in by_id.values() if hospital.campus]
    assert len(campuses) == 2
    assert len({hospital.organisation for hospital in campuses}) == 1
    for hospital in by_id.values():
        assert hospital.contacts
        assert all(contact.phone.startswith("000-0000-") for contact in hospital.contacts)
        done = {name for name in ("thrombolysis", "thrombectomy") if hospital.capabilities[name].status == "yes"}
        assert all(hospital.capabilities[name].assessed_on for name in done)
        assert bool(hospital.figures.thrombolysis_cases) == ("thrombolysis" in done)
        assert (hospital.figures.door_to_puncture_min is not None) == ("thrombectomy" in done)
        if hospital.kind == "unit":
            assert by_id[hospital.lead_hospital].kind == "hospital"
            assert hospital.community.endswith("（虚构）")
            assert by_id[hospital.remote_ecg_partner].capabilities["remote_ecg"].status == "yes"
            assert any(partner.transfer_delay_min for partner in hospital.transfer_partners)


def test_names_are_plainly_made_up(demo: DemoFiles) -> None:
    with demo.sheet.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert all("虚构" in row["name_zh"] and "made up" in row["name_en"] for row in rows)
    assert all(row["phone"].startswith("000-0000-") for row in rows)
    assert not {row["phone"] for row in rows} & {row["emergency_contacts"].split("; ")[0] for row in rows}
    graded = [row[column] for row in rows for column in row if column.endswith("_level_scheme") and row[column]]
    assert graded
    assert all("虚构" in scheme for scheme in graded)


def test_entrances_lie_on_roads(demo: DemoFiles, network: RoadNetwork) -> None:
    usable = network.stretch_start_allowed
    for hospital in read_sheet(demo.sheet).hospitals:
        found = network.snap(hospital.entrance_lat, hospital.entrance_lon, max_snap_m=60, spread_m=0, usable=usable)
        assert found.distance_m[0] < 1


def test_the_ferry_is_the_short_way_to_its_township(network: RoadNetwork) -> None:
    ferry = next(i for i in range(len(network.stretch_flags)) if network.stretch_flags[i] & Flag.FERRY)
    first, last = network.stretch_first_point[ferry], network.stretch_first_point[ferry + 1] - 1
    ends = [(network.point_y[p] * 1e-7, network.point_x[p] * 1e-7) for p in (first, last)]
    route = network.route(*ends)
    assert [step.maneuver for step in route.steps] == ["depart", "arrive"]
    assert route.travel_time_s == pytest.approx(720, abs=1)
