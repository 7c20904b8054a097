from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from stroke_map.errors import ConflictError, InvalidRequestError, NotFoundError
from stroke_map.live import alert_records
from stroke_map.live.alert_records import ANOTHER_DESTINATION, BY_ITSELF, SHOWN_AFTER
from stroke_map.live.alert_rules import standing_of
from stroke_map.live.alerts import TEAMS_OF, callees_of, telephone_of
from stroke_map.live.case_records import CASE_TOPIC
from stroke_map.live.case_tables import deliveries
from stroke_map.registry import Hospital

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def alerted(store, new_case, new_alert, now):
    """A store with one case, whose hospital `a` is alerted."""
    store.cases.add(new_case(), now=now)
    store.alerts.create(new_alert(), key="1", digest="d", now=now)
    return store


def outbox(store, kind=None):
    """(alert, kind, team, contact, phone) in the order in which they were written."""
    wanted = select(deliveries).order_by(deliveries.c.id)
    with store.reading() as connection:
        rows = connection.execute(wanted).all()
    return [(r.alert_id, r.kind, r.team, r.contact, r.phone) for r in rows if kind in {None, r.kind}]


def state_of(store, alert_id):
    found = store.alerts.get(alert_id)
    return standing_of(found.alert, found.happenings).state


def test_an_alert_and_its_first_calls_are_written_together(alerted, now):
    assert outbox(alerted) == [
        (1, "call", "emergency", 0, "1"),
        (1, "call", "radiology", 0, ""),
        (1, "call", "neurology", 0, "7"),
    ]
    (found,) = alerted.alerts.list(now=now)
    assert (found.id, found.hospital_id, found.alert.created_at, found.case.id) == (1, "a", now, 1)
    assert found.alert.eta == now + 30 * MINUTE


def test_the_same_request_twice_is_done_once_and_answered_alike(alerted, new_alert, now):
    first = alerted.alerts.create(new_alert(), key="1", digest="d", now=now + MINUTE)
    alerted.alerts.act(1, "acknowledged", "Li", team="emergency", now=now + MINUTE)
    assert alerted.alerts.create(new_alert(), key="1", digest="d", now=now + 2 * MINUTE) == first
    assert orjson.loads(first)["id"] == 1
    assert len(alerted.alerts.list(now=now, include_ended=True)) == 1
    with pytest.raises(ConflictError, match="another request"):
        alerted.alerts.create(new_alert(), key="1", digest="e", now=now)


def test_a_key_belongs_to_who_sent_it(alerted, new_alert, now):
    with pytest.raises(ConflictError, match="stands already"):
        alerted.alerts.create(new_alert(author="somebody else"), key="1", digest="d", now=now)


def test_one_request_sent_many_times_at_once_makes_one_alert(store, new_case, new_alert, now):
    store.cases.add(new_case(), now=now)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: store.alerts.create(new_alert(), key="k", digest="d", now=now), range(16)))
    assert len(set(answers)) == 1
    assert len(outbox(store)) == 3


def test_another_destination_stands_the_first_hospital_down_and_alerts_the_second(alerted, new_alert, now):
    alerted.alerts.work_off(now + MINUTE)
    answer = orjson.loads(
        alerted.alerts.create(new_alert(hospital_id="b", override_reason="relatives"), key="2", digest="d", now=now + 2 * MINUTE)
    )  # fmt: skip
    assert (answer["id"], answer["replaces"], answer["hospital"]) == (2, 1, "b")
    first, second = alerted.alerts.list(now=now + 3 * MINUTE)
    told = first.as_json(now + 3 * MINUTE, alerted.alerts.timers)
    assert (told["state"], told["end_reason"], told["next_choice"]) == ("cancelled", ANOTHER_DESTINATION, None)
    assert second.case.hospital_id == "b"
    assert second.case.override_reason == "relatives"
    called = [row[2:] for row in outbox(alerted, "call") if row[0] == 1]
    assert len(called) == 4  # the emergency department's second contact too
    assert sorted(row[2:] for row in outbox(alerted, "stand_down")) == sorted(called)
    assert {row[0] for row in outbox(alerted, "stand_down")} == {1}


def test_if_the_second_alert_cannot_be_written_the_first_stands(alerted, new_alert, now):
    with pytest.raises(IntegrityError):
        alerted.alerts.create(new_alert(hospital_id=None, override_reason="x"), key="2", digest="d", now=now)
    assert state_of(alerted, 1) == "created"
    assert outbox(alerted, "stand_down") == []


@pytest.mark.parametrize("change", [{"override_reason": ""}, {"hospital_id": "z", "override_reason": ""}])
def test_another_hospital_than_the_first_choice_needs_a_reason(alerted, new_alert, now, change):
    with pytest.raises(InvalidRequestError) as caught:
        alerted.alerts.create(new_alert(**{"hospital_id": "b"} | change), key="2", digest="d", now=now)
    assert caught.value.facts["errors"][0]["field"] == "override_reason"
    assert state_of(alerted, 1) == "created"


def test_after_a_diversion_the_next_choice_is_offered_and_needs_no_other_reason(alerted, new_alert, now):
    diverted = alerted.alerts.act(1, "diverted", "Dr Li", reason="CT down", now=now + MINUTE)
    told = diverted.as_json(now, alerted.alerts.timers)
    assert (told["state"], told["end_reason"], told["ended_by"], told["next_choice"]) == (
        "diverted",
        "CT down",
        "Dr Li",
        "b",
    )
    assert len(outbox(alerted, "stand_down")) == 3
    alerted.alerts.create(new_alert(hospital_id="b"), key="2", digest="d", now=now + 2 * MINUTE)
    assert alerted.cases.get(1).override_reason == "a diverted: CT down"
    again = alerted.alerts.act(2, "diverted", "Dr Wu", reason="full", now=now + 3 * MINUTE)
    assert again.next_choice == "c"
    alerted.alerts.create(new_alert(hospital_id="c"), key="3", digest="d", now=now + 4 * MINUTE)
    assert alerted.alerts.act(3, "diverted", "Dr Xu", reason="full", now=now + 5 * MINUTE).next_choice is None


def test_who_acknowledged_first_stays_and_the_same_again_changes_nothing(alerted, now):
    alerted.alerts.act(1, "acknowledged", "Li", team="emergency", now=now + SECOND)
    again = alerted.alerts.act(1, "acknowledged", "Wang", team="emergency", now=now + MINUTE)
    told = again.as_json(now + MINUTE, alerted.alerts.timers)["teams"][0]
    assert (told["team"], told["acknowledged_by"], told["acknowledged_at"]) == ("emergency", "Li", now + SECOND)
    assert (told["activated_at"], told["calls"], told["called_at"]) == (None, 1, now)


def test_two_who_acknowledge_at_once_are_one_acknowledgement(alerted, now):
    def acknowledge(number):
        return alerted.alerts.act(1, "acknowledged", f"nurse {number}", team="emergency", now=now)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(acknowledge, range(12)))
    assert len({standing_of(one.alert, one.happenings).acknowledged["emergency"].by for one in found}) == 1


@pytest.mark.parametrize("kind", ["acknowledged", "activated"])
@pytest.mark.parametrize("team", ["cath_lab", "", "emergency' OR 1=1 --"])
def test_only_a_team_that_is_called_can_answer(alerted, now, kind, team):
    with pytest.raises(InvalidRequestError):
        alerted.alerts.act(1, kind, "Li", team=team, now=now)


def test_what_has_ended_stays_ended_but_the_same_end_again_is_no_mistake(alerted, now):
    alerted.alerts.act(1, "cancelled", "dispatcher", reason="walked home", now=now)
    for kind in ("acknowledged", "activated", "diverted"):
        with pytest.raises(ConflictError) as caught:
            alerted.alerts.act(1, kind, "Li", team="emergency", now=now)
        assert caught.value.facts["state"] == "cancelled"
    again = alerted.alerts.act(1, "cancelled", "somebody else", now=now)
    assert again.as_json(now, alerted.alerts.timers)["ended_by"] == "dispatcher"
    assert len(outbox(alerted, "stand_down")) == 3


@pytest.mark.parametrize("alert_id", [0, 2, -5, 2**31, 2**90])
def test_an_alert_that_is_not_there_and_one_of_another_hospital_look_alike(alerted, now, alert_id):
    for ask in (
        lambda: alerted.alerts.get(alert_id),
        lambda: alerted.alerts.act(alert_id, "cancelled", "x", now=now),
        lambda: alerted.alerts.get(1, hospital="b"),
        lambda: alerted.alerts.act(1, "acknowledged", "x", team="emergency", hospital="b", now=now),
    ):
        with pytest.raises(NotFoundError, match="no alert with that id"):
            ask()
    assert alerted.alerts.get(1, hospital="a").id == 1
    assert state_of(alerted, 1) == "created"


def test_door_and_closed_of_the_case_reach_its_alert(alerted, now):
    alerted.cases.record(1, "door", now + 9 * MINUTE, "crew", now=now + 10 * MINUTE)
    alerted.cases.record(1, "door", now + 8 * MINUTE, "crew", now=now + 10 * MINUTE)
    assert state_of(alerted, 1) == "arrived"
    with pytest.raises(ConflictError):
        alerted.alerts.act(1, "diverted", "Li", reason="full", now=now)
    alerted.cases.record(1, "closed", now + 60 * MINUTE, "crew", now=now + 60 * MINUTE)
    assert state_of(alerted, 1) == "closed"
    assert outbox(alerted, "stand_down") == []


def test_nobody_is_alerted_for_a_closed_case_or_none(alerted, new_alert, now):
    alerted.cases.record(1, "closed", now, "me", now=now)
    with pytest.raises(ConflictError, match="closed"):
        alerted.alerts.create(new_alert(), key="2", digest="d", now=now)
    with pytest.raises(NotFoundError):
        alerted.alerts.create(new_alert(case_id=9), key="3", digest="d", now=now)


def test_who_arrived_and_goes_on_to_another_hospital_closes_the_first_alert(alerted, new_alert, now):
    alerted.cases.record(1, "door", now, "crew", now=now)
    alerted.alerts.create(new_alert(hospital_id="b", override_reason="thrombectomy"), key="2", digest="d", now=now)
    assert (state_of(alerted, 1), state_of(alerted, 2)) == ("closed", "created")
    assert outbox(alerted, "stand_down") == []


def test_a_new_eta_moves_the_timers_and_takes_back_nothing(alerted, now):
    alerted.alerts.act(1, "acknowledged", "Li", team="emergency", now=now + SECOND)
    alerted.alerts.set_eta(1, now + 8 * MINUTE, now=now + 20 * SECOND)
    found = alerted.alerts.get(1)
    assert found.alert.eta == now + 8 * MINUTE
    assert standing_of(found.alert, found.happenings).acknowledged["emergency"].by == "Li"
    timers = alerted.alerts.timers
    assert not found.as_json(now + 179 * SECOND, timers)["telephone_now"]
    assert found.as_json(now + 180 * SECOND, timers)["telephone_now"]
    assert alerted.alerts.work_off(now + 59 * SECOND) == 0
    assert alerted.alerts.work_off(now + 60 * SECOND) == 1  # repeated after 60 s on this drive, not after 120
    assert [row[2] for row in outbox(alerted)[3:]] == ["radiology", "neurology"]


def test_an_eta_without_an_alert_that_stands_changes_nothing(alerted, now):
    alerted.alerts.act(1, "cancelled", "me", now=now)
    before = alerted.version(CASE_TOPIC)
    alerted.alerts.set_eta(1, now + MINUTE, now=now)
    alerted.alerts.set_eta(99, now + MINUTE, now=now)
    assert alerted.version(CASE_TOPIC) == before
    assert alerted.alerts.get(1).alert.eta == now + 30 * MINUTE


def test_what_is_due_is_done_once_by_whoever_comes_first(alerted, now):
    assert alerted.alerts.work_off(now + 59 * SECOND) == 0
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: alerted.alerts.work_off(now + 60 * SECOND), range(6)))
    assert sum(done) == 1
    assert outbox(alerted)[3:] == [(1, "call", "emergency", 1, "2")]
    alerted.alerts.work_off(now + 120 * SECOND)
    assert [row[2:4] for row in outbox(alerted)[4:]] == [("emergency", 0), ("radiology", 0), ("neurology", 0)]


def test_after_a_pause_what_is_due_is_done_some_at_a_time_and_what_waited_longest_first(
    store, new_case, new_alert, now, monkeypatch
):
    monkeypatch.setattr(alert_records, "MOST_AT_ONCE", 2)
    for number, later in enumerate((40, 0, 20, 10, 30)):
        at = now + later * SECOND
        store.alerts.create(
            new_alert(case_id=store.cases.add(new_case(), now=at).id), key=str(number), digest="d", now=at
        )
    before = len(outbox(store))
    at, done = now + 10 * MINUTE, []
    while done[-1:] != [0]:
        done.append(store.alerts.work_off(at))
    assert done == [2, 2, 1, 0]
    assert list(dict.fromkeys(row[0] for row in outbox(store)[before:])) == [2, 4, 3, 5, 1]


def test_who_comes_second_changes_nothing(alerted, now):
    assert alerted.alerts.work_off(now + 60 * SECOND) == 1
    before = alerted.version(CASE_TOPIC)
    assert alerted.alerts.work_off(now + 60 * SECOND) == 0
    assert alerted.version(CASE_TOPIC) == before


def test_an_alert_that_nobody_closes_closes_by_itself(alerted, now):
    later = now + timedelta(hours=24)
    assert alerted.alerts.work_off(later) == 1
    told = alerted.alerts.get(1).as_json(later, alerted.alerts.timers)
    assert (told["state"], told["ended_by"], told["ended_at"]) == ("closed", BY_ITSELF, later)
    assert alerted.alerts.work_off(later + timedelta(days=9)) == 0
    assert len(outbox(alerted)) == 3


def test_an_alarm_begins_without_anybody_asking_so_that_pollers_learn_of_it(alerted, now):
    for callees in TEAMS_OF["stroke"]:
        alerted.alerts.act(1, "acknowledged", "Li", team=callees, now=now)
    before = alerted.version(CASE_TOPIC)
    assert alerted.alerts.work_off(now + 299 * SECOND) == 0
    assert alerted.alerts.work_off(now + 300 * SECOND) == 1
    assert alerted.version(CASE_TOPIC) > before
    assert len(outbox(alerted)) == 3


def test_alerts_are_listed_by_hospital_case_and_page_and_ended_ones_for_a_while(store, new_case, new_alert, now):
    for number in range(3):
        case = store.cases.add(new_case(), now=now)
        store.alerts.create(new_alert(case_id=case.id, hospital_id="ab"[number % 2], override_reason="x"), key=str(number), digest="d", now=now)  # fmt: skip
    store.alerts.act(2, "cancelled", "me", now=now)

    def listed(at=now, **how):
        return [alert.id for alert in store.alerts.list(now=at, **how)]

    assert listed() == [1, 2, 3]
    assert listed(now + SHOWN_AFTER - SECOND) == [1, 2, 3]
    assert listed(now + SHOWN_AFTER) == [1, 3]
    assert listed(now + SHOWN_AFTER, include_ended=True) == [1, 2, 3]
    assert (listed(hospital="a"), listed(hospital="b"), listed(hospital="z")) == ([1, 3], [2], [])
    assert (listed(case_id=3), listed(case_id=2**70), listed(after=1, most=1)) == ([3], [], [2])


def test_the_hospital_sees_of_the_case_what_it_needs(alerted, now):
    told = alerted.alerts.get(1).as_json(now, alerted.alerts.timers)
    assert told["case"] == {
        "id": 1,
        "condition": "stroke",
        "vehicle": None,
        "patient": {"age": 70},
        "timeline": {},
    }
    assert (told["telephone"], told["telephone_now"], told["not_activated"], told["author"]) == (
        "1",
        False,
        False,
        "clinical key",
    )


def test_teams_and_numbers_come_from_the_list():
    contacts = [
        {"team": "neurology", "phone": "201"},
        {"team": "emergency", "phone": "101"},
        {"team": "emergency", "phone": "102"},
        {"team": "cath_lab", "phone": "301"},
    ]
    hospital = Hospital(id="h", name_zh="医院", lat=29.5, lon=106.5, phone="120", contacts=contacts)
    assert [(c.team, c.phones) for c in callees_of(hospital, "stroke")] == [
        ("emergency", ("101", "102")),
        ("radiology", ()),
        ("neurology", ("201",)),
    ]
    assert [(c.team, c.phones) for c in callees_of(hospital, "chest_pain")][1:] == [
        ("cardiology", ()),
        ("cath_lab", ("301",)),
    ]
    assert telephone_of(hospital) == "101"
    assert telephone_of(Hospital(id="h", name_zh="医院", lat=29.5, lon=106.5, phone="120")) == "120"


def test_an_alert_gives_way_only_to_somebody_who_saw_it(store, new_case, new_alert, now):
    store.cases.add(new_case(), now=now)
    with pytest.raises(ConflictError):
        store.alerts.create(new_alert(), key="0", digest="0", now=now, instead_of=7)
    store.alerts.create(new_alert(), key="1", digest="1", now=now, instead_of=None)
    other = new_alert(hospital_id="b", override_reason="nearer")
    with pytest.raises(ConflictError) as refused:
        store.alerts.create(other, key="2", digest="2", now=now, instead_of=None)
    assert refused.value.facts == {"alert": 1}
    store.alerts.create(other, key="3", digest="3", now=now, instead_of=1)
    assert store.alerts.get(2).replaces == 1
