"""The documented receiver and what signs for it: each is the other's test."""

import base64
import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.delivery.signing import sign
from stroke_map.live.channels import new_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_700_000_000
BODY = b'{"id": "m1"}'


@pytest.fixture
def taken():
    return []


@pytest.fixture
def receiver(example, tmp_path, taken):
    return example.Receiver(SECRET, tmp_path / "known.db", taken.append, clock=lambda: NOW)


def signed(message_id="m1", at=NOW, body=BODY, secret=SECRET):
    return sign(secret, message_id, datetime.fromtimestamp(at, UTC), body)


def refusal(example, receiver, headers, body=BODY):
    with pytest.raises(example.RefusedError) as caught:
        receiver.take(headers, body)
    return caught.value.status


def test_the_signature_is_that_of_the_published_example():
    """https://github.com/standard-webhooks/standard-webhooks: the example of its libraries' tests."""
    at = datetime.fromtimestamp(1614265330, UTC)
    made = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert made["webhook-timestamp"] == "1614265330"


@given(message_id=st.text("abcdef0123456789", min_size=1), at=st.integers(0, 2**33), body=st.binary())
def test_id_moment_and_body_are_all_signed(message_id, at, body):
    key = base64.b64decode(SECRET[6:])
    whole = f"{message_id}.{at}.".encode() + body
    right = base64.b64encode(hmac.new(key, whole, hashlib.sha256).digest()).decode()
    assert signed(message_id, at, body)["webhook-signature"] == f"v1,{right}"


def test_a_genuine_message_is_acted_on_once_though_it_comes_twice(receiver, taken):
    assert receiver.take(signed(), BODY)
    assert not receiver.take(signed(at=NOW + 2), BODY)
    assert taken == [json.loads(BODY)]


@pytest.mark.parametrize("at", [NOW, NOW - 1, NOW - 299])
def test_the_same_bytes_again_or_older_ones_are_a_replay(example, receiver, taken, at):
    receiver.take(signed(), BODY)
    assert refusal(example, receiver, signed(at=at)) == 409
    assert len(taken) == 1


def test_a_replay_after_a_restart_is_one_too(example, receiver, taken, tmp_path):
    receiver.take(signed(), BODY)
    again = example.Receiver(SECRET, tmp_path / "known.db", taken.append, clock=lambda: NOW)
    assert refusal(example, again, signed()) == 409
    assert len(taken) == 1


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301, 0, NOW * 1000])
def test_a_recording_and_a_wrong_clock_are_refused(example, receiver, taken, at):
    headers = signed(at=NOW) | {"webhook-timestamp": str(at)} if at > NOW * 2 else signed(at=at)
    assert refusal(example, receiver, headers) in {400, 401}
    assert taken == []


@pytest.mark.parametrize("at", [NOW - 300, NOW + 300])
def test_a_clock_that_is_somewhat_wrong_is_no_matter(receiver, at):
    assert receiver.take(signed(at=at), BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,é"},
        {"webhook-id": "m2"},
        {"webhook-timestamp": str(NOW + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "१"},
        {"webhook-id": ""},
    ],
)
def test_what_is_forged_is_refused_before_it_is_read(example, receiver, taken, change):
    assert refusal(example, receiver, signed() | change) in {400, 401}
    assert taken == []


def test_another_body_or_another_secret_is_forged(example, receiver, taken):
    assert refusal(example, receiver, signed(), b'{"id": "m2"}') == 401
    assert refusal(example, receiver, signed(secret=new_secret())) == 401
    assert taken == []


def test_of_two_signatures_one_is_enough_while_a_secret_is_changed(receiver):
    both = signed() | {"webhook-signature": "v1,AAAA " + signed()["webhook-signature"]}
    assert receiver.take(both, BODY)


def test_what_could_not_be_acted_on_is_not_remembered(example, tmp_path, taken):
    def fails(message):
        taken.append(message)
        raise RuntimeError

    receiver = example.Receiver(SECRET, tmp_path / "known.db", fails, clock=lambda: NOW)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            receiver.take(signed(), BODY)
    assert len(taken) == 2


def test_the_same_message_many_times_at_once_is_one(receiver, taken):
    with ThreadPoolExecutor(8) as pool:
        some = [pool.submit(receiver.take, signed(at=NOW + later), BODY) for later in range(16)]
    refused = [one.exception().status for one in some if one.exception()]
    assert set(refused) <= {409}
    assert sum(one.result() for one in some if not one.exception()) == len(taken) == 1


def test_over_http_it_answers_by_status_and_reads_no_body_that_is_too_large(receive):
    import http.client

    address, taken = receive(SECRET, clock=time.time)
    port = int(address.rsplit(":", 1)[1].split("/")[0])
    now = int(time.time())

    def status(headers, body=BODY, length=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest("POST", "/alerts")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)) if length is None else length)
        connection.endheaders(body)
        found = connection.getresponse().status
        connection.close()
        return found

    assert status(signed(at=now)) == 200
    assert status(signed(at=now)) == 409
    assert status(signed(at=now + 1)) == 200
    assert status(signed("m2", at=now) | {"webhook-id": "m3"}) == 401
    assert [status(signed(at=now), b"", length) for length in ("9999999", "-1", "x", "")] == [413] * 4
    assert len(taken) == 1
