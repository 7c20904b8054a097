"""From the outbox to real receivers and back, on both databases."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from faults.delivering import delivering

from stroke_map.delivery import Deliverer, Sender
from stroke_map.live.alert_rules import Callees, standing_of
from stroke_map.live.channels import NewChannel, new_secret
from stroke_map.live.deliveries import Outcome
from stroke_map.live.delivery_records import LEAST_ATTEMPTS
from stroke_map.live.holding import hold_cases

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LONG_S = 60
BAD = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"


def found(store, **how):
    return store.deliveries.list(**how)


def all_are(store, state):
    return {one.state for one in found(store)} == {state}


def state_of(store, alert_id=1):
    alert = store.alerts.get(alert_id)
    return standing_of(alert.alert, alert.happenings).state


def hurry(store, seconds):
    """Let what waits be due now: as if so many seconds had gone by."""
    from sqlalchemy import update

    from stroke_map.live.case_tables import deliveries

    with store.writing() as connection:
        for one in found(store):
            if one.due_at is not None:
                moved = {"due_at": one.due_at - timedelta(seconds=seconds), "at": one.at - timedelta(seconds=seconds)}
                connection.execute(update(deliveries).where(deliveries.c.id == one.id).values(moved))


def test_a_call_reaches_the_documented_receiver_and_the_alert_is_delivered(
    open_store, *, make_settings, receive, add_channel, alert_of, wait_until
):
    store = open_store()
    secret = add_channel(store, "http://127.0.0.1:1/")
    address, taken = receive(secret)
    store.channels.remove(1, "x", now=datetime.now(UTC))
    from stroke_map.live.channels import NewChannel

    for format_ in ("native", "fhir"):
        new = NewChannel(hospital_id="a", kind="webhook", target=address, secret=secret, format=format_, author="x")
        store.channels.add(new, now=datetime.now(UTC))
    with delivering(store, make_settings()):
        alert_of(store)
        wait_until(lambda: all_are(store, "delivered"))
    native = next(one for one in taken if "kind" in one)
    fhir = next(one for one in taken if "resourceType" in one)
    by_id = {one.message_id: one for one in found(store)}
    assert set(by_id) == {native["id"], fhir["identifier"][0]["value"]}
    assert (native["kind"], native["team"], native["case"]) == ("call", "neurology", 1)
    assert state_of(store) == "delivered"
    assert all(one.attempts == 1 and one.problem == "" for one in by_id.values())


def test_a_stand_down_follows_to_those_who_were_told(
    open_store, *, make_settings, receive, add_channel, alert_of, wait_until
):
    store, secret = open_store(), new_secret()
    address, taken = receive(secret)
    new = NewChannel(hospital_id="a", kind="webhook", target=address, secret=secret, author="x")
    store.channels.add(new, now=datetime.now(UTC))
    add_channel(store, "ftp://nobody/", kind="email")  # no mail server is set: nobody is told by it
    with delivering(store, make_settings()):
        alert_of(store)
        wait_until(
            lambda: state_of(store) == "delivered" and {one.state for one in found(store)} == {"delivered", "dead"}
        )
        store.alerts.act(1, "cancelled", "d", now=datetime.now(UTC))
        wait_until(lambda: [one["kind"] for one in taken] == ["call", "stand_down"])
        wait_until(lambda: not any(one.state == "waiting" for one in found(store)))
    assert [(one.kind, one.via, one.state) for one in found(store)] == [
        ("call", "webhook", "delivered"),
        ("call", "email", "dead"),
        ("stand_down", "webhook", "delivered"),
    ]
    assert found(store)[1].problem == "no mail server is set"


def test_numbers_go_to_the_gateway(open_store, *, make_settings, answer_with, alert_of, wait_until):
    port, read = answer_with(lambda connection: connection.sendall(OK))
    own = {
        "gateway_url": f"http://127.0.0.1:{port}/{{kind}}/send?id={{id}}",
        "gateway_headers": '{"Authorization": "Bearer hush"}',
        "gateway_body": '{"to": ["{phone}"], "text": "{text}"}',
    }
    store = open_store(**own)
    with delivering(store, make_settings(**own)):
        alert_of(store, teams=(Callees("neurology", ('7", "to": "8',)), Callees("emergency")))
        wait_until(lambda: state_of(store) == "sent")
    assert [(one.via, one.state) for one in found(store)] == [("voice", "sent"), ("", "screen")]
    head, _, body = read[0].partition(b"\r\n\r\n")
    address = urlsplit(head.split(b" ")[1].decode())
    assert (address.path, parse_qs(address.query)) == ("/voice/send", {"id": [found(store)[0].message_id]})
    assert b"Authorization: Bearer hush" in head
    assert json.loads(body)["to"] == ['7", "to": "8']
    assert "病例1" in json.loads(body)["text"]


def has_failed(store, attempts):
    """Whether the message was tried so often, in vain, and waits for the next time."""
    message = found(store)[0]
    return message.attempts == attempts and message.due_at is not None and message.due_at > datetime.now(UTC)


def test_an_hour_of_failures_and_then_recovery(
    open_store, *, make_settings, answer_with, add_channel, alert_of, wait_until
):
    answers = [BAD]
    port, read = answer_with(lambda connection: connection.sendall(answers[0]))
    store, settings = open_store(), make_settings()
    add_channel(store, f"http://127.0.0.1:{port}/")
    alert_of(store)
    with delivering(store, settings):
        for attempts in range(1, 6):
            wait_until(lambda attempts=attempts: has_failed(store, attempts))
            hurry(store, 720)
        assert (found(store)[0].state, found(store)[0].problem) == ("waiting", "answered 500")
        answers[0] = OK
        hurry(store, 60)
        wait_until(lambda: all_are(store, "delivered"))
    ids = {line for one in read for line in one.split(b"\r\n") if line.startswith(b"webhook-id")}
    assert len(ids) == 1
    assert len(read) == found(store)[0].attempts


def test_what_is_given_up_is_seen_and_sent_again_by_hand(
    open_store, *, make_settings, answer_with, add_channel, alert_of, wait_until
):
    answers = [BAD]
    port, _ = answer_with(lambda connection: connection.sendall(answers[0]))
    store, settings = open_store(delivery_give_up_min=1.0), make_settings()
    add_channel(store, f"http://127.0.0.1:{port}/")
    alert_of(store)
    with delivering(store, settings):
        for attempts in range(1, LEAST_ATTEMPTS):
            wait_until(lambda attempts=attempts: has_failed(store, attempts))
            hurry(store, 61)
        (dead,) = wait_until(lambda: found(store, dead=True))
        answers[0] = OK
        store.deliveries.resend(dead.id, now=datetime.now(UTC))
        wait_until(lambda: all_are(store, "delivered"))
    assert found(store)[0].message_id == dead.message_id


def test_a_receiver_that_hangs_holds_up_no_other(
    open_store, *, make_settings, answer_with, receive, add_channel, alert_of, wait_until
):
    let_go = threading.Event()
    hanging, _ = answer_with(lambda _connection: let_go.wait(LONG_S))
    # None of them is given up before the others would have been waited for in vain.
    store, secret, settings = open_store(), new_secret(), make_settings(delivery_timeout_s=2 * LONG_S)
    address, taken = receive(secret)
    for number in range(10):
        add_channel(store, f"http://127.0.0.1:{hanging}/{number}", team="neurology")
        alert_of(store)
    new = NewChannel(hospital_id="a", kind="webhook", target=address, secret=secret, author="x")
    store.channels.add(new, now=datetime.now(UTC))
    with delivering(store, settings):
        alert_of(store)
        try:
            wait_until(lambda: taken)
        finally:
            let_go.set()


def test_many_deliverers_send_each_message_once(open_store, *, make_settings, receive, alert_of, wait_until):
    store, secret, settings = open_store(), new_secret(), make_settings()
    address, taken = receive(secret)
    new = NewChannel(hospital_id="a", kind="webhook", target=address, secret=secret, author="x")
    store.channels.add(new, now=datetime.now(UTC))
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(delivering(store, settings))
        for _ in range(12):
            alert_of(store)
        wait_until(lambda: len(taken) == 12 and all_are(store, "delivered"))
    assert [one.attempts for one in found(store)] == [1] * 12
    assert len({one["id"] for one in taken}) == 12


def test_a_lease_is_renewed_while_a_message_is_on_its_way(
    open_store, *, make_settings, answer_with, add_channel, alert_of, wait_until
):
    def slowly(connection):
        time.sleep(2.5)
        connection.sendall(OK)

    port, read = answer_with(slowly)
    store, settings = open_store(delivery_lease_s=2.0), make_settings()
    add_channel(store, f"http://127.0.0.1:{port}/")
    alert_of(store)
    with delivering(store, settings), delivering(store, settings):
        wait_until(lambda: all_are(store, "delivered"))
    assert (len(read), found(store)[0].attempts) == (1, 1)


def test_who_begins_takes_nothing_over_before_those_who_live_can_renew_by_a_clock_that_was_just_set(
    open_store, *, make_settings, receive, alert_of, wait_until, add_channel
):
    store = open_store(delivery_lease_s=600.0)
    secret = new_secret()
    address, taken = receive(secret)
    add_channel(store, address, secret=secret)
    alert_of(store)
    (before,) = store.deliveries.lease("one who lives", now=datetime.now(UTC) - timedelta(hours=1), most=1)
    alert_of(store)
    with delivering(store, make_settings()):
        wait_until(lambda: taken)  # what nobody has taken waits for nothing
        wait_until(lambda: found(store)[1].state == "delivered")
    assert [one.attempts for one in found(store)] == [1, 1]
    assert before.message_id not in {one["id"] for one in taken}


def test_killed_between_sending_and_writing_down_it_is_sent_again_under_the_same_id(
    open_store, *, make_settings, example, answer_with, add_channel, alert_of, wait_until, tmp_path, live_database
):
    store, settings = open_store(delivery_lease_s=1.0), make_settings(delivery_lease_s=1.0)
    sent, killed = [], []

    def kill_or_answer(connection):
        if not killed:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return
        connection.sendall(OK)

    port, read = answer_with(kill_or_answer)
    secret = add_channel(store, f"http://127.0.0.1:{port}/")
    receiver = example.Receiver(secret, tmp_path / "known.db", sent.append)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STROKE_MAP_")}
    environment |= {
        "STROKE_MAP_DATABASE_URL": live_database.address,
        "STROKE_MAP_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8",
        "STROKE_MAP_DELIVERY_LEASE_S": "3",
        "STROKE_MAP_GEODATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "stroke_map.cli", "deliver"]
    alert_of(store)
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.wait(timeout=60) == -signal.SIGKILL
        finally:
            process.kill()
    assert (found(store)[0].state, found(store)[0].attempts) == ("waiting", 1)
    with delivering(store, settings):
        wait_until(lambda: all_are(store, "delivered"))
    assert len(read) == 2
    new = []
    for request in read:
        head, _, body = request.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        new.append(receiver.take(headers, body))
    assert (new, len(sent)) == ([True, False], 1)


def test_told_to_end_it_waits_for_what_is_on_its_way(
    open_store, *, make_settings, answer_with, add_channel, alert_of, wait_until
):
    def slowly(connection):
        time.sleep(0.5)
        connection.sendall(OK)

    port, read = answer_with(slowly)
    store = open_store()
    add_channel(store, f"http://127.0.0.1:{port}/")
    alert_of(store)
    with delivering(store, make_settings()):
        wait_until(lambda: read)
    assert all_are(store, "delivered")


def test_while_the_database_is_away_what_was_sent_is_not_sent_again(
    open_store, *, make_settings, answer_with, add_channel, alert_of, wait_until
):
    """Writing down fails a few times: by a lock that another holds, as far as the deliverer can tell."""
    port, read = answer_with(lambda connection: connection.sendall(OK))
    store, settings = open_store(), make_settings()
    add_channel(store, f"http://127.0.0.1:{port}/")
    alert_of(store)
    deliverer = Deliverer(store, Sender(settings))
    with store.writing() as connection:
        hold_cases(connection, [1])
        deliverer.start()
        time.sleep(0.3)
        assert read == []  # nothing is sent before its lease is written
    wait_until(lambda: read)
    deliverer.end()
    assert (len(read), all_are(store, "delivered")) == (1, True)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/", "https://[::ffff:127.0.0.1]:{port}/", "https://2130706433:{port}/"]
)
def test_nothing_inside_is_reached_unless_it_is_allowed(
    open_store, *, make_settings, answer_with, add_channel, alert_of, wait_until, target
):
    port, read = answer_with(lambda connection: connection.sendall(OK))
    store = open_store()
    add_channel(store, target.format(port=port))
    alert_of(store)
    with delivering(store, make_settings(allow_private_targets="10.0.0.0/8")):
        wait_until(lambda: found(store)[0].problem)
    assert "not allowed" in found(store)[0].problem
    assert read == []


def test_a_message_that_breaks_the_sender_is_a_failure_and_no_secret_is_logged(message, make_settings, caplog):
    from dataclasses import replace

    broken = replace(
        message, channel=replace(message.channel, secret="whsec_hushhush1", target="https://h.example/?hush")
    )
    with caplog.at_level(logging.ERROR):
        outcome = Sender(make_settings()).send(broken)
    assert outcome == Outcome(message.id, "failed", "unexpected Error")  # of Base64
    assert "hush" not in caplog.text
    assert "whsec_" not in caplog.text


def test_where_the_system_gives_no_thread_a_message_is_tried_again(
    sqlite_store, *, make_settings, add_channel, alert_of, wait_until, monkeypatch
):
    """Else it would stay on its way for as long as this process lives."""
    store = sqlite_store
    add_channel(store, "http://127.0.0.1:9/")
    alert_of(store)
    start, refused = threading.Thread.start, []

    def may_start(thread):
        if thread.name == "delivery" and not refused:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", may_start)
    with delivering(store, make_settings()):
        wait_until(lambda: found(store)[0].problem)
        assert (found(store)[0].state, found(store)[0].attempts) == ("waiting", 1)
        hurry(store, 10)
        wait_until(lambda: found(store)[0].attempts == 2 and "room" not in found(store)[0].problem)


def test_what_is_not_set_and_what_was_removed_is_never_tried_again(message, make_settings):
    from dataclasses import replace

    sender = Sender(make_settings())
    removed = replace(message, channel=replace(message.channel, ended_at=datetime.now(UTC)))
    assert sender.send(removed) == Outcome(message.id, "refused", "the channel was removed")
    assert sender.send(replace(message, via="sms", channel=None, phone="1")).problem == "no gateway is set"
    assert sender.send(replace(message, via="email")).problem == "no mail server is set"
