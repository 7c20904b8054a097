"""What a hospital may and may not be."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from stroke_map.registry import CAPABILITIES, CENTRES, Capability, Contact, Figures, Hospital, Level, Partner

PLACE = {"id": "a", "name_zh": "甲", "lat": 29.5, "lon": 106.5}


def test_what_nobody_said_is_unknown_and_stands_for_every_capability() -> None:
    hospital = Hospital(**PLACE, capabilities={"ct": Capability(status="no")})
    assert tuple(hospital.capabilities) == CAPABILITIES
    assert hospital.capabilities["ct"].status == "no"
    assert {c.status for name, c in hospital.capabilities.items() if name != "ct"} == {"unknown"}


def test_levels_and_contacts_stand_in_one_order_however_they_are_given() -> None:
    graded = Level(scheme="s", level="l")
    calls = [("cath_lab", "1201"), ("emergency", "1209"), ("emergency", "1202"), ("radiology", "1203")]
    hospital = Hospital(
        **PLACE,
        levels=dict.fromkeys(reversed(CENTRES), graded),
        contacts=tuple(Contact(team=team, phone=phone) for team, phone in calls),
    )
    assert list(hospital.levels) == list(CENTRES)
    assert [contact.phone for contact in hospital.contacts] == ["1209", "1202", "1203", "1201"]


def test_minutes_are_kept_to_six_seconds() -> None:
    assert Figures(door_to_needle_min=38.04).door_to_needle_min == 38.0
    assert Partner(id="b", transfer_delay_min=-0.0).transfer_delay_min == 0


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
        ({"levels": {"magic": Level(scheme="a", level="b")}}, "unknown kind of centre 'magic'"),
        ({"lead_hospital": "a b"}, "an id has 1 to 64"),
        ({"lead_hospital": "a"}, "no partner and no lead hospital of itself"),
        ({"remote_ecg_partner": "a"}, "no partner and no lead hospital of itself"),
        ({"transfer_partners": (Partner(id="a"),)}, "no partner and no lead hospital of itself"),
        ({"transfer_partners": (Partner(id="b"), Partner(id="b", transfer_delay_min=5))}, "is there twice"),
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


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Partner, {"id": ""}),
        (Partner, {"id": "b", "transfer_delay_min": -1}),
        (Partner, {"id": "b", "transfer_delay_min": float("nan")}),
        (Contact, {"team": "kitchen", "phone": "120"}),
        (Contact, {"team": "emergency", "phone": "ask"}),
        (Contact, {"team": "emergency", "phone": "120; 110"}),
        (Figures, {"year": 25}),
        (Figures, {"pci_cases": -1}),
        (Figures, {"door_to_wire_min": 0}),
        (Figures, {"door_to_wire_min": float("inf")}),
        (Level, {"scheme": "s", "level": " "}),
    ],
)
def test_what_stands_around_a_hospital_makes_sense_too(model: type, values: dict) -> None:
    with pytest.raises(ValidationError):
        model(**values)
