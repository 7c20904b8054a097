"""Links to a case: who makes them, where they lead, and that they lead nowhere else."""

from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.live.case_records import MOST_EVENTS_BY_LINK
from stroke_map.live.cases import BY_HOSPITAL, BY_LINKED_CREW, MOMENTS
from stroke_map.web.case_models import ToldCase
from stroke_map.web.link_models import CrewCase, EndedLinks, MadeLink
from stroke_map.web.models import Problem

CASES, ALERTS = "/api/v1/cases", "/api/v1/alerts"
WRONG = ("smc_", "smc_" + "A" * 43, "smc_" + "é" * 43, "smc_" + "A" * 5000)


@pytest.fixture
def app(live_app):
    return live_app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def case(client, clinical, place):
    """A new case, made at each call."""
    question = place | {"crs": "WGS-84", "condition": "stroke", "age": 70}

    def make(**more):
        return client.post(CASES, json={"question": question} | more, headers=clinical).get_json()

    return make


@pytest.fixture
def link(client, clinical):
    """The header of somebody with a new link to a case."""

    def make(case_id):
        made = MadeLink.model_validate(client.post(f"{CASES}/{case_id}/link", json={}, headers=clinical).get_json())
        return {"Authorization": f"Bearer {made.url.rpartition('/')[2]}"}

    return make


@pytest.fixture
def alert(client, clinical):
    numbers = iter(range(100))

    def make(case_id, **more):
        headers = clinical | {"Idempotency-Key": str(next(numbers))}
        made = client.post(ALERTS, json={"case": case_id, **more}, headers=headers)
        assert made.status_code == 201, made.get_json()
        return made.get_json()

    return make


def problem_of(response, status, code):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, code), body
    return body


def test_a_link_is_shown_once_with_its_picture(client, clinical, case):
    case_id = case()["id"]
    response = client.post(f"{CASES}/{case_id}/link", json={}, headers=clinical)
    made = MadeLink.model_validate(response.get_json())
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")
    assert made.url.startswith("http://localhost/case/smc_")
    assert made.qr.startswith("data:image/svg+xml;base64,")
    assert timedelta(hours=11.9) < made.expires_at - datetime.now(UTC) <= timedelta(hours=12)
    again = client.post(f"{CASES}/{case_id}/link", json={}, headers=clinical).get_json()
    assert again["url"] != made.url


def test_a_link_leads_where_crews_reach_the_server(make_live_app, clinical, place):
    client = make_live_app(crew_url="https://crew.example/").test_client()
    question = place | {"crs": "WGS-84"}
    case_id = client.post(CASES, json={"question": question}, headers=clinical).get_json()["id"]
    made = client.post(f"{CASES}/{case_id}/link", json={}, headers=clinical).get_json()
    assert made["url"].startswith("https://crew.example/case/smc_")


@pytest.mark.parametrize("role", ["crew", "hospital", "editor", "auditor", "administrator"])
def test_dispatchers_alone_make_and_end_links(client, case, key_of, role):
    headers = key_of(role, "h1" if role == "hospital" else "")
    address = f"{CASES}/{case()['id']}/link"
    problem_of(client.post(address, json={}, headers=headers), 403, "forbidden")
    problem_of(client.delete(address, headers=headers), 403, "forbidden")
    problem_of(client.post(address, json={}), 401, "unauthorized")


def test_the_crew_sees_where_to_go_and_who_knows(client, case, link, alert):
    begun = case(vehicle="120-07")
    headers = link(begun["id"])
    address = f"{CASES}/{begun['id']}/crew"
    first = client.get(address, headers=headers)
    seen = CrewCase.model_validate(first.get_json())
    assert (seen.case, seen.vehicle, seen.patient, seen.alert) == (begun["id"], "120-07", {"age": 70}, None)
    assert seen.destination.id == begun["hospital"]
    assert seen.destination.navigation.amap.startswith("https://uri.amap.com/")
    assert not {"question", "answer"} & first.get_json().keys()
    etag = first.headers["ETag"]
    assert client.get(address, headers=headers | {"If-None-Match": etag}).status_code == 304
    alerted = alert(begun["id"])
    known = CrewCase.model_validate(client.get(address, headers=headers | {"If-None-Match": etag}).get_json())
    assert (known.alert.id, known.alert.state) == (alerted["id"], "created")
    assert [team.team for team in known.alert.teams] == ["emergency", "radiology", "neurology"]
    assert known.destination.phone == alerted["telephone"]


def test_the_destination_follows_the_last_alert(client, case, link, alert):
    begun = case()
    headers, second = link(begun["id"]), begun["answer"]["hospitals"][1]["id"]
    alert(begun["id"])
    alert(begun["id"], hospital=second, override_reason="relatives insist")
    seen = CrewCase.model_validate(client.get(f"{CASES}/{begun['id']}/crew", headers=headers).get_json())
    assert (seen.destination.id, seen.alert.state) == (second, "created")


def test_by_a_link_one_tells_moments_and_places_of_that_case(client, clinical, case, link, place):
    begun = case()
    headers, address = link(begun["id"]), f"{CASES}/{begun['id']}"
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
    told = client.post(f"{address}/events", json={"name": "left_scene", "at": at.isoformat()}, headers=headers)
    ToldCase.model_validate(told.get_json())
    assert told.get_json().keys() == {"id", "timeline"}
    whole = client.get(address, headers=clinical).get_json()
    assert datetime.fromisoformat(whole["timeline"]["left_scene"]) == at
    eta = client.post(f"{address}/position", json=place | {"crs": "WGS-84"}, headers=headers)
    assert (eta.status_code, eta.get_json()["case"]) == (200, begun["id"])


def test_each_tells_what_he_sees_happen(client, case, link, alert, key_of):
    begun = case()
    alert(begun["id"])
    for headers, own in ((link(begun["id"]), BY_LINKED_CREW), (key_of("hospital", begun["hospital"]), BY_HOSPITAL)):
        for name in MOMENTS:
            response = client.post(f"{CASES}/{begun['id']}/events", json={"name": name}, headers=headers)
            if name in own:
                assert response.status_code == 200, (name, response.get_json())
            else:
                problem_of(response, 403, "forbidden")


def test_a_link_opens_nothing_else(client, case, link, alert):
    begun, other = case(), case()
    headers, first = link(begun["id"]), alert(begun["id"])
    for address in (
        f"{CASES}/{begun['id']}",
        CASES,
        ALERTS,
        f"{ALERTS}/{first['id']}",
        "/api/v1/statuses",
        "/api/v1/closures",
    ):
        problem_of(client.get(address, headers=headers), 401, "unauthorized")
    for address in (CASES, f"{CASES}/{begun['id']}/link", f"{ALERTS}/{first['id']}/acknowledge", "/api/v1/closures"):
        problem_of(client.post(address, json={}, headers=headers), 401, "unauthorized")
    problem_of(client.get(f"{CASES}/{other['id']}/crew", headers=headers), 404, "not-found")


def test_wrong_foreign_ended_and_forged_links_are_answered_alike(client, clinical, case, link):
    begun, other, over, revoked = (case()["id"] for _ in range(4))
    foreign, closed, ended = link(other), link(over), link(revoked)
    client.post(f"{CASES}/{over}/events", json={"name": "closed"}, headers=clinical)
    told = EndedLinks.model_validate(client.delete(f"{CASES}/{revoked}/link", headers=clinical).get_json())
    assert (told.case, told.ended) == (revoked, 1)
    asked = [
        (begun, foreign),
        (over, closed),
        (revoked, ended),
        (999, foreign),
        *((begun, {"Authorization": f"Bearer {token}".encode().decode("latin-1")}) for token in WRONG),
    ]
    answers = [client.get(f"{CASES}/{number}/crew", headers=headers) for number, headers in asked]
    answers += [
        client.post(f"{CASES}/{number}/{what}", json={}, headers=headers)
        for number, headers in asked
        for what in ("events", "position")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data.replace(answer.headers["X-Request-Id"].encode(), b"") for answer in answers}) == 1


def test_what_was_done_by_a_link_is_in_the_audit_log_and_its_token_is_not(make_live_app, clinical, place):
    app = make_live_app()
    client = app.test_client()
    question = place | {"crs": "WGS-84"}
    begun = client.post(CASES, json={"question": question}, headers=clinical).get_json()
    made = client.post(f"{CASES}/{begun['id']}/link", json={}, headers=clinical).get_json()
    token = made["url"].rpartition("/")[2]
    headers = {"Authorization": f"Bearer {token}"}
    client.post(f"{CASES}/{begun['id']}/events", json={"name": "on_scene"}, headers=headers)
    client.get(f"{CASES}/{begun['id']}/crew", headers=headers)
    app.extensions["stroke_map.read_log"].close()
    lines = app.extensions["stroke_map.live_store"].audit.list()
    written = [line for line in lines if line.get("method") == "POST"]
    assert [line["actor"] for line in written] == ["crew link 1", "clinical key", "clinical key"]
    assert written[1]["about"] == {"link": 1}
    assert [line["actor"] for line in lines if line.get("method") == "GET"] == ["crew link 1"]
    assert token not in str(lines)


def test_a_hospital_tells_moments_of_cases_alerted_to_it_alone(client, clinical, case, alert, key_of):
    begun, unalerted = case(), case()
    first, second = (hospital["id"] for hospital in begun["answer"]["hospitals"][:2])
    ours, theirs = key_of("hospital", first), key_of("hospital", second)
    address = f"{CASES}/{begun['id']}/events"
    problem_of(client.post(f"{CASES}/{unalerted['id']}/events", json={"name": "door"}, headers=ours), 404, "not-found")
    alerted = alert(begun["id"])
    assert client.post(address, json={"name": "door"}, headers=ours).status_code == 200
    problem_of(client.post(address, json={"name": "door"}, headers=theirs), 404, "not-found")
    # It goes on to another hospital: the first may still say when it began its drug.
    alert(begun["id"], hospital=second, override_reason="thrombectomy")
    assert client.post(address, json={"name": "needle"}, headers=ours).status_code == 200
    assert client.post(address, json={"name": "puncture"}, headers=theirs).status_code == 200
    assert alerted["hospital"] == first


def test_a_hospital_that_diverted_or_was_stood_down_tells_nothing_more(client, clinical, case, alert, key_of):
    for ending in ("divert", "cancel"):
        begun = case()
        headers = key_of("hospital", begun["hospital"])
        alerted = alert(begun["id"])
        client.post(f"{ALERTS}/{alerted['id']}/{ending}", json={"reason": "CT down"}, headers=clinical)
        problem_of(
            client.post(f"{CASES}/{begun['id']}/events", json={"name": "door"}, headers=headers), 404, "not-found"
        )


def test_whoever_tells_too_much_by_a_link_leaves_room_for_all_others(client, clinical, case, link, live_app):
    case_id, cases = case()["id"], live_app.extensions["stroke_map.live_store"].cases
    shown, events, now = link(case_id), f"{CASES}/{case_id}/events", datetime.now(UTC)
    for number in range(MOST_EVENTS_BY_LINK):
        cases.record(case_id, "on_scene", now - timedelta(seconds=number), "crew", now=now)
    problem_of(client.post(events, json={"name": "door"}, headers=shown), 409, "conflict")
    assert client.post(events, json={"name": "door"}, headers=clinical).status_code == 200


def test_the_same_moment_told_twice_is_told_once(client, clinical, case, live_app):
    from sqlalchemy import func, select

    from stroke_map.live.case_tables import case_events

    address, at = f"{CASES}/{case()['id']}/events", "2026-05-01T20:30:00+08:00"
    answers = [client.post(address, json={"name": "needle", "at": at}, headers=clinical).data for _ in range(3)]
    assert len(set(answers)) == 1
    with live_app.extensions["stroke_map.live_store"].reading() as connection:
        count = select(func.count()).where(case_events.c.name == "needle")
        assert connection.execute(count).scalar_one() == 1


def test_the_page_of_a_crew_is_kept_by_nobody_and_tells_its_address_to_nobody(client, clinical, case):
    case_id = case(vehicle="120-07")["id"]
    url = client.post(f"{CASES}/{case_id}/link", json={}, headers=clinical).get_json()["url"]
    token = url.rpartition("/")[2]
    page = client.get(f"/case/{token}?lang=en")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for response in (page, client.get("/case/wrong")):
        headers = response.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"].startswith("noindex")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "ETag" not in headers
    assert token not in page.text
    assert '<meta name="robots" content="noindex' in page.text
    assert "120-07" not in page.text, "it holds nothing of the case but its number"


def test_every_link_that_leads_nowhere_gets_the_same_page(client, clinical, case):
    over, revoked = case()["id"], case()["id"]
    urls = [
        client.post(f"{CASES}/{number}/link", json={}, headers=clinical).get_json()["url"] for number in (over, revoked)
    ]
    client.post(f"{CASES}/{over}/events", json={"name": "closed"}, headers=clinical)
    client.delete(f"{CASES}/{revoked}/link", headers=clinical)
    tokens = [*(url.rpartition("/")[2] for url in urls), "smc_" + "A" * 43, "1", "%00", "<script>", "x" * 5000]
    pages = [client.get(f"/case/{token}?lang=zh", headers={"If-None-Match": "*"}) for token in tokens]
    assert {page.status_code for page in pages} == {404}
    assert len({page.data for page in pages}) == 1
    assert "链接无效" in pages[0].text
