"""Logging in and out: password, one-time code, lock-out after failures, sessions."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from stroke_map.errors import LockedOutError, UnauthorizedError
from stroke_map.live.account_records import ACCOUNT_TOPIC, session_of
from stroke_map.live.account_tables import attempts, sessions, users
from stroke_map.live.credentials import digest, new_token, password_matches, totp_step
from stroke_map.live.database import insert_if_absent
from stroke_map.live.lockout import ANYWHERE_FACTOR, FORGOTTEN_AFTER, Attempts, Rule

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from stroke_map.live.accounts import Session
    from stroke_map.live.store import LiveStore

#: One text for every reason: who guesses learns neither whether the name exists nor which half was right.
REFUSAL: Final = "The name, the password or the code is wrong, or the code was used already."
KEPT_SESSIONS: Final = timedelta(days=7)


class LogIns:
    """The log-ins of a `LiveStore`; every method raises LiveStoreError when its database is away.

    Parameters
    ----------
    rule
        When a name is locked for one address. From all addresses together it may fail ten times as often.
    lasts
        How long a session lasts.
    """

    def __init__(self, store: LiveStore, *, rule: Rule, lasts: timedelta) -> None:
        self._store, self._lasts = store, lasts
        self._rule, self._anywhere = rule, replace(rule, free=rule.free * ANYWHERE_FACTOR)

    def log_in(self, name: str, password: str, code: str, *, address: str, now: datetime) -> tuple[Session, str, str]:
        """Let somebody in: the session, the token that the browser keeps, and the user's name.

        Raises
        ------
        LockedOutError
            Too many failures; nothing was tried.
        UnauthorizedError
            Something was wrong; what, is not said.
        """
        name = unicodedata.normalize("NFKC", name).casefold()
        # An attempt counts before it is made: many at once are not many free ones.
        self._count(name, address, now)
        with self._store.reading() as connection:
            user = connection.execute(select(users).where(users.c.name == name)).one_or_none()
        good = user is not None and user.revoked_at is None
        matches = password_matches(user.password_hash if user is not None and good else None, password)
        step = None if user is None else totp_step(user.totp_secret, code, now, after=user.totp_step)
        if user is None or not matches or step is None:
            raise UnauthorizedError(REFUSAL)
        session, token = self._begin(user.id, step, name, address, now)
        return session, token, name

    def _begin(self, user_id: int, step: int, name: str, address: str, now: datetime) -> tuple[Session, str]:
        token = new_token()
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            # Asked again in the transaction: of two requests with one code, one is let in; and nobody revoked meanwhile.
            first = users.c.id == user_id, users.c.totp_step < step, users.c.revoked_at.is_(None)
            if not connection.execute(update(users).where(*first).values(totp_step=step)).rowcount:
                raise UnauthorizedError(REFUSAL)
            connection.execute(delete(attempts).where(attempts.c.subject.in_(_subjects(name, address))))
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now - KEPT_SESSIONS))
            row = {"id": digest(token), "changed": version, "user_id": user_id}
            row |= {"created_at": now, "expires_at": now + self._lasts}
            self._store.audit.mention(user=name)
            return session_of(connection.execute(insert(sessions).values(row).returning(sessions)).one()), token

    def log_out(self, token: str, *, now: datetime) -> None:
        """End a session, from the next request on in every worker; ending none changes nothing."""
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            theirs = sessions.c.id == digest(token), sessions.c.ended_at.is_(None)
            connection.execute(update(sessions).where(*theirs).values(ended_at=now, changed=version))

    def _count(self, name: str, address: str, now: datetime) -> None:
        """Count an attempt as failed until it succeeds.

        Raises
        ------
        LockedOutError
            Nothing is tried now; what is tried meanwhile is not counted.
        """
        both = zip(_subjects(name, address), (self._anywhere, self._rule), strict=True)
        with self._store.writing() as connection:
            connection.execute(delete(attempts).where(attempts.c.last_at <= now - FORGOTTEN_AFTER))
            for subject, rule in sorted(both, key=lambda pair: pair[0]):  # one order for all: nobody waits in a ring
                self._count_one(connection, subject, rule, now)

    @staticmethod
    def _count_one(connection: Connection, subject: str, rule: Rule, now: datetime) -> None:
        insert_if_absent(connection, attempts, {"subject": subject, "failures": 0, "last_at": now})
        wanted = attempts.c.subject == subject
        row = connection.execute(select(attempts).where(wanted).with_for_update()).one()
        known = Attempts(row.failures, row.last_at, row.locked_until)
        if known.locked_until is not None and known.is_locked(now):
            wait_s = int((known.locked_until - now).total_seconds()) + 1
            raise LockedOutError("Nothing is tried for a while.", retry_after_s=wait_s)
        connection.execute(update(attempts).where(wanted).values(**asdict(known.and_another(now, rule))))


def _subjects(name: str, address: str) -> tuple[str, str]:
    """The name anywhere, and the name at this address."""
    return digest(name), digest(f"{name}\n{address}")
