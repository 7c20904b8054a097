"""The pages besides the map in a real Chromium: for every reader, on paper, in a frame, and shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stroke_map.settings import read_settings
from stroke_map.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {"hospital": "/hospitals/demo-01", "unit": "/hospitals/demo-23", "district": "/districts/示范区", "list": "/hospitals",
         "saved": "/offline", "embed": "/embed", "poster": "/poster?paper=a4"}  # fmt: skip
FRAMED = {"embed": "/embed?lang=zh", "index": "/?lang=zh", "hospital": "/hospitals/demo-01", "poster": "/poster"}
READERS = {
    "small-zh": ({"width": 320, "height": 640}, "zh", "light"),
    "small-en": ({"width": 320, "height": 640}, "en", "dark"),
    "desktop-zh": ({"width": 1280, "height": 900}, "zh", "dark"),
    "desktop-en": ({"width": 1280, "height": 900}, "en", "light"),
}
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary')].filter(e => e.checkVisibility())
    .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
    .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
CUT_OFF = """() => [...document.querySelectorAll('.sheet, .sheet > *, .maps > *, .call, .signs ul, .signs li')]
    .filter(e => e.clientHeight && (e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 2))
    .map(e => e.outerHTML.slice(0, 80))"""
ON_THE_SHEET = """() => { const sheet = document.querySelector('.sheet').getBoundingClientRect();
    return [...document.querySelectorAll('.sheet footer, .sheet .qr, .sheet .legend, .sheet .signs, .whole svg')]
        .every(e => { const box = e.getBoundingClientRect(); return box.bottom <= sheet.bottom + 1 && box.right <= sheet.right + 1; }); }"""


def article(environ, start_response):
    """Somebody else's page, which frames ours."""
    frames = "".join(
        f'<iframe name="{name}" src="{environ["QUERY_STRING"]}{path}"></iframe>' for name, path in FRAMED.items()
    )
    start_response("200 OK", [("Content-Type", "text/html")])
    return [f'<!DOCTYPE html><title>x</title><link rel="icon" href="data:,">{frames}'.encode()]


@pytest.fixture(scope="module")
def friend(serving) -> Iterator[str]:
    """The origin of the setting: a server that is reached by another name too, which is another origin."""
    with serving(article) as address:
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def site(demo_geodata, tmp_path_factory, friend, serving) -> Iterator[str]:
    """The public plane, which one friend may frame."""
    settings = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=tmp_path_factory.mktemp("cache"), plane="public",
        public_url="https://map.example.org", embed_origins=friend,
    )  # fmt: skip
    with serving(create_app(settings)) as address:
        yield address


@pytest.fixture
def visit(browser, site, friend, watch):
    """Open pages and watch them: a request elsewhere, a console message, a dialog or a script error fails the test."""
    contexts, wrong = [], []

    def start(**options):
        context = browser.new_context(service_workers="block", **options)
        contexts.append(context)
        page = context.new_page()
        watch(page, wrong, (site, friend, friend.replace("localhost", "127.0.0.1")))
        return page

    start.wrong = wrong
    yield start
    for context in contexts:
        context.close()
    assert [what for what in wrong if "blocked by Playwright" not in what] == []


@pytest.mark.parametrize("reader", READERS)
def test_every_page_is_for_every_reader(visit, site, axe_finds, picture, reader):
    viewport, lang, scheme = READERS[reader]
    page = visit(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    for name, path in PAGES.items():
        page.goto(f"{site}{path}{'&' if '?' in path else '?'}lang={lang}")
        assert axe_finds(page) == [], name
        assert page.locator("html").get_attribute("lang") == ("zh-CN" if lang == "zh" else "en")
        if name != "poster":  # a sheet of paper is as wide as it is
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name
            assert page.evaluate(SMALL_TARGETS) == [], name
        picture(page, f"{reader}-{name}")


@pytest.mark.parametrize("paper", ["a3", "a4"])
def test_nothing_on_the_poster_is_cut_off(visit, site, paper):
    page = visit(viewport={"width": 1600, "height": 1000})
    page.emulate_media(media="print")
    for condition in ("stroke", "chest_pain"):
        for lang in ("zh", "en"):
            page.goto(f"{site}/poster?paper={paper}&condition={condition}&lang={lang}")
            assert page.evaluate(CUT_OFF) == [], (condition, lang)
            assert page.evaluate(ON_THE_SHEET), (condition, lang)
            sheet, whole = page.locator(".sheet").bounding_box(), page.locator(".whole svg").bounding_box()
            assert whole["height"] > 0.25 * sheet["height"]


def test_a_link_opens_the_view_it_was_made_from(visit, site):
    page = visit(viewport={"width": 390, "height": 844}, permissions=["clipboard-read", "clipboard-write"])
    view = "[map_0.getZoom(), map_0.getCenter().lat.toFixed(3), map_0.getCenter().lng.toFixed(3)]"

    def open_(link):
        page.goto("about:blank")
        page.goto(link)
        page.wait_for_selector(".leaflet-popup")
        page.wait_for_timeout(1200)  # longer than the map may take to its first view
        return page.evaluate(view)

    assert open_(f"{site}/?lang=zh&condition=chest_pain&hospital=demo-12#map=14/40.4700/102.5300")[0] == 14
    page.evaluate("map_0.setView([40.5123, 102.4567], 13, {animate: false})")
    page.locator("#share [data-act=copy]").click()
    page.locator("#share [role=status]").get_by_text("链接已复制").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{site}/?condition=chest_pain&hospital=demo-12#map=13/40.5123/102.4567"
    assert open_(link)[0] == 13
    page.click("#share [data-act=qr]")
    assert page.locator(".share-qr").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert "hospital=demo-12" in page.locator(".share-qr").get_attribute("src")


def test_a_link_that_means_nothing_changes_nothing(visit, site):
    page, seen = visit(), []
    for link in ("", "#map=99/1/1", "#map=14/95/200", "#map=14/<img>/2", "?hospital=<img src=x onerror=alert(1)>#%"):
        page.goto("about:blank")
        page.goto(f"{site}/{link}")
        page.wait_for_selector(".leaflet-marker-icon")
        page.wait_for_timeout(500)
        seen.append(page.evaluate("[map_0.getZoom(), map_0.getCenter()]"))
        assert page.locator(".leaflet-popup, img[src=x]").count() == 0
    assert all(one == seen[0] for one in seen)


def test_only_the_pages_of_the_setting_may_frame_and_only_what_is_for_framing(visit, site, friend):
    page = visit()
    refused = dict.fromkeys(FRAMED, 0)
    for origin, shown in ((friend, refused | {"embed": 1}), (friend.replace("localhost", "127.0.0.1"), refused)):
        page.goto(f"{origin}/?{site}")
        for _ in range(600):
            found = {name: page.frame(name).locator("main").count() for name in FRAMED}
            if found == shown:
                break
            page.wait_for_timeout(100)
        assert found == shown, origin
    # Chromium says what it refused.
    visit.wrong[:] = [what for what in visit.wrong if "frame" not in what.lower() and "ERR_BLOCKED" not in what]


TURNED = "labels => labels.map(label => [label.textContent, Math.round(new DOMMatrix(getComputedStyle(label).transform).b * 100)])"
# The corners of each name as it is turned, in from its edges by what a halo takes.
CORNERS = """labels => labels.map(label => {
  const box = label.getBoundingClientRect(), half = [label.offsetWidth / 2 - 1, label.offsetHeight / 2 - 2];
  const { a, b } = new DOMMatrix(getComputedStyle(label).transform);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([i, j]) => [x + i * half[0] * a - j * half[1] * b, y + i * half[0] * b + j * half[1] * a]);
})"""


def test_streets_are_named_along_their_roads_where_there_is_room_and_never_over_each_other(
    visit, site, demo_edition, picture
):
    import shapely

    page = visit(viewport={"width": 1280, "height": 900})
    one = demo_edition.hospitals[0]
    written = {}
    for lang, zoom in (("zh", 12), ("zh", 15), ("zh", 17), ("en", 15)):
        page.goto("about:blank")
        with page.expect_response(lambda answer: "/streets/" in answer.url):
            page.goto(f"{site}/?lang={lang}#map={zoom}/{one.entrance_lat:.4f}/{one.entrance_lon:.4f}")
        page.wait_for_load_state("networkidle")
        shapes = [shapely.Polygon(corners) for corners in page.locator(".name").evaluate_all(CORNERS)]
        both = shapely.STRtree(shapes).query(shapes, predicate="intersects").T.tolist()
        assert [pair for pair in both if pair[0] < pair[1]] == []
        written[lang, zoom] = page.locator(".name-street").evaluate_all(TURNED)
        picture(page, f"streets-{lang}-{zoom}")
    known = {
        lang: set(demo_edition.network("car").texts["name" if lang == "zh" else "name_en"]) for lang in ("zh", "en")
    }
    for (lang, zoom), found in written.items():
        assert {name for name, _ in found} <= known[lang], (lang, zoom)
        assert all(name for name, _ in found)
    assert len(written["zh", 15]) > 5
    assert len({turn for _, turn in written["zh", 15]}) > 1, "not all roads run east"
    assert len({name for name, _ in written["zh", 17]} - {name for name, _ in written["zh", 12]}) > 3


def test_without_a_script_a_place_is_typed_found_and_leads_to_the_answer(visit, site, demo_edition, axe_finds, picture):
    one = next(one for one in demo_edition.hospitals if one.capabilities["primary_pci"].status == "yes")
    page = visit(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page.goto(f"{site}/?lang=zh&condition=chest_pain")
    picture(page, "small-no-script")
    page.fill("#place", one.name_zh)
    page.click("#search button")
    page.wait_for_url("**/search?q=*")
    picture(page, "small-no-script-found")
    page.locator(".found button", has_text=one.name_zh).first.click()
    page.wait_for_url("**/map")
    assert page.locator(".result .phone").count() == 1
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    for reader in ("zh", "en"):
        seen = visit(viewport={"width": 320, "height": 640}, color_scheme="dark")
        seen.goto(f"{site}/search?lang={reader}&q=示范区")
        assert axe_finds(seen) == []
        assert seen.evaluate("document.documentElement.scrollWidth") <= 320
        assert seen.evaluate(SMALL_TARGETS) == []
        picture(seen, f"small-search-{reader}")
