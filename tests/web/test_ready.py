"""What is the same for everybody is given again as it was; nothing else is."""

import pytest
from werkzeug.test import Client

from stroke_map.settings import read_settings
from stroke_map.web import create_app, ready
from stroke_map.web.ready import Ready

KEY = {"Authorization": "Bearer correct horse battery staple"}


class Counted:
    """An application that counts what it is asked."""

    def __init__(self, application):
        self._application, self.asked = application, 0

    def __call__(self, environ, start_response):
        self.asked += 1
        return self._application(environ, start_response)


@pytest.fixture
def counted(copy_demo, tmp_path):
    told = {"geodata_dir": copy_demo(tmp_path), "cache_dir": tmp_path / "cache", "clinical_key": KEY["Authorization"][7:]}  # fmt: skip
    app = create_app(read_settings({}, database_url=f"sqlite:///{tmp_path}/live.db", **told))
    counted = Counted(app.wsgi_app)
    return counted, Client(Ready(counted, app), use_cookies=False)


@pytest.mark.parametrize("path", ["/", "/?lang=en&condition=chest_pain", "/hospitals", "/hospitals.geojson", "/map.js?lang=zh"])  # fmt: skip
def test_a_page_is_given_again_byte_by_byte(counted, path):
    count, client = counted
    headers = {"Accept-Encoding": "gzip", "Accept-Language": "zh"}
    first, second = (client.get(path, headers=headers) for _ in range(2))
    assert count.asked == 1
    assert (second.status_code, second.headers, second.data) == (first.status_code, first.headers, first.data)
    known = [client.get(path, headers=headers | {"If-None-Match": first.headers["ETag"]}) for _ in range(2)]
    assert [(one.status_code, one.data) for one in known] == [(304, b"")] * 2
    assert count.asked == 2


def test_what_it_hangs_on_tells_answers_apart(counted):
    count, client = counted
    asked = ({}, {"Accept-Language": "zh"}, {"Accept-Language": "en"}, {"Cookie": "lang=en"}, {"Accept-Encoding": "gzip"})  # fmt: skip
    answers = [client.get("/hospitals", headers=headers) for headers in asked for _ in range(2)]
    assert count.asked == len(asked)
    assert (
        len({(one.data, one.headers.get("Content-Encoding")) for one in answers}) == 3
    )  # Chinese, English, compressed


@pytest.mark.parametrize("path", ["/closures.geojson", "/api/v1/route", "/map", "/nothing"])
def test_what_changes_is_asked_for_each_time(counted, place, path):
    count, client = counted
    for _ in range(2):
        client.get(path, query_string=place)
    assert count.asked == 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/v1/openapi.json"])
def test_nor_does_anybody_wear_the_server_out_by_asking_whether_it_lives(counted, path):
    count, client = counted
    first, second = (client.get(path) for _ in range(2))
    assert count.asked == 1
    assert (second.status_code, second.headers, second.data) == (200, first.headers, first.data)


def test_that_it_is_not_ready_is_looked_at_each_time(tmp_path):
    app = create_app(read_settings({}, geodata_dir=tmp_path, cache_dir=tmp_path))
    client = Client(Ready(count := Counted(app.wsgi_app), app))
    for _ in range(2):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["code"]) == (503, "no-edition")
    assert count.asked == 2
    assert [client.get("/healthz").status_code for _ in range(2)] == [200, 200]
    assert count.asked == 3


@pytest.mark.parametrize("headers", [KEY, {"Range": "bytes=0-9"}, {"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}])  # fmt: skip
def test_nor_is_anything_given_again_to_whoever_asks_for_more(counted, headers):
    count, client = counted
    for _ in range(2):
        client.get("/hospitals", headers=headers)
    assert client.head("/hospitals").data == b""
    assert count.asked == 3


def test_it_is_made_anew_after_a_while_and_few_are_kept(counted, monkeypatch):
    count, client = counted
    monkeypatch.setattr(ready, "KEPT_S", -1.0)
    for _ in range(2):
        client.get("/hospitals")
    assert count.asked == 2
    monkeypatch.setattr(ready, "KEPT_S", 60.0)
    monkeypatch.setattr(ready, "MOST", 2)
    for number in (1, 2, 3, 3, 2, 1):
        client.get(f"/hospitals?{number}")
    assert count.asked == 2 + 4


def test_few_bytes_are_kept_however_many_ways_there_are_to_ask(counted, monkeypatch):
    count, client = counted
    monkeypatch.setattr(ready, "KEPT_S", 60.0)
    size = len(client.get("/hospitals?0").data)
    monkeypatch.setattr(ready, "MOST_BYTES", 2 * size + size // 2)
    for number in (0, 1, 2, 2, 1, 0):  # two fit, and the one that was made first goes
        client.get(f"/hospitals?{number}")
    assert count.asked == 3 + 1


def test_an_answer_that_is_over_goes_with_the_next_one(counted, monkeypatch):
    _, client = counted
    monkeypatch.setattr(ready, "KEPT_S", 0.0)
    client.get("/hospitals?0")
    client.get("/hospitals?1")
    kept = client.application._answers
    assert [key[1] for key in kept] in ([], ["1"])


def test_no_page_of_the_edition_before_is_given_after_a_switch(counted):
    count, client = counted
    client.get("/hospitals")
    client.application._holder._open(None)  # as after a switch: another object
    assert client.get("/hospitals").status_code == 200
    assert count.asked == 2
