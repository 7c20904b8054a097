from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import orjson
import pytest

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.channels import Channel, NewChannel, check_target, new_secret

SECRET = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQ="


def webhook(**fields):
    given = {
        "hospital_id": "a",
        "kind": "webhook",
        "target": "https://h.example/hook",
        "secret": SECRET,
        "author": "me",
    }
    return NewChannel(**given | fields)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("webhook", "https://hospital.example/hook?key=1"),
        ("webhook", "http://10.0.0.1:8090/"),
        ("webhook", "https://[2001:db8::1]/x"),
        ("email", "stroke.team+alerts@mail.hospital.example"),
        ("sms", "+86 138 0000 0000"),
        ("voice", "023-12345678 转 110"),
    ],
)
def test_targets_that_are_good(kind, target):
    assert check_target(kind, target) == target


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("webhook", ""),
        ("webhook", "ftp://hospital.example/"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "gopher://127.0.0.1:25/"),
        ("webhook", "hospital.example/hook"),
        ("webhook", "https:///hook"),
        ("webhook", "https://user:password@hospital.example/"),
        ("webhook", "https://hospital.example@127.0.0.1/"),
        ("webhook", "https://hospital.example/#part"),
        ("webhook", "https://hospital.example:99999/"),
        ("webhook", "https://[::1/"),
        ("webhook", "https://hospital.example/a b"),
        ("webhook", "https://hospital.example/\r\nX-Header: 1"),
        ("webhook", "https://医院.example/"),
        ("webhook", "https://hospital.example/" + "a" * 500),
        ("email", "stroke.team"),
        ("email", "a@b@c"),
        ("email", "a@b\r\nBcc: everybody@example.com"),
        ("email", "Team <team@hospital.example>"),
        ("email", "a@b, c@d"),
        ("sms", "call me"),
        ("sms", "1380000; DROP TABLE"),
        ("voice", '13800000000", "to": "1'),
    ],
)
def test_targets_that_are_none(kind, target):
    with pytest.raises(ValueError, match=r"."):
        check_target(kind, target)


def test_a_secret_is_random_and_shown_by_nothing(store, now):
    assert len({new_secret() for _ in range(20)}) == 20
    made = store.channels.add(webhook(target="https://h.example/hook?key=hush"), now=now)
    listed = store.channels.list()
    assert (made.secret, listed[0].secret) == (SECRET, SECRET)
    shown = repr(made) + repr(webhook()) + orjson.dumps([one.as_json() for one in listed]).decode()
    assert SECRET not in shown
    assert "hush" not in orjson.dumps(made.as_json()).decode()
    assert made.as_json()["target"] == "https://h.example/hook?..."


def test_a_number_with_a_question_mark_is_no_address():
    channel = Channel(**vars(webhook(kind="sms", target="1?2")), id=1, created_at=datetime.now(UTC))
    assert channel.shown_target == "1?2"


def test_channels_are_listed_until_they_are_removed_and_their_secret_is_then_forgotten(store, now):
    first = store.channels.add(webhook(), now=now)
    second = store.channels.add(
        webhook(hospital_id="b", kind="email", target="x@y", secret="", team="neurology"), now=now
    )
    assert [one.id for one in store.channels.list()] == [first.id, second.id]
    assert [one.id for one in store.channels.list(hospital="b")] == [second.id]
    removed = store.channels.remove(first.id, "me", now=now)
    assert (removed.ended_at, removed.ended_by, removed.secret) == (now, "me", "")
    again = store.channels.remove(first.id, "somebody else", now=now)
    assert again.ended_by == "me"
    assert [one.id for one in store.channels.list()] == [second.id]
    assert [one.id for one in store.channels.list(include_ended=True)] == [first.id, second.id]


def test_the_same_channel_is_there_once_until_it_is_removed(store, now):
    first = store.channels.add(webhook(), now=now)
    with pytest.raises(ConflictError) as refused:
        store.channels.add(webhook(secret=new_secret(), author="somebody else"), now=now)
    assert (refused.value.facts["reason"], refused.value.facts["channel"]) == ("already-there", first.id)
    others = (
        {"hospital_id": "b"},
        {"team": "neurology"},
        {"target": "https://h.example/hook?key=2"},
        {"format": "fhir"},
    )
    for other in others:
        store.channels.add(webhook(**other), now=now)
    store.channels.remove(first.id, "me", now=now)
    store.channels.add(webhook(), now=now)
    assert len(store.channels.list()) == len(others) + 1


def test_of_two_who_add_the_same_channel_at_once_one_does(store, settings, open_store, now):
    stores = [open_store(settings) for _ in range(4)]

    def add(one):
        try:
            return one.channels.add(webhook(), now=now).id
        except ConflictError:
            return None

    with ThreadPoolExecutor(len(stores)) as pool:
        made = [channel for channel in pool.map(add, stores) if channel is not None]
    assert made == [channel.id for channel in store.channels.list()]
    assert len(made) == 1


@pytest.mark.parametrize("channel_id", [0, 9, -1, 2**40])
def test_a_channel_that_is_not_there_cannot_be_removed(store, now, channel_id):
    with pytest.raises(NotFoundError):
        store.channels.remove(channel_id, "me", now=now)
