"""What hospitals said of themselves, as a patient who arrives then would find it. Where nobody said anything, none of this is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stroke_map.dispatch.classes import CLOSED, NEVER
from stroke_map.live.statuses import TAKES_AWAY, TELEPHONE_FIRST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from stroke_map.dispatch.choose import Asked
    from stroke_map.live import HospitalStatus, LiveState

_NAMES: Final[dict[str, tuple[str, str]]] = {
    "diversion": ("绕行", "on diversion"),
    "full": ("满员", "full"),
    "ct_down": ("CT 故障", "CT down"),
    "cath_lab_down": ("导管室停用", "cath lab down"),
}
#: What a protocol may send a patient for. Imaging is taken away together with what needs it.
_WEIGHED: Final = {
    "stroke": ("thrombolysis", "thrombectomy"),
    "chest_pain": ("primary_pci", "fibrinolysis", "cardiac_surgery"),
}
MOST_SEEN = 5


class Statuses:
    """The statuses of an edition's hospitals that are known at one moment.

    Parameters
    ----------
    said
        By column of the hospital.
    """

    def __init__(self, said: Sequence[tuple[int, HospitalStatus]]) -> None:
        self._said = said
        self._column = np.array([column for column, _ in said], dtype=np.int64)
        self._telephone = np.array([status.kind in TELEPHONE_FIRST for _, status in said])
        self._begins_s, self._ends_s = np.array([status.span_s for _, status in said]).T
        self._lost: dict[str, np.ndarray] = {}

    @classmethod
    def known(cls, live: LiveState | None, column: Mapping[str, int]) -> Statuses | None:
        """Those in `live`; None where there is none. One of a hospital that this edition lacks says nothing."""
        if live is None or not live.statuses:
            return None
        said = [(column[status.hospital_id], status) for status in live.statuses if status.hospital_id in column]
        return cls(said) if said else None

    def _hold(self, arrival_s: np.ndarray) -> np.ndarray:
        """bool[k]: which of them hold when a patient arrives at float64[H] seconds since 1970."""
        arrives_s = arrival_s[self._column]
        hold: np.ndarray = (self._begins_s <= arrives_s) & (arrives_s < self._ends_s)
        return hold

    def weaken(self, classes: np.ndarray, need: str, arrival_s: np.ndarray) -> np.ndarray:
        """The classes of every hospital for one capability, worse where a status says so; never better."""
        lost = self._lost.get(need)
        if lost is None:
            lost = self._lost[need] = np.array([need in TAKES_AWAY.get(s.kind, ()) for _, s in self._said])
        hold, classes = self._hold(arrival_s), classes.copy()
        first = self._column[hold & self._telephone]
        classes[first] = np.maximum(classes[first], CLOSED)
        classes[self._column[hold & lost]] = NEVER
        return classes

    @property
    def columns(self) -> list[int]:
        """The hospitals that said anything."""
        return sorted(set(self._column.tolist()))

    def of(self, column: int, arrival_s: float) -> list[HospitalStatus]:
        """Those of one hospital that hold on arrival."""
        hold = (self._column == column) & (self._begins_s <= arrival_s) & (arrival_s < self._ends_s)
        return [self._said[i][1] for i in np.flatnonzero(hold).tolist()]

    def unconfirmed(self, column: int, arrival_s: float) -> list[HospitalStatus]:
        """Those of one hospital that will have run out shortly before, with nobody's word that they are over."""
        moment = datetime.fromtimestamp(arrival_s, tz=UTC)
        return [status for at, status in self._said if at == column and status.is_unconfirmed(moment)]


def counts(asked: Asked, status: HospitalStatus) -> bool:
    """Whether a status says anything about what was asked for."""
    return status.kind in TELEPHONE_FIRST or not TAKES_AWAY[status.kind].isdisjoint(_needs(asked))


def status_text(status: HospitalStatus, zone: ZoneInfo) -> dict[str, str]:
    """A status in words: Chinese and English, with the hour of the region."""
    zh, en = _NAMES[status.kind]
    until = f"{status.until.astimezone(zone):%m-%d %H:%M}"
    return {"zh": f"{zh}（至 {until}）", "en": f"{en} until {until}"}


def statuses_json(asked: Asked, column: int, arrival_s: float) -> list[dict[str, Any]]:
    """What holds of one hospital on arrival, whether or not it matters to this question."""
    if asked.statuses is None:
        return []
    zone = asked.edition.zone
    return [
        {
            "kind": status.kind,
            "until": status.until.astimezone(zone).isoformat(timespec="seconds"),
            "text": status_text(status, zone),
        }
        for status in asked.statuses.of(column, arrival_s)
    ]


def taken(asked: Asked, arrival_s: np.ndarray) -> list[int]:
    """The hospitals that would stand in a better class for what was asked, had they not said otherwise."""
    if asked.statuses is None:
        return []
    worse = np.zeros(len(arrival_s), dtype=bool)
    for need in _needs(asked):
        usual = asked.usual_classes((need,), arrival_s)
        worse |= asked.statuses.weaken(usual, need, arrival_s) > usual
    return np.flatnonzero(worse).tolist()


def seen_json(
    asked: Asked, columns: Sequence[int], arrival_s: np.ndarray, travel_s: Mapping[int, float]
) -> list[dict[str, Any]]:
    """The statuses behind an answer, of `columns` in this order; who said so and why is for dispatchers alone."""
    if asked.statuses is None:
        return []
    told = asked.question.profile == "ambulance"
    return [
        {
            "hospital": (card := asked.prepared.cards[column])["id"],
            "name": card["name"],
            "phone": card["phone"],
            "travel_time_s": travel_s.get(column),
            "kind": status.kind,
            "until": status.until.astimezone(asked.edition.zone).isoformat(timespec="seconds"),
            "text": status_text(status, asked.edition.zone),
            "reason": status.reason if told else None,
            "author": status.author if told else None,
        }
        for column in columns[:MOST_SEEN]
        for status in asked.statuses.of(column, float(arrival_s[column]))
        if counts(asked, status)
    ]


def _needs(asked: Asked) -> tuple[str, ...]:
    return asked.needs if asked.question.patient is None else _WEIGHED[asked.question.condition]
