"""No answer by road: what each error says, and the hospitals by straight line that come with it."""

from __future__ import annotations

import pytest

from stroke_map.errors import NoCapableHospitalError, NoRouteError, OffNetworkError, OutsideAreaError

STREET = {"highway": "residential"}


def ids(error) -> list[str]:
    return [hospital["id"] for hospital in error.facts["fallback"]]


def test_outside_the_region(street, refused, place_of) -> None:
    error = refused(OutsideAreaError, street, place_of(-30_000, 0), limit=20)
    # Better classes first, the nearer first among them; never one that cannot.
    assert ids(error) == [
        "valid", "office", "lapsed", "closed", "lapsed-closed", "unknown", "lapsed-long", "not-yet",
    ]  # fmt: skip


def test_far_from_every_road(street, refused, place_of) -> None:
    error = refused(OffNetworkError, street, place_of(5000, 1500))
    assert error.facts["nearest_m"] == pytest.approx(1500, abs=2)
    assert ids(error) == ["valid", "office", "lapsed"]


def test_an_entry_says_all_one_needs_to_call(street, refused, place_of) -> None:
    first = refused(OutsideAreaError, street, place_of(8000, 30_000)).facts["fallback"][0]
    assert first == {
        "id": "valid",
        "name": {"zh": "valid", "en": "valid"},
        "lat": pytest.approx(place_of(8000, 10)[0]),
        "lon": pytest.approx(place_of(8000, 10)[1]),
        "phone": "023-0000 0008",
        "straight_line_m": pytest.approx(29_990, abs=5),
        "capabilities": ["thrombolysis", "ct"],
        "class": "straight-line",
    }


@pytest.fixture(scope="module")
def trap(make_town, write_osm, place_of):
    """A one-way street leads down into a valley with a hospital of its own that cannot do thrombolysis; nothing leads out."""
    nodes = {"a": (0, 0), "b": (3000, 0), "c": (3000, 2500), "d": (4000, 2500), "e": (6000, 0)}
    ways = [("ab", STREET), ("be", STREET), ("bc", STREET | {"oneway": "yes"}), ("cd", STREET)]
    able = {"capable": ((500, 0), "yes"), "valley": ((3800, 2500), "no")}
    rows = [
        {"id": name, "lat": place_of(*at)[0], "lon": place_of(*at)[1], "thrombolysis": lysis, "ct": "no"}
        | {"primary_pci": "no", "fibrinolysis": "no"}
        for name, (at, lysis) in able.items()
    ]
    return make_town(write_osm(nodes, ways), rows)


def test_no_road_leads_to_one_that_can(trap, refused, place_of) -> None:
    error = refused(NoRouteError, trap, place_of(3500, 2500))
    assert ids(error) == ["capable"]


def test_no_hospital_of_any_class_is_another_error_than_no_road(trap, refused, place_of) -> None:
    for at in ((3500, 2500), (1000, 0)):
        error = refused(NoCapableHospitalError, trap, place_of(*at), condition="chest_pain")
        assert ids(error) == []
    assert ids(refused(NoCapableHospitalError, trap, place_of(1000, 0), need="ct")) == []


def test_the_way_down_still_leads_to_the_valley(trap, ask, place_of) -> None:
    found = ask(trap, place_of(1000, 0))
    assert [hospital["id"] for hospital in found["hospitals"]] == ["capable"]


@pytest.mark.parametrize("limit", [1, 2, 20])
def test_the_list_is_as_long_as_asked_for(street, refused, place_of, limit) -> None:
    assert len(ids(refused(OutsideAreaError, street, place_of(0, 50_000), limit=limit))) == min(limit, 8)
