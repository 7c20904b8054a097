"""`/api/v1/account`: one's own password and authenticator, by whoever knows both, and by nobody else."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.web.account_api import NewSecret
from stroke_map.web.models import Problem

PASSWORD, ANOTHER = "correct horse battery", "battery staple horse"
HASH = hash_password(PASSWORD)
PASSWORDS, SECRETS, AUTHENTICATORS = (f"/api/v1/account/{part}" for part in ("password", "secret", "authenticator"))
STEP = timedelta(seconds=30)


def code(secret, later=0):
    return pyotp.TOTP(secret).at(datetime.now(UTC) + later * STEP)


@pytest.fixture
def store(live_app):
    return live_app.extensions["stroke_map.live_store"]


@pytest.fixture
def secret(store):
    """That of Wang's authenticator."""
    secret = new_totp_secret()
    store.accounts.add_user(read_standing("wang", "crew"), HASH, secret, by="me", now=datetime.now(UTC))
    return secret


@pytest.fixture
def log_in(live_app):
    """A client that shows its CSRF token, and how its log-in was answered."""

    def attempt(shown, password=PASSWORD):
        client = live_app.test_client()
        response = client.post("/api/v1/session", json={"name": "wang", "password": password, "code": shown})
        if response.status_code == 201:
            client.environ_base["HTTP_X_CSRF_TOKEN"] = response.get_json()["csrf_token"]
        return client, response.status_code

    return attempt


@pytest.fixture
def wang(secret, log_in):
    """Wang, logged in by the code of the step before, so that those of this step and the next are good."""
    client, status = log_in(code(secret, -1))
    assert status == 201
    return client


def problem_of(response, status, name):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, name), body
    return body


def changes_in(store):
    """Who changed what, the newest first; the log goes on from test to test."""
    lines = [line for line in store.audit.list() if line["chain"] == "writes" and line["action"].startswith("account.")]
    return [(line["actor"], line["action"], line["about"]["changed"]) for line in lines]


def test_another_password_is_good_at_once_and_ends_every_other_session(wang, secret, store, log_in):
    other, status = log_in(code(secret))
    assert status == 201
    given = {"password": PASSWORD, "code": code(secret, 1), "new_password": ANOTHER}
    changed = wang.post(PASSWORDS, json=given)
    assert (changed.status_code, changed.data, changed.headers["Cache-Control"]) == (204, b"", "no-store")
    assert wang.get("/api/v1/session").status_code == 200
    problem_of(other.get("/api/v1/session"), 401, "unauthorized")
    assert changes_in(store)[0] == ("wang", "account.change_password", "password")
    for words in (PASSWORD, ANOTHER):
        assert words not in str(store.audit.list())
    now = datetime.now(UTC) + 2 * STEP
    shown = pyotp.TOTP(secret).at(now)
    store.log_ins.check("wang", ANOTHER, shown, address="", now=now)
    with pytest.raises(PermissionError):
        store.log_ins.check("wang", PASSWORD, shown, address="", now=now)


def test_another_authenticator_must_show_that_it_is_one(wang, secret, store, log_in):
    _, status = log_in(code(secret))
    assert status == 201
    told = NewSecret.model_validate(wang.post(SECRETS).get_json())
    assert (told.qr.startswith("data:image/svg"), pyotp.parse_uri(told.totp).secret) == (True, told.secret)
    given = {"password": PASSWORD, "code": code(secret, 1), "secret": told.secret}
    wrong = problem_of(wang.post(AUTHENTICATORS, json=given | {"new_code": code(secret, 1)}), 422, "invalid-request")
    assert [error["field"] for error in wrong["errors"]] == ["new_code"]
    shown = code(told.secret)
    assert wang.post(AUTHENTICATORS, json=given | {"new_code": shown}).status_code == 204
    assert wang.get("/api/v1/session").status_code == 200
    assert changes_in(store)[0] == ("wang", "account.change_authenticator", "authenticator")
    assert told.secret not in str(store.audit.list())
    assert log_in(shown)[1] == 401, "what was shown is used"
    now = datetime.now(UTC) + 2 * STEP
    store.log_ins.check("wang", PASSWORD, pyotp.TOTP(told.secret).at(now), address="", now=now)
    with pytest.raises(PermissionError):
        store.log_ins.check("wang", PASSWORD, pyotp.TOTP(secret).at(now), address="", now=now)


@pytest.mark.parametrize("wrong", [{"password": ANOTHER}, {"code": "000000"}, {"code": ""}])
def test_a_browser_that_was_left_open_is_not_enough(wang, secret, store, log_in, wrong):
    given, before = {"password": PASSWORD, "code": code(secret), "new_password": ANOTHER} | wrong, changes_in(store)
    refused = problem_of(wang.post(PASSWORDS, json=given), 403, "forbidden")
    assert refused["reason"] == "not-confirmed"
    assert wang.get("/api/v1/session").status_code == 200, "the session goes on"
    assert changes_in(store) == before
    assert log_in(code(secret))[1] == 201, "nothing has changed"


def test_a_code_is_used_once_and_guesses_are_counted(wang, secret):
    given = {"password": PASSWORD, "code": code(secret), "new_password": ANOTHER}
    assert wang.post(PASSWORDS, json=given).status_code == 204
    problem_of(wang.post(PASSWORDS, json=given | {"password": ANOTHER}), 403, "forbidden")
    statuses = [wang.post(PASSWORDS, json=given | {"code": "000000"}).status_code for _ in range(10)]
    assert statuses[-1] == 429


def test_nobody_else_may(wang, secret, live_app, store):
    given = {"password": PASSWORD, "code": code(secret), "new_password": ANOTHER}
    problem_of(live_app.test_client().post(PASSWORDS, json=given), 401, "unauthorized")
    problem_of(wang.post(PASSWORDS, json=given, headers={"X-CSRF-Token": "x"}), 403, "forbidden")
    standing, lasts = read_standing("machine", "crew"), timedelta(days=1)
    _, key = store.accounts.add_key(standing, lasts=lasts, by="me", now=datetime.now(UTC))
    machine = problem_of(wang.post(PASSWORDS, json=given, headers={"Authorization": f"Bearer {key}"}), 403, "forbidden")
    assert machine["reason"] == "key"


@pytest.mark.parametrize(
    ("address", "given", "field"),
    [
        (PASSWORDS, {"new_password": "short"}, "new_password"),
        (PASSWORDS, {"new_password": "x" * 201}, "new_password"),
        (AUTHENTICATORS, {"secret": "A" * 31, "new_code": "123456"}, "secret"),
        (AUTHENTICATORS, {"secret": "a" * 32, "new_code": "123456"}, "secret"),
    ],
)
def test_what_cannot_be_is_named(wang, address, given, field):
    response = wang.post(address, json={"password": PASSWORD, "code": "123456"} | given)
    assert [error["field"] for error in problem_of(response, 422, "invalid-request")["errors"]] == [field]
