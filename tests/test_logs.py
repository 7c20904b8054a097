import logging
import os
import threading
from pathlib import Path

import orjson
import pytest

from stroke_map import logs


@pytest.fixture
def begin():
    """Let this process log into a pipe as `begin` does; gives what was written. Everything is as before when the test is over."""
    root, ours = logging.getLogger(), logging.getLogger("stroke_map")
    before = root.handlers[:], root.level, ours.level, logs.lines, logs.log, threading.excepthook
    hook, ends = logs.sys.excepthook, os.pipe()

    def start(level="info", file=ends[1]):
        logs.begin("test", level, file=file)
        return lambda: [orjson.loads(line) for line in os.read(ends[0], 1 << 20).splitlines()]

    yield start
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level, ours.level, logs.lines, logs.log, threading.excepthook = before
    logs.sys.excepthook = hook
    for end in ends:
        os.close(end)


def test_a_line_says_when_what_and_of_which_process_and_request(begin):
    read = begin()
    token = logs.request_id.set("abcdef0123456789")
    logs.log.info("request", status=200)
    logs.request_id.reset(token)
    logs.log.info("request", status=404)
    first, second = read()
    assert first.pop("at").endswith("Z")
    assert first == {
        "process": "test", "pid": os.getpid(), "event": "request", "level": "info", "status": 200, "request_id": "abcdef0123456789"
    }  # fmt: skip
    assert "request_id" not in second


def test_what_is_less_than_the_level_is_not_written(begin):
    read = begin("warning")
    logs.log.info("no")
    logging.getLogger("stroke_map.web").info("no")
    logging.getLogger("stroke_map.web").warning("yes")
    logs.log.error("yes too")
    assert [line["event"] for line in read()] == ["yes", "yes too"]


def test_an_exception_is_told_by_its_kind_and_place_never_by_its_words(begin):
    read = begin()
    try:
        int("Zq7secret")
    except ValueError:
        logging.getLogger("stroke_map.live").exception("it failed")
    thread = threading.Thread(target=lambda: int("Zq7secret"), name="some-thread")
    thread.start()
    thread.join()
    lines = read()
    assert [line["error"] for line in lines] == ["ValueError"] * 2
    assert all("test_logs.py" in line["frames"] for line in lines)
    assert lines[1]["thread"] == "some-thread"
    assert "Zq7secret" not in str(lines).replace('int("Zq7secret")', "")


def test_other_packages_are_heard_from_warnings_on_whatever_the_level_of_ours(begin):
    read = begin("debug")
    logging.getLogger("somebody.else").info("no")
    logging.getLogger("somebody.else").error("yes")
    assert [(line["event"], line["logger"]) for line in read()] == [("yes", "somebody.else")]


def test_nobody_waits_for_a_reader_that_stands_still_and_what_was_lost_is_counted(begin):
    read = begin()
    for _ in range(2000):  # a pipe holds 64 kB
        logs.log.info("x" * 200)
    lost = logs.lines.lost
    assert 1000 < lost < 2000
    assert len(read()) == 2000 - lost
    logs.log.info("again")
    assert [line["event"] for line in read()] == ["again"]


def test_nobody_waits_for_who_writes_and_he_takes_the_line_along(begin):
    read = begin()
    with logs.lines._lock:  # somebody writes
        logs.log.info("left")
    logs.log.info("taken")
    assert [line["event"] for line in read()] == ["left", "taken"]


def test_lines_of_many_threads_stay_whole_and_in_order(begin, tmp_path):
    """Fewer than may wait, so that none is lost however the threads take turns."""
    with (tmp_path / "log").open("wb", buffering=0) as file:
        begin(file=file.fileno())
        threads = [threading.Thread(target=lambda own=own: [logs.log.info(f"{own}", n=n) for n in range(45)]) for own in range(20)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert logs.lines.lost == 0
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    for own in range(20):
        assert [line["n"] for line in lines if line["event"] == f"{own}"] == [*range(45)]


def test_a_terminal_is_told_in_words(begin):
    ours, theirs = os.openpty()
    begin(file=theirs)
    logs.log.warning("something is wrong", status=503)
    said = os.read(ours, 4096).decode()
    os.close(theirs)
    os.close(ours)
    assert not said.startswith("{")
    assert "something is wrong" in said
    assert "status=503" in said


def test_a_full_disk_stops_nobody(begin):
    with Path("/dev/full").open("wb", buffering=0) as full:
        lines = logs.Lines(full.fileno())
        lines.write(b"x")
        assert lines.lost == 1


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with blank here", "new\nline0000", "138 7773 1177", "Zq7<b>0000"]
)
def test_an_id_that_could_say_anything_else_is_made_anew(given):
    made = logs.request_id_for(given)
    assert made != given
    assert len(made) == 16
    assert logs.request_id_for(given) != made


def test_an_id_of_a_proxy_is_kept():
    assert logs.request_id_for("4c7f4a0e8d") == "4c7f4a0e8d"
