"""What hospitals say of themselves in whole answers: at the time of arrival, never for the better, and gone when cleared."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stroke_map.dispatch import Question, answer, prepare
from stroke_map.dispatch.choose import Asked, find_begin
from stroke_map.dispatch.patient import options, reach
from stroke_map.dispatch.statuses import Statuses
from stroke_map.errors import NoCapableHospitalError
from stroke_map.live import Closure, HospitalStatus, LiveState
from stroke_map.live.statuses import CLOCK_SKEW, TROUBLES, UNCONFIRMED_FOR
from stroke_map.protocols import read_question
from stroke_map.web.models import Answer

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture(scope="module")
def centres(make_town, write_osm, place_of):
    """A street of 10 km: at 1 km `near`, at 2 km `full-service`, at 3 km `needle`, at 9 km `far`; `cannot` is the very first."""
    able = ("thrombolysis", "thrombectomy", "primary_pci", "fibrinolysis", "ct", "ct_angiography")
    can = {
        "cannot": (),
        "near": able,
        "full-service": able,
        "needle": ("thrombolysis", "fibrinolysis", "ct", "ct_angiography"),
        "far": able,
    }
    rows = []
    for (name, capabilities), kilometre in zip(can.items(), (0.5, 1, 2, 3, 9), strict=True):
        lat, lon = place_of(1000 * kilometre, 10)
        said = {capability: "yes" if capability in capabilities else "no" for capability in able}
        rows.append(
            {"id": name, "lat": lat, "lon": lon, "phone": f"023-0000 00{int(10 * kilometre):02}", "emergency": "yes"}
            | said
        )
    osm = write_osm({"w": (0, 0), "e": (10_000, 0)}, [("we", {"highway": "residential", "name": "长街"})])
    return make_town(osm, rows)


@pytest.fixture
def said(monday_noon):
    """`said("near", "full", ...)`: a status of a hospital, from a minute before noon for four hours."""

    def make(hospital, kind, *, begins=monday_noon - timedelta(minutes=1), until=monday_noon + 4 * HOUR, **more):
        return HospitalStatus(
            id=1,
            hospital_id=hospital,
            kind=kind,
            until=until,
            reason="no power",
            author="X 7",
            created_at=begins,
            **more,
        )

    return make


@pytest.fixture
def ask_with(plain_settings, monday_noon, place_of):
    """The answer of an edition to a question from the west end of the street, with these statuses."""

    def ask(edition, *statuses, at=monday_noon, patient=None, condition="stroke", metres=10, **question):
        live = LiveState(as_of=at, stale=False, version=1, closures=(), statuses=statuses)
        told = patient and read_question(patient | {"condition": condition, "now": at, "departure_min": 0})
        lat, lon = place_of(metres, 0)
        asked = Question(lat=lat, lon=lon, at=at, asked_at=at, condition=condition, patient=told, **question)
        found = answer(edition, asked, plain_settings, live)
        found["hospitals"][0]["geometry"]["coordinates"] = found["hospitals"][0]["geometry"]["coordinates"].tolist()
        Answer.model_validate(found)
        return found

    return ask


def listed(found):
    return [(hospital["id"], hospital["class"]) for hospital in found["hospitals"]]


def seen(found):
    return [(status["hospital"], status["kind"]) for status in found["statuses_seen"]]


def hospital(found, name):
    (one,) = [hospital for hospital in found["hospitals"] if hospital["id"] == name]
    return one


def codes(found):
    return [warning["code"] for warning in found["warnings"]]


def test_without_a_status_nothing_is_said(centres, ask_with):
    found = ask_with(centres, profile="ambulance")
    assert listed(found) == [("near", 1), ("full-service", 1), ("needle", 1)]
    assert found["statuses_seen"] == []
    assert {tuple(h["statuses"]) for h in found["hospitals"]} == {()}


@pytest.mark.parametrize("kind", ["diversion", "full"])
def test_one_that_is_diverted_or_full_is_telephoned_first(centres, ask_with, said, kind):
    found = ask_with(centres, said("near", kind), profile="ambulance")
    assert listed(found) == [("full-service", 1), ("needle", 1), ("far", 1)]
    (beside,) = found["besides"]["telephone_first"]
    assert (beside["id"], beside["class"], beside["statuses"][0]["kind"]) == ("near", 3, kind)
    (status,) = found["statuses_seen"]
    assert (status["hospital"], status["kind"], status["reason"], status["author"]) == ("near", kind, "no power", "X 7")
    assert (status["phone"], status["travel_time_s"]) == (beside["phone"], beside["travel_time_s"])
    assert "06-01 16:00" in status["text"]["zh"]
    assert "06-01 16:00" in status["text"]["en"]


@pytest.mark.parametrize(
    ("kind", "need", "condition", "first"),
    [
        ("ct_down", "thrombolysis", "stroke", "full-service"),
        ("ct_down", "thrombectomy", "stroke", "full-service"),
        ("ct_down", "ct", "stroke", "full-service"),
        ("ct_down", "primary_pci", "chest_pain", "near"),
        ("ct_down", None, "chest_pain", "near"),
        ("cath_lab_down", "thrombolysis", "stroke", "near"),
        ("cath_lab_down", "thrombectomy", "stroke", "full-service"),
        ("cath_lab_down", "primary_pci", "chest_pain", "full-service"),
        ("cath_lab_down", None, "chest_pain", "near"),
    ],
)
def test_what_is_down_takes_away_what_needs_it(centres, ask_with, said, *, kind, need, condition, first):
    found = ask_with(centres, said("near", kind), need=need, condition=condition, profile="ambulance")
    assert found["hospitals"][0]["id"] == first
    named = {h["id"] for h in found["hospitals"]} | {h["id"] for part in found["besides"].values() for h in part}
    assert ("near" in named) == (first == "near")
    # Of a hospital that can still give the drug it is said all the same that it cannot do PCI.
    assert (("near", kind) in seen(found)) == (first != "near" or (kind, need) == ("cath_lab_down", None))
    if first == "near":
        assert [status["kind"] for status in found["hospitals"][0]["statuses"]] == [kind]


def test_several_of_one_hospital_count_together(centres, ask_with, said):
    found = ask_with(centres, said("near", "full"), said("near", "ct_down"), profile="ambulance")
    assert found["hospitals"][0]["id"] == "full-service"
    assert found["besides"]["telephone_first"] == []
    assert seen(found) == [("near", "full"), ("near", "ct_down")]


def test_it_counts_at_the_time_of_arrival_to_the_second(centres, ask_with, said, monday_noon):
    blink = timedelta(milliseconds=100)  # to which an answer's times are rounded; stored times are coarser
    for metres in range(10, 500, 60):
        arrives = monday_noon + timedelta(seconds=ask_with(centres, metres=metres)["hospitals"][0]["travel_time_s"])
        assert arrives - monday_noon > timedelta(seconds=30)
        over = ask_with(centres, said("near", "full", until=arrives - blink), metres=metres)
        assert (listed(over)[0], over["statuses_seen"]) == (("near", 1), [])
        holds = ask_with(centres, said("near", "full", until=arrives + blink), metres=metres)
        assert listed(holds)[0] == ("full-service", 1)
    arrives = monday_noon + timedelta(seconds=ask_with(centres)["hospitals"][0]["travel_time_s"])
    early = arrives - CLOCK_SKEW
    begins = ask_with(centres, said("near", "full", begins=arrives + CLOCK_SKEW + SECOND))
    assert listed(begins)[0] == ("near", 1)
    assert listed(ask_with(centres, said("near", "full", begins=early)))[0] == ("full-service", 1)


@pytest.fixture(scope="module")
def gated(make_town, write_osm, place_of):
    """`behind` lies behind a street for residents only, which puts it behind `free` in order but takes no time."""
    street = {"highway": "residential"}
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (1200, 0), "d": (2000, 0), "w": (-9000, 0)}
    ways = [("ab", street), ("bc", street | {"motor_vehicle": "destination"}), ("cd", street), ("wa", street)]
    rows = []
    for name, x in (("behind", 1900), ("free", -8000)):
        lat, lon = place_of(x, 5)
        rows.append({"id": name, "thrombolysis": "yes", "lat": lat, "lon": lon})
    return make_town(write_osm(nodes, ways), rows)


def test_a_deterrent_does_not_put_off_the_arrival(gated, ask_with, said, monday_noon):
    """Full for six minutes, four minutes' drive: full, although its place in the order is that of a longer one."""
    until = monday_noon + timedelta(minutes=6)
    assert listed(ask_with(gated)) == [("free", 1), ("behind", 1)]
    assert listed(ask_with(gated, said("behind", "full", until=until))) == [("free", 1)]


def test_what_does_not_matter_here_is_not_given_as_a_reason(centres, ask_with, said):
    both = [
        said(name, kind) for name in ("near", "full-service", "needle", "far") for kind in ("full", "cath_lab_down")
    ]
    found = ask_with(centres, *both, profile="ambulance")
    assert seen(found) == [("near", "full"), ("full-service", "full"), ("needle", "full")]
    assert "cath lab" not in found["hospitals"][1]["why_not_first"]["en"]
    assert [status["kind"] for status in found["hospitals"][1]["statuses"]] == ["full", "cath_lab_down"]


def test_one_beyond_the_last_is_seen_only_where_it_would_have_been_listed(centres, ask_with, said):
    assert seen(ask_with(centres, said("far", "full"), limit=3)) == []
    assert seen(ask_with(centres, said("far", "full"), limit=4)) == [("far", "full")]


def test_one_beyond_a_slow_road_is_seen_where_its_drive_puts_it(
    make_town, write_osm, place_of, plain_settings, *, said, monday_noon
):
    """As the road usually is `near` would come first; as it is now it comes last."""
    nodes = {"w": (-3000, 0), "a": (-100, 0), "b": (100, 0), "e": (9000, 0)}
    rows = []
    for name, x in (("near", -1000), ("other", 2000), ("third", 3000)):
        lat, lon = place_of(x, 5)
        rows.append({"id": name, "lat": lat, "lon": lon, "thrombolysis": "yes"})
    osm = write_osm(nodes, [(way, {"highway": "residential"}) for way in ("wa", "ab", "be")])
    town = make_town(osm, rows, profiles=("car",))
    known = {"begins": monday_noon - HOUR, "created_at": monday_noon - HOUR, "reason": "x", "author": "x"}
    slow = Closure(id=1, ways=(1,), kind="slow", factor=9.0, **known)
    full = [said(name, "full") for name in ("near", "other")]
    (lat, lon), at = place_of(0, 0), monday_noon
    for limit, expected in ((1, ["other"]), (2, ["other", "near"])):
        question = Question(lat=lat, lon=lon, at=at, asked_at=at, limit=limit)
        found = answer(town, question, plain_settings, LiveState(at, False, 1, (slow,), tuple(full)))
        assert [status["hospital"] for status in found["statuses_seen"]] == expected


def test_the_protocol_is_told_of_a_hospital_as_a_whole_and_of_those_to_send_on_to(
    centres, plain_settings, said, monday_noon, place_of
):
    """`needle` sends on for thrombectomy; who is full then, is not where to."""

    def told(*statuses):
        live = LiveState(as_of=monday_noon, stale=False, version=1, closures=(), statuses=statuses)
        prepared = prepare(centres)
        lat, lon = place_of(10, 0)
        question = Question(
            lat=lat, lon=lon, at=monday_noon, asked_at=monday_noon, condition="stroke", profile="ambulance"
        )
        roads = prepared.profiles["ambulance", "all"].at(monday_noon, live)
        known = Statuses.known(live, prepared.column)
        asked = Asked(centres, prepared, question, ("thrombolysis",), plain_settings, "all", roads, live, known)
        return {option.hospital: option for option in options(asked, reach(asked, find_begin(asked)))}

    usual, now = told(), told(said("near", "full"), said("far", "cath_lab_down"))
    onward = {leg.hospital for leg in usual["needle"].onward}
    assert {"near", "far"} <= onward
    assert {leg.hospital for leg in now["needle"].onward} == onward - {"near", "far"}
    assert (usual["near"].class_, now["near"].class_, now["far"].class_) == (1, 3, 1)
    assert (now["near"].capabilities["thrombolysis"], now["far"].capabilities["thrombectomy"]) == ("closed", "no")
    assert now["far"].capabilities["thrombolysis"] == "yes"


def test_one_far_away_that_is_over_by_then_still_counts_for_the_near(centres, ask_with, said, monday_noon):
    until = monday_noon + timedelta(minutes=3)
    found = ask_with(centres, *(said(name, "full", until=until) for name in ("near", "far")), limit=20)
    assert listed(found) == [("full-service", 1), ("needle", 1), ("far", 1)]


def test_the_public_is_told_what_but_neither_why_nor_by_whom(centres, ask_with, said):
    (status,) = ask_with(centres, said("near", "full"))["statuses_seen"]
    assert (status["kind"], status["reason"], status["author"]) == ("full", None, None)
    assert "no power" not in str(ask_with(centres, said("near", "full")))


def test_where_all_are_full_they_are_given_marked(centres, ask_with, said):
    everybody = [said(name, "full") for name in ("near", "full-service", "needle", "far")]
    found = ask_with(centres, *everybody)
    assert listed(found) == [("near", 3), ("full-service", 3), ("needle", 3)]
    assert codes(found) == ["telephone-first"]
    why = found["hospitals"][1]["why_not_first"]
    assert why["en"].startswith("full until 06-01 16:00; ")
    assert why["zh"].startswith("满员（至 06-01 16:00），")
    assert [status["hospital"] for status in found["statuses_seen"]] == ["near", "full-service", "needle"]


def test_where_none_can_now_the_error_says_which_could(centres, ask_with, said):
    everybody = [said(name, "ct_down") for name in ("far", "near", "full-service", "needle")]
    with pytest.raises(NoCapableHospitalError) as refused:
        ask_with(centres, *everybody, profile="ambulance")
    assert refused.value.facts["fallback"] == []
    told = refused.value.facts["statuses_seen"]
    assert [status["hospital"] for status in told] == ["near", "full-service", "needle", "far"]
    assert "statuses_seen" in refused.value.next_step
    with pytest.raises(NoCapableHospitalError) as refused:
        ask_with(centres, *everybody, condition="stroke", need="thrombectomy")
    assert [status["hospital"] for status in refused.value.facts["statuses_seen"]] == ["near", "full-service", "far"]


def test_one_that_ran_out_unconfirmed_is_warned_of(centres, ask_with, said, monday_noon):
    def warned(**more):
        return codes(ask_with(centres, said("near", "ct_down", begins=monday_noon - 20 * HOUR, **more)))

    assert warned(until=monday_noon - HOUR, open_ended=True) == ["status-unconfirmed"]
    assert warned(until=monday_noon - HOUR) == []
    assert warned(until=monday_noon - UNCONFIRMED_FOR, open_ended=True) == []
    chest_pain = ask_with(
        centres, said("near", "ct_down", until=monday_noon - HOUR, open_ended=True), condition="chest_pain"
    )
    assert codes(chest_pain) == []


def test_one_of_a_hospital_this_edition_lacks_says_nothing(centres, ask_with, said):
    assert ask_with(centres, said("elsewhere", "full")) == ask_with(centres)


STROKE = {"age": 70, "scale": "LAMS", "score": 5, "onset": "unknown"}


def test_the_protocol_weighs_what_hospitals_say(centres, ask_with, said, monday_noon):
    stroke = STROKE | {"onset": monday_noon - timedelta(minutes=40)}
    usual = ask_with(centres, patient=stroke, profile="ambulance")
    assert listed(usual)[0] == ("near", 1)

    full = ask_with(centres, said("near", "full"), patient=stroke, profile="ambulance")
    assert listed(full)[0] == ("full-service", 1)
    assert ("near", "full") in seen(full)
    assert [beside["id"] for beside in full["besides"]["telephone_first"]] == ["near"]

    ct = ask_with(centres, said("near", "ct_down"), patient=stroke, profile="ambulance")
    assert listed(ct)[0] == ("full-service", 1)
    assert "near" not in dict(listed(ct))

    both = [said(name, "cath_lab_down") for name in ("near", "full-service")]
    lab = ask_with(centres, *both, patient=stroke, profile="ambulance")
    assert lab["decision"] != usual["decision"]
    assert {("near", "cath_lab_down"), ("full-service", "cath_lab_down")} == set(seen(lab))
    for listed_hospital in lab["hospitals"][1:]:
        if listed_hospital["statuses"]:
            assert "cath lab down until 06-01 16:00" in listed_hospital["why_not_first"]["en"]


def test_a_heart_attack_is_not_sent_where_the_lab_is_down(centres, ask_with, said, monday_noon):
    stemi = {"age": 60, "ecg": "STEMI", "onset": monday_noon - HOUR, "first_medical_contact": monday_noon}
    usual = ask_with(centres, patient=stemi, condition="chest_pain", profile="ambulance")
    found = ask_with(centres, said("near", "cath_lab_down"), patient=stemi, condition="chest_pain", profile="ambulance")
    assert (listed(usual)[0], listed(found)[0]) == (("near", 1), ("full-service", 1))
    assert seen(found) == [("near", "cath_lab_down")]


def test_nobody_is_sent_on_to_one_that_will_be_full(centres, ask_with, said, monday_noon):
    stroke = STROKE | {"onset": monday_noon - timedelta(minutes=40)}
    down = [said(name, "cath_lab_down") for name in ("near", "full-service")]
    plans = ask_with(centres, *down, patient=stroke, profile="ambulance")["hospitals"]
    onward = {h["predicted"]["onward"]["hospital"] for h in plans if h["predicted"]["onward"]}
    assert onward == {"far"}
    full = ask_with(centres, *down, said("far", "full"), patient=stroke, profile="ambulance")["hospitals"]
    assert [h["predicted"]["onward"] for h in full] == [None] * len(full)


NAMES = ["cannot", "near", "full-service", "needle", "far", "elsewhere"]
QUESTIONS = [
    {},
    {"need": "thrombectomy"},
    {"condition": "chest_pain"},
    {"condition": "chest_pain", "need": "primary_pci"},
    {"patient": {"age": 70, "scale": "LAMS", "score": 5}},
    {"patient": {"age": 60, "ecg": "STEMI"}, "condition": "chest_pain"},
]


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(TROUBLES), st.integers(-30, 30), st.booleans()), max_size=8
    ),
    question=st.sampled_from(QUESTIONS),
)
def test_a_status_never_makes_a_hospital_better_and_leaves_no_trace(
    centres, ask_with, said, monday_noon, *, chosen, question
):
    """Whatever is said: nobody stands in a better class than before, and cleared, the answer is the one before."""
    statuses = [
        said(
            name, kind, until=monday_noon + timedelta(minutes=minutes), begins=monday_noon - 9 * HOUR, open_ended=open_
        )
        for name, kind, minutes, open_ in chosen
    ]
    before = ask_with(centres, profile="ambulance", limit=20, **question)
    try:
        during = ask_with(centres, *statuses, profile="ambulance", limit=20, **question)
    except NoCapableHospitalError:
        assert statuses
    else:
        classes = {**dict(listed(before)), **{h["id"]: h["class"] for part in before["besides"].values() for h in part}}
        now = {**dict(listed(during)), **{h["id"]: h["class"] for part in during["besides"].values() for h in part}}
        assert all(class_ >= classes.get(name, 1) for name, class_ in now.items())
        assert "cannot" not in now
    assert ask_with(centres, profile="ambulance", limit=20, **question) == before
    assert before["statuses_seen"] == []
