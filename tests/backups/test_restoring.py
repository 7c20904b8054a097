"""Restoring destroys nothing: what is there already, or comes meanwhile, stays as it is."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import insert, inspect, select, text

from stroke_map.backups import back_up, restore
from stroke_map.errors import BackupError
from stroke_map.live import LiveStore
from stroke_map.live.account_tables import attempts

BY = {"actor": "li", "role": "command line", "action": "stroke-map restore"}


@pytest.fixture
def backup(sqlite_settings, now, tmp_path):
    return back_up(sqlite_settings, tmp_path / "backups", now=now).folder


@pytest.fixture
def bare(postgres, postgres_databases, empty):
    """A place with a PostgreSQL database in which there is not one table."""
    psycopg = pytest.importorskip("psycopg")
    postgres_databases.drop("bare")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare TEMPLATE template0")
    return replace(empty, database_url=postgres_databases.address_of("bare"))


def tables_of(settings):
    with closing(LiveStore(settings)) as store, store.reading() as connection:
        return inspect(connection).get_table_names()


def test_a_database_without_tables_is_empty_and_has_none_where_the_backup_is_refused(backup, bare):
    whole = (backup / "live.db").read_bytes()
    (backup / "live.db").write_bytes(whole + b"x")
    with pytest.raises(BackupError, match=r"live\.db: changed"):
        restore(bare, backup, by=BY)
    assert tables_of(bare) == []
    (backup / "live.db").write_bytes(whole)
    restore(bare, backup, by=BY)
    with closing(LiveStore(bare)) as store:
        assert store.audit.verify()[1] == []


def test_a_database_of_an_earlier_version_that_holds_anything_stays_of_that_version(backup, bare):
    with closing(LiveStore(bare)) as store, store.writing(audited=False) as connection:
        connection.execute(text("CREATE TABLE users (id integer, name text)"))
        connection.execute(text("INSERT INTO users VALUES (1, 'wang')"))
    with pytest.raises(BackupError, match="STROKE_MAP_DATABASE_URL is there already"):
        restore(bare, backup, by=BY)
    assert tables_of(bare) == ["users"]


def once_looked_at(happens):
    """Let something happen when all was looked at, and nothing is in its place yet."""
    return lambda step, _share: happens() if step == "audit log" else None


@pytest.mark.parametrize("name", ["live.db", "current", "audit/reads.jsonl"])
def test_what_comes_while_a_backup_is_looked_at_stays(backup, empty, name):
    def comes():
        (empty.geodata_dir / name).parent.mkdir(exist_ok=True)
        (empty.geodata_dir / name).write_text("mine", encoding="utf-8")

    with pytest.raises(BackupError, match="is there already"):
        restore(empty, backup, by=BY, progress=once_looked_at(comes))
    found = [path for path in empty.geodata_dir.rglob("*") if path.is_file() and path.name != ".restore.lock"]
    assert [path.read_text(encoding="utf-8") for path in found] == ["mine"]


_ANYBODY_WAITS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
    " WHERE NOT granted AND datname = current_database()"
)


def test_what_is_being_recorded_while_a_backup_comes_into_the_database_stays(backup, empty, postgres_databases, now):
    target = replace(empty, database_url=postgres_databases.emptied("restored_to"))
    recording = threading.Event()

    def record():
        with closing(LiveStore(target)) as store, store.writing(audited=False) as connection:
            connection.execute(insert(attempts).values(subject="mine", failures=1, last_at=now))
            recording.set()
            until = time.monotonic() + 4
            while not connection.execute(_ANYBODY_WAITS).scalar_one() and time.monotonic() < until:
                time.sleep(0.02)

    writer = threading.Thread(target=record)

    def begin():
        writer.start()
        recording.wait()

    with pytest.raises(BackupError, match="STROKE_MAP_DATABASE_URL is there already"):
        restore(target, backup, by=BY, progress=once_looked_at(begin))
    writer.join()
    with closing(LiveStore(target)) as store, store.reading() as connection:
        assert connection.execute(select(attempts.c.subject)).scalars().all() == ["mine"]
    assert {path.name for path in empty.geodata_dir.iterdir()} == {".restore.lock"}
