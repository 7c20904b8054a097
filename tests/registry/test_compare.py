"""What is different between two lists of hospitals."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stroke_map.registry import CAPABILITIES, CENTRES, Capability, Contact, Figures, Hospital, Level, Partner
from stroke_map.registry.compare import KINDS, Change, RegistryChanges, compare_hospitals
from stroke_map.registry.told import field_name, told_of

if TYPE_CHECKING:
    import random

METRE = 1 / 111_195
YES, NO = Capability(status="yes"), Capability(status="no")
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
lists = st.lists(st.from_type(Hospital), max_size=4, unique_by=lambda one: one.id)


def hospital(id_: str = "a", **values) -> Hospital:
    return Hospital(**{"id": id_, "name_zh": f"{id_}医院", "lat": 29.5, "lon": 106.5} | values)


def changed(before: dict, after: dict) -> dict[str, list[tuple[str, str, str]]]:
    """Kind -> (field, before, after) of one hospital told in two ways."""
    changes = compare_hospitals([hospital(**before)], [hospital(**after)])
    return {
        kind: [(one.field, one.before, one.after) for one in changes.of_kind(kind)]
        for kind in KINDS
        if changes.of_kind(kind)
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, {}),
        ({}, {"name_zh": "乙医院"}, {"renamed": [("name_zh", "a医院", "乙医院")]}),
        ({"name_zh": "甲(东)"}, {"name_zh": "甲（东）"}, {"other": [("name_zh", "甲(东)", "甲（东）")]}),
        ({"phone": "120"}, {"phone": ""}, {"phone_changed": [("phone", "120", "")]}),
        ({"kind": "unit"}, {}, {"other": [("kind", "unit", "hospital")]}),
        ({}, {"capabilities": {"ct": YES}}, {"capability_gained": [("ct", "unknown", "yes")]}),
        ({"capabilities": {"ct": YES}}, {"capabilities": {"ct": NO}}, {"capability_lost": [("ct", "yes", "no")]}),
        ({"capabilities": {"ct": YES}}, {}, {"capability_lost": [("ct", "yes", "unknown")]}),
        ({"capabilities": {"ct": NO}}, {}, {"other": [("ct", "no", "unknown")]}),
        (
            {"capabilities": {"ct": YES, "ct_angiography": YES}},
            {"capabilities": {"ct_angiography": Capability(status="yes", hours="Mo-Fr 08:00-18:00")}},
            {
                "capability_lost": [("ct", "yes", "unknown")],
                "other": [("ct_angiography_hours", "24/7", "Mo-Fr 08:00-18:00")],
            },
        ),
        (
            {"capabilities": {"thrombolysis": YES}},
            {"capabilities": {"thrombolysis": Capability(status="no", hours="Mo 08:00-09:00", body="学会")}},
            {"capability_lost": [("thrombolysis", "yes", "no")]},
        ),
        (
            {"capabilities": {"thrombolysis": Capability(status="yes", agents=("alteplase",))}},
            {"capabilities": {"thrombolysis": Capability(status="yes", agents=("alteplase", "urokinase"))}},
            {"other": [("thrombolysis_agents", "alteplase", "alteplase; urokinase")]},
        ),
        (
            {"capabilities": {"thrombolysis": Capability(status="yes", valid_until=date(2026, 12, 31))}},
            {"capabilities": {"thrombolysis": Capability(status="yes", valid_until=date(2027, 12, 31))}},
            {"other": [("thrombolysis_valid_until", "2026-12-31", "2027-12-31")]},
        ),
        (
            {"levels": {"stroke": Level(scheme="国家", level="高级")}},
            {"levels": {"stroke": Level(scheme="市级", level="高级")}},
            {"level_changed": [("stroke_level", "国家 高级", "市级 高级")]},
        ),
        (
            {"levels": {"trauma": Level(scheme="国家", level="高级")}, "capabilities": {"trauma": YES}},
            {"levels": {"trauma": Level(scheme="国家", level="高级", body="学会")}},
            {"capability_lost": [("trauma", "yes", "unknown")], "other": [("trauma_level_body", "", "学会")]},
        ),
        ({}, {"levels": {"stroke": Level(scheme="国家", level="高级")}}, {"level_changed": [("stroke_level", "", "国家 高级")]}),
        (
            {"transfer_partners": (Partner(id="b"), Partner(id="c", transfer_delay_min=35))},
            {"transfer_partners": (Partner(id="b", transfer_delay_min=12.5),)},
            {"other": [("transfer_partners", "b; c:35", "b:12.5")]},
        ),
        ({"figures": Figures(year=2025)}, {"figures": Figures(year=2026, pci_cases=3)}, {"other": [("figures", "year 2025", "year 2026, pci_cases 3")]}),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_told_for_what_it_is(before, after, expected) -> None:
    assert changed(before, after) == expected


@pytest.mark.parametrize(
    ("north_m", "kind"), [(0.5, None), (2, "other"), (199, "other"), (201, "moved"), (90_000, "moved")]
)
def test_a_hospital_has_moved_when_it_is_more_than_200_m_away(north_m, kind) -> None:
    changes = compare_hospitals([hospital()], [hospital(lat=29.5 + north_m * METRE)])
    assert [other for other in KINDS if changes.of_kind(other)] == ([kind] if kind else [])
    for change in changes.of_kind(kind) if kind else ():
        assert (change.field, change.before) == ("place", "29.50000, 106.50000")
        assert change.moved_m == pytest.approx(north_m, abs=0.1 + north_m * 1e-4)


@pytest.mark.parametrize(
    ("site_m", "entrance_m", "expected"),
    [
        (0, 250, [("moved", "entrance")]),
        (0, 150, [("other", "entrance")]),
        (100, 150, [("other", "entrance"), ("other", "place")]),
        (100, 250, [("moved", "entrance"), ("other", "place")]),
        (300, 250, [("moved", "place")]),
    ],
)
def test_the_entrance_moves_with_the_site_or_alone(site_m, entrance_m, expected) -> None:
    def at(site: float, entrance: float) -> Hospital:
        return hospital(lat=29.5 + site * METRE, entrance_lat=29.5 + entrance * METRE, entrance_lon=106.501)

    changes = compare_hospitals([at(0, 10)], [at(site_m, entrance_m + 10)])
    assert sorted((kind, one.field) for kind in KINDS for one in changes.of_kind(kind)) == expected


def test_coordinates_in_another_system_move_nobody() -> None:
    assert compare_hospitals([hospital(crs="GCJ-02")], [hospital(crs="WGS-84")]).empty


def test_numbers_of_teams_are_counted_and_never_shown() -> None:
    old = hospital(contacts=(Contact(team="neurology", phone="023-1111"),))
    new = hospital(contacts=(Contact(team="neurology", phone="023-2222"), Contact(team="emergency", phone="023-3333")))
    same = hospital(contacts=(Contact(team="neurology", phone="023-4444"),))
    for other, told in ((new, "emergency 1, neurology 1"), (same, "neurology 1")):
        changes = compare_hospitals([old], [other])
        assert [(one.field, one.before, one.after) for one in changes.other] == [("contacts", "neurology 1", told)]
        assert "023" not in changes.to_json() + changes.describe("zh") + changes.describe("en")


def test_gone_new_and_matched_by_name_and_place() -> None:
    old = [hospital("a"), hospital("b", lat=29.6), hospital("c", name_zh="中医院", name_en="TCM", lat=29.7)]
    new = [hospital("d", lat=29.8), hospital("e", name_zh="中 医院", lat=29.7), hospital("a")]
    changes = compare_hospitals(old, new)
    assert changes.gone == (Change("b", "", "b医院", ""),)
    assert changes.new == (Change("", "d", "d医院", ""),)
    assert changes.matches == {"a": "a", "c": "e"}
    assert [(one.before_id, one.after_id, one.name_zh, one.field) for one in changes.other] == [
        ("c", "e", "中 医院", "id"),
        ("c", "e", "中 医院", "name_en"),
        ("c", "e", "中 医院", "name_zh"),
    ]
    assert not changes.empty


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [(5, 5, False), (5, 6, False), (5, 4, False), (5, 7, True), (5, 3, True), (3, 4, True), (3, 2, True), (0, 1, True), (1, 0, True), (115, 138, False), (115, 139, True), (115, 92, False), (115, 91, True)],
)  # fmt: skip
def test_totals_that_change_by_more_than_a_fifth_are_refused(before, after, refused) -> None:
    def listed(able: int, count: int = 140) -> list[Hospital]:
        can = [{"thrombectomy": YES} if n < able else {} for n in range(count)]
        return [hospital(f"h{n}", lat=20 + 0.1 * n, capabilities=said) for n, said in enumerate(can)]

    by_capability = compare_hospitals(listed(before), listed(after))
    assert by_capability.totals["thrombectomy"] == (before, after)
    assert [(one.code, one.what) for one in by_capability.refusals] == [("total-changed", "thrombectomy")] * refused
    by_hospitals = compare_hospitals(listed(0, before), listed(0, after))
    assert by_hospitals.totals == {"hospitals": (before, after), "units": (0, 0), **dict.fromkeys(CAPABILITIES, (0, 0))}
    assert [(one.what, one.before, one.after) for one in by_hospitals.refusals] == [
        ("hospitals", before, after)
    ] * refused


def test_units_are_a_total_of_their_own() -> None:
    old = [hospital(f"h{n}", lat=20 + 0.1 * n) for n in range(10)]
    new = [*old, *(hospital(f"u{n}", lat=30 + 0.1 * n, kind="unit") for n in range(3))]
    changes = compare_hospitals(old, new)
    assert changes.totals["hospitals"] == (10, 10)
    assert [(one.what, one.before, one.after) for one in changes.refusals] == [("units", 0, 3)]


def test_changes_are_told_in_both_languages() -> None:
    old = [hospital("a", name_en="First", capabilities={"ct": NO}), hospital("b", lat=29.6, phone="120")]
    new = [hospital("a", name_en="First", lat=29.51, capabilities={"ct": YES, "ecg": NO}), hospital("c", lat=29.7)]
    changes = compare_hospitals(old, new)
    assert changes.describe("zh").splitlines() == [
        "CT：0 → 1（+∞），超出 ±20 %，须说明理由",
        "不再列入：1",
        "  b医院（b）",
        "新列入：1",
        "  c医院（c）",
        "位置变动超过 200 米：1",
        "  a医院（a）：位置 29.50000, 106.50000 → 29.51000, 106.50000，相距 1112 米",
        "新增能力：1",
        "  a医院（a）：CT 否 → 是",
        "其他变动：1",
        "  a医院（a）：心电图 未知 → 否",
    ]
    assert changes.describe("en").splitlines()[5:] == [
        "Moved more than 200 m: 1",
        "  First (a): place 29.50000, 106.50000 → 29.51000, 106.50000, 1112 m away",
        "Capability gained: 1",
        "  First (a): CT no → yes",
        "Other changes: 1",
        "  First (a): ECG unknown → no",
    ]
    assert compare_hospitals(new, old).describe("en").startswith("CT: 1 -> 0 (-100 %), outside +-20 %: give a reason\n")
    assert compare_hospitals(old, old).describe("zh") == "没有变动"
    assert compare_hospitals(old, old).describe("en") == "Nothing is different"
    silent = compare_hospitals([hospital(phone="120")], [hospital()])
    assert silent.describe("zh") == "电话变动：1\n  a医院（a）：急诊电话 120 → （无）"
    assert silent.describe("en") == "Phone changed: 1\n  a医院 (a): phone 120 → (none)"


def test_every_field_that_can_change_has_a_name_in_both_languages(demo_hospital) -> None:
    fields = {*told_of(demo_hospital), "place", "entrance", "contacts", "hospitals", "units"}
    names = {lang: {name: field_name(name, lang) for name in fields} for lang in ("zh", "en")}
    for named in names.values():
        assert len(set(named.values())) == len(fields)
    assert not any("_" in name for named in names.values() for name in named.values())
    assert names["zh"]["thrombectomy_valid_until"] == "取栓认证截止日"
    assert names["en"]["ct_angiography_hours"] == "CT angiography hours"
    assert names["zh"]["trauma_level"] == "创伤中心级别"
    assert names["zh"]["trauma"] == "创伤救治"
    assert set(CENTRES) <= {name.removesuffix("_level") for name in fields}


def test_the_json_holds_everything_and_the_refusals() -> None:
    changes = compare_hospitals([hospital()], [hospital(phone="120"), hospital("b", lat=29.6)])
    told = json.loads(changes.to_json())
    assert set(told) == {"matches", "totals", "refusals", *KINDS}
    assert told["new"][0]["after_id"] == "b"
    assert told["phone_changed"][0]["after"] == "120"
    assert told["totals"]["hospitals"] == [1, 2]
    assert told["refusals"] == [{"code": "total-changed", "what": "hospitals", "before": 1, "after": 2}]


def mirrored(changes: RegistryChanges) -> dict[str, set[Change]]:
    """The changes as they are the other way round."""
    twin = {
        "gone": "new",
        "new": "gone",
        "capability_gained": "capability_lost",
        "capability_lost": "capability_gained",
    }
    return {
        twin.get(kind, kind): {
            dataclasses.replace(
                one,
                before_id=one.after_id,
                after_id=one.before_id,
                before=one.after,
                after=one.before,
                name_zh="",
                name_en="",
            )
            for one in changes.of_kind(kind)
        }
        for kind in KINDS
    }


def nameless(changes: RegistryChanges) -> dict[str, set[Change]]:
    return {kind: {dataclasses.replace(one, name_zh="", name_en="") for one in changes.of_kind(kind)} for kind in KINDS}


@st.composite
def two_lists(draw: st.DrawFn) -> tuple[list[Hospital], list[Hospital]]:
    """Two lists that share hospitals: some as they were, some with another id, some with one field of another."""
    before, others = draw(lists), draw(lists)
    after = {one.id: one for one in others}
    for number, one in enumerate(before):
        match draw(st.sampled_from(["same", "renumbered", "edited", "gone"])):
            case "same":
                after[one.id] = one
            case "renumbered":
                after[f"z{number}"] = one.model_copy(update={"id": f"z{number}"})
            case "edited":
                name = draw(
                    st.sampled_from(["name_zh", "phone", "capabilities", "levels", "figures", "contacts", "kind"])
                )
                after[one.id] = one.model_copy(update={name: getattr(draw(st.from_type(Hospital)), name)})
    return before, list(after.values())


@quick
@given(lists, st.randoms(use_true_random=False))
def test_a_list_is_no_different_from_itself_in_any_order(hospitals: list[Hospital], random_: random.Random) -> None:
    shuffled = hospitals.copy()
    random_.shuffle(shuffled)
    changes = compare_hospitals(hospitals, shuffled)
    assert changes.empty
    assert changes.refusals == ()
    assert changes.matches == {one.id: one.id for one in hospitals}


@quick
@given(two_lists())
def test_the_way_back_is_the_mirror_image(both: tuple[list[Hospital], list[Hospital]]) -> None:
    there, back = compare_hospitals(*both), compare_hospitals(*reversed(both))
    assert back.matches == {after: before for before, after in sorted(there.matches.items(), key=lambda pair: pair[1])}
    assert back.totals == {name: (after, before) for name, (before, after) in there.totals.items()}
    assert nameless(back) == mirrored(there)


@quick
@given(two_lists(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(both: tuple[list[Hospital], list[Hospital]], random_: random.Random) -> None:
    shuffled = [one.copy() for one in both]
    for one in shuffled:
        random_.shuffle(one)
    assert compare_hospitals(*shuffled).to_json() == compare_hospitals(*both).to_json()


@quick
@given(st.from_type(Hospital), st.from_type(Hospital))
def test_any_difference_is_told_but_for_the_system_of_coordinates(one: Hospital, other: Hospital) -> None:
    shared = ("id", "name_zh", "lat", "lon", "entrance_lat", "entrance_lon")
    other = other.model_copy(update={name: getattr(one, name) for name in shared})
    changes = compare_hospitals([one], [other])
    assert changes.empty == (other.model_copy(update={"crs": one.crs}) == one)
    assert changes.matches == {one.id: one.id}
