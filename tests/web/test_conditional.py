"""Asking again with an ETag sees every change that a stream tells, and nothing where nothing has changed."""

from datetime import UTC, datetime

import orjson
import pytest

from stroke_map.live import LiveStore
from stroke_map.settings import read_settings
from stroke_map.stream.feed import Feed
from stroke_map.web import create_app

LISTS = {
    "alert": "/api/v1/alerts",
    "case": "/api/v1/cases",
    "status": "/api/v1/statuses",
    "closure": "/api/v1/closures",
}


@pytest.fixture
def own(settings, demo_geodata, tmp_path):
    """Settings over the demonstration city with a database of their own."""
    return read_settings(
        {},
        geodata_dir=demo_geodata,
        cache_dir=tmp_path,
        audit_dir=tmp_path / "audit",
        clinical_key=settings.clinical_key,
        database_url=f"sqlite:///{tmp_path / 'live.db'}",
        stream_url="https://map.example.org/api/v1/events",
    )


@pytest.fixture
def client(own):
    app = create_app(own)
    store = app.extensions["stroke_map.live_store"]
    store.migrate()
    yield app.test_client()
    app.extensions["stroke_map.read_log"].close()
    store.close()


class Screen:
    """Somebody who asks for every list again and again, and shows the ETags."""

    def __init__(self, client, headers):
        self._client, self._headers, self._etags = client, headers, {}
        self._shown = {}

    def changed(self):
        """The kinds of which something has changed since the last time."""
        found = set()
        for kind, address in LISTS.items():
            shown = {"If-None-Match": self._etags[kind]} if kind in self._etags else {}
            answer = self._client.get(address, headers=self._headers | shown)
            assert answer.status_code in {200, 304}
            assert (answer.status_code == 304) == (answer.data == b"")
            if answer.status_code == 200:
                found.add(kind)
                self._shown[kind] = {each["id"]: each for each in answer.get_json()[address.rpartition("/")[2]]}
            self._etags[kind] = answer.headers["ETag"]
        return found

    def shows(self, kind, data):
        """Whether what an event says is what its list showed last, or is over and has left the list."""
        listed = self._shown[kind].get(data["id"])
        return listed | data == listed if listed else data["ended_at"] is not None


def test_asking_again_sees_every_change_that_the_stream_tells(client, clinical, own, place, demo_edition):
    store = LiveStore(own)
    feed, screen = Feed(store), Screen(client, clinical)
    assert feed.look((), datetime.now(UTC)) is None
    assert screen.changed() == set(LISTS)

    def told():
        """The kinds of which a list has changed, and the events: each says what the lists show, and without one nothing has changed."""
        news = feed.look({feed.current}, datetime.now(UTC))
        events = [] if news is None else [(event.kind, orjson.loads(event.data)) for event in news.events]
        changed = screen.changed()
        assert changed <= {kind for kind, _ in events}
        assert all(screen.shows(kind, data) for kind, data in events)
        return changed, events

    def post(path, entry, **headers):
        answer = client.post(f"/api/v1/{path}", json=entry, headers=clinical | headers)
        assert answer.status_code in {200, 201}, answer.get_json()
        return answer.get_json()

    assert told() == (set(), [])
    case = post("cases", {"question": place | {"crs": "WGS-84", "condition": "stroke"}})["id"]
    assert told()[0] == {"case"}
    alert = post("alerts", {"case": case}, **{"Idempotency-Key": "1"})
    assert told()[0] == {"alert"}
    post(f"alerts/{alert['id']}/acknowledge", {"team": "emergency", "by": "dr li"})
    assert told()[0] == {"alert"}
    elsewhere = demo_edition.hospitals[-1]
    post(f"cases/{case}/position", {"lat": elsewhere.lat, "lon": elsewhere.lon, "crs": "WGS-84"})
    changed, events = told()
    assert changed == {"alert"}
    (shown,) = [data for kind, data in events if kind == "alert"]
    assert shown["eta"] != alert["eta"]
    assert shown["teams"][0]["acknowledged_by"] == "dr li (clinical key)"
    post(f"cases/{case}/events", {"name": "ecg"})
    assert told()[0] == {"alert", "case"}
    hospital = f"/api/v1/hospitals/{alert['hospital']}/status"
    assert client.put(hospital, json={"kind": "full", "reason": "r"}, headers=clinical).status_code == 200
    assert told()[0] == {"status"}
    assert client.put(hospital, json={"kind": "open", "reason": "over"}, headers=clinical).status_code == 200
    assert told()[0] == {"status"}
    line = {"type": "LineString", "coordinates": [[place["lon"], place["lat"]], [place["lon"] + 0.002, place["lat"]]]}
    closure = post("closures", {"geometry": line, "reason": "landslide", "author": "li"})["closure"]
    assert told()[0] == {"closure"}
    assert client.delete(f"/api/v1/closures/{closure['id']}", headers=clinical).status_code == 200
    assert told()[0] == {"closure"}
    assert told() == (set(), [])
    store.close()


def test_lists_of_patients_are_kept_by_no_browser(client, clinical):
    assert client.get("/api/v1/cases", headers=clinical).headers["Cache-Control"] == "no-store"
    assert client.get("/api/v1/statuses", headers=clinical).headers["Cache-Control"] == "no-cache, private"


def test_the_document_names_304_wherever_there_is_an_etag(client, clinical):
    document = client.get("/api/v1/openapi.json").get_json()
    told = {path for path, item in document["paths"].items() if "304" in item.get("get", {}).get("responses", {})}
    assert told >= {*LISTS.values(), "/api/v1/hospitals", "/api/v1/search"}
    for address in LISTS.values():
        etag = client.get(address, headers=clinical).headers["ETag"]
        assert client.get(address, headers=clinical | {"If-None-Match": etag}).status_code == 304


def test_a_worker_says_where_changes_are_told(client):
    answer = client.get("/api/v1/events")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")
    assert "https://map.example.org/api/v1/events" in answer.get_json()["next_step"]
