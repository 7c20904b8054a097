"""`systemctl reload` after an upgrade: the new program takes over from the old one while people ask."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells which socket listens where"),
]
LONG_S = 300


@contextmanager
def running(geodata, *, path):
    """A server of one worker; `path` is where it looks for modules before it looks anywhere else."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "STROKE_MAP_GEODATA_DIR": str(geodata),
        "STROKE_MAP_WORKERS": "1",
        "STROKE_MAP_PLANE": "clinical",  # which draws no pages before anybody asks
        "STROKE_MAP_PORT": str(port),
        "STROKE_MAP_STREAM_PORT": "0",
        "PYTHONPATH": str(path),
    }
    log = geodata.with_name("log")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "stroke_map.cli", "serve"], env=environment, stdout=stream, stderr=stream, start_new_session=True
        )  # fmt: skip
    try:
        wait_until(lambda: ask(port, "/readyz") == 200, process, log)
        yield port, process, log
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG_S) == 0
    finally:
        with suppress(ProcessLookupError):  # whatever still runs is of this session alone
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(holds, process, log):
    deadline = time.monotonic() + LONG_S
    while True:
        with suppress(OSError, http.client.HTTPException):
            if holds():
                return
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.05)


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


class Asking(threading.Thread):
    """Somebody who asks without a pause, over a new connection each time; one that is refused or cut is tried once more, as any proxy does."""

    def __init__(self, port):
        super().__init__()
        self._port, self.ending = port, threading.Event()
        self.statuses, self.again, self.lost = set(), 0, []

    def run(self):
        while not self.ending.is_set():
            for attempt in range(2):
                try:
                    self.statuses.add(ask(self._port, "/api/v1/hospitals"))
                    break
                except (OSError, http.client.HTTPException) as error:
                    self.again += 1
                    if attempt:
                        self.lost.append(repr(error))


def workers_of(process):
    return set(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split())


def test_a_reload_brings_a_new_program_and_loses_no_request_and_one_that_cannot_start_brings_none(copy_demo, tmp_path):
    upgrade = tmp_path / "upgrade"
    upgrade.mkdir()
    with running(copy_demo(tmp_path / "geodata"), path=upgrade) as (port, process, log):
        workers = workers_of(process)
        (upgrade / "granian.py").write_text("raise ImportError('half an upgrade')", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "not reloaded" in log.read_text(encoding="utf-8"), process, log)
        assert "half an upgrade" in log.read_text(encoding="utf-8")
        assert workers_of(process) == workers
        (upgrade / "granian.py").unlink()
        # As a version would that refuses a setting which the one before took.
        (upgrade / "sitecustomize.py").write_text(
            "import os\nos.environ['STROKE_MAP_PORT'] = 'eighty'", encoding="utf-8"
        )
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "STROKE_MAP_PORT" in log.read_text(encoding="utf-8"), process, log)
        assert workers_of(process) == workers
        (upgrade / "sitecustomize.py").unlink()
        asking = [Asking(port) for _ in range(2)]
        for one in asking:
            one.start()
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the workers of before have ended" in log.read_text(encoding="utf-8"), process, log)
        for one in asking:
            one.ending.set()
            one.join()
        assert len(workers_of(process)) == len(workers) == 1
        assert workers_of(process).isdisjoint(workers)
        assert [one.lost for one in asking] == [[], []]
        assert [one.statuses for one in asking] == [{200}, {200}]
        assert b"_STROKE_MAP_BEFORE=" in Path(f"/proc/{process.pid}/environ").read_bytes()
        assert log.read_text(encoding="utf-8").count("; Ctrl-C ends it") == 2
