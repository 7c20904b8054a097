"""That connections which stay come again now and then, so that no worker keeps all of them."""

import http.client

import pytest
from faults.service import HOST, serving
from werkzeug.test import Client
from werkzeug.wrappers import Response

from stroke_map.web import spreading
from stroke_map.web.spreading import Spread


def closing(monkeypatch, one_in, count):
    monkeypatch.setattr(spreading, "ONE_IN", one_in)
    client = Client(Spread(Response("an answer", headers={"X-Other": "kept"})))
    answers = [client.get("/") for _ in range(count)]
    assert {(answer.status_code, answer.text, answer.headers["X-Other"]) for answer in answers} == {
        (200, "an answer", "kept")
    }
    return sum(answer.headers.get("Connection") == "close" for answer in answers)


def test_one_answer_in_so_many_ends_its_connection(monkeypatch):
    assert closing(monkeypatch, 1, 20) == 20
    assert 150 < closing(monkeypatch, 10, 3000) < 500
    assert closing(monkeypatch, float("inf"), 2000) == 0


@pytest.mark.slow
def test_the_server_tells_and_ends_it_and_answers_on_a_new_one(demo_geodata):
    with serving(demo_geodata, plane="public", workers=2) as server:
        connection, ended = http.client.HTTPConnection(HOST, server.port, timeout=60), 0
        for _ in range(10 * spreading.ONE_IN):
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (200, True)
            ended += answer.getheader("Connection") == "close"
            assert (connection.sock is None) == (answer.getheader("Connection") == "close")
        connection.close()
        assert 0 < ended < 60
