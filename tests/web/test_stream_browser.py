"""Both screens with the stream of changes, in a real Chromium: what one does the other hears of it, and goes on without it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import orjson
import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD, LONG_S = "correct horse battery", 60
#: A page that asks for nothing by itself: what it learns, it asks for because it was told that there is something.
ASKS_NOTHING = """(() => {
  const often = setInterval;
  delete window.Worker;
  window.setInterval = (task, ms, ...more) => often(() => (ms !== 500 || window.asks) && task(), ms, ...more);
})()"""
#: What a stream that is gone and a session that has ended write to the console of Chromium by themselves.
EXPECTED = re.compile(r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|status of 401")
RINGS = "import('/static/screens/sound.js').then((sound) => sound.isRinging())"


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def served(serve_live, port) -> Iterator[Any]:
    with serve_live(stream_url=f"http://127.0.0.1:{port}/api/v1/events") as served:
        yield served


@pytest.fixture
def telling(served, port) -> Callable[[], AbstractContextManager[None]]:
    """Run the process that tells changes as long as a `with` block lasts, which begins when both screens listen."""
    settings = served.app.extensions["stroke_map.settings"]
    told = {name: getattr(settings, name) for name in ("geodata_dir", "database_url", "audit_dir", "cache_dir")}
    told |= {"port": urlsplit(served.site).port, "stream_port": port}
    variables = os.environ | {f"STROKE_MAP_{name.upper()}": str(value) for name, value in told.items()}

    @contextmanager
    def run() -> Iterator[None]:
        process = subprocess.Popen([sys.executable, "-m", "stroke_map.cli", "stream"], env=variables)
        try:
            deadline = time.monotonic() + LONG_S
            while listeners(port) != 2:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(LONG_S)

    return run


def listeners(port: int) -> int | None:
    """How many streams are open; None where there is nobody to ask."""
    with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return orjson.loads(answer.read())["streams"]
    return None


@pytest.fixture
def sit(browser, served, port, watch) -> Iterator[Callable[..., Any]]:
    """Open a screen as somebody new of that role who is logged in, and watch it."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def start(role: str, address: str, hospital: str = "") -> Any:
        secret, accounts = new_totp_secret(), served.app.extensions["stroke_map.live_store"].accounts
        standing = read_standing(f"some {role}".replace(" ", "."), role, hospital)
        accounts.add_user(standing, hash_password(PASSWORD), secret, by="me", now=datetime.now(UTC))
        client = served.app.test_client()
        body = {"name": standing.name, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        assert client.post("/api/v1/session", json=body).status_code == 201
        token = client.get_cookie("stroke_map_session").value
        context = browser.new_context(viewport={"width": 1366, "height": 768}, service_workers="block")
        context.add_cookies([{"name": "stroke_map_session", "value": token, "url": served.site}])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        watch(page, wrong, (served.site, f"http://127.0.0.1:{port}/"))
        page.add_init_script(ASKS_NOTHING)
        page.goto(f"{served.site}{address}?lang=en")
        page.wait_for_selector("#connection[data-state=good]")
        return page

    yield start
    for context in contexts:
        context.close()
    assert [what for what in wrong if not EXPECTED.search(what)] == []


def test_both_screens_hear_of_each_other_by_the_stream_and_go_on_without_it(sit, served, telling, demo_edition):
    here, there = demo_edition.hospitals[0], demo_edition.hospitals[7]
    place = {"lat": round(there.entrance_lat, 5), "lon": round(there.entrance_lon, 5), "crs": "WGS-84"}
    dispatcher, nurse = sit("dispatcher", "/dispatch"), sit("hospital", "/hospital", here.id)

    def alert(number: int) -> Any:
        entry = {"question": place | {"condition": "stroke"}, "hospital": here.id, "override_reason": "test"}
        case = served.ask("POST", "/cases", entry)
        return served.ask("POST", "/alerts", {"case": case["id"]}, **{"Idempotency-Key": f"stream {number}"})

    with telling():
        first = alert(1)
        case = first["case"]["id"]
        nurse.wait_for_selector(".is-waiting")
        assert nurse.evaluate(RINGS)
        dispatcher.click(f"#case-{case}")
        nurse.click(f"#acknowledge-{first['id']}-emergency")
        dispatcher.wait_for_selector(f"#case-{case}:has-text('1 of 3')")
        served.ask("POST", f"/cases/{case}/events", {"name": "on_scene"})
        nurse.wait_for_selector(".facts:has-text('On scene')")
        dispatcher.wait_for_selector("#moment-on_scene.told")
        served.ask("POST", f"/cases/{case}/position", place)
        nurse.wait_for_selector(f".arrival time:not([datetime='{first['eta']}'])")

        corners = ((0.002, -0.002), (0.002, 0.002), (0.004, 0.0), (0.002, -0.002))
        ring = [[place["lon"] + east, place["lat"] + north] for north, east in corners]
        entry = {"kind": "closed", "geometry": {"type": "Polygon", "coordinates": [ring]}, "crs": "WGS-84"}
        served.ask("POST", "/closures", entry | {"reason": "flood", "author": "me"})
        dispatcher.wait_for_selector("path.closure")
        nurse.click("#kind-ct_down")
        nurse.click("#status-do")
        dispatcher.keyboard.press("Shift+F4")
        dispatcher.wait_for_selector(f"[data-hospital='{here.id}'] .notice-caution")

        nurse.click(f"#divert-{first['id']}")
        nurse.click("#divert-reasons input >> nth=0")
        nurse.click("#divert-do")
        dispatcher.wait_for_selector(".banner-diverted")
        assert not nurse.evaluate(RINGS)

    # Without it each asks by itself, and nobody is told that the line is lost.
    for page in (dispatcher, nurse):
        page.evaluate("window.asks = true")
    second = alert(2)
    nurse.wait_for_selector(f"#alert-{second['id']}.is-waiting")
    dispatcher.wait_for_selector(f"#case-{second['case']['id']}")
    assert nurse.is_hidden("#lost")
    for page in (dispatcher, nurse):
        page.evaluate("window.asks = false")
    with telling():
        third = alert(3)
        nurse.wait_for_selector(f"#alert-{third['id']}.is-waiting")
        # What ends the session ends the stream: the next that is asked asks to log in.
        nurse.evaluate("window.asks = true")
        token = nurse.context.cookies()[0]["value"]
        served.app.extensions["stroke_map.live_store"].log_ins.log_out(token, now=datetime.now(UTC))
        nurse.wait_for_selector("#again[open]")
