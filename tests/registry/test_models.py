"""What a hospital may and may not be."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from stroke_map.registry import CAPABILITIES, Capability, Hospital

PLACE = {"id": "a", "name_zh": "甲", "lat": 29.5, "lon": 106.5}


def test_what_nobody_said_is_unknown_and_stands_for_every_capability() -> None:
    hospital = Hospital(**PLACE, capabilities={"ct": Capability(status="no")})
    assert tuple(hospital.capabilities) == CAPABILITIES
    assert hospital.capabilities["ct"].status == "no"
    assert {c.status for name, c in hospital.capabilities.items() if name != "ct"} == {"unknown"}


def test_the_entrance_is_the_site_unless_given() -> None:
    hospital = Hospital(**PLACE)
    assert (hospital.entrance_lat, hospital.entrance_lon) == (29.5, 106.5)


def test_a_hospital_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Hospital(**PLACE).phone = "120"


def test_texts_lose_direction_marks_and_needless_space() -> None:
    assert Hospital(**PLACE | {"name_zh": " \u202e甲\n 乙\u200f "}).name_zh == "甲 乙"


def test_places_are_kept_to_a_centimetre() -> None:
    hospital = Hospital(**PLACE | {"lat": 29.55740000020053, "lon": -0.00000001})
    assert (str(hospital.lat), str(hospital.lon)) == ("29.5574", "0.0")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ""}, "an id has 1 to 64"),
        ({"id": "a/b"}, "an id has 1 to 64"),
        ({"id": "a" * 65}, "an id has 1 to 64"),
        ({"name_zh": " "}, "at least 1"),
        ({"name_zh": "a\0"}, "control characters"),
        ({"name_zh": "\ud800"}, "control characters"),
        ({"address": "x" * 501}, "at most 500"),
        ({"lat": 90.1}, "less than or equal to 90"),
        ({"lon": float("nan")}, "finite"),
        ({"crs": "GCJ02"}, "WGS-84, GCJ-02, BD-09"),
        ({"kind": "clinic"}, "'hospital' or 'unit'"),
        ({"capabilities": {"magic": Capability()}}, "unknown capability 'magic'"),
        ({"capabilities": {"ct": Capability(agents=("alteplase",))}}, "agents belong to thrombolysis"),
        ({"nickname": "b"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(change: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Hospital(**PLACE | change)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"status": "maybe"}, "'yes', 'no' or 'unknown'"),
        ({"hours": "sometimes"}, "give 24/7"),
        ({"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 31)}, "valid_until is before valid_from"),
        ({"agents": ("aspirin",)}, "alteplase"),
    ],
)
def test_a_capability_that_makes_no_sense_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Capability(**values)
