"""Whether hospitals are where the sheet says."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pytest

from stroke_map.coordinates import BD_09, GCJ_02, SYSTEMS, WGS_84, from_wgs84, to_wgs84
from stroke_map.editions.gates import GATE_LIMIT_M
from stroke_map.editions.placement import check_places
from stroke_map.registry import Hospital, draft_from_osm
from stroke_map.registry.cells import Cell
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stroke_map.registry import Problem

STREET = {"highway": "residential"}
#: A street along the x axis and one 100 m north of it, with a way to turn round in the west.
TOWN = {"a": (0, 0), "b": (3000, 0), "c": (0, 100), "d": (3000, 100), "t": (-300, 0)}
TOWN_WAYS = [("ab", STREET), ("ac", STREET), ("bd", STREET), ("cd", STREET), ("at", STREET)]
#: (said, true) for every way in which a sheet can name the wrong system.
WRONG = list(itertools.permutations(SYSTEMS, 2))


def said_in(hospitals: Sequence[Hospital], said: str, true: str) -> list[Hospital]:
    """The hospitals as they are read from a sheet that says one system and has coordinates of another."""

    def read(lat: float, lon: float) -> tuple[float, float]:
        return to_wgs84(*from_wgs84(lat, lon, true), said)

    misread = []
    for one in hospitals:
        (lat, lon), (entrance_lat, entrance_lon) = read(one.lat, one.lon), read(one.entrance_lat, one.entrance_lon)
        places = {"lat": lat, "lon": lon, "entrance_lat": entrance_lat, "entrance_lon": entrance_lon, "crs": said}
        misread.append(one.model_copy(update=places))
    return misread


def wrong_systems(problems: Sequence[Problem]) -> list[tuple[str, str, str]]:
    """(severity, hospital or "" for the whole list, the system that would be right)."""
    return [(one.severity, one.value, one.would_be_right) for one in problems if one.column == "crs"]


def hospital(
    at: tuple[float, float], id_: str = "h", entrance: tuple[float, float] | None = None, **values
) -> Hospital:
    (lat, lon), (entrance_lat, entrance_lon) = at, entrance or at
    places = {"lat": lat, "lon": lon, "entrance_lat": entrance_lat, "entrance_lon": entrance_lon}
    return Hospital(**{"id": id_, "name_zh": id_} | places | values)


@pytest.fixture(scope="module")
def town(write_osm) -> RoadNetwork:
    return RoadNetwork.from_osm(write_osm(TOWN, TOWN_WAYS), profile="car")


@pytest.fixture(scope="module")
def beijing(shared_osm: Path) -> tuple[RoadNetwork, list[Hospital]]:
    osm = shared_osm / "beijing_tsinghua.osm"
    return RoadNetwork.from_osm(osm, profile="ambulance"), list(draft_from_osm(osm))


@pytest.fixture(scope="module")
def shanghai(shared_osm: Path) -> tuple[RoadNetwork, list[Hospital]]:
    """Its roads, and what the extract has of hospitals: the bus stops that bear their names."""
    osm = shared_osm / "shanghai_center.osm"
    stops = osmium.FileProcessor(osm, osmium.osm.NODE).with_filter(osmium.filter.KeyFilter("name"))
    named = [(one.id, one.tags["name"], one.lat, one.lon) for one in stops if one.tags["name"].endswith("医院")]
    hospitals = [hospital((lat, lon), f"osm-n{id_}", name_zh=name) for id_, name, lat, lon in named]
    assert len(hospitals) == 7
    return RoadNetwork.from_osm(osm, profile="ambulance"), hospitals


def test_hospitals_in_the_right_system_raise_no_alarm(malta_edition, beijing, shanghai, demo_edition) -> None:
    """Whatever system the sheet has, and whether the map knows the hospitals or not: 0 alarms of 52 hospitals."""
    malta = malta_edition.network("ambulance"), list(malta_edition.hospitals)
    demo = demo_edition.network("ambulance"), list(demo_edition.hospitals)
    total = 0
    for network, hospitals in (malta, beijing, shanghai, demo):
        total += len(hospitals)
        for system, known in itertools.product(SYSTEMS, (hospitals, [])):
            assert check_places(said_in(hospitals, system, system), network, known) == []
    assert total == 19 + 2 + 7 + 24


@pytest.mark.parametrize(("said", "true"), WRONG)
def test_a_hospital_in_the_wrong_system_is_known_by_the_hospital_of_its_name(beijing, shanghai, said, true) -> None:
    for network, hospitals in (beijing, shanghai):
        found = check_places(said_in(hospitals, said, true), network, hospitals)
        assert wrong_systems(found) == [("error", one.id, true) for one in hospitals]
        assert len(found) == len(hospitals)


def test_one_hospital_among_many_is_found_and_no_other(demo_edition) -> None:
    network, hospitals = demo_edition.network("ambulance"), list(demo_edition.hospitals)
    for number, one in enumerate(hospitals):
        for said, true in ((WGS_84, BD_09), (BD_09, GCJ_02)):
            mixed = [*hospitals[:number], *said_in([one], said, true), *hospitals[number + 1 :]]
            assert wrong_systems(check_places(mixed, network, hospitals)) == [("error", one.id, true)]


def test_both_distances_are_said_with_the_cell(beijing) -> None:
    network, hospitals = beijing
    misread = said_in([one.model_copy(update={"id": f"h{n}"}) for n, one in enumerate(hospitals)], WGS_84, GCJ_02)
    records = {"h0": {"id": Cell("h0", "表", 7, "编号", "A7"), "crs": Cell("WGS-84", "表", 7, "坐标系", "I7")}}
    first, second = check_places(misread, network, hospitals, records=records)
    assert (first.sheet, first.row, first.column, first.address, first.value) == ("表", 7, "坐标系", "I7", "WGS-84")
    assert (
        first.message == "as WGS-84 this is 540 m from where 清华大学医院 (osm-w80716519) is known to be, as GCJ-02 0 m"
    )
    assert second.message.startswith("北京大学校医院: as WGS-84 this is 539 m from where 北京大学校医院 (osm")


@pytest.mark.parametrize("names", [{"name_en": "Tsinghua university hospital"}, {"name_short": "清华大学 医院"}])
def test_any_of_its_names_will_do(beijing, names) -> None:
    network, hospitals = beijing
    named = hospitals[0].model_copy(update={"name_zh": "校医院", "name_en": "", "id": "h"} | names)
    found = check_places(said_in([named], WGS_84, GCJ_02), network, hospitals)
    assert wrong_systems(found) == [("error", "h", GCJ_02)]


@pytest.mark.parametrize("off_m", [-120, 120])
def test_the_gate_of_a_large_hospital_is_not_the_middle_of_it(beijing, off_m) -> None:
    network, hospitals = beijing
    beside = [
        one.model_copy(update={"lat": one.lat + off_m / 111_195, "id": f"h{n}"}) for n, one in enumerate(hospitals)
    ]
    assert wrong_systems(check_places(beside, network, hospitals)) == []


def test_another_hospital_of_the_name_far_away_proves_nothing(beijing) -> None:
    network, hospitals = beijing
    away = [one.model_copy(update={"lat": one.lat + 0.04}) for one in hospitals]
    assert wrong_systems(check_places(said_in(hospitals, WGS_84, BD_09), network, away)) == []


def test_where_the_roads_speak_against_it_the_map_may_be_wrong(town, place_of) -> None:
    """The hospital stands at the road; the map has one of its name where GCJ-02 would put it, in the fields."""
    true = place_of(1500, -10)
    on_the_map = to_wgs84(*true, GCJ_02)
    known = [hospital(on_the_map, "osm-n1", name_zh="甲医院")]
    assert wrong_systems(check_places([hospital(true, name_zh="甲医院")], town, known)) == [("warning", "h", GCJ_02)]
    beside = (on_the_map[0], on_the_map[1] + 0.0005)
    assert wrong_systems(
        check_places([hospital(true, name_zh="甲医院")], town, [hospital(beside, name_zh="甲医院")])
    ) == [("warning", "h", GCJ_02)]


def places_near_roads(network: RoadNetwork, count: int, rng: np.random.Generator, farthest_m: float) -> list[Hospital]:
    """Places in the inner part of a network, each between 2 m and so far from a road."""
    west, south, east, north = network.bounds
    usable = np.ones(len(network.stretch_class), dtype=bool)
    usable.flags.writeable = False
    found: list[Hospital] = []
    while len(found) < count:
        lat, lon = rng.uniform(
            (south * 0.9 + north * 0.1, west * 0.9 + east * 0.1), (south * 0.1 + north * 0.9, west * 0.1 + east * 0.9)
        )
        nearest = network.snap(lat, lon, max_snap_m=math.inf, spread_m=0.0, usable=usable).distance_m[0]
        if 2 < nearest < farthest_m:
            found.append(hospital((lat, lon), f"h{len(found)}"))
    return found


@pytest.mark.parametrize(("farthest_m", "least"), [(40, 60), (80, 20)])
def test_a_list_in_the_wrong_system_is_known_by_the_roads_alone(shanghai, farthest_m, least) -> None:
    """Ten lists of 115 hospitals each among the dense roads of a city's centre, where a hospital alone proves nothing: near a road, as
    entrances are, every wrong list is found; up to 80 m away still a third. No list in the right system is suspected."""
    network, _ = shanghai
    rng = np.random.default_rng(7)
    found = []
    for _ in range(10):
        hospitals = places_near_roads(network, 115, rng, farthest_m)
        for system in SYSTEMS:
            assert wrong_systems(check_places(said_in(hospitals, system, system), network, [])) == []
        for said, true in WRONG:
            told = wrong_systems(check_places(said_in(hospitals, said, true), network, []))
            found += [right == true for _, _, right in told]
    assert len(found) >= least
    assert found.count(False) <= 1


@pytest.mark.parametrize(("said", "true"), WRONG)
def test_a_list_in_the_wrong_system_is_said_once(demo_edition, said, true) -> None:
    network, hospitals = demo_edition.network("ambulance"), list(demo_edition.hospitals)
    for known in (hospitals, []):
        (problem,) = check_places(said_in(hospitals, said, true), network, known)
        assert (problem.severity, problem.row, problem.column, problem.would_be_right) == ("error", 0, "crs", true)
        assert problem.message.startswith(
            f"the 24 hospitals that are given as {said} fit the map clearly better as {true}: "
        )


def test_a_few_hospitals_prove_nothing_without_names(demo_edition) -> None:
    network, hospitals = demo_edition.network("ambulance"), list(demo_edition.hospitals)
    assert wrong_systems(check_places(said_in(hospitals[:7], WGS_84, BD_09), network, [])) == []


def test_only_the_hospitals_of_the_wrong_system_are_meant(demo_edition) -> None:
    network, hospitals = demo_edition.network("ambulance"), list(demo_edition.hospitals)
    mixed = [*said_in(hospitals[:12], BD_09, BD_09), *said_in(hospitals[12:], GCJ_02, WGS_84)]
    (problem,) = check_places(mixed, network, hospitals)
    assert problem.message.startswith("the 12 hospitals that are given as GCJ-02")
    assert problem.would_be_right == WGS_84


@pytest.mark.parametrize(
    ("metres", "expected"),
    [
        (149, None),
        (152, ("warning", "the entrance is 152 m from any road")),
        (GATE_LIMIT_M - 2, ("warning", "the entrance is 998 m from any road")),
        (GATE_LIMIT_M + 2, ("error", "no road that can be driven to is within 1,000 m of the entrance")),
    ],
)
def test_the_entrance_is_beside_a_road(town, place_of, metres, expected) -> None:
    far = hospital(place_of(2900, -metres), crs=BD_09)
    found = [
        (one.severity, one.message.split(": ", 1)[1].split(";")[0], one.column) for one in check_places([far], town, [])
    ]
    assert found == ([(*expected, "lat")] if expected else [])
    entrance = hospital(place_of(2900, -20), entrance=place_of(2900, -metres), crs=BD_09)
    assert [one.column for one in check_places([entrance], town, [])] == ["entrance_lat"] * bool(expected)


def test_a_hospital_in_the_fields_is_told_which_system_would_put_it_at_a_road(town, place_of) -> None:
    (said,) = said_in([hospital(place_of(1500, -8))], WGS_84, GCJ_02)
    (problem,) = check_places([said], town, [])
    assert problem.severity == "warning"
    assert problem.message.endswith("; as GCJ-02 it would be 8 m from a road")


def test_an_entrance_on_a_road_that_nobody_reaches_is_told(write_osm, place_of) -> None:
    nodes = TOWN | {"x": (400, -400), "y": (600, -400)}
    network = RoadNetwork.from_osm(write_osm(nodes, [*TOWN_WAYS, ("xy", STREET)]), profile="car")
    (problem,) = check_places([hospital(place_of(500, -395))], network, [])
    assert problem.severity == "warning"
    assert problem.message.startswith("h: no way leads to the road 5 m from the entrance, and the next is 395 m away")


def test_no_hospital_has_no_problem(town) -> None:
    assert check_places([], town, []) == []
