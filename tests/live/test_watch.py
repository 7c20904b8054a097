import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from stroke_map.live.watch import SqliteWatch


@pytest.fixture
def file(sqlite_store):
    return sqlite_store.file


@pytest.fixture
def another_thread():
    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(work).result()


def confirmed(watch):
    look = watch.look()
    before = look.confirmed
    look.confirm()
    return before


def test_what_a_thread_has_confirmed_lasts_until_somebody_writes(file, sqlite_store, new_closure, now):
    watch = SqliteWatch(file)
    assert [confirmed(watch) for _ in range(3)] == [False, True, True]
    sqlite_store.closures.add(new_closure(), now=now)
    assert not watch.look().confirmed
    assert not watch.look().confirmed  # nobody has confirmed it yet
    assert [confirmed(watch) for _ in range(2)] == [False, True]


def test_no_thread_confirms_for_another(file, sqlite_store, new_closure, now, another_thread):
    watch = SqliteWatch(file)
    assert not confirmed(watch)
    assert not another_thread(lambda: confirmed(watch))
    sqlite_store.closures.add(new_closure(), now=now)
    assert not confirmed(watch)
    assert not another_thread(lambda: confirmed(watch))
    assert confirmed(watch)
    assert another_thread(lambda: confirmed(watch))


def test_another_file_in_its_place_is_not_confirmed(file):
    watch = SqliteWatch(file)
    assert not confirmed(watch)
    first = watch.look().file
    for old in file.parent.glob("live.db*"):
        old.unlink()
    sqlite3.connect(file).close()
    look = watch.look()
    assert not look.confirmed
    assert look.file != first


@pytest.mark.parametrize("damage", ["removed", "no database"])
def test_a_file_that_cannot_be_read_gives_no_look_until_it_can(file, damage):
    watch, away = SqliteWatch(file), file.with_name("away.db")
    assert not confirmed(watch)
    file.rename(away)
    if damage == "no database":
        file.write_bytes(b"not a database" * 1000)
    assert watch.look() is None
    away.replace(file)
    assert not watch.look().confirmed
