"""The text a doctor would sign."""

from __future__ import annotations

import pytest

from stroke_map.protocols import decide
from stroke_map.protocols.explaining import explain

STROKE = ("stroke", "onset 60; LAMS 5; rural", "X 3 none; P 10 lysis >C/30/agreed; C 35 lysis thrombectomy DNT30 DTP70")


def test_an_answer_in_english(asked, in_force):
    text = explain(decide(*asked(*STROKE), in_force("signed", "stroke")), "en", {"C": "Central"})
    assert text.splitlines() == [
        "To Central: a drive of 35 min.",
        ("Rule lvo-bypass: Large-vessel occlusion suspected: directly to the thrombectomy hospital, as it costs at most 30 min more, "
        "the whole drive is within its limit and the thrombolysis window is kept."),
        ("Reasons: thrombolysis; thrombectomy; 1 nearer hospital cannot treat this; 25 min more than the nearest thrombolysis hospital, "
        "a drive of 35 min in all."),
        "Predicted, minutes after onset: needle 125 (its own median), puncture 165 (its own median), P(mRS 0-1) 0.427.",
        ("2. P: thrombolysis; has no thrombectomy; 25.0 min nearer (needle 115 (default), puncture 280 (default), on to Central 190 → 220, "
        "agreed partner, P(mRS 0-1) not modelled)"),
        "[caution] ask about contraindications to thrombolysis, and anticoagulants",
        ("Protocol stroke 2026.1 + test-1, signed by Example association, 2026-01-01, sha256 "
        f"{in_force('signed', 'stroke').sha256[:12]}; Holodinsky 2018, JAMA Neurol 75(12):1477, P(mRS 0-1)"),
    ]  # fmt: skip


def test_the_same_answer_in_chinese(asked, in_force):
    text = explain(decide(*asked(*STROKE), in_force("shipped", "stroke")), "zh")
    assert text.startswith("送往 P：行车 10 分钟。\n随后转往 C。\n规则 drip-and-ship：疑似大血管闭塞")
    for words in (
        "更近的 1 家医院不能救治",
        "未经核实或签署",
        "默认值",
        "该院中位数",
        "（已约定）",
        "[注意]",
        "[说明]",
        "未签署",
        "模型不适用",
    ):
        assert words in text


def test_chest_pain_says_when_to_go_on_and_what_the_ecg_would_change(asked, in_force):
    protocol = in_force("shipped", "chest_pain")
    text = explain(
        decide(*asked("chest_pain", "contact 30; STEMI", "F 20 fibrinolysis >C/60; C 90 PCI"), protocol), "zh"
    )
    assert "随后转往 C。" in text
    assert "转往 C 80 → 140" in text
    assert "造影 200-1520" in text
    text = explain(decide(*asked("chest_pain", "no ECG", "U 3 ECG unit; F 20 fibrinolysis; C 25 PCI"), protocol), "zh")
    assert "最近的心电图点：U，3 分钟。" in text
    assert "若心电图示 STEMI：C（pci-in-time）" in text


@pytest.mark.parametrize("condition", ["stroke", "chest_pain"])
def test_without_a_clock_or_a_prediction_no_number_is_made_up(asked, in_force, condition):
    told = "wake-up; LAMS 0" if condition == "stroke" else "no ST"
    text = explain(decide(*asked(condition, told, "P 10 lysis fibrinolysis"), in_force("shipped", condition)), "en")
    assert "needle" not in text
    assert "puncture" not in text
