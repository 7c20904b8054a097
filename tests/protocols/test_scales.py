"""Every scale as it was published: items, most points, cut-off, sensitivity and specificity."""

from __future__ import annotations

import itertools

import pytest

from stroke_map.errors import InvalidRequestError
from stroke_map.protocols import scales
from stroke_map.protocols.loading import shipped_scales

#: From the papers: items with their points, the cut-off, sensitivity, specificity.
PUBLISHED = {
    "RACE": ({"facial_palsy": (0, 1, 2), "arm_motor": (0, 1, 2), "leg_motor": (0, 1, 2), "head_gaze_deviation": (0, 1),
              "aphasia_or_agnosia": (0, 1, 2)}, 5, 0.85, 0.68),
    "LAMS": ({"facial_droop": (0, 1), "arm_drift": (0, 1, 2), "grip_strength": (0, 1, 2)}, 4, 0.73, 0.57),
    "FAST-ED": ({"facial_palsy": (0, 1), "arm_weakness": (0, 1, 2), "speech_changes": (0, 1, 2), "eye_deviation": (0, 1, 2),
                 "denial_neglect": (0, 1, 2)}, 4, 0.78, 0.65),
    "C-STAT": ({"gaze_deviation": (0, 2), "level_of_consciousness": (0, 1), "arm_weakness": (0, 1)}, 2, 0.71, 0.67),
    "G-FAST": ({"gaze_deviation": (0, 1), "facial_palsy": (0, 1), "arm_weakness": (0, 1), "speech_changes": (0, 1)}, 3, 0.89, 0.39),
    "CG-FAST": ({"level_of_consciousness": (0, 1), "gaze_deviation": (0, 1), "facial_palsy": (0, 1), "arm_weakness": (0, 1),
                 "speech_changes": (0, 1)}, 4, 0.617, 0.810),
}  # fmt: skip
RANGES = {"RACE": 9, "LAMS": 5, "FAST-ED": 9, "C-STAT": 4, "G-FAST": 4, "CG-FAST": 5}


def test_the_scales_are_those_of_the_issue():
    assert set(scales.names()) == {*PUBLISHED, "VAN"}


def test_the_documented_call():
    result = scales.score("LAMS", {"facial_droop": 1, "arm_drift": 2, "grip_strength": 2})
    assert (result.score, result.positive) == (5, True)
    assert (result.sensitivity, result.specificity) == (0.73, 0.57)
    assert "field" in result.source


def disagreements(known):
    """Where a set of scales is not what was published: every combination of points, and one grade more on each item."""
    found = []
    for name, (items, cut_off, sensitivity, specificity) in PUBLISHED.items():
        for points in itertools.product(*items.values()):
            try:
                result = scales.score(name, dict(zip(items, points, strict=True)), known)
            except InvalidRequestError:
                found.append((name, points))
                continue
            expected = (sum(points), sum(points) >= cut_off, sensitivity, specificity)
            if expected != (result.score, result.positive, result.sensitivity, result.specificity):
                found.append((name, points))
        for item, grades in items.items():
            told = dict.fromkeys(items, 0) | {item: grades[-1] + grades[1]}
            try:
                scales.score(name, told, known)
            except InvalidRequestError:
                continue
            found.append((name, item))
    return found


def test_every_combination_of_points_scores_as_published():
    assert disagreements(shipped_scales()) == []
    assert {name: max(sum(p) for p in itertools.product(*PUBLISHED[name][0].values())) for name in PUBLISHED} == RANGES


PARTS = [
    (name, part)
    for name, scale in shipped_scales().items()
    if name != "VAN"
    for part in ("cut_off", "sensitivity", "specificity", *scale.items)
]


@pytest.mark.parametrize(("name", "part"), PARTS)
@pytest.mark.parametrize("direction", [-1, 1])
def test_a_value_of_a_scale_moved_by_its_unit_is_noticed(name, part, direction):
    scale = shipped_scales()[name]
    old = scale.items[part] if part in scale.items else getattr(scale, part)
    step = 0.001 if old.unit == "probability" else old.step
    new = old.model_copy(update={"value": old.value + direction * step})
    update = {"items": dict(scale.items) | {part: new}} if part in scale.items else {part: new}
    assert disagreements(shipped_scales() | {name: scale.model_copy(update=update)})


@pytest.mark.parametrize("others", list(itertools.product((0, 1), repeat=3)))
@pytest.mark.parametrize("weak", [0, 1])
def test_van_is_positive_with_a_weak_arm_and_any_other_sign(weak, others):
    signs = dict(zip(("visual_disturbance", "aphasia", "neglect"), others, strict=True))
    result = scales.score("VAN", {"arm_weakness": weak, **signs})
    assert result.positive is bool(weak and any(others))
    assert (result.score, result.sensitivity, result.specificity) == (int(result.positive), 0.79, 0.69)


@pytest.mark.parametrize(
    ("name", "items", "field", "words"),
    [
        ("XYZ", {}, "scale", ["RACE", "LAMS"]),
        ("LAMS", {"facial_droop": 1, "arm_drift": 2, "grip": 1}, "items", ["'grip'"]),
        ("LAMS", {"facial_droop": 1, "arm_drift": 2}, "items", ["grip_strength"]),
        ("LAMS", {"facial_droop": 2, "arm_drift": 2, "grip_strength": 0}, "items", ["facial_droop", "0 or 1"]),
        ("LAMS", {"facial_droop": -1, "arm_drift": 2, "grip_strength": 0}, "items", ["facial_droop"]),
        ("LAMS", {"facial_droop": True, "arm_drift": 2, "grip_strength": 0}, "items", ["facial_droop"]),
        ("LAMS", {"facial_droop": 0.5, "arm_drift": 2, "grip_strength": 0}, "items", ["facial_droop"]),
        ("C-STAT", {"gaze_deviation": 1, "level_of_consciousness": 0, "arm_weakness": 0}, "items", ["0 or 2"]),
    ],
)
def test_what_cannot_be_scored_is_named(name, items, field, words):
    with pytest.raises(InvalidRequestError) as caught:
        scales.score(name, items)
    errors = caught.value.facts["errors"]
    assert {error["field"] for error in errors} == {field}
    assert all(word in " ".join(error["problem"] for error in errors) for word in words)


@pytest.mark.parametrize("points", [-1, 6, True, 2.5])
def test_a_score_outside_its_scale_is_named(points):
    with pytest.raises(InvalidRequestError, match="from 0 to 5"):
        scales.of_score("LAMS", points)
    assert scales.of_score("LAMS", 5).positive
    assert not scales.of_score("LAMS", 3).positive


def test_a_recalled_cut_off_is_honest_about_it():
    assert shipped_scales()["G-FAST"].cut_off.status == "unverified"
    assert "recalled" in scales.of_score("G-FAST", 3).source
