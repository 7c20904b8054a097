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
