import multiprocessing
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stroke_map.errors import InvalidRequestError, LiveStoreError, NotFoundError
from stroke_map.live import LiveStore
from stroke_map.live.closures import NewClosure
from stroke_map.live.records import TOPIC
from stroke_map.live.tables import metadata
from stroke_map.settings import read_settings

HOUR = timedelta(hours=1)


def test_migrations_make_the_tables_from_empty_exactly_as_the_code_knows_them(bare_settings, open_store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    store = open_store(bare_settings)
    store.migrate()
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.migrate()
    assert store.version(TOPIC) == 1


def test_many_may_migrate_at_once(bare_settings, open_store):
    stores = [open_store(bare_settings) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(LiveStore.migrate, stores))
    assert stores[0].version(TOPIC) == 1


def test_a_database_of_a_later_version_is_left_alone(store):
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LiveStoreError, match="another version"):
        store.migrate()


def test_what_is_added_comes_back_with_an_id_and_in_order(store, new_closure, now):
    line = shapely.LineString([(106.5, 29.5), (106.51, 29.51)])
    new = [new_closure(), new_closure(geometry=line, kind="slow", factor=2.5, layer=-1, until=now + HOUR)]
    added = store.closures.add(*new, now=now)
    assert [closure.id for closure in added] == [1, 2]
    assert store.closures.list(now=now) == added
    assert (added[1].geometry, added[1].until, added[1].created_at) == (line, now + HOUR, now)
    assert store.closures.add(now=now) == []


def test_ids_are_never_given_twice(store, new_closure, now):
    store.closures.add(new_closure(), new_closure(), now=now)
    with store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM closures")
    (closure,) = store.closures.add(new_closure(), now=now)
    assert closure.id == 3


def test_what_was_over_for_400_days_is_deleted_when_something_is_recorded(store, new_closure, now):
    day = timedelta(days=1)
    begun = now - 500 * day
    store.closures.add(
        new_closure(begins=begun, until=now - 401 * day),
        new_closure(begins=begun, until=now - 399 * day),
        new_closure(begins=begun),
        new_closure(begins=begun, until=now + day),
        new_closure(begins=begun),
        now=begun,
    )
    store.closures.end(4, "me", now=now - 400 * day)
    store.closures.end(5, "me", now=now - 399 * day)
    assert len(store.closures.list(now=now, include_ended=True)) == 5
    (added,) = store.closures.add(new_closure(), now=now)
    assert [closure.id for closure in store.closures.list(now=now, include_ended=True)] == [2, 3, 5, added.id]


def test_listing_by_moment_and_with_what_is_over(store, new_closure, now):
    past = new_closure(begins=now - 3 * HOUR, until=now - HOUR)
    present, later = new_closure(until=now + HOUR), new_closure(begins=now + HOUR)
    ids = [closure.id for closure in store.closures.add(past, present, later, new_closure(), now=now - 3 * HOUR)]
    store.closures.end(ids[3], "me", now=now + timedelta(minutes=5))

    def listed(**how):
        return [closure.id for closure in store.closures.list(**{"now": now} | how)]

    assert listed() == [ids[1], ids[2]]
    assert listed(include_ended=True) == ids
    assert listed(at=now) == [ids[1]]
    assert listed(at=now, include_ended=True) == [ids[1], ids[3]]
    assert listed(at=now + HOUR) == [ids[2]]  # a closure holds up to its end, not at it
    assert listed(at=now - 2 * HOUR, include_ended=True) == [ids[0]]


def test_who_ends_a_closure_first_stays_written(store, new_closure, now):
    (closure,) = store.closures.add(new_closure(), now=now)
    ended = store.closures.end(closure.id, "first", now=now + HOUR)
    version = store.version(TOPIC)
    assert (ended.ended_at, ended.ended_by, ended.is_over(now + HOUR)) == (now + HOUR, "first", True)
    assert store.closures.end(closure.id, "second", now=now + 2 * HOUR) == ended
    assert store.version(TOPIC) == version


@pytest.mark.parametrize("closure_id", [0, -1, 2, 2**31, 2**63, 10**30])
def test_ending_what_is_not_there(store, new_closure, now, closure_id):
    store.closures.add(new_closure(), now=now)
    with pytest.raises(NotFoundError):
        store.closures.end(closure_id, "me", now=now)


def test_versions_grow_with_every_change_even_when_the_clock_stands_or_goes_back(store, new_closure, now):
    versions = [store.version(TOPIC)]
    for moment in (now, now, now - HOUR, now + HOUR):
        store.closures.add(new_closure(), now=moment)
        versions.append(store.version(TOPIC))
    assert versions == sorted(set(versions))
    assert versions[-1] == int((now + HOUR).timestamp() * 1e6)


def test_a_change_that_fails_leaves_neither_rows_nor_a_new_version(store, new_closure, now):
    version = store.version(TOPIC)

    def fail():
        with store.writing() as connection:
            store.bump(connection, TOPIC, now)
            connection.exec_driver_sql("DELETE FROM alembic_version")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.version(TOPIC) == version
    store.migrate()


def test_writers_at_once_lose_nothing(store, new_closure, now):
    def work(_):
        for _ in range(5):
            store.closures.add(new_closure(), now=now)
            store.version(TOPIC)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(store.closures.list(now=now)) == 20
    assert store.version(TOPIC) == int(now.timestamp() * 1e6) + 19


def _add_many(settings, now, count):
    store = LiveStore(settings)
    store.migrate()
    for _ in range(count):
        store.closures.add(NewClosure(begins=now, reason="r", author=str(os.getpid()), ways=(1,)), now=now)
    store.close()


def test_processes_at_once_lose_nothing(bare_settings, open_store, now):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_add_many, args=(bare_settings, now, 10)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len({closure.id for closure in open_store(bare_settings).closures.list(now=now)}) == 20


MOMENTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001  the offset is drawn apart
    datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.integers(-14, 14).map(lambda h: timezone(timedelta(hours=h))),
)
DEGREES = st.tuples(
    st.integers(-(180 * 10**7), 180 * 10**7).map(lambda v: v / 1e7),
    st.integers(-(90 * 10**7), 90 * 10**7).map(lambda v: v / 1e7),
)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50)
PLACES = st.one_of(
    st.builds(lambda ways: {"ways": tuple(ways)}, st.lists(st.integers(1, 2**63 - 1), min_size=1, unique=True)),
    st.builds(
        lambda points: {"geometry": shapely.LineString(points)}, st.lists(DEGREES, min_size=2, max_size=9, unique=True)
    ),
)
CLOSURES = st.builds(
    lambda place, **fields: NewClosure(**place | fields),
    PLACES,
    kind=st.sampled_from(["closed", "slow"]),
    factor=st.none() | st.floats(1.0, 100.0, exclude_min=True),
    direction=st.sampled_from(["both", "forward", "backward"]),
    begins=MOMENTS,
    until=st.none() | MOMENTS,
    reason=WORDS,
    author=WORDS,
    layer=st.none() | st.integers(-10, 10),
)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(new=st.lists(CLOSURES, min_size=1, max_size=4))
def test_every_closure_comes_back_as_it_was_said(store, now, new):
    added = store.closures.add(*new, now=now)
    with store.reading() as connection:
        kept = {closure.id: closure for closure in store.closures.changed_since(connection, 0)}
    names = list(NewClosure.__dataclass_fields__)
    for said, closure in zip(new, added, strict=True):
        assert [getattr(kept[closure.id], name) for name in names] == [getattr(said, name) for name in names]
        assert closure == kept[closure.id]
        assert closure.begins.tzinfo is UTC


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://u:Zq7secret@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql+asyncpg://u:Zq7secret@h/d",
        "://",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(tmp_path, address):
    with pytest.raises(InvalidRequestError, match="DATABASE_URL") as caught:
        LiveStore(read_settings({}, geodata_dir=tmp_path, database_url=address))
    assert "Zq7secret" not in caught.value.detail + caught.value.next_step


def test_a_sqlite_file_elsewhere_may_be_named(tmp_path, new_closure, now):
    file = tmp_path / "a folder %20 with ?#" / "state.db"
    store = LiveStore(read_settings({}, geodata_dir=tmp_path, database_url=f"sqlite:///{file}".replace("?", "%3F")))
    assert store.file is not None
    store.migrate()
    store.closures.add(new_closure(), now=now)
    assert len(store.closures.list(now=now)) == 1


def test_a_server_that_is_away_is_an_error_of_ours_without_its_address(tmp_path, caplog):
    address = "postgresql://someone:Zq7secret@127.0.0.1:1/live"
    store = LiveStore(read_settings({}, geodata_dir=tmp_path, database_url=address))
    with pytest.raises(LiveStoreError) as caught:
        store.migrate()
    assert "127.0.0.1" not in caught.value.detail
    assert "Zq7secret" not in caught.value.detail + caplog.text


def test_a_sqlite_file_is_in_wal_mode(sqlite_store):
    with sqlite3.connect(sqlite_store.file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_locked_file_is_told_as_locked(sqlite_store, new_closure, now, monkeypatch):
    from stroke_map.live import database

    monkeypatch.setattr(database, "WRITE_WAIT_S", 0.02)
    holder = sqlite3.connect(sqlite_store.file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(LiveStoreError, match="locked"):
        sqlite_store.closures.add(new_closure(), now=now)
    assert list(sqlite_store.closures.list(now=now)) == []  # readers do not wait for a writer
    holder.close()


@pytest.mark.parametrize("damage", ["removed", "emptied", "overwritten"])
def test_a_file_that_is_gone_or_is_no_database_is_never_written_to(sqlite_store, new_closure, now, damage):
    sqlite_store.closures.add(new_closure(), now=now)
    if damage == "removed":
        sqlite_store.file.unlink()
    else:
        sqlite_store.file.write_bytes(b"" if damage == "emptied" else b"not a database" * 1000)
    with pytest.raises(LiveStoreError):
        sqlite_store.closures.add(new_closure(), now=now)
    assert damage != "removed" or not sqlite_store.file.exists()
