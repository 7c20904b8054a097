"""A worker that is stuck is ended and another begins; one that works, or a machine that stood still, is left alone."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults.service import serving

from stroke_map.web.turns import AT_ONCE, Turns
from stroke_map.web.watchdog import Watchdog, ended_stuck
from stroke_map.web.workers import Workers, pulses

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_S = 60.0


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_a_worker_that_stands_still_is_ended_and_another_begins(
    copy_demo: Callable[[Path], Path], tmp_path: Path
) -> None:
    with serving(copy_demo(tmp_path / "geodata"), workers=2, stuck_after_s=3) as server:
        until(lambda: len(children(server.process.pid)) == 2)
        victim, other = children(server.process.pid)
        os.kill(victim, signal.SIGSTOP)
        until(lambda: victim not in children(server.process.pid))
        server.wait_until(lambda status, body: status == 200 and b'"status":"ready"' in body, "two workers again")
        assert len(children(server.process.pid)) == 2
        assert other in children(server.process.pid)
        metrics = server.get("/metrics")[1].decode()
        assert re.search(r"^stroke_map_workers_ended_stuck 1\.0$", metrics, re.MULTILINE)


class Silent:
    """A worker, and the signals it is sent."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.worker, self.sent = Workers(folder, 1), []
        monkeypatch.setattr(os, "kill", lambda pid, name: self.sent.append((pid, name)))

    def says_something(self) -> None:
        self.worker._tell(0.0)


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Silent:
    return Silent(tmp_path, monkeypatch)


def test_silence_is_counted_in_looks_and_ended_once(silent: Silent, tmp_path: Path) -> None:
    dog = Watchdog(tmp_path, 3)
    for _ in range(3):
        dog.look()
    assert silent.sent == []  # the first look has but seen it
    silent.says_something()
    for _ in range(3):
        dog.look()
    assert silent.sent == []
    for _ in range(5):
        dog.look()
    assert silent.sent == [(os.getpid(), signal.SIGUSR1), (os.getpid(), signal.SIGKILL)]
    assert ended_stuck(tmp_path) == 1


def test_whoever_has_ended_by_itself_is_not_looked_at(silent: Silent, tmp_path: Path) -> None:
    assert [pid for pid, _ in pulses(tmp_path)] == [os.getpid()]
    os.close(silent.worker._file)
    assert list(pulses(tmp_path)) == []


def test_a_worker_of_which_no_question_has_its_turn_says_nothing() -> None:
    leave, answering = threading.Event(), threading.Semaphore(0)

    def stuck(environ: dict, start_response: Callable) -> list[bytes]:
        answering.release()
        leave.wait(LONG_S)
        return []

    turns = Turns(stuck)
    assert turns.come(LONG_S)
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/route"}
    threads = [threading.Thread(target=turns, args=(asked, None)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
        answering.acquire()
    assert not turns.come(0.01)
    leave.set()
    assert turns.come(LONG_S)
    for thread in threads:
        thread.join()


def test_what_keeps_telling_stops_where_no_turn_comes(tmp_path: Path) -> None:
    come, asked = threading.Event(), threading.Semaphore(0)

    def comes(_within_s: float) -> bool:
        asked.release()
        return come.is_set()

    worker = Workers(tmp_path, 1)
    ((_, before),) = pulses(tmp_path)
    worker.keep_telling(lambda: 0.0, comes)
    asked.acquire()
    asked.acquire()
    assert list(pulses(tmp_path)) == [(os.getpid(), before)]
    come.set()
    until(lambda: list(pulses(tmp_path)) != [(os.getpid(), before)])
