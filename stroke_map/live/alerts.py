"""An alert as it is recorded: what the rules know of it, and what those who read it want besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stroke_map.live.alert_rules import Callees, due, standing_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stroke_map.live.alert_rules import Alert, Happening, Timers
    from stroke_map.live.cases import Case
    from stroke_map.registry import Hospital

#: Which teams one key alerts.
TEAMS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "stroke": ("emergency", "radiology", "neurology"),
    "chest_pain": ("emergency", "cardiology", "cath_lab"),
}


def callees_of(hospital: Hospital, condition: str) -> tuple[Callees, ...]:
    """The teams of a hospital for a condition, with their numbers in the order in which they are called."""
    return tuple(
        Callees(team, tuple(contact.phone for contact in hospital.contacts if contact.team == team))
        for team in TEAMS_OF[condition]
    )


def telephone_of(hospital: Hospital) -> str:
    """The number a dispatcher telephones: the emergency department's first, else the hospital's; may be empty."""
    return next((contact.phone for contact in hospital.contacts if contact.team == "emergency"), hospital.phone)


@dataclass(frozen=True, kw_only=True)
class NewAlert:
    """Whom to tell of a case.

    Attributes
    ----------
    telephone
        The number the dispatcher is shown.
    teams
        Whom it calls.
    eta
        When the ambulance arrives, aware; None: nobody knows.
    override_reason
        Why it is not the hospital that the answer put first.
    capable
        Whether the edition's list says that this hospital can treat it; None: the list does not know.
    author
        Who says so.
    """

    case_id: int
    hospital_id: str
    telephone: str
    teams: tuple[Callees, ...]
    eta: datetime | None = None
    override_reason: str = ""
    capable: bool | None = None
    author: str


@dataclass(frozen=True, kw_only=True)
class RecordedAlert:
    """An alert with everything that happened to it.

    Attributes
    ----------
    alert, happenings
        What the rules need; see there.
    case
        The case it is about.
    replaces
        The id of the alert that this one cancelled, None: none.
    next_choice
        The id of the next hospital of the answer that has not diverted this case; None where this one was not diverted, or none
        is left.
    """

    id: int
    hospital_id: str
    telephone: str
    author: str
    alert: Alert
    happenings: tuple[Happening, ...]
    case: Case
    replaces: int | None = None
    next_choice: str | None = None

    def as_json(self, now: datetime, timers: Timers) -> dict[str, Any]:
        """Its members as the API shows them at `now`."""
        standing = standing_of(self.alert, self.happenings)
        shown = due(self.alert, self.happenings, now, timers)
        ending = standing.ending
        return {
            "id": self.id,
            "hospital": self.hospital_id,
            "state": standing.state,
            "created_at": self.alert.created_at,
            "author": self.author,
            "eta": self.alert.eta,
            "telephone": self.telephone or None,
            "not_activated": shown.not_activated,
            "telephone_now": shown.telephone,
            "teams": [self._team(callees, standing.acknowledged, standing.activated) for callees in self.alert.teams],
            "arrived_at": standing.arrived.at if standing.arrived else None,
            "ended_at": ending.at if ending else None,
            "ended_by": ending.by if ending else None,
            "end_reason": (ending.reason or None) if ending else None,
            "replaces": self.replaces,
            "next_choice": self.next_choice,
            "case": {
                "id": self.case.id,
                "condition": self.case.condition,
                "vehicle": self.case.vehicle or None,
                "patient": self.case.question.get("patient") or None,
                "timeline": dict(self.case.timeline),
            },
        }

    def _team(
        self, callees: Callees, acknowledged: Mapping[str, Happening], activated: Mapping[str, Happening]
    ) -> dict[str, Any]:
        calls = [h.at for h in self.happenings if h.kind == "called" and h.team == callees.team]
        told: dict[str, Any] = {"team": callees.team, "calls": len(calls), "called_at": max(calls, default=None)}
        for name, happenings in (("acknowledged", acknowledged), ("activated", activated)):
            happening = happenings.get(callees.team)
            told[f"{name}_at"] = happening.at if happening else None
            told[f"{name}_by"] = happening.by if happening else None
        return told
