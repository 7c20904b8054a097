from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.live.cases import NewCase
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.case_models import CaseList, Eta, FigureList, RecordedCase
from stroke_map.web.models import Problem

ADDRESS = "/api/v1/cases"


@pytest.fixture
def app(live_app):
    return live_app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def question(place):
    return place | {"crs": "WGS-84", "condition": "stroke"}


def problem_of(response, status, code):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, code), body
    return body


def fields_of(response):
    return [error["field"] for error in problem_of(response, 422, "invalid-request")["errors"]]


def test_a_case_keeps_question_and_answer_without_roads(client, clinical, question):
    told = question | {"age": 70, "onset": "2026-05-01T08:00:00+08:00"}
    response = client.post(ADDRESS, json={"question": told, "vehicle": "120-07"}, headers=clinical)
    case = RecordedCase.model_validate(response.get_json())
    assert (response.status_code, response.headers["Location"]) == (201, f"{ADDRESS}/{case.id}")
    assert response.headers["Cache-Control"] == "no-store"
    assert (case.condition, case.vehicle, case.author) == ("stroke", "120-07", "clinical key")
    assert case.question["patient"] == {"age": 70, "onset": "2026-05-01T08:00:00+08:00"}
    assert "age" not in case.question
    assert case.question["profile"] == "ambulance"
    assert case.first_choice == case.hospital == case.answer["hospitals"][0]["id"]
    assert case.answer["decision"]
    assert not {"geometry", "steps", "navigation"} & case.answer["hospitals"][0].keys()
    assert case.timeline == {"onset": datetime(2026, 5, 1, tzinfo=UTC)}
    assert client.get(f"{ADDRESS}/{case.id}", headers=clinical).get_json() == response.get_json()


def test_the_answer_is_the_one_that_a_question_gets(client, clinical, question):
    asked = client.post("/api/v1/route", json=question | {"profile": "ambulance"}, headers=clinical).get_json()
    case = client.post(ADDRESS, json={"question": question}, headers=clinical).get_json()
    assert [one["id"] for one in case["answer"]["hospitals"]] == [one["id"] for one in asked["hospitals"]]
    assert case["answer"]["edition"] == case["edition"] == asked["edition"]


def test_another_hospital_than_the_first_needs_a_reason(client, clinical, question):
    first = client.post(ADDRESS, json={"question": question}, headers=clinical).get_json()
    second = first["answer"]["hospitals"][1]["id"]
    entry = {"question": question, "hospital": second}
    assert fields_of(client.post(ADDRESS, json=entry, headers=clinical)) == ["override_reason"]
    assert fields_of(client.post(ADDRESS, json=entry | {"override_reason": " "}, headers=clinical)) == [
        "override_reason"
    ]
    entry |= {"override_reason": "relatives <script>alert(1)</script>\u202e"}
    case = client.post(ADDRESS, json=entry, headers=clinical).get_json()
    assert (case["hospital"], case["first_choice"]) == (second, first["hospital"])
    assert case["override_reason"] == "relatives <script>alert(1)</script>"
    needless = {"question": question, "hospital": first["hospital"], "override_reason": "none"}
    assert client.post(ADDRESS, json=needless, headers=clinical).get_json()["override_reason"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"question": None}, "question"),
        ({"question": "x"}, "question"),
        ({"hospital": "nowhere"}, "hospital"),
        ({"hospital": "a' OR 1=1 --"}, "hospital"),
        ({"hospital": 7}, "hospital"),
        ({"vehicle": "a\x00"}, "vehicle"),
        ({"vehicle": "x" * 501}, "vehicle"),
        ({"name": "Wang"}, "name"),
        ({"<b>": 1}, "(a name that is not plain a-z)"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_recorded(client, clinical, question, change, field):
    response = client.post(ADDRESS, json={"question": question} | change, headers=clinical)
    assert fields_of(response) == [field]
    assert "Wang" not in response.text
    assert client.get(ADDRESS, headers=clinical).get_json()["cases"] == []


@pytest.mark.parametrize(
    "change", [{"name": "Wang"}, {"age": -1}, {"lat": float("nan")}, {"crs": None}, {"onset": "soon"}]
)
def test_a_mistake_in_the_question_is_named_too_and_names_are_not_taken(client, clinical, question, change):
    response = client.post(ADDRESS, json={"question": question | change}, headers=clinical)
    assert fields_of(response) == list(change)
    assert "Wang" not in response.text


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"question": {}', b'{"question": {"lat": "\\ud800"}}'])
def test_a_body_that_is_no_question_is_refused(client, clinical, content):
    assert client.post(ADDRESS, data=content, headers=clinical).status_code == 422


def test_a_body_too_large_is_not_read(client, clinical):
    problem_of(client.post(ADDRESS, data=b"[" * (16 * 1024 + 1), headers=clinical), 413, "too-large")


def test_moments_are_told_and_corrected(client, clinical, question):
    client.post(ADDRESS, json={"question": question}, headers=clinical)
    events = f"{ADDRESS}/1/events"
    client.post(events, json={"name": "door", "at": "2026-05-01T20:31:00+08:00", "by": "Li"}, headers=clinical)
    response = client.post(events, json={"name": "door", "at": "2026-05-01T20:30:00"}, headers=clinical)
    case = RecordedCase.model_validate(response.get_json())
    assert response.status_code == 200
    assert case.timeline == {"door": datetime(2026, 5, 1, 12, 30, tzinfo=UTC)}
    before = datetime.now(UTC)
    client.post(events, json={"name": "needle"}, headers=clinical)
    told = RecordedCase.model_validate(client.get(f"{ADDRESS}/1", headers=clinical).get_json()).timeline["needle"]
    assert before <= told <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("entry", "fields"),
    [
        ({"name": "death"}, ["name"]),
        ({}, ["name"]),
        ({"name": "door", "at": "yesterday"}, ["at"]),
        ({"name": "door", "at": 1777777777}, ["at"]),
        ({"name": "door", "by": "a\x07"}, ["by"]),
        ({"name": "door", "patient": "Wang"}, ["patient"]),
    ],
)
def test_a_moment_that_means_nothing_is_refused(client, clinical, question, entry, fields):
    client.post(ADDRESS, json={"question": question}, headers=clinical)
    assert fields_of(client.post(f"{ADDRESS}/1/events", json=entry, headers=clinical)) == fields


def test_clocks_may_disagree_by_five_minutes_and_no_more(client, clinical, question):
    client.post(ADDRESS, json={"question": question}, headers=clinical)
    for minutes, status in ((4, 200), (6, 422)):
        at = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
        entry = {"name": "door", "at": at}
        assert client.post(f"{ADDRESS}/1/events", json=entry, headers=clinical).status_code == status


def test_closed_cases_leave_the_list_and_pages_follow(client, clinical, question):
    for _ in range(3):
        client.post(ADDRESS, json={"question": question}, headers=clinical)
    closed = client.post(f"{ADDRESS}/2/events", json={"name": "closed"}, headers=clinical).get_json()
    assert closed["closed_at"] == closed["timeline"]["closed"]

    def listed(**query):
        found = CaseList.model_validate(client.get(ADDRESS, query_string=query, headers=clinical).get_json())
        return [case.id for case in found.cases], found.more

    assert listed() == ([1, 3], False)
    assert listed(include_closed="true", most=2) == ([1, 2], True)
    assert listed(include_closed="true", after=2) == ([3], False)
    assert fields_of(client.get(f"{ADDRESS}?most=0&after=-1&x=1", headers=clinical)) == ["after", "most", "x"]


def test_the_position_gives_the_arrival_and_is_not_kept(client, clinical, question, app, demo_edition):
    case = client.post(ADDRESS, json={"question": question}, headers=clinical).get_json()
    gate = next(hospital for hospital in demo_edition.hospitals if hospital.id == case["hospital"])
    before = datetime.now(UTC)
    response = client.post(
        f"{ADDRESS}/1/position", json={k: question[k] for k in ("lat", "lon", "crs")}, headers=clinical
    )
    told = Eta.model_validate(response.get_json())
    assert (told.case, told.hospital) == (1, case["hospital"])
    assert told.travel_time_s == pytest.approx(case["answer"]["hospitals"][0]["travel_time_s"], abs=0.1)
    assert told.distance_m == pytest.approx(case["answer"]["hospitals"][0]["distance_m"], abs=0.1)
    late = told.eta - before - timedelta(seconds=told.travel_time_s)  # told to a tenth of a second
    assert timedelta(seconds=-0.1) <= late < timedelta(seconds=30)
    there = {"lat": gate.entrance_lat, "lon": gate.entrance_lon, "crs": "WGS-84", "bearing": 90.0}
    assert client.post(f"{ADDRESS}/1/position", json=there, headers=clinical).get_json()["travel_time_s"] < 60
    stored = app.extensions["stroke_map.live_store"].cases.get(1)
    assert stored.timeline == {}
    assert str(gate.entrance_lat) not in str(stored.question)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lat": 0.0, "lon": 0.0}, (404, "outside-area")),
        ({"lat": 91.0}, (422, "invalid-request")),
        ({"lat": "29,5"}, (422, "invalid-request")),
        ({"crs": None}, (422, "invalid-request")),
        ({"bearing": 361.0}, (422, "invalid-request")),
        ({"bearing": float("nan")}, (422, "invalid-request")),
        ({"speed": 1}, (422, "invalid-request")),
    ],
)
def test_a_position_that_means_nothing_is_refused(client, clinical, question, change, told):
    client.post(ADDRESS, json={"question": question}, headers=clinical)
    entry = {name: question[name] for name in ("lat", "lon", "crs")} | change
    problem_of(client.post(f"{ADDRESS}/1/position", json=entry, headers=clinical), *told)


def test_a_closed_case_moves_no_more(client, clinical, question, place):
    client.post(ADDRESS, json={"question": question}, headers=clinical)
    client.post(f"{ADDRESS}/1/events", json={"name": "closed"}, headers=clinical)
    entry = place | {"crs": "WGS-84"}
    problem_of(client.post(f"{ADDRESS}/1/position", json=entry, headers=clinical), 409, "conflict")


@pytest.mark.parametrize("case_id", ["2", "0", "-1", "x", "1;DROP TABLE cases", "9" * 30, "１"])
def test_a_case_that_is_not_there(client, clinical, question, place, case_id):
    client.post(ADDRESS, json={"question": question}, headers=clinical)
    problem_of(client.get(f"{ADDRESS}/{case_id}", headers=clinical), 404, "not-found")
    problem_of(client.post(f"{ADDRESS}/{case_id}/events", json={"name": "door"}, headers=clinical), 404, "not-found")
    position = place | {"crs": "WGS-84"}
    problem_of(client.post(f"{ADDRESS}/{case_id}/position", json=position, headers=clinical), 404, "not-found")


def test_what_is_left_of_deleted_cases_can_be_read(client, clinical, question, app):
    old = NewCase(condition="stroke", question={}, answer={"hospitals": []}, edition="2025.1", first_choice="a",
                  hospital_id="a", author="x")  # fmt: skip
    records = app.extensions["stroke_map.live_store"].cases
    records.add(old, now=datetime(2025, 3, 1, tzinfo=UTC))
    assert client.get("/api/v1/case-figures", headers=clinical).get_json() == {"figures": []}
    client.post(ADDRESS, json={"question": question}, headers=clinical)
    (figure,) = FigureList.model_validate(client.get("/api/v1/case-figures", headers=clinical).get_json()).figures
    assert (figure.month, figure.hospital_id, figure.measure, figure.cases) == ("2025-03", "a", "cases", 1)
    problem_of(client.get(f"{ADDRESS}/1", headers=clinical), 404, "not-found")


READS = [("get", ADDRESS), ("get", f"{ADDRESS}/1"), ("get", "/api/v1/case-figures")]
WRITES = [("post", ADDRESS), ("post", f"{ADDRESS}/1/events"), ("post", f"{ADDRESS}/1/position")]


@pytest.mark.parametrize(("method", "address"), [*READS, *WRITES])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_nobody_unknown_learns_or_changes_anything(client, method, address, headers):
    problem_of(getattr(client, method)(address, headers=headers), 401, "unauthorized")


@pytest.mark.parametrize(("method", "address"), WRITES)
@pytest.mark.parametrize("role", ["hospital", "auditor", "editor", "administrator"])
def test_who_may_not_change_a_case(client, key_of, method, address, role):
    headers = key_of(role, "cq-001" if role == "hospital" else "")
    problem_of(getattr(client, method)(address, json={"name": "closed"}, headers=headers), 403, "forbidden")


def test_a_hospital_sees_the_cases_that_go_there_and_no_other(client, clinical, question, key_of):
    case = client.post(ADDRESS, json={"question": question}, headers=clinical).get_json()
    own, other = key_of("hospital", case["hospital"]), key_of("hospital", case["answer"]["hospitals"][1]["id"])
    assert [one["id"] for one in client.get(ADDRESS, headers=own).get_json()["cases"]] == [1]
    assert client.get(f"{ADDRESS}/1", headers=own).status_code == 200
    assert client.get(ADDRESS, headers=other).get_json()["cases"] == []
    problem_of(client.get(f"{ADDRESS}/1", headers=other), 404, "not-found")


def test_the_public_plane_knows_no_cases(demo_geodata, tmp_path, clinical, settings):
    public = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=tmp_path, clinical_key=settings.clinical_key, plane="public"
    )
    client = create_app(public).test_client()
    for address in (ADDRESS, "/api/v1/alerts", "/api/v1/case-figures"):
        problem_of(client.get(address, headers=clinical), 404, "not-found")


def test_a_case_that_is_sent_again_by_its_key_is_the_same_case(client, clinical, question):
    keyed = clinical | {"Idempotency-Key": "one intention"}
    first = client.post(ADDRESS, json={"question": question}, headers=keyed).get_json()
    assert client.post(ADDRESS, json={"question": question}, headers=keyed).get_json() == first
    assert client.post(ADDRESS, json={"question": question}, headers=clinical).get_json()["id"] == first["id"] + 1
    other = client.post(ADDRESS, json={"question": question, "vehicle": "7"}, headers=keyed)
    problem_of(other, 409, "conflict")
    for key in ("", "x" * 101, "schlüssel"):
        refused = client.post(ADDRESS, json={"question": question}, headers=clinical | {"Idempotency-Key": key})
        assert fields_of(refused) == ["Idempotency-Key"]


def test_a_case_that_is_sent_again_is_the_same_though_another_hospital_comes_first_by_now(client, clinical, question):
    keyed = clinical | {"Idempotency-Key": "one intention"}
    first = client.post("/api/v1/route", json=question, headers=clinical).get_json()["hospitals"][0]["id"]
    entry = {"question": question, "hospital": first}
    begun = client.post(ADDRESS, json=entry, headers=keyed)
    said = {"kind": "diversion", "reason": "test"}
    assert client.put(f"/api/v1/hospitals/{first}/status", json=said, headers=clinical).status_code == 200
    again = client.post(ADDRESS, json=entry, headers=keyed)
    assert (again.status_code, again.get_json()) == (201, begun.get_json())
    assert again.headers["Location"] == begun.headers["Location"]
    assert fields_of(client.post(ADDRESS, json=entry, headers=clinical)) == ["override_reason"]


def test_a_moment_that_somebody_else_has_recorded_meanwhile_is_not_overwritten(client, clinical, question):
    case = client.post(ADDRESS, json={"question": question}, headers=clinical).get_json()
    events = f"{ADDRESS}/{case['id']}/events"
    first = client.post(events, json={"name": "door", "instead_of": None}, headers=clinical).get_json()
    told = first["timeline"]["door"]
    blind = client.post(events, json={"name": "door", "instead_of": None}, headers=clinical)
    assert problem_of(blind, 409, "conflict")["recorded"] == told
    seen = client.post(events, json={"name": "door", "instead_of": told}, headers=clinical)
    assert seen.status_code == 200
    assert seen.get_json()["timeline"]["door"] != told
