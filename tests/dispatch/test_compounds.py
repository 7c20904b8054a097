"""Callers behind gates: in compounds and courtyards."""

from __future__ import annotations

import pytest

from stroke_map.dispatch import Question, answer

#: A street a - b with the hospital near b; a private drive c - d - e into a compound; a track of the neighbour's yard f - g.
NODES = {"a": (0, 0), "c": (500, 0), "b": (2000, 0), "d": (500, 80), "e": (560, 80), "f": (500, 140), "g": (560, 140)}
WAYS = [
    ("acb", {"highway": "residential", "name": "街"}),
    ("cde", {"highway": "service", "access": "private", "name": "小区"}),
    ("fg", {"highway": "service", "name": "院子"}),
]
COURTYARD = (530, 86)


@pytest.fixture(scope="session")
def compound(make_town, write_osm, place_of):
    lat, lon = place_of(1900, 3)
    return make_town(write_osm(NODES, WAYS), [{"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes"}])


@pytest.fixture(scope="session")
def ask_from(compound, plain_settings, place_of, monday_noon):
    def ask(x_m, y_m, profile):
        lat, lon = place_of(x_m, y_m)
        question = Question(lat=lat, lon=lon, at=monday_noon, asked_at=monday_noon, profile=profile)
        return answer(compound, question, plain_settings)

    return ask


def test_an_ambulance_begins_inside_the_compound(ask_from) -> None:
    found = ask_from(*COURTYARD, "ambulance")
    assert found["origin"]["snapped"]["street"] == "小区"
    assert [step["name"] for step in found["hospitals"][0]["steps"]] == ["小区", "街", "街"]


def test_a_family_begins_on_the_street_and_is_told_the_walk(ask_from) -> None:
    found = ask_from(*COURTYARD, "car")
    snapped = found["origin"]["snapped"]
    assert snapped["street"] == "街"
    assert snapped["distance_m"] == pytest.approx(86, abs=0.5)
    assert snapped["walk_time_s"] == pytest.approx(86 / (4 / 3.6), rel=0.01)


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_a_yard_no_road_leads_out_of_is_never_chosen(ask_from, profile) -> None:
    """It lies right under the caller, but from it no hospital is reached."""
    found = ask_from(530, 139, profile)
    assert found["origin"]["snapped"]["street"] == ("小区" if profile == "ambulance" else "街")
