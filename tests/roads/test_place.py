"""A place by its name, from servers that answer as OpenStreetMap's do."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import permutations
from types import SimpleNamespace
from urllib.parse import parse_qs

import osmnx
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.editions import publish
from stroke_map.errors import RoadDataError
from stroke_map.roads import RoadNetwork
from stroke_map.roads.place import save_place, way_filters
from stroke_map.roads.profile import load_profile

TOWN_POLYGON = [[106.54, 29.54], [106.57, 29.54], [106.57, 29.56], [106.54, 29.56], [106.54, 29.54]]
FOUND = [
    {
        "place_id": 1, "osm_type": "relation", "osm_id": 9, "lat": "29.55", "lon": "106.555", "class": "boundary", "type": "town",
        "place_rank": 16, "importance": 0.5, "addresstype": "town", "name": "Teststadt", "display_name": "Teststadt",
        "boundingbox": ["29.54", "29.56", "106.54", "106.57"], "geojson": {"type": "Polygon", "coordinates": [TOWN_POLYGON]},
    }
]  # fmt: skip
NODES = {1: (29.55, 106.55), 2: (29.55, 106.555), 3: (29.55, 106.56), 4: (29.545, 106.555), 5: (29.545, 106.56)}
ROADS = {
    "version": 0.6,
    "generator": "Overpass API",
    "osm3s": {"timestamp_osm_base": "2026-01-01T00:00:00Z", "copyright": "ODbL"},
    "elements": [
        {"type": "node", "id": 1, "lat": 29.55, "lon": 106.55},
        {"type": "node", "id": 2, "lat": 29.55, "lon": 106.555, "tags": {"highway": "traffic_signals"}},
        {"type": "node", "id": 3, "lat": 29.55, "lon": 106.56},
        {"type": "node", "id": 4, "lat": 29.545, "lon": 106.555, "tags": {"barrier": "bollard"}},
        {"type": "node", "id": 5, "lat": 29.545, "lon": 106.56},
        {"type": "way", "id": 71, "nodes": [1, 2, 3], "tags": {"highway": "primary", "name": "Main", "oneway": "yes"}},
        {"type": "way", "id": 72, "nodes": [2, 4, 5], "tags": {"highway": "residential", "name": "Side"}},
        {"type": "way", "id": 73, "nodes": [5, 3], "tags": {"highway": "residential", "name": "Back", "oneway": "-1"}},
        {"type": "way", "id": 74, "nodes": [1, 5], "tags": {"route": "ferry", "name": "Ferry", "duration": "00:10"}},
    ],
}


@contextmanager
def servers(found, roads, status=200):
    """Nominatim and Overpass behind one local address; yields (address, queries seen)."""
    queries = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_GET(self):
            queries.append(self.path)
            self.answer(found)

        def do_POST(self):
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            queries.append(parse_qs(form)["data"][0])
            self.answer(roads)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", queries
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ask(monkeypatch, tmp_path):
    monkeypatch.setenv("STROKE_MAP_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(osmnx.settings, "overpass_rate_limit", False)
    # The second before each question is for the real servers.
    monkeypatch.setattr(osmnx._nominatim, "time", SimpleNamespace(sleep=lambda _: None))

    def place(found=FOUND, roads=ROADS, status=200, load=lambda name: RoadNetwork.from_place(name, profile="car")):
        with servers(found, roads, status) as (address, queries):
            monkeypatch.setattr(osmnx.settings, "nominatim_url", f"{address}/")
            monkeypatch.setattr(osmnx.settings, "overpass_url", f"{address}/api")
            return load("Teststadt"), queries

    return place


def streets(network, start, end):
    return [step.name for step in network.route(NODES[start], NODES[end]).steps[:-1]]


def test_a_place_is_read_like_a_file(ask):
    network, queries = ask()
    assert streets(network, 1, 3) == ["Main"]
    assert streets(network, 2, 4) == ["Side"]
    assert streets(network, 3, 5) == ["Back"]
    assert streets(network, 1, 5) == ["Main", "Back"]
    assert streets(network, 5, 1) == ["Ferry"]
    assert network.route(NODES[5], NODES[1]).travel_time_s == pytest.approx(600, rel=0.02)
    assert "turn restrictions" in " ".join(network.report["notes"])
    assert any('["highway"]' in query for query in queries)
    assert any('["route"~"^(ferry|shuttle_train)$"]' in query for query in queries)


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_a_place_saved_as_a_file_gives_the_same_roads(ask, tmp_path, profile):
    saved = tmp_path / "place.osm.pbf"
    ask(load=lambda name: save_place(name, saved, ("car", "ambulance")))
    network = RoadNetwork.from_osm(saved, profile=profile)
    (direct, _) = ask(load=lambda name: RoadNetwork.from_place(name, profile=profile))
    assert streets(network, 3, 5) == ["Back"]
    assert streets(network, 5, 1) == ["Ferry"]
    for start, end in permutations(NODES.values(), 2):
        ours, theirs = (one.route(start, end) for one in (network, direct))
        assert ours.travel_time_s == pytest.approx(theirs.travel_time_s, abs=0.001)
        assert [step.name for step in ours.steps] == [step.name for step in theirs.steps]


def test_an_edition_is_built_from_the_name_of_a_place(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(tmp_path / "geodata"))
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("id,name_zh,lat,lon,crs,thrombolysis\none,第一医院,29.55,106.56,WGS-84,yes\n", encoding="utf-8")
    command = ("edition", "build", "2026.1", "--place", "Teststadt", "--sheet", str(sheet))
    result, _ = ask(load=lambda _: CliRunner().invoke(cli, command, catch_exceptions=False))
    assert result.exit_code == 0, result.stderr
    assert "turn restrictions" in result.stderr
    publish(tmp_path / "geodata", "2026.1")
    asked = CliRunner().invoke(cli, ("nearest", "--lat", "29.55", "--lon", "106.55"), catch_exceptions=False)
    assert "第一医院" in asked.stdout


@pytest.mark.parametrize("roads", [(), ("--osm", __file__, "--place", "Teststadt")])
def test_an_edition_has_one_source_of_roads(roads):
    result = CliRunner().invoke(cli, ("edition", "build", "2026.1", *roads, "--sheet", __file__))
    assert result.exit_code == 2
    assert "--place" in result.stderr


def test_the_settings_of_osmnx_are_left_as_they_were(ask):
    before = dict(vars(osmnx.settings))
    ask()
    after = dict(vars(osmnx.settings))
    changed = {name for name in before if before[name] is not after[name]}
    assert changed <= {"nominatim_url", "overpass_url"}


@pytest.mark.parametrize(
    ("answers", "next_step"),
    [
        ({"found": []}, "as openstreetmap.org finds it"),
        (
            {"found": [FOUND[0] | {"geojson": {"type": "Point", "coordinates": [106.5, 29.5]}}]},
            "as openstreetmap.org finds it",
        ),
        ({"roads": ROADS | {"elements": []}}, "as openstreetmap.org finds it"),
        ({"roads": "what?", "status": 400}, "extract"),
    ],
)
def test_a_place_that_cannot_be_had(ask, answers, next_step):
    with pytest.raises(RoadDataError) as caught:
        ask(**answers)
    assert next_step in caught.value.next_step


def test_servers_that_are_away(monkeypatch, tmp_path):
    monkeypatch.setenv("STROKE_MAP_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(osmnx.settings, "nominatim_url", "http://127.0.0.1:9/")
    with pytest.raises(RoadDataError, match="did not answer") as caught:
        RoadNetwork.from_place("Teststadt", profile="car")
    assert "extract" in caught.value.next_step


def test_what_is_asked_for_is_what_the_profile_drives_on():
    filters = way_filters(load_profile("ambulance"))
    assert '["highway"]' in filters
    assert '["bridge"~"^(movable)$"]' in filters
