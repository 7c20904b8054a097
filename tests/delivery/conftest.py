"""Real receivers on this machine, and cases whose hospital is alerted."""

from __future__ import annotations

import importlib.util
import shutil
import socketserver
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stroke_map.delivery.failing import trusted
from stroke_map.live import LiveStore
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.live.channels import NewChannel, new_secret
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from stroke_map.live.deliveries import Outgoing

RECEIVER = Path(__file__).resolve().parents[2] / "scripts" / "deploy" / "webhook_receiver.py"
HERE = "127.0.0.0/8 ::1"


@pytest.fixture(scope="session")
def example() -> Any:
    """The documented receiver, as a hospital would run it."""
    spec = importlib.util.spec_from_file_location("webhook_receiver", RECEIVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    """Serve in a thread; gives the port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receive(example: Any, tmp_path: Path) -> Iterator[Callable[..., tuple[str, list[dict[str, Any]]]]]:
    """Start the documented receiver: gives its address, and the messages it acted on."""
    with ExitStack() as stack:

        def start(secret: str, **options: Any) -> tuple[str, list[dict[str, Any]]]:
            taken: list[dict[str, Any]] = []
            made = example.Receiver(secret, tmp_path / f"{secret[6:12].encode().hex()}.db", taken.append, **options)
            port = stack.enter_context(serving(example.serve(made, "127.0.0.1", 0)))
            return f"http://127.0.0.1:{port}/alerts", taken

        yield start


@pytest.fixture
def answer_with() -> Iterator[Callable[..., tuple[int, list[bytes]]]]:
    """Start a server that reads a request and lets `behave(connection)` answer; gives its port, and what it read."""
    with ExitStack() as stack:

        def start(behave: Callable[[socket.socket], None]) -> tuple[int, list[bytes]]:
            read: list[bytes] = []

            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    read.append(_whole_request(self.request))
                    with suppress(OSError):  # hung up on
                        behave(self.request)

            class Server(socketserver.ThreadingTCPServer):
                allow_reuse_address, daemon_threads = True, False

            return stack.enter_context(serving(Server(("127.0.0.1", 0), Handler))), read

        yield start


def _whole_request(connection: socket.socket) -> bytes:
    connection.settimeout(60)
    read = b""
    while b"\r\n\r\n" not in read:
        some = connection.recv(65536)
        if not some:
            return read
        read += some
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that nobody vouches for, for localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += [
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout",
        folder / "key",
        "-out",
        folder / "crt",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "crt", folder / "key"


@pytest.fixture
def trust(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Let somebody vouch for the certificate from now on, until the test is over."""

    def begin() -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        trusted.cache_clear()

    yield begin
    trusted.cache_clear()


@pytest.fixture
def make_settings(live_database: Any, tmp_path: Path) -> Callable[..., Any]:
    """Settings with a database of each kind, by which messages may go to this machine."""
    own = {"geodata_dir": tmp_path, "cache_dir": tmp_path, "database_url": live_database.address}
    return lambda **others: read_settings({}, **{"allow_private_targets": HERE} | own | others)


@pytest.fixture
def open_store(make_settings: Callable[..., Any]) -> Iterator[Callable[..., LiveStore]]:
    """A store with those settings, closed when the test is over."""
    with ExitStack() as stack:

        def make(**others: Any) -> LiveStore:
            store = LiveStore(make_settings(**others))
            stack.callback(store.close)
            return store

        yield make


def alert_of(store: LiveStore, number: int = 1, teams: tuple[Callees, ...] = (Callees("neurology", ("7",)),)) -> int:
    """Alert hospital `a` for a new case, now; gives the alert's id."""
    now = datetime.now(UTC)
    name = {"zh": "第一医院", "en": "First Hospital"}
    answer = {"hospitals": [{"id": "a", "name": name}], "asked_at": "2026-05-01T20:00:00+08:00"}
    question = {"lat": 29.5, "lon": 106.5, "patient": {"age": 70, "sex": "female"}}
    case = store.cases.add(
        NewCase(condition="stroke", question=question, answer=answer, edition="2026.1", first_choice="a", hospital_id="a", author="d"),
        now=now,
    )  # fmt: skip
    eta = now + timedelta(minutes=30)
    new = NewAlert(case_id=case.id, hospital_id="a", telephone="1", teams=teams, eta=eta, author="d")
    store.alerts.create(new, key=str(case.id), digest="d", now=now)
    return number


def add_channel(store: LiveStore, target: str, **fields: Any) -> str:
    """Add a channel of hospital `a`; gives its secret."""
    secret = new_secret()
    told = {"hospital_id": "a", "kind": "webhook", "target": target, "secret": secret, "author": "x"}
    return store.channels.add(NewChannel(**told | fields), now=datetime.now(UTC)).secret


@pytest.fixture
def message(sqlite_store: LiveStore) -> Outgoing:
    """A message on its way, by a webhook that is nowhere."""
    add_channel(sqlite_store, "https://nowhere.example/")
    alert_of(sqlite_store)
    (found,) = sqlite_store.deliveries.lease("me", now=datetime.now(UTC), most=1)
    return found


@pytest.fixture
def sqlite_store(empty_sqlite: Path, tmp_path: Path) -> Iterator[LiveStore]:
    shutil.copy(empty_sqlite, tmp_path / "live.db")
    store = LiveStore(read_settings({}, geodata_dir=tmp_path))
    yield store
    store.close()


def wait_until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `condition` gives, as soon as it gives anything."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


@pytest.fixture(name="wait_until", scope="session")
def _wait_until() -> Callable[..., Any]:
    return wait_until


@pytest.fixture(name="alert_of", scope="session")
def _alert_of() -> Callable[..., int]:
    return alert_of


@pytest.fixture(name="add_channel", scope="session")
def _add_channel() -> Callable[..., str]:
    return add_channel
