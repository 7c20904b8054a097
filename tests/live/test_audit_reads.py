import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stroke_map.errors import AuditError
from stroke_map.live import audit_reads
from stroke_map.live.audit_reads import ReadLog, gather_file, gather_left


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "audit"


@pytest.fixture
def begin(folder):
    """Make read logs that are closed when the test is over."""
    made = []

    def make(of):
        made.append(ReadLog(folder, of))
        return made[-1]

    yield make
    for log in made:
        log.close()


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def reads_in(store):
    return [line for line in reversed(store.audit.list(most=100_000)) if line.get("action") == "read"]


def test_reads_come_into_the_database_by_themselves_in_order(store, begin):
    log = begin(store)
    for number in range(100):
        log.record({"actor": "wang", "action": "read", "n": number})
    until(lambda: len(reads_in(store)) == 100)
    assert sorted(line["n"] for line in reads_in(store)) == list(range(100))
    assert store.audit.verify()[1] == []


def test_a_log_that_is_closed_has_written_all_and_leaves_no_file(store, begin, folder):
    log = begin(store)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: log.record({"action": "read", "n": n}), range(500)))
    log.close()
    log.close()
    assert len(reads_in(store)) == 500
    assert store.audit.list(most=1000)[0]["action"] in {"audit.close", "audit.open", "read"}
    assert any(line["action"] == "audit.close" for line in store.audit.list(most=1000))
    assert list(folder.iterdir()) == []
    assert store.audit.verify()[1] == []


def test_nothing_is_opened_before_the_first_record(sqlite_store, begin, folder):
    begin(sqlite_store).close()
    assert not folder.exists()


def test_the_files_are_closed_to_other_users(sqlite_store, begin, folder):
    log = begin(sqlite_store)
    log.record({"action": "read"})
    until(lambda: folder.exists() and list(folder.iterdir()))
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_while_the_database_is_away_the_file_keeps_them(sqlite_store, begin, folder):
    log, file = begin(sqlite_store), sqlite_store.file
    away = file.with_name("away.db")
    file.rename(away)
    log.record({"action": "read"})
    until(lambda: folder.exists() and any(path.stat().st_size for path in folder.iterdir()))
    away.rename(file)
    until(lambda: len(reads_in(sqlite_store)) == 1)


def test_when_the_file_is_taken_away_the_next_reads_are_written_to_another(store, begin, folder, caplog):
    log = begin(store)
    log.record({"action": "read", "n": 1})
    until(lambda: len(reads_in(store)) == 1)
    (file,) = folder.iterdir()
    file.unlink()
    until(lambda: "took the file" in caplog.text)
    log.record({"action": "read", "n": 2})
    log.close()
    lines = store.audit.list()
    chains = {line["chain"]: line["n"] for line in lines if line["action"] == "read"}
    assert sorted(chains.values()) == [1, 2]
    ended = {line["chain"] for line in lines if line["action"] == "audit.close"}
    assert {chains[chain] for chain in ended} == {2}
    assert store.audit.verify()[1] == []


def test_what_memory_cannot_hold_is_counted(store, begin, monkeypatch):
    monkeypatch.setattr(audit_reads, "MOST_WAITING", 5)
    log = begin(store)
    for _ in range(8):
        log.record({"action": "read"})
    log.close()
    lines = store.audit.list()
    kept = sum(line["action"] == "read" for line in lines)
    lost = sum(line["lost"] for line in lines if line["action"] == "audit.lost")
    assert (kept + lost, kept >= 5) == (8, True)
    assert store.audit.verify()[1] == []


WORKER = """
import sys, time
from pathlib import Path
from stroke_map.live import LiveStore
from stroke_map.live.audit_reads import ReadLog
from stroke_map.settings import read_settings
folder = Path(sys.argv[1])
log = ReadLog(folder / "audit", LiveStore(read_settings({}, geodata_dir=folder, database_url=sys.argv[2])))
number = 0
while True:
    log.record({"actor": "wang", "action": "read", "n": number, "told": time.time()})
    print(number, time.time(), flush=True)
    number += 1
    time.sleep(0.005)
"""


def test_a_worker_that_is_killed_loses_at_most_a_second_and_another_gathers_its_file(store, settings, tmp_path, folder):
    command = [sys.executable, "-c", WORKER, str(tmp_path), settings.database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        told = [worker.stdout.readline().split() for _ in range(300)]
        assert gather_left(folder, store) == []
        assert list(folder.iterdir())  # a file whose worker lives is left alone
        os.kill(worker.pid, signal.SIGKILL)
        told += [line.split() for line in worker.stdout.read().splitlines() if len(line.split()) == 2]
    assert gather_left(folder, store) == []
    assert list(folder.iterdir()) == []
    kept = {line["n"] for line in reads_in(store)}
    assert kept == set(range(len(kept)))
    last = float(told[-1][1])
    # A second, and what this busy machine takes to write: never anything older.
    assert all(int(number) in kept for number, moment in told if last - float(moment) > 5)
    assert kept
    assert store.audit.verify()[1] == []


@pytest.fixture
def left(folder):
    """The file of a worker that has ended, with three reads, gathered up to none."""
    folder.mkdir()
    from stroke_map.live.audit_chain import beginning, link

    head, lines = beginning("reads-left"), []
    for number in range(3):
        made = link("reads-left", head, {"at": "2026-05-01T12:00:00+00:00", "action": "read", "n": number})
        head = made.head
        lines.append(f"{made.hash} {made.line}\n")
    file = folder / "reads-left.jsonl"
    file.write_text("".join(lines))
    return file


def test_a_file_that_was_left_is_gathered_and_removed(store, left, folder):
    assert gather_file(left, store) == left.stat().st_size
    assert len(reads_in(store)) == 3
    assert gather_left(folder, store) == []
    assert not left.exists()
    assert len(reads_in(store)) == 3


def test_a_torn_last_line_was_never_answered_for(store, left, folder):
    left.write_bytes(left.read_bytes() + b'0123 {"chain": "rea')
    assert gather_left(folder, store) == []
    assert len(reads_in(store)) == 3
    assert store.audit.verify()[1] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.replace(b'"n":1', b'"n":7'),
        lambda content: content.replace(content.splitlines(keepends=True)[1], b""),
        lambda content: content + b"no line\n",
        lambda content: content + b"\xff\xfe\n",
        lambda content: content + b"0 {}\n",
        lambda content: content + b'0 {"at": "2026-05-01T12:00:00+00:00", "number": null}\n',
        lambda content: content + content,
    ],
)
def test_a_file_that_was_changed_is_told_and_stays_as_it_is(store, left, folder, spoil):
    left.write_bytes(spoil(left.read_bytes()))
    content = left.read_bytes()
    with pytest.raises(AuditError):
        gather_file(left, store)
    assert gather_left(folder, store)
    assert left.read_bytes() == content


def test_a_link_in_the_folder_is_not_followed(store, left, folder, tmp_path):
    (tmp_path / "elsewhere").write_text("secret\n")
    (folder / "reads-link.jsonl").symlink_to(tmp_path / "elsewhere")
    left.unlink()
    assert gather_left(folder, store) == ["reads-link.jsonl: is no file that can be read here"]
    assert (tmp_path / "elsewhere").read_text() == "secret\n"
