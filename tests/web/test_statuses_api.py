"""Statuses of hospitals over HTTP: who may say what, what is refused, and the answers in every worker."""

from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.models import Answer, Problem
from stroke_map.web.statuses import HospitalStatuses, StatusList

HOUR = timedelta(hours=1)


@pytest.fixture
def app(live_app):
    return live_app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def worker(app):
    """Another worker over the same database."""
    other = create_app(app.extensions["stroke_map.settings"])
    yield other.test_client()
    other.extensions["stroke_map.read_log"].close()
    other.extensions["stroke_map.live_store"].close()


@pytest.fixture
def key_of(app, demo_edition):
    """The header of a new account."""

    def make(role, **bound):
        now = datetime.now(UTC)
        standing = read_standing(f"a.{role}", role, **bound)
        _, key = app.extensions["stroke_map.live_store"].accounts.add_key(standing, lasts=HOUR, by="test", now=now)
        return {"Authorization": f"Bearer {key}"}

    return make


@pytest.fixture
def asked(place, clinical):
    """The answer of a worker, without the moments in it."""

    def ask(client, **more):
        found = client.get(
            "/api/v1/route", query_string=place | {"condition": "stroke"} | more, headers=clinical
        ).get_json()
        Answer.model_validate(found)
        return {name: value for name, value in found.items() if name not in {"asked_at", "live_state"}}

    return ask


def address(hospital):
    return f"/api/v1/hospitals/{hospital}/status"


FULL = {"kind": "full", "reason": "no beds", "author": "ward 3"}


def problem_of(response, status, code):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, code)
    return body


def field_of(response):
    (mistake,) = problem_of(response, 422, "invalid-request")["errors"]
    return mistake["field"], mistake["problem"]


def test_what_is_said_counts_in_every_worker_and_open_gives_the_answer_before(client, worker, asked, clinical):
    before = asked(worker)
    first = before["hospitals"][0]["id"]
    response = client.put(address(first), json=FULL, headers=clinical)
    said = HospitalStatuses.model_validate(response.get_json())
    assert (response.status_code, said.ended) == (200, [])
    (status,) = said.statuses
    assert (status.hospital_id, status.kind, status.state, status.open_ended) == (first, "full", "active", True)
    assert (status.reason, status.author) == ("no beds", "ward 3 (clinical key)")
    assert status.until - status.created_at == 4 * HOUR

    for each in (client, worker):
        during = asked(each)
        assert during["hospitals"][0]["id"] != first
        assert [(seen["hospital"], seen["kind"], seen["reason"]) for seen in during["statuses_seen"]] == [
            (first, "full", None)
        ]
    clinical_answer = asked(worker, profile="ambulance")
    assert clinical_answer["statuses_seen"][0]["reason"] == "no beds"
    assert first in {beside["id"] for beside in clinical_answer["besides"]["telephone_first"]}

    ending = client.put(address(first), json={"kind": "open", "reason": "beds again"}, headers=clinical)
    over = HospitalStatuses.model_validate(ending.get_json())
    assert (over.statuses, [(each.ended_by, each.end_reason) for each in over.ended]) == (
        [],
        [("clinical key", "beds again")],
    )
    assert asked(client) == asked(worker) == before


def test_only_what_is_named_is_ended(client, clinical, demo_edition):
    hospital = demo_edition.hospitals[0].id
    for kind in ("full", "ct_down", "cath_lab_down"):
        client.put(address(hospital), json=FULL | {"kind": kind}, headers=clinical)
    body = {"kind": "open", "ends": ["ct_down"], "reason": "repaired"}
    found = client.put(address(hospital), json=body, headers=clinical).get_json()
    assert [status["kind"] for status in found["ended"]] == ["ct_down"]
    assert [status["kind"] for status in found["statuses"]] == ["full", "cath_lab_down"]


def test_the_list_holds_what_holds_and_the_history_everything(client, clinical, demo_edition):
    one, other = (hospital.id for hospital in demo_edition.hospitals[:2])
    for hospital in (one, one, other):
        client.put(address(hospital), json=FULL, headers=clinical)

    def listed(**asked):
        response = client.get("/api/v1/statuses", query_string=asked, headers=clinical)
        found = StatusList.model_validate(response.get_json())
        return [status.id for status in found.statuses], found.more

    assert listed() == ([2, 3], False)
    assert listed(include_ended="true") == ([1, 2, 3], False)
    assert listed(include_ended="true", most=2) == ([1, 2], True)
    assert listed(include_ended="true", most=2, after=2) == ([3], False)
    assert listed(hospital=other) == ([3], False)
    assert listed(hospital="nowhere") == ([], False)
    first = client.get("/api/v1/statuses", headers=clinical).get_json()["statuses"][0]
    assert first["name"]["zh"] == demo_edition.hospitals[0].name_zh


def test_until_may_be_near_but_neither_past_nor_far(client, clinical, demo_edition):
    hospital, now = demo_edition.hospitals[0].id, datetime.now(UTC)

    def put(until):
        return client.put(address(hospital), json=FULL | {"until": until}, headers=clinical)

    (status,) = put((now + HOUR).isoformat()).get_json()["statuses"]
    assert (datetime.fromisoformat(status["until"]), status["open_ended"]) == (now + HOUR, False)
    local = (now + HOUR).astimezone(demo_edition.zone).replace(tzinfo=None, microsecond=0)
    (status,) = put(local.isoformat()).get_json()["statuses"]
    assert datetime.fromisoformat(status["until"]) == local.replace(tzinfo=demo_edition.zone)
    assert field_of(put((now - timedelta(seconds=1)).isoformat())) == ("until", "has passed already")
    field, words = field_of(put((now + 5 * HOUR).isoformat()))
    assert field == "until"
    assert "at most 4 hours" in words
    assert field_of(put("tomorrow"))[0] == "until"
    assert field_of(put(1_800_000_000))[0] == "until"
    assert len(client.get("/api/v1/statuses", headers=clinical).get_json()["statuses"]) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "on fire"}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": ["full"]}, "kind"),
        ({"reason": ""}, "reason"),
        ({"reason": " \u202e\u200f "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "a\x1b[2Jb"}, "reason"),
        ({"reason": "\ud800"}, None),
        ({"reason": 7}, "reason"),
        ({"author": ""}, "author"),
        ({"author": "\x07"}, "author"),
        ({"ends": ["full"]}, "ends"),
        ({"kind": "open", "ends": ["open"]}, "ends"),
        ({"kind": "open", "ends": "full"}, "ends"),
        ({"kind": "open", "until": "2099-01-01T00:00:00Z"}, "until"),
        ({"patient": "somebody"}, "patient"),
        ({"hospital_id": "another"}, "hospital_id"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_never_repeated(client, clinical, demo_edition, change, field):
    hospital = demo_edition.hospitals[0].id
    response = client.put(address(hospital), json=FULL | change, headers=clinical)
    body = problem_of(response, 422, "invalid-request")
    if field:
        assert {mistake["field"] for mistake in body["errors"]} == {field}
    assert "somebody" not in response.text
    assert "\x1b" not in response.text
    assert client.get("/api/v1/statuses", headers=clinical).get_json()["statuses"] == []


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"{", b'{"kind": NaN}', b"null"])
def test_a_body_that_is_no_object_is_refused(client, clinical, demo_edition, body):
    response = client.put(address(demo_edition.hospitals[0].id), data=body, headers=clinical)
    problem_of(response, 422, "invalid-request")


def test_a_large_body_is_not_read(client, clinical, demo_edition):
    response = client.put(address(demo_edition.hospitals[0].id), data=b" " * 20_000, headers=clinical)
    problem_of(response, 413, "too-large")


@pytest.mark.parametrize(
    "reason", ["<script>alert(1)</script>", "'; DROP TABLE statuses; --", "{{7*7}}", "断电 \u202e𠀀"]
)
def test_words_are_kept_as_words(client, clinical, demo_edition, reason):
    hospital = demo_edition.hospitals[0].id
    (status,) = client.put(address(hospital), json=FULL | {"reason": reason}, headers=clinical).get_json()["statuses"]
    assert status["reason"] == reason.replace("\u202e", "")
    assert client.get("/api/v1/statuses", headers=clinical).get_json()["statuses"] == [status]


@pytest.mark.parametrize("hospital", ["nowhere", "..", "%00", "a" * 300, "' OR 1=1 --", "医院"])
def test_an_unknown_hospital_is_not_found(client, clinical, hospital):
    response = client.put(f"/api/v1/hospitals/{hospital}/status", json=FULL, headers=clinical)
    problem_of(response, 404, "not-found")


@pytest.mark.parametrize("asked", [{"most": 0}, {"most": 1001}, {"after": -1}, {"after": "x"}, {"nothing": 1}])
def test_a_list_that_cannot_be_is_refused(client, clinical, asked):
    response = client.get("/api/v1/statuses", query_string=asked, headers=clinical)
    problem_of(response, 422, "invalid-request")


def test_nobody_without_a_key_says_or_sees_anything(client, demo_geodata, tmp_path, demo_edition):
    hospital = demo_edition.hospitals[0].id
    problem_of(client.put(address(hospital), json=FULL), 401, "unauthorized")
    problem_of(client.get("/api/v1/statuses"), 401, "unauthorized")
    public = create_app(read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path, plane="public"))
    problem_of(public.test_client().put(address(hospital), json=FULL), 404, "not-found")


def test_a_hospital_speaks_for_itself_alone(client, key_of, demo_edition):
    one, other = (hospital.id for hospital in demo_edition.hospitals[:2])
    header = key_of("hospital", hospital=one)
    (status,) = client.put(address(one), json={"kind": "full", "reason": "no beds"}, headers=header).get_json()[
        "statuses"
    ]
    assert status["author"] == "a.hospital"
    problem_of(client.put(address(other), json=FULL, headers=header), 403, "forbidden")
    assert [each["hospital_id"] for each in client.get("/api/v1/statuses", headers=header).get_json()["statuses"]] == [
        one
    ]


@pytest.mark.parametrize("role", ["crew", "editor", "auditor"])
def test_who_may_only_look_says_nothing(client, key_of, demo_edition, role):
    header = key_of(role)
    problem_of(client.put(address(demo_edition.hospitals[0].id), json=FULL, headers=header), 403, "forbidden")
    assert client.get("/api/v1/statuses", headers=header).status_code == 200


def test_while_the_database_is_away_nothing_is_said_to_be_kept(make_live_app, clinical, live_database, demo_edition):
    client = make_live_app().test_client()
    live_database.take_away()
    response = client.put(address(demo_edition.hospitals[0].id), json=FULL, headers=clinical)
    problem_of(response, 503, "live-store")
