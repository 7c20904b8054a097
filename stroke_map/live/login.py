"""Logging in and out: password, one-time code, lock-out after failures, sessions."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from stroke_map.errors import LockedOutError, UnauthorizedError
from stroke_map.live.account_records import ACCOUNT_TOPIC, session_of
from stroke_map.live.account_tables import attempts, sessions, users
from stroke_map.live.accounts import Standing
from stroke_map.live.credentials import digest, new_token, password_matches, totp_step
from stroke_map.live.database import insert_if_absent
from stroke_map.live.lockout import ANYWHERE_FACTOR, FORGOTTEN_AFTER, Attempts, Rule, subjects

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from stroke_map.live.accounts import Session
    from stroke_map.live.store import LiveStore

#: One text for every reason: who guesses learns neither whether the name exists nor which half was right.
REFUSAL: Final = "The name, the password or the code is wrong, or the code was used already."
KEPT_SESSIONS: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Checked:
    """Somebody whose password and code were right: who, by the code of which time step, and from where."""

    user_id: int
    standing: Standing
    step: int
    address: str


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

    def check(self, name: str, password: str, code: str, *, address: str, now: datetime) -> Checked:
        """Whether this is somebody; `begin` lets them in.

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
        if user is not None:
            self._store.audit.mention(
                user=name
            )  # never a name that is nobody's: it may be a password in the wrong field
        if user is None or not matches or step is None:
            raise UnauthorizedError(REFUSAL)
        return Checked(user.id, Standing(name, user.role, user.hospital, user.team), step, address)

    def begin(self, checked: Checked, *, now: datetime) -> tuple[Session, str]:
        """Begin a session: what is kept of it, and the token that the browser keeps.

        Raises
        ------
        UnauthorizedError
            Another request was let in with the same code, or the user was revoked meanwhile.
        """
        token = new_token()
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            self._use_code(connection, checked, {"totp_step": checked.step})
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now - KEPT_SESSIONS))
            row = {"id": digest(token), "changed": version, "user_id": checked.user_id}
            row |= {"created_at": now, "expires_at": now + self._lasts}
            return session_of(connection.execute(insert(sessions).values(row).returning(sessions)).one()), token

    def change(
        self,
        checked: Checked,
        token: str,
        *,
        password_hash: str | None = None,
        authenticator: tuple[str, int] | None = None,
        now: datetime,
    ) -> None:
        """Give somebody who was checked another password, or another authenticator; every other session of theirs ends.

        Parameters
        ----------
        token
            Of the session that goes on.
        authenticator
            Its secret, and the time step of the code that it has shown: that one is not taken again.

        Raises
        ------
        UnauthorizedError
            Another request was let in with the same code, or the user was revoked meanwhile.
        """
        values: dict[str, Any] = {"totp_step": checked.step}
        if password_hash is not None:
            values |= {"password_hash": password_hash}
        if authenticator is not None:
            values |= {"totp_secret": authenticator[0], "totp_step": max(checked.step, authenticator[1])}
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            self._use_code(connection, checked, values)
            others = (
                sessions.c.user_id == checked.user_id,
                sessions.c.id != digest(token),
                sessions.c.ended_at.is_(None),
            )
            connection.execute(update(sessions).where(*others).values(ended_at=now, changed=version))

    def log_out(self, token: str, *, now: datetime) -> None:
        """End a session, from the next request on in every worker; ending none changes nothing."""
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            theirs = sessions.c.id == digest(token), sessions.c.ended_at.is_(None)
            connection.execute(update(sessions).where(*theirs).values(ended_at=now, changed=version))

    @staticmethod
    def _use_code(connection: Connection, checked: Checked, values: dict[str, Any]) -> None:
        """Change somebody's row by the code they showed, and forget their failures from where they are.

        Raises
        ------
        UnauthorizedError
            The code was used, or they were revoked since `check`: of two requests with one code, one is let in.
        """
        first = users.c.id == checked.user_id, users.c.totp_step < checked.step, users.c.revoked_at.is_(None)
        if not connection.execute(update(users).where(*first).values(values)).rowcount:
            raise UnauthorizedError(REFUSAL)
        theirs = subjects(checked.standing.name, checked.address)
        connection.execute(delete(attempts).where(attempts.c.subject.in_(theirs)))

    def _count(self, name: str, address: str, now: datetime) -> None:
        """Count an attempt as failed until it succeeds.

        Raises
        ------
        LockedOutError
            Nothing is tried now; what is tried meanwhile is not counted.
        """
        both = zip(subjects(name, address), (self._anywhere, self._rule), strict=True)
        with self._store.writing(audited=False) as connection:
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
