"""Users and keys in the database: add, list, revoke, and what a worker reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, update

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.account_tables import attempts, keys, sessions, users
from stroke_map.live.accounts import Accounts, Key, Session, Standing, User
from stroke_map.live.credentials import digest, new_key
from stroke_map.live.lockout import mark_of, marks_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Row

    from stroke_map.live.store import LiveStore

ACCOUNT_TOPIC = "accounts"
ADMINISTRATOR: Final = "administrator"


class AccountRecords:
    """The users and keys of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def add_user(self, standing: Standing, password_hash: str, totp_secret: str, *, by: str, now: datetime) -> User:
        """Add somebody.

        Raises
        ------
        ConflictError
            The name is taken, or was: the audit log knows people by it.
        """
        row = _standing_row(standing) | {"password_hash": password_hash, "totp_secret": totp_secret, "totp_step": 0}
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            if connection.execute(select(users.c.id).where(users.c.name == standing.name)).first():
                raise ConflictError(f"The name {standing.name} is taken or was.", next_step="Choose another name; `stroke-map user reset` gives a user a new password.", reason="name-taken")  # fmt: skip
            row |= {"changed": version, "created_at": now, "created_by": by, "revoked_by": ""}
            self._store.audit.mention(user=standing.name, role=standing.role)
            return _user(connection.execute(insert(users).values(row).returning(users)).one())

    def reset_user(self, name: str, password_hash: str, totp_secret: str, *, now: datetime) -> User:
        """Give somebody a new password and a new secret for one-time codes; their sessions end, and they are not locked out.

        Raises
        ------
        NotFoundError
            There is no such user, or they were revoked.
        """
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            values = {"password_hash": password_hash, "totp_secret": totp_secret, "totp_step": 0, "changed": version}
            wanted = users.c.name == name.casefold(), users.c.revoked_at.is_(None)
            row = connection.execute(update(users).where(*wanted).values(values).returning(users)).one_or_none()
            if row is None:
                raise _no("user", name)
            _end_sessions(connection, row.id, version, now)
            _forget_failures(connection, row.name)
            self._store.audit.mention(user=row.name)
            return _user(row)

    def unlock_user(self, name: str) -> User:
        """Let somebody try again at once who is locked out, from wherever.

        Raises
        ------
        NotFoundError
            There is no such user, or they were revoked.
        """
        with self._store.writing() as connection:
            wanted = users.c.name == name.casefold(), users.c.revoked_at.is_(None)
            row = connection.execute(select(users).where(*wanted)).one_or_none()
            if row is None:
                raise _no("user", name)
            _forget_failures(connection, row.name)
            self._store.audit.mention(user=row.name)
            return _user(row)

    def locked_until(self, now: datetime) -> dict[str, datetime]:
        """The users who are locked out, at one address at least, and until when."""
        locked = select(attempts.c.subject, attempts.c.locked_until).where(attempts.c.locked_until > now)
        with self._store.reading() as connection:
            rows = connection.execute(locked.order_by(attempts.c.locked_until)).all()
            until = {marks_in(row.subject): row.locked_until for row in rows}  # the last of a name is the longest
            names = connection.execute(select(users.c.name)).scalars() if until else ()
            return {name: until[mark_of(name)] for name in names if mark_of(name) in until}

    def revoke_user(self, name: str, *, by: str, now: datetime) -> User:
        """Let somebody in no more, from the next request on; who revoked them first stays written.

        Raises
        ------
        NotFoundError
            There is no such user.
        ConflictError
            Nobody would be left who could give out accounts.
        """
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            found = users.c.name == name.casefold()
            active = users.c.role == ADMINISTRATOR, users.c.revoked_at.is_(None)
            if connection.execute(select(users.c.name).where(*active)).scalars().all() == [name.casefold()]:
                raise ConflictError("This is the last administrator.", next_step="Add another one first; where this one cannot be trusted, `stroke-map user reset` shuts them out.", reason="last-administrator")  # fmt: skip
            ending = {"revoked_at": now, "revoked_by": by, "changed": version}
            connection.execute(update(users).where(found, users.c.revoked_at.is_(None)).values(ending))
            row = connection.execute(select(users).where(found)).one_or_none()
            if row is None:
                raise _no("user", name)
            _end_sessions(connection, row.id, version, now)
            self._store.audit.mention(user=row.name)
            return _user(row)

    def list_users(self) -> Sequence[User]:
        """Everybody, in the order of their names."""
        with self._store.reading() as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]

    def add_key(
        self, standing: Standing, *, lasts: timedelta, by: str, now: datetime, alone: bool = False
    ) -> tuple[Key, str]:
        """Make a key; its whole text is given back here and never again.

        Parameters
        ----------
        alone
            Nobody else may have its name: no user, and no key that is in use. So a request that comes twice makes one key.

        Raises
        ------
        ConflictError
            Somebody has it.
        """
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            if alone and _is_named(connection, standing.name, now):
                raise ConflictError(f"A user or a key in use is named {standing.name}.", next_step="Choose another name, or rotate the key.", reason="name-taken")  # fmt: skip
            row = _key_row(standing, version, now) | {"expires_at": now + lasts, "created_by": by}
            return self._insert_key(connection, row)

    def _insert_key(self, connection: Connection, row: dict[str, Any]) -> tuple[Key, str]:
        public, whole = new_key()
        row |= {"id": public, "secret_hash": digest(whole)}
        self._store.audit.mention(key=public, name=row["name"], role=row["role"])
        return _key(connection.execute(insert(keys).values(row).returning(keys)).one()), whole

    def rotate_key(
        self, key_id: str, *, lasts: timedelta, overlap: timedelta, by: str, now: datetime
    ) -> tuple[Key, str]:
        """Make a key in the place of another, which goes on for `overlap` at most: both are good while machines are changed over.

        Raises
        ------
        NotFoundError
            There is none with that public part, or it is over.
        ConflictError
            Another is in its place already.
        """
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            row = connection.execute(select(keys).where(keys.c.id == key_id)).one_or_none()
            if row is None or _key(row).state(now) != "active":
                raise _no("active key", key_id)
            if row.replaced_by is not None:
                raise ConflictError(f"The key {row.replaced_by} is in its place already.", next_step="Rotate that one, or revoke it and make a new key.", reason="replaced")  # fmt: skip
            new = _key_row(_key(row).standing, version, now) | {"expires_at": now + lasts, "created_by": by}
            made, whole = self._insert_key(connection, new)
            ending = {"expires_at": min(row.expires_at, now + overlap), "replaced_by": made.id, "changed": version}
            connection.execute(update(keys).where(keys.c.id == key_id).values(ending))
            self._store.audit.mention(replaces=key_id)
            return made, whole

    def revoke_key(self, key_id: str, *, by: str, now: datetime) -> Key:
        """Refuse a key from the next request on; who revoked it first stays written.

        Raises
        ------
        NotFoundError
            There is none with that public part.
        """
        with self._store.writing() as connection:
            version = self._store.bump(connection, ACCOUNT_TOPIC, now)
            ending = {"revoked_at": now, "revoked_by": by, "changed": version}
            wanted = keys.c.id == key_id, keys.c.revoked_at.is_(None)
            connection.execute(update(keys).where(*wanted).values(ending))
            row = connection.execute(select(keys).where(keys.c.id == key_id)).one_or_none()
            if row is None:
                raise _no("key", key_id)
            self._store.audit.mention(key=key_id)
            return _key(row)

    def list_keys(self) -> Sequence[Key]:
        """Every key, the oldest first."""
        with self._store.reading() as connection:
            return [_key(row) for row in connection.execute(select(keys).order_by(keys.c.created_at, keys.c.id))]

    def changed_since(self, connection: Connection, known: Accounts, version: int, now: datetime) -> Accounts:
        """What is known at `version`, from what was known before."""
        since = known.version
        some_users = connection.execute(select(users).where(users.c.changed > since))
        some_keys = connection.execute(select(keys).where(keys.c.changed > since))
        wanted = sessions.c.changed > since, sessions.c.expires_at > now
        some_sessions = connection.execute(select(sessions).where(*wanted))
        return known.with_changes(
            version, map(_user, some_users), map(_key, some_keys), map(session_of, some_sessions), now
        )


def _end_sessions(connection: Connection, user_id: int, version: int, now: datetime) -> None:
    theirs = sessions.c.user_id == user_id, sessions.c.ended_at.is_(None)
    connection.execute(update(sessions).where(*theirs).values(ended_at=now, changed=version))


def _forget_failures(connection: Connection, name: str) -> None:
    connection.execute(attempts.delete().where(attempts.c.subject.startswith(mark_of(name))))


def _is_named(connection: Connection, name: str, now: datetime) -> bool:
    in_use = keys.c.name == name, keys.c.revoked_at.is_(None), keys.c.expires_at > now
    counts = (
        select(func.count()).select_from(users).where(users.c.name == name),
        select(func.count()).select_from(keys).where(*in_use),
    )
    return any(connection.execute(count).scalar_one() for count in counts)


def _no(what: str, name: str) -> NotFoundError:
    shown = name if name.isprintable() and len(name) <= 64 else "of that name"
    return NotFoundError(
        f"There is no {what} {shown}.", next_step="See `stroke-map user list` or `stroke-map key list`."
    )


def _standing_row(standing: Standing) -> dict[str, Any]:
    told = {"name": standing.name, "role": standing.role}
    return told | {"hospital": standing.hospital, "team": standing.team}


def _key_row(standing: Standing, version: int, now: datetime) -> dict[str, Any]:
    told = _standing_row(standing) | {"scopes": " ".join(standing.scopes), "changed": version, "created_at": now}
    return told | {"replaced_by": None, "revoked_by": ""}


def _user(row: Row[Any]) -> User:
    standing = Standing(row.name, row.role, row.hospital, row.team)
    return User(row.id, standing, row.created_at, row.created_by, row.revoked_at, row.revoked_by)


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        standing=Standing(row.name, row.role, row.hospital, row.team, tuple(row.scopes.split())),
        secret_hash=row.secret_hash,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        replaced_by=row.replaced_by,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )


def session_of(row: Row[Any]) -> Session:
    """A session from its row."""
    return Session(row.id, row.user_id, row.created_at, row.expires_at, row.ended_at)
