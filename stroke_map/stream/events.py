"""Events: what is told, to whom, and the bytes of it. No clock, no database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from stroke_map.live.changed import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stroke_map.live.roles import Actor

#: What changes are told, with the scope one needs to hear them.
SCOPES: Final = {"alert": "alerts:read", "case": "cases:read", "status": "statuses:read", "closure": "closures:read"}
#: How long a client waits before it comes back, ms.
RETRY_MS: Final = 1000
_ID: Final = re.compile(r"(\d{1,18})-(\d{1,18})-(\d{1,18})", re.ASCII)


class Event(NamedTuple):
    """One change.

    Attributes
    ----------
    kind
        One of `SCOPES`.
    topic, version
        The index among `TOPICS`, and the version of that topic at which it happened.
    hospital
        The id of the hospital whose business it is; empty: everybody's.
    data
        JSON on one line.
    """

    kind: str
    topic: int
    version: int
    hospital: str
    data: bytes


class Audience(NamedTuple):
    """What somebody may hear: streams of the same audience are told the same bytes."""

    hospital: str
    kinds: frozenset[str]

    @classmethod
    def of(cls, actor: Actor) -> Audience:
        """What `actor` may hear; a hospital's account its own hospital alone, and closures."""
        return cls(actor.hospital, frozenset(kind for kind, scope in SCOPES.items() if actor.may(scope)))

    def hears(self, event: Event) -> bool:
        """Whether this event is for them."""
        return event.kind in self.kinds and (not self.hospital or event.hospital in {"", self.hospital})


def id_of(versions: Versions) -> str:
    """The id of an event after which everything up to these versions has been told."""
    return "-".join(map(str, versions))


def versions_of(event_id: str) -> Versions | None:
    """What `id_of` wrote; None for anything else."""
    found = _ID.fullmatch(event_id)
    return Versions(*map(int, found.groups())) if found else None


def frame(kind: str, data: bytes | dict[str, Any], event_id: str = "") -> bytes:
    """An event as it is sent."""
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    named = f"id: {event_id}\n".encode() if event_id else b""
    return b"event: %b\n%bdata: %b\n\n" % (kind.encode(), named, body)


def frames(events: Sequence[Event], audience: Audience, since: Versions, until: Versions) -> bytes:
    """Everything an audience hears of `events` that is newer than `since`; empty where that is nothing.

    Several events can be of one version. Only the last of them names it: whoever is cut off between two hears both again.
    """
    heard = [event for event in events if event.version > since[event.topic] and audience.hears(event)]
    return b"".join(_frames(heard, since, until))


def _frames(heard: Sequence[Event], since: Versions, until: Versions) -> Iterator[bytes]:
    told = list(since)
    for number, event in enumerate(heard, start=1):
        following = heard[number] if number < len(heard) else None
        if following is None:
            told = list(until)
        elif (following.topic, following.version) != (event.topic, event.version):
            told[event.topic] = event.version
        yield frame(event.kind, event.data, id_of(Versions(*told)))
