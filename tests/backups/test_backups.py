"""A backup is whole or is none; what is restored from it is what was there at one moment."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from faults.disks import may_mount
from faults.disks import small_disk as small_disk_on
from sqlalchemy import func, select, text

from stroke_map.backups import back_up, restore
from stroke_map.backups.manifest import MANIFEST, backups
from stroke_map.backups.rows import count_rows
from stroke_map.editions import publish, read_publication, verify_edition
from stroke_map.errors import AuditError, BackupError, LiveStoreError
from stroke_map.live import LiveStore
from stroke_map.live.audit_chain import Head
from stroke_map.live.audit_reads import ReadLog
from stroke_map.live.case_tables import alerts, deliveries
from stroke_map.live.tables import metadata

BY = {"actor": "li", "role": "command line", "action": "stroke-map restore"}
#: The moment of `now`, at which nothing that was written then is due again.
THEN = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def put_back(settings, backup, **options):
    return restore(settings, backup, by=BY, now=THEN, **options)


def contents(settings):
    """Every row of every table but the audit log; of alerts not when they move on, which they do not once they are restored."""
    with closing(LiveStore(settings)) as store, store.reading() as connection:
        return {
            table.name: sorted(
                map(tuple, connection.execute(select(*(c for c in table.c if c is not alerts.c.next_at)))), key=repr
            )
            for table in metadata.sorted_tables
            if not table.name.startswith("audit")
        }


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_backed_up_while_people_alert_is_one_moment_of_it(settings, empty, writing, now, tmp_path):
    before, number, writer = 0, 0, writing(settings)
    while before in {0, writer.count}:  # until somebody wrote while one was made
        before, number = writer.count, number + 1
        made = back_up(settings, tmp_path / "backups", now=now + timedelta(seconds=number))
    writer.end()
    assert writer.failure is None
    restored = put_back(empty, made.folder)
    assert restored.audit_problems == ()
    with closing(LiveStore(empty)) as store, store.reading() as connection:
        found = connection.execute(select(func.count()).select_from(alerts)).scalar_one()
        calls = (
            select(deliveries.c.alert_id, func.count()).group_by(deliveries.c.alert_id).order_by(deliveries.c.alert_id)
        )
        assert connection.execute(calls).all() == [(one, 3) for one in range(1, found + 1)]
        counts = count_rows(connection)
    assert before <= found <= writer.count
    assert counts == made.manifest.rows | {"audit": made.manifest.rows["audit"] + 1}
    last = LiveStore(empty).audit.list(most=1)[0]
    assert last["action"] == "stroke-map restore"
    assert last["about"] == {"backup": made.manifest.made_at.isoformat(), "kept_back": 0}
    assert read_publication(empty.geodata_dir) == read_publication(settings.geodata_dir)
    assert verify_edition(empty.geodata_dir, "2025.1").seal == made.manifest.editions["2025.1"]
    assert (empty.sheets_dir / "0123456789abcdef" / "hospitals.csv").is_file()


def test_a_backup_of_one_kind_of_database_goes_into_the_other_and_back(
    sqlite_settings, postgres_databases, write_once, now, tmp_path
):
    with closing(LiveStore(sqlite_settings)) as store:
        for number in range(3):
            write_once(store, number)
        with store.writing(audited=False) as connection:  # an id that was given, and is not there any more
            connection.execute(text("DELETE FROM closures"))
    first = back_up(sqlite_settings, tmp_path / "first", now=now)
    other = replace(sqlite_settings, geodata_dir=tmp_path / "other", database_url=postgres_databases.make("restored"))
    other = replace(other, audit_dir=other.geodata_dir / "audit", sheets_dir=other.geodata_dir / "sheets")
    put_back(other, first.folder)
    assert contents(other) == contents(sqlite_settings)
    second = back_up(other, tmp_path / "second", now=now)
    assert (first.manifest.database, second.manifest.database) == ("sqlite", "postgresql")
    third = replace(other, geodata_dir=tmp_path / "third", database_url="", audit_dir=tmp_path / "third" / "audit", sheets_dir=tmp_path / "third" / "sheets")  # fmt: skip
    put_back(third, second.folder)
    assert contents(third) == contents(sqlite_settings)
    for settings, times in ((other, 1), (third, 2)):
        with closing(LiveStore(settings)) as store:
            assert store.audit.verify()[1] == []
            write_once(store, 3)
            # Behind every id that was given, also where its row is gone, and behind those that were given since the backup.
            assert store.closures.add(*[closure_like(now)], now=now)[0].id == times * 100_000 + 2
            assert store.alerts.list(now=now)[-1].id == times * 100_000 + 4


def closure_like(now):
    from stroke_map.live import NewClosure

    return NewClosure(begins=now, ways=(2,), reason="flood", author="test")


def test_reads_that_no_database_has_yet_are_in_the_backup(sqlite_settings, empty, now, tmp_path):
    with closing(LiveStore(sqlite_settings)) as store:
        reads = ReadLog(sqlite_settings.audit_dir, store)
        with sqlite3.connect(sqlite_settings.geodata_dir / "live.db") as busy:
            busy.execute("BEGIN IMMEDIATE")  # nobody can bring them into the database
            reads.record({"actor": "wang", "action": "GET /api/v1/cases"})
            until = time.monotonic() + 60
            while not any(file.stat().st_size for file in sqlite_settings.audit_dir.glob("reads-*")):
                assert time.monotonic() < until
                time.sleep(0.02)
            made = back_up(sqlite_settings, tmp_path / "backups", now=now)
        busy.close()
        reads.close()
    put_back(empty, made.folder)
    with closing(LiveStore(empty)) as store:
        assert store.audit.verify()[1] == []
        assert [line["action"] for line in store.audit.list(actor="wang")] == ["GET /api/v1/cases"]
    assert empty.audit_dir.stat().st_mode & 0o777 == 0o700


def test_where_the_audit_log_ends_is_told_as_verifying_wants_it(sqlite_settings, write_once, now, tmp_path):
    with closing(LiveStore(sqlite_settings)) as store:
        write_once(store, 0)
        made = back_up(sqlite_settings, tmp_path / "backups", now=now)
        told = orjson.loads((made.folder / "audit-ends.json").read_bytes())
        assert store.audit.verify({chain: Head(**end) for chain, end in told.items()})[1] == []


def test_the_regions_that_are_known_are_in_it_and_an_operators_own_before_those_installed(
    sqlite_settings, now, tmp_path
):
    installed = back_up(sqlite_settings, tmp_path / "backups", now=now).folder / "regions"
    assert {"chongqing.toml", "demo.toml"} <= files_of(installed)
    own = sqlite_settings.geodata_dir / "regions"
    own.mkdir()
    for name in ("malta.toml", "malta.protocol.toml"):
        (own / name).write_text(name, encoding="utf-8")
    made = back_up(sqlite_settings, tmp_path / "backups", now=now + timedelta(seconds=1)).folder / "regions"
    assert files_of(made) == files_of(own) == {"malta.toml", "malta.protocol.toml"}
    assert (made / "malta.protocol.toml").read_text(encoding="utf-8") == "malta.protocol.toml"


def test_secrets_that_are_set_are_not_in_it(sqlite_settings, now, tmp_path):
    secret = "Zq7-secret"
    made = back_up(replace(sqlite_settings, clinical_key=secret), tmp_path / "backups", now=now)
    told = json.loads((made.folder / "settings.json").read_text(encoding="utf-8"))
    assert (told["STROKE_MAP_CLINICAL_KEY"], told["STROKE_MAP_DATABASE_URL"]) == ("********", "")
    assert told["STROKE_MAP_GEODATA_DIR"] == str(sqlite_settings.geodata_dir)
    assert made.folder.stat().st_mode & 0o777 == 0o700
    assert not any(secret.encode() in path.read_bytes() for path in made.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "harmed",
    [
        (lambda folder: (folder / MANIFEST).unlink(), "is no whole backup"),
        (lambda folder: append(folder / MANIFEST), "backup.json: cannot be read"),
        (lambda folder: exchange(folder / MANIFEST, b"2026.1", b"2026.2"), "backup.json: changed"),
        (lambda folder: append(folder / "live.db"), "live.db: changed"),
        (lambda folder: (folder / "current").unlink(), "current: missing"),
        (lambda folder: (folder / "audit").write_text("x"), "audit: not part of the backup"),
        (lambda folder: append(folder / "editions" / "2025.1" / "roads" / "large.bin"), "editions/2025.1/roads/large.bin"),
        (lambda folder: shutil.rmtree(folder / "editions" / "2025.1"), "editions/2025.1/edition.json: missing"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused_and_leaves_nothing(sqlite_settings, empty, now, tmp_path, harmed):
    harm, said = harmed
    made = back_up(sqlite_settings, tmp_path / "backups", now=now)
    harm(made.folder)
    with pytest.raises(BackupError, match=said):
        put_back(empty, made.folder)
    assert files_of(empty.geodata_dir) <= {".restore.lock"}


def append(path):
    path.write_bytes(path.read_bytes() + b"x")


def exchange(path, old, new):
    path.write_bytes(path.read_bytes().replace(old, new))


def test_a_folder_of_backups_names_those_that_are_in_it(sqlite_settings, empty, now, tmp_path):
    back_up(sqlite_settings, tmp_path / "backups", now=now)
    with pytest.raises(BackupError) as raised:
        put_back(empty, tmp_path / "backups")
    assert raised.value.next_step == "Give one of those in it: 20260501T120000Z."


def test_it_goes_nowhere_where_anything_is(sqlite_settings, empty, now, tmp_path):
    made = back_up(sqlite_settings, tmp_path / "backups", now=now)
    for name in ("live.db", "live.db-wal", "current", "audit/reads.jsonl", "sheets/x", "editions/x"):
        path = empty.geodata_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine", encoding="utf-8")
        with pytest.raises(BackupError, match="is there already"):
            put_back(empty, made.folder)
        assert files_of(empty.geodata_dir) == {name, ".restore.lock"}
        assert path.read_text(encoding="utf-8") == "mine"
        path.unlink()
    put_back(empty, made.folder)  # empty folders are no obstacle
    with pytest.raises(BackupError, match="is there already"):
        put_back(empty, made.folder)


def test_nor_into_a_database_in_which_anything_was_recorded(sqlite_settings, postgres_databases, empty, now, tmp_path):
    made = back_up(sqlite_settings, tmp_path / "backups", now=now)
    target = replace(empty, database_url=postgres_databases.make("restored"))
    with closing(LiveStore(target)) as store:
        store.closures.add(closure_like(now), now=now)
    with pytest.raises(BackupError, match="STROKE_MAP_DATABASE_URL is there already"):
        put_back(target, made.folder)
    assert files_of(empty.geodata_dir) == {".restore.lock"}
    with closing(LiveStore(target)) as store:
        assert [closure.reason for closure in store.closures.list(now=now)] == ["flood"]


def test_an_audit_log_that_was_changed_is_restored_only_on_ones_word(sqlite_settings, empty, write_once, now, tmp_path):
    with closing(LiveStore(sqlite_settings)) as store:
        write_once(store, 0)
        with store.writing(audited=False) as connection:
            connection.execute(text("UPDATE audit SET line = replace(line, 'wang', 'zhao')"))
    made = back_up(sqlite_settings, tmp_path / "backups", now=now)
    with pytest.raises(AuditError) as raised:
        put_back(empty, made.folder)
    assert "writes: line 1 was changed" in raised.value.facts["problems"]
    assert files_of(empty.geodata_dir) == {".restore.lock"}
    assert put_back(empty, made.folder, accept_audit=True).audit_problems == tuple(raised.value.facts["problems"])
    assert contents(empty) == contents(sqlite_settings)


def test_a_backup_by_a_clock_that_was_ahead_is_named_and_nothing_is_removed(sqlite_settings, now, tmp_path):
    place = tmp_path / "backups"
    ahead = back_up(sqlite_settings, place, now=now + timedelta(days=3650)).folder
    with pytest.raises(BackupError, match="by a clock that was ahead"):
        back_up(sqlite_settings, place, now=now, keep=1)
    assert list(place.glob("2*")) == [ahead]


def test_a_night_costs_what_is_new_and_so_many_backups_stay(sqlite_settings, now, tmp_path):
    place = tmp_path / "backups"
    made = [back_up(sqlite_settings, place, now=now + timedelta(days=day), keep=2) for day in range(3)]
    assert made[2].removed == (made[0].folder.name,)
    assert backups(place) == [made[1].folder, made[2].folder]
    for folder, links in ((made[2].folder, 2), (sqlite_settings.geodata_dir, 1)):
        assert (folder / "editions" / "2026.1" / "roads" / "large.bin").stat().st_nlink == links
    assert (made[2].folder / "live.db").stat().st_nlink == 1


def test_a_damaged_edition_is_taken_from_the_backup_before_or_told(sqlite_settings, empty, now, tmp_path):
    place, edition = tmp_path / "backups", sqlite_settings.geodata_dir / "editions" / "2026.1"
    first = back_up(sqlite_settings, place, now=now)
    append(edition / "roads" / "large.bin")
    second = back_up(sqlite_settings, place, now=now + timedelta(days=1))
    assert second.manifest == first.manifest.model_copy(
        update={"made_at": second.manifest.made_at, "files": second.manifest.files}
    )
    append(second.folder / "editions" / "2026.1" / "roads" / "large.bin")  # and the copy, which both share
    third = back_up(sqlite_settings, place, now=now + timedelta(days=2))
    assert list(third.manifest.left_out) == ["2026.1"]
    assert (list(third.manifest.editions), third.manifest.serving) == (["2025.1"], "")
    put_back(empty, third.folder)
    assert files_of(empty.geodata_dir) >= {"live.db", "editions/2025.1/edition.json"}
    assert not (empty.geodata_dir / "current").exists()
    publish(empty.geodata_dir, "2025.1")


def test_one_at_a_time_and_what_a_killed_one_left_is_removed(sqlite_settings, now, tmp_path):
    place = tmp_path / "backups"
    (place / ".part-20260430T120000Z").mkdir(parents=True)
    (place / ".part-20260430T120000Z" / MANIFEST).write_text("{}", encoding="utf-8")
    descriptor = os.open(place / ".lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="another backup is being made"):
            back_up(sqlite_settings, place, now=now)
    finally:
        os.close(descriptor)
    made = back_up(sqlite_settings, place, now=now)
    assert set(place.iterdir()) == {made.folder, place / ".lock"}


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 21.5 MB, of which 20 MB are to stay free."""
    folder = tmp_path / "small"
    if not may_mount(folder):
        pytest.skip("mounting a small disk needs root")
    with small_disk_on(folder, 21_500_000):
        yield folder


def test_a_full_disk_is_told_before_anything_is_written_and_has_nothing_of_it(
    sqlite_settings, small_disk, now, monkeypatch
):
    (sqlite_settings.audit_dir / "archive").mkdir(parents=True)
    (sqlite_settings.audit_dir / "archive" / "audit-1.jsonl").write_bytes(bytes(30_000_000))
    with pytest.raises(BackupError, match=r"has no room: about 5\d\.\d MB are needed, 21\.\d MB are free"):
        back_up(sqlite_settings, small_disk / "backups", now=now)
    assert files_of(small_disk) == {"backups/.lock"}
    monkeypatch.setattr("stroke_map.backups.make._check_room", lambda *_: None)  # as where others fill it meanwhile
    with pytest.raises(BackupError, match="has no room"):
        back_up(sqlite_settings, small_disk / "backups", now=now)
    assert files_of(small_disk) == {"backups/.lock"}


def test_so_does_a_disk_that_is_full_when_the_database_comes(settings, small_disk, write_once, now, monkeypatch):
    with closing(LiveStore(settings)) as store:
        write_once(store, 0)
        with store.writing(audited=False) as connection:
            connection.execute(text("UPDATE cases SET question = :much"), {"much": "x" * 25_000_000})
    monkeypatch.setattr("stroke_map.backups.make._check_room", lambda *_: None)
    with pytest.raises(BackupError, match="has no room"):
        back_up(settings, small_disk / "backups", now=now)
    assert files_of(small_disk) == {"backups/.lock"}


def test_a_full_disk_keeps_nothing_of_what_was_being_restored(sqlite_settings, empty, small_disk, now, tmp_path):
    (sqlite_settings.audit_dir / "archive").mkdir(parents=True)
    (sqlite_settings.audit_dir / "archive" / "audit-1.jsonl").write_bytes(bytes(30_000_000))
    made = back_up(sqlite_settings, tmp_path / "backups", now=now)
    target = replace(empty, geodata_dir=small_disk, audit_dir=small_disk / "audit", sheets_dir=small_disk / "sheets")
    with pytest.raises(BackupError, match="has no room"):
        put_back(target, made.folder)
    assert files_of(small_disk) == {".restore.lock"}


def test_a_database_that_is_away_or_damaged_is_told(settings, live_database, now, tmp_path):
    live_database.take_away()
    with pytest.raises(LiveStoreError):
        back_up(settings, tmp_path / "backups", now=now)
    assert files_of(tmp_path / "backups") == {".lock"}


def test_live_state_that_was_there_and_is_gone_is_no_night_like_any_other(sqlite_settings, now, tmp_path):
    place = tmp_path / "backups"
    back_up(sqlite_settings, place, now=now)
    (sqlite_settings.geodata_dir / "live.db").unlink()
    with pytest.raises(LiveStoreError, match="is gone"):
        back_up(sqlite_settings, place, now=now + timedelta(days=1))
    assert back_up(sqlite_settings, tmp_path / "others", now=now).manifest.database == ""


def test_a_damaged_file_of_the_database_makes_no_backup(sqlite_settings, now, tmp_path):
    file = sqlite_settings.geodata_dir / "live.db"
    content = bytearray(file.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(LiveStoreError, match="damaged"):
        back_up(sqlite_settings, tmp_path / "backups", now=now)
    assert files_of(tmp_path / "backups") == {".lock"}


def test_nothing_is_no_backup_nor_a_place_inside_of_what_is_backed_up(sqlite_settings, empty, now, tmp_path):
    with pytest.raises(BackupError, match="neither live state nor an edition"):
        back_up(empty, tmp_path / "backups", now=now)
    with pytest.raises(BackupError, match="is inside of"):
        back_up(sqlite_settings, sqlite_settings.audit_dir / "backups", now=now)
    assert files_of(tmp_path / "backups") == {".lock"}
