"""Accounts as values: users, keys for machines, sessions, and who somebody is at a moment. No clock, no database."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stroke_map.live.credentials import digest, digest_matches, public_part
from stroke_map.live.roles import ROLES, Actor, allowed_scopes
from stroke_map.registry import TEAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

#: The role of accounts that are bound to a hospital.
BOUND: Final = "hospital"
_NAME = re.compile(r"\w[\w.@-]{0,63}")
_HOSPITAL_ID = re.compile(r"\w[\w.-]{0,63}")


class StandingError(ValueError):
    """An account that cannot be; `field` says which word of it is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account may do and what it is bound to.

    Attributes
    ----------
    name
        As the audit log writes it.
    role
        One of `ROLES`.
    hospital, team
        For the role `hospital`; the team may be empty: any team of the hospital.
    scopes
        What a key is held to; empty: all that the role may.
    """

    name: str
    role: str
    hospital: str = ""
    team: str = ""
    scopes: tuple[str, ...] = ()

    def actor(self, maker: str = "") -> Actor:
        """Someone with this standing; of a key, `maker` is who made it."""
        scopes = frozenset(self.scopes or ROLES[self.role])
        return Actor(self.name, self.role, self.hospital, self.team, scopes, maker=maker)


def read_standing(name: str, role: str, hospital: str = "", team: str = "", scopes: Iterable[str] = ()) -> Standing:
    """A standing from what somebody typed.

    Raises
    ------
    StandingError
        Something cannot be, or does not go together.
    """
    name = unicodedata.normalize("NFKC", name).casefold()
    if not _NAME.fullmatch(name):
        raise StandingError(
            "name", "a name has 1 to 64 letters, digits, '_', '-', '.' or '@', and starts with a letter or digit"
        )
    if role not in ROLES:
        raise StandingError("role", f"a role is one of {', '.join(ROLES)}")
    if (role == BOUND) != bool(hospital) or (team and role != BOUND):
        raise StandingError(
            "hospital", "the role hospital is bound to a hospital, and perhaps to a team of it; no other role is"
        )
    if hospital and not _HOSPITAL_ID.fullmatch(hospital):
        raise StandingError("hospital", "a hospital is named by its id")
    if team and team not in TEAMS:
        raise StandingError("team", f"a team is one of {', '.join(TEAMS)}")
    held_to = tuple(sorted(set(scopes)))
    if not set(held_to) <= allowed_scopes(role):
        raise StandingError("scopes", f"the scopes of this role are {', '.join(sorted(allowed_scopes(role)))}")
    return Standing(name, role, hospital, team, held_to)


@dataclass(frozen=True, slots=True)
class User:
    """Someone who logs in. What is secret of them stays in the database."""

    id: int
    standing: Standing
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str

    def as_json(self, now: datetime) -> dict[str, Any]:
        """What is shown of it."""
        return _standing_as_json(self.standing) | {
            "state": "revoked" if self.revoked_at is not None and self.revoked_at <= now else "active",
            "created_at": self.created_at,
            "created_by": self.created_by,
            "revoked_at": self.revoked_at,
            "revoked_by": self.revoked_by or None,
        }


@dataclass(frozen=True, slots=True)
class Key:
    """A key for a machine; `id` is its public part."""

    id: str
    standing: Standing
    secret_hash: str = field(repr=False)
    created_at: datetime
    created_by: str
    expires_at: datetime
    replaced_by: str | None
    revoked_at: datetime | None
    revoked_by: str

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "active"

    def as_json(self, now: datetime) -> dict[str, Any]:
        """What is shown of it; never anything of the secret."""
        return {"id": self.id} | _standing_as_json(self.standing) | {
            "scopes": list(self.standing.scopes or ROLES[self.standing.role]),
            "state": self.state(now),
            "created_at": self.created_at,
            "created_by": self.created_by,
            "expires_at": self.expires_at,
            "replaced_by": self.replaced_by,
            "revoked_at": self.revoked_at,
            "revoked_by": self.revoked_by or None,
        }  # fmt: skip


def _standing_as_json(standing: Standing) -> dict[str, Any]:
    hospital, team = standing.hospital or None, standing.team or None
    return {"name": standing.name, "role": standing.role, "hospital": hospital, "team": team}


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in; `id` is the digest of the token that the browser holds."""

    id: str
    user_id: int
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether it lets nobody in any more."""
        return self.ended_at is not None or self.expires_at <= now


@dataclass(frozen=True)
class Accounts:
    """Every account as one worker knows it; replaced as a whole. To ask it costs a few microseconds."""

    version: int = field(default=0, compare=False)  # of the topic; the same accounts are the same
    users: Mapping[int, User] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)

    def by_key(self, given: str, now: datetime) -> Actor | None:
        """Whose key this is; None where it is nobody's, has expired or was revoked."""
        key = self.keys.get(public_part(given) or "")
        if key is None or not digest_matches(key.secret_hash, given) or key.state(now) != "active":
            return None
        return key.standing.actor(key.created_by)

    def by_token(self, token: str, now: datetime) -> Actor | None:
        """Whose session this token is of; None where it is nobody's or over, or the user was revoked."""
        session = self.session(token, now)
        return None if session is None else self.users[session.user_id].standing.actor()

    def session(self, token: str, now: datetime) -> Session | None:
        """The session of this token, None where there is none that lets anybody in."""
        # Looked up by a digest: how long that takes says nothing of the token.
        session = self.sessions.get(digest(token))
        if session is None or session.is_over(now):
            return None
        user = self.users.get(session.user_id)
        return None if user is None or user.revoked_at is not None else session

    def with_changes(
        self, version: int, users: Iterable[User], keys: Iterable[Key], sessions: Iterable[Session], now: datetime
    ) -> Accounts:
        """The same after changes; sessions that are over are forgotten."""
        all_sessions = {**self.sessions, **{session.id: session for session in sessions}}
        return Accounts(
            version,
            {**self.users, **{user.id: user for user in users}},
            {**self.keys, **{key.id: key for key in keys}},
            {name: session for name, session in all_sessions.items() if not session.is_over(now)},
        )


#: Before anything was read.
NOBODY: Final = Accounts()
