"""A street closed to through traffic puts a hospital behind others in the order; by the clock one is there as soon as ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stroke_map.dispatch import Question, answer
from stroke_map.protocols import StrokeQuestion
from stroke_map.settings import read_settings

STREET = {"highway": "residential"}
#: Driving through such a street costs an ambulance twenty seconds that are no time.
RESIDENTS = STREET | {"motor_vehicle": "destination"}
SECOND = timedelta(seconds=1)
GRACE = timedelta(days=read_settings({}).accreditation_grace_days)
#: What is said of thrombectomy, how long after the midnight before that Monday it turns, and the classes before and after.
TURNS = [
    ({"hours": "Mo-Su 08:00-18:00"}, timedelta(hours=18), (1, 3)),
    ({"valid_from": "2026-06-02"}, timedelta(days=1), (4, 1)),
    ({"valid_until": "2026-06-01"}, timedelta(days=1), (1, 2)),
    ({"valid_until": "2026-05-31"}, GRACE, (2, 4)),
]


@pytest.fixture(scope="module")
def town_where(make_town, write_osm, place_of):
    """At 1 km lies `needle`, which only gives the drug, at 4 km `behind`, past a street for residents."""

    def town(said):
        nodes = {"a": (0, 0), "b": (3000, 0), "c": (3200, 0), "d": (5000, 0)}
        able = {f"thrombectomy_{name}": value for name, value in said.items()}
        rows = [
            {"id": "needle", "x": 1000, "thrombolysis": "yes", "thrombectomy": "no"},
            {"id": "behind", "x": 4000, "thrombolysis": "no", "thrombectomy": "yes"} | able,
        ]
        for row in rows:
            row["lat"], row["lon"] = place_of(row.pop("x"), 5)
        osm = write_osm(nodes, [("ab", STREET), ("bc", RESIDENTS), ("cd", STREET)])
        return make_town(osm, rows, profiles=("ambulance",))

    return town


@pytest.fixture
def ask_at(place_of, plain_settings):
    def ask(town, at, **asked):
        lat, lon = place_of(0, 0)
        return answer(
            town, Question(lat=lat, lon=lon, at=at, asked_at=at, profile="ambulance", **asked), plain_settings
        )

    return ask


@pytest.fixture
def drive(ask_at, monday_noon):
    """`drive(town, need)`: how long by the clock to the one hospital that has it."""

    def drive_(town, need, **asked):
        (found,) = ask_at(town, monday_noon, need=need, **asked)["hospitals"]
        return timedelta(seconds=found["travel_time_s"])

    return drive_


@pytest.mark.parametrize(("said", "turns", "classes"), TURNS)
def test_a_class_is_that_of_the_true_arrival(town_where, ask_at, drive, monday_noon, *, said, turns, classes):
    town = town_where(said)
    leaves = monday_noon.replace(hour=0) + turns - drive(town, "thrombectomy")
    for at, class_ in zip((leaves - SECOND, leaves + SECOND), classes, strict=True):
        (found,) = ask_at(town, at, need="thrombectomy")["hospitals"]
        assert (found["id"], found["class"]) == ("behind", class_)


@pytest.mark.parametrize(("said", "turns"), [TURNS[0][:2], TURNS[3][:2]])
def test_one_is_sent_on_to_who_can_at_the_true_arrival(town_where, ask_at, drive, monday_noon, *, said, turns):
    town = town_where(said)
    on_the_way = drive(town, "thrombolysis") + drive(town, "thrombectomy", from_hospital="needle")
    leaves = monday_noon.replace(hour=0) + turns - on_the_way

    def onward(at):
        patient = StrokeQuestion(now=at, onset=at - timedelta(hours=1), scale="LAMS", score=5)
        (needle,) = (one for one in ask_at(town, at, patient=patient)["hospitals"] if one["id"] == "needle")
        plan = needle["predicted"]["onward"]
        return plan and plan["hospital"]

    assert onward(leaves - SECOND) == "behind"
    assert onward(leaves + SECOND) is None
