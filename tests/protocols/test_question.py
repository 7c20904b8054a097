"""What may be asked, and how a contradiction is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.errors import InvalidRequestError
from stroke_map.protocols import load_protocol, read_question
from stroke_map.protocols.casefile import read_case
from stroke_map.protocols.settling import settle

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
SECRET = "Zq7secret"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("condition", SECRET),
        ("now", "2026-05-01T12:30:00"),
        ("onset", SECRET),
        ("onset", "2026-05-01T12:00:00"),
        ("score", "4"),
        ("score", 4.5),
        ("items", {"facial_droop": SECRET}),
        ("items", {f"item{n}": 1 for n in range(21)}),
        ("anticoagulant", SECRET),
        ("anticoagulant", True),
        ("airway_not_secured", "yes"),
        ("setting", SECRET),
        ("departure_min", -1),
        ("departure_min", float("nan")),
        ("age", 131),
        ("scale", "x" * 41),
        ("name", SECRET),
        ("shock", True),
    ],
)
def test_a_field_that_is_none_is_refused_by_name_and_never_repeated(field, value):
    table = {"condition": "stroke", "now": NOW, field: value}
    with pytest.raises(InvalidRequestError) as caught:
        read_question(table)
    assert [error["field"] for error in caught.value.facts["errors"]] == [field]
    assert SECRET not in str(caught.value.facts) + caught.value.detail


def test_now_and_the_condition_are_wanted():
    for table, field in (({"condition": "stroke"}, "now"), ({"now": NOW}, "condition")):
        with pytest.raises(InvalidRequestError) as caught:
            read_question(table)
        assert [error["field"] for error in caught.value.facts["errors"]] == [field]


def test_a_question_cannot_be_changed():
    question = read_question({"condition": "stroke", "now": NOW})
    with pytest.raises(ValueError, match="frozen"):
        question.age = 70
    assert (question.scale, question.anticoagulant, question.onset) == ("not done", "unknown", "unknown")


@pytest.mark.parametrize(
    ("told", "settled"),
    [
        ("onset -5; LAMS 0", {"onset": "unknown"}),
        ("onset 60; well 30; LAMS 0", {"last_known_well": None}),
        ("onset 60; well -1; LAMS 0", {"last_known_well": None}),
        ("onset 60; needle 61; LAMS 0", {"needle_at": None}),
        ("onset 60; LAMS 6", {"scale": "not done", "score": None}),
        ("onset 60; XYZ 1", {"scale": "not done", "score": None}),
        ("onset 60; LAMS 1 facial_droop=1 arm_drift=2 grip_strength=2", {"score": 5}),
        ("onset 60; LAMS 5 facial_droop=0 arm_drift=0 grip_strength=0", {"score": 5}),
        ("onset 60; LAMS 9 facial_droop=0 arm_drift=0 grip_strength=0", {"scale": "not done", "items": None}),
        ("onset 60; LAMS facial_droop=1 arm_drift=1 grip_strength=1", {"score": 3}),
    ],
)
def test_the_safest_reading_of_a_stroke_is_taken_and_named(asked, told, settled):
    question, _ = asked("stroke", told)
    after, named = settle(question, load_protocol("stroke"))
    assert {field: getattr(after, field) for field in settled} == settled
    assert named or told.endswith("grip_strength=1")


def test_a_sound_question_is_left_as_it_is(asked):
    for condition, told in (("stroke", "onset 60; well 90; LAMS 4"), ("chest_pain", "contact 20; ECG 10; STEMI")):
        question, _ = asked(condition, told)
        assert settle(question, load_protocol(condition)) == (question, ())


@pytest.mark.parametrize(
    ("told", "contact_min"),
    [("contact 20; ECG 30; STEMI", 30), ("contact -5; STEMI", 0), ("STEMI", 0), ("ECG 7; STEMI", 7), ("contact 5; STEMI", 5)],
)  # fmt: skip
def test_chest_pain_is_counted_from_the_earliest_contact_known(asked, told, contact_min):
    question, _ = asked("chest_pain", told)
    after, _ = settle(question, load_protocol("chest_pain"))
    assert after.first_medical_contact == after.now - timedelta(minutes=contact_min)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", ""),
        ("[]", ""),
        ('{"options": []}', "question"),
        ('{"question": {}, "options": [{"travel_min": 1}]}', "options.0.hospital"),
        ('{"question": {}, "options": [{"hospital": "P", "travel_min": "x"}]}', "options.0.travel_min"),
        ('{"question": {}, "options": [], "note": 1}', "note"),
        (
            '{"question": {}, "options": [{"hospital": "P", "travel_min": 1, "capabilities": {"ct": "ja"}}]}',
            "options.0.capabilities.ct",
        ),
    ],
)
def test_a_case_file_with_a_mistake_is_refused_by_field(text, field):
    with pytest.raises(InvalidRequestError) as caught:
        read_case(text)
    assert caught.value.facts["errors"][0]["field"] == field
