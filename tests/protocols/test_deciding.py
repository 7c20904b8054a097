"""What an answer carries beside its first choice."""

from __future__ import annotations

import pytest

from stroke_map.protocols import decide, load_protocol
from stroke_map.protocols.texts import Text


@pytest.fixture
def draft(tmp_path):
    """A protocol whose one local value nobody has signed, on top of values that are all signed where they may overrule."""

    def make(condition, key, value, unit="min"):
        path = tmp_path / "draft.toml"
        path.write_text(f"version = 'draft'\n[{condition}]\n{key} = {{ value = {value}, unit = '{unit}' }}\n")
        return load_protocol(condition, path)

    return make


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("thrombolysis_window", 271, ("onset 196; LAMS 0", "P 40 lysis; Q 50 lysis DNT20", "nearest-in-window")),
        ("door_to_needle", 46, ("onset 196; LAMS 0", "P 40 lysis; Q 50 lysis DNT20", "nearest-in-window")),
        ("urokinase_window", 361, ("onset 200; LAMS 0", "P 40 lysis alteplase; Q 50 lysis urokinase", "nearest-in-window")),
        ("thrombectomy_window", 359, ("onset 60; LAMS 5; contraindicated", "P 10 lysis; Q 20 thrombectomy", "ineligible-to-thrombectomy")),
        ("door_to_puncture", 91, ("onset 60; LAMS 5; contraindicated", "P 10 lysis; Q 20 thrombectomy", "ineligible-to-thrombectomy")),
        ("thrombolysis_window", 269, ("onset 230; LAMS 5", "P 40 lysis; Q 45 lysis thrombectomy DTP50", "ineligible-to-thrombectomy")),
        ("door_to_needle", 44, ("onset 230; LAMS 5", "P 40 lysis; Q 45 lysis thrombectomy DTP50", "ineligible-to-thrombectomy")),
        ("pci_limit", 119, ("contact 0; STEMI", "P 5 fibrinolysis; Q 20 PCI", "pci-in-time")),
        ("door_to_wire", 89, ("contact 0; STEMI", "P 5 fibrinolysis; Q 20 PCI", "pci-in-time")),
        ("clock", "'ecg'", ("contact 0; STEMI", "P 5 fibrinolysis; Q 20 PCI", "pci-in-time")),
    ],
)  # fmt: skip
def test_a_draft_value_does_not_overrule_the_nearest(draft, asked, key, value, told):
    """The rule that rests on it answers second, with that reason; with the package's own value it answers first."""
    *told, rule = told
    condition = "chest_pain" if "STEMI" in told[0] else "stroke"
    question, options = asked(condition, *told)
    shipped = decide(question, options, load_protocol(condition))
    assert (shipped.first.hospital, shipped.rule, shipped.advised) == ("Q", rule, None)
    assert key in shipped.rests_on
    decision = decide(question, options, draft(condition, key, value, "clock" if key == "clock" else "min"))
    assert decision.first.hospital == "P"
    assert (decision.advised.rule, decision.advised.hospital, decision.advised.doubtful) == (rule, "Q", (key,))
    assert (decision.ranking[1].hospital, key in decision.ranking[1].why_not_first.en) == ("Q", True)
    assert "protocol-unverified" in {warning.code for warning in decision.warnings}


def test_a_draft_value_may_decide_where_it_overrules_nothing(draft, asked):
    question, options = asked("stroke", "onset 60; LAMS 0", "P 10 lysis; Q 20 lysis")
    decision = decide(question, options, draft("stroke", "thrombolysis_window", 269))
    assert (decision.first.hospital, decision.rule, decision.advised) == ("P", "nearest-in-window", None)


def test_an_onward_plan_holds_its_times_and_whose_they_are(asked, in_force):
    told = ("stroke", "onset 60; LAMS 5; rural", "P 10 lysis DIDO80 >C/30/agreed; C 50 lysis thrombectomy")
    plan = decide(*asked(*told), in_force("signed", "stroke")).first.times.onward
    assert (plan.hospital, plan.agreed, plan.leaving_source) == ("C", True, "hospital")
    assert (plan.leaves_min, plan.arrives_min, plan.puncture_min, plan.angiography_min) == (150, 180, 240, None)
    told = ("chest_pain", "contact 30; STEMI", "F 20 fibrinolysis >C/60/agreed/15; C 90 PCI")
    plan = decide(*asked(*told), in_force("signed", "chest_pain")).first.times.onward
    assert (plan.leaving_source, plan.puncture_min, plan.angiography_min) == ("partner", None, (200, 1520))


def test_each_other_choice_costs_its_minutes(asked, in_force):
    told = ("stroke", "onset 60; LAMS 5; rural", "P 10 lysis; C 35 lysis thrombectomy; D 50 lysis")
    ranking = decide(*asked(*told), in_force("signed", "stroke")).ranking
    assert [(each.hospital, each.extra_min) for each in ranking] == [("C", 0), ("P", -25), ("D", 15)]
    assert ranking[1].why_not_first == Text("没有取栓，近 25.0 分钟", "has no thrombectomy; 25.0 min nearer")
    assert ranking[2].why_not_first == Text("没有取栓，多 15.0 分钟", "has no thrombectomy; 15.0 min longer")
    assert [each.class_ for each in ranking] == [1, 1, 1]


def test_the_answer_names_the_protocol_that_gave_it(asked, in_force):
    protocol = in_force("signed", "stroke")
    made = decide(*asked("stroke", "onset 60; LAMS 0", "P 10 lysis"), protocol).protocol
    assert (made.version, made.local_version, made.signed_by, made.sha256) == (
        "2026.1",
        "test-1",
        "Example association",
        protocol.sha256,
    )


@pytest.mark.parametrize(
    ("told", "clock"),
    [("onset 60; LAMS 0", "onset"), ("wake-up; well 60; LAMS 0", "last-known-well"), ("wake-up; LAMS 0", None)],
)
def test_minutes_say_from_where_they_count(asked, in_force, told, clock):
    assert decide(*asked("stroke", told, "P 10 lysis"), in_force("signed", "stroke")).clock == clock


def test_an_alternative_stands_in_the_class_of_what_is_needed_there(asked, in_force):
    told = ("stroke", "onset 60; LAMS 0", "P 10 lysis; T 20 thrombectomy lysis?; S 30 thrombectomy")
    ranking = decide(*asked(*told), in_force("signed", "stroke")).ranking
    assert {each.hospital: each.class_ for each in ranking} == {"P": 1, "T": 4, "S": 1}


def test_only_what_was_advised_says_so(asked, in_force):
    told = ("stroke", "onset 60; LAMS 5; urban", "P 10 lysis; C 25 lysis thrombectomy; D 26 lysis thrombectomy")
    ranking = decide(*asked(*told), in_force("shipped", "stroke")).ranking
    assert [each.hospital for each in ranking] == ["P", "C", "D"]
    assert "lvo-bypass" in ranking[1].why_not_first.en
    assert ranking[2].why_not_first == Text("多 16.0 分钟", "16.0 min longer")


def test_what_is_near_the_best_is_a_tie_and_the_rest_is_not(asked, in_force):
    hospitals = [f"{name} 10 lysis thrombectomy DTP{minutes}" for name, minutes in (("P", 80), ("Q", 81), ("R", 239))]
    ranking = decide(
        *asked("stroke", "onset 0; LAMS 5; urban", "; ".join(hospitals)), in_force("signed", "stroke")
    ).ranking
    assert [each.outcome_tie for each in ranking] == [True, True, False]


def test_doubtful_values_are_named_in_words(asked, in_force):
    told = ("stroke", "onset 60; G-FAST 3; contraindicated", "P 10 lysis; C 20 lysis thrombectomy")
    why = decide(*asked(*told), in_force("shipped", "stroke")).ranking[1].why_not_first
    assert "“G-FAST 界值”" in why.zh
    told = ("stroke", "wake-up; LAMS 5", "P 10 lysis; C 20 lysis thrombectomy CTA")
    decision = decide(*asked(*told), in_force("shipped", "stroke"))
    for text in (decision.ranking[1].why_not_first, decision.warnings[1].text):
        assert "“影像筛选后的晚期取栓时间窗”" in text.zh
        assert "thrombectomy_late_window: late thrombectomy window" in text.en


def test_the_gravest_warning_comes_first(asked, in_force):
    told = ("stroke", "onset 60; LAMS 5; airway; at P", "P 0 lysis; C 30 lysis thrombectomy")
    severities = [warning.severity for warning in decide(*asked(*told), in_force("signed", "stroke")).warnings]
    assert severities == sorted(severities, key=["stop", "caution", "note"].index)
    assert set(severities) == {"stop", "caution", "note"}
