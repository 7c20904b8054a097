"""Messages of alerts on their way: plain values and the rules of trying again, no clock and no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from stroke_map.live.alerts import RecordedAlert
    from stroke_map.live.channels import Channel
    from stroke_map.settings import Settings

#: "sent": somebody else took it over; "delivered": it is where it should be. "failed" is tried again, "perhaps" too, though it may
#: have arrived: the answer did not. "refused": trying again changes nothing.
Result = Literal["sent", "delivered", "failed", "perhaps", "refused"]
DeliveryState = Literal["waiting", "sent", "delivered", "dead", "dropped", "screen"]
NO_CHANNEL: Final = "no channel is known: the screen alone"
ENDED: Final = "the alert ended before it was sent"
_FIRST_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Trying:
    """How long and how often a message is tried.

    Attributes
    ----------
    lease
        For how long nobody else tries what one deliverer tries, unless that one says again that it is at it.
    give_up_after
        After this a message is dead: it is shown, and sent no more unless somebody says so.
    longest_wait_s
        Between two attempts.
    """

    lease: timedelta
    give_up_after: timedelta
    longest_wait_s: float

    @classmethod
    def of(cls, settings: Settings) -> Trying:
        """As they are set."""
        return cls(
            timedelta(seconds=settings.delivery_lease_s),
            timedelta(minutes=settings.delivery_give_up_min),
            settings.delivery_longest_wait_s,
        )

    def wait(self, attempts: int, chance: float) -> timedelta:
        """How long to wait after so many attempts: twice as long each time, and by `chance` (0 to 1) up to a half less.

        So the messages of a receiver that comes back do not all arrive at once.
        """
        full_s = min(self.longest_wait_s, _FIRST_WAIT_S * 2.0 ** min(max(attempts - 1, 0), 30))
        return timedelta(seconds=full_s * (1.0 - chance / 2.0))


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A message that is to be sent now.

    Attributes
    ----------
    message_id
        By which the receiver knows one that comes twice; never that of another, also not after a backup was restored.
    kind
        "call" or "stand_down".
    via
        A kind of channel.
    channel
        None: a number of the yearly list.
    contact, phone
        The place among the team's contacts; the number, for "sms" and "voice".
    """

    id: int
    message_id: str
    kind: str
    alert: RecordedAlert
    team: str
    contact: int
    phone: str
    at: datetime
    via: str
    channel: Channel | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of trying to send a message; `problem` is for people and holds no secret."""

    delivery_id: int
    result: Result
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message as it is recorded; `target` as others may see it."""

    id: int
    message_id: str
    alert_id: int
    hospital_id: str
    kind: str
    team: str
    contact: int
    via: str
    channel_id: int | None
    target: str
    at: datetime
    due_at: datetime | None
    attempts: int
    sent_at: datetime | None
    delivered_at: datetime | None
    dead_at: datetime | None
    problem: str

    @property
    def state(self) -> DeliveryState:
        """How it stands."""
        if not self.via:
            return "screen"
        told: tuple[tuple[DeliveryState, datetime | None], ...] = (
            ("delivered", self.delivered_at),
            ("sent", self.sent_at),
            ("dead", self.dead_at),
            ("waiting", self.due_at),
        )
        return next((state for state, at in told if at is not None), "dropped")

    def as_json(self) -> dict[str, Any]:
        """Its members as the API and the command line show them."""
        return {
            "id": self.id,
            "message_id": self.message_id or None,
            "alert": self.alert_id,
            "hospital": self.hospital_id,
            "kind": self.kind,
            "team": self.team,
            "contact": self.contact,
            "via": self.via or None,
            "channel": self.channel_id,
            "target": self.target or None,
            "state": self.state,
            "at": self.at,
            "due_at": self.due_at,
            "attempts": self.attempts,
            "sent_at": self.sent_at,
            "delivered_at": self.delivered_at,
            "dead_at": self.dead_at,
            "problem": self.problem or None,
        }
