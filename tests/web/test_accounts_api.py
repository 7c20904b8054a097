"""Users and keys by the API: made, shown once, rotated, revoked, and what an administrator cannot do by mistake."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import get_args

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.live.roles import ROLES
from stroke_map.registry import TEAMS
from stroke_map.web.account_models import KeyList, MadeKey, MadeUser, RecordedKey, RecordedUser, Role, UserList
from stroke_map.web.alert_models import Team

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
USERS, KEYS = "/api/v1/users", "/api/v1/keys"


@pytest.fixture
def store(live_app):
    return live_app.extensions["stroke_map.live_store"]


@pytest.fixture
def client(live_app):
    return live_app.test_client()


@pytest.fixture
def log_in(live_app):
    """A client that is logged in and shows its CSRF token; the answer to who asks with a wrong password."""

    def attempt(name, password, secret):
        client = live_app.test_client()
        body = {"name": name, "password": password, "code": pyotp.TOTP(secret).now()}
        response = client.post("/api/v1/session", json=body)
        if response.status_code == 201:
            client.environ_base["HTTP_X_CSRF_TOKEN"] = response.get_json()["csrf_token"]
        return client, response

    return attempt


@pytest.fixture
def admin(store, log_in):
    """A client of the one administrator, whose name is chief."""
    secret, now = new_totp_secret(), datetime.now(UTC)
    store.accounts.add_user(read_standing("chief", "administrator"), HASH, secret, by="me", now=now)
    return log_in("chief", PASSWORD, secret)[0]


@pytest.fixture
def key_of(store):
    def make(role="administrator", scopes=(), hospital=""):
        standing = read_standing(f"key-{role}", role, hospital, scopes=scopes)
        _, whole = store.accounts.add_key(standing, lasts=timedelta(days=1), by="me", now=datetime.now(UTC))
        return {"Authorization": f"Bearer {whole}"}

    return make


def conflict(response, reason):
    assert (response.status_code, response.get_json()["reason"]) == (409, reason)


def test_the_models_know_every_role_and_team():
    assert get_args(Role) == tuple(ROLES)
    assert get_args(Team) == TEAMS


def test_somebody_who_is_added_logs_in_and_is_out_when_revoked(admin, log_in, store):
    response = admin.post(USERS, json={"name": "Wang.Fang", "role": "dispatcher"})
    made = MadeUser.model_validate(response.get_json())
    assert (response.status_code, made.name, made.state, made.created_by) == (201, "wang.fang", "active", "chief")
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    assert base64.b64decode(made.qr.partition("base64,")[2]).startswith(b"<svg")
    secret = pyotp.parse_uri(made.totp).secret
    theirs, answer = log_in("wang.fang", made.password, secret)
    assert answer.status_code == 201
    assert theirs.get("/api/v1/cases").status_code == 200
    revoked = RecordedUser.model_validate(admin.delete(f"{USERS}/wang.fang").get_json())
    assert (revoked.state, revoked.revoked_by) == ("revoked", "chief")
    assert theirs.get("/api/v1/cases").status_code == 401
    assert log_in("wang.fang", made.password, secret)[1].status_code == 401
    listed = admin.get(USERS)
    assert [one.name for one in UserList.model_validate(listed.get_json()).users] == ["chief", "wang.fang"]
    log = json.dumps(store.audit.list(), default=str)
    assert {"accounts.add_user", "accounts.revoke_user"} <= {line["action"] for line in store.audit.list()}
    for words in (listed.text, log):
        assert secret not in words
        assert made.password not in words


def test_a_key_that_a_key_has_made_is_of_the_person_who_made_that_one(admin, client, log_in):
    robot = admin.post(KEYS, json={"name": "robot", "role": "administrator"}).get_json()
    header = {"Authorization": f"Bearer {robot['key']}"}
    made = client.post(KEYS, json={"name": "script", "role": "editor"}, headers=header).get_json()
    rotated = client.post(f"{KEYS}/{made['id']}/rotate", json={}, headers=header).get_json()
    assert [one["created_by"] for one in (robot, made, rotated)] == ["chief"] * 3


def test_a_password_that_was_sent_is_not_sent_back(admin, log_in):
    response = admin.post(USERS, json={"name": "li", "role": "crew", "password": PASSWORD})
    assert MadeUser.model_validate(response.get_json()).password is None
    assert PASSWORD not in response.text
    assert log_in("li", PASSWORD, pyotp.parse_uri(response.get_json()["totp"]).secret)[1].status_code == 201


def test_a_name_is_given_once_so_that_a_request_that_comes_twice_adds_one(admin):
    body = {"name": "li", "role": "crew"}
    assert admin.post(USERS, json=body).status_code == 201
    conflict(admin.post(USERS, json=body), "name-taken")
    admin.delete(f"{USERS}/li")
    conflict(admin.post(USERS, json=body), "name-taken")
    conflict(admin.post(KEYS, json=body), "name-taken")


MISTAKES = [
    ({"name": "a b"}, "name"),
    ({"name": "<img src=x>"}, "name"),
    ({"name": "a\u202eb"}, "name"),
    ({"name": "x" * 65}, "name"),
    ({"name": 5}, "name"),
    ({"role": "king"}, "role"),
    ({"role": "hospital"}, "hospital"),
    ({"hospital": "ex-1"}, "hospital"),
    ({"role": "hospital", "hospital": "nowhere"}, "hospital"),
    ({"team": "everybody"}, "team"),
    ({"surprise": 1}, "surprise"),
]


def test_a_mistake_is_named_and_no_value_repeated(admin):
    more_of_users = [({"password": "hush-hush"}, "password"), ({"password": "x" * 201}, "password")]
    more_of_keys = [({"scopes": ["closures"]}, "scopes"), ({"scopes": "route"}, "scopes"), ({"days": 0}, "days"), ({"days": 1096}, "days")]  # fmt: skip
    for address, mistakes in ((USERS, MISTAKES + more_of_users), (KEYS, MISTAKES + more_of_keys)):
        for fields, named in mistakes:
            response = admin.post(address, json={"name": "n", "role": "crew"} | fields)
            assert response.status_code == 422, fields
            assert [error["field"] for error in response.get_json()["errors"]] == [named]
            assert "hush" not in response.text
    assert admin.post(USERS, data="[", content_type="application/json").status_code == 422
    assert len(admin.get(USERS).get_json()["users"]) == 1
    assert admin.get(KEYS).get_json() == {"keys": []}


def test_an_account_of_a_hospital_is_bound_to_one_of_the_edition(admin, demo_edition):
    body = {"name": "ward", "role": "hospital", "hospital": demo_edition.hospitals[0].id, "team": "neurology"}
    made = MadeUser.model_validate(admin.post(USERS, json=body).get_json())
    assert (made.hospital, made.team) == (body["hospital"], "neurology")


def test_nobody_revokes_the_last_administrator_nor_themselves_by_mistake(admin, key_of, log_in):
    conflict(admin.delete(f"{USERS}/chief"), "myself")
    conflict(admin.delete(f"{USERS}/CHIEF?myself=true"), "last-administrator")
    conflict(admin.delete(f"{USERS}/chief", headers=key_of()), "last-administrator")
    made = admin.post(USERS, json={"name": "deputy", "role": "administrator"}).get_json()
    assert admin.delete(f"{USERS}/chief?myself=no").status_code == 422
    assert admin.delete(f"{USERS}/chief?myself=true").status_code == 200
    assert admin.get(USERS).status_code == 401
    deputy, _ = log_in("deputy", made["password"], pyotp.parse_uri(made["totp"]).secret)
    conflict(deputy.delete(f"{USERS}/deputy?myself=true"), "last-administrator")


def test_a_reset_ends_what_was_and_an_unlock_keeps_it(admin, client, log_in, live_app):
    made = admin.post(USERS, json={"name": "li", "role": "crew"}).get_json()
    secret = pyotp.parse_uri(made["totp"]).secret
    for _ in range(live_app.extensions["stroke_map.settings"].lockout_attempts):
        client.post("/api/v1/session", json={"name": "li", "password": "wrong", "code": "000000"})
    locked = {one.name: one.locked_until for one in UserList.model_validate(admin.get(USERS).get_json()).users}
    assert locked["chief"] is None
    assert locked["li"] > datetime.now(UTC)
    assert log_in("li", made["password"], secret)[1].status_code == 429
    assert RecordedUser.model_validate(admin.post(f"{USERS}/li/unlock").get_json()).locked_until is None
    theirs, answer = log_in("li", made["password"], secret)
    assert answer.status_code == 201
    reset = MadeUser.model_validate(admin.post(f"{USERS}/li/reset", json={}).get_json())
    assert theirs.get("/api/v1/session").status_code == 401
    assert log_in("li", made["password"], secret)[1].status_code == 401
    assert log_in("li", reset.password, pyotp.parse_uri(reset.totp).secret)[1].status_code == 201
    assert admin.post(f"{USERS}/li/reset", json={"password": "short"}).status_code == 422


def test_a_key_works_is_rotated_without_a_gap_and_revoked(admin, client):
    entry = {"name": "dispatch-system", "role": "dispatcher", "scopes": ["cases:read"], "days": 30}
    response = admin.post(KEYS, json=entry)
    made = MadeKey.model_validate(response.get_json())
    assert (response.status_code, made.scopes, made.state) == (201, ["cases:read"], "active")
    assert timedelta(days=29) < made.expires_at - datetime.now(UTC) <= timedelta(days=30)
    conflict(admin.post(KEYS, json=entry), "name-taken")

    def asks(key):
        return client.get("/api/v1/cases", headers={"Authorization": f"Bearer {key}"}).status_code

    assert asks(made.key) == 200
    rotated = MadeKey.model_validate(admin.post(f"{KEYS}/{made.id}/rotate", json={"overlap_hours": 1}).get_json())
    assert (asks(made.key), asks(rotated.key), rotated.scopes) == (200, 200, ["cases:read"])
    conflict(admin.post(f"{KEYS}/{made.id}/rotate", json={}), "replaced")
    revoked = RecordedKey.model_validate(admin.delete(f"{KEYS}/{made.id}").get_json())
    assert (revoked.state, revoked.replaced_by, revoked.revoked_by) == ("revoked", rotated.id, "chief")
    assert (asks(made.key), asks(rotated.key)) == (401, 200)
    listed = admin.get(KEYS)
    assert {one.id for one in KeyList.model_validate(listed.get_json()).keys} == {made.id, rotated.id}
    assert made.key not in listed.text
    for wrong in ({"overlap_hours": 721}, {"overlap_hours": -1}, {"days": "30"}):
        assert admin.post(f"{KEYS}/{rotated.id}/rotate", json=wrong).status_code == 422


@pytest.mark.parametrize("name", ["nobody", "x" * 300, "a%1b[2J", "%E2%80%AE", "..%2F..", "' OR 1=1"])
def test_who_is_not_there_is_not_found(admin, name):
    answers = [
        admin.delete(f"{USERS}/{name}"),
        admin.post(f"{USERS}/{name}/reset", json={}),
        admin.post(f"{USERS}/{name}/unlock"),
        admin.delete(f"{KEYS}/{name}"),
        admin.post(f"{KEYS}/{name}/rotate", json={}),
    ]
    assert {one.status_code for one in answers} == {404}
    assert all("\x1b" not in one.text for one in answers)


def test_only_an_administrator_who_may_gives_out_accounts(client, key_of, demo_edition, admin):
    body = {"name": "thief", "role": "administrator"}

    def ask_all(headers, who=client):
        return {
            who.open(address, method=method, json=body, headers=headers).status_code
            for method, address in (
                ("GET", USERS),
                ("POST", USERS),
                ("DELETE", f"{USERS}/chief"),
                ("POST", f"{USERS}/chief/reset"),
                ("POST", f"{USERS}/chief/unlock"),
                ("GET", KEYS),
                ("POST", KEYS),
                ("POST", f"{KEYS}/x/rotate"),
                ("DELETE", f"{KEYS}/x"),
            )
        }

    assert ask_all({}) == {401}
    for role in set(ROLES) - {"administrator"}:
        hospital = demo_edition.hospitals[0].id if role == "hospital" else ""
        assert ask_all(key_of(role, hospital=hospital)) == {403}, role
    assert ask_all(key_of(scopes=("channels",))) == {403}
    read_only = key_of(scopes=("accounts:read",))
    assert client.get(USERS, headers=read_only).status_code == 200
    assert client.post(USERS, json=body, headers=read_only).status_code == 403
    del admin.environ_base["HTTP_X_CSRF_TOKEN"]
    assert admin.get(USERS).status_code == 200
    assert admin.post(USERS, json=body).status_code == 403, "a page of another site cannot"
