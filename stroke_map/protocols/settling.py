"""Contradictions in a question: each is named, and the safest reading is taken instead of refusing an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stroke_map.errors import InvalidRequestError
from stroke_map.protocols import scales
from stroke_map.protocols.question import NOT_DONE, ChestPainQuestion, PatientQuestion, StrokeQuestion
from stroke_map.protocols.texts import Notice, Text, notice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.protocols.protocol import Protocol, Scale

_TIMES = ("onset", "last_known_well", "needle_at", "first_medical_contact", "ecg_at")
_UNKNOWN = "unknown"
_NOT_DONE = {"scale": NOT_DONE, "score": None, "items": None}


def settle(question: PatientQuestion, protocol: Protocol) -> tuple[PatientQuestion, tuple[Notice, ...]]:
    """The question without its contradictions, and a warning for each.

    A time in the future counts as unknown, of two times that contradict each other the one counts by which more time has passed, and a
    scale that cannot be read counts as not done, never as negative.
    """
    changes, found = _future(question)
    question = question.model_copy(update=changes)
    more, named = (
        _stroke(question, protocol) if isinstance(question, StrokeQuestion) else _chest_pain(question, protocol)
    )
    return question.model_copy(update=more), (*found, *named)


def _future(question: PatientQuestion) -> tuple[dict[str, Any], list[Notice]]:
    changes: dict[str, Any] = {}
    found = []
    for field in _TIMES:
        time = getattr(question, field, None)
        if time is not None and not isinstance(time, str) and time > question.now:
            changes[field] = _UNKNOWN if field == "onset" else None
            found.append(notice(f"{field.removesuffix('_at').replace('_', '-')}-in-future"))
    return changes, found


def _stroke(question: StrokeQuestion, protocol: Protocol) -> tuple[dict[str, Any], list[Notice]]:
    changes, found = _screen(question, protocol)
    onset, well, needle = question.onset, question.last_known_well, question.needle_at
    if not isinstance(onset, str) and well is not None and well > onset:
        changes["last_known_well"] = None
        found.append(notice("well-after-onset"))
    clock = well if isinstance(onset, str) else onset
    if clock is None:
        found.append(notice("last-known-well-missing"))
    elif needle is not None and needle < clock:
        changes["needle_at"] = None
        found.append(notice("needle-before-onset"))
    return changes, found


def _screen(question: StrokeQuestion, protocol: Protocol) -> tuple[dict[str, Any], list[Notice]]:
    """The scale, checked: what cannot be read is not done."""
    name, points, items = question.scale, question.score, question.items
    if name == NOT_DONE:
        if points is None and not items:
            return {}, []
        return dict(_NOT_DONE), [notice("scale-missing")]
    if points is None and not items:
        return dict(_NOT_DONE), [notice("score-missing")]
    try:
        read = scales.score(name, items, protocol.scales) if items else None
        told = None if points is None else scales.of_score(name, points, protocol.scales)
    except InvalidRequestError as error:
        field = error.facts["errors"][0]["field"]
        return dict(_NOT_DONE), [notice(f"{field}-refused", right=_right(field, protocol.scales, name))]
    both = [result.score for result in (read, told) if result is not None]
    if len(set(both)) == 1:
        return {"score": both[0]}, []
    return {"score": max(both)}, [notice("score-differs", total=both[0])]


def _right(field: str, known: Mapping[str, Scale], name: str) -> Text:
    """What would be right: never what was sent."""
    if field == "scale":
        return Text("、".join(known), ", ".join(known))
    scale = known[name]
    if field == "score":
        return Text(f"0-{scale.most} 分", f"0 to {scale.most}")
    grades = {key: "/".join(map(str, item.grades)) for key, item in scale.items.items()}
    zh = "、".join(f"{item.zh} {grades[key]}" for key, item in scale.items.items())
    return Text(zh, ", ".join(f"{key} {points}" for key, points in grades.items()))


def _chest_pain(question: ChestPainQuestion, protocol: Protocol) -> tuple[dict[str, Any], list[Notice]]:
    changes: dict[str, Any] = {}
    found = []
    contact, ecg_at = question.first_medical_contact, question.ecg_at
    if question.ecg == NOT_DONE and ecg_at is not None:
        changes["ecg_at"] = ecg_at = None
        found.append(notice("ecg-time-without-result"))
    if contact is None:
        found.append(notice("contact-missing"))
        changes["first_medical_contact"] = ecg_at or question.now
    elif ecg_at is not None and ecg_at < contact:
        changes["first_medical_contact"] = ecg_at
        found.append(notice("ecg-before-contact"))
    if question.ecg != NOT_DONE and ecg_at is None and protocol.clock == "ecg":
        found.append(notice("ecg-time-missing"))
    if not isinstance(question.onset, str) and question.onset > (contact or question.now):
        found.append(notice("onset-after-contact"))
    if question.arrest_in_progress and question.arrest_with_rosc:
        changes["arrest_with_rosc"] = False
        found.append(notice("arrest-contradictory"))
    return changes, found
