"""What is told of the patient: weighed by the protocol, refused where it is wrong, and never repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.web.models import Answer
from stroke_map.web.patient import PATIENT_FIELDS, ClinicalBody, ClinicalTransferBody


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="seconds")


@pytest.fixture
def post(client, place, clinical):
    """`post(onset=...)`: the answer to a question about a patient, by someone who may ask it."""

    def post_(path="/api/v1/route", *, headers=clinical, **told):
        body = {"condition": "stroke"} | told
        if path.endswith("route"):
            body = place | {"crs": "WGS-84"} | body
        return client.post(path, json=body, headers=headers)

    return post_


def test_the_protocol_decides_and_signs_its_answer(post):
    answer = post(onset=ago(60), scale="LAMS", items={"facial_droop": 1, "arm_drift": 2, "grip_strength": 2}).get_json()
    Answer.model_validate(answer)
    assert answer["profile"] == "ambulance"
    assert answer["decision"]["clock"] == "onset"
    assert len(answer["decision"]["protocol"]["sha256"]) == 64
    assert [hospital["predicted"] is not None for hospital in answer["hospitals"]] == [True] * len(answer["hospitals"])
    assert 2 <= len(answer["hospitals"]) <= 6
    assert "patient-fields-not-weighed" not in str(answer["warnings"])


def test_without_a_word_of_the_patient_the_nearest_capable_hospital_is_the_answer(client, place):
    answer = client.get("/api/v1/route", query_string=place).get_json()
    assert answer["decision"]["rule"] == "nearest-capable"
    assert answer["hospitals"][0]["predicted"] is None


def test_chest_pain_takes_its_own_fields(post):
    answer = post(condition="chest_pain", ecg="STEMI", ecg_at=ago(5), first_medical_contact=ago(15)).get_json()
    assert answer["decision"]["clock"] == "first-contact"
    assert answer["decision"]["rule"] in {"pci-in-time", "fibrinolysis-then-pci", "pci-nearest"}


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"onset": "Zq7secret"}, "onset"),
        ({"onset": 1_780_000_000}, "onset"),
        ({"onset": ["unknown"]}, "onset"),
        ({"age": "Zq7secret"}, "age"),
        ({"age": 131}, "age"),
        ({"ecg": "STEMI"}, "ecg"),
        ({"condition": "chest_pain", "scale": "LAMS"}, "scale"),
        ({"name": "Zq7secret"}, "name"),
        ({"anticoagulant": "perhaps"}, "anticoagulant"),
        ({"departure_min": -1}, "departure_min"),
        ({"age": 70, "need": "ct"}, "need"),
        ({"departure_min": 5, "at": "2026-05-01T20:30:00+08:00"}, "departure_min"),
        ({"age": 70, "at": "2199-01-01T00:00:00Z"}, "at"),
        ({"age": 70, "departure_min": 1441}, "departure_min"),
    ],
)
def test_a_mistake_is_named_and_its_value_never_repeated(post, told, field):
    response = post(**told)
    assert response.status_code == 422
    assert field in {error["field"] for error in response.get_json()["errors"]}
    assert "Zq7secret" not in response.text


def test_a_contradiction_is_named_and_answered(post):
    answer = post(onset=ago(-90), scale="LAMS", score=9).get_json()
    codes = {warning["code"] for warning in answer["warnings"]}
    assert "onset-in-future" in codes
    assert answer["hospitals"]


def test_leaving_later_uses_up_the_window(post):
    def needle(**told):
        return post(onset=ago(60), scale="not done", **told).get_json()["hospitals"][0]["predicted"]["needle_min"]

    assert needle(departure_min=20) == pytest.approx(needle() + 20, abs=1.5)
    assert needle(at=ago(-20)) == pytest.approx(needle() + 20, abs=1.5)


def test_a_time_without_an_offset_is_in_the_editions_timezone(post, demo_edition):
    local = datetime.now(demo_edition.zone) - timedelta(minutes=60)
    plain = post(onset=local.replace(tzinfo=None).isoformat(timespec="seconds")).get_json()
    exact = post(onset=local.isoformat(timespec="seconds")).get_json()
    needles = [answer["hospitals"][0]["predicted"]["needle_min"] for answer in (plain, exact)]
    assert needles[0] == pytest.approx(needles[1], abs=1.5)


def test_a_hospital_asks_where_to_send_on(post, demo_edition):
    sender = next(h for h in demo_edition.hospitals if h.capabilities["thrombectomy"].status == "no")
    answer = post("/api/v1/transfer", hospital=sender.id, onset=ago(90), scale="LAMS", score=5).get_json()
    Answer.model_validate(answer)
    assert answer["decision"]["rule"] == "transfer"
    first = next(h for h in demo_edition.hospitals if h.id == answer["hospitals"][0]["id"])
    assert first.capabilities["thrombectomy"].status == "yes"
    assert sender.id not in {hospital["id"] for hospital in answer["hospitals"]}


def test_a_transfer_needs_the_key_and_a_hospital_that_there_is(post):
    assert post("/api/v1/transfer", hospital="x", headers={}).status_code == 401
    refused = post("/api/v1/transfer", hospital="no-such")
    assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "hospital")
    missing = post("/api/v1/transfer")
    assert (missing.status_code, missing.get_json()["errors"][0]["field"]) == (422, "hospital")


def test_a_unit_that_asks_is_answered_as_the_scene_would_be(post, demo_edition):
    unit = next(h for h in demo_edition.hospitals if h.kind == "unit" and h.capabilities["fibrinolysis"].status == "no")
    told = {"onset": ago(60), "scale": "LAMS", "score": 0}
    answer = post("/api/v1/transfer", hospital=unit.id, **told).get_json()
    assert answer["decision"]["rule"] == "nearest-in-window"
    first = next(h for h in demo_edition.hospitals if h.id == answer["hospitals"][0]["id"])
    assert first.capabilities["thrombolysis"].status == "yes"
    assert "drug-before-transfer" not in {warning["code"] for warning in answer["warnings"]}


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ({"scale": "LAMS", "items": {"Zq7secret": 1}}, ("下垂 0/1", "facial_droop 0/1")),
        ({"scale": "Zq7secret", "score": 1}, ("RACE", "RACE")),
        ({"scale": "LAMS", "score": 977}, ("0-5 分", "0 to 5")),
    ],
)
def test_what_was_sent_of_a_scale_is_not_repeated_but_what_would_be_right_is_said(post, told, right):
    response = post(onset=ago(60), **told)
    words = next(w["text"] for w in response.get_json()["warnings"] if w["code"].endswith("-refused"))
    assert "Zq7secret" not in response.text
    assert "977" not in words["zh"] + words["en"]
    assert right[0] in words["zh"]
    assert right[1] in words["en"]


@pytest.mark.parametrize("model", [ClinicalBody, ClinicalTransferBody])
def test_every_field_about_a_patient_is_documented(model):
    taken = set(model.model_fields) & PATIENT_FIELDS
    assert {"onset", "scale", "items", "ecg", "shock", "suspected_dissection", "departure_min"} <= taken
    assert all(model.model_fields[name].description for name in taken)


@pytest.mark.parametrize("condition", ["stroke", "chest_pain"])
def test_the_protocol_in_force_can_be_read_by_everyone(client, condition):
    response = client.get(f"/api/v1/protocols/{condition}")
    protocol = response.get_json()
    assert protocol["condition"] == condition
    assert all({"value", "unit", "source", "status"} <= value.keys() for value in protocol["values"].values())
    assert all(rule["zh"] and rule["en"] and rule["source"] for rule in protocol["rules"].values())
    again = client.get(f"/api/v1/protocols/{condition}", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_there_is_no_protocol_for_anything_else(client):
    response = client.get("/api/v1/protocols/measles")
    assert (response.status_code, response.get_json()["code"]) == (404, "not-found")
