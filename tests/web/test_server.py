"""The real server in a process of its own: start, answer, follow a switch, refuse a used port."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

import orjson
import pytest

from stroke_map.editions import publish, verify_edition
from stroke_map.editions.seal import seal
from stroke_map.errors import ServerStartError
from stroke_map.settings import read_settings
from stroke_map.web.server import check_port


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
            return response.status, orjson.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, orjson.loads(error.read())


def wait_for(condition, process):
    deadline = time.monotonic() + 60
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def geodata(demo_geodata, tmp_path):
    """A copy that a test may publish in; it holds the same edition under a second id."""
    folder = tmp_path / "geodata"
    shutil.copytree(demo_geodata, folder)
    second = shutil.copytree(folder / "editions" / "demo", folder / "editions" / "second")
    (second / "edition.json").unlink()
    seal(second, verify_edition(folder, "demo").model_copy(update={"id": "second"}))
    return folder


@pytest.fixture
def server(geodata, tmp_path):
    port = free_port()
    environment = os.environ | {
        "STROKE_MAP_GEODATA_DIR": str(geodata),
        "STROKE_MAP_WORKERS": "2",
        "STROKE_MAP_PORT": str(port),
    }
    command = [sys.executable, "-m", "stroke_map.cli", "serve"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            wait_for(lambda: fetch(port, "/readyz")[0] == 200, process)
            yield port, process
            process.send_signal(signal.SIGINT)
            process.wait(30)
        finally:
            with suppress(ProcessLookupError):  # whatever still runs is of this session alone
                os.killpg(process.pid, signal.SIGKILL)


def test_the_server_answers_and_logs_no_place(server, place, geodata):
    port, process = server
    status, answer = fetch(port, f"/api/v1/route?lat={place['lat']}&lon={place['lon']}")
    assert (status, answer["edition"], len(answer["hospitals"])) == (200, "demo", 3)
    assert fetch(port, "/api/v1/route?lat=Zq7secret")[0] == 422
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=30)[0]
    assert f"http://127.0.0.1:{port}" in output
    assert "Zq7secret" not in output
    assert str(place["lat"]) not in output


def test_a_used_port_is_named_with_what_to_do(server):
    port, _process = server
    settings = read_settings({}, port=port)
    with pytest.raises(ServerStartError, match="the port is in use") as raised:
        check_port(settings)
    assert "--port" in raised.value.next_step


def test_an_address_of_another_machine_cannot_be_served():
    with pytest.raises(ServerStartError, match=r"192\.0\.2\.1:8120 cannot be served"):
        check_port(read_settings({}, host="192.0.2.1"))


def test_workers_follow_a_switch_without_a_restart_or_a_lost_request(server, geodata):
    port, process = server
    publish(geodata, "second")
    wait_for(lambda: all(fetch(port, "/readyz")[1]["edition"] == "second" for _ in range(8)), process)
