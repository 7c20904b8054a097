"""Answers of an edition that stores few hospitals are those of the one that stores all."""

from __future__ import annotations

import gc
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from stroke_map.dispatch import Question, answer, remaining
from stroke_map.editions import Edition
from stroke_map.editions.arrivals import find_gates
from stroke_map.editions.near import build_near, groups_of
from stroke_map.editions.near_ranking import Flood
from stroke_map.errors import NoCapableHospitalError, NoRouteError, StrokeMapError
from stroke_map.live import Closure, HospitalStatus, LiveState
from stroke_map.protocols import read_question

HOUR = timedelta(hours=1)


def few_stored(edition: Edition, nearest: int) -> Edition:
    """The same edition with so many of each group of its hospitals."""
    few = Edition(edition.folder)
    few._arrivals = {
        key: build_near(network, find_gates(network, few.hospitals), groups_of(few.hospitals), nearest)
        for key, network in few._networks.items()
    }
    return few


def random_state(edition: Edition, at: datetime, rng: np.random.Generator) -> LiveState:
    """Some streets closed or slow, some hospitals full or diverting; now none, now many."""
    known = {"begins": at - HOUR, "until": at + 9 * HOUR, "reason": "x", "author": "x", "created_at": at - HOUR}
    ways = np.unique(edition.network("car").stretch_way_id)
    closed = [
        Closure(id=number, ways=(int(way),), **known | ({"kind": "slow", "factor": 3.0} if number % 3 == 0 else {}))
        for number, way in enumerate(rng.choice(ways, rng.choice([0, 3, 30])), start=1)
    ]
    del known["begins"]
    columns = rng.integers(len(edition.hospitals), size=rng.choice([0, 0, 3, 9]))
    said = [
        HospitalStatus(id=n, hospital_id=edition.hospitals[c].id, kind=("full", "diversion", "ct_down")[n % 3], **known)
        for n, c in enumerate(columns.tolist(), start=1)
    ]
    return LiveState(as_of=at, stale=False, version=1, closures=tuple(closed), statuses=tuple(said))


def random_question(edition: Edition, at: datetime, rng: np.random.Generator) -> Question:
    network = edition.network("car")
    point = rng.integers(len(network.point_x))
    lat, lon = float(network.point_y[point]) * 1e-7, float(network.point_x[point]) * 1e-7
    told = {"scale": "LAMS", "score": 5, "onset": at - HOUR, "now": at, "departure_min": 0, "condition": "stroke"}
    patient = read_question(told) if rng.random() < 0.2 else None
    need = None if patient else rng.choice([None, "thrombolysis", "thrombectomy", "ct"])
    limit, profile = int(rng.choice([1, 3, 3, 8])), "ambulance" if patient else str(rng.choice(["car", "ambulance"]))
    return Question(
        lat=lat, lon=lon, at=at, asked_at=at, need=need, limit=limit, profile=profile, patient=patient, all_roads=True
    )


def told(edition: Edition, question: Question, settings: Any, live: LiveState) -> Any:
    """What is to be the same: the hospitals with their times and roads, the decision, or the refusal."""
    try:
        found = answer(edition, question, settings, live)
    except StrokeMapError as error:
        return type(error), error.detail, error.facts
    listed = [
        (one["id"], one["class"], one["travel_time_s"], one["distance_m"], one["geometry"]["coordinates"].tolist())
        for one in found["hospitals"]
    ]
    return listed, found["decision"], found["closures_avoided"]


@pytest.mark.parametrize("nearest", [1, 5])
def test_random_questions_have_the_same_answer(demo_edition, plain_settings, monday_noon, nearest) -> None:
    few, rng, refused = few_stored(demo_edition, nearest), np.random.default_rng(nearest), 0
    for number in range(60):
        if number % 6 == 0:
            at = monday_noon + timedelta(hours=int(rng.integers(168)))
            live = random_state(demo_edition, at, rng)
        question = random_question(demo_edition, at, rng)
        expected = told(demo_edition, question, plain_settings, live)
        assert told(few, question, plain_settings, live) == expected
        refused += len(expected) == 3 and isinstance(expected[0], type)
    assert refused < 30


@pytest.mark.parametrize("place", [(36.0440, 14.2394), (35.8989, 14.5146)])
@pytest.mark.parametrize("need", ["thrombolysis", "thrombectomy"])
def test_to_the_other_island_one_takes_the_ferry(malta_edition, ask, place, need) -> None:
    few = few_stored(malta_edition, 1)
    for limit in (1, 3):
        mine, theirs = (ask(edition, place, need=need, limit=limit)["hospitals"] for edition in (few, malta_edition))
        times = [[(one["id"], one["travel_time_s"]) for one in listed] for listed in (mine, theirs)]
        assert times[0] == times[1]


def test_hospitals_that_are_not_stored_are_not_all_looked_at_and_the_crew_is_told(street, ask, place_of) -> None:
    few = few_stored(street, 1)
    at = place_of(9100, 0)
    found = ask(few, at, limit=1, profile="ambulance")
    assert [one["id"] for one in found["hospitals"]] == ["office"]
    assert "near-hospitals-only" in [warning["code"] for warning in found["warnings"]]
    assert "near-hospitals-only" not in [w["code"] for w in ask(street, at, limit=1, profile="ambulance")["warnings"]]
    # Asked for more than are stored, all are looked at.
    assert ask(few, at, profile="ambulance")["besides"] == ask(street, at, profile="ambulance")["besides"]


def floods() -> list[Flood]:
    return [one for one in gc.get_objects() if isinstance(one, Flood)]


@pytest.fixture(scope="module")
def far_apart(make_town, write_osm, place_of) -> Edition:
    """A road of 70 km: at 2 km one hospital, at 5 km another, which only treats first, and one at 60 km."""
    rows = []
    for name, km, thrombectomy in (("near", 2, "yes"), ("needle", 5, "no"), ("far", 60, "yes")):
        lat, lon = place_of(1000 * km, 5)
        rows.append({"id": name, "lat": lat, "lon": lon, "thrombolysis": "yes", "thrombectomy": thrombectomy})
    rows[-1]["thrombectomy_valid_until"] = "2026-06-30"
    road = {"highway": "primary", "maxspeed": "60"}
    nodes = {f"n{km}": (1000 * km, 0) for km in range(0, 71, 10)}
    ways = [((f"n{km}", f"n{km + 10}"), road) for km in range(0, 70, 10)]
    return make_town(write_osm(nodes, ways), rows, profiles=("ambulance",))


def down(hospital: str, at: datetime, hours: float) -> HospitalStatus:
    """No catheter laboratory for so long."""
    until = at + hours * HOUR
    return HospitalStatus(
        id=1, hospital_id=hospital, kind="cath_lab_down", until=until, reason="x", author="x", created_at=at - HOUR
    )


def test_one_that_is_not_stored_and_can_again_by_the_arrival_is_found(
    far_apart, plain_settings, monday_noon, place_of
) -> None:
    """Of those stored here none can, and at the hour of the call neither can the one that is not."""
    lat, lon = place_of(10, 0)
    question = Question(
        lat=lat, lon=lon, at=monday_noon, asked_at=monday_noon, need="thrombectomy", profile="ambulance"
    )
    said = down("near", monday_noon, 8), down("far", monday_noon, 1 / 3)
    live = LiveState(monday_noon, False, 1, (), said)
    expected = answer(far_apart, question, plain_settings, live)
    assert [(one["id"], one["class"]) for one in expected["hospitals"]] == [("far", 1)]
    few = few_stored(far_apart, 1)
    assert told(few, question, plain_settings, live) == told(far_apart, question, plain_settings, live)


@pytest.mark.parametrize("refused", [False, True])
def test_when_an_answer_is_made_nothing_is_kept_of_its_search(
    far_apart, plain_settings, monday_noon, place_of, refused
) -> None:
    """Of a country's roads a search takes hundreds of megabytes, in each of many threads."""
    few, before, (lat, lon) = few_stored(far_apart, 1), floods(), place_of(10, 0)
    question = Question(
        lat=lat, lon=lon, at=monday_noon, asked_at=monday_noon, need="thrombectomy", profile="ambulance"
    )
    said = tuple(down(name, monday_noon, 8) for name in ("near", "far")) if refused else ()
    with pytest.raises(NoCapableHospitalError) if refused else nullcontext():
        answer(few, question, plain_settings, LiveState(monday_noon, False, 1, (), said))
    assert all(any(one is known for known in before) for one in floods())


def slow_everywhere(edition: Edition, at: datetime) -> Closure:
    """Every road takes three times as long."""
    ways = tuple(np.unique(edition.network("ambulance").stretch_way_id).tolist())
    return Closure(id=1, ways=ways, kind="slow", factor=3.0, begins=at, reason="x", author="x", created_at=at)


@pytest.mark.parametrize("nearest", [None, 1])
def test_an_accreditation_that_ends_on_a_slow_road_has_lapsed_on_arrival(
    far_apart, plain_settings, monday_noon, place_of, nearest
) -> None:
    """As the road usually is one would come before midnight."""
    town = few_stored(far_apart, nearest) if nearest else far_apart
    at, (lat, lon) = monday_noon.replace(day=30, hour=22, minute=30), place_of(10, 0)
    question = Question(lat=lat, lon=lon, at=at, asked_at=at, need="thrombectomy", profile="ambulance")
    for closures, class_ in (((), 1), ((slow_everywhere(town, at),), 2)):
        found = answer(town, question, plain_settings, LiveState(at, False, 1, closures))
        assert [(one["id"], one["class"]) for one in found["hospitals"]] == [("near", 1), ("far", class_)]


@pytest.mark.parametrize(("nearest", "slow", "between_h"), [(1, False, 0.5), (None, True, 1.75), (1, True, 1.75)])
def test_one_is_sent_on_to_who_can_when_one_comes_there(
    far_apart, plain_settings, monday_noon, place_of, *, nearest, slow, between_h
) -> None:
    """At the earliest hour that the stored times allow, the far hospital cannot yet, or still can: `between_h` lies after it."""
    town = few_stored(far_apart, nearest) if nearest else far_apart
    closures = (slow_everywhere(town, monday_noon - HOUR),) if slow else ()
    lat, lon = place_of(10, 0)

    def onward(at: datetime, hours_down: float) -> list[str | None]:
        """Where `needle` sends on to."""
        told = {"scale": "LAMS", "score": 5, "onset": at - HOUR, "now": at, "departure_min": 0, "condition": "stroke"}
        question = Question(
            lat=lat, lon=lon, at=at, asked_at=at, profile="ambulance", patient=read_question(told), limit=20
        )
        said = down("near", at, 8), down("far", at, hours_down)
        found = answer(town, question, plain_settings, LiveState(at, False, 1, closures, said))
        plans = [one["predicted"]["onward"] for one in found["hospitals"] if one["id"] == "needle"]
        return [plan and plan["hospital"] for plan in plans]

    assert onward(monday_noon, between_h) == ["far"]
    assert onward(monday_noon, 8) == [None]
    grace_ends = monday_noon.replace(month=7, day=1, hour=0) + plain_settings.accreditation_grace_days * 24 * HOUR
    assert onward(grace_ends - 8 * HOUR, 0.01) == ["far"]
    assert onward(grace_ends - between_h * HOUR, 0.01) == [None]


@pytest.mark.parametrize("nearest", [None, 1])
def test_to_a_hospital_behind_a_closure_nothing_is_left_of_the_drive(
    town_of, plain_settings, monday_noon, place_of, nearest
) -> None:
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (2000, 0)}
    town = town_of(nodes, [("ab", {"highway": "residential"}), ("bc", {"highway": "residential"})], (1900, 2))
    town = few_stored(town, nearest) if nearest else town
    lat, lon = place_of(100, 0)
    question = Question(lat=lat, lon=lon, at=monday_noon, asked_at=monday_noon, profile="car")
    assert remaining(town, question, "h", plain_settings).distance_m == pytest.approx(1800, abs=5)
    since = {"created_at": monday_noon - HOUR, "begins": monday_noon - HOUR}
    live = LiveState(monday_noon, False, 1, (Closure(id=1, ways=(2,), reason="x", author="x", **since),))
    with pytest.raises(NoRouteError):
        remaining(town, question, "h", plain_settings, live)
