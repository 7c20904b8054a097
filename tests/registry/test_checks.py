"""What is wrong between the rows of a list."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.editions import load_region
from stroke_map.registry import Capability, Hospital, Level, Partner, read_sheet
from stroke_map.registry.cells import Cell
from stroke_map.registry.checks import check_hospitals

if TYPE_CHECKING:
    import random

DAYS = {"valid_from": date(2027, 1, 1), "valid_until": date(2027, 12, 31)}
#: One metre, in degrees of latitude.
METRE = 1 / 111_195


def hospital(id_: str = "a", north_m: float = 0.0, can: str = "", **values) -> Hospital:
    """A hospital so far north of a corner of Chongqing; `can` are words such as `ct ecg=no`."""
    said = dict((*word.split("="), "yes")[:2] for word in can.split())
    capabilities = {name: Capability(status=status) for name, status in said.items()}
    place = {"lat": 29.5 + north_m * METRE, "lon": 106.5}
    return Hospital(**{"id": id_, "name_zh": f"{id_}医院", "capabilities": capabilities} | place | values)


def apart(*hospitals: Hospital) -> list[Hospital]:
    """The same hospitals, a kilometre from one another."""
    return [one.model_copy(update={"lat": one.lat + 0.01 * number}) for number, one in enumerate(hospitals)]


def problems(*hospitals: Hospital, **options) -> list[str]:
    """Severity, id, column and message of every problem."""
    found = check_hospitals(hospitals, **DAYS | options)
    return [
        f"{problem.severity} {problem.value} {problem.column}: {problem.message.partition(': ')[2]}"
        for problem in found
    ]


def capability(name: str, **values) -> dict[str, Capability]:
    return {name: Capability(status="yes", **values)}


def test_a_sound_list_has_no_problem() -> None:
    able = hospital("a", can="thrombectomy thrombolysis ct primary_pci", district="渝中区")
    sent = hospital("b", 60, can="ct", transfer_partners=(Partner(id="a"),), lead_hospital="a", remote_ecg_partner="a")
    assert problems(able, sent, districts=["渝中区"]) == []


@pytest.mark.parametrize(("metres", "count"), [(0, 1), (49.9, 1), (50.1, 0), (-49.9, 1), (-50.1, 0)])
def test_two_sites_within_50_m_are_looked_at_once(metres, count) -> None:
    found = problems(hospital("a"), hospital("b", metres))
    assert found == [f"warning b lat: this site is {abs(metres):.0f} m from a医院 (a)"][:count]


def test_of_several_sites_nearby_the_nearest_is_named() -> None:
    found = problems(hospital("a"), hospital("b", 60), hospital("c", 40))
    assert found == ["warning c lat: this site is 20 m from b医院 (b)"]


def test_sites_on_both_sides_of_the_date_line_may_be_near() -> None:
    east, west = (hospital(id_, lat=0, lon=lon) for id_, lon in (("a", 179.9999), ("b", -179.9999)))
    assert problems(east, west) == ["warning b lat: this site is 22 m from a医院 (a)"]


@pytest.mark.parametrize(
    "name", ["重医附一院 （江南院区）", "重医附一院(江南院区)", "重医附一院江南院区", "重医附一院［江南·院区］"]
)
def test_one_name_twice_is_refused_however_it_is_typed(name) -> None:
    found = problems(*apart(hospital("a", name_zh="重医附一院（江南院区）"), hospital("b", name_zh=name)))
    assert found == ["error b name_zh: is the name of a too, so nobody could tell the two apart"]


def test_names_of_signs_alone_are_not_one_name() -> None:
    assert problems(*apart(hospital("a", name_zh="-"), hospital("b", name_zh="—"))) == []


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        ({"campus": "东院区"}, {"campus": "西院区"}, False),
        ({}, {"campus": "西院区"}, False),
        ({"organisation": "同名医院"}, {"campus": "西院区"}, False),
        ({}, {"organisation": "a", "campus": "西院区"}, False),
        ({"campus": "西院区"}, {"campus": "西 院区"}, True),
        ({"organisation": "甲集团", "campus": "东"}, {"organisation": "乙集团", "campus": "西"}, True),
        ({"organisation": "甲集团", "campus": "东"}, {"campus": "西"}, True),
    ],
)
def test_campuses_of_one_organisation_may_share_its_name(one, other, refused) -> None:
    names = {"name_zh": "同名医院"}
    found = problems(*apart(hospital("a", **names | one), hospital("b", **names | other)))
    assert found == ["error b name_zh: is the name of a too, so nobody could tell the two apart"] * refused


@pytest.mark.parametrize(
    ("can", "expected"),
    [
        ("thrombectomy thrombolysis ct", []),
        ("thrombectomy thrombolysis=no ct", ["error a thrombolysis: thrombectomy without thrombolysis"]),
        ("thrombectomy thrombolysis ct=no", ["error a ct: thrombectomy without CT"]),
        (
            "thrombectomy thrombolysis=no ct=no",
            ["error a thrombolysis: thrombectomy without thrombolysis", "error a ct: thrombectomy without CT"],
        ),
        ("thrombectomy thrombolysis", ["warning a ct: thrombectomy, and nothing is said of CT"]),
        ("thrombectomy=no thrombolysis=no ct=no", []),
        ("thrombolysis ct=no", []),
    ],
)
def test_thrombectomy_needs_thrombolysis_and_ct(can, expected) -> None:
    assert problems(hospital("a", can=can), hospital("b", 60, can="ct thrombolysis")) == expected


def test_a_list_that_says_nothing_of_ct_is_told_so_once() -> None:
    both = [hospital(id_, 60 * n, can="thrombectomy thrombolysis") for n, id_ in enumerate("ab")]
    (found,) = check_hospitals(both, **DAYS)
    assert (found.severity, found.row, found.column, found.value) == ("warning", 0, "ct", "")
    assert found.message == "nothing is said of CT, which thrombectomy needs"
    assert problems(hospital("a", can="thrombolysis"), hospital("b", 60)) == []


@pytest.mark.parametrize(
    ("hours", "fine"),
    [
        ("24/7", True),
        ("全天", True),
        ("Mo-Su 00:00-24:00", True),
        ("Mo-Su 07:00-22:00", False),
        ("Mo-Fr 00:00-24:00", False),
        ("00:00-24:00; 2027 Mar 01-2027 Mar 31 off", False),
    ],
)
def test_primary_pci_is_promised_round_the_clock(hours, fine) -> None:
    found = problems(hospital("a", capabilities=capability("primary_pci", hours=hours)))
    text = "primary PCI without 24/7 hours: outside them answers say to telephone first"
    assert found == ([] if fine else [f"warning a primary_pci_hours: {text}"])
    assert problems(hospital("a", capabilities=capability("thrombolysis", hours=hours))) == []


@pytest.mark.parametrize(
    ("last_day", "expected"),
    [
        (date(2027, 12, 31), None),
        (date(2027, 12, 30), "runs out on 2027-12-30, inside the edition: answers then list it as lapsed (class 2) until 2028-03-29,"),
        (date(2027, 1, 1), "runs out on 2027-01-01, inside the edition: answers then list it as lapsed (class 2) until 2027-04-01,"),
        (date(2026, 12, 31), "ran out on 2026-12-31, before the edition begins on 2027-01-01: answers then list it as lapsed (class 2) until 2027-03-31,"),
        (date(2026, 10, 3), "ran out on 2026-10-03, before the edition begins on 2027-01-01: answers then list it as lapsed (class 2) until 2027-01-01,"),
        (date(2026, 10, 2), "ran out on 2026-10-02, before the edition begins on 2027-01-01: answers then list it"),
        (date.min, "ran out on 0001-01-01, before the edition begins on 2027-01-01: answers then list it"),
    ],
)  # fmt: skip
def test_accreditation_that_ends_too_soon_is_said_with_what_answers_make_of_it(last_day, expected) -> None:
    found = problems(hospital("a", capabilities=capability("thrombolysis", valid_until=last_day)))
    text = f"warning a thrombolysis_valid_until: the accreditation {expected} as unknown (class 4) from there on"
    assert found == ([] if expected is None else [text])
    unable = {"thrombolysis": Capability(status="no", valid_until=last_day)}
    assert problems(hospital("a", capabilities=unable)) == []


def test_the_last_day_of_all_can_be_an_end() -> None:
    days = {"valid_until": date.max, "valid_from": date(9999, 12, 1)}
    found = problems(hospital("a", capabilities=capability("ct", valid_until=date(9999, 12, 30))), **days)
    assert found[0].endswith("as lapsed (class 2) until 9999-12-31, as unknown (class 4) from there on")


def test_without_a_grace_nothing_is_lapsed() -> None:
    found = problems(hospital("a", capabilities=capability("ct", valid_until=date(2027, 6, 30))), grace_days=0)
    assert found[0].endswith("answers then list it as unknown (class 4) from there on")


def test_accreditation_that_begins_after_the_edition_is_said() -> None:
    found = [
        problems(hospital("a", capabilities=capability("ct", valid_from=day)))
        for day in (date(2027, 12, 31), date(2028, 1, 1))
    ]
    text = "the accreditation begins on 2028-01-01, after the edition: answers list it as unknown (class 4)"
    assert found == [[], [f"warning a ct_valid_from: {text}"]]


def test_a_level_that_runs_out_is_said() -> None:
    def found(day: date) -> list[str]:
        return problems(hospital("a", levels={"stroke": Level(scheme="国家", level="高级", valid_until=day)}))

    text = "the level as stroke centre: the accreditation runs out on 2027-12-30, inside the edition; it is still shown"
    assert found(date(2027, 12, 30)) == [f"warning a stroke_level_valid_until: {text}"]
    assert found(date(2027, 12, 31)) == []


@pytest.mark.parametrize(
    ("own", "partners", "expected"),
    [
        ("thrombolysis", "thrombolysis thrombectomy=no ct", []),
        ("thrombolysis", "thrombolysis", ["p医院 (p) is not said to do anything that is not done here"]),
        ("thrombolysis ct", "thrombolysis", ["p医院 (p) is not said to do anything that is not done here"]),
        ("ct", "thrombectomy=unknown", ["p医院 (p) is not said to do anything that is not done here"]),
    ],
)
def test_a_transfer_partner_can_do_more(own, partners, expected) -> None:
    sent = hospital("a", can=own, transfer_partners=(Partner(id="p"),))
    found = problems(sent, hospital("p", 60, can=partners))
    assert found == [f"warning a transfer_partners: {text}" for text in expected]


def test_an_unknown_district_is_said_with_the_nearest_one() -> None:
    districts = ["渝中区", "万州区"]
    found = check_hospitals([hospital("a", district="万州")], **DAYS, districts=districts)
    assert [(one.severity, one.column, one.would_be_right) for one in found] == [("warning", "district", "万州区")]
    (far,) = check_hospitals([hospital("a", district="abc")], **DAYS, districts=districts)
    assert far.would_be_right == "one of the region's 2, such as 渝中区"
    (short,) = check_hospitals([hospital("a", district="石柱县")], **DAYS, districts=["万州区", "石柱土家族自治县"])
    assert short.would_be_right == "石柱土家族自治县"
    assert problems(hospital("a", district="万州区"), hospital("b", 60), districts=districts) == []
    assert problems(hospital("a", district="万州")) == []


def test_problems_name_the_cell_and_the_missing_column_of_the_row() -> None:
    records = {
        "a": {"id": Cell("a", "list.xlsx", 3, "编号", "A3"), "ct": Cell("否", "list.xlsx", 3, "CT", "H3")},
        "b": {"id": Cell("b", "list.xlsx", 4, "编号", "A4")},
    }
    listed = [hospital(id_, 60 * n, can="thrombectomy ct=no thrombolysis=no") for n, id_ in enumerate("bac")]
    found = check_hospitals(listed, **DAYS, records=records)
    assert [(one.sheet, one.row, one.column, one.address, one.value) for one in found] == [
        ("list.xlsx", 4, "thrombolysis", "", ""),
        ("list.xlsx", 4, "ct", "", ""),
        ("list.xlsx", 3, "thrombolysis", "", ""),
        ("list.xlsx", 3, "CT", "H3", "否"),
        ("list.xlsx", 0, "thrombolysis", "", "c"),
        ("list.xlsx", 0, "ct", "", "c"),
    ]
    assert found[3].message == "thrombectomy without CT"
    assert found[5].message == "c医院: thrombectomy without CT"


def test_the_demonstration_city_has_what_a_real_list_would_have_and_no_error(demo_edition) -> None:
    days = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}
    found = check_hospitals(demo_edition.hospitals, **days, districts=load_region("demo").districts)
    assert [(one.severity, one.value, one.column) for one in found] == [
        ("warning", "demo-07", "thrombolysis_valid_until"),
        ("warning", "demo-14", "primary_pci_hours"),
        ("warning", "demo-17", "primary_pci_valid_until"),
    ]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.from_type(Hospital), max_size=5, unique_by=lambda one: one.id), st.randoms(use_true_random=False))
def test_whatever_a_list_holds_is_checked_whatever_its_order(hospitals: list[Hospital], random_: random.Random) -> None:
    """Which of a pair is told of the other hangs on the order; what is said of one hospital alone does not."""

    def alone(listed: list[Hospital]) -> list[str]:
        found = map(str, check_hospitals(listed, **DAYS, districts=["渝中区"]))
        return sorted(text for text in found if not re.search("is the name of|this site is", text))

    shuffled = hospitals.copy()
    random_.shuffle(shuffled)
    assert alone(hospitals) == alone(shuffled)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """A sound list whose hospitals need each other: partners, campuses, and one row alone that speaks of CT."""
    plain = {"crs": "WGS-84", "lon": "106.5", "thrombectomy": "yes", "thrombolysis": "yes"}
    return [
        plain | {"id": "a", "name_zh": "甲医院", "lat": "29.50", "ct": "yes", "campus": "东院"},
        plain | {"id": "b", "name_zh": "乙医院", "lat": "29.51", "transfer_partners": "a:30; c", "lead_hospital": "a"},
        plain | {"id": "c", "name_zh": "丙医院", "lat": "29.52", "remote_ecg_partner": "a", "primary_pci": "yes"},
        plain | {"id": "d", "name_zh": "丁医院", "lat": "29.53", "organisation": "a", "campus": "西院"},
        plain | {"id": "e", "name_zh": "丁医院", "lat": "29.54", "organisation": "甲医院", "campus": "北院"},
    ]


@pytest.mark.parametrize("mistake", ["north", "29.5,106.5,WGS-84,one cell too many", "x" * 200_000])
def test_a_row_with_a_mistake_makes_no_other_row_wrong(rows, tmp_path, mistake) -> None:
    columns = ["id", "name_zh", *sorted({column for row in rows for column in row} - {"id", "name_zh", "lat"}), "lat"]

    def found(wrong: str = "") -> set[str]:
        lines = [
            ",".join(mistake if row["id"] == wrong and c == "lat" else row.get(c, "") for c in columns) for row in rows
        ]
        (tmp_path / "hospitals.csv").write_text("\n".join([",".join(columns), *lines]), encoding="utf-8")
        reading = read_sheet(tmp_path / "hospitals.csv")
        found = check_hospitals(
            reading.hospitals, **DAYS, records=reading.records, complete=not reading.lost_rows
        )  # fmt: skip
        return {str(problem) for problem in (*reading.problems, *found)}

    sound = found()
    assert not any(problem.startswith("error") for problem in sound)
    for number, row in enumerate(rows, start=2):
        assert all(f"row {number}," in problem or f"row {number}:" in problem for problem in found(row["id"]) - sound)


def test_who_names_a_hospital_that_nobody_lists_is_wrong_beside_a_refused_row(tmp_path) -> None:
    header = "id,name_zh,lat,lon,crs,lead_hospital\n"
    text = header + "a,甲医院,north,106.5,WGS-84,\nb,乙医院,29.5,106.5,WGS-84,nobody\n"
    (tmp_path / "hospitals.csv").write_text(text, encoding="utf-8")
    messages = [problem.message for problem in read_sheet(tmp_path / "hospitals.csv").errors]
    assert messages == ["is no number", "names nobody, which no row has"]
