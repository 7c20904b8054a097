"""Strangers are refused before Flask; whoever may come in is looked at again behind the door."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from werkzeug.test import Client

from stroke_map.live.accounts import Standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.live.identity import COOKIE
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.door import Door, closed_parts

PASSWORD = "correct horse battery"
KEY = "correct horse battery staple"
STRANGERS = [{}, {"Authorization": "Bearer guessed"}, {"Authorization": "Basic eHg6eHg="}, {"Cookie": f"{COOKIE}=guessed"}, {"Cookie": "lang=en"}]  # fmt: skip


class Counted:
    """An application that counts what it is asked."""

    def __init__(self, application):
        self._application, self.asked = application, 0

    def __call__(self, environ, start_response):
        self.asked += 1
        return self._application(environ, start_response)


@pytest.fixture
def make(demo_geodata, tmp_path):
    def make(plane="clinical", **settings):
        told = {"geodata_dir": demo_geodata, "cache_dir": tmp_path, "clinical_key": KEY, "plane": plane}
        told |= {"database_url": f"sqlite:///{tmp_path}/live.db"} | settings
        return create_app(read_settings({}, **told))

    return make


@pytest.fixture
def behind(make):
    """The clinical plane, what is counted of it, and a client before its door."""
    app = make()
    counted = Counted(app.wsgi_app)
    return app, counted, Client(Door(counted, app), use_cookies=False)


def operations(app):
    """Every operation of the document: method, address, and what it says of who may."""
    for path, item in app.api_doc["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path.replace("{", "").replace("}", ""), operation.get("security")


def test_what_needs_somebody_known_is_closed_and_nothing_else(make):
    clinical, both = closed_parts(make(), to_all=True), closed_parts(make("both"), to_all=False)
    assert clinical - both == {"route", "route.gpx"}
    assert {"alerts", "cases", "closures", "transfer", "audit", "keys", "users", "quality.xlsx"} <= both
    assert not clinical & {"hospitals", "search", "protocols", "session", "openapi.json"}


@pytest.mark.parametrize("headers", STRANGERS)
def test_a_stranger_is_told_at_the_door_what_he_would_be_told_behind_it(behind, headers):
    app, counted, client = behind
    plain, refused = Client(app.wsgi_app, use_cookies=False), 0
    for method, path, _ in operations(app):
        counted.asked = 0
        at_door = client.open(path, method=method, headers=headers)
        if counted.asked:
            continue
        assert at_door.status_code == 401, (method, path)
        inside = plain.open(path, method=method, headers=headers)
        if (
            inside.status_code != 401
        ):  # there a question without a body, or where there is no stream, is told that first
            assert inside.status_code in {404, 422}
            continue
        refused += 1
        names = set(inside.headers.keys()) - {"X-Request-Id", "Vary", "Content-Length"}
        assert {name: at_door.headers.get(name) for name in names} == {name: inside.headers[name] for name in names}
        told = ("type", "title", "status", "code", "next_step")
        assert [at_door.json[name] for name in told] == [inside.json[name] for name in told]
        assert at_door.content_length == len(at_door.data)
    assert refused > 50


@pytest.mark.parametrize(
    "path", ["/healthz", "/login", "/api/v1/hospitals", "/api/v1/openapi.json", "/api/v1/nothing", "/api/v1/", "/route"]
)
def test_what_is_open_to_everybody_stays_open(behind, path):
    _, counted, client = behind
    client.get(path)
    assert counted.asked == 1


def test_who_is_known_comes_in_and_a_crew_with_a_link_too(behind, place):
    _, counted, client = behind
    with_key = client.get("/api/v1/route", query_string=place, headers={"Authorization": f"bearer  {KEY}"})
    assert (with_key.status_code, counted.asked) == (200, 1)
    crew = client.get("/api/v1/cases/7/crew", headers={"Authorization": "Bearer smc_nothing"})
    assert (crew.status_code, crew.json["code"], counted.asked) == (404, "not-found", 2)


def test_a_key_of_an_account_comes_in_until_it_is_taken_back(live_app):
    accounts, now = live_app.extensions["stroke_map.live_store"].accounts, datetime.now(UTC)
    key, whole = accounts.add_key(Standing("north", "dispatcher"), lasts=timedelta(days=1), by="me", now=now)
    counted = Counted(live_app.wsgi_app)
    client, headers = Client(Door(counted, live_app)), {"Authorization": f"Bearer {whole}"}
    assert (client.get("/api/v1/closures", headers=headers).status_code, counted.asked) == (200, 1)
    accounts.revoke_key(key.id, by="me", now=now)
    assert (client.get("/api/v1/closures", headers=headers).status_code, counted.asked) == (401, 1)


def test_a_session_comes_in_until_its_end(live_app):
    store, now, secret = live_app.extensions["stroke_map.live_store"], datetime.now(UTC), new_totp_secret()
    store.accounts.add_user(Standing("wang", "dispatcher"), hash_password(PASSWORD), secret, by="me", now=now)
    counted = Counted(live_app.wsgi_app)
    client = Client(Door(counted, live_app))
    body = {"name": "wang", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    told = client.post("/api/v1/session", json=body)
    assert (told.status_code, counted.asked) == (201, 1)
    client.set_cookie("lang", "en")
    assert (client.get("/api/v1/closures").status_code, counted.asked) == (200, 2)
    token = client.get_cookie(COOKIE).value
    client.delete("/api/v1/session", headers={"X-CSRF-Token": told.json["csrf_token"]})
    client.set_cookie(COOKIE, token)
    assert (client.get("/api/v1/closures").status_code, counted.asked) == (401, 3)


def test_without_its_database_the_door_leaves_the_answer_to_what_stands_behind_it(make, tmp_path):
    (tmp_path / "no folder").touch()
    app = make(database_url=f"sqlite:///{tmp_path}/no folder/live.db")
    counted = Counted(app.wsgi_app)
    client = Client(Door(counted, app))
    answer = client.get("/api/v1/closures", headers={"Authorization": "Bearer sm_1_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    assert (answer.status_code, counted.asked) == (503, 1)


def test_a_refusal_of_head_has_no_body(behind):
    _, counted, client = behind
    answer = client.head("/api/v1/closures")
    assert (answer.status_code, answer.data, counted.asked) == (401, b"", 0)
    assert answer.content_length > 0
