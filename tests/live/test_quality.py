"""What is measured of a case."""

from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.live.quality import Alerted, Facts, marks_of

T0 = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def after(seconds):
    return T0 + timedelta(seconds=seconds)


def facts(**more):
    return Facts(**{"month": "2026-05", "condition": "stroke", "hospital_id": "a"} | more)


def measured(found):
    """Measure and value of each mark, those of the case's own hospital."""
    return {mark.measure: mark.value for mark in marks_of(found) if mark.hospital_id == "a"}


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (60, 1), (3600, 60), (3601, 61)])
def test_a_begun_minute_counts_whole_so_that_within_60_minutes_is_exact(seconds, minutes):
    assert measured(facts(timeline={"door": T0, "needle": after(seconds)}))["door_to_needle"] == minutes


def test_a_time_that_would_be_negative_is_none_and_the_treatment_counts_all_the_same():
    found = measured(facts(timeline={"door": T0, "needle": after(-1)}))
    assert "door_to_needle" not in found
    assert found.keys() == {"cases", "delivered", "delivered_unsaid", "needle"}


@pytest.mark.parametrize(
    ("capable", "marks"),
    [(True, {"delivered", "delivered_capable"}), (False, {"delivered"}), (None, {"delivered", "delivered_unsaid"})],
)
def test_who_was_brought_where_counts_from_the_door_on(capable, marks):
    assert measured(facts(capable=capable)).keys() == {"cases"}
    assert measured(facts(capable=capable, timeline={"door": T0})).keys() == {"cases", *marks}


def test_what_an_alert_says_is_of_the_hospital_that_was_alerted():
    teams = ("emergency", "radiology")
    first = Alerted(hospital_id="b", created_at=T0, teams=teams, acknowledged={"radiology": after(30.2)}, diverted=True)
    answered = {"emergency": after(90), "radiology": after(20)}
    second = Alerted(hospital_id="a", created_at=T0, teams=teams, acknowledged=answered)
    marks = set(marks_of(facts(overridden=True, alerts=(first, second))))
    assert {(mark.hospital_id, mark.measure, mark.value) for mark in marks} == {
        ("a", "cases", 0), ("a", "overridden", 0), ("a", "diverted", 0),
        ("b", "alerts", 0), ("b", "diversions", 0), ("b", "first_acknowledged", 31),
        ("a", "alerts", 0), ("a", "first_acknowledged", 20), ("a", "all_acknowledged", 90),
    }  # fmt: skip


def test_nobody_answers_before_being_asked_and_an_alert_without_teams_is_never_acknowledged():
    early = Alerted(hospital_id="a", created_at=T0, teams=("emergency",), acknowledged={"emergency": after(-5)})
    assert measured(facts(alerts=(early,)))["all_acknowledged"] == 0
    assert "all_acknowledged" not in measured(facts(alerts=(Alerted(hospital_id="a", created_at=T0, teams=()),)))
