"""The ambulance of the settings is the one the roads are compiled for."""

from __future__ import annotations

import pytest

from stroke_map.editions.vehicle import service_profile
from stroke_map.roads import RoadNetwork
from stroke_map.roads.profile import load_profile
from stroke_map.settings import read_settings

NODES = {"a": (0, 0), "b": (1000, 0), "c": (1000, 500), "d": (0, 500)}
LOW_AND_ROUND = [
    ("ab", {"highway": "primary", "name": "低", "maxheight": "3.0"}),
    ("adcb", {"highway": "primary", "name": "绕"}),
]


@pytest.mark.parametrize(("height_m", "street"), [("2.9", "低"), ("3.0", "绕"), ("3.1", "绕")])
def test_a_limit_is_held_against_the_services_own_ambulance(write_osm, place_of, height_m, street) -> None:
    settings = read_settings({"STROKE_MAP_AMBULANCE_HEIGHT_M": height_m})
    network = RoadNetwork.from_osm(write_osm(NODES, LOW_AND_ROUND), profile=service_profile("ambulance", settings))
    assert network.route(place_of(0, 0), place_of(1000, 0)).steps[0].name == street


def test_lights_and_siren_shorten_every_drive_by_their_factor(write_osm, place_of) -> None:
    osm = write_osm(NODES, LOW_AND_ROUND)
    settings = read_settings({"STROKE_MAP_SIREN_SPEED_FACTOR": "1.25"})
    plain, fast = (
        RoadNetwork.from_osm(osm, profile=profile).route(place_of(0, 0), place_of(900, 0)).travel_time_s
        for profile in ("ambulance", service_profile("ambulance", settings))
    )
    assert fast == pytest.approx(plain / 1.25, rel=1e-3)


def test_a_car_is_a_car() -> None:
    settings = read_settings({"STROKE_MAP_SIREN_SPEED_FACTOR": "1.5", "STROKE_MAP_AMBULANCE_WIDTH_M": "3"})
    assert service_profile("car", settings) == load_profile("car")


def test_by_default_it_is_the_shipped_ambulance() -> None:
    assert service_profile("ambulance", read_settings({})) == load_profile("ambulance")
