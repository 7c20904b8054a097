from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from stroke_map.errors import RoadDataError
from stroke_map.roads.profile import Profile, load_profile
from stroke_map.roads.profile_tables import matches


@pytest.mark.parametrize("name", ["car", "ambulance"])
def test_shipped_profiles_are_valid_and_carry_their_name(name):
    assert load_profile(name).name == name


def test_a_profile_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        load_profile("car").name = "bus"


def test_the_ambulance_is_bigger_and_says_only_what_differs():
    car, ambulance = load_profile("car"), load_profile("ambulance")
    for size in fields(car.vehicle):
        assert getattr(ambulance.vehicle, size.name) > getattr(car.vehicle, size.name)
    assert ambulance.posted == car.posted
    assert ambulance.turns == car.turns


def extending_car(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text('extends = "car"\n' + text, encoding="utf-8")
    return path


def test_tables_are_merged_an_empty_one_empties_and_lists_are_replaced(tmp_path):
    text = 'restriction_modes = ["hgv"]\n[closed_lanes]\n[ways.highway.motorway]\nspeed_kph = 33\n'
    car, own = load_profile("car"), load_profile(extending_car(tmp_path, text))
    assert own.ways["highway"]["motorway"].speed_kph == 33
    assert own.ways["highway"]["motorway"].one_way
    assert own.ways["highway"]["trunk"] == car.ways["highway"]["trunk"]
    assert own.restriction_modes == ("hgv",)
    assert own.closed_lanes == {}
    assert car.closed_lanes != {}


def test_a_profile_may_extend_a_file_beside_it(tmp_path):
    extending_car(tmp_path, "speed_factor = 1.5\n")
    path = tmp_path / "other.toml"
    path.write_text('extends = "own.toml"\nname = "other"\n', encoding="utf-8")
    own = load_profile(path)
    assert isinstance(own, Profile)
    assert (own.name, own.speed_factor) == ("other", 1.5)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("speed = 5", "speed"),
        ('max_speed_kph = "fast"', "max_speed_kph"),
        ("max_speed_kph = nan", "max_speed_kph"),
        ("max_speed_kph = 1", "min_speed_kph"),
        ("[vehicle]\nwidth_m = -1", "vehicle.width_m"),
        ("[vehicle]\nwheels = 4", "vehicle.wheels"),
        ("[turns]\nside = 'middle'", "turns.side"),
        ("[access.values]\nyes = 'maybe'", "access.values.yes"),
        ("[ways.highway.motorway]\nroad_class = 'highway'", "ways.highway.motorway.road_class"),
        ("[flags.FLYING]\nflying = ['yes']", "flags.FLYING"),
        ("way_keys = ['waterway']", "ways.waterway"),
        ("[vehicle\n", "own.toml"),
        ("extends = 3", "own.toml"),
        ("a = " + "[" * 5000, "own.toml"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, named):
    with pytest.raises(RoadDataError, match=named.replace(".", r"\.")) as caught:
        load_profile(extending_car(tmp_path, text))
    assert caught.value.next_step


@pytest.mark.parametrize("name", ["bicycle", "../car", "", "/nowhere/at/all.toml"])
def test_an_unknown_profile_is_refused(name):
    with pytest.raises(RoadDataError):
        load_profile(name)


def test_a_profile_cannot_extend_itself(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('extends = "own.toml"\n', encoding="utf-8")
    with pytest.raises(RoadDataError, match="itself"):
        load_profile(path)


def test_bytes_that_are_not_text_are_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RoadDataError):
        load_profile(path)


@pytest.mark.parametrize(
    ("value", "patterns", "meant"),
    [
        ("yes", ("yes",), True),
        ("no", ("yes",), False),
        (None, ("*",), False),
        ("anything", ("*",), True),
        ("no", ("*",), False),
        ("no", ("no",), True),
        ("minor", ("*", "!minor"), False),
    ],
)
def test_patterns(value, patterns, meant):
    assert matches(value, patterns) is meant
