"""The processes of a service on duty, on the demonstration city, and those who may come in."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from duty import Violation
from duty.http import HOST, Connection
from duty.postgres import find_programs, postgres_server
from duty.sessions import processes_of
from stroke_map.commands.building import publish_demo
from stroke_map.editions import open_published
from stroke_map.live import LiveStore
from stroke_map.live.accounts import Standing
from stroke_map.live.channels import NewChannel, new_secret
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stroke_map.registry import Hospital

_READY_WITHIN_S = 120.0
_ENDS_WITHIN_S = 30.0


@dataclass
class Service:
    """A service on duty.

    Attributes
    ----------
    port, stream_port
        Where answers and streams are.
    dispatcher
        The header of somebody who may alert.
    hospitals
        Those of the demonstration city.
    database_url
        "" is the SQLite file in the folder.
    more
        Other settings, by their names in capitals.
    plane
        What the server answers.
    """

    folder: Path
    port: int
    stream_port: int
    database_url: str
    receiver_port: int
    secret: str
    hospitals: tuple[Hospital, ...] = ()
    dispatcher: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    plane: str = "both"
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Of every process."""
        told = {
            "GEODATA_DIR": str(self.folder),
            "CACHE_DIR": str(self.folder / "cache"),
            "PORT": str(self.port),
            "STREAM_PORT": str(self.stream_port),
            "WORKERS": "2",
            "DATABASE_URL": self.database_url,
            "DELIVER_IN_SERVER": "false",
            "ALLOW_PRIVATE_TARGETS": "127.0.0.0/8",
            "STREAM_LIMIT": "1000",
        } | self.more
        return os.environ | {f"STROKE_MAP_{name}": value for name, value in told.items()}

    def open_store(self) -> LiveStore:
        """The database, for this process."""
        return LiveStore(read_settings({}, geodata_dir=self.folder, database_url=self.database_url))

    def connect(self, headers: dict[str, str] | None = None) -> Connection:
        """A connection to where answers are."""
        return Connection(self.port, headers)

    def listen(self, headers: dict[str, str]) -> Connection:
        """A connection to where streams are."""
        return Connection(self.stream_port, headers)

    def start(self, name: str) -> None:
        """Start `server` (with its stream process) or a `deliverer`, anew where it has ended."""
        command = ["serve", "--plane", self.plane] if name == "server" else ["deliver"]
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "stroke_map.cli", *command],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Violation where the service does not answer in time."""
        end = time.monotonic() + _READY_WITHIN_S
        streams = self.more.get("STREAM_PORT") != "0"
        while not (_answers(self.port, "/readyz") and (not streams or _answers(self.stream_port, "/healthz"))):
            if time.monotonic() > end:
                raise Violation(f"the service is not ready:\n{self.said('server')}")
            time.sleep(0.1)

    def said(self, name: str) -> str:
        """The end of what a process has written."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def victims(self) -> dict[int, str]:
        """Every process of the service that runs now, and the name under which its first one was started; Linux alone."""
        named = {process.pid: name for name, process in self.processes.items()}
        return {process: named[session] for process, session in processes_of(named).items()}

    def end(self) -> None:
        """End them all."""
        for process in self.processes.values():
            process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_WITHIN_S)
            with suppress(ProcessLookupError):  # whatever still runs is of this session alone
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def on_duty(folder: Path, database: str, *, deliverers: int = 2) -> Iterator[Service]:
    """A service with a webhook for every hospital, for as long as the block runs; two deliverers, to get in each other's way.

    It serves what is published in `folder`, the demonstration city where nothing is.
    """
    with ExitStack() as stack:
        url = ""
        if database == "postgres":
            programs = find_programs()
            if programs is None:
                raise SystemExit("PostgreSQL is not installed: install Debian's package postgresql")
            url = stack.enter_context(postgres_server(programs))
        if not (folder / "current").exists():
            publish_demo(folder)
        ports = free_ports(3)
        service = Service(folder, ports[0], ports[1], url, ports[2], new_secret())
        service.hospitals = tuple(open_published(folder).hospitals)
        let_in(service)
        try:
            for name in ("server", *(f"deliverer {number}" for number in range(deliverers))):
                service.start(name)
            service.wait_until_ready()
            yield service
        finally:
            service.end()


def let_in(service: Service) -> None:
    """Make the database, a key for the dispatchers, and a webhook for each hospital."""
    store, now = service.open_store(), datetime.now(UTC)
    store.migrate()
    _, key = store.accounts.add_key(Standing("duty", "dispatcher", "", ""), lasts=timedelta(days=1), by="duty", now=now)
    service.dispatcher = {"Authorization": f"Bearer {key}"}
    target = f"http://{HOST}:{service.receiver_port}/hook"
    for hospital in service.hospitals:
        channel = NewChannel(
            hospital_id=hospital.id, kind="webhook", target=target, secret=service.secret, author="duty"
        )
        store.channels.add(channel, now=now)
    store.close()


def keys_of_hospitals(service: Service, count: int) -> list[tuple[str, dict[str, str]]]:
    """So many keys, each of one hospital in turn: (hospital, header)."""
    store, now = service.open_store(), datetime.now(UTC)
    made = []
    for number in range(count):
        hospital = service.hospitals[number % len(service.hospitals)].id
        standing = Standing(f"screen {number}", "hospital", hospital, "")
        _, key = store.accounts.add_key(standing, lasts=timedelta(days=1), by="duty", now=now)
        made.append((hospital, {"Authorization": f"Bearer {key}"}))
    store.close()
    return made


def free_ports(count: int) -> list[int]:
    """So many ports of this machine that nobody uses."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
