"""Whoever asks for what is not theirs, or sends what should be run and not read: every address, every role, every line of free text."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.live.roles import ROLES

DAY = timedelta(days=1)
PASSWORD = "correct horse battery"
#: Who may ask for what. Whoever adds an address says so here; who is not named is refused before anything is looked at.
READERS = {"dispatcher", "crew", "hospital", "auditor"}
ALLOWED = {
    "POST /api/v1/transfer": {"dispatcher", "crew", "hospital"},
    "GET /api/v1/closures": READERS | {"editor"},
    "POST /api/v1/closures": {"dispatcher", "editor"},
    "DELETE /api/v1/closures/{closure_id}": {"dispatcher", "editor"},
    "GET /api/v1/statuses": READERS | {"editor"},
    "PUT /api/v1/hospitals/{hospital_id}/status": {"dispatcher", "hospital"},
    "GET /api/v1/cases": READERS,
    "POST /api/v1/cases": {"dispatcher", "crew"},
    "GET /api/v1/cases/{case_id}": READERS,
    "POST /api/v1/cases/{case_id}/events": {"dispatcher", "crew", "hospital"},
    "POST /api/v1/cases/{case_id}/position": {"dispatcher", "crew"},
    "GET /api/v1/case-figures": {"dispatcher", "auditor"},
    "GET /api/v1/alerts": READERS,
    "POST /api/v1/alerts": {"dispatcher"},
    "GET /api/v1/alerts/{alert_id}": READERS,
    "POST /api/v1/alerts/{alert_id}/acknowledge": {"dispatcher", "hospital"},
    "POST /api/v1/alerts/{alert_id}/activate": {"dispatcher", "hospital"},
    "POST /api/v1/alerts/{alert_id}/received": {"hospital"},
    "POST /api/v1/alerts/{alert_id}/divert": {"dispatcher", "hospital"},
    "POST /api/v1/alerts/{alert_id}/cancel": {"dispatcher"},
    "GET /api/v1/audit": {"auditor", "administrator"},
    "GET /api/v1/audit.csv": {"auditor", "administrator"},
    "GET /api/v1/audit/verify": {"auditor", "administrator"},
    "GET /api/v1/users": {"administrator"},
    "POST /api/v1/users": {"administrator"},
    "DELETE /api/v1/users/{name}": {"administrator"},
    "POST /api/v1/users/{name}/reset": {"administrator"},
    "POST /api/v1/users/{name}/unlock": {"administrator"},
    "GET /api/v1/keys": {"administrator"},
    "POST /api/v1/keys": {"administrator"},
    "POST /api/v1/keys/{key_id}/rotate": {"administrator"},
    "DELETE /api/v1/keys/{key_id}": {"administrator"},
    "GET /api/v1/contacts": {"administrator"},
    "GET /api/v1/quality": {"auditor", "editor", "administrator"},
    "GET /api/v1/quality.csv": {"auditor", "editor", "administrator"},
    "GET /api/v1/quality.xlsx": {"auditor", "editor", "administrator"},
    "GET /api/v1/channels": {"administrator"},
    "POST /api/v1/channels": {"administrator"},
    "DELETE /api/v1/channels/{channel_id}": {"administrator"},
    "GET /api/v1/sheets": {"editor"},
    "POST /api/v1/sheets": {"editor"},
    "GET /api/v1/sheets/{sheet_id}": {"editor"},
    "GET /api/v1/sheets/{sheet_id}/marked.xlsx": {"editor"},
    "POST /api/v1/sheets/{sheet_id}/build": {"editor"},
    "GET /api/v1/sheets/{sheet_id}/report": {"editor"},
    "GET /api/v1/editions": {"editor"},
    "GET /api/v1/editions/{edition_id}/report": {"editor"},
    "POST /api/v1/editions/{edition_id}/publish": {"editor"},
    "POST /api/v1/editions/rollback": {"editor"},
    "GET /api/v1/deliveries": {"dispatcher", "hospital", "auditor", "administrator"},
    "POST /api/v1/deliveries/resend": {"dispatcher", "administrator"},
    "POST /api/v1/deliveries/{delivery_id}/resend": {"dispatcher", "administrator"},
}
#: Addresses that say of themselves who they are for: tests/web/test_session_api.py, tests/stream, tests/web/test_links_api.py.
OTHERS = {
    "GET /api/v1/session",
    "POST /api/v1/account/authenticator",
    "POST /api/v1/account/password",
    "POST /api/v1/account/secret",
    "DELETE /api/v1/session",
    "GET /api/v1/events",
    "POST /api/v1/cases/{case_id}/link",
    "DELETE /api/v1/cases/{case_id}/link",
    "GET /api/v1/cases/{case_id}/crew",
}
#: What is asked for without a body: none is read.
BODILESS = re.compile("^DELETE|}/resend$|/unlock$")
CHANGING = sorted(operation for operation in ALLOWED if not operation.startswith("GET "))


@pytest.fixture
def accounts(live_app):
    return live_app.extensions["stroke_map.live_store"].accounts


@pytest.fixture
def client(live_app):
    return live_app.test_client()


@pytest.fixture
def key_of(accounts, demo_edition):
    """A new key, and what is kept of it."""

    def make(role, lasts=DAY):
        hospital = demo_edition.hospitals[0].id if role == "hospital" else ""
        standing = read_standing(f"key-{role}", role, hospital, "")
        return accounts.add_key(standing, lasts=lasts, by="me", now=datetime.now(UTC))

    return make


@pytest.fixture
def ask(client, demo_edition):
    """Ask for an operation, of a thing that is not there."""

    def do(operation, headers, **sent):
        method, path = operation.split()
        path = re.sub(r"\{\w+\}", "999", path.replace("{hospital_id}", demo_edition.hospitals[0].id))
        if method != "GET" and "data" not in sent:
            sent = {"json": {}} | sent
        return client.open(path, method=method, headers=headers, **sent)

    return do


def code_of(response):
    return response.status_code, (response.get_json() or {}).get("code")


def test_for_every_address_somebody_has_said_who_may(client):
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    guarded = {
        f"{method.upper()} {path}"
        for path, item in paths.items()
        for method, operation in item.items()
        if operation.get("security") and {} not in operation["security"]
    }
    assert guarded - OTHERS == set(ALLOWED)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_is_its_own_and_nothing_else(ask, key_of, role):
    header = {"Authorization": f"Bearer {key_of(role)[1]}"}
    answers = {operation: code_of(ask(operation, header)) for operation in ALLOWED}
    opened = {operation for operation, (status, _) in answers.items() if status not in {401, 403}}
    assert opened == {operation for operation, roles in ALLOWED.items() if role in roles}
    assert {code for status, code in answers.values() if status == 403} == {"forbidden"}


def test_no_key_but_a_whole_one_that_holds_opens_anything(ask, key_of, accounts):
    kept, whole = key_of("dispatcher")
    assert ask("GET /api/v1/cases", {"Authorization": f"Bearer {whole}"}).status_code == 200
    _, other = key_of("administrator")
    revoked, of_revoked = key_of("dispatcher")
    accounts.revoke_key(revoked.id, by="me", now=datetime.now(UTC))
    _, expired = key_of("dispatcher", lasts=timedelta(microseconds=1))
    public, secret = whole[:-43], whole[-43:]
    given = {
        "": None,
        "revoked": of_revoked,
        "expired": expired,
        "its end changed": whole[:-1] + ("a" if whole[-1] != "a" else "b"),
        "cut": whole[:-1],
        "the secret of another": public + other[-43:],
        "the public part": kept.id,
        "without a secret": public,
        "secret alone": secret,
        "kept hash": public + "0" * 64,
        "SQL": f"{public}' OR '1'='1",
        "long": whole + "x" * 5000,
    }
    for what, key in given.items():
        header = {} if key is None else {"Authorization": f"Bearer {key}"}
        for operation in ALLOWED:
            assert code_of(ask(operation, header)) == (401, "unauthorized"), (what, operation)


def test_a_page_of_another_site_changes_nothing_though_the_browser_sends_the_cookie(live_app, accounts):
    secret, now = new_totp_secret(), datetime.now(UTC)
    accounts.add_user(read_standing("li", "dispatcher"), hash_password(PASSWORD), secret, by="me", now=now)
    client = live_app.test_client()
    body = {"name": "li", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    token = client.post("/api/v1/session", json=body).get_json()["csrf_token"]
    for operation in CHANGING:
        method, path = operation.split()
        path = re.sub(r"\{\w+\}", "1", path)
        for headers in ({}, {"X-CSRF-Token": token[::-1]}, {"X-CSRF-Token": token.upper()}):
            response = client.open(path, method=method, data=b"{}", headers=headers)
            assert (response.status_code, response.get_json()["reason"]) == (403, "csrf"), operation
    entry = {"ways": [1], "reason": "x", "author": "y"}
    assert client.post("/api/v1/closures", json=entry, headers={"X-CSRF-Token": token}).status_code != 403
    assert client.get("/api/v1/cases").get_json()["cases"] == []


@pytest.mark.parametrize("operation", [one for one in CHANGING if not BODILESS.search(one)])
def test_a_body_too_large_is_not_read(ask, key_of, operation):
    allowed = sorted(ALLOWED[operation])
    header = {"Authorization": f"Bearer {key_of(allowed[0])[1]}", "Idempotency-Key": "1"}
    limit = {"POST /api/v1/closures": 2 * 1024 * 1024, "POST /api/v1/sheets": 20_000_000}.get(operation, 16 * 1024)
    for content in (b" " * (limit + 1), b'{"a":' * (limit // 5 + 1)):
        assert code_of(ask(operation, header, data=content)) == (413, "too-large")
    assert ask(operation, header, data=b"[" * 10_000).status_code == 422


HOSTILE = [
    "'; DROP TABLE cases; --",
    '" OR ""="',
    "{{ 7 * 7 }}{% for x in ().__class__.__mro__ %}{% endfor %}",
    "${7*7} #{7*7} %(name)s {0.__class__}",
    '"><script>alert(1)</script>',
    "<img src=x onerror=alert(1)>",
    "</script><svg/onload=alert(1)>",
    "javascript:alert(1)//",
    '=HYPERLINK("http://e")\\',
]
TOGETHER = [" ".join(HOSTILE[:5]), " ".join(HOSTILE[5:])]


def texts_in(told):
    """Every text in a JSON value."""
    if isinstance(told, str):
        return [told]
    inside = told.values() if isinstance(told, dict) else told if isinstance(told, list) else []
    return [text for one in inside for text in texts_in(one)]


@pytest.mark.parametrize("words", TOGETHER)
def test_words_are_kept_as_words_and_given_back_as_json_alone(client, clinical, place, demo_edition, words):
    told = []

    def send(path, body, status, method="POST", **headers):
        response = client.open(path, method=method, json=body, headers=clinical | headers)
        assert response.status_code == status, response.get_data(as_text=True)
        told.append(response)
        return response.get_json()

    way = int(demo_edition.network("car").stretch_way_id[0])
    entry = {"ways": [way], "reason": words, "author": words}
    closure = send("/api/v1/closures", entry, 201)["closure"]
    assert (closure["reason"], closure["author"]) == (words, words)
    other = demo_edition.hospitals[1].id
    status = send(f"/api/v1/hospitals/{other}/status", {"kind": "full", "reason": words, "author": words}, 200, "PUT")
    assert status["statuses"][0]["reason"] == words
    question = place | {"crs": "WGS-84", "condition": "stroke"}
    first = send("/api/v1/cases", {"question": question}, 201)
    another = next(one["id"] for one in first["answer"]["hospitals"] if one["id"] != first["hospital"])
    body = {"question": question, "hospital": another, "override_reason": words, "vehicle": words}
    case = send("/api/v1/cases", body, 201)
    assert (case["override_reason"], case["vehicle"]) == (words, words)
    send(f"/api/v1/cases/{case['id']}/events", {"name": "door", "by": words}, 200)
    alert = send("/api/v1/alerts", {"case": first["id"]}, 201, **{"Idempotency-Key": "1"})
    team = {"team": "emergency", "by": words}
    known = send(f"/api/v1/alerts/{alert['id']}/acknowledge", team, 200)
    assert known["teams"][0]["acknowledged_by"] == f"{words} (clinical key)"
    ended = send(f"/api/v1/alerts/{alert['id']}/divert", {"reason": words, "by": words}, 200)
    assert ended["end_reason"] == words
    for path in ("closures", "statuses", "cases", "alerts"):
        told.append(client.get(f"/api/v1/{path}", headers=clinical))
        assert any(words in text for text in texts_in(told[-1].get_json()))
    told.append(client.delete(f"/api/v1/closures/{closure['id']}", query_string={"by": words}, headers=clinical))
    assert told[-1].get_json()["ended_by"] == words
    for response in told:
        assert response.mimetype == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    # Everything is still there: nothing of it was run.
    assert [one["id"] for one in client.get("/api/v1/cases", headers=clinical).get_json()["cases"]] == [1, 2]


@pytest.mark.parametrize("words", TOGETHER)
def test_a_page_runs_nothing_of_why_a_road_is_closed(client, clinical, demo_edition, words):
    """The reason of a closure on the way is the one line of free text that the public is answered with."""
    far = demo_edition.hospitals[-1]
    question = {"lat": far.entrance_lat, "lon": far.entrance_lon, "need": "cardiac_surgery", "condition": "chest_pain"}
    before = client.get("/api/v1/route", query_string=question).get_json()["hospitals"][0]
    line = before["geometry"]["coordinates"]
    middle = line[len(line) // 2 - 1 : len(line) // 2 + 1]
    entry = {"geometry": {"type": "LineString", "coordinates": middle}, "reason": words, "author": "a"}
    assert client.post("/api/v1/closures", json=entry, headers=clinical).status_code == 201
    answer = client.get("/api/v1/route", query_string=question).get_json()
    assert [one["reason"] for one in answer["closures_avoided"]] == [words]
    page = client.get("/map", query_string=question)
    assert page.mimetype == "text/html"
    assert words not in page.text
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    gpx = client.get("/api/v1/route.gpx", query_string=question)
    assert words not in gpx.text


@pytest.mark.parametrize("words", TOGETHER)
def test_what_stands_in_an_address_is_looked_up_and_not_run(client, clinical, words):
    for path in ("cases", "alerts", "closures"):
        for method in ("GET", "DELETE"):
            response = client.open(f"/api/v1/{path}/{words}", method=method, headers=clinical)
            assert response.status_code in {404, 405}
            assert words not in response.text
    for path in ("alerts", "statuses"):
        response = client.get(f"/api/v1/{path}", query_string={"hospital": words}, headers=clinical)
        assert response.status_code in {200, 422}
        assert words not in response.text
        assert response.mimetype in {"application/json", "application/problem+json"}
    searched = client.get("/api/v1/search", query_string={"q": words[:100]})
    assert searched.status_code == 200
    page = client.get(f"/{words}", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "alert(1)" not in page.text
