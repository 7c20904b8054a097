"""When an alert calls whom, and when the dispatcher must take the telephone: pure, without a clock and without a database.

What has happened to an alert is a set of `Happening`s; where it stands and what is due follow from them, from the moment, and from
the timers, whatever the order in which they are told. So nothing is lost by a crash between two of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stroke_map.settings import Settings

Kind = Literal["called", "sent", "delivered", "acknowledged", "activated", "arrived", "closed", "cancelled", "diverted"]
State = Literal[
    "created", "sent", "delivered", "acknowledged", "activated", "arrived", "closed", "cancelled", "diverted"
]
#: What ends an alert; of two at the same moment the first here counts.
ENDINGS: Final[tuple[Kind, ...]] = ("diverted", "cancelled", "closed")
#: What is told of from farther ahead than this was written by a clock that has been set back since; machines differ by a few seconds.
AHEAD: Final = timedelta(seconds=30)
#: No timer shrinks below this, however near the ambulance is.
LEAST_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Timers:
    """After how many seconds what happens, unless the drive is short.

    Attributes
    ----------
    rollover_s
        A team's next contact is called as well.
    repeat_s, repeat_for_s
        A contact is called again; and until when. A short drive hastens this until its end: who has not heard by then hears no
        better every few seconds, and the dispatcher has been told to telephone.
    not_activated_s
        The dispatcher is told that the hospital has not activated its team.
    telephone_s
        The dispatcher is told to telephone.
    eta_share
        The telephone comes at the latest after this share of the drive; every other timer shrinks in proportion.
    close_after_s
        An alert nobody closed is closed by itself, so long after the arrival, or after its beginning.
    """

    rollover_s: float = 60.0
    repeat_s: float = 120.0
    repeat_for_s: float = 1200.0
    not_activated_s: float = 300.0
    telephone_s: float = 360.0
    eta_share: float = 0.375
    close_after_s: float = 86_400.0

    @classmethod
    def of(cls, settings: Settings) -> Timers:
        """As they are set."""
        return cls(
            settings.alert_rollover_s,
            settings.alert_repeat_s,
            settings.alert_repeat_for_s,
            settings.alert_not_activated_s,
            settings.alert_telephone_s,
            settings.alert_eta_share,
            settings.alert_close_after_h * 3600.0,
        )

    def for_drive(self, drive_s: float | None) -> Timers:
        """The timers of a drive of so many seconds, None where nobody knows: each the smaller of its setting and its share.

        How long calls are repeated, and when an alert closes by itself, do not hang on the drive.
        """
        if drive_s is None:
            return self
        part = min(1.0, self.eta_share * max(drive_s, 0.0) / self.telephone_s)

        def shrunk(timer_s: float) -> float:
            return max(timer_s * part, min(timer_s, LEAST_S))

        return replace(
            self,
            rollover_s=shrunk(self.rollover_s),
            repeat_s=shrunk(self.repeat_s),
            not_activated_s=shrunk(self.not_activated_s),
            telephone_s=shrunk(self.telephone_s),
        )


@dataclass(frozen=True, slots=True)
class Callees:
    """A team and its numbers, in the order in which they are called; none: its screen alone."""

    team: str
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """What the rules need of an alert.

    Attributes
    ----------
    created_at, eta
        Aware. `eta` is when the ambulance arrives, as known now; None: nobody knows.
    teams
        Whom it calls; every team once.
    """

    created_at: datetime
    teams: tuple[Callees, ...]
    eta: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to an alert: what, when (aware), to which team and which of its contacts, by whom, why."""

    kind: Kind
    at: datetime
    team: str = ""
    contact: int = 0
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert stands.

    Attributes
    ----------
    state
        The farthest it has come; "acknowledged" when every team has.
    acknowledged, activated
        By team, the first time it did. A team that is activated has acknowledged.
    arrived, ending
        The first time each happened, None: it has not.
    """

    state: State
    acknowledged: dict[str, Happening]
    activated: dict[str, Happening]
    arrived: Happening | None
    ending: Happening | None


@dataclass(frozen=True, slots=True)
class Call:
    """A contact of a team that is to be called: its place among the team's, and the number, "" for the screen alone."""

    team: str
    contact: int
    phone: str


@dataclass(frozen=True, slots=True)
class Due:
    """What is due at a moment.

    Attributes
    ----------
    calls
        To be made now; each becomes a `Happening` of kind "called".
    not_activated, telephone
        Whether the dispatcher sees that no team is activated, and that he must telephone.
    close
        It has stood for so long that it is to be closed.
    next_at
        The earliest moment, past or to come, at which anything is due that has not happened; None: it has ended.
    """

    calls: tuple[Call, ...] = ()
    not_activated: bool = False
    telephone: bool = False
    close: bool = False
    next_at: datetime | None = None


def standing_of(alert: Alert, happenings: Iterable[Happening]) -> Standing:
    """Where the alert stands after all of `happenings`, in whatever order they are told."""
    told = sorted(happenings, key=_order)
    kinds = {happening.kind for happening in told}
    teams = {callees.team for callees in alert.teams}
    acknowledged: dict[str, Happening] = {}
    activated: dict[str, Happening] = {}
    for happening in told:
        if happening.team in teams and happening.kind in {"acknowledged", "activated"}:
            acknowledged.setdefault(happening.team, happening)
        if happening.team in teams and happening.kind == "activated":
            activated.setdefault(happening.team, happening)
    arrived = next((happening for happening in told if happening.kind == "arrived"), None)
    ending = next((happening for happening in told if happening.kind in ENDINGS), None)
    state: State = "created"
    if ending is not None:
        state = ending.kind  # type: ignore[assignment]  # every ending is a state
    elif arrived is not None:
        state = "arrived"
    elif activated:
        state = "activated"
    elif acknowledged.keys() == teams:
        state = "acknowledged"
    elif "delivered" in kinds:
        state = "delivered"
    elif "sent" in kinds:
        state = "sent"
    return Standing(state, acknowledged, activated, arrived, ending)


def due(alert: Alert, happenings: Iterable[Happening], now: datetime, timers: Timers) -> Due:
    """What is due at `now` for an alert to which `happenings` have happened.

    An alert that has not ended always has a next moment. Another `eta` moves what is to come, and never takes back what has happened.
    Where the clock was set back since, who is silent is called once more, and the timers begin with that.
    """
    told = tuple(happenings)
    standing = standing_of(alert, told)
    if standing.ending is not None:
        return Due()
    close_at = (standing.arrived.at if standing.arrived else alert.created_at) + timedelta(seconds=timers.close_after_s)
    if standing.arrived is not None:  # the patient is at the door: nobody needs a call to know
        return Due(close=close_at <= now, next_at=close_at)
    calls, moments = [], [close_at]
    for call, at in _calls(alert, told, standing, timers, now):
        moments.append(at)
        if at <= now:
            calls.append(call)
    quiet = bool(standing.activated)
    hastened = _of_drive(alert, timers)
    shown, began = [], _began(alert, told)
    for after_s, settled in (
        (hastened.not_activated_s, quiet),
        (hastened.telephone_s, quiet and len(standing.acknowledged) == len(alert.teams)),
    ):
        at = began + timedelta(seconds=after_s)
        shown.append(not settled and at <= now)
        if not settled and at > now:
            moments.append(at)
    return Due(tuple(calls), shown[0], shown[1], close_at <= now, min(moments))


def refusal(standing: Standing, kind: Kind) -> str:
    """Why this can no longer happen to an alert that stands so; "" where it can, or has happened already and changes nothing."""
    if standing.ending is not None and standing.ending.kind != kind:
        return f"the alert was {standing.ending.kind}"
    if standing.arrived is not None and kind in {"diverted", "cancelled"}:
        return "the patient has arrived"
    return ""


def _of_drive(alert: Alert, timers: Timers) -> Timers:
    return timers.for_drive(None if alert.eta is None else (alert.eta - alert.created_at).total_seconds())


def _began(alert: Alert, told: tuple[Happening, ...]) -> datetime:
    """When the timers began: with the alert, or with the first call where the clock was set back in between."""
    return min([alert.created_at, *(happening.at for happening in told if happening.kind == "called")])


def _calls(
    alert: Alert, told: tuple[Happening, ...], standing: Standing, timers: Timers, now: datetime
) -> Iterable[tuple[Call, datetime]]:
    """Every call that is still to be made, with its moment, which may be past: the next to each contact alone."""
    last: dict[tuple[str, int], datetime] = {}
    for happening in told:
        if happening.kind == "called" and happening.at <= now + AHEAD:
            key = happening.team, happening.contact
            last[key] = max(last.get(key, happening.at), happening.at)
    began = _began(alert, told)
    began = began if began <= now + AHEAD else now
    until = began + timedelta(seconds=timers.repeat_for_s)
    hastened = _of_drive(alert, timers)
    for callees in alert.teams:
        if callees.team in standing.acknowledged:
            continue
        for contact, phone in enumerate(callees.phones or ("",)):
            before = last.get((callees.team, contact))
            # After a pause of the deliverer a contact is called once, not as often as was missed; the first call is always made.
            if before is None:
                yield (
                    Call(callees.team, contact, phone),
                    began + timedelta(seconds=contact * hastened.rollover_s),
                )
                continue
            on_the_road = alert.eta is not None and before < alert.eta
            at = before + timedelta(seconds=(hastened if on_the_road else timers).repeat_s)
            if at <= until:
                yield Call(callees.team, contact, phone), at


def _order(happening: Happening) -> tuple[datetime, int, str, str, str, str, int]:
    """By moment; two of one moment in an order that does not hang on how they were told."""
    rank = ENDINGS.index(happening.kind) if happening.kind in ENDINGS else 0
    return happening.at, rank, happening.kind, happening.by, happening.reason, happening.team, happening.contact
