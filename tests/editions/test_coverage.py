"""Figures of coverage against counting one by one, and how they must behave."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import orjson
import pytest
import shapely

from stroke_map.editions.access import MAIN_CAPABILITIES, measure_access
from stroke_map.editions.arrivals import build_arrivals, find_gates
from stroke_map.editions.coverage import BANDS_MIN, gains, measure_coverage, open_coverage
from stroke_map.editions.population import Residents
from stroke_map.editions.underserved import CELL_DEGREES, MOST_TOLD, Place, worst_served
from stroke_map.registry import Capability, Hospital
from stroke_map.registry.places import Place as NamedPlace
from stroke_map.registry.places import save_places
from stroke_map.roads import RoadNetwork

KM = 30


@pytest.fixture(scope="module")
def network(write_osm) -> RoadNetwork:
    """A trunk road of 120 km with a point every 2 km and lanes at 30 and 90 km, and an island."""
    trunk = {chr(0x4E00 + n): (2e3 * n, 0) for n in range(61)}
    b, d = chr(0x4E00 + 15), chr(0x4E00 + 45)
    nodes = trunk | {"f": (KM * 1e3, 4e3), "g": (3 * KM * 1e3, -6e3), "x": (5e4, 5e4), "y": (5e4, 5.4e4)}
    street = {"highway": "residential", "name": "乡道"}
    ways = [
        ("".join(trunk), {"highway": "trunk", "name": "国道"}),
        (f"{b}f", street),
        (f"{d}g", street),
        ("xy", {"highway": "service"}),
    ]
    return RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")


def hospital(name: str, at: tuple[float, float], *able: str) -> Hospital:
    capabilities = {one: Capability(status="yes" if one in able else "no") for one in MAIN_CAPABILITIES}
    return Hospital(id=name, name_zh=name, lat=at[0], lon=at[1], capabilities=capabilities)


@pytest.fixture(scope="module")
def hospitals(place_of) -> list[Hospital]:
    return [
        hospital("all", place_of(2e3, 10), "thrombolysis", "thrombectomy", "primary_pci"),
        hospital("east", place_of(3 * KM * 1e3, -3e3), "thrombolysis"),
        hospital("far", place_of(118e3, 10), "thrombolysis"),
    ]


def access_of(network, hospitals):
    return measure_access(network, build_arrivals(network, find_gates(network, hospitals)), hospitals)


@pytest.fixture(scope="module")
def access(network, hospitals):
    return access_of(network, hospitals)


@pytest.fixture(scope="module")
def residents(network) -> Residents:
    """A person every hundredth of every stretch that leads somewhere, and three far from any road."""
    stretch, sample = np.indices((len(network.stretch_length_m), 100))
    people = np.where(network.stretch_way_id[stretch] == 4, 0.0, 1.0).ravel()
    return Residents(stretch.ravel(), (sample.ravel() + 0.5) / 100, people, outside=7.0, far=3.0)


def counted(access, hospitals, limit_ms):
    """(km, people of `residents`) within a limit of hospitals, place by place, each drive by the route of the network."""
    network = access.network
    km, people = 0.0, 0
    able = np.isin([h.id for h in access.hospitals], hospitals)
    for stretch in range(len(network.stretch_length_m)):
        for sample in range(100):
            share, best = (sample + 0.5) / 100, np.inf
            for segment, done in zip(network.stretch_segment[stretch].tolist(), (share, 1 - share), strict=True):
                steps = access.arrivals.time[segment, able].astype(float)
                steps[steps == 65535] = np.inf
                best = min(
                    best, (1 - done) * network.segment_time_ms[segment] + steps.min() * access.arrivals.quantum_ms
                )
                for gate in np.flatnonzero(access.arrivals.gate_segment == segment):
                    owner = np.searchsorted(access.arrivals.gate_first, gate, side="right") - 1
                    ahead = access.arrivals.gate_part_ms[gate] - done * network.segment_time_ms[segment]
                    if able[owner] and ahead >= 0:
                        best = min(best, ahead)
            if best <= limit_ms:
                km += network.stretch_length_m[stretch] / 1e5
                people += network.stretch_way_id[stretch] != 4
    return km, people


def test_road_and_people_within_each_band_are_those_of_counting(access, residents) -> None:
    coverage = measure_coverage(access, residents)
    assert coverage.road_km + coverage.lost_km == pytest.approx(access.network.stretch_length_m.sum() / 1000)
    assert coverage.lost_km == pytest.approx(4, rel=0.01), "the island"
    assert (coverage.people, coverage.people_outside, coverage.people_far) == (503, 7, 3)
    who = {"thrombolysis": ["all", "east", "far"], "thrombectomy": ["all"], "primary_pci": ["all"]}
    partly = 0
    for name, able in who.items():
        reach = coverage.reach[name]
        assert reach.hospitals == len(able)
        for band, km, people in zip(BANDS_MIN, reach.km, reach.people, strict=True):
            expected_km, expected_people = counted(access, able, band * 60_000)
            assert km == pytest.approx(expected_km, abs=1.0), (name, band)
            assert abs(people - expected_people) <= 2
            partly += 0 < km < coverage.road_km - 5
    assert partly >= 6, "the bands must cut this road"


def test_bands_nest_and_no_more_than_all_is_covered(access, residents) -> None:
    for reach in measure_coverage(access, residents).reach.values():
        assert list(reach.km) == sorted(reach.km)
        assert list(reach.people) == sorted(reach.people)
        assert reach.km[-1] <= access.network.stretch_length_m.sum() / 1000


def test_catchments_share_out_all_road_that_leads_to_a_hospital(access, residents) -> None:
    coverage = measure_coverage(access, residents)
    for name, catchments in coverage.catchments.items():
        assert sum(one.km for one in catchments.values()) == pytest.approx(coverage.road_km), name
        assert sum(one.people for one in catchments.values()) == 500
    assert list(coverage.catchments["thrombectomy"]) == ["all"]
    assert list(coverage.catchments["thrombolysis"]) == ["all", "east", "far"]
    assert all(one.km > 10 for one in coverage.catchments["thrombolysis"].values())


def test_a_gain_is_what_a_measurement_with_that_hospital_finds(network, hospitals, access, residents) -> None:
    now = measure_coverage(access, residents).reach["thrombectomy"]
    found = gains(access, residents)
    assert {gain.hospital for gain in found} == {"east", "far"}
    assert [gain.people for gain in found] == sorted((gain.people for gain in found), reverse=True)
    for gain in found:
        more = [
            h.model_copy(update={"capabilities": h.capabilities | {"thrombectomy": Capability(status="yes")}})
            if h.id == gain.hospital
            else h
            for h in hospitals
        ]
        then = measure_coverage(access_of(network, more), residents).reach["thrombectomy"]
        assert gain.km == pytest.approx(then.km[-1] - now.km[-1], abs=1e-6)
        assert gain.people == then.people[-1] - now.people[-1]
        assert gain.km > 10


def test_without_people_gains_are_sorted_by_road(access) -> None:
    found = gains(access)
    assert [gain.people for gain in found] == [None, None]
    assert found[0].km >= found[1].km > 10


def test_one_more_hospital_takes_nothing_from_anybody(network, hospitals, residents) -> None:
    fewer, all_ = (measure_coverage(access_of(network, some), residents) for some in (hospitals[:2], hospitals))
    for name, reach in fewer.reach.items():
        assert (np.array(all_.reach[name].km) >= np.array(reach.km) - 1e-3).all()
        assert (np.array(all_.reach[name].people) >= np.array(reach.people)).all()


def test_named_places_are_sorted_by_how_long_they_wait(access, place_of) -> None:
    names = {"near": (3e3, 0), "middle": (45e3, 0), "island": (5e4, 5.2e4), "nowhere": (3e5, 3e5)}
    places = [Place(name, *place_of(*at), {}) for name, at in names.items()]
    found = worst_served(access, places)
    assert [place.name for place in found] == ["island", "nowhere", "middle", "near"]
    assert found[0].minutes == {"thrombolysis": None, "thrombectomy": None, "primary_pci": None}
    assert found[2].minutes["thrombolysis"] == pytest.approx(found[2].minutes["thrombectomy"])
    assert 0 < found[3].minutes["thrombolysis"] < 3
    assert found[2].minutes["thrombolysis"] > 15


def test_places_outside_the_region_are_not_told(network, hospitals, place_of) -> None:
    (south, west), (north, east) = place_of(-1e3, -1e4), place_of(122e3, 1e4)
    arrivals = build_arrivals(network, find_gates(network, hospitals))
    access = measure_access(network, arrivals, hospitals, region=shapely.box(west, south, east, north))
    places = [Place("in", *place_of(3e3, 0), {}), Place("out", *place_of(3e5, 3e5), {})]
    assert [place.name for place in worst_served(access, places)] == ["in"]


def test_cells_stand_for_places_where_none_has_a_name(access) -> None:
    found = worst_served(access)
    assert len(found) == MOST_TOLD
    minutes = [place.minutes["thrombolysis"] for place in found]
    assert minutes == sorted(minutes, reverse=True)
    assert {place.name for place in found} == {"国道"}
    assert len({(place.lat, place.lon) for place in found}) == MOST_TOLD, "each cell once"
    # Between the two hospitals farthest apart, 2 and 90 km along the road: 44 km from either.
    middle = access.network.bounds[0] + 46e3 / 111_195.0 / np.cos(np.radians(29.55))
    assert abs(found[0].lon - middle) <= CELL_DEGREES


def test_coverage_as_json_is_plain_and_small(access, residents) -> None:
    document = orjson.dumps(measure_coverage(access, residents).to_json())
    told = json.loads(document)
    assert told["bands_min"] == list(BANDS_MIN)
    assert set(told["reach"]) == set(MAIN_CAPABILITIES)
    assert len(told["worst"]) == MOST_TOLD
    assert len(document) < 20_000


def test_an_edition_is_measured_by_its_folder(demo_edition, tmp_path) -> None:
    lat, lon = demo_edition.hospitals[0].lat, demo_edition.hospitals[0].lon
    (tmp_path / "people.csv").write_text(f"lat,lon,people\n{lat},{lon},40\n{lat + 5},{lon},2\n", encoding="utf-8")
    told: list[float] = []
    access, coverage = open_coverage(
        demo_edition.folder, day=date(2026, 1, 1), population=tmp_path / "people.csv", progress=told.append
    )
    assert access.network.profile.name == "ambulance"
    assert (coverage.people, coverage.people_outside) == (40, 2)
    assert told[-1] == 1
    assert told == sorted(told)
    counted_km = access.network.stretch_length_m[access.network.stretch_start_allowed].sum() / 1000
    assert 0.9 * counted_km < coverage.road_km <= counted_km * (1 + 1e-6)


def test_a_town_that_the_map_has_twice_is_told_once(write_osm, make_town, place_of) -> None:
    osm = write_osm({"a": (0, 0), "b": (9e3, 0)}, [("ab", {"highway": "primary"})])
    lat, lon = place_of(100, 5)
    town = make_town(osm, [{"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes"}])
    named = [("镇", 5e3, 10), ("镇", 5e3, 40), ("村", 8e3, 0), ("公园", 9e3, 0)]
    kinds = ("settlement", "settlement", "settlement", "park")
    places = [NamedPlace(name, (), kind, *place_of(x, y)) for (name, x, y), kind in zip(named, kinds, strict=True)]
    save_places(places, town.folder / "registry.db")
    coverage = open_coverage(town.folder, day=None)[1]
    assert [place.name for place in coverage.worst] == ["村", "镇"]
    assert not coverage.cells


def test_a_region_without_roads_has_figures_too(network, hospitals) -> None:
    arrivals = build_arrivals(network, find_gates(network, hospitals))
    coverage = measure_coverage(measure_access(network, arrivals, hospitals, region=shapely.box(1, 1, 2, 2)))
    assert (coverage.road_km, coverage.lost_km, coverage.worst) == (0, 0, ())
    assert all(reach.km == (0, 0, 0, 0) for reach in coverage.reach.values())


def test_the_first_period_of_the_week_is_measured(write_osm, make_town, place_of, tmp_path) -> None:
    (tmp_path / "periods.toml").write_text(
        """
[[period]]
name = "busy"
when = ["Mo-Fr 07:00-19:00"]
[period.factors]
trunk = { factor = 2.0, status = "unverified" }
[[period]]
name = "quiet"
when = ["Mo-Fr 00:00-07:00", "Mo-Fr 19:00-24:00", "Sa-Su 00:00-24:00"]
""",
        encoding="utf-8",
    )
    osm = write_osm({"a": (0, 0), "b": (40e3, 0), "c": (40e3, 500)}, [("abc", {"highway": "trunk"})])
    lat, lon = place_of(100, 5)
    rows = [{"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes"}]
    town = make_town(osm, rows, periods=tmp_path / "periods.toml")
    assert town.info.periods == ("busy", "quiet")
    busy, quiet = (
        measure_coverage(
            measure_access(town.network("ambulance", period), town.arrivals("ambulance", period), town.hospitals)
        ).reach["thrombolysis"]
        for period in town.info.periods
    )
    opened = open_coverage(town.folder, day=None)[1].reach["thrombolysis"]
    assert opened == busy
    assert busy.km[0] < 0.6 * quiet.km[0]
