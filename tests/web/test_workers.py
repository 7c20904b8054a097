import os
import signal
import sys
import time
from subprocess import PIPE, Popen

import pytest

from stroke_map.web import workers
from stroke_map.web.workers import Worker, Workers, shared_folder

TAKE = """
import sys
from pathlib import Path
from stroke_map.web.workers import Workers
print(Workers(Path(sys.argv[1]), 2).number, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """Start another worker over the same folder: its process and its number."""
    started = []

    def begin():
        process = Popen([sys.executable, "-c", TAKE, str(tmp_path)], stdin=PIPE, stdout=PIPE, text=True)
        started.append(process)
        return process, int(process.stdout.readline())

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_each_has_a_number_and_whoever_takes_the_place_of_a_killed_one_has_its_number(tmp_path, start):
    mine = Workers(tmp_path, 2)
    process, number = start()
    assert (mine.number, number) == (0, 1)
    assert [worker.number for worker in mine.alive()] == [0, 1]
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [worker.number for worker in mine.alive()] == [0]
    _, again = start()
    assert again == 1
    assert [worker.number for worker in mine.alive()] == [0, 1]


def test_while_those_of_before_a_reload_still_answer_the_new_ones_have_numbers_of_their_own(tmp_path, start):
    mine = Workers(tmp_path, 2)
    assert [start()[1] for _ in range(2)] == [1, 2]
    assert [worker.number for worker in mine.alive()] == [0, 1, 2]


def test_a_worker_tells_that_it_lives_and_how_long_it_is_at_its_oldest_request(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "EVERY_S", 0.01)
    mine = Workers(tmp_path, 1)
    (before,) = mine.alive()
    assert (before.oldest_s, before.stuck) == (0.0, False)
    assert before.memory_bytes > 1e6
    mine.keep_telling(lambda: 61.0, lambda _: True)
    until = time.monotonic() + 60
    while mine.alive()[0].oldest_s != 61.0:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert mine.alive()[0].stuck


@pytest.mark.parametrize(("age_s", "oldest_s", "stuck"), [(14, 59, False), (16, 0, True), (0, 61, True)])
def test_a_worker_is_stuck_that_says_nothing_or_answers_nothing(age_s, oldest_s, stuck):
    assert Worker(0, age_s, oldest_s, 0).stuck is stuck


def test_the_folder_is_closed_to_others_and_gone_when_the_server_is():
    with shared_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0
        assert Workers(folder, 1).number == 0
    assert not folder.exists()


def test_what_a_killed_server_left_is_removed_by_the_next_and_what_others_use_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_MEMORY", tmp_path)
    left, used, new, foreign = (
        tmp_path / f"{name}"
        for name in ("stroke_map-workers-a", "stroke_map-workers-b", "stroke_map-workers-c", "other")
    )
    for folder in (left, used, new, foreign):
        folder.mkdir()
    (left / "worker-0").write_bytes(b"{}")
    worker = Workers(used, 1)
    for folder in (left, used, foreign):
        os.utime(folder, (0, 0))
    with shared_folder() as mine:
        assert {path.name for path in tmp_path.iterdir()} == {used.name, new.name, foreign.name, mine.name}
    assert worker.alive()
