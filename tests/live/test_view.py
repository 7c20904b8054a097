import multiprocessing
import os
import sqlite3
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from stroke_map.live import LiveState, LiveStore, LiveView, NewClosure
from stroke_map.settings import read_settings

HOUR = timedelta(hours=1)
LONG_S = 60.0  # how long a test waits for something that comes back by itself


def until(condition):
    """Wait for what happens soon, whatever the machine is busy with."""
    end = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def patient():
    """A view whose questions wait for the database however busy the machine is."""

    def make(store):
        return LiveView(store, patience_s=LONG_S)

    return make


def ids(state):
    assert not state.stale
    return [closure.id for closure in state.closures]


def test_an_empty_database_is_known_and_fresh(bare_settings, open_store, patient, now):
    view = patient(open_store(bare_settings))
    assert view.state(now) == LiveState(as_of=now, stale=False, version=1, closures=())


def test_each_change_counts_at_the_next_question(store, patient, new_closure, now):
    view, another = patient(store), patient(store)
    versions = [view.state(now).version]
    for change in (
        lambda: store.closures.add(new_closure(), new_closure(), now=now),
        lambda: store.closures.add(new_closure(), now=now),
        lambda: store.closures.end(2, "me", now=now),
    ):
        change()
        state = view.state(now)
        assert another.state(now).closures == state.closures
        assert list(state.closures) == list(store.closures.list(now=now))
        versions.append(state.version)
    assert versions == sorted(set(versions))
    assert versions[-1] == store.version("closures")
    later = view.state(now + HOUR)
    assert (later.as_of, ids(later)) == (now + HOUR, [1, 3])


def test_a_closure_leaves_by_itself_and_until_then_the_same_object_is_given(store, patient, new_closure, now):
    store.closures.add(new_closure(until=now + HOUR), new_closure(begins=now + 2 * HOUR), now=now)
    view = patient(store)
    first = view.state(now)
    assert ids(first) == [1, 2]
    assert view.state(now + HOUR / 2).closures is first.closures
    assert ids(view.state(now + HOUR)) == [2]
    assert ids(view.state(now)) == [1, 2]  # a question of a moment before


def _write(settings, now, orders, done):
    store = LiveStore(settings)
    while (order := orders.get()) is not None:
        if order == "add":
            store.closures.add(NewClosure(begins=now, reason="r", author="another process", ways=(1,)), now=now)
        else:
            store.closures.end(order, "another process", now=now)
        done.put(os.getpid())
    store.close()


def test_what_another_process_writes_is_seen_at_the_next_question(settings, store, patient, now):
    context = multiprocessing.get_context("spawn")
    orders, done = context.Queue(), context.Queue()
    process = context.Process(target=_write, args=(settings, now, orders, done))
    process.start()
    view = patient(store)
    seen = [ids(view.state(now))]
    for order in ("add", "add", 1, "add", 3):
        orders.put(order)
        assert done.get(timeout=LONG_S) != os.getpid()
        seen.append(ids(view.state(now)))
    orders.put(None)
    process.join()
    assert seen == [[], [1], [1, 2], [2], [2, 3], [2]]


def test_questions_of_many_threads_all_see_the_change(store, patient, new_closure, now):
    view = patient(store)
    view.state(now)
    store.closures.add(new_closure(), now=now)
    found = []
    threads = [threading.Thread(target=lambda: found.append(ids(view.state(now)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[1]] * 8


def test_a_view_that_nobody_asks_keeps_no_thread_and_reads_on_when_asked_again(
    store, patient, new_closure, now, monkeypatch
):
    monkeypatch.setattr("stroke_map.live.view._IDLE_S", 0.05)
    view, before = patient(store), set(threading.enumerate())
    assert ids(view.state(now)) == []
    until(lambda: set(threading.enumerate()) <= before)
    store.closures.add(new_closure(), now=now)
    assert ids(view.state(now)) == [1]
    gone = weakref.ref(view)
    del view
    until(lambda: gone() is None)


def test_threads_that_have_asked_before_all_see_each_change(store, patient, new_closure, now):
    view = patient(store)
    with ThreadPoolExecutor(4) as pool:
        together = threading.Barrier(4)

        def ask(_):
            together.wait(LONG_S)  # so that each of the four asks once
            return ids(view.state(now)), threading.get_ident()

        for expected in ([], [1], [1, 2], [1, 2, 3]):
            answers = list(pool.map(ask, range(4)))
            assert [answer for answer, _ in answers] == [expected] * 4
            assert len({thread for _, thread in answers}) == 4
            assert [answer for answer, _ in pool.map(ask, range(4))] == [expected] * 4
            store.closures.add(new_closure(), now=now)


@pytest.mark.parametrize("damage", ["removed", "emptied", "overwritten", "folder removed", "replaced by a folder"])
def test_without_its_file_the_last_known_state_is_given_marked_stale(sqlite_store, patient, new_closure, now, damage):
    sqlite_store.closures.add(new_closure(), now=now)
    view, file = patient(sqlite_store), sqlite_store.file
    known = view.state(now)
    if damage == "folder removed":
        file.parent.rename(file.parent.with_name("elsewhere"))
    elif damage in {"removed", "replaced by a folder"}:
        file.unlink()
        if damage == "replaced by a folder":
            file.mkdir()
    else:
        other = file.with_name("other")
        other.write_bytes(b"" if damage == "emptied" else b"not a database" * 1000)
        other.rename(file)
    state = view.state(now + HOUR)
    assert (state.stale, state.as_of, state.version) == (True, now, known.version)
    assert state.closures == known.closures
    if damage == "removed":
        assert not file.exists()


def test_a_file_that_comes_back_is_read_again_by_itself(sqlite_store, patient, new_closure, now):
    sqlite_store.closures.add(new_closure(), now=now)
    view, file = patient(sqlite_store), sqlite_store.file
    assert ids(view.state(now)) == [1]
    away = file.with_name("away.db")
    file.rename(away)
    assert view.state(now + HOUR).stale
    away.rename(file)
    sqlite_store.closures.add(new_closure(), now=now)
    until(lambda: not view.state(now + HOUR).stale)
    assert ids(view.state(now + 2 * HOUR)) == [1, 2]


def test_a_file_that_was_put_in_its_place_is_read_as_a_whole(sqlite_store, open_store, patient, new_closure, now):
    tmp_path = sqlite_store.file.parent
    other = open_store(read_settings({}, geodata_dir=tmp_path / "other"))
    other.migrate()
    other.closures.add(*[new_closure()] * 3, now=now)
    sqlite_store.closures.add(new_closure(), now=now)  # the same version, though not the same content
    view = patient(sqlite_store)
    assert ids(view.state(now)) == [1]
    for file in tmp_path.glob("live.db-*"):
        file.unlink()
    other.file.rename(sqlite_store.file)
    assert ids(view.state(now)) == [1, 2, 3]


def test_a_backup_restored_into_the_file_by_sqlite_counts_at_the_next_question(sqlite_store, patient, new_closure, now):
    sqlite_store.closures.add(new_closure(), now=now)
    backup = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(sqlite_store.file)) as live:
        live.backup(backup)
    sqlite_store.closures.end(1, "me", now=now)
    sqlite_store.closures.add(new_closure(), new_closure(), now=now)
    view = patient(sqlite_store)
    assert ids(view.state(now)) == [2, 3]
    with closing(sqlite3.connect(sqlite_store.file)) as live, closing(backup):
        backup.backup(live)
    assert ids(view.state(now)) == [1]
    sqlite_store.closures.add(new_closure(), now=now)
    assert ids(view.state(now)) == [1, 2]


def test_a_file_that_could_not_be_read_when_it_was_put_there_is_read_as_a_whole_later(
    sqlite_store, open_store, patient, new_closure, now
):
    tmp_path = sqlite_store.file.parent
    other = open_store(read_settings({}, geodata_dir=tmp_path / "other"))
    other.migrate()
    other.closures.add(*[new_closure()] * 3, now=now + HOUR)  # a later version, so that it looks like an addition
    with closing(sqlite3.connect(other.file)) as connection:
        connection.execute("DELETE FROM closures WHERE id = 1")
        connection.execute("ALTER TABLE closures RENAME TO hidden")
        connection.commit()
    sqlite_store.closures.add(new_closure(), now=now)
    view = patient(sqlite_store)
    assert ids(view.state(now)) == [1]
    for file in tmp_path.glob("live.db-*"):
        file.unlink()
    other.file.rename(sqlite_store.file)
    assert view.state(now).stale
    with closing(sqlite3.connect(sqlite_store.file)) as connection:
        connection.execute("ALTER TABLE hidden RENAME TO closures")
    until(lambda: not view.state(now).stale)
    assert ids(view.state(now)) == [2, 3]


def test_a_file_that_cannot_be_opened_from_the_start_is_stale_with_nothing_known(
    sqlite_settings, open_store, patient, now
):
    sqlite_settings.geodata_dir.joinpath("live.db").mkdir()
    view = patient(open_store(sqlite_settings))
    assert view.state(now) == LiveState(as_of=None, stale=True, version=0, closures=())


def test_a_locked_database_holds_up_a_question_no_longer_than_its_patience(sqlite_store, new_closure, now):
    view = LiveView(sqlite_store)
    until(lambda: not view.state(now).stale)
    with sqlite3.connect(sqlite_store.file, isolation_level=None) as holder:
        # Nobody may even read: what a broken backup tool does.
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        sqlite_store.closures.add(new_closure(), now=now)
        for look in view._watch._looks.values():
            look.close()  # while one is open, SQLite itself lets nobody lock readers out
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        state = view.state(now + HOUR)
        assert (state.stale, state.as_of, state.closures) == (True, now, ())
        holder.execute("COMMIT")
    holder.close()
    until(lambda: not view.state(now + HOUR).stale)
    assert ids(view.state(now + HOUR)) == [1]


class _Hanging(LiveStore):
    """A database that accepts the connection and then says nothing, as behind a broken network."""

    def __init__(self, settings):
        super().__init__(settings)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = 0

    def peek_versions(self, *topics):
        self.asked += 1
        self.may_answer.wait()
        return super().peek_versions(*topics)


def test_a_database_that_hangs_is_waited_for_once_and_caught_up_with_when_it_answers(settings, now):
    store = _Hanging(settings)
    view = LiveView(store, patience_s=LONG_S)
    assert not view.state(now).stale
    view._patience_s, view._watch = 0.05, None  # as on PostgreSQL: every question asks the database
    store.may_answer.clear()
    asked = store.asked
    for minute in range(1, 100):
        state = view.state(now + timedelta(minutes=minute))
        assert (state.stale, state.as_of) == (True, now)
    assert store.asked == asked + 1
    store.may_answer.set()
    until(lambda: not view.state(now + HOUR).stale)
    store.close()


def test_a_postgres_server_that_goes_away_and_comes_back(postgres, tmp_path, open_store, new_closure, now):
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS going")
        connection.execute("CREATE DATABASE going")
        store = open_store(
            read_settings({}, geodata_dir=tmp_path, database_url=postgres.replace("/postgres?", "/going?"))
        )
        view = LiveView(store, patience_s=LONG_S)
        assert ids(view.state(now)) == []
        store.closures.add(new_closure(), now=now)
        assert ids(view.state(now)) == [1]
        connection.execute("ALTER DATABASE going ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'going'")
        state = view.state(now + HOUR)
        assert (state.stale, state.as_of, [c.id for c in state.closures]) == (True, now, [1])
        connection.execute("ALTER DATABASE going ALLOW_CONNECTIONS true")
        until(lambda: not view.state(now + HOUR).stale)
        # Connections that were cut meanwhile are replaced without a question noticing.
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'going'")
        assert ids(view.state(now + 2 * HOUR)) == [1]
