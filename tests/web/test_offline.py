"""What stays on a phone: which files the worker keeps, how it is named, and the real thing in a real Chromium without a network."""

from __future__ import annotations

import csv
import io
import json
import shutil
import threading
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from werkzeug.serving import make_server

from stroke_map.editions import Region, build_edition, publish
from stroke_map.settings import read_settings
from stroke_map.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = {"2026.1": "甲医院", "2026.2": "乙医院"}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
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
        assert file.startswith(("/offline?", "/map.svg?", "/static/css/", "/static/js/offline.js?", "/static/img/")), (
            file
        )
        assert client.get(file, buffered=True).status_code == 200
    for page in ("/offline?lang=zh", "/offline?lang=en"):
        text = client.get(page).text
        for part in text.split('src="')[1:] + text.split('<link rel="stylesheet" href="')[1:]:
            assert part.partition('"')[0].replace("&amp;", "&") in kept["files"]


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


@contextmanager
def serving(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    with playwright.sync_playwright() as started:
        executable = found or started.chromium.executable_path
        if not Path(executable).exists():
            pytest.skip("no Chromium on PATH and none installed by playwright")
        browser = started.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def until(page, expression):
    """Wait until it is true: asked from outside, for the policy of a page lets nothing be evaluated in it."""
    for _ in range(300):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(expression)


@pytest.mark.browser
@pytest.mark.slow
def test_after_one_visit_the_list_stays_and_a_new_edition_replaces_it(browser, app, town, place_of):
    lat, lon = place_of(200, 0)
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN",
                                  geolocation={"latitude": lat, "longitude": lon}, permissions=["geolocation"])  # fmt: skip
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    with serving(app) as site:
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
        publish(town, "2026.2")
        page.goto(f"{site}/?lang=zh")
        until(page, f"caches.keys().then(names => names.length === 1 && names[0] !== {kept['name']!r})")
        context.set_offline(True)
        page.goto(f"{site}/?lang=zh")
        assert page.locator(".hospitals .name").inner_text() == NAMES["2026.2"]
        context.close()
    assert wrong == []
