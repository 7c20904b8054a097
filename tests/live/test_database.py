import sqlite3
import threading

import pytest

from stroke_map.backups import database as copies
from stroke_map.errors import LiveStoreError
from stroke_map.live import database
from stroke_map.live.holding import hold_cases

on_postgres = pytest.mark.parametrize("live_database", ["postgres"], indirect=True)


def hold(store):
    """Begin to write beside everybody else."""
    holder = sqlite3.connect(store.file, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    return holder


def test_whoever_writes_waits_for_its_turn_longer_than_whoever_reads(sqlite_store, new_closure, now, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 1)
    holder, added = hold(sqlite_store), []
    writers = [
        threading.Thread(target=lambda: added.extend(sqlite_store.closures.add(new_closure(), now=now)))
        for _ in range(4)
    ]
    for writer in writers:
        writer.start()
    writers[0].join(0.3)
    assert added == []
    holder.execute("COMMIT")
    holder.close()
    for writer in writers:
        writer.join()
    assert sorted(closure.id for closure in added) == [1, 2, 3, 4]


def test_what_is_audited_outlives_a_power_cut_and_what_comes_about_again_need_not(sqlite_store):
    found = []
    for options in ({}, {"audited": False}):
        with sqlite_store.writing(**options) as connection:
            found.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
    assert found == [2, 1]  # FULL, NORMAL


@on_postgres
def test_what_a_frozen_machine_held_is_soon_free(settings, open_store, new_case, now, monkeypatch):
    monkeypatch.setattr(database, "IDLE_LIMIT_S", 0.2)
    frozen = open_store(settings)
    monkeypatch.undo()
    alive = open_store(settings)
    alive.cases.add(new_case(), now=now)
    with pytest.raises(LiveStoreError), frozen.writing() as connection:  # noqa: PT012  it only learns of it afterwards
        hold_cases(connection, [1])
        alive.cases.record(1, "on_scene", now, "Wu", now=now)
    assert alive.cases.get(1).timeline["on_scene"] == now


@on_postgres
def test_both_ends_of_a_connection_ask_whether_the_other_still_lives(settings, open_store):
    with open_store(settings).reading() as connection:
        asked_here = connection.connection.driver_connection.info.get_parameters()
        client = "SELECT name FROM pg_settings WHERE source = 'client'"
        asked_there = connection.exec_driver_sql(client).scalars().all()
    names = {"keepalives_idle", "keepalives_interval", "keepalives_count"}
    assert names | {"tcp_user_timeout"} <= set(asked_here)
    assert {f"tcp_{name}" for name in names} <= set(asked_there)


@on_postgres
def test_a_copy_of_everything_may_take_its_time(
    store, settings, *, postgres_databases, new_case, now, tmp_path, monkeypatch
):
    limits, copy_rows = [], copies.copy_rows

    def copy(source, target):
        over = source if source.dialect.name == "postgresql" else target
        limits.append(over.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one())
        copy_rows(source, target)

    monkeypatch.setattr(copies, "copy_rows", copy)
    store.cases.add(new_case(), now=now)
    copies.save(settings, tmp_path)
    postgres_databases.emptied("one_test")
    copies.fill(settings, tmp_path)
    assert limits == ["0", "0"]
    assert store.cases.get(1).created_at == now
