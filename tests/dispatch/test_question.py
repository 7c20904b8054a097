"""What may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stroke_map.dispatch import CONDITIONS, NEEDS, Question, check_need
from stroke_map.errors import InvalidRequestError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PLAIN = Question(lat=29.55, lon=106.55, at=NOW, asked_at=NOW)


@pytest.mark.parametrize(
    ("condition", "need", "capabilities"),
    [
        ("stroke", None, ("thrombolysis",)),
        ("stroke", "thrombolysis", ("thrombolysis",)),
        ("stroke", "thrombectomy", ("thrombectomy",)),
        ("stroke", "ct", ("ct",)),
        ("chest_pain", None, ("primary_pci", "fibrinolysis")),
        ("chest_pain", "primary_pci", ("primary_pci",)),
        ("chest_pain", "fibrinolysis", ("fibrinolysis",)),
        ("chest_pain", "cardiac_surgery", ("cardiac_surgery",)),
        ("chest_pain", "ct", ("ct",)),
    ],
)
def test_what_a_question_needs(condition, need, capabilities) -> None:
    assert check_need(condition, need) == capabilities


@pytest.mark.parametrize(
    ("condition", "need", "field"),
    [
        ("", None, "condition"),
        ("Stroke", None, "condition"),
        ("trauma", "ct", "condition"),
        ("stroke", "", "need"),
        ("stroke", "neurosurgery", "need"),
        ("stroke", "primary_pci", "need"),
        ("stroke", "fibrinolysis", "need"),
        ("stroke", "cardiac_surgery", "need"),
        ("chest_pain", "thrombolysis", "need"),
        ("chest_pain", "thrombectomy", "need"),
        ("stroke", "a patient's name", "need"),
    ],
)
def test_what_makes_no_sense_is_named_without_repeating_it(condition, need, field) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        check_need(condition, need)
    (mistake,) = raised.value.facts["errors"]
    assert mistake["field"] == field
    assert mistake["example"] in (*CONDITIONS, *NEEDS)
    assert "patient" not in str(raised.value)


def test_every_need_goes_with_a_condition() -> None:
    for need in NEEDS:
        answers = []
        for condition in CONDITIONS:
            try:
                answers.append(check_need(condition, need))
            except InvalidRequestError:
                continue
        assert set(answers) == {(need,)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lat", 90.001), ("lat", -91.0), ("lat", 106.55), ("lat", float("nan")), ("lat", float("inf")),
        ("lon", 180.001), ("lon", float("nan")), ("lon", float("-inf")),
        ("at", datetime(2026, 6, 1)),  # noqa: DTZ001  (what is refused)
        ("limit", 0), ("limit", -1),
    ],
)  # fmt: skip
def test_a_question_is_checked_when_it_is_made(field, value) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        replace(PLAIN, **{field: value})
    assert [mistake["field"] for mistake in raised.value.facts["errors"]] == [field]
    assert str(value) not in str(raised.value)


@pytest.mark.parametrize(("lat", "lon"), [(90, 180), (-90, -180), (0.0, -0.0)])
def test_the_ends_of_the_earth_may_be_asked_about(lat, lon) -> None:
    assert replace(PLAIN, lat=lat, lon=lon).lat == lat
