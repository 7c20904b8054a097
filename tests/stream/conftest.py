"""The stream process itself, over a database of its own of each kind, and clients that read it over HTTP."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING, NamedTuple

import orjson
import pytest

from stroke_map.live import LiveStore
from stroke_map.live.accounts import Standing
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stroke_map.settings import Settings

KEY = "correct horse battery staple"
LONG_S = 60


class Told(NamedTuple):
    """One event as a client hears it."""

    kind: str
    id: str
    data: dict


class Client:
    """Somebody who listens: an HTTP connection of its own."""

    def __init__(self, port: int, path: str = "/api/v1/events", **headers: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=LONG_S)
        self._connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        self.response = self._connection.getresponse()
        self.last_id, self.comments = "", 0

    @property
    def status(self) -> int:
        return self.response.status

    def problem(self) -> dict:
        assert self.response.headers["Content-Type"] == "application/problem+json"
        return orjson.loads(self.response.read())

    def hear(self) -> Told | None:
        """The next event; None when the stream has ended."""
        kind, data = "", ""
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            self.comments += line.startswith(":")
            if name == "event":
                kind = value
            elif name == "id":
                self.last_id = value
            elif name == "data":
                data = value
            elif line == "\n" and kind:
                return Told(kind, self.last_id, orjson.loads(data))
        return None

    def hear_until(self, wanted: Callable[[Told], bool]) -> list[Told]:
        """Every event up to the wanted one."""
        told = []
        while not told or not wanted(told[-1]):
            event = self.hear()
            assert event is not None, told
            told.append(event)
        return told

    def close(self) -> None:
        self.response.close()
        self._connection.close()


class Server:
    """A process that serves streams."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self.process, self.port = process, port
        self._clients: list[Client] = []

    def listen(self, key: str = KEY, last_id: str = "", **headers: str) -> Client:
        """Somebody who listens with this key, "" for none."""
        shown = {"Authorization": f"Bearer {key}"} if key else {}
        last = {"Last_Event_ID": last_id} if last_id else {}
        return self.get("/api/v1/events", **shown, **last, **headers)

    def get(self, path: str, **headers: str) -> Client:
        self._clients.append(Client(self.port, path, **headers))
        return self._clients[-1]

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(name="free_port")
def _free_port() -> int:
    return free_port()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], object], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + LONG_S
    while True:
        with suppress(OSError):
            if condition():
                return
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_up(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a stream process over a database; what it writes goes to a file `log` beside the test."""
    started: list[Server] = []

    def start(settings: Settings, **environment: str) -> Server:
        port = free_port()
        told = {"GEODATA_DIR": settings.geodata_dir, "DATABASE_URL": settings.database_url, "CLINICAL_KEY": KEY}
        told |= {"STREAM_PORT": port} | environment
        variables = os.environ | {f"STROKE_MAP_{name}": str(value) for name, value in told.items()}
        with (tmp_path / "log").open("ab") as log:
            command = [sys.executable, "-m", "stroke_map.cli", "stream"]
            process = subprocess.Popen(command, env=variables, stdout=log, stderr=log, start_new_session=True)
        started.append(Server(process, port))
        wait_for(lambda: is_up(port), process)
        return started[-1]

    yield start
    for server in started:
        server.close()
        server.process.send_signal(signal.SIGTERM)
        try:
            # granian aborts now and then when it is told to end: a panic while the interpreter goes, after all is done.
            assert server.process.wait(LONG_S) in {0, -signal.SIGKILL, -signal.SIGABRT}
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.process.pid, signal.SIGKILL)


@pytest.fixture
def client_of() -> Iterator[Callable[..., Client]]:
    """Listen at a port, from an event on."""
    made: list[Client] = []

    def listen(port: int, last_id: str = "") -> Client:
        last = {"Last_Event_ID": last_id} if last_id else {}
        made.append(Client(port, Authorization=f"Bearer {KEY}", **last))
        return made[-1]

    yield listen
    for client in made:
        client.close()


class Shift:
    """What dispatchers, crews and hospitals do, straight into the database."""

    def __init__(self, store: LiveStore) -> None:
        self.store, self._sent = store, 0

    def case(self, hospital: str = "a", **others: object) -> int:
        fields = {
            "condition": "stroke",
            "question": {"lat": 29.5, "lon": 106.5, "patient": {"age": 70}},
            "answer": {"hospitals": [{"id": "a"}, {"id": "b"}]},
            "edition": "2026.1",
            "first_choice": hospital,
            "hospital_id": hospital,
            "author": "wang",
        }
        return self.store.cases.add(NewCase(**fields | others), now=datetime.now(UTC)).id

    def alert(self, hospital: str = "a") -> int:
        """Alert a hospital for a new case, whose ambulance arrives in half an hour."""
        self._sent += 1
        now = datetime.now(UTC)
        new = NewAlert(
            case_id=self.case(hospital), hospital_id=hospital, telephone="1",
            teams=(Callees("emergency", ("1",)), Callees("radiology")), author="wang", eta=now + timedelta(minutes=30),
        )  # fmt: skip
        return orjson.loads(self.store.alerts.create(new, key=str(self._sent), digest="-", now=now))["id"]

    def key(self, role: str, hospital: str = "", scopes: tuple[str, ...] = ()) -> tuple[str, str]:
        """A new key: its public part and the whole."""
        standing = Standing(f"{role} {hospital}".strip(), role, hospital, "", scopes)
        made, key = self.store.accounts.add_key(standing, lasts=timedelta(days=1), by="test", now=datetime.now(UTC))
        return made.id, key


@pytest.fixture
def settings(live_database: object, tmp_path: Path) -> Settings:
    """Settings with an empty database of each kind."""
    return read_settings({}, geodata_dir=tmp_path, database_url=live_database.address, clinical_key=KEY)


@pytest.fixture
def sqlite_settings(empty_sqlite: Path, tmp_path: Path) -> Settings:
    shutil.copy(empty_sqlite, tmp_path / "live.db")
    return read_settings({}, geodata_dir=tmp_path, clinical_key=KEY)


@pytest.fixture
def shift(settings: Settings) -> Iterator[Shift]:
    """Work on the database of `settings`."""
    store = LiveStore(settings)
    yield Shift(store)
    store.close()


@pytest.fixture
def sqlite_shift(sqlite_settings: Settings) -> Iterator[Shift]:
    store = LiveStore(sqlite_settings)
    yield Shift(store)
    store.close()
