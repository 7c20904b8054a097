"""Into which class a hospital falls, to the second."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from stroke_map.dispatch.classes import CLOSED, LAPSED, NEVER, UNKNOWN, VALID, capability_table, classify, end_of_day_s
from stroke_map.registry import Capability, Hospital

SHANGHAI = ZoneInfo("Asia/Shanghai")
GRACE_S = 90 * 86_400.0
TO_JUNE = {"status": "yes", "valid_until": date(2026, 6, 30)}
FROM_MARCH = {"status": "yes", "valid_from": date(2026, 3, 1)}
OFFICE = {"status": "yes", "hours": "Mo-Fr 08:00-18:00"}
NIGHT = {"status": "yes", "hours": "20:00-02:00"}


def hospital(**said: dict) -> Hospital:
    able = {name: Capability(**one) for name, one in said.items()}
    return Hospital(id="h", name_zh="h", lat=29.5, lon=106.5, capabilities=able)


def class_at(at: str, *needs: str, zone=SHANGHAI, out_of_date=False, **said: dict) -> int:
    tables = [capability_table([hospital(**said)], need, zone) for need in needs or said]
    arrival_s = np.array([datetime.fromisoformat(at).timestamp()])
    (found,) = classify(tables, arrival_s, zone=zone, grace_s=GRACE_S, out_of_date=out_of_date)
    return int(found)


@pytest.mark.parametrize(
    ("said", "at", "expected"),
    [
        ({"status": "yes"}, "2026-06-01T12:00:00+08:00", VALID),
        ({"status": "no"}, "2026-06-01T12:00:00+08:00", NEVER),
        ({"status": "no", "hours": "24/7", "valid_until": date(2030, 1, 1)}, "2026-06-01T12:00:00+08:00", NEVER),
        ({"status": "unknown"}, "2026-06-01T12:00:00+08:00", UNKNOWN),
        ({"status": "unknown", "hours": "Mo 08:00-09:00"}, "2026-06-01T12:00:00+08:00", UNKNOWN),
        # The last day counts to its end, in the edition's timezone.
        (TO_JUNE, "2026-06-30T23:59:59+08:00", VALID),
        (TO_JUNE, "2026-06-30T15:59:59+00:00", VALID),
        (TO_JUNE, "2026-06-30T16:00:00+00:00", LAPSED),
        (TO_JUNE, "2026-07-01T00:00:00+08:00", LAPSED),
        # Ninety days of grace from then.
        (TO_JUNE, "2026-09-28T23:59:59+08:00", LAPSED),
        (TO_JUNE, "2026-09-29T00:00:00+08:00", UNKNOWN),
        (TO_JUNE, "2031-01-01T00:00:00+08:00", UNKNOWN),
        (FROM_MARCH, "2026-02-28T23:59:59+08:00", UNKNOWN),
        (FROM_MARCH, "2026-03-01T00:00:00+08:00", VALID),
        ({"status": "yes", "valid_until": date.max}, "2099-12-31T23:59:59+08:00", VALID),
        ({"status": "yes", "valid_from": date.min}, "2026-06-01T12:00:00+08:00", VALID),
        # 2026-06-01 is a Monday.
        (OFFICE, "2026-06-01T07:59:59+08:00", CLOSED),
        (OFFICE, "2026-06-01T08:00:00+08:00", VALID),
        (OFFICE, "2026-06-01T17:59:59+08:00", VALID),
        (OFFICE, "2026-06-01T18:00:00+08:00", CLOSED),
        (OFFICE, "2026-06-01T09:59:59+00:00", VALID),
        (OFFICE, "2026-06-06T12:00:00+08:00", CLOSED),
        (NIGHT, "2026-06-01T01:59:59+08:00", VALID),
        (NIGHT, "2026-06-01T02:00:00+08:00", CLOSED),
        (NIGHT, "2026-06-01T23:00:00+08:00", VALID),
        (TO_JUNE | OFFICE, "2026-07-01T12:00:00+08:00", LAPSED),
        (TO_JUNE | OFFICE, "2026-07-01T19:00:00+08:00", CLOSED),
        (TO_JUNE | OFFICE, "2026-12-01T19:00:00+08:00", UNKNOWN),
        (FROM_MARCH | OFFICE, "2026-02-02T19:00:00+08:00", UNKNOWN),
    ],
)
def test_the_class_at_a_moment(said, at, expected) -> None:
    assert class_at(at, thrombolysis=said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"status": "yes"}, LAPSED),
        (TO_JUNE, LAPSED),
        ({"status": "yes", "hours": "Su"}, CLOSED),
        ({"status": "unknown"}, UNKNOWN),
        ({"status": "no"}, NEVER),
    ],
)
def test_an_edition_past_its_end_vouches_for_nobody(said, expected) -> None:
    assert class_at("2026-06-01T12:00:00+08:00", thrombolysis=said, out_of_date=True) == expected


@pytest.mark.parametrize(
    ("primary_pci", "fibrinolysis", "expected"),
    [
        ({"status": "no"}, {"status": "yes"}, VALID),
        ({"status": "yes"}, {"status": "no"}, VALID),
        ({"status": "yes", "hours": "Su"}, {"status": "unknown"}, CLOSED),
        ({"status": "yes", "hours": "Su"}, {"status": "yes", "valid_until": date(2026, 5, 1)}, LAPSED),
        ({"status": "unknown"}, {"status": "no"}, UNKNOWN),
        ({"status": "no"}, {"status": "no"}, NEVER),
    ],
)
def test_of_several_needs_the_best_class_counts(primary_pci, fibrinolysis, expected) -> None:
    found = class_at("2026-06-01T12:00:00+08:00", primary_pci=primary_pci, fibrinolysis=fibrinolysis)
    assert found == expected


def test_hours_are_those_of_the_place_in_summer_and_winter() -> None:
    """Malta keeps summer time: 18:00 there is 16:00 UTC in June and 17:00 UTC in January."""
    malta = ZoneInfo("Europe/Malta")
    for at, expected in [
        ("2026-06-01T15:59:59+00:00", VALID),
        ("2026-06-01T16:00:00+00:00", CLOSED),
        ("2026-01-05T16:59:59+00:00", VALID),
        ("2026-01-05T17:00:00+00:00", CLOSED),
    ]:
        assert class_at(at, zone=malta, thrombolysis=OFFICE) == expected


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 12, 31), "2026-12-31T16:00:00+00:00"),
        (date(2028, 2, 28), "2028-02-28T16:00:00+00:00"),
        (date(9999, 12, 30), "9999-12-30T16:00:00+00:00"),
    ],
)
def test_a_day_ends_at_midnight_of_its_place(day, end) -> None:
    assert end_of_day_s(day, SHANGHAI) == datetime.fromisoformat(end).timestamp()


def test_the_last_day_there_is_never_ends() -> None:
    assert end_of_day_s(date.max, SHANGHAI) == np.inf


def test_each_hospital_is_judged_at_its_own_arrival() -> None:
    both = [hospital(thrombolysis=OFFICE), hospital(thrombolysis=OFFICE)]
    arrival_s = np.array(
        [datetime.fromisoformat(f"2026-06-01T{t}+08:00").timestamp() for t in ("17:59:59", "18:00:00")]
    )
    table = capability_table(both, "thrombolysis", SHANGHAI)
    found = classify([table], arrival_s, zone=SHANGHAI, grace_s=GRACE_S, out_of_date=False)
    assert found.tolist() == [VALID, CLOSED]


def test_no_hospital_is_in_no_class() -> None:
    table = capability_table([], "ct", SHANGHAI)
    assert len(classify([table], np.empty(0), zone=SHANGHAI, grace_s=GRACE_S, out_of_date=False)) == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"status": "yes"}, VALID),
        (TO_JUNE, LAPSED),
        ({"status": "yes", "hours": "Su"}, CLOSED),
        ({"status": "unknown"}, NEVER),
        ({"status": "no"}, NEVER),
        # Not accredited yet, or no longer for long: nobody vouches for it any more.
        ({"status": "yes", "valid_from": date(2027, 1, 1)}, NEVER),
        ({"status": "yes", "valid_until": date(2025, 1, 1)}, NEVER),
    ],
)
def test_a_unit_is_no_destination_unless_somebody_vouches_for_it(said, expected) -> None:
    unit = hospital(thrombolysis=said).model_copy(update={"kind": "unit"})
    table = capability_table([hospital(thrombolysis={"status": "unknown"}), unit], "thrombolysis", SHANGHAI)
    arrival_s = np.full(2, datetime.fromisoformat("2026-07-01T12:00:00+08:00").timestamp())
    found = classify([table], arrival_s, zone=SHANGHAI, grace_s=GRACE_S, out_of_date=False)
    assert found.tolist() == [UNKNOWN, expected]
