from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import text

from stroke_map.errors import LiveStoreError
from stroke_map.live import NewClosure
from stroke_map.live.changed import Versions
from stroke_map.live.statuses import NewStatus
from stroke_map.live.turning import turn_over
from stroke_map.stream import feed as module
from stroke_map.stream.feed import Feed


def look(feed, *told):
    return feed.look(told, datetime.now(UTC))


def heard(news):
    return [(event.kind, orjson.loads(event.data)["id"]) for event in news.events]


def test_what_was_there_before_is_told_to_nobody_new(shift):
    shift.alert()
    feed = Feed(shift.store)
    assert look(feed) is None
    assert look(feed, feed.current) is None
    shift.alert()
    news = look(feed)
    assert set(heard(news)) == {("case", 2), ("alert", 2)}
    assert look(feed, news.current) is None


def test_whoever_was_away_is_told_what_is_newer_and_no_more(shift):
    feed = Feed(shift.store)
    look(feed)
    at_first = feed.current
    shift.alert()
    look(feed)
    shift.alert()
    news = look(feed, at_first)
    assert set(heard(news)) == {("case", 1), ("alert", 1), ("case", 2), ("alert", 2)}
    assert news.whole_from == at_first


def test_an_alert_is_told_again_when_its_case_has_a_new_moment(shift):
    feed = Feed(shift.store)
    alert = shift.alert()
    look(feed)
    now = datetime.now(UTC)
    shift.store.cases.record(1, "ecg", now, "li", now=now)
    news = look(feed)
    assert set(heard(news)) == {("case", 1), ("alert", alert)}
    assert all(event.version == news.current.cases for event in news.events)


def test_too_much_is_not_told_and_it_is_known_from_where_on_all_is(shift, monkeypatch):
    monkeypatch.setattr(module, "MOST_REPLAYED", 3)
    feed = Feed(shift.store)
    look(feed)
    at_first = feed.current
    for _ in range(5):
        shift.case()
    news = look(feed, at_first)
    assert heard(news) == [("case", 3), ("case", 4), ("case", 5)]
    versions = [event.version for event in news.events]
    assert at_first.cases < news.whole_from.cases < versions[0]


def test_accounts_are_known_with_the_next_look(shift):
    feed = Feed(shift.store)
    look(feed)
    public, key = shift.key("crew")
    now = datetime.now(UTC)
    assert feed.accounts.by_key(key, now) is None
    look(feed)
    assert feed.accounts.by_key(key, now).role == "crew"
    shift.store.accounts.revoke_key(public, by="test", now=now)
    look(feed)
    assert feed.accounts.by_key(key, now) is None


def test_a_backup_in_its_place_is_noticed(shift):
    feed = Feed(shift.store)
    shift.alert()
    look(feed)
    before = feed.current
    with shift.store.writing(audited=False) as connection:
        connection.execute(text("UPDATE changes SET version = 5"))
    news = look(feed, before)
    assert news.current == feed.current == Versions(5, 5, 5)
    assert feed.accounts.version == 5


def test_a_file_that_is_gone_is_away_and_not_made_anew(sqlite_shift, sqlite_settings):
    feed = Feed(sqlite_shift.store)
    look(feed)
    file = sqlite_settings.geodata_dir / "live.db"
    file.rename(file.with_name("away"))
    with pytest.raises(LiveStoreError):
        look(feed)
    assert not file.exists()
    file.with_name("away").rename(file)
    assert look(feed) is None


def test_what_begins_and_ends_by_time_is_told_at_that_moment_and_to_whoever_was_away(shift):
    store, now, hour = shift.store, datetime.now(UTC), timedelta(hours=1)
    closure = NewClosure(ways=(1,), begins=now + hour, until=now + 3 * hour, reason="race", author="x")
    store.closures.add(closure, now=now)
    status = NewStatus(hospital_id="a", kind="full", until=now + 2 * hour, open_ended=True, reason="beds", author="x")
    store.statuses.set(status, now=now)
    feed = Feed(store)
    feed.look((), now)
    at_first, told = feed.current, []
    for hours in (1, 2, 3):
        at = now + hours * hour
        assert feed.look((), at - timedelta(seconds=1)) is None
        turn_over(store, at)
        told += [orjson.loads(event.data) for event in feed.look((), at).events]
        assert feed.look((), at) is None
    assert [one.get("active", one.get("state")) for one in told] == [True, "unconfirmed", False]
    assert set(heard(feed.look((at_first,), at))) == {("closure", 1), ("status", 1)}
