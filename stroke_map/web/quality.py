"""The figures of quality as the API shows them: counts of marks put together, with the names and targets of the edition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stroke_map.dispatch import CONDITIONS, prepare
from stroke_map.live.quality import FEW, TREATMENTS
from stroke_map.protocols.targets import targets_of
from stroke_map.web.quality_models import TIMES
from stroke_map.web.questions import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from stroke_map.editions import Edition
    from stroke_map.live import LiveStore
    from stroke_map.live.tallies import Tally, Values
    from stroke_map.protocols.protocol import Value
    from stroke_map.web.quality_models import QualityQuery

    Targets = Mapping[str, Mapping[str, Sequence[Value]]]

MOST_OVERRIDES: Final = 200
_YEAR: Final = 12


def quality(asked: QualityQuery, edition: Edition, store: LiveStore, now: datetime, *, reasons: bool) -> dict[str, Any]:
    """The figures asked for, in the shape of `quality_models.Quality`.

    Parameters
    ----------
    reasons
        Whether the asker may read why single cases went elsewhere.

    Raises
    ------
    InvalidRequestError
        The first month is after the last.
    """
    first, last = _months(asked, now.astimezone(edition.zone))
    found = store.quality.tallies(first, last, condition=asked.condition, hospital=asked.hospital)
    shown = _Shown.of(edition)
    lines = found.by(shown.key_of(asked.by))
    overrides = store.quality.overrides(found, most=MOST_OVERRIDES + 1) if reasons else []
    return {
        "edition": edition.info.id,
        "demo": edition.info.demo,
        "zone": edition.info.timezone,
        "from": first,
        "until": last,
        "by": asked.by,
        "condition": asked.condition,
        "hospital": asked.hospital,
        "lines": [shown.line(asked.by, key, condition, of) for (key, condition), of in lines.items()],
        "totals": [shown.line("", "", condition, of) for (_, condition), of in found.by(lambda *_: "").items()],
        "targets": shown.targets_json(),
        "overrides": [_override(one) for one in overrides[:MOST_OVERRIDES]] if reasons else None,
        "more": len(overrides) > MOST_OVERRIDES,
    }


def _months(asked: QualityQuery, today: datetime) -> tuple[str, str]:
    last = asked.until or today.strftime("%Y-%m")
    months = int(last[:4]) * _YEAR + int(last[5:]) - _YEAR  # of the year before, counted from year 0
    first = asked.from_ or f"{months // _YEAR:04}-{months % _YEAR + 1:02}"
    if first > last:
        raise invalid([{"field": "from", "problem": "is after the last month", "example": last}])
    return first, last


def _override(row: Mapping[str, Any]) -> dict[str, Any]:
    names = {"id": "case", "hospital_id": "hospital", "override_reason": "reason"}
    return {names.get(name, name): value for name, value in row.items()}


@dataclass(frozen=True)
class _Shown:
    """How figures are shown: the names and districts of hospitals by id, and the targets by condition and measure."""

    names: Mapping[str, dict[str, str]]
    regions: Mapping[str, str]
    targets: Targets

    @classmethod
    def of(cls, edition: Edition) -> _Shown:
        prepared = prepare(edition)
        return cls(
            {card["id"]: card["name"] for card in prepared.cards},
            {hospital.id: hospital.district for hospital in edition.hospitals},
            {condition: targets_of(prepared.protocols[condition]) for condition in CONDITIONS},
        )

    def key_of(self, by: str) -> Callable[[str, str], str]:
        """What tells the lines apart, of a month and a hospital."""
        if by == "region":
            return lambda _, hospital: self.regions.get(hospital, "")
        return lambda month, hospital: month if by == "month" else hospital

    def line(self, by: str, key: str, condition: str, of: Tally) -> dict[str, Any]:
        """One line, in the shape of `quality_models.Line`."""
        counts = {name: of[name].cases for name in ("cases", "overridden", *TREATMENTS)}
        return {
            "key": key,
            "name": self.names.get(key, {"zh": key, "en": key}) if by == "hospital" else {"zh": key, "en": key},
            "region": self.regions.get(key, "") if by == "hospital" else None,
            "condition": condition,
            "few": counts["cases"] < FEW,
            **counts,
            "delivered": _delivered(of),
            "alerts": {
                "sent": of["alerts"].cases,
                "diversions": of["diversions"].cases,
                "first_acknowledged": _wait(of["first_acknowledged"]),
                "all_acknowledged": _wait(of["all_acknowledged"]),
            },
            "times": {name: _spread(of[name], self.targets[condition].get(name, ())) for name in TIMES[condition]},
        }

    def targets_json(self) -> dict[str, Any]:
        """The targets as the API shows them."""
        return {
            condition: {
                measure: [{"minutes": float(v.value)} | v.model_dump(include={"status", "source", "zh", "en"}) for v in values]
                for measure, values in measures.items()
            }
            for condition, measures in self.targets.items()
        }  # fmt: skip


def _delivered(of: Tally) -> dict[str, Any]:
    cases, capable, unsaid = (of[name].cases for name in ("delivered", "delivered_capable", "delivered_unsaid"))
    share = round(capable / (cases - unsaid), 4) if cases > unsaid else None
    return {"cases": cases, "capable": capable, "unsaid": unsaid, "few": cases - unsaid < FEW, "share": share}


def _wait(values: Values) -> dict[str, Any]:
    return {"alerts": values.cases, "few": values.cases < FEW, "median_s": values.median}


def _spread(values: Values, targets: Sequence[Value]) -> dict[str, Any]:
    cases = values.cases
    within = [(float(target.value), values.within(float(target.value))) for target in targets]
    return {
        "cases": cases,
        "few": cases < FEW,
        "median_min": values.median,
        "within": [{"minutes": limit, "cases": n, "share": round(n / cases, 4) if cases else 0.0} for limit, n in within],
    }  # fmt: skip
