"""`LiveStore`: the database of live state, and the one place for its transactions."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from stroke_map.errors import LiveStoreError
from stroke_map.live.account_records import AccountRecords
from stroke_map.live.alert_records import AlertRecords
from stroke_map.live.alert_rules import Timers
from stroke_map.live.audit import AuditLog
from stroke_map.live.case_records import CaseRecords
from stroke_map.live.channel_records import ChannelRecords
from stroke_map.live.database import (
    MIGRATING,
    WRITE_WAIT_S,
    WRITERS,
    WRITES,
    create_file,
    database_file,
    hold_alone,
    make_engine,
)
from stroke_map.live.deliveries import Trying
from stroke_map.live.delivery_records import DeliveryRecords
from stroke_map.live.link_records import LinkRecords
from stroke_map.live.lockout import Rule
from stroke_map.live.login import LogIns
from stroke_map.live.quality_records import QualityRecords
from stroke_map.live.records import ClosureRecords
from stroke_map.live.status_records import StatusRecords
from stroke_map.live.tables import changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from stroke_map.settings import Settings

_MIGRATIONS = Path(__file__).parent / "migrations"
_CREATE_ATTEMPTS, _CREATE_WAIT_S = 20, 0.05
#: All of them: there are four, and this is asked before nearly every answer.
_VERSIONS = "SELECT topic, version FROM changes"
log = logging.getLogger("stroke_map.live")


class LiveStore:
    """The database of live state. Safe to share between threads; nothing is opened before it is used.

    Parameters
    ----------
    settings
        `database_url`, or `geodata_dir` where it is empty.

    Attributes
    ----------
    file
        The SQLite file, None for PostgreSQL.
    closures
        Closures and slow-downs: add, list, end.
    statuses
        What hospitals said of themselves: set, end, list.
    accounts, log_ins
        Users and keys; who logs in and out.
    audit
        Who wrote and read what.
    cases, alerts
        Cases and their moments; alerts, whom they call, and what came of it.
    quality
        What is measured of cases, also of those that are deleted.
    links
        By which a crew reaches its case.
    channels, deliveries
        Where messages of alerts go; the messages on their way.

    Raises
    ------
    InvalidRequestError
        `database_url` cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.file = database_file(settings)
        self._engine = make_engine(settings)
        self.closures, self.statuses = ClosureRecords(self), StatusRecords(self)
        self.accounts, self.audit = AccountRecords(self), AuditLog(self)
        rule = Rule(settings.lockout_attempts, timedelta(minutes=settings.lockout_longest_min))
        self.log_ins = LogIns(self, rule=rule, lasts=timedelta(hours=settings.session_hours))
        self.cases = CaseRecords(self, timedelta(days=settings.case_keep_days))
        self.alerts = AlertRecords(self, Timers.of(settings), settings.gateway_contacts if settings.gateway_url else "")
        self.quality = QualityRecords(self)
        self.links = LinkRecords(self, timedelta(hours=settings.crew_link_hours))
        self.channels, self.deliveries = ChannelRecords(self), DeliveryRecords(self, Trying.of(settings))
        self._turn = threading.BoundedSemaphore(1 if self.file else WRITERS)
        self._peeking = threading.Lock()
        self._peek: Connection | None = None

    def migrate(self) -> None:
        """Bring the database to the newest form, from empty if need be. Several processes may do so at once.

        Raises
        ------
        LiveStoreError
            It cannot be reached, created or read, or a later version of this package has made it.
        """
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        if self.file is not None:
            self._create_file(self.file)
        try:
            with self.writing() as connection:
                hold_alone(connection, MIGRATING)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise LiveStoreError(
                "the database of live state was made by another version of this package",
                next_step="Install the version of this package that made it, or restore its backup.",
            ) from error

    @staticmethod
    def _create_file(file: Path) -> None:
        # SQLite's own waiting does not cover the change to WAL when two processes create the file at once.
        for attempt in range(_CREATE_ATTEMPTS):
            try:
                return create_file(file)
            except (sqlite3.Error, OSError) as error:
                if "locked" not in str(error) or attempt == _CREATE_ATTEMPTS - 1:
                    raise _away(error) from error
            time.sleep(_CREATE_WAIT_S)
        return None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads.

        Raises
        ------
        LiveStoreError
            The database is locked or away.
        """
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def writing(self, *, audited: bool = True) -> Iterator[Connection]:
        """A transaction that writes: all of it is kept, with its line in the audit log, or nothing. Keep it short, for others wait.

        Without a line where `audited` is false: for what is only counted, or comes about again, as the log of what was sent does. On
        SQLite a power cut may take back the last of these, but not what is audited, and what was before it.

        Raises
        ------
        LiveStoreError
            The database is locked or away; nothing was changed.
        """
        # Of a process only so many ask the database for its locks: dozens would keep each other from them, and other processes.
        if not self._turn.acquire(timeout=WRITE_WAIT_S):
            raise LiveStoreError("the database of live state is locked")
        try:
            with self._transaction(**{WRITES: "FULL" if audited else "NORMAL"}) as connection:
                yield connection
                if audited:
                    self.audit.append_deed(connection)
        finally:
            self._turn.release()

    @contextmanager
    def _transaction(self, **options: str) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection, connection.execution_options(**options).begin():
                yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _away(error) from error

    def version(self, topic: str) -> int:
        """The version of a topic; it grows with every change."""
        with self.reading() as connection:
            return self.read_versions(connection, topic)[0]

    def peek_versions(self, *topics: str) -> tuple[int, ...]:
        """The versions of topics by nothing but one SELECT, over a connection that is kept; for PostgreSQL.

        Raises
        ------
        LiveStoreError
            The database is away, also over a new connection.
        """
        with self._peeking:
            for attempt in range(2):
                try:
                    if self._peek is None:
                        self._peek = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                    # The driver alone: this is asked before nearly every answer, and with SQLAlchemy around it that takes about twice as long.
                    return self.versions_over(self._peek.connection.driver_connection, *topics)
                except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as error:
                    # The server may have been restarted since: a kept connection tells only when it is used.
                    self._close_peek()
                    if attempt:
                        raise _away(error) from error
        raise AssertionError  # the loop returns or raises

    def _close_peek(self) -> None:
        if self._peek is not None:
            with suppress(SQLAlchemyError):
                self._peek.invalidate()  # it may be broken, which only its driver was told
                self._peek.close()
            self._peek = None

    @staticmethod
    def versions_over(driver: Any, *topics: str) -> tuple[int, ...]:
        """The versions of topics by nothing but one SELECT over the connection of a driver, whose errors it raises."""
        return _of_topics(driver.execute(_VERSIONS).fetchall(), topics)

    @staticmethod
    def read_versions(connection: Connection, *topics: str) -> tuple[int, ...]:
        """The versions of topics, as this transaction sees them.

        Raises
        ------
        LiveStoreError
            The database lacks one: a backup of an earlier form was put in its place and has not been migrated.
        """
        return _of_topics(connection.exec_driver_sql(_VERSIONS).all(), topics)

    @staticmethod
    def bump(connection: Connection, topic: str, now: datetime) -> int:
        """The next version of a topic; do it first in a writing transaction.

        The row stays locked to the end, so versions become visible in their order. A version is at least the microseconds
        since 1970: so none is given twice, even after a backup was restored.
        """
        micros = int(now.timestamp() * 1_000_000)
        following = case((changes.c.version < micros, micros), else_=changes.c.version + 1)
        statement = (
            update(changes).where(changes.c.topic == topic).values(version=following).returning(changes.c.version)
        )
        return int(connection.execute(statement).scalar_one())

    @staticmethod
    def hold(connection: Connection, topic: str) -> None:
        """Be alone with what a topic counts until the end of a writing transaction, as after `bump`, though nothing may change."""
        connection.execute(select(changes.c.version).where(changes.c.topic == topic).with_for_update())

    def close(self) -> None:
        """Let go of every connection."""
        with self._peeking:
            self._close_peek()
        self._engine.dispose()


def _of_topics(rows: Sequence[Any], topics: Sequence[str]) -> tuple[int, ...]:
    versions = {topic: int(version) for topic, version in rows}
    if not versions.keys() >= set(topics):
        raise LiveStoreError(
            "the database of live state was made by an earlier version of this package",
            next_step="Restart the service: it brings the database to its newest form.",
        )
    return tuple(versions[topic] for topic in topics)


def _away(error: Any) -> LiveStoreError:
    """Ours for what a database said. The words of a driver can hold addresses: they go to the log alone."""
    words = str(error.orig if isinstance(error, DBAPIError) else error)
    log.warning("live state: %s", words.strip().partition("\n")[0])
    locked = "locked" in words or "lock timeout" in words
    return LiveStoreError(f"the database of live state {'is locked' if locked else 'cannot be used'}")
