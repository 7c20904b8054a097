import sqlite3
import threading

from stroke_map.live import database


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
