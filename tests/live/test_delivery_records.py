from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.alert_rules import standing_of
from stroke_map.live.case_records import CASE_TOPIC
from stroke_map.live.deliveries import ENDED, NO_CHANNEL, Outcome, Trying
from stroke_map.live.delivery_records import MOST_OF_A_CHANNEL

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ME, OTHER = "me", "other"


@pytest.fixture
def alert(store, new_case, new_alert, now):
    """Alerts hospital `a` for a case of its own; gives the alert's id."""
    made = []

    def send(at=now, **fields):
        case = store.cases.add(new_case(), now=at)
        made.append(store.alerts.create(new_alert(case_id=case.id, **fields), key=str(case.id), digest="d", now=at))
        return len(made)

    return send


def lease(store, at, by=ME, **how):
    return store.deliveries.lease(by, now=at, **{"most": 50} | how)


def ways(store, kind="call"):
    return [(d.team, d.contact, d.via, d.channel_id, d.target) for d in store.deliveries.list() if d.kind == kind]


def of(store, delivery_id):
    return next(one for one in store.deliveries.list() if one.id == delivery_id)


def state_of(store, alert_id=1):
    found = store.alerts.get(alert_id)
    return standing_of(found.alert, found.happenings).state


def test_a_call_goes_by_every_channel_of_the_hospital_for_its_team(store, add_channel, alert):
    every = add_channel()
    neurology = add_channel(team="neurology", kind="email", target="n@h.example")
    phone = add_channel(team="radiology", kind="voice", target="555")
    add_channel(hospital_id="b")
    store.channels.remove(add_channel(target="https://gone.example/"), "x", now=store.channels.list()[0].created_at)
    alert()
    assert ways(store) == [
        ("emergency", 0, "webhook", every, "https://h.example/"),
        ("radiology", 0, "webhook", every, "https://h.example/"),
        ("radiology", 0, "voice", phone, "555"),
        ("neurology", 0, "webhook", every, "https://h.example/"),
        ("neurology", 0, "email", neurology, "n@h.example"),
    ]
    assert all(one.state == "waiting" for one in store.deliveries.list())
    ids = [one.message_id for one in store.deliveries.list()]
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 32 for one in ids)


def test_one_call_by_three_ways_is_one_call(store, add_channel, alert, now):
    add_channel()
    add_channel(kind="email", target="a@b")
    alert()
    told = store.alerts.get(1).as_json(now, store.alerts.timers)
    assert [team["calls"] for team in told["teams"]] == [1, 1, 1]


def test_numbers_of_the_list_are_called_where_there_is_a_gateway(settings, open_store, new_case, new_alert, now):
    store = open_store(replace(settings, gateway_url="https://g.example/", gateway_contacts="sms"))
    store.cases.add(new_case(), now=now)
    store.alerts.create(new_alert(), key="1", digest="d", now=now)
    assert ways(store) == [
        ("emergency", 0, "sms", None, "1"),
        ("radiology", 0, "", None, ""),
        ("neurology", 0, "sms", None, "7"),
    ]
    store.alerts.work_off(now + MINUTE)
    assert ways(store)[3:] == [("emergency", 1, "sms", None, "2")]


def test_where_there_is_no_channel_the_delivery_says_so_and_nobody_tries(store, alert, now):
    alert()
    found = store.deliveries.list()
    assert {(one.state, one.problem, one.due_at) for one in found} == {("screen", NO_CHANNEL, None)}
    assert lease(store, now + timedelta(days=1)) == []


def test_what_is_leased_nobody_else_takes_until_the_lease_ends(store, add_channel, alert, now):
    add_channel()
    alert()
    taken = lease(store, now, most=2)
    assert [one.team for one in taken] == ["emergency", "radiology"]
    assert [one.team for one in lease(store, now, OTHER)] == ["neurology"]
    ends = now + store.deliveries.trying.lease
    assert lease(store, ends - SECOND, OTHER) == []
    store.deliveries.renew([taken[0].id], ME, now=ends - SECOND)
    store.deliveries.renew([taken[1].id], OTHER, now=ends - SECOND)  # it is not OTHER's to renew
    again = lease(store, ends, OTHER)
    assert [one.id for one in again] == [taken[1].id, 3]
    assert again[0].message_id == taken[1].message_id


def test_many_deliverers_at_once_never_take_the_same(store, add_channel, alert, now):
    for number in range(4):
        add_channel(target=f"https://h.example/{number}")
    alert()
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda number: lease(store, now, f"d{number}", most=3), range(8)))
    ids = [one.id for some in taken for one in some]
    assert sorted(ids) == list(range(1, 13))


def test_nothing_is_taken_before_it_is_due(store, add_channel, alert, now):
    add_channel()
    alert()
    for one in lease(store, now):
        store.deliveries.record([Outcome(one.id, "failed", "500")], ME, now=now)
    soonest = min(one.due_at for one in store.deliveries.list())
    assert lease(store, soonest - timedelta(microseconds=1)) == []
    assert lease(store, soonest)


def test_a_channel_that_is_busy_or_has_much_to_do_leaves_room_for_others(store, add_channel, alert, now):
    first, second = add_channel(), add_channel(hospital_id="b")
    for _ in range(MOST_OF_A_CHANNEL):
        alert()
    alert(hospital_id="b", override_reason="x")
    taken = lease(store, now, most=MOST_OF_A_CHANNEL + 3)
    assert Counter(one.channel.id for one in taken) == {first: MOST_OF_A_CHANNEL, second: 3}
    assert lease(store, now, busy=[first, second]) == []
    assert {one.channel.id for one in lease(store, now, busy=[second])} == {first}


@pytest.mark.parametrize("result", ["sent", "delivered"])
def test_what_arrived_moves_the_alert_in_the_same_transaction(store, add_channel, alert, now, result):
    add_channel()
    alert()
    taken, before = lease(store, now), store.version(CASE_TOPIC)
    store.deliveries.record([Outcome(taken[0].id, result)], ME, now=now + SECOND)
    found = of(store, taken[0].id)
    assert (found.state, found.due_at, found.sent_at) == (result, None, now + SECOND)
    assert (found.delivered_at is not None) == (result == "delivered")
    assert state_of(store) == result
    moved = store.version(CASE_TOPIC)
    assert moved > before
    # The next says nothing new of the alert: nobody who watches needs to look.
    store.deliveries.record([Outcome(taken[1].id, result)], ME, now=now + SECOND)
    assert store.version(CASE_TOPIC) == moved
    assert lease(store, now + timedelta(days=1), OTHER, busy=()) != []  # the third, whose lease ran out
    assert {one.id for one in store.deliveries.list() if one.state == "waiting"} == {taken[2].id}


def test_what_failed_is_tried_again_later_and_later_and_given_up_and_sent_again_by_hand(store, add_channel, alert, now):
    add_channel(team="emergency")
    alert(teams=store_teams())
    at, waits = now, []
    while True:
        (taken,) = lease(store, at)
        store.deliveries.record([Outcome(taken.id, "failed", "answered 500")], ME, now=at)
        found = of(store, taken.id)
        if found.state == "dead":
            break
        assert lease(store, found.due_at - timedelta(milliseconds=1)) == []
        waits.append((found.due_at - at).total_seconds())
        at = found.due_at
    assert (found.problem, found.dead_at, found.due_at) == ("answered 500", at, None)
    assert all(
        full / 2 <= wait <= full for wait, full in zip(waits, (2, 4, 8, 16, 32, *[60] * len(waits)), strict=False)
    )
    assert timedelta(minutes=120) <= at - now < timedelta(minutes=121)
    assert [one.id for one in store.deliveries.list(dead=True)] == [found.id]
    assert lease(store, at + timedelta(days=1)) == []
    again = store.deliveries.resend(found.id, now=at)
    assert (again.state, again.attempts, again.problem) == ("waiting", 0, "")
    (taken,) = lease(store, at)
    assert taken.message_id == found.message_id
    store.deliveries.record([Outcome(taken.id, "failed", "x")], ME, now=at)
    assert of(store, taken.id).state == "waiting"
    assert store.deliveries.list(dead=True) == []


def store_teams():
    from stroke_map.live.alert_rules import Callees

    return (Callees("emergency", ("1",)),)


def test_what_can_never_be_sent_is_dead_at_once(store, add_channel, alert, now):
    add_channel()
    alert()
    taken = lease(store, now)
    store.deliveries.record([Outcome(one.id, "refused", "no mail server is set") for one in taken], ME, now=now)
    assert [(one.state, one.problem) for one in store.deliveries.list()] == [("dead", "no mail server is set")] * 3
    assert state_of(store) == "created"


def test_only_dead_messages_of_alerts_that_stand_can_be_sent_again(store, add_channel, alert, now):
    add_channel()
    alert()
    taken = lease(store, now)
    for delivery_id in (0, 99, 2**40):
        with pytest.raises(NotFoundError):
            store.deliveries.resend(delivery_id, now=now)
    with pytest.raises(ConflictError, match="not dead"):
        store.deliveries.resend(taken[0].id, now=now)
    store.deliveries.record([Outcome(one.id, "refused", "x") for one in taken], ME, now=now)
    store.alerts.act(1, "cancelled", "d", now=now)
    with pytest.raises(ConflictError, match="ended"):
        store.deliveries.resend(taken[0].id, now=now)


def test_all_dead_messages_of_an_alert_are_sent_again_at_once_and_calls_only_while_it_stands(
    store, add_channel, alert, now
):
    add_channel()
    alert()
    alert()
    with pytest.raises(ConflictError, match="No message"):
        store.deliveries.resend_of_alert(1, now=now)
    taken = lease(store, now)
    store.deliveries.record([Outcome(one.id, "refused", "x") for one in taken[:2] + taken[3:]], ME, now=now)
    again = store.deliveries.resend_of_alert(1, now=now)
    assert [(one.id, one.alert_id, one.state) for one in again] == [(1, 1, "waiting"), (2, 1, "waiting")]
    assert {one.alert_id for one in store.deliveries.list(dead=True)} == {2}
    assert [one.id for one in lease(store, now, OTHER)] == [1, 2]
    store.deliveries.record([Outcome(one, "delivered") for one in (1, 2, 3)], OTHER, now=now)
    store.alerts.act(1, "cancelled", "d", now=now)
    stood_down = [one.id for one in lease(store, now) if one.kind == "stand_down"]
    store.deliveries.record([Outcome(one, "refused", "x") for one in stood_down], ME, now=now)
    assert [one.id for one in store.deliveries.resend_of_alert(1, now=now)] == stood_down
    store.alerts.act(2, "cancelled", "d", now=now)
    with pytest.raises(ConflictError, match="ended"):
        store.deliveries.resend_of_alert(2, now=now)


def test_the_newest_come_first_page_by_page(store, alert):
    alert()
    alert()
    newest = [one.id for one in store.deliveries.list(newest=True, most=4)]
    assert newest == [6, 5, 4, 3]
    assert [one.id for one in store.deliveries.list(newest=True, before=newest[-1])] == [2, 1]
    assert [one.id for one in store.deliveries.list(newest=True, before=2**40, most=1)] == [6]


def test_who_was_killed_before_writing_down_leaves_the_same_message_to_the_next(store, add_channel, alert, now):
    add_channel()
    alert()
    first = lease(store, now)
    later = now + store.deliveries.trying.lease
    second = lease(store, later, OTHER)
    assert [one.message_id for one in second] == [one.message_id for one in first]
    # The first comes back to life: its failure says nothing any more, its success still counts.
    store.deliveries.record([Outcome(first[0].id, "failed", "late")], ME, now=later)
    assert of(store, first[0].id).problem == ""
    store.deliveries.record([Outcome(first[0].id, "delivered")], ME, now=later)
    store.deliveries.record([Outcome(first[0].id, "failed", "x")], OTHER, now=later + SECOND)
    assert (of(store, first[0].id).state, of(store, first[0].id).problem) == ("delivered", "")


def test_of_an_ended_alert_what_was_not_sent_is_dropped_and_only_who_was_told_is_stood_down(
    store, add_channel, alert, now
):
    told, silent = add_channel(team="emergency"), add_channel(team="radiology")
    add_channel(team="neurology")
    alert()
    taken = {one.team: one for one in lease(store, now)}
    done = [Outcome(taken["emergency"].id, "delivered"), Outcome(taken["radiology"].id, "failed", "answered 500")]
    store.deliveries.record(done, ME, now=now)
    store.alerts.act(1, "cancelled", "d", now=now + SECOND)
    assert ways(store, "stand_down") == [("emergency", 0, "webhook", told, "https://h.example/")]
    dropped = of(store, taken["radiology"].id)
    assert (dropped.state, dropped.problem, dropped.channel_id) == ("dropped", ENDED, silent)
    # What is on its way is left to its sender: sent after all, it is taken back.
    assert of(store, taken["neurology"].id).state == "waiting"
    store.deliveries.record([Outcome(taken["neurology"].id, "delivered")], ME, now=now + 2 * SECOND)
    assert [way[0] for way in ways(store, "stand_down")] == ["emergency", "neurology"]
    (first, second) = lease(store, now + 2 * SECOND)
    assert [(one.kind, one.team) for one in (first, second)] == [
        ("stand_down", "emergency"),
        ("stand_down", "neurology"),
    ]
    store.deliveries.record([Outcome(first.id, "failed"), Outcome(second.id, "delivered")], ME, now=now + 2 * SECOND)
    assert [one.id for one in lease(store, now + MINUTE)] == [first.id]
    assert state_of(store) == "cancelled"
    store.alerts.act(1, "cancelled", "d", now=now + MINUTE)
    assert len(ways(store, "stand_down")) == 2


def test_a_call_on_its_way_when_the_alert_ended_and_then_failed_is_dropped(store, add_channel, alert, now):
    add_channel(team="emergency")
    alert(teams=store_teams())
    (taken,) = lease(store, now)
    store.alerts.act(1, "diverted", "h", reason="full", now=now)
    store.deliveries.record([Outcome(taken.id, "failed", "answered 500")], ME, now=now)
    assert of(store, taken.id).state == "dropped"
    assert ways(store, "stand_down") == []


@pytest.mark.parametrize("lost", [True, False])
def test_a_stand_down_goes_out_after_the_call_that_is_on_the_same_way(store, add_channel, alert, now, lost):
    add_channel(team="emergency")
    alert(teams=store_teams())
    (first,) = lease(store, now)
    store.deliveries.record([Outcome(first.id, "delivered")], ME, now=now)
    later = now + 3 * MINUTE
    store.alerts.work_off(later)
    assert {one.kind for one in lease(store, later)} == {"call"}
    store.alerts.act(1, "cancelled", "d", now=later)
    assert len(ways(store, "stand_down")) == 1
    assert lease(store, later, OTHER) == []
    if lost:  # whoever sent it was killed
        later += store.deliveries.trying.lease
        assert lease(store, later - SECOND, OTHER) == []
    else:
        calls = [one.id for one in store.deliveries.list() if one.state == "waiting" and one.kind == "call"]
        store.deliveries.record([Outcome(one, "delivered") for one in calls], ME, now=later)
    assert [one.kind for one in lease(store, later, OTHER)] == ["stand_down"]
    assert lease(store, later, OTHER) == []


@pytest.mark.parametrize("killed", [True, False])
def test_who_was_perhaps_told_is_stood_down(store, add_channel, alert, now, killed):
    add_channel(team="emergency")
    alert(teams=store_teams())
    (taken,) = lease(store, now)
    if killed:
        store.alerts.act(1, "cancelled", "d", now=now)
        assert ways(store, "stand_down") == []
        found = lease(store, now + store.deliveries.trying.lease, OTHER)
        assert found == []  # nobody calls for an alert that has ended
        now += store.deliveries.trying.lease
    else:
        store.deliveries.record([Outcome(taken.id, "perhaps", "no whole answer in time")], ME, now=now)
        store.alerts.act(1, "cancelled", "d", now=now)
    assert of(store, taken.id).state == "dropped"
    assert [way[0] for way in ways(store, "stand_down")] == ["emergency"]
    assert [one.kind for one in lease(store, now, OTHER)] == ["stand_down"]


def test_a_closed_alert_drops_its_calls_and_stands_nobody_down(store, add_channel, alert, now):
    add_channel()
    alert()
    taken = lease(store, now, most=1)
    store.deliveries.record([Outcome(taken[0].id, "delivered")], ME, now=now)
    store.cases.record(1, "closed", now, "crew", now=now)
    assert [one.state for one in store.deliveries.list()] == ["delivered", "dropped", "dropped"]
    assert lease(store, now + timedelta(days=1)) == []


def test_what_came_of_a_deleted_case_is_no_matter(store, add_channel, alert, new_case, now):
    add_channel()
    alert()
    taken = lease(store, now)
    store.cases.add(new_case(), now=now + timedelta(days=181))
    store.deliveries.record([Outcome(taken[0].id, "delivered")], ME, now=now + timedelta(days=181))
    assert store.deliveries.list() == []


def test_deliveries_are_listed_by_hospital_alert_and_page(store, add_channel, alert):
    add_channel()
    alert()
    alert(hospital_id="b", override_reason="x")

    def listed(**how):
        return [one.id for one in store.deliveries.list(**how)]

    assert listed() == [1, 2, 3, 4, 5, 6]
    assert (listed(hospital="b"), listed(hospital="z")) == ([4, 5, 6], [])
    assert (listed(alert_id=1), listed(alert_id=2**70)) == ([1, 2, 3], [])
    assert (listed(after=2, most=2), listed(after=2**70)) == ([3, 4], [])


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1))
def test_the_wait_grows_to_its_bound_and_is_never_nothing(attempts, chance):
    trying = Trying(timedelta(seconds=30), timedelta(hours=2), 60.0)
    wait, more = trying.wait(attempts, chance), trying.wait(attempts + 1, chance)
    assert timedelta(seconds=1) <= wait <= more <= MINUTE
    assert trying.wait(attempts, 1.0) * 2 == trying.wait(attempts, 0.0)
