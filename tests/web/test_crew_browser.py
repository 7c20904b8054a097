"""The crew's page in a real Chromium, over the real application: a drive with a poor line, and what can go wrong with a link."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
HOSTILE = "</script><img src=x onerror=alert(1)><b>${alert(1)}</b>{{7*7}}"
#: What a lost line and a link that has ended write to the console of Chromium by themselves.
EXPECTED = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of (404|409)")
#: Every name under which something is kept, and the address of every page that is.
KEPT_EVERYWHERE = """(async () => {
  const caches = await window.caches.keys().then((names) => Promise.all(names.map((name) => window.caches.open(name))));
  const pages = await Promise.all(caches.map((cache) => cache.keys()));
  return [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...pages.flat().map((page) => page.url)].join("\\n");
})()"""
_NUMBERS = iter(range(10_000))


class House(NamedTuple):
    """How a dispatcher asks the API, where the application is served, two hospitals, and a place from which one drives to them."""

    ask: Callable[..., Any]
    site: str
    hospitals: tuple[str, str]
    place: dict[str, float]

    def begin(self, *, vehicle: str = "渝A·120-07", **patient: Any) -> int:
        """Begin a case that goes to the first hospital."""
        question = self.place | {"crs": "WGS-84", "condition": "stroke"} | patient
        entry = {"question": question, "hospital": self.hospitals[0], "override_reason": "test", "vehicle": vehicle}
        return int(self.ask("POST", "/cases", entry)["id"])

    def alert(self, case: int, hospital: int = 0) -> Any:
        """Alert one of the hospitals."""
        entry = {"case": case, "hospital": self.hospitals[hospital], "override_reason": "test"}
        return self.ask("POST", "/alerts", entry, **{"Idempotency-Key": str(next(_NUMBERS))})

    def link(self, case: int) -> str:
        """The address of a new link to a case, as the crew opens it."""
        return self.site + "/case/" + str(self.ask("POST", f"/cases/{case}/link", {})["url"]).rpartition("/")[2]

    def timeline(self, case: int) -> dict[str, datetime]:
        """When each moment of a case was."""
        told = self.ask("GET", f"/cases/{case}")["timeline"]
        return {name: datetime.fromisoformat(at) for name, at in told.items()}


@pytest.fixture(scope="module")
def house(serve_live, demo_edition) -> Iterator[House]:
    first, from_, second = (demo_edition.hospitals[number] for number in (0, 3, 7))
    place = {"lat": round(from_.entrance_lat, 5), "lon": round(from_.entrance_lon, 5)}
    with serve_live(dispatch_phone="023-6312 0120") as served:
        yield House(served.ask, served.site, (first.id, second.id), place)


@pytest.fixture
def ride(browser, house, watch, fast_clock) -> Iterator[Callable[..., Any]]:
    """Open a link as a telephone does, and watch the page: a request elsewhere, a script error, a dialog or a console error fails the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def start(
        address: str,
        *,
        lang: str = "en",
        size=PHONE,
        fast: bool = False,
        offline: bool = False,
        context: Any = None,
        **options: Any,
    ) -> Any:
        if context is None:
            here = {"latitude": house.place["lat"], "longitude": house.place["lon"]}
            options = {"geolocation": here, "permissions": ["geolocation"]} | options
            workers = "allow" if offline else "block"
            context = browser.new_context(viewport=size, has_touch=size is PHONE, service_workers=workers, **options)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        watch(page, wrong, (house.site,))
        if fast:
            page.add_init_script(fast_clock)
        page.goto(f"{address}?lang={lang}")
        return page

    yield start
    for context in contexts:
        context.close()
    assert [what for what in wrong if not EXPECTED.search(what)] == []


def test_a_drive_from_the_scene_to_the_door(ride, house, looks_right):
    onset = (datetime.now(UTC) - timedelta(minutes=47)).isoformat()
    case = house.begin(age=71, onset=onset, scale="LAMS", score=5)
    page = ride(house.link(case), lang="zh")
    page.wait_for_selector(".to-name")
    assert "还没有通知医院" in page.inner_text("#knows")
    alert = house.alert(case)
    page.wait_for_selector(".count:not(:empty)")
    for words in ("71 岁", "LAMS 5", "渝A·120-07", "抗凝药"):
        assert words in page.inner_text("#tell"), words
    assert page.get_attribute("#provider-amap", "href").startswith("https://uri.amap.com/")
    assert page.get_attribute("#provider-amap", "rel") == "noreferrer noopener"
    looks_right(page, "begin-zh", whole=True)

    page.click("#share")
    page.get_by_text("正在共享").wait_for()
    told = house.ask("GET", f"/alerts/{alert['id']}")["eta"]
    assert told != alert["eta"], "the arrival is reckoned from where the telephone is"

    page.click("#moment-on_scene")
    page.click("#undo-on_scene")
    page.dblclick("#moment-left_scene")
    assert page.locator("#moment[open]").count() == 1, "a second press asks, and records no other time by mistake"
    page.keyboard.press("Escape")
    looks_right(page, "pressed-zh", whole=True)
    page.wait_for_selector("#undo-left_scene", state="detached")
    page.click("#other-last_known_well")
    page.fill("#moment-time", "90m")
    page.keyboard.press("Enter")
    page.wait_for_selector("#moment", state="hidden")
    page.wait_for_function("() => document.querySelector('#moment-last_known_well').textContent.includes('✓')")
    timeline = house.timeline(case)
    assert timeline.keys() == {"onset", "left_scene", "last_known_well"}
    assert timedelta(minutes=89) < datetime.now(UTC) - timeline["last_known_well"] < timedelta(minutes=92)

    house.ask("POST", f"/alerts/{alert['id']}/acknowledge", {"team": "emergency"})
    page.get_by_text("急诊 已收到").wait_for()
    house.ask("POST", f"/alerts/{alert['id']}/divert", {"reason": HOSTILE})
    page.wait_for_selector("#knows .urgent")
    assert HOSTILE in page.inner_text("#knows")
    house.alert(case, hospital=1)
    page.wait_for_selector("#changed:not([hidden])")
    looks_right(page, "changed-zh", whole=True)
    page.click("#changed-seen")

    house.ask("POST", f"/cases/{case}/events", {"name": "closed"})
    page.wait_for_selector("#over:not([hidden])")
    looks_right(page, "over-zh", whole=True)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.context.set_geolocation({"latitude": house.place["lat"] + 0.001, "longitude": house.place["lon"]})
    page.wait_for_timeout(2500)
    assert sent == [], "nothing is shared or asked any more"


def test_moments_pressed_without_a_line_are_sent_with_their_own_time(ride, house, looks_right):
    case = house.begin()
    house.alert(case)
    address = house.link(case)
    page = ride(address)
    page.wait_for_selector(".to-name")
    page.context.set_offline(True)
    before = datetime.now(UTC)
    page.click("#moment-left_scene")
    pressed = datetime.now(UTC)
    page.wait_for_selector("#lost:not([hidden])")
    looks_right(page, "lost-en", whole=True)
    page.wait_for_timeout(2500)
    page.close()
    page.context.set_offline(False)
    again, other = (ride(address, context=page.context) for _ in range(2))
    again.wait_for_function("() => document.querySelector('#moment-left_scene')?.textContent.includes('✓')")
    other.wait_for_function("() => document.querySelector('#moment-left_scene')?.textContent.includes('✓')")
    second = timedelta(seconds=1)
    assert before - second < house.timeline(case)["left_scene"] < pressed + second
    assert again.inner_text("#kept") == ""


def test_what_could_not_be_sent_before_the_end_is_told(ride, house, looks_right):
    case = house.begin()
    page = ride(house.link(case))
    page.wait_for_selector(".to-name")
    page.click("#moment-door")
    house.ask("DELETE", f"/cases/{case}/link")
    page.wait_for_selector("#over:not([hidden])")
    assert "Door" in page.inner_text("#over-unsent")
    looks_right(page, "unsent-en", whole=True)
    assert "door" not in house.timeline(case)


def test_opened_again_without_a_network_it_shows_where_to_until_the_link_ends(ride, house, demo_edition, looks_right):
    case = house.begin(age=71, vehicle=HOSTILE)
    house.alert(case)
    address, kept = house.link(case), "JSON.stringify(Object.values(localStorage))"
    page = ride(address, offline=True)
    page.wait_for_selector(".to-name")
    page.evaluate(
        "navigator.serviceWorker.ready.then((one) => one.active.state === 'activated' || new Promise((done) => one.active.onstatechange = done))"
    )
    hospital, number = demo_edition.hospitals[0], page.inner_text("#destination .phone")
    page.wait_for_function(f"() => {kept}.includes('{number}')")
    (told,) = page.evaluate("Object.values(localStorage).map((text) => JSON.parse(text).what)")
    assert told.keys() == {"id", "name", "phone", "at"}
    assert told["name"]["zh"] == hospital.name_zh
    assert address.rpartition("/")[2] not in page.evaluate(KEPT_EVERYWHERE)
    page.context.set_offline(True)
    page.goto(f"{address}?lang=zh")
    page.wait_for_selector("#known:not([hidden])")
    assert hospital.name_zh in page.inner_text("#destination")
    assert page.get_attribute("#telephone a", "href") == f"tel:{number.replace('-', '')}"
    assert "之后可能已改" in page.inner_text("#seen-at")
    looks_right(page, "offline-zh", whole=True)
    page.evaluate(
        'for (const name of Object.keys(localStorage)) localStorage[name] = localStorage[name].replace(/"until":\\d+/, \'"until":1\')'
    )
    page.reload()
    page.wait_for_selector("#unknown:not([hidden])")
    looks_right(page, "offline-ended-zh", whole=True)
    assert page.evaluate(kept) == "[]", "what has ended is forgotten, network or not"

    page.context.set_offline(False)
    page.wait_for_selector(".to-name:has-text('" + hospital.name_zh + "')")
    page.wait_for_function(f"() => {kept}.includes('{number}')")
    page.context.set_offline(True)
    house.ask("POST", f"/cases/{case}/events", {"name": "closed"})
    page.context.set_offline(False)
    page.goto(f"{address}?lang=zh")
    page.get_by_text("链接无效").first.wait_for()
    page.wait_for_function(f"() => {kept} === '[]'")


def test_a_link_that_leads_nowhere_says_so(ride, house, looks_right):
    case = house.begin()
    page = ride(house.link(case)[:-1] + "~")
    page.get_by_text("This link leads nowhere").first.wait_for()
    looks_right(page, "nowhere-en", whole=True)


def test_hostile_words_are_text_on_a_wide_screen_with_a_wrong_clock(ride, house, looks_right):
    case = house.begin(vehicle="\u202e" + HOSTILE)
    alert = house.alert(case)
    page = ride(house.link(case), size=DESK, fast=True, permissions=[])
    page.wait_for_selector(".count:not(:empty)")
    assert HOSTILE in page.inner_text("#tell")
    left = (datetime.fromisoformat(alert["eta"]) - datetime.now(UTC)).total_seconds()
    minutes, seconds = page.inner_text(".count").split(":")
    assert abs(int(minutes) * 60 + int(seconds) - left) < 60
    page.click("#moment-door")
    page.wait_for_selector("#undo-door", state="detached")
    page.wait_for_function("() => document.querySelector('#moment-door').textContent.includes('✓')")
    assert abs(house.timeline(case)["door"] - datetime.now(UTC)) < timedelta(minutes=1)
    page.click("#share")
    page.get_by_text("The browser may not see the position").wait_for()
    looks_right(page, "desk-en", whole=True)
