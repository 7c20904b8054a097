"""What every state of the public page looks like: pictures for people, and what axe-core and a ruler find."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from stroke_map.settings import read_settings
from stroke_map.web import create_app

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from page.visit import visit as first_visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = {"small": {"width": 320, "height": 640}, "desktop": {"width": 1280, "height": 800}}
#: What is looked at besides what axe-core knows: nothing wider than the screen, nothing smaller than a finger, nothing cut off.
RULER = """() => {
  const shown = (e) => e.checkVisibility() && !e.closest(".leaflet-control-attribution, .leaflet-tooltip, .name-box");
  const told = (e) => e.outerHTML.slice(0, 100);
  const small = [...document.querySelectorAll("a, button, summary, input, select")].filter(shown)
    .filter((e) => !e.closest("p.if-told") && e.type !== "hidden" && !e.classList.contains("skip"))
    .filter((e) => { const box = e.getBoundingClientRect(); return box.width < 24 || box.height < 24; }).map(told);
  const cut = [...document.querySelectorAll("h1, h2, h3, p, a, button, label, li, summary")].filter(shown)
    .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline" && !e.closest(".leaflet-container") && !e.matches(".hidden, .skip")).map(told);
  return {wide: document.documentElement.scrollWidth > innerWidth, small, cut};
}"""
NOTHING_WRONG = {"wide": False, "small": [], "cut": []}


def here(edition):
    first = next(one for one in edition.hospitals if one.capabilities["thrombolysis"].status == "yes")
    return {"latitude": first.entrance_lat + 0.004, "longitude": first.entrance_lon + 0.004, "accuracy": 40}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", ["small", "desktop"])
def test_no_state_of_the_page_shuts_anybody_out(visit, site, demo_edition, *, settle, picture, axe_finds, lang, size):
    start, _ = visit
    page = start(site, viewport=SIZES[size], geolocation=here(demo_edition), permissions=["geolocation"])
    wrong = {}

    def look(state):
        found = axe_finds(page)
        ruled = page.evaluate(RULER)
        if found or ruled != NOTHING_WRONG:
            wrong[state] = (found, ruled)
        picture(page, f"{size}-{lang}-{state}", whole=size == "small")

    page.goto(f"{site}/?lang={lang}&condition=chest_pain")
    settle(page)
    look("first")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.click("#where")
    page.wait_for_selector("path.road-line")
    settle(page)
    look("answer-dark")
    page.emulate_media(color_scheme="light")
    page.locator("#result details summary").first.click()
    page.select_option("#layers select", "primary_pci")
    look("answer")
    page.fill("#place", "A")
    page.wait_for_selector("#places li")
    page.fill('#filter [name="text"]', "zzz")
    look("empty")
    page.evaluate("strokeMap.ask({lat: 1, lon: 1})")
    page.wait_for_selector("#result .notice-caution")
    look("error")
    assert wrong == {}


def test_an_edition_without_hospitals_for_it_and_pages_of_errors_and_answers_shut_nobody_out(
    visit, site, demo_edition, *, write_osm, place_of, serving, axe_finds, picture, tmp_path
):
    from stroke_map.editions import Region, build_edition, publish

    start, _ = visit
    osm = write_osm({"a": (0, 0), "b": (800, 0)}, [("ab", {"highway": "primary"})])
    lat, lon = place_of(400, 0)
    (tmp_path / "sheet.csv").write_text(f"id,name_zh,lat,lon,crs\nh1,某医院,{lat},{lon},WGS-84\n", encoding="utf-8")
    build_edition(osm=osm, sheet=tmp_path / "sheet.csv", region=Region(), geodata_dir=tmp_path, edition_id="2026.1",
                  valid_from=date(2020, 1, 1), valid_until=date(2020, 12, 31))  # fmt: skip
    publish(tmp_path, "2026.1")
    lat, lon = (here(demo_edition)[name] for name in ("latitude", "longitude"))
    with serving(create_app(read_settings({}, geodata_dir=tmp_path, cache_dir=tmp_path / "cache"))) as empty:
        for name, origin, path in (
            ("none", empty, "/?lang=en"),
            ("problem", site, "/map?lat=1&lon=1&lang=zh"),
            ("page", site, f"/map?lat={lat}&lon={lon}&lang=en"),
        ):
            page = start(origin, viewport=SIZES["small"], locale="en-US")
            page.goto(origin + path)
            assert axe_finds(page) == []
            assert page.evaluate(RULER) == NOTHING_WRONG
            picture(page, f"small-{name}", whole=True)
            if name == "none":
                assert page.locator(".banner-old").is_visible()


def test_a_first_visit_is_light_and_asks_no_other_host(browser, site, demo_edition):
    measured = first_visit(browser, site, here(demo_edition), throttled=False)
    assert measured.others == []
    # What else may have come by the time it is read depends on the speed of line and machine: scripts/measure_page.py tells.
    assert 0 < measured.blocking_bytes <= 60_000
    assert measured.blocking_bytes <= measured.usable_bytes <= 350_000


def test_enlarged_fourfold_the_page_is_one_column_and_nothing_covers_it(visit, site):
    start, _ = visit
    page = start(site, viewport={"width": 320, "height": 256})
    page.goto(f"{site}/?lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    stuck = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((e) => ["fixed", "sticky"].includes(getComputedStyle(e).position))
            .filter((e) => e.checkVisibility()).map((e) => e.className)"""
    )
    assert stuck == []
    zoomable = page.get_attribute('meta[name="viewport"]', "content")
    assert "maximum-scale" not in zoomable
    assert "user-scalable" not in zoomable
