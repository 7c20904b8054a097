"""A case: one patient on the way to one hospital, without a name; plain values, no clock and no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

#: What is timed of a case, in the order in which it mostly happens.
MomentName = Literal[
    "onset", "last_known_well", "call", "dispatched", "on_scene", "left_scene", "door",
    "ecg", "imaging", "needle", "puncture", "wire", "reperfusion", "closed",
]  # fmt: skip
MOMENTS: Final[tuple[MomentName, ...]] = get_args(MomentName)
#: What a hospital sees happen, and what a crew that was given a link to its case alone; who begins and ends a case is the dispatcher.
BY_HOSPITAL: Final = ("door", "ecg", "imaging", "needle", "puncture", "wire", "reperfusion")
BY_LINKED_CREW: Final = ("onset", "last_known_well", "dispatched", "on_scene", "left_scene", "door", "ecg")
#: The times between two moments of which monthly figures are kept.
INTERVALS: Final[Mapping[str, tuple[str, str]]] = {
    "onset_to_door": ("onset", "door"),
    "call_to_door": ("call", "door"),
    "on_scene_to_left_scene": ("on_scene", "left_scene"),
    "door_to_imaging": ("door", "imaging"),
    "door_to_needle": ("door", "needle"),
    "door_to_puncture": ("door", "puncture"),
    "door_to_wire": ("door", "wire"),
    "first_contact_to_wire": ("on_scene", "wire"),
    "puncture_to_reperfusion": ("puncture", "reperfusion"),
}


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """What is recorded when a case begins.

    Attributes
    ----------
    question, answer
        As it was asked, and as it was given, without roads; `answer["hospitals"]` are the choices, best first.
    edition
        The id of the edition that answered.
    first_choice, hospital_id
        The id of the hospital that the answer put first, and of the one that was chosen.
    override_reason
        Why it was not the first; empty where it was.
    vehicle
        Which ambulance; may be empty.
    author
        Who says so.
    timeline
        When each of `MOMENTS` was, of those that were told, in that order; aware.
    capable
        Whether the edition's list says that the chosen hospital can treat it; None: the list does not know.
    """

    condition: str
    question: Mapping[str, Any]
    answer: Mapping[str, Any]
    edition: str
    first_choice: str
    hospital_id: str
    override_reason: str = ""
    vehicle: str = ""
    author: str
    timeline: Mapping[str, datetime] = field(default_factory=dict)
    capable: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Case(NewCase):
    """A case as it is recorded.

    Attributes
    ----------
    id
        Counts from 1 and is never given twice.
    created_at, closed_at
        Aware. `closed_at` None: it is open.
    """

    id: int
    created_at: datetime
    closed_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Its members as the API shows them."""
        return {
            "id": self.id,
            "condition": self.condition,
            "question": self.question,
            "answer": self.answer,
            "edition": self.edition,
            "first_choice": self.first_choice,
            "hospital": self.hospital_id,
            "override_reason": self.override_reason or None,
            "vehicle": self.vehicle or None,
            "author": self.author,
            "created_at": self.created_at,
            "closed_at": self.closed_at,
            "timeline": dict(self.timeline),
        }


def timeline_of(told: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    """When each moment was, from all that was told in the order in which it was recorded: the last word counts."""
    last = dict(told)
    return {name: last[name] for name in MOMENTS if name in last}
