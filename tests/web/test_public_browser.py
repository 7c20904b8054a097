"""The pages besides the map in a real Chromium: for every reader, on paper, in a frame, and shared."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

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


@contextmanager
def serving_at(app: Any, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def article(environ, start_response):
    """Somebody else's page, which frames ours."""
    frames = "".join(
        f'<iframe name="{name}" src="{environ["QUERY_STRING"]}{path}"></iframe>' for name, path in FRAMED.items()
    )
    start_response("200 OK", [("Content-Type", "text/html")])
    return [f'<!DOCTYPE html><title>x</title><link rel="icon" href="data:,">{frames}'.encode()]


@pytest.fixture(scope="module")
def friend() -> Iterator[str]:
    """The origin of the setting: a server that is reached by another name too, which is another origin."""
    port = free_port()
    with serving_at(article, port):
        yield f"http://localhost:{port}"


@pytest.fixture(scope="module")
def site(demo_geodata, tmp_path_factory, friend) -> Iterator[str]:
    """The public plane, which one friend may frame."""
    port = free_port()
    settings = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=tmp_path_factory.mktemp("cache"), plane="public",
        public_url="https://map.example.org", embed_origins=friend,
    )  # fmt: skip
    with serving_at(create_app(settings), port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def visit(browser, site, friend):
    """Open pages and watch them: a request elsewhere, a console message, a dialog or a script error fails the test."""
    contexts, wrong = [], []

    def start(**options):
        context = browser.new_context(service_workers="block", **options)
        contexts.append(context)
        page = context.new_page()
        allowed = (site, friend, friend.replace("localhost", "127.0.0.1"), "data:")
        page.on("request", lambda request: request.url.startswith(allowed) or wrong.append(request.url))
        page.on("console", lambda said: said.type in {"error", "warning"} and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
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
        for _ in range(50):
            found = {name: page.frame(name).locator("main").count() for name in FRAMED}
            if found == shown:
                break
            page.wait_for_timeout(100)
        assert found == shown, origin
    # Chromium says what it refused.
    visit.wrong[:] = [what for what in visit.wrong if "frame" not in what.lower() and "ERR_BLOCKED" not in what]
