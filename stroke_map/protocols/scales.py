"""Screening scales for a large-vessel occlusion: from what was seen to a score, and what the score is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stroke_map.errors import InvalidRequestError
from stroke_map.protocols.loading import shipped_scales

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.protocols.protocol import Scale


@dataclass(frozen=True, slots=True)
class ScaleResult:
    """What a scale says.

    Attributes
    ----------
    score
        Points; VAN has none and gives 1 where it is positive, else 0.
    positive
        Whether a large-vessel occlusion is suspected: the score reaches the cut-off.
    sensitivity, specificity
        Of the cut-off, 0 to 1, as measured in the study that `source` names.
    """

    score: int
    positive: bool
    sensitivity: float
    specificity: float
    source: str


def names() -> tuple[str, ...]:
    """The scales there are."""
    return tuple(shipped_scales())


def score(name: str, items: Mapping[str, int], scales: Mapping[str, Scale] | None = None) -> ScaleResult:
    """Score what was seen.

    Parameters
    ----------
    name
        RACE, LAMS, FAST-ED, C-STAT, VAN, G-FAST or CG-FAST.
    items
        Points of every item of the scale.
    scales
        Those of a protocol in force; the ones of this package when None.

    Raises
    ------
    InvalidRequestError
        An unknown scale or item, a missing item, or points an item does not have; `facts["errors"]` names each.
    """
    scale = _find(name, scales)
    problems = [f"has no item {str(item)[:40]!r}" for item in items if item not in scale.items]
    problems += [f"needs the item {item}" for item in scale.items if item not in items]
    for item, value in scale.items.items():
        points = items.get(item, 0)
        if isinstance(points, bool) or not isinstance(points, int) or points not in value.grades:
            problems.append(f"gives {item} {' or '.join(map(str, value.grades))} points")
    if problems:
        raise _mistake("items", name, problems)
    if scale.required is None:
        total = sum(items.values())
    else:
        total = int(items[scale.required] > 0 and any(items[item] for item in items if item != scale.required))
    return _result(scale, total)


def of_score(name: str, points: int, scales: Mapping[str, Scale] | None = None) -> ScaleResult:
    """What a score that somebody has already added up says.

    Raises
    ------
    InvalidRequestError
        An unknown scale, or a score outside it.
    """
    scale = _find(name, scales)
    if isinstance(points, bool) or not isinstance(points, int) or not 0 <= points <= scale.most:
        raise _mistake("score", name, [f"goes from 0 to {scale.most}"])
    return _result(scale, points)


def _find(name: str, scales: Mapping[str, Scale] | None) -> Scale:
    known = shipped_scales() if scales is None else scales
    if name not in known:
        raise _mistake("scale", "this service", [f"has the scales {', '.join(known)}"])
    return known[name]


def _result(scale: Scale, total: int) -> ScaleResult:
    return ScaleResult(
        score=total,
        positive=total >= float(scale.cut_off.value),
        sensitivity=float(scale.sensitivity.value),
        specificity=float(scale.specificity.value),
        source=f"{scale.cut_off.source}; {scale.sensitivity.source}",
    )


def _mistake(field: str, subject: str, problems: list[str]) -> InvalidRequestError:
    errors = [{"field": field, "problem": f"{subject} {problem}", "example": "LAMS"} for problem in problems]
    return InvalidRequestError(f"{field}: {subject} {problems[0]}", errors=errors)
