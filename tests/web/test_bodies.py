"""Bodies that come slowly or never, from strangers and from those who have an account."""

import io
import threading

import pytest

from stroke_map.settings import read_settings
from stroke_map.web import bodies, create_app
from stroke_map.web.turns import Turns

LONG_S = 60
KEY = {"Authorization": "Bearer correct horse battery staple"}
JSON = {"content_type": "application/json"}


class Slow(io.BytesIO):
    """A body that comes when it is let go."""

    def __init__(self, content=b"{}"):
        super().__init__(content)
        self.asked_for, self.let_go = threading.Event(), threading.Event()

    def read(self, size=-1):
        self.asked_for.set()
        assert self.let_go.wait(LONG_S)
        return super().read(size)


class Broken(io.BytesIO):
    def read(self, _size=-1):
        raise ConnectionResetError


@pytest.fixture
def make_client(demo_geodata, tmp_path):
    def make(plane):
        told = {"geodata_dir": demo_geodata, "cache_dir": tmp_path, "clinical_key": KEY["Authorization"][7:]}
        told |= {"plane": plane, "database_url": f"sqlite:///{tmp_path}/live.db"}
        return create_app(read_settings({}, **told)).test_client()

    return make


def post(client, path, stream, length=100, headers=None):
    return client.post(path, input_stream=stream, content_length=length, headers=headers, **JSON)


@pytest.mark.parametrize("path", ["/api/v1/route", "/api/v1/transfer", "/api/v1/cases", "/api/v1/sheets?name=a&year=2026"])  # fmt: skip
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guessed"}])
def test_a_clinical_process_reads_nothing_of_strangers(make_client, path, headers):
    slow = Slow()
    answer = post(make_client("clinical"), path, slow, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert not slow.asked_for.is_set()


def test_nor_for_an_address_that_there_is_not(make_client):
    assert post(make_client("clinical"), "/api/v1/nothing", slow := Slow()).status_code == 404
    assert not slow.asked_for.is_set()


PLACES = [("both", "/api/v1/route"), ("public", "/map"), ("clinical", "/api/v1/session")]


@pytest.mark.parametrize(("plane", "path"), PLACES)
def test_a_strangers_body_that_comes_too_slowly_is_given_up_and_leaves_its_place(make_client, monkeypatch, plane, path):
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.0)
    monkeypatch.setattr(bodies, "MOST_AWAITED", 1)
    client, slow = make_client(plane), io.BytesIO(b" " * 100)
    assert post(client, path, slow).status_code == 400
    assert slow.tell() < 100
    assert client.post(path, json={}).status_code in {403, 422}


@pytest.mark.parametrize(("plane", "path"), PLACES)
def test_no_more_strangers_are_waited_for_than_there_are_places(make_client, monkeypatch, plane, path):
    monkeypatch.setattr(bodies, "MOST_AWAITED", 1)
    client, slow = make_client(plane), Slow()
    waiting = threading.Thread(target=post, args=(client.application.test_client(), path, slow))
    waiting.start()
    assert slow.asked_for.wait(LONG_S)
    refused = post(client, path, Slow())
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    slow.let_go.set()
    waiting.join(LONG_S)
    assert client.post(path, json={}).status_code in {403, 422}


def test_a_lost_connection_is_a_bad_request(make_client):
    assert post(make_client("both"), "/api/v1/route", Broken(b"{}")).status_code == 400


def test_no_more_is_read_of_a_stranger_than_any_question_can_be(make_client):
    content = io.BytesIO(b" " * 1_000_000)
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    answer = make_client("both").post("/api/v1/route", input_stream=content, environ_overrides=chunked, **JSON)
    assert answer.status_code == 422  # what was read is no question
    assert content.tell() <= 16 * 1024 + 1


def test_no_more_is_read_of_a_stranger_than_was_announced(make_client):
    content = io.BytesIO(b"{}and what a server that does not say where a body ends would wait for")
    told = {"CONTENT_LENGTH": "2"}
    answer = make_client("both").post("/api/v1/route", input_stream=content, environ_overrides=told, **JSON)
    assert (answer.status_code, content.tell()) == (422, 2)


@pytest.mark.parametrize("headers", [{}, KEY])
def test_while_a_body_is_awaited_others_have_its_turn(make_client, headers):
    client, slow = make_client("both"), Slow()
    client.application.wsgi_app = Turns(client.application.wsgi_app, at_once=1)
    statuses = []
    waiting = threading.Thread(
        target=lambda: statuses.append(post(client, "/api/v1/route", slow, 2, headers).status_code)
    )
    waiting.start()
    assert slow.asked_for.wait(LONG_S)
    assert client.application.test_client().get("/healthz").status_code == 200
    slow.let_go.set()
    waiting.join(LONG_S)
    assert statuses == [422]
