import time
from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.errors import LiveStoreError
from stroke_map.live import LiveStore
from stroke_map.live.accounts import Standing
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.settings import read_settings
from stroke_map.web.alert_models import AlertList, RecordedAlert
from stroke_map.web.clock import Clock
from stroke_map.web.counts import Counts
from stroke_map.web.models import Problem

ADDRESS = "/api/v1/alerts"


@pytest.fixture
def app(live_app):
    return live_app


@pytest.fixture
def store(app):
    return app.extensions["stroke_map.live_store"]


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def key_of(store):
    """The header of somebody with a role."""

    def make(role, hospital="", team=""):
        standing = Standing(f"{role} {team}".strip(), role, hospital, team)
        _, key = store.accounts.add_key(standing, lasts=timedelta(days=1), by="test", now=datetime.now(UTC))
        return {"Authorization": f"Bearer {key}"}

    return make


@pytest.fixture
def case(client, clinical, place):
    """A stroke on its way to the first choice."""
    question = place | {"crs": "WGS-84", "condition": "stroke", "age": 70}
    return client.post("/api/v1/cases", json={"question": question, "vehicle": "120-07"}, headers=clinical).get_json()


@pytest.fixture
def alert(client, clinical, case):
    """Sends an alert for the case, with whatever is said besides."""

    def send(key="k-1", **fields):
        entry = {"case": case["id"]} | fields
        return client.post(ADDRESS, json=entry, headers=clinical | {"Idempotency-Key": key})

    return send


def problem_of(response, status, code):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, code), body
    return body


def fields_of(response):
    return [error["field"] for error in problem_of(response, 422, "invalid-request")["errors"]]


def test_one_request_alerts_the_teams_of_a_stroke(alert, case, client, clinical, demo_edition):
    hospital = next(one for one in demo_edition.hospitals if one.id == case["hospital"])
    before = datetime.now(UTC)
    response = alert()
    told = RecordedAlert.model_validate(response.get_json())
    assert (response.status_code, response.headers["Location"]) == (201, f"{ADDRESS}/{told.id}")
    assert (told.state, told.hospital, told.replaces, told.author) == ("created", hospital.id, None, "clinical key")
    assert [(one.team, one.calls) for one in told.teams] == [("emergency", 1), ("radiology", 1), ("neurology", 1)]
    emergency = [one.phone for one in hospital.contacts if one.team == "emergency"]
    assert told.telephone == (emergency or [hospital.phone])[0]
    drive = timedelta(seconds=case["answer"]["hospitals"][0]["travel_time_s"] - 0.1)
    assert drive <= told.eta - before < drive + timedelta(seconds=30)
    assert (told.case.vehicle, told.case.patient) == ("120-07", {"age": 70})
    assert client.get(f"{ADDRESS}/{told.id}", headers=clinical).get_json() == response.get_json()


def test_the_teams_of_chest_pain_are_others(client, clinical, place):
    question = place | {"crs": "WGS-84", "condition": "chest_pain"}
    case = client.post("/api/v1/cases", json={"question": question}, headers=clinical).get_json()
    told = client.post(ADDRESS, json={"case": case["id"]}, headers=clinical | {"Idempotency-Key": "1"}).get_json()
    assert [team["team"] for team in told["teams"]] == ["emergency", "cardiology", "cath_lab"]


def test_the_eta_is_what_is_told_and_reckoned_from_when_the_scene_was_left(alert, client, clinical, case):
    told = alert(eta="2030-05-01T20:30:00").get_json()
    assert datetime.fromisoformat(told["eta"]).astimezone(UTC).year == 2030
    alert_2 = alert(
        key="2", hospital=case["answer"]["hospitals"][1]["id"], override_reason="x", eta="2030-05-01T20:30:00+00:00"
    )
    assert datetime.fromisoformat(alert_2.get_json()["eta"]) == datetime(2030, 5, 1, 20, 30, tzinfo=UTC)
    left = datetime.now(UTC) - timedelta(hours=1)
    client.post("/api/v1/cases/1/events", json={"name": "left_scene", "at": left.isoformat()}, headers=clinical)
    late = alert(key="3", hospital=case["hospital"]).get_json()
    assert datetime.fromisoformat(late["eta"]) == datetime.fromisoformat(late["created_at"])


def test_the_same_request_again_is_answered_alike_and_another_under_its_key_refused(alert, client, clinical):
    first = alert()
    client.post(f"{ADDRESS}/1/acknowledge", json={"team": "emergency"}, headers=clinical)
    again = alert()
    assert (again.status_code, again.data, again.headers["Location"]) == (201, first.data, first.headers["Location"])
    problem_of(alert(eta="2030-05-01T20:30:00"), 409, "conflict")
    assert problem_of(alert(key="k-2"), 409, "conflict")["alert"] == 1
    assert len(client.get(ADDRESS, headers=clinical).get_json()["alerts"]) == 1


@pytest.mark.parametrize("key", [None, "", "x" * 101, "a\tb", "schlüssel"])
def test_a_request_without_a_sound_key_is_refused(client, clinical, case, key):
    headers = clinical | ({} if key is None else {"Idempotency-Key": key})
    assert fields_of(client.post(ADDRESS, json={"case": 1}, headers=headers)) == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"case": "1"}, ["case"]),
        ({"case": None}, ["case"]),
        ({"case": 1.5}, ["case"]),
        ({"hospital": "nowhere"}, ["hospital"]),
        ({"hospital": "a'; DROP TABLE alerts; --"}, ["hospital"]),
        ({"eta": "soon"}, ["eta"]),
        ({"override_reason": "a\x00b"}, ["override_reason"]),
        ({"patient": "Wang"}, ["patient"]),
    ],
)
def test_what_is_wrong_is_named_and_nobody_is_alerted(alert, client, clinical, fields, names):
    response = alert(**fields)
    assert fields_of(response) == names
    assert "Wang" not in response.text
    assert client.get(ADDRESS, headers=clinical).get_json()["alerts"] == []


@pytest.mark.parametrize("number", [0, 2, -1, 2**31, 2**63])
def test_a_case_that_is_not_there_alerts_nobody(alert, number):
    problem_of(alert(case=number), 404, "not-found")


def test_another_destination_stands_the_first_down_visibly(alert, client, clinical, case, key_of):
    alert()
    second = case["answer"]["hospitals"][1]["id"]
    assert fields_of(alert(key="2", hospital=second)) == ["override_reason"]
    told = alert(key="2", hospital=second, override_reason="relatives").get_json()
    assert (told["id"], told["replaces"]) == (2, 1)
    (seen,) = client.get(ADDRESS, headers=key_of("hospital", case["hospital"])).get_json()["alerts"]
    assert (seen["id"], seen["state"], seen["end_reason"]) == (1, "cancelled", "another destination")
    assert client.get("/api/v1/cases/1", headers=clinical).get_json()["hospital"] == second


def test_a_diversion_offers_the_next_choice(alert, client, case, key_of):
    alert()
    hospital = key_of("hospital", case["hospital"])
    assert fields_of(client.post(f"{ADDRESS}/1/divert", json={}, headers=hospital)) == ["reason"]
    assert fields_of(client.post(f"{ADDRESS}/1/divert", json={"reason": " "}, headers=hospital)) == ["reason"]
    told = client.post(f"{ADDRESS}/1/divert", json={"reason": "CT down", "by": "Dr Li"}, headers=hospital).get_json()
    second = case["answer"]["hospitals"][1]["id"]
    assert (told["state"], told["next_choice"], told["ended_by"]) == ("diverted", second, "Dr Li (hospital)")
    assert alert(key="2", hospital=second).status_code == 201


def test_teams_acknowledge_and_activate(alert, client, clinical, case, key_of):
    alert()
    nurse = key_of("hospital", case["hospital"], "emergency")
    client.post(f"{ADDRESS}/1/acknowledge", json={"by": "Li"}, headers=nurse)
    client.post(f"{ADDRESS}/1/acknowledge", json={"by": "Wang"}, headers=nurse)
    for team in ("radiology", "neurology"):
        told = client.post(f"{ADDRESS}/1/acknowledge", json={"team": team}, headers=clinical).get_json()
    assert told["state"] == "acknowledged"
    assert [team["acknowledged_by"] for team in told["teams"]] == [
        "Li (hospital emergency)",
        "clinical key",
        "clinical key",
    ]
    told = client.post(f"{ADDRESS}/1/activate", json={}, headers=nurse).get_json()
    assert (told["state"], told["teams"][0]["activated_by"]) == ("activated", "hospital emergency")
    client.post("/api/v1/cases/1/events", json={"name": "door"}, headers=clinical)
    assert client.get(f"{ADDRESS}/1", headers=clinical).get_json()["state"] == "arrived"
    problem_of(client.post(f"{ADDRESS}/1/divert", json={"reason": "full"}, headers=nurse), 409, "conflict")
    client.post("/api/v1/cases/1/events", json={"name": "closed"}, headers=clinical)
    assert client.get(f"{ADDRESS}/1", headers=clinical).get_json()["state"] == "closed"
    problem_of(alert(key="2"), 409, "conflict")


@pytest.mark.parametrize(
    "entry", [{}, {"team": "cath_lab"}, {"team": "kitchen"}, {"team": ["emergency"]}, {"team": None}]
)
def test_which_team_must_be_said_and_be_one_that_is_called(alert, client, clinical, entry):
    alert()
    for act in ("acknowledge", "activate"):
        assert fields_of(client.post(f"{ADDRESS}/1/{act}", json=entry, headers=clinical)) == ["team"]


def test_a_team_answers_for_itself_alone(alert, client, case, key_of):
    alert()
    nurse = key_of("hospital", case["hospital"], "emergency")
    assert fields_of(client.post(f"{ADDRESS}/1/acknowledge", json={"team": "neurology"}, headers=nurse)) == ["team"]


def test_a_cancelled_alert_is_answered_no_more(alert, client, clinical):
    alert()
    assert fields_of(client.post(f"{ADDRESS}/1/cancel", json={"by": "x"}, headers=clinical)) == ["reason"]
    reason = "walked home <img src=x onerror=alert(1)>"
    told = client.post(f"{ADDRESS}/1/cancel", json={"reason": reason}, headers=clinical)
    assert (told.status_code, told.get_json()["end_reason"], told.mimetype) == (200, reason, "application/json")
    found = problem_of(
        client.post(f"{ADDRESS}/1/acknowledge", json={"team": "emergency"}, headers=clinical), 409, "conflict"
    )
    assert found["state"] == "cancelled"


def test_the_position_of_the_ambulance_reaches_the_alert_and_takes_back_nothing(
    alert, client, clinical, case, demo_edition
):
    alert()
    client.post(f"{ADDRESS}/1/acknowledge", json={"team": "emergency", "by": "Li"}, headers=clinical)
    gate = next(one for one in demo_edition.hospitals if one.id == case["answer"]["hospitals"][2]["id"])
    place = {"lat": gate.entrance_lat, "lon": gate.entrance_lon, "crs": "WGS-84"}
    told = client.post("/api/v1/cases/1/position", json=place, headers=clinical).get_json()
    seen = client.get(f"{ADDRESS}/1", headers=clinical).get_json()
    assert seen["eta"] == told["eta"]
    assert told["travel_time_s"] > 60
    assert seen["teams"][0]["acknowledged_by"] == "Li (clinical key)"


def test_who_polls_is_told_only_of_changes(alert, client, clinical):
    def ask(etag=""):
        return client.get(ADDRESS, headers=clinical | {"If-None-Match": etag})

    nothing = ask()
    assert nothing.headers["Cache-Control"] == "no-cache, private"
    assert (ask(nothing.headers["ETag"]).status_code, ask(nothing.headers["ETag"]).data) == (304, b"")
    alert()
    changed = ask(nothing.headers["ETag"])
    assert (changed.status_code, len(changed.get_json()["alerts"])) == (200, 1)
    assert ask(changed.headers["ETag"]).status_code == 304
    client.post(f"{ADDRESS}/1/acknowledge", json={"team": "emergency"}, headers=clinical)
    assert ask(changed.headers["ETag"]).status_code == 200


def test_alerts_are_listed_by_hospital_case_and_page(alert, client, clinical, case):
    alert()
    alert(key="2", hospital=case["answer"]["hospitals"][1]["id"], override_reason="x")

    def listed(**query):
        found = AlertList.model_validate(client.get(ADDRESS, query_string=query, headers=clinical).get_json())
        return [one.id for one in found.alerts], found.more

    assert listed() == ([1, 2], False)
    assert listed(hospital=case["hospital"]) == ([1], False)
    assert (listed(case=1), listed(case=2), listed(case=-5)) == (([1, 2], False), ([], False), ([], False))
    assert (listed(most=1), listed(after=1, include_ended="true")) == (([1], True), ([2], False))
    bad = "?hospital=a%00b&case=x&most=1001&after=1_0&include_ended=yes"
    assert sorted(fields_of(client.get(f"{ADDRESS}{bad}", headers=clinical))) == [
        "after",
        "case",
        "hospital",
        "include_ended",
        "most",
    ]


ACTS = [("acknowledge", {"team": "emergency"}), ("activate", {"team": "emergency"}), ("divert", {"reason": "full"})]


@pytest.mark.parametrize(("act", "entry"), ACTS)
def test_another_hospitals_alert_cannot_be_seen_or_touched(alert, client, clinical, case, key_of, act, entry):  # noqa: PLR0917
    alert()
    other = key_of("hospital", case["answer"]["hospitals"][1]["id"])
    problem_of(client.post(f"{ADDRESS}/1/{act}", json=entry, headers=other), 404, "not-found")
    problem_of(client.get(f"{ADDRESS}/1", headers=other), 404, "not-found")
    for query in ({}, {"hospital": case["hospital"]}, {"include_ended": "true"}):
        assert client.get(ADDRESS, query_string=query, headers=other).get_json()["alerts"] == []
    assert client.get(f"{ADDRESS}/1", headers=clinical).get_json()["state"] == "created"


@pytest.mark.parametrize("act", ["", "/1/acknowledge", "/1/activate", "/1/divert", "/1/cancel"])
@pytest.mark.parametrize("role", ["crew", "auditor", "editor", "administrator"])
def test_who_may_neither_alert_nor_answer(client, key_of, role, act):
    problem_of(client.post(f"{ADDRESS}{act}", json={}, headers=key_of(role)), 403, "forbidden")


def test_a_hospital_neither_alerts_nor_cancels(alert, client, case, key_of):
    alert()
    hospital = key_of("hospital", case["hospital"])
    for act in ("", "/1/cancel"):
        problem_of(client.post(f"{ADDRESS}{act}", json={"reason": "x"}, headers=hospital), 403, "forbidden")


@pytest.mark.parametrize("act", ["", "/1/acknowledge", "/1/activate", "/1/divert", "/1/cancel"])
def test_nobody_unknown_learns_or_changes_anything(client, act):
    problem_of(client.post(f"{ADDRESS}{act}", json={}), 401, "unauthorized")
    problem_of(client.get(ADDRESS, headers={"Authorization": "Bearer wrong"}), 401, "unauthorized")


@pytest.mark.parametrize("number", ["2", "0", "x", "1%20OR%201=1", "9" * 30])
def test_an_alert_that_is_not_there(alert, client, clinical, number):
    alert()
    problem_of(client.get(f"{ADDRESS}/{number}", headers=clinical), 404, "not-found")
    for act, entry in ACTS:
        problem_of(client.post(f"{ADDRESS}/{number}/{act}", json=entry, headers=clinical), 404, "not-found")


@pytest.mark.parametrize("act", ["", "/1/acknowledge", "/1/divert"])
@pytest.mark.parametrize(("content", "status"), [(b"", 422), (b"[1]", 422), (b"{", 422), (b"[" * 16_385, 413)])
def test_a_body_that_is_none_is_refused(client, clinical, case, act, content, status):  # noqa: PLR0917
    headers = clinical | {"Idempotency-Key": "1"}
    assert client.post(f"{ADDRESS}{act}", data=content, headers=headers).status_code == status


def test_the_clock_of_a_worker_makes_calls_that_are_due_and_outlives_a_database_that_is_away(tmp_path):
    settings = read_settings({}, geodata_dir=tmp_path, alert_repeat_s=0.01)
    store = LiveStore(settings)
    clock = Clock(store, Counts(store), every_s=0.01)
    clock.start()
    try:
        with pytest.raises(LiveStoreError):
            store.alerts.work_off(datetime.now(UTC))
        store.migrate()
        new = NewCase(condition="stroke", question={}, answer={"hospitals": []}, edition="2026.1", first_choice="a",
                      hospital_id="a", author="x")  # fmt: skip
        case, now = store.cases.add(new, now=datetime.now(UTC)), datetime.now(UTC)
        alert = NewAlert(case_id=case.id, hospital_id="a", telephone="", teams=(Callees("emergency"),), author="x")
        store.alerts.create(alert, key="1", digest="d", now=now)
        until = time.monotonic() + 60
        while len(store.alerts.get(1).happenings) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert [happening.kind for happening in store.alerts.get(1).happenings[:3]] == ["called"] * 3
        assert clock.is_alive()
    finally:
        clock.end()
    assert not clock.is_alive()
    store.close()


def test_another_destination_is_refused_to_somebody_who_saw_another_alert(alert, case):
    other = {"hospital": case["answer"]["hospitals"][1]["id"], "override_reason": "nearer"}
    first = alert(instead_of=None).get_json()
    assert problem_of(alert(key="2", **other, instead_of=None), 409, "conflict")["alert"] == first["id"]
    assert alert(key="3", **other, instead_of=first["id"]).get_json()["replaces"] == first["id"]
