"""`scripts/check_answers.py` in its short form: the demonstration city; and wrong answers of every kind are noticed."""

from __future__ import annotations

import sys
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("scipy", reason="the extra `bench` is not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from answers.comparing import Comparing, differences
from answers.hospitals import is_within
from answers.oracle import Expected

if TYPE_CHECKING:
    from stroke_map.editions import Edition


@pytest.mark.slow
def test_answers_are_those_of_an_oracle_that_shares_no_code(demo_edition: Edition) -> None:
    compared = Comparing(demo_edition, seed=1, per_scene=25).run(75, lambda _share: None)
    assert compared.questions + compared.ambiguous == 75
    assert compared.by_class["class 1"]
    assert compared.detoured
    assert compared.by_error
    assert compared.networkx_trees


TOLD: dict[str, Any] = {
    "period": "all",
    "hospitals": [{"id": "a", "class": 1, "travel_time_s": 61.5}, {"id": "b", "class": 2, "travel_time_s": 70.0}],
    "besides": {"telephone_first": [{"id": "c"}], "unknown": []},
    "origin": {"snapped": {"distance_m": 12.3}},
    "warnings": [{"code": "demo-data"}],
}
RIGHT = Expected(
    hospitals=[("a", 1, 61.5), ("b", 2, 70.0)],
    besides={"telephone_first": ["c"], "unknown": []},
    snapped_m={12.3},
    period="all",
    codes={"demo-data"},
)


def _wrong(change: Any) -> dict[str, Any]:
    told = deepcopy(TOLD)
    change(told)
    return told


def test_what_is_right_differs_in_nothing() -> None:
    assert differences(TOLD, RIGHT) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["hospitals"].reverse(),
        lambda told: told["hospitals"].pop(),
        lambda told: told["hospitals"][0].update(travel_time_s=61.6),
        lambda told: told["hospitals"][0].update({"class": 3}),
        lambda told: told["besides"]["telephone_first"].clear(),
        lambda told: told["warnings"].clear(),
        lambda told: told["origin"]["snapped"].update(distance_m=12.4),
        lambda told: told.update(period="peak"),
        lambda told: told.update(error="NoRouteError", fallback=[]),
    ],
)
def test_a_wrong_answer_is_noticed(change: Any) -> None:
    assert differences(_wrong(change), RIGHT)


def test_an_error_must_be_the_right_one_with_the_right_hospitals() -> None:
    right = Expected(error="OffNetworkError", fallback=[("a", 500)])
    assert differences({"error": "OffNetworkError", "fallback": [{"id": "a", "straight_line_m": 500}]}, right) == []
    assert differences({"error": "OffNetworkError", "fallback": [{"id": "a", "straight_line_m": 501}]}, right)
    assert differences({"error": "NoRouteError", "fallback": [{"id": "a", "straight_line_m": 500}]}, right)
    assert differences(TOLD, right)


@pytest.mark.parametrize(
    ("hours", "moment", "within"),
    [
        ("24/7", "2026-06-01T03:00", True),
        ("Mo-Fr 08:00-17:30", "2026-06-01T08:00", True),  # a Monday
        ("Mo-Fr 08:00-17:30", "2026-06-01T17:30", False),
        ("Mo-Fr 08:00-17:30", "2026-06-06T12:00", False),
        ("Fr-Mo 18:30-07:15", "2026-06-02T07:14", True),
        ("Fr-Mo 18:30-07:15", "2026-06-03T07:14", False),
        ("We 00:00-24:00", "2026-06-03T23:59", True),
    ],
)
def test_the_oracle_reads_hours(hours: str, moment: str, *, within: bool) -> None:
    assert is_within(hours, datetime.fromisoformat(moment)) is within
