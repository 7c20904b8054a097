"""The worked cases, written from the sources; and each threshold moved by its unit makes at least one of them fail."""

from __future__ import annotations

import pytest

from stroke_map.protocols import decide, load_protocol
from stroke_map.protocols.comparing import every_value
from stroke_map.protocols.explaining import explain
from stroke_map.protocols.protocol import CLOCKS, CONDITIONS, RULES, Protocol

THRESHOLDS = [
    (condition, key)
    for condition in CONDITIONS
    for key in every_value(load_protocol(condition))
    if not key.endswith(("sensitivity", "specificity")) and ".items." not in key
]


def differences(case, protocol):
    """What of a case's expectations does not hold."""
    row, question, options = case
    decision = decide(question, options, protocol)
    times = decision.first.times
    found = {
        "first": decision.first.hospital,
        "rule": decision.rule,
        "second": decision.ranking[1].hospital if len(decision.ranking) > 1 else "",
        "next": decision.next_hospital or "",
    }
    wrong = [
        f"{name} is {value}, not {row[name]}"
        for name, value in found.items()
        if row[name] != value and (row[name] or name == "next")
    ]
    for name in ("needle", "puncture", "wire"):
        value = getattr(times, f"{name}_min")
        if row[name] and (value is None or abs(value - float(row[name])) > 1e-6):
            wrong.append(f"{name} is {value}, not {row[name]}")
    codes = {warning.code for warning in decision.warnings}
    wrong += [f"warning {c}" for c in row["warns"].split() if (c.removeprefix("-") in codes) == c.startswith("-")]
    text = explain(decision, "en")
    says = row["says"]
    if says and (says.removeprefix("-") in text) == says.startswith("-"):
        wrong.append(f"does not say {says!r}: {text}")
    return wrong


def test_case(case, in_force):
    assert differences(case, in_force(case[0]["protocol"], case[0]["condition"])) == []


def test_there_are_enough_cases_and_every_rule_has_one(cases):
    assert len(cases) >= 150
    used = {(row["condition"], row["rule"]) for row, _, _ in cases}
    assert used == {(condition, rule) for condition in CONDITIONS for rule in RULES[condition]}


def moved(protocol, key, steps):
    """The same protocol with one value moved by its unit, unchecked: a slip of the pen."""
    scale, _, part = key.rpartition(".")
    old = every_value(protocol)[key]
    if isinstance(old.value, str):
        new = next(word for word in CLOCKS if word != old.value)
    else:
        new = old.value + steps * (0.001 if old.unit == "probability" else 1)
    value = old.model_copy(update={"value": new})
    if not scale:
        return Protocol.model_construct(**dict(protocol) | {"values": dict(protocol.values) | {key: value}})
    scales = dict(protocol.scales) | {scale: protocol.scales[scale].model_copy(update={part: value})}
    return Protocol.model_construct(**dict(protocol) | {"scales": scales})


@pytest.mark.parametrize("steps", [-1, 1])
@pytest.mark.parametrize(("condition", "key"), THRESHOLDS)
def test_a_threshold_moved_by_its_unit_makes_a_case_fail(condition, key, steps, cases, in_force):
    mine = [case for case in cases if case[0]["condition"] == condition]
    names = {case[0]["protocol"] for case in mine}
    protocols = {name: moved(in_force(name, condition), key, steps) for name in names}
    assert any(differences(case, protocols[case[0]["protocol"]]) for case in mine), f"no case hangs on {key}"
