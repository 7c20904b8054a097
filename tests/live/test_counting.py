from datetime import timedelta

import pytest

from stroke_map.live.channels import NewChannel
from stroke_map.live.counting import count
from stroke_map.live.deliveries import Outcome

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def alert(store, new_case, new_alert, now):
    """Alerts hospital `a` for a case of its own, so long after `now`; gives the alert's id."""
    made = []

    def send(later=timedelta(0)):
        at = now + later
        case = store.cases.add(new_case(), now=at)
        made.append(store.alerts.create(new_alert(case_id=case.id), key=str(case.id), digest="d", now=at))
        return len(made)

    return send


def test_where_there_is_nothing_nothing_is_counted(store, now):
    found = count(store, now)
    assert (found.alerts, found.waiting, found.due_since, found.dead, found.dead_lately) == ({}, 0, None, {}, 0)


def test_every_alert_that_stands_counts_for_the_state_that_it_shows(store, alert, now):
    for number in range(9):
        alert(number * SECOND)
    act = [(2, "delivered", "radiology"), (3, "acknowledged", "radiology"), (5, "activated", "neurology")]
    act += [(4, "acknowledged", team) for team in ("emergency", "radiology", "neurology")]
    act += [(7, "cancelled", ""), (8, "diverted", ""), (9, "activated", "emergency")]
    for alert_id, kind, team in act:
        store.alerts.act(alert_id, kind, "x", team=team, reason="y", now=now + MINUTE)
    store.cases.record(6, "door", now + MINUTE, "x", now=now + MINUTE)
    found = count(store, now + MINUTE)
    shown = {}
    for one in store.alerts.list(now=now + MINUTE):
        state = one.as_json(now + MINUTE, store.alerts.timers)["state"]
        shown.setdefault(state, []).append(one.alert.created_at)
    standing = {state: (len(at), min(at)) for state, at in shown.items() if state not in {"cancelled", "diverted"}}
    assert found.alerts == standing
    assert standing.keys() == {"created", "delivered", "acknowledged", "activated", "arrived"}
    assert standing["activated"] == (2, now + 4 * SECOND)


def test_a_message_that_was_sent_counts_for_its_alert_and_one_given_up_by_kind_and_way(store, alert, now):
    for kind in ("email", "webhook"):
        target = {"email": "h@h.example", "webhook": "https://h.example/"}[kind]
        new = NewChannel(hospital_id="a", team="emergency", kind=kind, target=target, secret="whsec_eA==", author="x")
        store.channels.add(new, now=now)
    alert()
    assert count(store, now).waiting == 2
    taken = {one.via: one.id for one in store.deliveries.lease("me", now=now, most=9)}
    outcomes = [Outcome(taken["email"], "sent"), Outcome(taken["webhook"], "refused", "no")]
    store.deliveries.record(outcomes, "me", now=now)
    found = count(store, now)
    assert found.alerts == {"sent": (1, now)}
    assert (found.waiting, found.dead, found.dead_lately) == (0, {("call", "webhook"): 1}, 1)
    later = count(store, now + timedelta(days=2))
    assert (later.dead, later.dead_lately) == ({("call", "webhook"): 1}, 0)


def test_what_is_due_counts_since_it_was_unless_somebody_is_at_it(store, alert, now):
    new = NewChannel(hospital_id="a", kind="sms", target="+861", secret="", author="x", team="radiology")
    store.channels.add(new, now=now)
    assert count(store, now).due_since is None
    alert(MINUTE)
    assert count(store, now).due_since is None
    assert count(store, now + 5 * MINUTE).due_since == now + MINUTE
    store.deliveries.lease("me", now=now + 5 * MINUTE, most=9)
    assert count(store, now + 5 * MINUTE).due_since is None
    until = now + 5 * MINUTE + store.deliveries.trying.lease
    assert (count(store, until).due_since, count(store, until).waiting) == (now + MINUTE, 1)
