import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from stroke_map.delivery.failing import SendingError
from stroke_map.delivery.guard import Guard
from stroke_map.delivery.posting import post

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def send(port, *, host="127.0.0.1", scheme="http", path="/hook?key=1", guard=None, timeout_s=5.0, headers=None):
    guard = guard or Guard.of("127.0.0.0/8 ::1")
    post(f"{scheme}://{host}:{port}{path}", headers or {}, b"{}", guard=guard, timeout_s=timeout_s)


def refused(port, **how):
    with pytest.raises(SendingError) as caught:
        send(port, **how)
    return caught.value


def test_a_post_is_whole_and_names_its_host(answer_with):
    port, read = answer_with(lambda connection: connection.sendall(OK))
    send(port, headers={"Content-Type": "application/json", "webhook-id": "m"})
    head, _, body = read[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /hook?key=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}".encode() in lines
    assert {b"webhook-id: m", b"Content-Type: application/json", b"Content-Length: 2"} <= set(lines)
    assert body == b"{}"


@pytest.mark.parametrize("path", ["", "/", "?key=1"])
def test_an_address_without_a_path_has_one(answer_with, path):
    port, read = answer_with(lambda connection: connection.sendall(OK))
    send(port, path=path)
    assert read[0].startswith(f"POST /{path.lstrip('/')} HTTP".encode())


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "204 No Content"])
def test_all_of_200_is_good(answer_with, status):
    port, _ = answer_with(lambda connection: connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode()))
    send(port)


@pytest.mark.parametrize(("status", "perhaps"), [(400, False), (401, False), (409, False), (500, False), (503, False), (502, True), (504, True)])  # fmt: skip
def test_any_other_answer_is_a_failure_that_says_which(answer_with, status, perhaps):
    port, _ = answer_with(lambda connection: connection.sendall(f"HTTP/1.1 {status} secret words\r\n\r\n".encode()))
    error = refused(port)
    assert (error.problem, error.perhaps) == (f"answered {status}", perhaps)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_nobody_follows_it(answer_with, status):
    inside, read = answer_with(lambda connection: connection.sendall(OK))
    location = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{inside}/admin\r\nContent-Length: 0\r\n\r\n"
    port, _ = answer_with(lambda connection: connection.sendall(location.encode()))
    assert "redirect" in refused(port).problem
    assert read == []


def test_a_clock_that_is_wrong_is_named(answer_with):
    def answer(connection):
        date = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
        connection.sendall(f"HTTP/1.1 401 No\r\nDate: {date}\r\n\r\n".encode())

    port, _ = answer_with(answer)
    problem = refused(port).problem
    assert problem.startswith("answered 401; its clock differs by 6")


@pytest.mark.parametrize("date", ["", "yesterday", "\xff", "Thu, 99 Foo 2026 00:00:00 GMT"])
def test_a_clock_that_says_nothing_is_no_matter(answer_with, date):
    port, _ = answer_with(
        lambda connection: connection.sendall(f"HTTP/1.1 401 No\r\nDate: {date}\r\n\r\n".encode("latin-1"))
    )
    assert refused(port).problem == "answered 401"


def hang(connection):
    connection.settimeout(5)
    connection.recv(1)


def drip(start):
    """Send on and on, a byte at a time, so that no wait for one byte is ever long."""

    def behave(connection):
        connection.sendall(start)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return behave


@pytest.mark.parametrize(
    "behave",
    [hang, drip(b""), drip(b"HTTP/1.1 200 OK\r\nX: "), drip(b"HTTP/1.1 100 Continue\r\nX: ")],
    ids=["hangs", "drips", "drips a header of a good answer", "drips before the answer"],
)
def test_who_hangs_or_drips_is_hung_up_on(answer_with, behave):
    port, read = answer_with(behave)
    error = refused(port, timeout_s=0.3)
    assert (error.problem, error.perhaps) == ("no whole answer in time", True)
    assert read != []


def test_who_takes_connections_and_no_bytes_is_hung_up_on():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        error = refused(listening.getsockname()[1], timeout_s=0.3)
    assert error.problem == "no whole answer in time"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
        b"x" * 100_000,
    ],
    ids=["nothing", "mail", "no status", "many headers", "a long line"],
)
def test_what_is_no_answer_is_a_failure(answer_with, answer):
    port, _ = answer_with(lambda connection: connection.sendall(answer))
    error = refused(port)
    assert error.perhaps
    assert "HTTP" in error.problem or "no connection" in error.problem


def test_the_body_of_an_answer_is_not_read(answer_with):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    port, _ = answer_with(endless)
    send(port, timeout_s=3)


def test_nobody_there_is_a_failure_that_never_arrived():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    error = refused(port)
    assert not error.perhaps
    assert "no connection" in error.problem


def test_the_connection_goes_to_the_very_address_that_was_looked_at(answer_with):
    """A name that is elsewhere the next time it is asked for: it is not asked for again."""
    asked = []

    def resolve(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2" if len(asked) == 1 else "127.0.0.3", port))]

    # Nobody listens at 127.0.0.2: had the name been asked for again, or the operating system, another address would answer.
    port, read = answer_with(lambda connection: connection.sendall(OK))
    guard = Guard(Guard.of("127.0.0.0/8").named, resolve)
    assert "no connection" in refused(port, host="rebinding.example", guard=guard).problem
    assert (asked, read) == (["rebinding.example"], [])


def test_of_several_addresses_the_first_that_answers_is_taken(answer_with):
    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.2", "127.0.0.1")]

    port, read = answer_with(lambda connection: connection.sendall(OK))
    send(port, host="hospital.example", guard=Guard(Guard.of("127.0.0.0/8").named, resolve))
    assert f"Host: hospital.example:{port}".encode() in read[0]


def test_an_address_inside_is_not_even_called(answer_with):
    port, read = answer_with(lambda connection: connection.sendall(OK))
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
        assert "not allowed" in refused(port, host=host, guard=Guard(), scheme="https").problem
    assert read == []


def test_no_proxy_of_the_environment_is_used(answer_with, monkeypatch):
    proxy, asked = answer_with(lambda connection: connection.sendall(OK))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
    port, read = answer_with(lambda connection: connection.sendall(OK))
    send(port)
    assert (len(read), asked) == (1, [])


@pytest.fixture
def tls_port(certificate):
    """A server with TLS that takes one request after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    asked = b""
                    while not asked.endswith(
                        b"{}"
                    ):  # the body may come by itself; to close before it would reset the connection
                        asked += connection.recv(65536)
                    connection.sendall(OK)
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_a_certificate_must_be_vouched_for_and_be_of_that_name(tls_port, trust):
    error = refused(tls_port, host="localhost", scheme="https")
    assert error.problem.startswith("TLS failed")
    assert not error.perhaps
    trust()
    send(tls_port, host="localhost", scheme="https")
    guard = Guard(Guard.of("127.0.0.0/8").named, lambda _, port, **__: socket.getaddrinfo("127.0.0.1", port))
    assert "TLS failed" in refused(tls_port, host="other.example", scheme="https", guard=guard).problem


def test_the_authorities_are_read_once_for_all_messages(tls_port, trust, monkeypatch):
    trust()
    made, make = [], ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: made.append(1) or make())
    for _ in range(3):
        send(tls_port, host="localhost", scheme="https")
    assert len(made) == 1


def test_who_hangs_in_the_handshake_is_hung_up_on():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        error = refused(listening.getsockname()[1], scheme="https", timeout_s=0.3)
    assert (error.problem, error.perhaps) == ("no whole answer in time", False)
