"""The real server in a process of its own: start, answer, follow a switch, refuse a used port."""

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import orjson
import pytest

from stroke_map.editions import publish, verify_edition
from stroke_map.editions.seal import seal
from stroke_map.errors import ServerStartError
from stroke_map.listening import check_port

KEY = "correct horse battery staple"
CLINICAL = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
LONG_S = 60
pytestmark = pytest.mark.slow


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
    deadline = time.monotonic() + LONG_S
    while True:
        with suppress(OSError):
            if condition():
                return
        assert process.poll() is None, "the server has ended"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def with_a_second(folder):
    """A copy of the published city, which it then also holds under another id."""
    second = shutil.copytree(folder / "editions" / "demo", folder / "editions" / "second", copy_function=os.link)
    (second / "edition.json").unlink()
    seal(second, verify_edition(folder, "demo").model_copy(update={"id": "second"}))
    return folder


@contextmanager
def running(geodata):
    """A server of two workers, which writes to a file `log` beside its folder."""
    port = free_port()
    environment = os.environ | {
        "STROKE_MAP_GEODATA_DIR": str(geodata),
        "STROKE_MAP_WORKERS": "2",
        "STROKE_MAP_PORT": str(port),
        "STROKE_MAP_CLINICAL_KEY": KEY,
        "STROKE_MAP_STREAM_PORT": "0",
    }
    command = [sys.executable, "-m", "stroke_map.cli", "serve"]
    with geodata.with_name("log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(lambda: fetch(port, "/readyz")[0] == 200, process)
        yield port, process
        process.send_signal(signal.SIGINT)
        process.wait(LONG_S)
    finally:
        with suppress(ProcessLookupError):  # whatever still runs is of this session alone
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def geodata(copy_demo, tmp_path_factory):
    return with_a_second(copy_demo(tmp_path_factory.mktemp("server") / "geodata"))


@pytest.fixture(scope="module")
def server(geodata):
    """One for many tests: each leaves it as it was."""
    with running(geodata) as started:
        yield started


class TestAlone:
    """What ends the server, or looks at all that it wrote: each with one of its own."""

    @pytest.fixture
    def geodata(self, copy_demo, tmp_path):
        return copy_demo(tmp_path / "geodata")

    @pytest.fixture
    def server(self, geodata):
        with running(geodata) as started:
            yield started

    def test_the_server_answers_and_logs_no_place(self, server, place, geodata):
        port, process = server
        status, answer = fetch(port, f"/api/v1/route?lat={place['lat']}&lon={place['lon']}")
        assert (status, answer["edition"], len(answer["hospitals"])) == (200, "demo", 3)
        assert fetch(port, "/api/v1/route?lat=Zq7secret")[0] == 422
        process.send_signal(signal.SIGINT)
        process.wait(LONG_S)
        output = geodata.with_name("log").read_text(encoding="utf-8")
        assert f"http://127.0.0.1:{port}" in output
        assert "Zq7secret" not in output
        assert str(place["lat"]) not in output

    def test_a_body_that_is_given_up_keeps_nobody_from_an_answer(self, server):
        """Were it read by another thread, granian would wait for that one as it ends the request, and everybody for granian."""
        port, _ = server
        head = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16000\r\n\r\n"
        with ExitStack() as opened:
            slow = [opened.enter_context(socket.create_connection(("127.0.0.1", port), LONG_S)) for _ in range(8)]
            for one in slow:
                one.sendall(head)
            over = threading.Event()

            def trickle():
                while not over.wait(0.2):
                    for one in slow:
                        with suppress(OSError):  # the server has given it up
                            one.sendall(b" " * 16)

            trickling = threading.Thread(target=trickle)
            trickling.start()
            try:
                with selectors.DefaultSelector() as selector:
                    for one in slow:
                        selector.register(one, selectors.EVENT_READ)
                    assert selector.select(LONG_S)  # the first of them is answered
                assert [fetch(port, "/healthz")[0] for _ in range(8)] == [200] * 8
            finally:
                over.set()
                trickling.join()

    def test_what_every_worker_read_is_in_the_audit_log_when_the_server_ends_also_of_one_that_was_killed(
        self, server, connections, geodata
    ):
        _, process = server
        for connection in connections.values():
            for _ in range(20):
                ask_over(connection, "/api/v1/closures", headers=CLINICAL)
        folder = geodata / "audit"
        until = time.monotonic() + LONG_S  # promised is a second; a machine whose disk is busy takes what it takes
        while sum(file.read_bytes().count(b"\n") for file in folder.glob("reads-*")) < 40 and time.monotonic() < until:
            time.sleep(0.2)
        os.kill(next(iter(connections)), signal.SIGKILL)
        process.send_signal(signal.SIGINT)
        process.wait(LONG_S)
        chains = command_line(geodata, "audit", "verify", "--json")
        reads = [
            line for line in command_line(geodata, "audit", "list", "--json") if line.get("actor") == "clinical key"
        ]
        assert len(reads) == 40
        assert {line["chain"] for line in reads} == set(chains) - {"writes"}
        assert len(chains) == 3
        closed = [
            line["chain"]
            for line in command_line(geodata, "audit", "list", "--json")
            if line["action"] == "audit.close"
        ]
        assert len(closed) == 1
        assert list((geodata / "audit").iterdir()) == []


def test_a_used_port_is_named_with_what_to_do(server):
    port, _process = server
    with pytest.raises(ServerStartError, match="the port is in use") as raised:
        check_port("127.0.0.1", port)
    assert "--port" in raised.value.next_step


def test_an_address_of_another_machine_cannot_be_served():
    with pytest.raises(ServerStartError, match=r"192\.0\.2\.1:8120 cannot be served"):
        check_port("192.0.2.1", 8120)


def test_workers_follow_a_switch_without_a_restart_or_a_lost_request(server, geodata):
    port, process = server
    for edition in ("second", "demo"):
        publish(geodata, edition)
        wait_for(lambda: all(fetch(port, "/readyz")[1]["edition"] == edition for _ in range(8)), process)  # noqa: B023


def worker_of(connection, server_pid):
    """The process at the other end of an open connection; Linux tells which socket is whose."""
    ours, theirs = (address[1] for address in (connection.sock.getsockname(), connection.sock.getpeername()))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = {tuple(int(address.split(":")[1], 16) for address in row[1:3]): row[9] for row in rows}
    socket_name = f"socket:[{ports[theirs, ours]}]"
    for pid in Path(f"/proc/{server_pid}/task/{server_pid}/children").read_text().split():
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                if str(file.readlink()) == socket_name:
                    return int(pid)
    raise AssertionError("nobody is at the other end")


def ask_over(connection, path, **options):
    connection.request(options.pop("method", "GET"), path, **options)
    return orjson.loads(connection.getresponse().read())


@pytest.fixture
def connections(server):
    """A connection to each worker, kept open: {pid: connection}."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("only Linux tells which process is at the other end of a connection")
    port, process = server
    deadline, found = time.monotonic() + LONG_S, {}
    with ExitStack() as stack:
        while len(found) < 2:
            assert time.monotonic() < deadline, f"only {list(found)} answer"
            connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=LONG_S)))
            ask_over(connection, "/healthz")
            found.setdefault(worker_of(connection, process.pid), connection)
        yield found


@pytest.fixture
def slow_place(place, connections):
    """The streets about a place take thrice as long: a closure's fields. Such closures are ended when the test is over."""
    lat, lon, far = place["lat"], place["lon"], 0.005
    ring = [[lon - far, lat - far], [lon + far, lat - far], [lon + far, lat + far], [lon - far, lat + far]]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    yield {"kind": "slow", "factor": 3.0, "geometry": geometry, "reason": "flood", "author": "test"}
    connection = next(iter(connections.values()))
    for closure in ask_over(connection, "/api/v1/closures", headers=CLINICAL)["closures"]:
        ask_over(connection, f"/api/v1/closures/{closure['id']}", method="DELETE", headers=CLINICAL)


def seen_by(connections, place):
    """{pid: ids of the closures in the worker's next answer that is not marked stale}."""
    path, seen = f"/api/v1/route?lat={place['lat']}&lon={place['lon']}", {}
    for pid, connection in connections.items():
        deadline = time.monotonic() + LONG_S
        while (answer := ask_over(connection, path))["live_state"]["stale"]:
            assert time.monotonic() < deadline
        seen[pid] = [closure["id"] for closure in answer["closures_avoided"]]
    return seen


def in_every_worker(connections, ids):
    return dict.fromkeys(connections, ids)


def test_a_closure_counts_from_the_next_question_in_every_worker(server, connections, place, slow_place):
    assert seen_by(connections, place) == in_every_worker(connections, [])
    ids = []
    for connection in connections.values():
        body = orjson.dumps(slow_place)
        told = ask_over(connection, "/api/v1/closures", method="POST", body=body, headers=CLINICAL)
        ids.append(told["closure"]["id"])
        assert seen_by(connections, place) == in_every_worker(connections, ids)
        # Connections of strangers are shared out between the workers as they come.
        for _ in range(8):
            _, answer = fetch(server[0], f"/api/v1/route?lat={place['lat']}&lon={place['lon']}")
            assert len(answer["closures_avoided"]) == len(ids)
    ask_over(connections[max(connections)], f"/api/v1/closures/{ids[0]}", method="DELETE", headers=CLINICAL)
    assert seen_by(connections, place) == in_every_worker(connections, ids[1:])


def test_so_does_one_recorded_or_ended_by_the_command_line(connections, place, slow_place, geodata, tmp_path):
    file = tmp_path / "closures.json"
    file.write_bytes(orjson.dumps([slow_place, slow_place]))

    def run(*arguments):
        command = [sys.executable, "-m", "stroke_map.cli", "closure", *arguments]
        environment = os.environ | {"STROKE_MAP_GEODATA_DIR": str(geodata)}
        subprocess.run(command, env=environment, check=True, capture_output=True)

    assert seen_by(connections, place) == in_every_worker(connections, [])
    run("add", "--file", str(file))
    first, second = seen_by(connections, place)[min(connections)]
    assert seen_by(connections, place) == in_every_worker(connections, [first, second])
    run("end", str(first))
    assert seen_by(connections, place) == in_every_worker(connections, [second])


def test_a_closure_ends_by_itself_in_every_worker(connections, place, slow_place):
    before, seconds = 0, 1
    while not before:  # else it ended before every worker was asked once: the machine is busy
        seconds *= 2
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        body = orjson.dumps(slow_place | {"until": until.isoformat()})
        connection = next(iter(connections.values()))
        told = ask_over(connection, "/api/v1/closures", method="POST", body=body, headers=CLINICAL)
        while datetime.now(UTC) < until:
            seen = seen_by(connections, place)
            if datetime.now(UTC) < until:  # else it may have ended while they answered
                assert seen == in_every_worker(connections, [told["closure"]["id"]])
                before += 1
    assert seen_by(connections, place) == in_every_worker(connections, [])


def command_line(geodata, *arguments):
    command = [sys.executable, "-m", "stroke_map.cli", *arguments]
    environment = os.environ | {"STROKE_MAP_GEODATA_DIR": str(geodata)}
    return orjson.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def who(connections, key):
    """{pid: who the worker says that a key is}, None where it is nobody's."""
    headers = {"Authorization": f"Bearer {key}"}
    return {
        pid: ask_over(connection, "/api/v1/session", headers=headers).get("name")
        for pid, connection in connections.items()
    }


def test_a_key_is_known_and_revoked_from_the_next_request_on_in_every_worker(connections, geodata):
    made = command_line(geodata, "key", "add", "machine", "--role", "crew", "--json")
    assert who(connections, made["key"]) == in_every_worker(connections, "machine")
    command_line(geodata, "key", "revoke", made["id"], "--json")
    assert who(connections, made["key"]) == in_every_worker(connections, None)


_LIMITS = """
import resource
from stroke_map.web.server import _connections
for most in (1 << 12, 1 << 10, 200):
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, most))
    print(_connections(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_a_worker_keeps_as_many_connections_open_as_it_may_have_files():
    done = subprocess.run([sys.executable, "-c", _LIMITS], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["3584 4096 4096", "512 1024 1024", "128 200 200"]


def figures(connection):
    """What a worker tells Prometheus: {name with labels: value}."""
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_any_worker_tells_what_all_have_counted_also_one_that_was_killed(server, connections, place):
    asked, began = 'stroke_map_snap_metres_count{plane="public"}', "stroke_map_worker_starts_total"
    before = [figures(connection) for connection in connections.values()]
    assert before[0].get(asked, 0) == before[1].get(asked, 0)
    for connection in connections.values():
        for _ in range(3):
            ask_over(connection, f"/api/v1/route?lat={place['lat']}&lon={place['lon']}")
    assert [figures(connection)[asked] for connection in connections.values()] == [before[0].get(asked, 0) + 6] * 2
    killed, other = connections
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: figures(connections[other])[began] > before[0][began], server[1])
    after = figures(connections[other])
    assert (after[began], after["stroke_map_workers"]) == (before[0][began] + 1, 2)
    assert after[asked] == before[0].get(asked, 0) + 6
    pulses = [name for name in after if name.startswith("stroke_map_worker_pulse_age_seconds")]
    assert pulses == [f'stroke_map_worker_pulse_age_seconds{{worker="{number}"}}' for number in range(2)]
    histograms = [name for name in after if name.startswith("stroke_map_request_seconds_count")]
    assert len(histograms) == len(set(histograms)) > 1


_STANDING_BACK = """
import os
from pathlib import Path
from stroke_map.web.server import _stand_back
_stand_back(7)
group = Path("/proc/self/autogroup")
print(os.nice(0), group.read_text().split()[-1] if group.exists() else 7)
"""


def test_a_server_stands_back_also_where_it_has_a_session_of_its_own():
    before = os.nice(0)
    command = [sys.executable, "-c", _STANDING_BACK]
    done = subprocess.run(command, check=True, capture_output=True, text=True, start_new_session=True)
    assert done.stdout.split() == [str(min(19, before + 7)), "7"]
