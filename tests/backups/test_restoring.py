"""Restoring destroys nothing: what is there already, or comes meanwhile, stays as it is."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import inspect, text

from stroke_map.backups import back_up, restore
from stroke_map.errors import BackupError
from stroke_map.live import LiveStore

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
