"""The stream process beside the server: started anew when it is killed, gone when the server is."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from stroke_map.settings import read_settings
from stroke_map.stream.process import StreamProcess

KEY = "correct horse battery staple"
LONG_S = 120


def child_of(pid):
    children = Path(f"/proc/{pid}/task").glob("*/children")
    found = {int(child) for file in children for child in file.read_text().split()}
    return {child for child in found if b"--with-parent" in Path(f"/proc/{child}/cmdline").read_bytes()}


def wait_until(condition):
    deadline = time.monotonic() + LONG_S
    while True:
        with suppress(OSError):
            if condition():
                return
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_up(port, path="/healthz"):
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells the children of a process so")
def test_a_stream_that_is_killed_is_started_anew_and_nobody_misses_anything(
    client_of, sqlite_settings, sqlite_shift, free_port, monkeypatch
):
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(sqlite_settings.geodata_dir))
    monkeypatch.setenv("STROKE_MAP_CLINICAL_KEY", KEY)
    keeping = StreamProcess(read_settings(stream_port=free_port))
    keeping.start()
    try:
        wait_until(lambda: is_up(free_port))
        client = client_of(free_port)
        assert client.hear().kind == "hello"
        first = sqlite_shift.alert()
        heard = client.hear_until(lambda told: told.kind == "alert")[-1]
        (child,) = child_of(os.getpid())
        os.kill(child, signal.SIGKILL)
        second = sqlite_shift.alert()
        with pytest.raises((OSError, AssertionError, ValueError)):
            client.hear_until(lambda told: told.data.get("id") == second and told.kind == "alert")
        wait_until(lambda: is_up(free_port))
        again = client_of(free_port, heard.id)
        told = again.hear_until(lambda told: told.kind == "alert")[-1]
        assert (heard.data["id"], told.data["id"]) == (first, second)
    finally:
        keeping.end()
    assert child_of(os.getpid()) == set()
    with pytest.raises(OSError, match="refused"):
        is_up(free_port)


def test_serve_starts_the_stream_and_it_does_not_outlive_a_server_that_is_killed(sqlite_settings, free_port, client_of):
    port, stream_port = free_port, free_port + 1
    told = {"GEODATA_DIR": sqlite_settings.geodata_dir, "CACHE_DIR": sqlite_settings.geodata_dir, "WORKERS": 1}
    told |= {"PORT": port, "STREAM_PORT": stream_port, "CLINICAL_KEY": KEY}
    environment = os.environ | {f"STROKE_MAP_{name}": str(value) for name, value in told.items()}
    command = [sys.executable, "-m", "stroke_map.cli", "serve"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            wait_until(lambda: is_up(port) and is_up(stream_port))
            assert client_of(stream_port).hear().kind == "hello"
            os.kill(server.pid, signal.SIGKILL)
            wait_until(lambda: not is_listening(stream_port))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def is_listening(port):
    try:
        return is_up(port)
    except OSError:
        return False
