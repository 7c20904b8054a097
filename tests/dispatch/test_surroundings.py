"""What a place is like, by its roads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stroke_map.dispatch import Question, answer, prepare
from stroke_map.dispatch.surroundings import RoadDensity
from stroke_map.protocols import StrokeQuestion
from stroke_map.roads import RoadNetwork
from stroke_map.settings import read_settings

#: A town of 3 km by 3 km with a street each hundred metres, and a road of 40 km that leads away from it.
STEP, SIZE = 100, 3000
STREET = {"highway": "residential"}


@pytest.fixture(scope="module")
def osm(write_osm):
    nodes = {f"{x}/{y}": (x, y) for x in range(0, SIZE + 1, STEP) for y in range(0, SIZE + 1, STEP)}
    lines = [[f"{x}/{y}" for x in range(0, SIZE + 1, STEP)] for y in range(0, SIZE + 1, STEP)]
    lines += [[f"{x}/{y}" for y in range(0, SIZE + 1, STEP)] for x in range(0, SIZE + 1, STEP)]
    nodes["far"], nodes["farther"] = (20_000, 0), (43_000, 0)
    lines += [[f"{SIZE}/0", "far"], ["far", "farther"]]
    return write_osm(nodes, [(line, STREET) for line in lines])


@pytest.fixture(scope="module")
def density(osm):
    return RoadDensity(RoadNetwork.from_osm(osm, profile="car"))


def test_the_middle_of_a_grid_of_streets_has_as_much_road_as_it_has(density, place_of):
    # Ten kilometres of street from west to east in each square kilometre, and ten from south to north.
    assert density.at(*place_of(1500, 1500)) == pytest.approx(20, rel=0.15)


def test_beyond_the_roads_there_is_none(density, place_of):
    for place in ((1500, 60_000), (1500, -60_000), (90_000, 0), (-90_000, 0), (23_000, 30_000)):
        assert density.at(*place_of(*place)) == 0


def test_urban_suburban_and_rural_follow_the_settings(density, place_of):
    middle = place_of(1500, 1500)
    around = density.at(*middle)
    for urban, suburban, wanted in (
        (around - 0.01, 1.0, "urban"),
        (around + 0.01, around - 0.01, "suburban"),
        (around + 0.02, around + 0.01, "rural"),
    ):
        settings = read_settings({}, urban_roads_km_per_km2=urban, suburban_roads_km_per_km2=suburban)
        assert density.setting(*middle, settings) == wanted


def test_a_road_is_counted_where_it_runs_and_a_motorway_never(write_osm, place_of):
    nodes = {"a": (0, 0), "b": (500, 0), "c": (0, 300), "d": (500, 300)}
    with_motorway = write_osm(nodes, [("ab", STREET), ("cd", {"highway": "motorway", "oneway": "no"})])
    without = write_osm(nodes, [("ab", STREET)])
    found = [
        RoadDensity(RoadNetwork.from_osm(osm, profile="car")).at(*place_of(250, 0)) for osm in (with_motorway, without)
    ]
    assert found[0] == pytest.approx(found[1])
    assert found[1] == pytest.approx(0.5 / 9, rel=0.02)


def test_where_nobody_says_it_the_answer_says_what_was_taken(make_town, osm, place_of, plain_settings, monday_noon):
    lat, lon = place_of(1500, 1505)
    edition = make_town(osm, [{"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes"}], profiles=("ambulance",))

    def notes(place, setting):
        patient = StrokeQuestion(now=monday_noon, onset=monday_noon - timedelta(hours=1), setting=setting)
        question = Question(
            lat=place[0], lon=place[1], at=monday_noon, asked_at=monday_noon, profile="ambulance", patient=patient
        )
        found = answer(edition, question, plain_settings)
        return [w["text"]["en"] for w in found["warnings"] if w["code"] == "setting-from-roads"]

    assert "urban" in notes((lat, lon), None)[0]
    assert "rural" in notes(place_of(30_000, 5), None)[0]
    assert notes((lat, lon), "rural") == []
    assert prepare(edition).road_density.at(lat, lon) > 8
