import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import csrf_token, hash_password, new_totp_secret
from stroke_map.web.models import Problem
from stroke_map.web.session_api import Known

ADDRESS = "/api/v1/session"
PASSWORD = "correct horse battery"  # of everybody here
HASH = hash_password(PASSWORD)
DAY = timedelta(days=1)
LOCAL = {"base_url": "https://localhost"}


@pytest.fixture
def app(live_app):
    return live_app


@pytest.fixture
def store(app):
    return app.extensions["stroke_map.live_store"]


@pytest.fixture
def add_user(store):
    def add(name="wang", role="dispatcher", hospital="", team=""):
        secret, now = new_totp_secret(), datetime.now(UTC)
        store.accounts.add_user(read_standing(name, role, hospital, team), HASH, secret, by="me", now=now)
        return secret

    return add


@pytest.fixture
def log_in(app, add_user):
    """A client that is logged in, and the answer it got."""

    def do(role="dispatcher", **how):
        name = f"user-{role}"
        secret = add_user(name, role, **how)
        client = app.test_client()
        body = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        return client, client.post(ADDRESS, json=body, **LOCAL)

    return do


@pytest.fixture
def key_header(store):
    def make(role="dispatcher", scopes=(), hospital="", lasts=DAY):
        standing, now = read_standing(f"key-{role}", role, hospital, "", scopes), datetime.now(UTC)
        key, whole = store.accounts.add_key(standing, lasts=lasts, by="me", now=now)
        return key, {"Authorization": f"Bearer {whole}"}

    return make


def problem_of(response, status, code):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, code), body
    return body


def test_somebody_logs_in_works_and_logs_out(log_in, store):
    client, response = log_in()
    told = Known.model_validate(response.get_json())
    assert (response.status_code, told.name, told.role, told.hospital) == (201, "user-dispatcher", "dispatcher", None)
    assert response.headers["Cache-Control"] == "no-store"
    assert Known.model_validate(client.get(ADDRESS, **LOCAL).get_json()) == told
    assert client.get("/api/v1/closures", **LOCAL).status_code == 200
    assert client.delete(ADDRESS, headers={"X-CSRF-Token": told.csrf_token}, **LOCAL).status_code == 204
    problem_of(client.get(ADDRESS, **LOCAL), 401, "unauthorized")
    actions = [(line.get("actor"), line["action"]) for line in store.audit.list() if line["chain"] == "writes"]
    assert ("user-dispatcher", "session.log_in") in actions
    assert ("user-dispatcher", "session.log_out") in actions


def test_a_session_that_was_ended_is_over_also_for_who_kept_the_cookie(log_in, app):
    client, response = log_in()
    token = client.get_cookie("stroke_map_session").value
    client.delete(ADDRESS, headers={"X-CSRF-Token": response.get_json()["csrf_token"]}, **LOCAL)
    thief = app.test_client()
    thief.set_cookie("stroke_map_session", token)
    problem_of(thief.get(ADDRESS, **LOCAL), 401, "unauthorized")


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_the_cookie_is_hidden_from_scripts_and_other_sites(app, add_user, scheme, secure):
    body = {"name": "wang", "password": PASSWORD, "code": pyotp.TOTP(add_user()).now()}
    response = app.test_client().post(ADDRESS, json=body, base_url=f"{scheme}://localhost")
    parts = {part.strip() for part in response.headers["Set-Cookie"].split(";")}
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= parts
    assert ("Secure" in parts) is secure
    assert "Max-Age=43200" in parts


@pytest.mark.parametrize("token", [None, "", "wrong", "密", "x" * 10_000])
def test_a_session_changes_nothing_without_its_csrf_token(log_in, store, token):
    client, _ = log_in()
    headers = {} if token is None else {"X-CSRF-Token": token.encode().decode("latin-1")}
    for attempt in (
        client.post("/api/v1/closures", json={}, headers=headers, **LOCAL),
        client.post("/api/v1/transfer", json={}, headers=headers, **LOCAL),
        client.delete(ADDRESS, headers=headers, **LOCAL),
    ):
        assert problem_of(attempt, 403, "forbidden")["reason"] == "csrf"
    assert client.get(ADDRESS, **LOCAL).status_code == 200


def test_the_csrf_token_of_another_session_is_refused(log_in):
    (one, _), (_, other) = log_in("dispatcher"), log_in("crew")
    headers = {"X-CSRF-Token": other.get_json()["csrf_token"]}
    problem_of(one.delete(ADDRESS, headers=headers, **LOCAL), 403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"},
        {"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_logs_nobody_in(app, add_user, headers):
    content = f'{{"name": "wang", "password": "{PASSWORD}", "code": "{pyotp.TOTP(add_user()).now()}"}}'
    response = app.test_client().post(ADDRESS, data=content, headers=headers)
    problem_of(response, 403, "forbidden")
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": 3}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"password": "x" * 201}, "password"),
        ({"code": 123456}, "code"),
        ({"code": "1234567"}, "code"),
        ({"more": 1}, "more"),
        ({"password": None}, "password"),
    ],
)
def test_what_is_no_log_in_is_named_by_field_and_never_repeated(app, change, field):
    body = {"name": "wang", "password": PASSWORD, "code": "123456"} | change
    told = problem_of(app.test_client().post(ADDRESS, json=body), 422, "invalid-request")
    assert [mistake["field"] for mistake in told["errors"]] == [field]
    assert PASSWORD not in str(told)


def test_one_password_is_checked_at_a_time(app, add_user):
    secret = add_user()
    lock = app.extensions["stroke_map.log_in_slot"]
    body = {"name": "wang", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    with lock:
        problem_of(app.test_client().post(ADDRESS, json=body), 429, "too-busy")
    assert app.test_client().post(ADDRESS, json=body).status_code == 201
    assert not lock.locked()


def test_a_key_says_whose_it_is_and_has_no_session(app, key_header, clinical):
    client, (_, header) = app.test_client(), key_header("hospital", hospital="ex-1")
    told = Known.model_validate(client.get(ADDRESS, headers=header).get_json())
    assert (told.name, told.hospital, told.expires_at, told.csrf_token) == ("key-hospital", "ex-1", None, None)
    problem_of(client.delete(ADDRESS, headers=header), 401, "unauthorized")
    told = Known.model_validate(client.get(ADDRESS, headers=clinical).get_json())
    assert (told.name, told.role) == ("clinical key", "dispatcher")


def test_a_wrong_key_is_not_made_good_by_a_cookie(log_in):
    client, _ = log_in()
    problem_of(
        client.get("/api/v1/closures", headers={"Authorization": "Bearer sm_wrong"}, **LOCAL), 401, "unauthorized"
    )


def test_a_revoked_or_expired_key_is_refused_from_the_next_request_on(app, key_header, store):
    client, now = app.test_client(), datetime.now(UTC)
    key, header = key_header()
    assert client.get("/api/v1/closures", headers=header).status_code == 200
    store.accounts.revoke_key(key.id, by="me", now=now)
    problem_of(client.get("/api/v1/closures", headers=header), 401, "unauthorized")
    for seconds in (1, 4, 16):
        short, header = key_header(lasts=timedelta(seconds=seconds))
        answered = client.get("/api/v1/closures", headers=header).status_code
        if answered == 200:  # else it expired before it was used once: the machine is busy
            break
    assert answered == 200
    time.sleep(max(0.0, (short.expires_at - datetime.now(UTC)).total_seconds()) + 0.01)
    problem_of(client.get("/api/v1/closures", headers=header), 401, "unauthorized")


@pytest.mark.parametrize(
    ("role", "scopes", "asked", "allowed"),
    [
        ("dispatcher", (), "POST /api/v1/closures", True),
        ("crew", (), "GET /api/v1/closures", True),
        ("crew", (), "POST /api/v1/closures", False),
        ("crew", (), "DELETE /api/v1/closures/1", False),
        ("administrator", (), "GET /api/v1/closures", False),
        ("auditor", (), "GET /api/v1/closures", True),
        ("auditor", (), "POST /api/v1/transfer", False),
        ("editor", (), "POST /api/v1/closures", True),
        ("editor", (), "POST /api/v1/transfer", False),
        ("dispatcher", ("closures:read",), "GET /api/v1/closures", True),
        ("dispatcher", ("closures:read",), "POST /api/v1/closures", False),
        ("dispatcher", ("closures",), "POST /api/v1/transfer", False),
        ("dispatcher", ("route",), "POST /api/v1/transfer", True),
    ],
)
def test_each_role_and_scope_opens_what_it_says(app, key_header, role, scopes, asked, allowed):  # noqa: PLR0917
    method, path = asked.split()
    _, header = key_header(role, scopes)
    response = app.test_client().open(path, method=method, json={}, headers=header)
    if allowed:
        assert response.status_code in {200, 422}
    else:
        problem_of(response, 403, "forbidden")


def test_csrf_tokens_are_not_the_session_token(log_in):
    client, response = log_in()
    token = client.get_cookie("stroke_map_session").value
    assert response.get_json()["csrf_token"] == csrf_token(token) != token
    assert token not in response.get_data(as_text=True)


class TestAlone:
    """What looks into the audit log, or does something to the whole application: each with one of its own."""

    @pytest.fixture
    def app(self, make_live_app):
        return make_live_app()

    @pytest.mark.parametrize(("proxies", "secure", "address"), [(0, False, "127.0.0.1"), (1, True, "203.0.113.7")])
    def test_the_headers_of_a_proxy_are_believed_only_where_there_is_one(self, make_live_app, proxies, secure, address):
        app = make_live_app(trusted_proxies=proxies)
        store, secret = app.extensions["stroke_map.live_store"], new_totp_secret()
        store.accounts.add_user(read_standing("wang", "crew"), HASH, secret, by="me", now=datetime.now(UTC))
        body = {"name": "wang", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "X-Forwarded-Proto": "https"}
        response = app.test_client().post(ADDRESS, json=body, headers=headers)
        assert ("Secure" in response.headers["Set-Cookie"]) is secure
        (line,) = store.audit.list(actor="wang")
        assert line["address"] == address

    def test_brute_force_is_locked_out_with_a_time_to_wait(self, app, add_user, store):
        client, secret = app.test_client(), add_user()
        body = {"name": "wang", "password": "wrong", "code": "000000"}
        for _ in range(5):
            problem_of(client.post(ADDRESS, json=body), 401, "unauthorized")
        right = {"name": "wang", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        response = client.post(ADDRESS, json=right)
        told = problem_of(response, 429, "locked-out")
        assert 1 <= int(response.headers["Retry-After"]) == told["retry_after_s"] <= 31
        app.extensions["stroke_map.read_log"].close()
        refused = [line for line in store.audit.list() if line.get("status") == 401]
        assert [line["about"] for line in refused] == [{"user": "wang"}] * 5

    def test_a_name_that_is_nobody_is_in_no_log(self, app, store):
        body = {"name": "my password", "password": "wrong", "code": "000000"}
        problem_of(app.test_client().post(ADDRESS, json=body), 401, "unauthorized")
        app.extensions["stroke_map.read_log"].close()
        assert store.audit.list() == []

    def test_the_public_plane_knows_no_accounts(self, make_live_app, key_header, place):
        _, header = key_header()
        client = make_live_app(plane="public").test_client()
        problem_of(client.post(ADDRESS, json={}), 404, "not-found")
        query = place | {"profile": "ambulance"}
        problem_of(client.get("/api/v1/route", query_string=query, headers=header), 401, "unauthorized")

    def test_while_accounts_were_never_read_a_key_is_not_called_wrong(self, make_live_app, key_header, live_database):
        _, header = key_header()
        app = make_live_app()
        live_database.take_away()
        problem_of(app.test_client().get(ADDRESS, headers=header), 503, "live-store")

    def test_every_clinical_request_leaves_a_line_without_what_was_told_of_the_patient(
        self, app, key_header, store, place
    ):
        client, (_, header) = app.test_client(), key_header()
        question = place | {"crs": "WGS-84", "condition": "stroke", "age": 73, "onset": "unknown"}
        answer = client.post("/api/v1/route", json=question, headers=header).get_json()
        client.get("/api/v1/route", query_string=place)  # public: nothing is kept of who asks
        client.get("/api/v1/closures", headers=header)
        client.delete("/api/v1/closures/9", headers=header)
        client.post("/api/v1/closures", json={"ways": [1]}, headers=key_header("crew")[1])
        app.extensions["stroke_map.read_log"].close()
        lines = [line for line in reversed(store.audit.list()) if not line["action"].startswith("audit.")]
        assert [(line["actor"], line["action"], line["status"]) for line in lines] == [
            ("key-dispatcher", "route.route_by_post", 200),
            ("key-dispatcher", "closures.list_closures", 200),
            ("key-dispatcher", "closures.end_closure", 404),
            ("key-crew", "closures.add_closure", 403),
        ]
        first = lines[0]
        assert first["about"]["fields"] == ["age", "onset"]
        assert first["about"]["hospitals"] == [hospital["id"] for hospital in answer["hospitals"]]
        assert first["about"]["edition"] == first["edition"] == answer["edition"]
        assert (first["role"], first["address"], first["path"]) == ("dispatcher", "127.0.0.1", "/api/v1/route")
        assert "73" not in str(first["about"])
        assert str(place["lat"]) not in str(lines)

    def test_a_write_stands_in_the_chain_of_writes_once(self, app, key_header, store, demo_edition):
        _, header = key_header()
        way = int(demo_edition.network("car").stretch_way_id[0])
        body = {"ways": [way], "reason": "landslide", "author": "me"}
        assert app.test_client().post("/api/v1/closures", json=body, headers=header).status_code == 201
        app.extensions["stroke_map.read_log"].close()
        (line,) = store.audit.list()
        assert (line["chain"], line["actor"], line["action"]) == ("writes", "key-dispatcher", "closures.add_closure")

    def test_no_request_is_taken_for_the_one_before(self, app, key_header, store):
        client, (_, header) = app.test_client(), key_header()
        client.get("/api/v1/closures", headers=header)
        client.get("/healthz")
        store.accounts.add_key(read_standing("m", "crew"), lasts=DAY, by="me", now=datetime.now(UTC))
        assert [line for line in store.audit.list() if line["chain"] == "writes" and "actor" in line] == []

    def test_an_answer_does_not_wait_for_the_audit(self, app, key_header, store, tmp_path):
        """The folder of the audit cannot be made: answers go on, and what was read waits until it can."""
        (tmp_path / "audit").write_text("in the way")
        client, (_, header) = app.test_client(), key_header()
        assert client.get("/api/v1/closures", headers=header).status_code == 200
        time.sleep(1.5)
        (tmp_path / "audit").unlink()
        app.extensions["stroke_map.read_log"].close()
        assert [line["action"] for line in store.audit.list(actor="key-dispatcher")] == ["closures.list_closures"]
