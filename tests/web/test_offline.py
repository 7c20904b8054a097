"""What stays on a phone: which files the worker keeps, how it is named, and the real thing in a real Chromium without a network."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from stroke_map.editions import EditionHolder, Region, build_edition, publish
from stroke_map.settings import read_settings
from stroke_map.web import create_app

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {"2026.1": "甲医院", "2026.2": "乙医院"}
KEPT = "caches.keys().then(names => Promise.all(names.map(async name => [name, (await (await caches.open(name)).keys()).map(request => request.url.slice(location.origin.length))])))"  # fmt: skip


def kept_by(worker: str) -> dict[str, Any]:
    return json.loads(worker.partition(";\n")[0].removeprefix("const KEPT = "))


@pytest.fixture(scope="module")
def town(write_osm, place_of, tmp_path_factory) -> Path:
    """A geodata folder with two editions of a street; the first is published."""
    folder = tmp_path_factory.mktemp("two-editions")
    osm = write_osm({"a": (0, 0), "b": (800, 0)}, [("ab", {"highway": "primary"})])
    lat, lon = place_of(400, 0)
    for edition_id, name in NAMES.items():
        row = {"id": "h1", "name_zh": name, "name_en": f"Hospital {name}", "lat": lat, "lon": lon, "crs": "WGS-84",
               "phone": "023 6869 0000", "district": "江北区", "thrombolysis": "yes", "fibrinolysis": "yes"}  # fmt: skip
        with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(row))
            writer.writeheader()
            writer.writerow(row)
        build_edition(osm=osm, sheet=folder / "sheet.csv", region=Region(), geodata_dir=folder, edition_id=edition_id,
                      valid_from=date(2026, 1, 1), valid_until=date(2099, 12, 31))  # fmt: skip
    publish(folder, "2026.1")
    return folder


@pytest.fixture(scope="module")
def app(town):
    return create_app(read_settings({}, geodata_dir=town, cache_dir=town / "cache", plane="public"))


def test_the_worker_keeps_pages_of_the_list_and_what_they_load_and_nothing_else(app):
    client = app.test_client()
    answer = client.get("/service-worker.js")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/javascript", "public, no-cache")
    kept = kept_by(answer.text)
    assert kept["name"].startswith(kept["prefix"])
    for file in kept["files"]:
        assert file.startswith(
            (
                "/offline?",
                "/map.svg?",
                "/static/css/",
                "/static/js/measure.js?",
                "/static/js/offline.js?",
                "/static/img/",
            )
        ), file
        assert client.get(file, buffered=True).status_code == 200
    assert set(kept["lists"].values()) <= set(kept["files"])
    for page in kept["lists"].values():
        text = client.get(page).text
        for part in text.split('src="')[1:] + text.split('<link rel="stylesheet" href="')[1:]:
            assert part.partition('"')[0].replace("&amp;", "&") in kept["files"]


def test_what_the_worker_asks_for_is_of_the_edition_it_is_made_for_or_is_not_there(app):
    client = app.test_client()
    named = [file for file in kept_by(client.get("/service-worker.js").text)["files"] if "kept=" in file]
    assert len(named) == 6
    for file in named:
        assert client.get(file).status_code == 200
        assert client.get(file.partition("kept=")[0] + "kept=another").status_code == 404
    assert client.get("/offline").status_code == 200


def test_the_manifest_names_the_service_in_its_language_and_icons_that_are_there(app):
    client = app.test_client()
    for lang, tag in (("zh", "zh-CN"), ("en", "en")):
        told = client.get(f"/manifest.webmanifest?lang={lang}").get_json(force=True)
        assert (told["lang"], told["scope"], told["start_url"]) == (tag, "/", f"/?lang={lang}")
        for icon in told["icons"]:
            picture = Image.open(io.BytesIO(client.get(icon["src"]).data))
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
            assert picture.getpixel((picture.width // 2, picture.height // 2))[:3] == (255, 255, 255)
            assert picture.getpixel((0, 0))[3] == (255 if icon["purpose"] == "maskable" else 0)
    assert client.get("/icons/icon-9.png").status_code == 404
    assert "manifest-src 'self'" in client.get("/").headers["Content-Security-Policy"]


def test_without_an_edition_no_worker_replaces_the_one_that_is_there(tmp_path):
    empty = create_app(read_settings({}, geodata_dir=tmp_path, cache_dir=tmp_path, plane="public")).test_client()
    assert empty.get("/service-worker.js").status_code == 503
    assert empty.get("/offline").status_code == 503


def until(page, expression):
    """Wait until it is true: asked from outside, for the policy of a page lets nothing be evaluated in it."""
    for _ in range(900):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(expression)


class TwoProcesses:
    """A server of two processes: while there is one `behind`, it answers for what is kept, from the edition before."""

    def __init__(self, app: Any) -> None:
        self.app, self.behind, self.asked = app, None, []

    def __call__(self, environ: Any, start: Any) -> Any:
        late = self.behind if environ["PATH_INFO"] in {"/offline", "/map.svg"} else None
        if late:
            self.asked.append(environ["QUERY_STRING"])
        return (late or self.app)(environ, start)


def app_that_stays(app: Any, town: Path) -> Any:
    """An application that goes on with the edition published now."""
    late = create_app(app.extensions["stroke_map.settings"])
    late.extensions["stroke_map.published"] = EditionHolder(town, check_interval_s=1e9)
    late.extensions["stroke_map.published"].current()
    return late


def nothing_is_mixed(page: Any, server: TwoProcesses, before: dict[str, list[str]]) -> None:
    """Of a page of one edition and pictures of the other nothing is kept: the list before stays until all have followed."""
    while not server.asked:
        page.wait_for_timeout(100)
    stored = {name: sorted(files) for name, files in page.evaluate(KEPT)}
    assert {name: files for name, files in stored.items() if files} == before


@pytest.mark.browser
@pytest.mark.slow
def test_after_one_visit_the_list_stays_and_a_new_edition_replaces_it(browser, serving, app, town, place_of):
    lat, lon = place_of(200, 0)
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN",
                                  geolocation={"latitude": lat, "longitude": lon}, permissions=["geolocation"])  # fmt: skip
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    server = TwoProcesses(app)
    with serving(server) as site:
        kept = kept_by(app.test_client().get("/service-worker.js").text)
        page.goto(f"{site}/?lang=zh")
        until(page, "navigator.serviceWorker.ready.then(() => caches.match('/saved-at')).then(Boolean)")
        # An answer is asked for, and read, while the worker is there.
        page.reload()
        until(page, "navigator.serviceWorker.controller !== null")
        body = {"lat": lat, "lon": lon, "crs": "WGS-84", "condition": "stroke"}
        asked = "body => fetch('/api/v1/route', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)}).then(r => r.status)"
        assert page.evaluate(asked, body) == 200
        page.evaluate(f"fetch('/api/v1/route?lat={lat}&lon={lon}').then(r => r.text())")
        page.evaluate("fetch('/hospitals.geojson').then(r => r.text())")
        everything = {kept["name"]: sorted([*kept["files"], "/saved-at"])}
        assert {name: sorted(files) for name, files in page.evaluate(KEPT)} == everything

        context.set_offline(True)
        for path in ("/?lang=zh", "/hospitals/h1", "/map?lat=1&lon=1"):
            page.goto(site + path)
            assert page.locator("h1").inner_text().startswith("没有网络"), path
        assert page.locator(".hospitals .name").inner_text() == NAMES["2026.1"]
        assert page.locator(".hospitals a.phone").get_attribute("href") == "tel:02368690000"
        assert page.locator("a[href='tel:120']").count() >= 1
        assert page.locator(".saved-signs svg").count() >= 6
        until(
            page,
            "!document.getElementById('saved').textContent.includes('{0}') && /20\\d\\d/.test(document.getElementById('saved').textContent)",
        )
        loaded = "Promise.all([...document.images].map(image => image.decode().then(() => image.naturalWidth)))"
        assert all(width > 100 for width in page.evaluate(loaded))
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.call-bar, .warning')).backgroundColor")
            != "rgba(0, 0, 0, 0)"
        )
        page.click("#near")
        page.wait_for_selector("#near-list li")
        assert "200" in page.locator("#near-list li p").first.inner_text()
        assert page.evaluate("fetch('/api/v1/route?lat=1&lon=1').then(() => 'answered', () => 'nothing')") == "nothing"
        page.goto(f"{site}/?lang=en")
        assert page.locator("h1").inner_text().startswith("No network")

        context.set_offline(False)
        server.behind = app_that_stays(app, town)
        publish(town, "2026.2")
        page.goto(f"{site}/?lang=zh")
        nothing_is_mixed(page, server, everything)
        server.behind = None
        until(page, f"caches.keys().then(names => names.length === 1 && names[0] !== {kept['name']!r})")
        context.set_offline(True)
        page.goto(f"{site}/?lang=zh")
        assert page.locator(".hospitals .name").inner_text() == NAMES["2026.2"]
        context.close()
    assert wrong == []
