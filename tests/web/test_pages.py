"""What a browser gets. The look of the pages is the maps room's; here: addresses, headers, caching, privacy."""

import html
import re
from dataclasses import replace
from datetime import date

import pytest

from stroke_map.maps import files
from stroke_map.web import create_app
from stroke_map.web.live_state import warm_live_state
from stroke_map.web.published import current_edition

HTML = {"Accept": "text/html"}
MAP_APPS = (
    "https://uri.amap.com/",
    "https://api.map.baidu.com/",
    "https://apis.map.qq.com/",
    "https://maps.apple.com/",
)


def referenced(text):
    """Every address a page loads, sends something to or leads to, but for the links that open a map app."""
    links = {html.unescape(link) for link in re.findall(r'(?:src|href|action)="([^"#]+)"', text)}
    return {link for link in links if not link.startswith(MAP_APPS)}


@pytest.mark.parametrize("address", ["/", "/?lang=en", "/?condition=chest_pain"])
def test_all_that_a_page_loads_comes_from_this_server_and_is_there(client, address):
    page = client.get(address)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    local = {link for link in referenced(page.text) if not link.startswith(("tel:", "?"))}
    assert any("leaflet" in link for link in local)
    assert any(link.startswith("/map.js") for link in local)
    for link in local:
        assert link.startswith("/"), link
        # A page may offer a form's address, which wants a question.
        assert client.get(link).status_code == (422 if link == "/map" else 200), link


def test_the_page_says_that_it_is_a_demonstration_in_the_language_asked_for(client):
    assert "演示数据，不可用于急救" in client.get("/?lang=zh").text
    assert "emonstration data, not for emergencies" in client.get("/?lang=en").text
    assert 'lang="en"' in client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert 'lang="zh-CN"' in client.get("/", headers={"Accept-Language": "fr"}).text


def test_a_language_that_somebody_chose_is_remembered_and_one_that_nobody_chose_is_not(app):
    client = app.test_client()
    assert "Set-Cookie" not in client.get("/", headers={"Accept-Language": "en"}).headers
    assert "Set-Cookie" not in client.get("/?lang=de").headers
    kept = client.get("/?lang=en").headers["Set-Cookie"]
    assert kept.startswith("lang=en;")
    assert "HttpOnly" in kept
    for address in ("/", "/map?lat=1&lon=1", "/?condition=chest_pain"):
        page = client.get(address, headers={"Accept-Language": "zh-CN"} | HTML)
        assert 'lang="en"' in page.text
    assert 'lang="zh-CN"' in client.get("/?lang=zh").text


def test_the_list_tells_everything_without_a_script(client, demo_edition):
    page = html.unescape(client.get("/?lang=en").text)
    able = [one for one in demo_edition.hospitals if one.capabilities["thrombolysis"].status == "yes"]
    cards = dict(re.findall(r'<li class="card" data-id="([^"]*)"(.*?)</li>', page, re.DOTALL))
    assert {one.id for one in able} <= set(cards)
    for one in able:
        card = cards[one.id]
        for told in (one.name_en, one.name_zh, one.phone, one.address, one.district):
            assert told in card
        assert all(app in card for app in MAP_APPS)
        if "stroke" in one.levels:
            assert one.levels["stroke"].level in card
    assert sorted(set(re.findall(r'value="(thromb\w+)"', page))) == ["thrombectomy", "thrombolysis"]
    shapes = re.findall(r'class="card".*?pin-(\w+)', page, re.DOTALL)
    assert shapes == sorted(shapes, key=["square", "circle"].index), "the greater treatment first"


def test_the_foot_says_edition_publisher_days_sources_and_licence(client, demo_edition):
    info = demo_edition.info
    page = html.unescape(client.get("/?lang=zh").text)
    for told in (info.id, info.valid_from.isoformat(), info.valid_until.isoformat(), info.licence, info.publisher.zh):
        assert told in page
    for source in info.built_from:
        assert source.name in page
    assert "报告错误" not in page


def test_settings_of_the_publisher_stand_on_the_page(settings, app):
    told = {
        "report_errors_to": "mailto:list@example.org",
        "map_review_number": "GS(2026)0001",
        "tile_attribution": "Some maps",
    }
    other = create_app(replace(settings, tile_url="https://tiles.example.org/{z}/{x}/{y}.png?key=a", **told))
    page = other.test_client().get("/?lang=en")
    assert 'href="mailto:list@example.org"' in page.text
    for name in ("map_review_number", "tile_attribution"):
        assert told[name] in page.text
    assert "img-src 'self' data: https://tiles.example.org;" in page.headers["Content-Security-Policy"]
    script = other.test_client().get("/map.js?lang=en").text
    assert "https://tiles.example.org/{z}/{x}/{y}.png?key=a" in script
    assert "Some maps" in script
    hostile = create_app(replace(settings, report_errors_to="javascript:alert(1)"))
    assert "alert(1)" not in hostile.test_client().get("/").text


@pytest.mark.parametrize("day", ["2026-01-01", "2999-12-31"])
def test_an_edition_that_has_run_out_says_so_without_a_script(app, demo_edition, monkeypatch, day):
    changed = demo_edition.info.model_copy(update={"valid_until": date.fromisoformat(day)})
    with app.test_request_context("/"):
        edition = current_edition()
        monkeypatch.setattr(edition, "info", changed)
        page = app.test_client().get("/?lang=en").text
    banner = re.search(r'<aside class="banner banner-old"[^>]*>', page)[0]
    assert ("hidden" in banner) == (day == "2999-12-31")


@pytest.mark.parametrize("address", ["/", "/map.js"])
def test_a_page_of_an_unchanged_edition_is_not_sent_again(client, address):
    first = client.get(address)
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.data == client.get(address).data


def test_one_answer_as_a_map_names_the_hospital_its_minutes_and_its_telephone(client, place):
    answer = client.get("/api/v1/route", query_string=place).get_json()
    page = client.post("/map", data=place | {"crs": "WGS-84", "lang": "en", "need": ""})
    best = answer["hospitals"][0]
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert best["name"]["en"] in html.unescape(page.text)
    assert best["phone"] in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_the_inline_script_of_an_answer_is_the_one_its_policy_allows(client, place):
    import base64
    import hashlib

    page = client.post("/map", json=place | {"crs": "WGS-84"})
    inline = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    assert hashes
    assert all(f"'sha256-{digest}'" in page.headers["Content-Security-Policy"] for digest in hashes)


def test_an_answer_in_an_address_is_for_a_place_rounded_to_ten_metres(client, place, settings):
    exact = {"lat": place["lat"] + 0.00004321, "lon": place["lon"] + 0.00004321}
    page = client.get("/map", query_string=exact)
    assert page.status_code == 200
    assert str(exact["lat"])[:9] not in page.text
    rounded = client.get("/map", query_string={name: round(value, 4) for name, value in exact.items()})
    clock = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
    assert clock.sub("", page.text) == clock.sub("", rounded.text)


def test_a_form_must_name_its_system_and_a_mistake_comes_as_a_page_in_its_language(client, place):
    page = client.post("/map", data=place | {"lang": "en"}, headers=HTML)
    assert (page.status_code, page.mimetype) == (422, "text/html")
    assert 'lang="en"' in page.text
    assert client.post("/map", data=place).get_json()["errors"][0]["field"] == "crs"


@pytest.mark.parametrize("headers", [{}, HTML])
def test_a_page_about_a_patient_needs_the_key(client, place, headers):
    patient = place | {"crs": "WGS-84", "onset": "Zq7secret"}
    for page in (
        client.post("/map", data=patient, headers=headers),
        client.get("/map", query_string=patient, headers=headers),
    ):
        assert page.status_code == 401
        assert "Zq7secret" not in page.text


HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize("field", ["lang", "condition", "lat", "need", "at", HOSTILE])
def test_markup_in_a_question_comes_back_nowhere(client, place, field):
    hostile = place | {field: HOSTILE}
    for address in ("/", "/map", "/map.js", "/api/v1/route"):
        for headers in ({}, HTML):
            assert HOSTILE not in client.get(address, query_string=hostile, headers=headers).text
    assert HOSTILE not in client.post("/map", data=hostile | {"crs": HOSTILE}, headers=HTML).text


def test_static_files_may_be_kept_and_lead_nowhere_else(client):
    style = client.get(files.static_url("css/page.css"))
    assert (style.status_code, style.mimetype) == (200, "text/css")
    assert "max-age" in style.headers["Cache-Control"]
    assert client.get("/static/leaflet/leaflet.js").mimetype == "text/javascript"
    for path in (
        "/static/../files.py",
        "/static/%2e%2e/files.py",
        "/static//etc/passwd",
        "/static/leaflet/%2e%2e/__init__.py",
    ):
        assert client.get(path, follow_redirects=True).status_code == 404


def test_a_tile_is_a_picture_that_may_be_kept_only_under_its_own_editions_address(client, demo_edition):
    from stroke_map.maps.mercator import tiles_covering

    found = tiles_covering(demo_edition.info.region.bounds, 10)
    path = f"10/{found.x_first}/{found.y_first}.png"
    own = client.get(f"/tiles/{demo_edition.info.id}/{path}")
    assert (own.status_code, own.mimetype, own.data[:4]) == (200, "image/png", b"\x89PNG")
    assert "max-age" in own.headers["Cache-Control"]
    other = client.get(f"/tiles/older/{path}")
    assert (other.data, other.headers["Cache-Control"]) == (own.data, "no-store")


def test_names_and_coverage_of_the_base_map_come_from_the_sealed_edition(client, demo_edition):
    own = f"/tiles/{demo_edition.info.id}"
    places = client.get(f"{own}/places.json")
    assert places.get_json()[0][4] == "示范市（虚构）"
    assert "max-age" in places.headers["Cache-Control"]
    assert client.get("/tiles/older/places.json").headers["Cache-Control"] == "no-store"
    for capability in ("thrombolysis", "thrombectomy", "primary_pci", "fibrinolysis"):
        picture = client.get(f"{own}/bands/{capability}.png")
        assert (picture.status_code, picture.data[:4]) == (200, b"\x89PNG")
    for name in ("neurosurgery", "..%2fplaces", "../../registry"):
        assert client.get(f"{own}/bands/{name}.png").status_code == 404


def test_names_of_streets_come_by_the_sheet_and_may_be_kept_only_under_their_own_edition(client, demo_edition):
    from stroke_map.maps.mercator import project

    one = demo_edition.hospitals[0]
    x, y = (int(value * 2**13) for value in project(one.entrance_lon, one.entrance_lat))
    own = client.get(f"/tiles/{demo_edition.info.id}/streets/15/{x}/{y}.json")
    assert own.mimetype == "application/json"
    assert "max-age" in own.headers["Cache-Control"]
    for rank, lon, lat, turn, room, name, name_en in own.get_json():
        assert 0 <= rank < 10
        assert abs(lon - one.entrance_lon) < 0.1
        assert abs(lat - one.entrance_lat) < 0.1
        assert -90 < turn <= 90
        assert room > 20
        assert name in demo_edition.network("car").texts["name"]
        assert name_en
    assert len(own.get_json()) > 3
    other = client.get(f"/tiles/older/streets/15/{x}/{y}.json")
    assert (other.data, other.headers["Cache-Control"]) == (own.data, "no-store")
    for numbers in ("19/0/0", "15/99999/0", "11/0/0"):
        assert client.get(f"/tiles/{demo_edition.info.id}/streets/{numbers}.json").status_code == 404


def test_closed_roads_are_shown_without_who_said_it_or_why(live_app, demo_edition, clinical):
    client = live_app.test_client()
    warm_live_state(live_app)
    assert client.get("/closures.geojson").get_json() == {"type": "FeatureCollection", "features": []}
    hospital = demo_edition.hospitals[0]
    lat, lon = hospital.entrance_lat, hospital.entrance_lon
    square = [
        [lon - 0.002, lat - 0.002],
        [lon + 0.002, lat - 0.002],
        [lon + 0.002, lat + 0.002],
        [lon - 0.002, lat + 0.002],
    ]
    closure = {
        "kind": "closed",
        "geometry": {"type": "Polygon", "coordinates": [[*square, square[0]]]},
        "reason": "Zq7secret",
        "author": "Zq7secret",
    }
    assert client.post("/api/v1/closures", json=closure, headers=clinical).status_code == 201
    shown = client.get("/closures.geojson")
    (feature,) = shown.get_json()["features"]
    assert feature["properties"] == {"kind": "closed", "until": None}
    assert len(feature["geometry"]["coordinates"]) > 3
    assert "Zq7secret" not in shown.text
    assert client.get("/closures.geojson", headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304


def test_the_footer_names_the_licence_of_the_editions_own_data(client, demo_edition):
    page = client.get("/?lang=en").get_data(as_text=True)
    assert f"{demo_edition.info.attribution}, licence {demo_edition.info.licence}" in page
    assert "ODbL" not in page
