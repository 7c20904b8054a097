"""What is known of the patient, put to the protocol with every hospital as he would find it on arrival."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stroke_map.dispatch import Question, answer
from stroke_map.errors import NoCapableHospitalError
from stroke_map.protocols import ChestPainQuestion, StrokeQuestion

ROAD = {"highway": "primary", "name": "长街", "maxspeed": "60"}
KM = 1000
#: Along a road of 60 km, at so many kilometres: what each can do. The patient is at kilometre 0.
HOSPITALS = {
    "clinic": (2, {"emergency": "yes", "ecg": "yes"}),
    "lysis": (5, {"thrombolysis": "yes", "thrombectomy": "no", "fibrinolysis": "yes", "ct": "yes", "transfer_partners": "partner:10"}),
    "both": (12, {"thrombolysis": "yes", "thrombectomy": "yes", "ct": "yes", "ct_angiography": "yes", "primary_pci": "yes"}),
    "partner": (20, {"thrombectomy": "yes", "thrombolysis": "yes", "door_to_puncture_min": "20"}),
    "surgery": (40, {"cardiac_surgery": "yes", "primary_pci": "yes"}),
    "by-day": (8, {"thrombectomy": "yes", "thrombectomy_hours": "Mo-Fr 08:00-17:00", "thrombolysis": "yes"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def town(make_town, write_osm, place_of):
    rows = []
    for name, (km, able) in HOSPITALS.items():
        lat, lon = place_of(km * KM, 5)
        rows.append({"id": name, "lat": lat, "lon": lon} | able)
    return make_town(write_osm({"w": (0, 0), "e": (60 * KM, 0)}, [("we", ROAD)]), rows)


@pytest.fixture
def ask(town, place_of, plain_settings, monday_noon):
    """`ask(kind, onset=minutes ago, ...)`: the answer for a patient at the west end."""

    def ask_(kind=StrokeQuestion, *, at=monday_noon, onset=60, from_hospital=None, **told):
        began = at - timedelta(minutes=onset) if isinstance(onset, int) else onset
        patient = kind(now=at, onset=began, origin_hospital=from_hospital, **told)
        lat, lon = place_of(0, 0)
        question = Question(
            lat=lat, lon=lon, at=at, asked_at=at, condition=patient.condition, profile="ambulance", patient=patient,
            from_hospital=from_hospital,
        )  # fmt: skip
        return answer(town, question, plain_settings)

    return ask_


def ids(found):
    return [hospital["id"] for hospital in found["hospitals"]]


def predicted(found, name):
    return next(hospital["predicted"] for hospital in found["hospitals"] if hospital["id"] == name)


def test_the_first_choice_is_the_protocols_and_says_by_which_rule(ask):
    found = ask(scale="not done")
    assert found["decision"]["rule"] == "screen-not-done"
    assert ids(found)[0] == "lysis"
    assert set(found["decision"]["text"]) == {"zh", "en"}
    assert found["decision"]["clock"] == "onset"


def test_an_airway_that_is_not_secured_goes_to_the_nearest_emergency_department(ask):
    found = ask(airway_not_secured=True)
    assert ids(found)[:2] == ["clinic", "lysis"]
    assert found["decision"]["next_hospital"] == "lysis"


def test_hours_count_at_the_arrival(ask, monday_noon):
    def first(at):
        return ids(ask(at=at, thrombolysis_contraindication="yes", scale="LAMS", score=5))[0]

    # The department closes at 17:00, and the drive takes more than two minutes.
    assert first(monday_noon.replace(hour=16, minute=30)) == "by-day"
    assert first(monday_noon.replace(hour=16, minute=58)) == "both"


def test_who_gives_the_drug_says_where_one_goes_on_to_and_by_whose_figures(ask):
    onward = predicted(ask(scale="LAMS", score=5), "lysis")["onward"]
    # Its partner is farther, but treats soonest: ten minutes of delay and twenty to puncture are its own figures.
    assert (onward["hospital"], onward["agreed"], onward["leaving_source"]) == ("partner", True, "partner")
    assert onward["arrives_min"] > onward["leaves_min"] > 60


def test_minutes_are_those_of_the_road(ask):
    found = ask(scale="not done")
    lysis = found["hospitals"][0]
    assert lysis["predicted"]["needle_min"] == pytest.approx(60 + lysis["travel_time_s"] / 60 + 45, abs=0.06)


def test_chest_pain_goes_to_pci_in_time_past_a_nearer_hospital_that_gives_the_drug(ask, monday_noon):
    told = {"ecg": "STEMI", "ecg_at": monday_noon, "first_medical_contact": monday_noon}
    found = ask(ChestPainQuestion, **told)
    assert found["decision"]["rule"] == "pci-in-time"
    assert ids(found)[0] == "both"


def test_a_torn_aorta_goes_to_the_surgeons(ask):
    assert ids(ask(ChestPainQuestion, suspected_dissection=True))[0] == "surgery"


def test_an_ecg_to_come_is_thought_through_beforehand(ask):
    found = ask(ChestPainQuestion)
    assert [each["ecg"] for each in found["decision"]["if_ecg"]] == ["STEMI", "no ST elevation"]
    assert found["decision"]["ecg_place"]["hospital"] == "clinic"


def test_a_hospital_that_asks_is_not_its_own_answer_and_the_drive_begins_at_its_gate(ask):
    found = ask(from_hospital="lysis", scale="LAMS", score=5)
    assert found["decision"]["rule"] == "transfer"
    assert "lysis" not in ids(found)
    first = found["hospitals"][0]
    assert found["origin"]["snapped"]["distance_m"] < 10
    assert first["distance_m"] == pytest.approx(3000, rel=0.01)  # by-day is open at noon, three kilometres on


def test_nobody_who_can_is_an_error_with_a_list_by_straight_line(
    make_town, write_osm, place_of, plain_settings, monday_noon
):
    lat, lon = place_of(KM, 5)
    rows = [{"id": "h", "lat": lat, "lon": lon, "thrombolysis": "no", "thrombectomy": "no"}]
    edition = make_town(write_osm({"w": (0, 0), "e": (5 * KM, 0)}, [("we", ROAD)]), rows)
    question = Question(
        lat=lat,
        lon=lon,
        at=monday_noon,
        asked_at=monday_noon,
        profile="ambulance",
        patient=StrokeQuestion(now=monday_noon),
    )
    with pytest.raises(NoCapableHospitalError) as raised:
        answer(edition, question, plain_settings)
    assert raised.value.facts["fallback"] == []


def test_an_edition_that_is_out_of_date_says_so_and_blames_no_hospital(ask, monday_noon):
    later = monday_noon + timedelta(days=2 * 366)
    found = ask(at=later, scale="LAMS", score=0)
    codes = {warning["code"] for warning in found["warnings"]}
    assert ids(found)[0] == "lysis"
    assert found["hospitals"][0]["class"] == 2
    assert "edition-out-of-date" in codes
    assert "accreditation-lapsed" not in codes


@pytest.mark.parametrize("told", [{"scale": "LAMS", "score": 5}, {"scale": "LAMS", "score": 0}])
def test_a_unit_that_asks_sends_where_the_scene_would(town, place_of, plain_settings, monday_noon, told):
    """`clinic` gives no drug: the patient is not sent past the nearest that does, nor counted as if imaging were done."""
    lat, lon = place_of(2 * KM, 5)
    began = monday_noon - timedelta(minutes=60)
    patients = [StrokeQuestion(now=monday_noon, onset=began, origin_hospital=asks, **told) for asks in ("clinic", None)]
    asked, scene = (
        answer(
            town,
            Question(
                lat=lat, lon=lon, at=monday_noon, asked_at=monday_noon, profile="ambulance", patient=patient,
                from_hospital=patient.origin_hospital,
            ),
            plain_settings,
        )
        for patient in patients
    )  # fmt: skip
    assert asked["decision"]["rule"] == scene["decision"]["rule"] != "transfer"
    assert ids(asked)[0] == ids(scene)[0] == "lysis"
    both = [predicted(found, "both")["puncture_min"] for found in (asked, scene)]
    assert both[0] == pytest.approx(both[1], abs=0.5)


def test_a_closed_department_promises_nothing_and_sends_on(ask, monday_noon):
    found = ask(at=monday_noon.replace(hour=20), scale="LAMS", score=0)
    times = predicted(found, "by-day")
    assert times["onward"]["hospital"] in {"both", "partner"}
    assert times["puncture_min"] > times["onward"]["arrives_min"]
