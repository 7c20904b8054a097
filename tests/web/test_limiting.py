import threading

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from stroke_map.live.identity import COOKIE
from stroke_map.settings import read_settings
from stroke_map.web import create_app, limiting
from stroke_map.web.limiting import Buckets, caller_of

LONG_S = 60
KEY = {"Authorization": "Bearer correct horse battery staple"}


@pytest.fixture
def limited(demo_geodata, tmp_path):
    """A client of an application that lets each address ask once, and again after a thousand seconds."""

    def make(**others):
        told = {"geodata_dir": demo_geodata, "cache_dir": tmp_path, "clinical_key": KEY["Authorization"][7:]}
        told |= {"public_rate_per_s": 0.001, "database_url": f"sqlite:///{tmp_path}/live.db"}
        client = create_app(read_settings({}, **told | others)).test_client()
        client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
        return client

    return make


def test_a_bucket_gives_a_burst_and_then_what_flows_in():
    buckets = Buckets(per_s=2.0, burst=3.0)
    assert [buckets.take(b"a", 0.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.5, 0.5]
    assert buckets.take(b"b", 0.0) == 0.0
    assert [buckets.take(b"a", 0.5), buckets.take(b"a", 0.75), buckets.take(b"a", 1.0)] == [0.0, 0.25, 0.0]
    assert [buckets.take(b"a", 1000.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_a_clock_that_goes_back_gives_and_takes_nothing():
    buckets = Buckets(per_s=1.0, burst=1.0)
    assert buckets.take(b"a", 100.0) == 0.0
    assert buckets.take(b"a", 50.0) == 1.0


def test_however_many_addresses_there_are_no_more_are_remembered_and_the_last_are(monkeypatch):
    monkeypatch.setattr(limiting, "MOST_ADDRESSES", 100)
    buckets = Buckets(per_s=1.0, burst=1.0)
    for number in range(1000):
        assert buckets.take(number.to_bytes(4, "big"), 0.0) == 0.0
    assert len(buckets) == 100
    assert buckets.take((999).to_bytes(4, "big"), 0.0) == 1.0
    assert buckets.take((0).to_bytes(4, "big"), 0.0) == 0.0


def test_many_threads_take_no_more_than_there_is():
    buckets, taken = Buckets(per_s=1e-9, burst=100.0), []
    threads = [
        threading.Thread(target=lambda: taken.extend(buckets.take(b"a", 0.0) for _ in range(50))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(0.0) == 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unknown", "unix:", True),
        ("unknown", "192.0.2.1", False),
        ("::ffff:127.0.0.1", "::1", True),
        (None, "127.0.0.1", False),
    ],
)
def test_an_address_stands_for_whoever_has_it(one, other, same):
    assert (caller_of(one) == caller_of(other)) is same


def test_who_asks_too_much_is_told_when_to_ask_again_and_nobody_else_is_held_up(limited, place):
    client = limited()
    assert client.get("/api/v1/route", query_string=place).status_code == 200
    for path, asked in (
        ("/api/v1/route", place),
        ("/map", place),
        ("/api/v1/search", {"q": "a"}),
        ("/search", {"q": "a"}),
    ):
        refused = client.get(path, query_string=asked)
        assert refused.status_code == 429, path
        assert 900 < int(refused.headers["Retry-After"]) <= 1000
    assert client.post("/api/v1/route", json=place | {"crs": "WGS-84"}).get_json()["code"] == "too-busy"
    another = {"REMOTE_ADDR": "192.0.2.9"}
    assert client.get("/api/v1/route", query_string=place, environ_base=another).status_code == 200
    # What is made once for all is never refused.
    for path in ("/", "/hospitals", "/api/v1/hospitals", "/hospitals.geojson", "/healthz", "/api/v1/openapi.json"):
        assert client.get(path).status_code == 200, path


def test_whoever_has_an_account_is_not_counted_with_the_public(limited, place):
    client = limited(public_route_concurrency=1)
    client.get("/api/v1/route", query_string=place)
    assert client.get("/api/v1/route", query_string=place).status_code == 429
    with client.application.app_context():
        assert client.application.extensions["stroke_map.public_slots"].acquire(blocking=False)
    assert client.get("/api/v1/route", query_string=place, headers=KEY).status_code == 200
    assert client.get("/api/v1/search", query_string={"q": "a"}, headers=KEY).status_code == 200
    assert client.get("/api/v1/route", query_string=place, headers={"Authorization": "Bearer wrong"}).status_code == 429


def test_the_address_is_the_one_that_the_trusted_proxy_saw(limited, place):
    client = limited(trusted_proxies=1, plane="public")

    def ask(forwarded):
        return client.get("/api/v1/route", query_string=place, headers={"X-Forwarded-For": forwarded}).status_code

    assert [ask("192.0.2.1"), ask("192.0.2.1"), ask("192.0.2.2")] == [200, 429, 200]
    assert ask("192.0.2.7, 192.0.2.2") == 429, "what the caller wrote itself counts for nothing"


@pytest.mark.parametrize(
    ("fields", "address"), [({"public_rate_per_s": 0}, "192.0.2.1"), ({}, "127.0.0.1"), ({}, "::1")]
)
def test_no_rate_is_no_limit_and_a_proxy_that_nobody_named_does_not_make_everybody_one(limited, fields, address):
    client = limited(**fields)
    at = {"REMOTE_ADDR": address}
    statuses = {client.get("/api/v1/search", query_string={"q": "a"}, environ_base=at).status_code for _ in range(30)}
    assert statuses == {200}


class Waiting:
    """An application whose questions wait until they are let go."""

    def __init__(self):
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/api/v1/route":
            self.begun.set()
            assert self.let_go.wait(LONG_S)
        return Response("done")(environ, start_response)


def test_the_public_is_refused_before_it_waits_for_a_turn_and_nobody_else_is(limited):
    app = limited().application
    waiting = Waiting()
    client = Client(limiting.Admission(waiting, app, 1), use_cookies=False)
    asking = threading.Thread(target=lambda: client.get("/api/v1/route"))
    asking.start()
    assert waiting.begun.wait(LONG_S)
    for path in sorted(limiting.QUESTIONS):
        refused = client.get(path, headers={"Accept": "text/html" if path in {"/map", "/search"} else "*/*"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1"), path
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
    page = client.get("/map", headers={"Accept": "text/html"})
    assert page.mimetype == "text/html"
    for path in ("/", "/hospitals", "/map.js", "/api/v1/hospitals", "/healthz"):
        assert client.get(path).data == b"done", path
    for shown in (KEY, {"Cookie": f"{COOKIE}=a"}):
        assert client.get("/search", headers=shown).data == b"done"
    waiting.let_go.set()
    asking.join(LONG_S)
    assert client.get("/api/v1/route").data == b"done"
