import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from stroke_map.delivery.failing import SendingError
from stroke_map.delivery.mail import MailServer
from stroke_map.errors import InvalidRequestError
from stroke_map.settings import read_settings

TEXT = "【卒中预警】第一医院神经内科：病例1，请确认收到。"


class Inbox:
    """Takes mail, or answers as it is told to."""

    def __init__(self, answer="250 OK", to="250 OK"):
        self.mails, self.answer, self.to = [], answer, to

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.to.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to

    async def handle_DATA(self, _server, session, envelope):  # noqa: N802
        self.mails.append((envelope, session))
        return self.answer


@pytest.fixture
def serve(certificate):
    """Start a mail server; gives its port."""
    started = []

    def start(inbox, *, starttls=False, **options):
        context = None
        if starttls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)

        class Made(Controller):
            def factory(self):
                return SMTP(inbox, hostname="mail.example", tls_context=context, require_starttls=starttls, **options)

        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Made(inbox, hostname="127.0.0.1", port=port)
        controller.start()
        started.append(controller)
        return port

    yield start
    for controller in started:
        controller.stop()


def server(port, *, security="none", **fields):
    own = {"smtp_host": "localhost", "smtp_port": port, "smtp_security": security, "smtp_from": "alerts@120.example"}
    return MailServer.of(replace(read_settings({}), **own | fields))


def send(found, to="team@hospital.example", timeout_s=5.0):
    found.send(to, TEXT, TEXT, message_id="m1", timeout_s=timeout_s)


def refused(found, **how):
    with pytest.raises(SendingError) as caught:
        send(found, **how)
    return caught.value


def test_a_mail_arrives_whole_and_is_known_by_the_id_of_the_message(serve):
    inbox = Inbox()
    send(server(serve(inbox)))
    ((envelope, _),) = inbox.mails
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("alerts@120.example", ["team@hospital.example"])
    assert (mail["Subject"], mail.get_content().strip()) == (TEXT, TEXT)
    assert mail["Message-ID"] == "<m1@120.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_with_starttls_the_certificate_must_be_vouched_for_and_only_then_the_password_is_told(serve, trust):
    told = []

    def check(server, session, envelope, mechanism, data):
        told.append(data)
        return AuthResult(success=data == LoginPassword(b"user", b"hush"))

    inbox = Inbox()
    port = serve(inbox, starttls=True, authenticator=check, auth_required=True)
    found = server(port, security="starttls", smtp_user="user", smtp_password="hush")
    assert refused(found).problem.startswith("TLS failed")
    assert (told, inbox.mails) == ([], [])
    trust()
    send(found)
    assert inbox.mails[0][1].ssl is not None


def test_a_server_that_has_no_tls_gets_nothing(serve):
    inbox = Inbox()
    error = refused(server(serve(inbox), security="starttls"))
    assert not error.perhaps
    assert inbox.mails == []
    assert "TLS failed" in refused(server(serve(inbox), security="tls")).problem


def test_without_encryption_no_password_is_sent():
    assert server(25, smtp_user="user", smtp_password="hush").password == ""
    kept = server(25, security="tls", smtp_user="user", smtp_password="hush")
    assert kept.password == "hush"
    assert "hush" not in repr(kept)


@pytest.mark.parametrize(
    ("inbox", "problem"),
    [
        (Inbox(answer="451 secret words"), "the mail server answered 451"),
        (Inbox(answer="554 secret words"), "the mail server answered 554"),
        (Inbox(to="550 team@hospital.example unknown"), "the mail server answered 550"),
    ],
)
def test_a_refusal_is_told_by_its_number_alone(serve, inbox, problem):
    error = refused(server(serve(inbox)))
    assert (error.problem, error.perhaps) == (problem, False)


def test_a_server_that_hangs_is_hung_up_on():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        error = refused(server(port), timeout_s=0.3)
    assert error.problem == "the mail server was not done in time"
    assert "no mail server" in refused(server(port)).problem


@pytest.mark.parametrize(("known", "perhaps"), [(0, False), (2, False), (5, True)])
def test_a_server_that_drips_is_hung_up_on(known, perhaps):
    """In its greeting, after its name, or when it has the whole message and could have taken it."""
    answers = [b"220 hello", b"250 hello", b"250 OK", b"250 OK", b"354 go on"]
    listening = socket.create_server(("127.0.0.1", 0))

    def drip():
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as read, suppress(OSError):
            for answer in answers[:known]:
                connection.sendall(answer + b"\r\n")
                read.readline()
            while True:
                connection.sendall(b"2")
                time.sleep(0.05)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        error = refused(server(listening.getsockname()[1], smtp_host="127.0.0.1"), timeout_s=2.0 if known else 0.3)
    finally:
        thread.join()
        listening.close()
    assert error.problem == "the mail server was not done in time"
    assert error.perhaps == perhaps


def test_a_sender_must_be_set():
    assert MailServer.of(read_settings({})) is None
    for sender in ("", "nobody", "a@b\r\nBcc: c@d"):
        with pytest.raises(InvalidRequestError, match="SMTP_FROM"):
            server(25, smtp_from=sender)
