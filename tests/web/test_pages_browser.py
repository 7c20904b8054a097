"""The pages in a real Chromium, over the real application: what a visitor sees, clicks and is refused."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import threading
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from werkzeug.serving import make_server

from stroke_map.settings import read_settings
from stroke_map.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE, SMALL, DESKTOP = {"width": 390, "height": 844}, {"width": 320, "height": 640}, {"width": 1280, "height": 800}
HOSTILE = "${alert(1)}</script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"


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


@pytest.fixture(scope="session")
def place(demo_edition) -> dict[str, float]:
    """At a hospital of the city that cannot treat strokes: the road leads to another."""
    able = {hospital.id: hospital.capabilities["thrombolysis"].status for hospital in demo_edition.hospitals}
    here = next(
        hospital for hospital in demo_edition.hospitals if able[hospital.id] == "no" and hospital.kind == "hospital"
    )
    return {"lat": round(here.entrance_lat, 4), "lon": round(here.entrance_lon, 4)}


@pytest.fixture(scope="module")
def site(app) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def hostile_site(write_osm, place_of, tmp_path_factory) -> Iterator[str]:
    """A street with two hospitals, whose names try to become code."""
    from stroke_map.editions import Region, build_edition, publish

    folder = tmp_path_factory.mktemp("hostile")
    osm = write_osm({"a": (0, 0), "b": (800, 0), "c": (1600, 0)}, [("abc", {"highway": "primary", "name": HOSTILE})])
    rows = []
    for number in (1, 2):
        lat, lon = place_of(800 * number, 0)
        told = {"name_zh": HOSTILE, "name_en": HOSTILE, "district": HOSTILE, "address": HOSTILE, "phone": HOSTILE}
        rows.append({"id": f"h{number}", "lat": lat, "lon": lon, "crs": "WGS-84", "thrombolysis": "yes"} | told)
    with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    build_edition(osm=osm, sheet=folder / "sheet.csv", region=Region(), geodata_dir=folder, edition_id="2026.1",
                  valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))  # fmt: skip
    publish(folder, "2026.1")
    with serving(create_app(read_settings({}, geodata_dir=folder, cache_dir=folder / "cache"))) as address:
        yield address


@pytest.fixture
def visit(browser):
    """Open pages and watch them: a request to another host, a console error, a dialog or a script error fails the test."""
    contexts, wrong = [], []

    def start(site, *, viewport=DESKTOP, **options):
        context = browser.new_context(viewport=viewport, has_touch=viewport is not DESKTOP, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: request.url.startswith((site, "data:")) or wrong.append(request.url))
        page.on("console", lambda said: said.type in {"error", "warning"} and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        return page

    yield start, wrong
    for context in contexts:
        context.close()
    # A question about a place without a road is answered 404, which Chromium writes to the console.
    assert [what for what in wrong if "404 (NOT FOUND)" not in what] == []


def at(place):
    return {"latitude": place["lat"], "longitude": place["lon"]}


def settle(page):
    """Wait until every tile is there and no animation runs."""
    page.wait_for_selector(".leaflet-tile-loaded")
    page.wait_for_selector(".leaflet-tile:not(.leaflet-tile-loaded)", state="detached")
    page.wait_for_timeout(400)


def picture(page, name):
    SCREENSHOTS.mkdir(exist_ok=True)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    part = SCREENSHOTS / f".{worker}{name}.png"
    page.screenshot(path=part, full_page=False)
    part.replace(SCREENSHOTS / f"{name}.png")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("size", "viewport"), [("phone", PHONE), ("small", SMALL), ("desktop", DESKTOP)])
def test_where_am_i_draws_the_road_with_minutes_name_and_telephone(visit, site, client, place, *, lang, size, viewport):
    start, _ = visit
    page = start(site, viewport=viewport, geolocation=at(place), permissions=["geolocation"])
    page.goto(f"{site}/?lang={lang}")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.locator(".call").bounding_box()["y"] < 200, "120 comes first"
    picture(page, f"{size}-{lang}")
    page.click("#where")
    page.wait_for_selector("#result .numbers")
    best = client.get("/api/v1/route", query_string=place).get_json()["hospitals"][0]
    result = page.locator("#result")
    assert best["name"][lang] in result.inner_text()
    assert result.locator("a.phone").get_attribute("href") == best["navigation"]["call"]
    assert result.locator("a.phone").inner_text() == best["phone"]
    assert re.search(r"\d+\s*(分钟|min)", result.inner_text())
    assert page.locator("path.road-line").count() == 1
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    picture(page, f"{size}-{lang}-answer")


def test_a_tap_on_the_map_asks_for_that_place(visit, site):
    start, _ = visit
    page = start(site)
    page.goto(site)
    settle(page)
    with page.expect_request("**/api/v1/route") as asked:
        box = page.locator(".folium-map").bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.62, box["y"] + box["height"] * 0.4)
    body = asked.value.post_data_json
    assert set(body) == {"lat", "lon", "crs", "condition"}
    assert asked.value.url.endswith("/api/v1/route"), "the place stands in no address"
    page.wait_for_selector("#result .numbers, #result .notice")


def test_a_place_is_found_by_typing_and_chosen_with_the_keyboard(visit, site, demo_edition):
    start, _ = visit
    page = start(site)
    page.goto(f"{site}/?lang=zh")
    settle(page)
    wanted = next(hospital for hospital in demo_edition.hospitals if hospital.district)
    page.locator("#place").press_sequentially(wanted.name_zh, delay=20)
    page.wait_for_selector("#places li")
    box = page.locator("#place")
    assert box.get_attribute("aria-expanded") == "true"
    assert page.locator("#search [role=status]").inner_text()
    picture(page, "desktop-zh-search")
    page.keyboard.press("ArrowDown")
    first = page.locator("#places li").first
    assert (first.get_attribute("aria-selected"), box.get_attribute("aria-activedescendant")) == (
        "true",
        first.get_attribute("id"),
    )
    page.keyboard.press("ArrowUp")
    last = page.locator("#places li").last
    assert (first.get_attribute("aria-selected"), last.get_attribute("aria-selected")) == ("false", "true")
    page.keyboard.press("ArrowDown")
    with page.expect_request("**/api/v1/route") as asked:
        page.keyboard.press("Enter")
    sent = asked.value.post_data_json
    assert (sent["lat"], sent["lon"]) == (round(wanted.entrance_lat, 6), round(wanted.entrance_lon, 6))
    assert page.locator("#places").is_hidden()
    assert box.input_value().startswith(wanted.name_zh)
    page.wait_for_selector("#result .numbers, #result .notice")


def test_a_search_can_be_left_and_says_when_nothing_is_found(visit, site):
    start, _ = visit
    page = start(site, viewport=PHONE)
    page.goto(f"{site}/?lang=en")
    settle(page)
    page.fill("#place", "a")
    page.wait_for_selector("#places li")
    picture(page, "phone-en-search")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.keyboard.press("Escape")
    assert page.locator("#places").is_hidden()
    assert page.input_value("#place") == "a"
    page.fill("#place", "zzzzzz")
    page.locator("#search [role=status]").get_by_text("Nothing found").wait_for()
    assert page.locator("#places").is_hidden()
    page.fill("#place", "a")
    page.wait_for_selector("#places li")
    page.keyboard.press("Tab")
    page.wait_for_selector("#places", state="hidden")


def test_a_district_is_shown_on_the_map_which_waits_for_a_tap(visit, site, demo_edition):
    start, _ = visit
    page = start(site)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/?lang=en")
    settle(page)
    page.route(
        "**/api/v1/search?*",
        lambda route: route.fulfill(
            json={
                "results": [
                    {
                        "kind": "district",
                        "label": "East",
                        "lat": demo_edition.hospitals[0].lat,
                        "lon": demo_edition.hospitals[0].lon,
                    }
                ]
            }
        ),
    )
    page.fill("#place", "East")
    page.click("#places li")
    page.wait_for_selector("#result .notice")
    assert "tap your place" in page.inner_text("#result")
    assert not [url for url in asked if "/route" in url]


def test_the_place_is_kept_when_the_condition_changes_and_forgotten_afterwards(visit, site, place):
    start, _ = visit
    page = start(site, geolocation=at(place), permissions=["geolocation"])
    page.goto(site)
    page.click("#where")
    page.wait_for_selector("#result .numbers")
    with page.expect_request("**/api/v1/route") as asked:
        page.click(".conditions a:not([aria-current])")
    assert asked.value.post_data_json["condition"] == "chest_pain"
    page.wait_for_selector("#result .numbers")
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]


def test_a_refused_location_is_told_with_the_other_way(visit, site):
    start, _ = visit
    page = start(site)
    page.goto(f"{site}/?lang=en")
    page.click("#where")
    page.wait_for_selector("#result .notice")
    assert "did not allow the location" in page.inner_text("#result")
    assert "Tap your place on the map" in page.inner_text("#result")


def test_a_place_far_away_is_told_in_words_with_hospitals_by_straight_line(visit, site):
    start, _ = visit
    page = start(site, geolocation={"latitude": 1.0, "longitude": 1.0}, permissions=["geolocation"])
    page.goto(f"{site}/?lang=en")
    page.click("#where")
    page.wait_for_selector("#result .notice")
    assert "outside the region" in page.inner_text("#result")
    assert "straight line" in page.inner_text("#result")
    assert page.locator("#result a.phone").count() > 0
    picture(page, "desktop-en-outside")


def test_without_a_network_the_list_stays_and_the_page_says_so(visit, site, place):
    start, wrong = visit
    page = start(site, geolocation=at(place), permissions=["geolocation"])
    page.goto(f"{site}/?lang=en")
    settle(page)
    page.context.set_offline(True)
    page.click("#where")
    page.wait_for_selector("#result .notice")
    assert "cannot be reached" in page.inner_text("#result")
    assert page.locator(".card").count() > 0
    wrong[:] = [what for what in wrong if "ERR_INTERNET_DISCONNECTED" not in what]


def test_the_list_and_120_need_no_script_at_all(visit, site):
    start, _ = visit
    page = start(site, java_script_enabled=False, viewport=PHONE)
    page.goto(f"{site}/?lang=en")
    assert page.locator("a.call").get_attribute("href") == "tel:120"
    assert page.locator(".card").count() > 5
    assert page.locator(".card a.phone").count() > 5
    assert page.locator("noscript, .notice").first.is_visible()
    page.click("summary")
    page.fill("[name=lat]", "0")


@pytest.mark.parametrize(("size", "viewport", "lang"), [("phone", PHONE, "zh"), ("desktop", DESKTOP, "en")])
def test_one_answer_is_drawn_without_our_own_script(visit, site, place, *, size, viewport, lang):
    start, _ = visit
    page = start(site, viewport=viewport)
    page.route("**/static/js/**", lambda route: route.abort())
    page.goto(f"{site}/map?lat={place['lat']}&lon={place['lon']}&lang={lang}")
    settle(page)
    assert page.locator("path.road-line").count() == 1
    assert page.locator(".pin-here").count() == 1
    assert page.locator(".pin-first").count() == 1
    assert re.search(r"\d+ (分钟|min)", page.locator(".pin-label").first.inner_text() + page.inner_text(".numbers"))
    picture(page, f"{size}-{lang}-map")
    page.emulate_media(media="print")
    settle(page)
    assert page.locator(".leaflet-control-zoom").is_hidden()


def test_a_browser_that_asks_for_a_page_gets_errors_as_a_page(visit, site):
    start, _ = visit
    page = start(site, locale="en-US")
    page.goto(f"{site}/map?lat=1&lon=1")
    assert page.locator("a.call").is_visible()
    assert "outside the region" in page.inner_text("h1")
    picture(page, "desktop-en-error")


def test_a_tile_that_is_still_being_drawn_is_asked_for_again(visit, site, place):
    start, _ = visit
    page = start(site)
    first: set[str] = set()

    def stand_in(route):
        if "again" in route.request.url:
            return route.continue_()
        first.add(route.request.url)
        smaller = io.BytesIO()
        Image.new("RGB", (64, 64), "red").save(smaller, "PNG")
        return route.fulfill(body=smaller.getvalue(), content_type="image/png")

    page.route("**/tiles/**", stand_in)
    page.goto(f"{site}/map?lat={place['lat']}&lon={place['lon']}")
    page.wait_for_selector(".leaflet-tile[src*='again=1']")
    page.wait_for_selector(".leaflet-tile:not([src*='again'])", state="detached")
    page.wait_for_timeout(300)
    widths = page.evaluate("[...document.querySelectorAll('.leaflet-tile')].map(tile => tile.naturalWidth)")
    assert first
    assert set(widths) == {256}


def test_the_page_can_be_used_with_the_keyboard_alone(visit, site, place):
    start, _ = visit
    page = start(site, geolocation=at(place), permissions=["geolocation"])
    page.goto(site)
    settle(page)
    order = []
    for _ in range(9):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert shown != "none", order
        if order[-1] == "where":
            break
    assert order[:2] == ["skip", "call"]
    page.keyboard.press("Enter")
    page.wait_for_selector("#result .numbers")
    assert page.evaluate("document.activeElement.id") == "result", "what was found is read next"


def test_targets_are_large_enough_and_everything_focusable_has_a_name(visit, site, place):
    start, _ = visit
    page = start(site, viewport=SMALL, geolocation=at(place), permissions=["geolocation"])
    page.goto(site)
    page.click("#where")
    page.wait_for_selector("#result .numbers")
    settle(page)
    small = page.evaluate("""() => [...document.querySelectorAll('main a, main button, header a, .call, summary, input, select')]
        .filter(e => e.checkVisibility() && !e.closest('.leaflet-control-attribution'))
        .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)""")
    assert small == []
    nameless = page.evaluate("""() => [...document.querySelectorAll('a, button, [tabindex="0"]')]
        .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.title)).map(e => e.outerHTML.slice(0, 120))""")
    assert nameless == []


def test_hostile_names_stay_text_on_the_map_in_the_answer_and_in_the_list(visit, hostile_site, place_of):
    start, _ = visit
    lat, lon = place_of(100, 5)
    page = start(hostile_site, geolocation={"latitude": lat, "longitude": lon}, permissions=["geolocation"])
    page.goto(f"{hostile_site}/?lang=en")
    page.click("#where")
    page.wait_for_selector("#result .numbers")
    assert HOSTILE in page.inner_text("#result")
    settle(page)
    page.locator(".leaflet-marker-icon[role=button]").first.click(force=True)
    page.wait_for_selector(".leaflet-popup")
    picture(page, "desktop-en-hostile")
    assert HOSTILE in page.inner_text(".leaflet-popup")
    assert page.locator("img[src=x]").count() == 0
    page.goto(f"{hostile_site}/map?lat={lat}&lon={lon}&lang=en")
    settle(page)
    assert HOSTILE in page.inner_text("main")
    assert page.locator("img[src=x]").count() == 0
