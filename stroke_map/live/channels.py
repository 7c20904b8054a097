"""Where the messages of a hospital's alerts go, besides its screen: plain values, no clock and no database."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from urllib.parse import urlsplit

from stroke_map.registry.fields import tidy_phone

if TYPE_CHECKING:
    from datetime import datetime

ChannelKind = Literal["webhook", "email", "sms", "voice"]
Format = Literal["native", "fhir"]
CHANNEL_KINDS: Final[tuple[ChannelKind, ...]] = get_args(ChannelKind)
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
#: By this prefix libraries for signed webhooks (https://www.standardwebhooks.com) know that the rest is Base64.
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  a prefix, and no secret
_LONGEST_TARGET: Final = 500
_PLAIN: Final = re.compile(r"[\x21-\x7e]+")  # also no white space: urlsplit would silently take out line ends
_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class NewChannel:
    """A way to a hospital.

    Attributes
    ----------
    hospital_id, team
        As in the list; an empty team: every one.
    target
        The address of a webhook, a mailbox, or a number.
    secret
        What a webhook is signed with; empty for all others.
    format
        Of a webhook's body.
    author
        Who says so.
    """

    hospital_id: str
    team: str = ""
    kind: ChannelKind
    target: str
    secret: str = field(default="", repr=False)  # an error or a log may show a channel
    format: Format = "native"
    author: str


@dataclass(frozen=True, kw_only=True)
class Channel(NewChannel):
    """A channel as it is recorded; `ended_at` None: it is in use."""

    id: int
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    @property
    def shown_target(self) -> str:
        """The target as others may see it: what stands behind a question mark is often a password."""
        address, mark, _ = self.target.partition("?")
        return f"{address}?..." if mark and self.kind == "webhook" else self.target

    def as_json(self) -> dict[str, Any]:
        """Its members as the API and the command line show them: never the secret."""
        return {
            "id": self.id,
            "hospital": self.hospital_id,
            "team": self.team or None,
            "kind": self.kind,
            "target": self.shown_target,
            "format": self.format,
            "author": self.author,
            "created_at": self.created_at,
            "ended_at": self.ended_at,
            "ended_by": self.ended_by or None,
        }


def new_secret() -> str:
    """A secret for a webhook: 256 random bits."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_target(kind: ChannelKind, target: str) -> str:
    """The target of a channel, tidied. Whether a webhook's address may be reached is asked when it is reached: names move.

    Raises
    ------
    ValueError
        It is none; the message completes "target ...".
    """
    if kind in {"sms", "voice"}:
        return tidy_phone(target)
    if len(target) > _LONGEST_TARGET or not _PLAIN.fullmatch(target):
        raise ValueError(f"must be at most {_LONGEST_TARGET} plain characters without blanks")
    if kind == "email":
        if not _MAILBOX.fullmatch(target):
            raise ValueError("is no mailbox such as stroke@hospital.example")
        return target
    try:
        parts = urlsplit(target)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no address of the web") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("must begin with https:// or, for networks of one's own, http://")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("may hold neither a password nor a fragment")
    return target
