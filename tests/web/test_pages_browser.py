"""The pages in a real Chromium, over the real application: what a visitor sees, clicks and is refused."""

from __future__ import annotations

import csv
import io
import math
import re
import threading
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from stroke_map.coordinates import from_wgs84, metres_between
from stroke_map.settings import read_settings
from stroke_map.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE, SMALL, DESKTOP = {"width": 390, "height": 844}, {"width": 320, "height": 640}, {"width": 1280, "height": 800}
HOSTILE = "${alert(1)}</script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.fixture(scope="session")
def place(demo_edition) -> dict[str, float]:
    """At a hospital of the city that cannot treat strokes: the road leads to another."""
    able = {hospital.id: hospital.capabilities["thrombolysis"].status for hospital in demo_edition.hospitals}
    here = next(
        hospital for hospital in demo_edition.hospitals if able[hospital.id] == "no" and hospital.kind == "hospital"
    )
    return {"lat": round(here.entrance_lat, 4), "lon": round(here.entrance_lon, 4)}


@pytest.fixture(scope="module")
def hostile_site(write_osm, place_of, serving, tmp_path_factory) -> Iterator[str]:
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


SIZES = {"phone": PHONE, "small": SMALL, "desktop": DESKTOP}


@pytest.fixture
def looks(settle, picture):
    return settle, picture


def at(place):
    return {"latitude": place["lat"], "longitude": place["lon"]}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", ["phone", "small", "desktop"])
def test_where_am_i_draws_the_road_with_minutes_name_and_telephone(visit, site, client, place, *, looks, lang, size):
    start, _ = visit
    settle, picture = looks
    viewport = SIZES[size]
    page = start(site, viewport=viewport, geolocation=at(place), permissions=["geolocation"])
    page.goto(f"{site}/?lang={lang}")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.locator(".call").bounding_box()["y"] < 200, "120 comes first"
    picture(page, f"{size}-{lang}")
    page.click("#where")
    page.wait_for_selector("#result .numbers")
    hospitals = client.get("/api/v1/route", query_string=place).get_json()["hospitals"]
    cards = page.locator("#result .card")
    assert cards.count() == len(hospitals) == 3
    for number, told in enumerate(hospitals):
        card = cards.nth(number)
        assert {told["name"]["zh"], told["name"]["en"]} <= set(re.split(r"\n", card.inner_text()))
        assert f"{math.ceil(told['travel_time_s'] / 60)}" in card.locator(".numbers").inner_text()
        assert card.locator("a.phone").get_attribute("href") == told["navigation"]["call"]
        assert card.locator("a.phone").inner_text() == told["phone"]
        for app in ("amap", "baidu", "tencent", "apple"):
            assert card.locator(f'a[href="{told["navigation"][app]}"]').count() == 1
    assert page.locator("path.road-line").count() == 1
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    picture(page, f"{size}-{lang}-answer")


def test_a_tap_on_the_map_asks_for_that_place(visit, site, settle):
    start, _ = visit
    page = start(site)
    page.goto(site)
    settle(page)
    with page.expect_request("**/api/v1/route") as asked:
        box = page.locator(".folium-map").bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.62, box["y"] + box["height"] * 0.4)
    body = asked.value.post_data_json
    assert set(body) == {"lat", "lon", "crs", "condition", "roads"}
    assert asked.value.url.endswith("/api/v1/route"), "the place stands in no address"
    page.wait_for_selector("#result .numbers, #result .notice")


def test_two_taps_enlarge_the_map_and_ask_nothing_and_a_tap_counts_more_than_a_location_that_comes_late(
    visit, site, settle
):
    start, _ = visit
    page = start(site)
    page.add_init_script(
        "navigator.geolocation.getCurrentPosition = (found) => { window.located = () => found({coords: {latitude: 1, longitude: 1, accuracy: 9}}); }"
    )
    page.goto(f"{site}/?lang=en")
    settle(page)
    asked = []
    page.on("request", lambda request: "/api/v1/route" in request.url and asked.append(request.post_data_json))
    box = page.locator(".folium-map").bounding_box()
    at = box["x"] + box["width"] * 0.62, box["y"] + box["height"] * 0.4
    before = page.evaluate("map_0.getZoom()")
    page.mouse.dblclick(*at)
    page.wait_for_timeout(400)  # longer than a second tap may take
    assert page.evaluate("map_0.getZoom()") == before + 1
    assert asked == []
    page.click("#where")
    page.locator("#result .busy").wait_for()
    page.mouse.click(*at)
    page.wait_for_selector("#result .numbers, #result .notice")
    page.evaluate("located()")
    page.wait_for_timeout(100)
    assert len(asked) == 1
    assert asked[0]["lat"] > 2


def test_a_place_is_found_by_typing_and_chosen_with_the_keyboard(visit, site, demo_edition, settle, picture):
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


def test_a_search_can_be_left_and_says_when_nothing_is_found(visit, site, settle, picture):
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


def test_a_district_is_shown_on_the_map_which_waits_for_a_tap(visit, site, demo_edition, settle):
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
    assert "tap your place on the map" in page.inner_text("#result")
    page.get_by_role("button", name="Type a place").click()
    assert page.evaluate("document.activeElement.id") == "place"
    page.get_by_role("button", name="Tap on the map").click()
    assert page.evaluate("document.activeElement.classList.contains('leaflet-container')")


def test_a_place_far_away_is_told_in_words_with_hospitals_by_straight_line(visit, site, picture):
    start, _ = visit
    page = start(site, geolocation={"latitude": 1.0, "longitude": 1.0}, permissions=["geolocation"])
    page.goto(f"{site}/?lang=en")
    page.click("#where")
    page.wait_for_selector("#result .notice")
    assert "outside the region" in page.inner_text("#result")
    assert "straight line" in page.inner_text("#result")
    assert page.locator("#result a.phone").count() > 0
    picture(page, "desktop-en-outside")


def test_without_a_network_the_page_says_so_and_ranks_its_list_by_straight_line(
    visit, site, place, demo_edition, settle
):
    start, wrong = visit
    page = start(site, geolocation=at(place), permissions=["geolocation"])
    page.goto(f"{site}/?lang=en")
    settle(page)
    page.context.set_offline(True)
    page.click("#where")
    page.wait_for_selector("#result .notice")
    assert "cannot be reached" in page.inner_text("#result")
    assert nearest_in(page) == nearest_by_line(place, demo_edition, "thrombolysis")
    wrong[:] = [what for what in wrong if "ERR_INTERNET_DISCONNECTED" not in what]


def nearest_by_line(place, edition, capability):
    able = [one for one in edition.hospitals if one.capabilities[capability].status == "yes"]
    here = place["lat"], place["lon"]
    able.sort(key=lambda one: metres_between(here, (one.entrance_lat, one.entrance_lon)))
    return [one.id for one in able[:3]]


def nearest_in(page):
    return page.locator("#result .card").evaluate_all("cards => cards.map(card => card.dataset.id)")


def test_too_many_questions_still_show_120_and_the_list_by_straight_line(
    visit, app, site, place, *, demo_edition, monkeypatch
):
    start, _ = visit
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setitem(app.extensions, "stroke_map.public_slots", full)
    page = start(site, viewport=PHONE, geolocation=at(place), permissions=["geolocation"])
    page.goto(f"{site}/?lang=en")
    with page.expect_response("**/api/v1/route") as asked:
        page.click("#where")
    assert asked.value.status == 429
    page.wait_for_selector("#result .card")
    assert nearest_in(page) == nearest_by_line(place, demo_edition, "thrombolysis")
    assert "straight line" in page.inner_text("#result .card")
    assert page.locator(".call-bar a").bounding_box()["y"] > PHONE["height"] - 100, "within reach of the thumb"
    full.release()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#result .numbers b")


def test_the_list_and_the_map_are_filtered_alike(visit, site, demo_edition, settle):
    start, _ = visit
    page = start(site)
    page.goto(f"{site}/?lang=en")
    settle(page)
    page.check('input[name="able"][value="thrombectomy"]')
    able = {one.id for one in demo_edition.hospitals if one.capabilities["thrombectomy"].status == "yes"}
    assert set(page.locator(".list .card:visible").evaluate_all("cards => cards.map(c => c.dataset.id)")) == able
    assert page.locator(".leaflet-marker-icon .pin-square").count() == len(able)
    assert page.locator(".leaflet-marker-icon .pin-circle").count() == 0
    assert page.inner_text("#filter [role=status]") == f"{len(able)} hospitals"
    one = next(one for one in demo_edition.hospitals if one.id in able)
    page.fill('#filter [name="text"]', one.name_en.upper())
    assert page.locator(".leaflet-marker-icon .pin").count() == page.locator(".list .card:visible").count() >= 1
    page.fill('#filter [name="text"]', "zzz")
    assert page.locator(".list .card:visible").count() == 0
    page.fill('#filter [name="text"]', "")
    page.check('input[name="able"][value=""]')
    assert page.locator(".leaflet-marker-icon .pin-circle").count() > 0


def test_a_location_in_chinese_map_coordinates_is_taken_for_what_it_is_only_in_other_apps(
    visit, serving, settings, place
):
    start, _ = visit
    lat, lon = from_wgs84(place["lat"], place["lon"], "GCJ-02")
    given = {"geolocation": {"latitude": lat, "longitude": lon, "accuracy": 25}, "permissions": ["geolocation"]}
    with serving(create_app(replace(settings, in_app_crs="GCJ-02"))) as address:
        for agent, expected in ((" MicroMessenger/8.0", (place["lat"], place["lon"])), ("", (lat, lon))):
            page = start(address, user_agent="Mozilla/5.0" + agent, **given)
            page.goto(address)
            with page.expect_request("**/api/v1/route") as asked:
                page.click("#where")
            sent = asked.value.post_data_json
            assert metres_between((sent["lat"], sent["lon"]), expected) < 0.2
            page.wait_for_selector("#result .card")
            assert page.locator("path.accuracy").count() == 1
            assert "25" in page.inner_text("#result .notice")
            page.close()  # before its server: tiles are still on their way


def test_without_https_the_page_says_so_and_offers_the_other_ways(visit, site):
    start, _ = visit
    page = start(site)
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.goto(f"{site}/?lang=en")
    page.click("#where")
    page.wait_for_selector("#result .notice")
    assert "Without https" in page.inner_text("#result")
    assert page.locator("#result .ways button").count() == 2


def test_the_way_to_each_of_the_three_can_be_shown(visit, site, place, settle):
    start, _ = visit
    page = start(site, geolocation=at(place), permissions=["geolocation"])
    page.goto(f"{site}/?lang=en")
    page.click("#where")
    page.wait_for_selector("path.road-line")
    first = page.get_attribute("path.road-line", "d")
    name = page.locator("#result .card h3").nth(2).inner_text()
    page.locator("#result .way").nth(2).click()
    page.locator(".pin-label", has_text=name[:8]).wait_for()
    assert page.locator("path.road-line").count() == 1
    assert page.get_attribute("path.road-line", "d") != first
    assert page.locator("path.road-other").count() == 2


def test_the_list_and_120_need_no_script_at_all(visit, site):
    start, _ = visit
    page = start(site, java_script_enabled=False, viewport=PHONE)
    page.goto(f"{site}/?lang=en")
    assert page.locator("a.call").get_attribute("href") == "tel:120"
    assert page.locator(".card").count() > 5
    assert page.locator(".card a.phone").count() > 5
    assert page.locator("noscript, .notice").first.is_visible()
    assert page.locator(".signs-board").first.is_visible()
    assert page.locator(".card details a.app").count() > 20
    page.click(".coordinates summary")
    page.fill("[name=lat]", "0")


@pytest.mark.parametrize(("size", "viewport", "lang"), [("phone", PHONE, "zh"), ("desktop", DESKTOP, "en")])
def test_one_answer_is_drawn_without_our_own_script(visit, site, place, settle, picture, *, size, viewport, lang):
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


def test_a_browser_that_asks_for_a_page_gets_errors_as_a_page(visit, site, picture):
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


def test_the_page_can_be_used_with_the_keyboard_alone(visit, site, place, settle):
    start, _ = visit
    page = start(site, geolocation=at(place), permissions=["geolocation"])
    page.goto(site)
    settle(page)
    order = []
    for _ in range(12):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert shown != "none", order
        if order[-1] == "where":
            break
    assert order[:2] == ["call", "skip"]
    page.keyboard.press("Enter")
    page.wait_for_selector("#result .numbers")
    assert page.evaluate("document.activeElement.id") == "result", "what was found is read next"


def test_targets_are_large_enough_and_everything_focusable_has_a_name(visit, site, place, settle):
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


def test_hostile_names_stay_text_on_the_map_in_the_answer_and_in_the_list(
    visit, hostile_site, place_of, settle, picture
):
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
