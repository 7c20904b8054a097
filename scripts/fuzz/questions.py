"""Questions of the web: of an address, as JSON, and of the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from fuzz.running import Target
from fuzz.texts import json_values, numbers, texts
from stroke_map.errors import InvalidRequestError
from stroke_map.moments import read_moment
from stroke_map.protocols import load_protocol
from stroke_map.protocols.question import ChestPainQuestion, StrokeQuestion
from stroke_map.protocols.settling import settle
from stroke_map.web.patient import moment_or_none, read_patient
from stroke_map.web.questions import RouteBody, RouteQuery, read_question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ZONE = ZoneInfo("Asia/Shanghai")
_TIMES = st.sampled_from(["2026-05-01T19:40:00+08:00", "2026-05-01T19:40", "unknown", "wake-up", "now"]) | texts
_LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "onset": _TIMES, "last_known_well": _TIMES, "first_medical_contact": _TIMES, "needle_at": _TIMES, "ecg_at": _TIMES, "at": _TIMES,
    "age": st.integers(-1, 130), "scale": st.sampled_from(["LAMS", "RACE", "FAST-ED", "BE-FAST", "not done"]), "score": st.integers(-1, 12),
    "items": st.dictionaries(st.sampled_from(["facial_droop", "arm_drift", "grip_strength"]) | texts, st.integers(-1, 4) | json_values, max_size=4),
    "ecg": st.sampled_from(["STEMI", "normal", "not done"]), "shock": st.booleans(), "anticoagulant": st.sampled_from(["yes", "no", "unknown"]),
    "departure_min": numbers, "lat": numbers, "lon": numbers, "crs": st.sampled_from(["WGS-84", "GCJ-02"]), "condition": st.sampled_from(["stroke", "chest_pain"]),
}  # fmt: skip


def targets(_folder: Path) -> Iterator[Target]:
    """The readers of this room."""
    refusals = (InvalidRequestError,)
    yield Target("moments", texts, read_moment, (ValueError,), share=3)
    asked = {"lat": st.just("29.5574") | texts, "lon": st.just("106.577") | texts}
    yield Target(
        "addresses",
        _some(RouteQuery.model_fields, texts, asked),
        lambda told: read_question(RouteQuery, told),
        refusals,
        share=2,
    )
    sound = {
        "lat": st.just(29.5574) | numbers,
        "lon": st.just(106.577) | numbers,
        "crs": st.sampled_from(["GCJ-02", "WGS-84"]),
    }
    yield Target(
        "bodies",
        _some(RouteBody.model_fields, json_values, sound),
        lambda told: read_question(RouteBody, told),
        refusals,
        share=2,
    )
    for condition, model in (("stroke", StrokeQuestion), ("chest_pain", ChestPainQuestion)):
        told = st.tuples(_some(set(model.model_fields) - {"condition", "now"}, json_values, {}), st.just(condition))
        yield Target(f"patients with {condition.replace('_', ' ')}", told, _patient, refusals, share=2)


def _some(
    names: Any, values: st.SearchStrategy[Any], sound: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Sound fields, likely ones, some that hold anything, and perhaps one that nobody knows."""
    likely = {name: _LIKELY[name] for name in names if name in _LIKELY}
    some = st.fixed_dictionaries(sound, optional={name: value for name, value in likely.items() if name not in sound})
    strange = st.dictionaries(st.sampled_from(sorted(names)) | texts, values, max_size=3)
    return st.tuples(some, strange).map(lambda parts: parts[0] | parts[1])


def _patient(case: tuple[dict[str, Any], str]) -> None:
    told, condition = case
    moment_or_none(told.get("onset"), _ZONE)
    question, _ = read_patient(
        {name: told[name] for name in told if name != "at"}, condition=condition, at=None, zone=_ZONE
    )
    settle(question, load_protocol(condition))
