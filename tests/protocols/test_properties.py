"""What holds for any patient and any hospitals."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from stroke_map.errors import NoCapableHospitalError
from stroke_map.protocols import ChestPainQuestion, Medians, Onward, Option, StrokeQuestion, decide
from stroke_map.protocols.case import Case, class_for
from stroke_map.protocols.explaining import explain
from stroke_map.protocols.options import AT_ARRIVAL, UNKNOWN
from stroke_map.protocols.predict import times
from stroke_map.protocols.settling import settle

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
IDS = ("A", "B", "C", "D", "E", "F")
NEEDED = {
    "stroke": ("thrombolysis", "thrombectomy"),
    "chest_pain": ("primary_pci", "fibrinolysis", "cardiac_surgery"),
}
CAPABILITIES = (*NEEDED["stroke"], *NEEDED["chest_pain"], "emergency", "ct_angiography", "advanced_imaging", "ecg")

minutes = st.integers(0, 150).map(float)
medians = st.builds(Medians, *[st.none() | st.integers(10, 150).map(float)] * 4)
standings = st.sampled_from(["yes", "yes", "yes", "no", "no", "unknown", "closed", "lapsed"])
ago = st.integers(-20, 1600).map(lambda m: NOW - timedelta(minutes=m))
three = st.sampled_from(["yes", "no", "unknown"])


@st.composite
def hospitals(draw):
    found = []
    for name in draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=6, unique=True)):
        others = st.lists(st.sampled_from([i for i in IDS if i != name]), max_size=3, unique=True)
        onward = [
            Onward(to, draw(minutes), draw(st.booleans()), draw(st.none() | st.integers(0, 60).map(float)))
            for to in draw(others)
        ]
        found.append(
            Option(
                name,
                draw(minutes),
                {capability: draw(standings) for capability in CAPABILITIES},
                class_=draw(st.sampled_from([1, 1, 1, 2, 3, 4])),
                agents=draw(st.sampled_from([(), ("urokinase",), ("alteplase", "urokinase")])),
                kind=draw(st.sampled_from(["hospital", "hospital", "hospital", "unit"])),
                medians=draw(medians),
                onward=tuple(onward),
                agreed=draw(st.booleans()),
            )
        )
    return found


common = {
    "now": st.just(NOW),
    "departure_min": st.integers(0, 30).map(float),
    "airway_not_secured": st.sampled_from([False, False, False, True]),
    "arrest_in_progress": st.sampled_from([False, False, False, True]),
    "origin_hospital": st.sampled_from([None, None, None, "A"]),
}
strokes = st.builds(
    StrokeQuestion,
    **common,
    onset=st.sampled_from(["unknown", "wake-up"]) | ago,
    last_known_well=st.none() | ago,
    scale=st.sampled_from(["not done", "LAMS", "LAMS", "LAMS", "G-FAST", "nonsense"]),
    score=st.none() | st.integers(-1, 6),
    anticoagulant=three,
    thrombolysis_contraindication=three,
    setting=st.sampled_from([None, "urban", "suburban", "rural"]),
    needle_at=st.none() | ago,
)
pains = st.builds(
    ChestPainQuestion,
    **common,
    onset=st.just("unknown") | ago,
    first_medical_contact=st.none() | ago,
    ecg=st.sampled_from(["STEMI", "STEMI", "no ST elevation", "not done"]),
    ecg_at=st.none() | ago,
    shock=st.booleans(),
    arrest_with_rosc=st.booleans(),
    lysis_contraindication=three,
    suspected_dissection=st.sampled_from([False, False, False, True]),
)
questions = strokes | pains
standing = st.sampled_from(["shipped", "signed"])


def first_of(question, options, protocol):
    try:
        return decide(question, options, protocol).first.hospital
    except NoCapableHospitalError:
        return None


@settings(max_examples=150, deadline=None)
@given(question=questions, options=hospitals(), which=standing, data=st.data())
def test_the_answer_never_depends_on_the_order_of_rows(in_force, question, options, which, data):
    protocol = in_force(which, question.condition)
    shuffled = data.draw(st.permutations(options))
    try:
        expected = decide(question, options, protocol)
    except NoCapableHospitalError:
        with pytest.raises(NoCapableHospitalError):
            decide(question, shuffled, protocol)
    else:
        event(expected.rule)
        assert decide(question, shuffled, protocol) == expected


@settings(max_examples=150, deadline=None)
@given(question=questions, options=hospitals(), which=standing)
def test_an_incapable_hospital_is_never_in_the_answer_and_nobody_is_left_without_one(
    in_force, question, options, which
):
    protocol = in_force(which, question.condition)
    needed = needs_of(question)
    places = [o for o in options if o.kind == "hospital" and o.hospital != question.origin_hospital]
    try:
        decision = decide(question, options, protocol)
    except NoCapableHospitalError:
        assert not any(class_for(option, needed) <= UNKNOWN for option in places)
        return
    by_id = {option.hospital: option for option in places}
    for place, ranked in enumerate(decision.ranking):
        may = (*needed, "emergency") if decision.rule == "airway" and place == 0 else needed
        assert class_for(by_id[ranked.hospital], may) <= UNKNOWN
        assert ranked.class_ <= UNKNOWN
    assert len({ranked.hospital for ranked in decision.ranking}) == len(decision.ranking) <= 6
    assert (decision.first.extra_min, decision.first.why_not_first) == (0, None)
    assert all(ranked.why_not_first for ranked in decision.ranking[1:])
    for lang in ("zh", "en"):
        assert decision.first.hospital in explain(decision, lang)


def needs_of(question):
    """Cardiac surgery alone is an answer to a dissection, not to an infarction."""
    if question.condition == "stroke" or question.suspected_dissection:
        return NEEDED[question.condition]
    return NEEDED["chest_pain"][:2]


def known(at):
    return [math.inf if minute is None else minute for minute in (at.needle_min, at.puncture_min, at.wire_min)]


@settings(max_examples=150, deadline=None)
@given(question=questions, options=hospitals(), data=st.data())
def test_a_faster_road_never_makes_predicted_times_worse(in_force, question, options, data):
    protocol = in_force("signed", question.condition)
    settled, _ = settle(question, protocol)
    index = data.draw(st.integers(0, len(options) - 1))
    slow = options[index]
    saved = data.draw(st.integers(0, int(slow.travel_min)))
    onward = tuple(
        replace(o, travel_min=o.travel_min - data.draw(st.integers(0, int(o.travel_min)))) for o in slow.onward
    )
    fast = replace(slow, travel_min=slow.travel_min - saved, onward=onward)
    faster = [fast if option is slow else option for option in options]
    before, after = Case(settled, options, protocol), Case(settled, faster, protocol)
    for old, new in zip(options, faster, strict=True):
        pairs = zip(known(times(after, new)), known(times(before, old)), strict=True)
        assert all(now <= then for now, then in pairs)


@settings(max_examples=300, deadline=None)
@given(question=questions, options=hospitals(), which=standing, data=st.data())
def test_adding_a_capability_never_makes_the_best_option_worse(in_force, question, options, which, data):
    """The first choice stays, or becomes the hospital that gained: and then that is nearer, surer, or treats sooner."""
    protocol = in_force(which, question.condition)
    # What the hospital that asks can do is no option; it says what has been done already.
    others = [option for option in options if option.hospital != question.origin_hospital]
    assume(others)
    poor = data.draw(st.sampled_from(others))
    capability = data.draw(st.sampled_from([c for c in CAPABILITIES if poor.capabilities[c] != "yes"] or ["none"]))
    assume(capability != "none")
    rich = replace(poor, capabilities={**poor.capabilities, capability: "yes"})
    richer = [rich if option is poor else option for option in options]
    before, after = first_of(question, options, protocol), first_of(question, richer, protocol)
    assert before is None or after in (before, poor.hospital)
    if before in (None, after):
        return
    event(f"{capability} wins")
    settled, _ = settle(question, protocol)
    case = Case(settled, richer, protocol)
    old, new = case.places[before], case.places[after]
    needed = NEEDED[question.condition]
    gains = zip(
        (class_for(new, needed), class_for(new, (capability,)), new.travel_min, *known(times(case, new))),
        (class_for(old, needed), class_for(old, (capability,)), old.travel_min, *known(times(case, old))),
        strict=True,
    )
    assert any(ours < theirs for ours, theirs in gains)


def test_a_road_that_leads_nowhere_is_no_option(in_force, asked):
    question, options = asked("stroke", "onset 60; LAMS 0", "P 30 lysis; Q 10 lysis")
    lost = replace(options[1], travel_min=math.inf)
    assert decide(question, [options[0], lost], in_force("signed", "stroke")).first.hospital == "P"


def test_a_hospital_that_stands_twice_is_refused(in_force, asked):
    question, options = asked("stroke", "onset 60; LAMS 0", "P 30 lysis; P 10 lysis")
    with pytest.raises(ValueError, match="P stands twice"):
        decide(question, options, in_force("signed", "stroke"))


def test_a_question_and_a_protocol_of_different_conditions_are_refused(in_force, asked):
    question, options = asked("stroke", "onset 60; LAMS 0", "P 30 lysis")
    with pytest.raises(ValueError, match="chest_pain"):
        decide(question, options, in_force("signed", "chest_pain"))


@pytest.mark.parametrize("word", ["Yes", "maybe", ""])
def test_a_capability_said_in_a_word_nobody_knows_is_refused(word):
    with pytest.raises(ValueError, match=", ".join(AT_ARRIVAL)):
        Option("P", 10.0, {"thrombolysis": word})


def test_of_many_hospitals_two_to_five_others_are_shown(in_force, asked):
    question, options = asked("stroke", "onset 60; LAMS 0", "; ".join(f"H{n} {n} lysis" for n in range(1, 10)))
    assert len(decide(question, options, in_force("signed", "stroke")).ranking) == 6
    question, options = asked("stroke", "onset 60; LAMS 0", "P 10 lysis; Q 20 lysis(closed); R 30 lysis?; S 40 lysis?")
    decision = decide(question, options, in_force("signed", "stroke"))
    assert [ranked.hospital for ranked in decision.ranking] == ["P", "Q", "R"]
