"""The dispatcher's screen in a real Chromium, over the real application: a whole call, and what can go wrong with it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pyotp
import pytest

from stroke_map.live.accounts import Standing, read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
WALL, DESK, PHONE, ENLARGED = (1920, 1080), (1366, 768), (390, 844), (320, 640)
HOSTILE = "</script><img src=x onerror=alert(1)><b>${alert(1)}</b>{{7*7}}"
#: What a lost line, a refused log-in, a conflict and a place half typed write to the console of Chromium by themselves.
EXPECTED = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of (401|404|409|422)")


class House(NamedTuple):
    """The application that is served, and where."""

    app: Flask
    site: str

    @property
    def store(self) -> Any:
        return self.app.extensions["stroke_map.live_store"]

    def user(self, name: str, role: str = "dispatcher") -> str:
        """Somebody new; gives the secret of their one-time codes."""
        secret = new_totp_secret()
        self.store.accounts.add_user(read_standing(name, role), HASH, secret, by="me", now=datetime.now(UTC))
        return secret

    def key(self, role: str, hospital: str = "") -> dict[str, str]:
        """The header of somebody with a key."""
        standing = Standing(f"{role} {hospital} {datetime.now(UTC).timestamp()}", role, hospital, "")
        _, key = self.store.accounts.add_key(standing, lasts=timedelta(days=1), by="me", now=datetime.now(UTC))
        return {"Authorization": f"Bearer {key}"}

    def hospital(self, hospital: str) -> dict[str, str]:
        """The header of a hospital."""
        return self.key("hospital", hospital)

    def say(self, hospital: str, kind: str) -> None:
        """Let a hospital say something of itself."""
        address, told = f"/api/v1/hospitals/{hospital}/status", {"kind": kind, "reason": "test"}
        response = self.app.test_client().put(address, json=told, headers=self.hospital(hospital))
        assert response.status_code == 200, response.text

    def act(self, alert: int, deed: str, **body: str) -> None:
        """Let the hospital of an alert do something."""
        headers = self.hospital(self.store.alerts.get(alert).hospital_id)
        response = self.app.test_client().post(f"/api/v1/alerts/{alert}/{deed}", json=body, headers=headers)
        assert response.status_code == 200, response.text


@pytest.fixture(scope="module")
def house(serve_live) -> Iterator[House]:
    with serve_live() as served:
        yield House(served.app, served.site)


@pytest.fixture(autouse=True)
def no_case_left(house) -> Iterator[None]:
    """What is urgent in one test is not shown in the next."""
    yield
    now = datetime.now(UTC)
    for case in house.store.cases.list():
        house.store.cases.record(case.id, "closed", now, "me", now=now)


@pytest.fixture
def open_page(browser, house, watch) -> Iterator[Callable[..., Any]]:
    """Open pages and watch them: a request to another host, a script error, a dialog or an error in the console fails the test."""
    contexts, wrong = [], []

    def start(address: str, *, size=DESK, context=None, **options: Any) -> Any:
        if context is None:
            viewport = {"width": size[0], "height": size[1]}
            context = browser.new_context(viewport=viewport, service_workers="block", **options)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        watch(page, wrong, (house.site,))
        page.goto(f"{house.site}{address}")
        return page

    yield start
    for context in contexts:
        context.close()
    assert [what for what in wrong if not EXPECTED.search(what)] == []


class Desk(NamedTuple):
    """A dispatcher at work: the page, and by what they log in."""

    page: Any
    name: str
    secret: str
    token: str

    def later_code(self) -> str:
        """A one-time code that was not used yet."""
        return pyotp.TOTP(self.secret).at(datetime.now(UTC) + timedelta(seconds=30))


_NUMBERS = iter(range(1000))


@pytest.fixture
def desk(open_page, house, browser) -> Callable[..., Desk]:
    """Sit a dispatcher down, logged in."""

    def sit(*, lang: str = "en", size=DESK, **options: Any) -> Desk:
        name = f"wang{next(_NUMBERS)}"
        secret = house.user(name)
        client = house.app.test_client()
        body = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        assert client.post("/api/v1/session", json=body).status_code == 201
        token = client.get_cookie("stroke_map_session").value
        page = open_page(f"/login?lang={lang}", size=size, **options)
        page.context.add_cookies([{"name": "stroke_map_session", "value": token, "url": house.site}])
        page.goto(f"{house.site}/dispatch?lang={lang}")
        page.wait_for_selector("body[data-ready]")
        return Desk(page, name, secret, token)

    return sit


@pytest.fixture(scope="session")
def far(demo_edition) -> Any:
    """A hospital that treats nothing here: a place from which one drives to another for some minutes."""
    able = ("thrombolysis", "thrombectomy")
    return next(
        hospital
        for hospital in demo_edition.hospitals
        if all(hospital.capabilities[name].status == "no" for name in able) and hospital.kind == "hospital"
    )


def log_in(page: Any, house: House, name: str, code: str) -> None:
    """By the page of the log-in, until the screen is there."""
    page.goto(f"{house.site}/login?lang=en")
    for field, value in {"name": name, "password": PASSWORD, "code": code}.items():
        page.fill(f"[name={field}]", value)
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-ready]")


def begin(page: Any, place: Any, onset: str = "-35") -> None:
    """A call whose answer is there, typed by the keyboard alone."""
    page.keyboard.press("F2")
    page.wait_for_selector("#place:focus")
    page.keyboard.type(f"{place.entrance_lat}, {place.entrance_lon}")
    page.keyboard.press("Enter")
    page.wait_for_selector("#send")
    if onset:
        page.keyboard.press("Tab")
        page.keyboard.type(onset)
    page.wait_for_selector("#send")


def send(page: Any) -> int:
    """Make the case of the call that is looked at; gives its number."""
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#case-panel:visible #alert-state")
    return int(re.search(r"\d+", page.inner_text("#work-title"))[0])


def newest(house: House, case: int) -> int:
    """The id of a case's last alert."""
    return max(alert.id for alert in house.store.alerts.list(now=datetime.now(UTC), include_ended=True, case_id=case))


def test_the_log_in_says_what_failed_and_leads_to_the_screen_of_the_role(open_page, house, looks_right):
    secret = house.user("li.na")
    page = open_page("/dispatch?lang=zh")
    page.wait_for_url("**/login?**next=**")
    page.keyboard.press("Enter")
    assert "用户名" in page.inner_text(".wrong")
    page.keyboard.type("li.na")
    page.keyboard.press("Tab")
    page.keyboard.type("not my password")
    page.keyboard.press("Tab")
    page.keyboard.type("12 34 56")
    page.keyboard.press("Enter")
    page.get_by_text("等验证器显示新的数字").wait_for()
    assert page.evaluate("document.activeElement.name") == "code"
    looks_right(page, "login-zh")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    page.wait_for_url("**/dispatch?lang=zh")
    page.wait_for_selector("#connection[data-state=good]")
    looks_right(page, "empty-zh")
    page.goto(f"{house.site}/logout?lang=en")
    page.get_by_text("li.na (dispatcher) is logged in.").wait_for()
    looks_right(page, "logout-en")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login?**")
    assert page.evaluate("sessionStorage.length") == 0
    page.goto(f"{house.site}/logout?lang=en")
    page.get_by_text("Nobody is logged in here.").wait_for()


def test_a_screen_is_not_shown_to_another_role(open_page, house):
    secret = house.user("driver", "crew")
    page = open_page("/login?lang=en&next=/dispatch")
    for name, value in {"name": "driver", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}.items():
        page.fill(f"[name={name}]", value)
    page.keyboard.press("Enter")
    page.get_by_text("driver (crew)").wait_for()
    assert "/login" in page.url


def test_a_whole_call_by_the_keyboard_alone(desk, house, far, looks_right, settle):  # noqa: PLR0915 - one call is one story
    page = desk(lang="zh").page
    keys = page.keyboard
    keys.press("F2")
    keys.type(far.name_zh, delay=5)
    page.wait_for_selector("#places li")
    looks_right(page, "search-zh")
    keys.press("ArrowDown")
    keys.press("Enter")
    assert page.evaluate("document.activeElement.name") == "condition"
    keys.press("Tab")
    keys.type("-40")
    page.wait_for_selector("#onset-clock:has-text('40:0')")
    for _ in range(2):
        keys.press("Tab")
    keys.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q-scale"
    keys.type("LAMS")
    for grade in "212":
        keys.press("Tab")
        keys.press("Space")
        for _ in range(int(grade)):
            keys.press("ArrowRight")
    assert "5 分：阳性" in page.inner_text("#score")
    keys.press("Tab")
    keys.type("71")
    for _ in range(6):
        keys.press("Tab")
    assert page.evaluate("document.activeElement.id") == "vehicle"
    keys.type("渝A·120")
    page.wait_for_selector("#answer[aria-busy=false] #send")
    settle(page)
    first = page.inner_text("#answer .first .choice-name")
    assert page.inner_text("#answer .reason").startswith("原因")
    assert page.locator("#answer .first a.phone").count() == 1
    assert page.locator("#answer .choice:not(.first) .why").first.inner_text()
    assert page.locator("path.road-line").count() == 1
    looks_right(page, "answer-zh")

    case = send(page)
    assert page.evaluate("document.activeElement.id") == "work-title"
    told = house.store.cases.get(case)
    assert told.question["patient"]["age"] == 71
    assert told.question["patient"]["items"] == {"arm_drift": 2, "facial_droop": 1, "grip_strength": 2}
    assert (told.condition, told.vehicle) == ("stroke", "渝A·120")
    assert {"onset", "call"} <= told.timeline.keys()
    assert first in page.inner_text("#case-alert h3")
    looks_right(page, "alerted-zh")

    alert = newest(house, case)
    house.act(alert, "acknowledge", team="emergency", by="李医生")
    page.wait_for_selector(".team-acknowledged[data-team=emergency]")
    house.act(alert, "activate", team="neurology", by="吴医生")
    page.wait_for_selector(".team-activated[data-team=neurology]")
    assert "李医生" in page.inner_text("[data-team=emergency]")

    house.act(alert, "divert", reason="CT 故障", by="李医生")
    page.wait_for_selector(".banner-diverted")
    assert "CT 故障" in page.inner_text(".banner-diverted")
    looks_right(page, "diverted-zh")
    keys.press("F8")
    page.wait_for_selector("#urgent", state="hidden")
    second = house.store.alerts.get(newest(house, case))
    assert second.hospital_id == told.answer["hospitals"][1]["id"]
    assert second.id != alert

    keys.press("Shift+F9")
    keys.type("-1")
    keys.press("Tab")
    while page.evaluate("document.activeElement.id") != "moment-door":
        keys.press("Tab")
    keys.press("Enter")
    page.wait_for_selector("#moment-door.told")
    page.wait_for_selector("#case-alert .eta:has-text('到达')")
    while page.evaluate("document.activeElement.id") != "close-case":
        keys.press("Tab")
    keys.press("Enter")
    page.wait_for_selector("#sure[open]")
    keys.press("Enter")
    page.wait_for_selector("#calls-none", state="attached")
    page.get_by_text(f"病例 {case} 已结束").wait_for()
    assert house.store.cases.get(case).closed_at is not None
    looks_right(page, "closed-zh")


def test_two_presses_and_a_lost_answer_are_one_case_and_one_alert(desk, house, far):
    page = desk().page
    lost = []

    def lose_once(route):
        route.fetch()  # it arrives, and nobody hears that it did
        if route.request.url in lost:
            return route.continue_()
        lost.append(route.request.url)
        return route.abort()

    before = len(house.store.cases.list(include_closed=True))
    begin(page, far)
    for path in ("cases", "alerts"):
        page.route(re.compile(f"/api/v1/{path}$"), lambda route: lose_once(route) if route.request.method == "POST" else route.continue_())  # fmt: skip
    page.dblclick("#send")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#case-panel:visible #alert-state")
    assert [address.rsplit("/", 1)[1] for address in lost] == ["cases", "alerts"]
    cases = house.store.cases.list(include_closed=True)
    assert len(cases) == before + 1
    assert len(house.store.alerts.list(now=datetime.now(UTC), case_id=cases[-1].id)) == 1
    assert page.evaluate("JSON.parse(sessionStorage['stroke-map/calls'])") == []


def test_an_answer_is_one_to_what_stands_in_the_fields(desk, house, far):
    page = desk().page
    begin(page, far, onset="")
    page.fill("#place", "another name, which nobody has chosen")
    page.wait_for_selector("#send", state="detached")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Give the place first").wait_for()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.input_value("#place") == "another name, which nobody has chosen"
    page.fill("#place", f"{far.entrance_lat}, {far.entrance_lon}")
    page.select_option("#q-scale", "LAMS")
    for item in ("facial_droop", "arm_drift", "grip_strength"):
        page.click(f"label:has([name=item-{item}][value='1'])")
    page.wait_for_selector("#send")

    # After a reload the points of the scale come from the server: until then there is no answer, and none without them.
    held, asked = [], []

    def hold(route):
        held.append(route)

    page.route("**/api/v1/protocols/stroke", hold)
    page.on("request", lambda one: one.url.endswith("/api/v1/route") and asked.append(one.post_data_json))
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.fill("#q-age", "66")
    ticking = page.inner_text("#call-clock")
    page.wait_for_function("(before) => document.querySelector('#call-clock').textContent !== before", arg=ticking)
    assert page.locator("#send").count() == 0
    held[0].continue_()
    page.wait_for_selector("#send")
    assert {question.get("items", {}).get("arm_drift") for question in asked} == {1}
    assert asked[-1]["age"] == 66
    assert page.input_value("#q-scale") == "LAMS"
    # Where the next answer takes long, the one that stands there is no more than an old one.
    page.route("**/api/v1/route", hold, times=1)
    page.fill("#q-age", "67")
    page.wait_for_selector("#answer.is-old #answer-time:has-text('Asking')")
    held[1].continue_()
    page.wait_for_selector("#answer:not(.is-old) #send")


def test_minutes_ago_are_counted_from_when_they_were_said(desk, house, far):
    page = desk().page
    before = len(house.store.cases.list(include_closed=True))
    begin(page, far, onset="-35")
    page.wait_for_selector("#onset-clock:has-text('35:02')")
    lost = []

    def refuse_once(route):
        route.fetch()  # it arrives, and what is heard is something else
        lost.append(route.request.post_data)
        route.fulfill(status=409, json={"code": "conflict"})

    page.route(re.compile("/api/v1/cases$"), refuse_once, times=1)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast-problem")
    page.wait_for_selector("#onset-clock:has-text('35:04')")
    case = house.store.cases.get(send(page))
    assert len(house.store.cases.list(include_closed=True)) == before + 1, "sent again it is the same case"
    assert case.created_at - case.timeline["onset"] > timedelta(minutes=35, seconds=1)


def test_a_case_of_another_program_is_shown_with_its_score(desk, house, far):
    place = {"lat": far.entrance_lat, "lon": far.entrance_lon, "crs": "WGS-84"}
    entry = {"question": place | {"condition": "stroke", "scale": "LAMS", "score": 5}}
    made = house.app.test_client().post("/api/v1/cases", json=entry, headers=house.key("dispatcher"))
    page = desk().page
    page.click(f"#case-{made.get_json()['id']}")
    page.wait_for_selector("#case-facts bdi:text-is('5')")
    page.wait_for_selector("#moments li")


def test_two_dispatchers_see_each_other_and_overwrite_nothing_unseen(desk, house, far):
    one, other = desk().page, desk().page
    begin(one, far)
    case = send(one)
    other.wait_for_selector(f"#case-{case}")
    other.click(f"#case-{case}")
    other.wait_for_selector("#moments li")
    one.dblclick("#moment-on_scene")
    other.wait_for_selector("#moment-on_scene.told")
    other.get_by_text(re.compile(f"Case {case}: new time: .*On scene")).first.wait_for()
    recorded = house.store.cases.get(case).timeline["on_scene"]

    # The other hears nothing for a while, and decides by what it saw.
    known = house.app.test_client().get("/api/v1/cases", headers=house.hospital("nobody")).get_json()
    assert known["cases"] == []
    old = other.evaluate("fetch('/api/v1/cases').then(answer => answer.text())")
    other.route(re.compile("/api/v1/cases$"), lambda route: route.fulfill(body=old, content_type="application/json"))
    one.click("#moment-door")
    one.wait_for_selector("#moment-door.told")
    other.click("#moment-door")
    other.get_by_text("somebody has changed it").wait_for()
    door = house.store.cases.get(case).timeline["door"]
    other.unroute_all()
    other.wait_for_selector("#moment-door.told")
    # What is recorded changes only by a second press.
    other.dblclick("#moment-on_scene")
    other.get_by_text("press again to change").wait_for()
    assert house.store.cases.get(case).timeline["on_scene"] == recorded
    other.click("#moment-on_scene")
    one.get_by_text(re.compile(f"Case {case}: new time: .*On scene")).first.wait_for()
    timeline = house.store.cases.get(case).timeline
    assert timeline["on_scene"] > recorded
    assert timeline["door"] == door


def test_another_destination_is_not_taken_from_under_a_colleague(desk, house, far):
    one, other = desk().page, desk().page
    begin(one, far)
    case = send(one)
    other.wait_for_selector(f"#case-{case}")
    other.click(f"#case-{case}")
    for page in (one, other):
        page.click("#others-summary")
    other.locator("#others button").nth(1).click()
    other.fill("#why-reason", "nearer now")
    one.locator("#others button").first.click()
    one.click("#why-usual button")
    with one.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/alerts")):
        one.click("#why-send")
    chosen = house.store.alerts.get(newest(house, case)).hospital_id
    other.click("#why-send")
    other.get_by_text("somebody has changed it").wait_for()
    assert house.store.alerts.get(newest(house, case)).hospital_id == chosen
    assert house.store.cases.get(case).override_reason == "Hospital is full"


def test_a_lost_line_is_seen_within_five_seconds_and_caught_up_afterwards(desk, house, far, looks_right):
    page = desk().page
    begin(page, far)
    case = send(page)
    begin(page, far)
    # How long it waits is told by a number; how long a busy machine takes to draw is nobody's promise.
    waits_ms = re.search(r"LOST_AFTER_MS = (\d+)", page.request.get(f"{house.site}/static/screens/live.js").text())[1]
    assert int(waits_ms) + 500 < 5000
    page.context.set_offline(True)
    page.wait_for_selector("#lost:visible")
    assert "Not connected: this is how it stood at" in page.inner_text("#lost")
    page.fill("#vehicle", "still typed")
    page.fill("#q-age", "66")
    # Only then: what is pressed while an answer still stands is sent as soon as the line is back.
    page.get_by_text("cannot be reached").first.wait_for()
    page.wait_for_selector("#lost:visible")
    page.wait_for_event("requestfailed")
    assert page.is_visible("#lost"), "what fails is no sign of life"
    page.keyboard.press("Control+Enter")
    looks_right(page, "lost-en")
    house.act(newest(house, case), "acknowledge", team="emergency")
    page.context.set_offline(False)
    page.wait_for_selector("#lost", state="hidden")
    page.wait_for_selector(f"#case-{case}:has-text('1 of 3')")
    assert (page.input_value("#vehicle"), page.input_value("#q-age")) == ("still typed", "66")
    page.wait_for_selector("#send")
    assert house.store.cases.get(send(page)).vehicle == "still typed"


def test_the_end_of_a_session_keeps_what_was_typed_and_asks_in_place(desk, house, far, looks_right):
    at = desk()
    page = at.page
    begin(page, far)
    page.fill("#vehicle", "120-09")
    house.store.log_ins.log_out(at.token, now=datetime.now(UTC))
    page.wait_for_selector("#again[open]")
    assert page.input_value("#again-name") == at.name
    looks_right(page, "again-en")
    for _ in range(3):
        page.keyboard.press("Escape")
    page.wait_for_selector("#again[open]")
    page.wait_for_selector("#again-password:focus")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(at.later_code())
    page.keyboard.press("Enter")
    page.wait_for_selector("#again", state="hidden")
    page.wait_for_selector("#connection[data-state=good]")
    assert page.input_value("#vehicle") == "120-09"
    assert house.store.cases.get(send(page)).author == at.name


def test_words_of_others_stay_words_and_long_ones_are_cut_kindly(desk, house, far, looks_right):
    page = desk().page
    begin(page, far)
    page.fill("#vehicle", "x" * 10_000)
    page.get_by_text("Too long: the first 60 characters are kept").wait_for()
    assert len(page.input_value("#vehicle")) == 60
    page.fill("#vehicle", HOSTILE[:60])
    page.locator("#answer .choice input").nth(1).check()
    page.fill("#override", f"\u202e{HOSTILE}{'很' * 10_000}")
    assert len(page.input_value("#override")) == 500
    # What comes meanwhile takes the cursor from nobody.
    page.evaluate("document.querySelector('#override').setSelectionRange(3, 3)")
    page.evaluate("document.querySelector('#override').dataset.before = 'yes'")
    third = page.get_attribute("#answer .choice >> nth=2", "data-hospital")
    house.say(third, "ct_down")
    page.wait_for_selector("#override:not([data-before]):focus")
    page.keyboard.type("!")
    assert page.input_value("#override").startswith(f"\u202e{HOSTILE[:2]}!{HOSTILE[2:]}")
    page.fill("#override", HOSTILE)
    house.say(third, "open")
    case = send(page)
    house.act(newest(house, case), "divert", reason=f"\u202e{HOSTILE}"[:200])
    page.wait_for_selector(".banner-diverted")
    assert HOSTILE in page.inner_text(".banner-diverted")
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("#case-panel b:has-text('${alert')").count() == 0
    assert house.store.cases.get(case).override_reason.startswith(HOSTILE)
    looks_right(page, "hostile-en")


def test_two_tabs_reloading_and_going_back_lose_nothing(desk, house, far, open_page):
    at = desk()
    page = at.page
    begin(page, far)
    page.fill("#vehicle", "first tab")
    page.keyboard.press("F2")
    page.keyboard.type("40.5, 102.5")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#calls .draft").count() == 2
    assert page.input_value("#place") == "40.5, 102.5"
    page.locator("#calls .draft").first.click()
    assert page.input_value("#vehicle") == "first tab"
    page.goto(f"{house.site}/login?lang=en")
    page.go_back()
    page.wait_for_selector("body[data-ready]")
    assert page.input_value("#vehicle") == "first tab"
    tab = open_page("/dispatch?lang=en", context=page.context)
    tab.wait_for_selector("body[data-ready]")
    assert tab.locator("#calls .draft").count() == 0, "a call is where it was taken"
    page.wait_for_selector("#send")
    case = send(page)
    tab.wait_for_selector(f"#case-{case}")
    # The session is one for all tabs: where somebody else logs in, nothing is done in their name.
    other = f"other{at.name}"
    code = pyotp.TOTP(house.user(other)).now()
    log_in(tab, house, other, code)
    page.wait_for_selector("#again[open]")
    log_in(tab, house, at.name, at.later_code())
    page.wait_for_selector("#again", state="hidden")
    tab.click("#log-out")
    tab.wait_for_url("**/login?**")
    page.wait_for_selector("#again[open]")


def test_closures_and_statuses_are_told_in_a_moment_and_seen_by_everybody(desk, house, far, looks_right):
    one, other = desk().page, desk(lang="zh").page
    begin(other, far)
    first = other.get_attribute("#answer .first", "data-hospital")
    road = other.get_attribute("path.road-line", "d")
    keys = one.keyboard
    keys.press("Shift+F2")
    keys.type("Bridge is under water")
    one.fill("#closure-until", "+90")
    one.fill("#closure-points", "nonsense")
    one.click("#closure-save")
    one.get_by_text("Line 1 is no place").wait_for()
    looks_right(one, "closure-wrong-en")
    lat, lon = far.entrance_lat, far.entrance_lon
    one.fill("#closure-points", f"{lat + 0.002}, {lon - 0.002}\n{lat + 0.002}, {lon + 0.002}\n{lat + 0.004}, {lon}")
    one.locator("[name=shape][value=area]").check(force=True)
    one.click("#closure-save")
    one.wait_for_selector("#closures li:has-text('Bridge is under water')")
    other.wait_for_selector("path.closure")
    looks_right(one, "closures-en")
    # On the map a press is a corner.
    box = one.locator("#map").bounding_box()
    one.locator("[name=shape][value=line]").check(force=True)
    for share in (0.4, 0.5):
        one.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * share)
    assert len(one.input_value("#closure-points").splitlines()) == 2
    one.wait_for_selector("path.sketch")
    one.locator("#closures button", has_text="End").click()
    one.wait_for_selector("#closures-none:visible")

    keys.press("Shift+F4")
    one.click(f"#hospital-{first}")
    one.click("#say-full")
    one.wait_for_selector("#say-full[aria-pressed=true]")
    looks_right(one, "hospitals-en")
    other.wait_for_selector(f"#answer .first:not([data-hospital={first}])")
    other.get_by_text("现在首选").wait_for()
    assert other.get_attribute("path.road-line", "d") != road
    # What the hospital says at this very moment is not ended by somebody who has not read it.
    old = one.evaluate("fetch('/api/v1/statuses').then(answer => answer.text())")
    one.route(re.compile("/api/v1/statuses$"), lambda route: route.fulfill(body=old, content_type="application/json"))
    house.say(first, "ct_down")
    with one.expect_response(lambda answer: answer.request.method == "PUT"):
        one.click("#say-open")
    (left,) = house.store.statuses.list(now=datetime.now(UTC))
    assert left.kind == "ct_down"
    one.unroute_all()
    one.wait_for_selector("#say-ct_down[aria-pressed=true]")
    one.click("#say-open")
    other.wait_for_selector(f"#answer .first[data-hospital={first}]")


def test_nobody_answering_puts_the_number_in_the_face_and_sound_says_when_it_is_blocked(
    desk, house, demo_edition, looks_right
):
    near = next(one for one in demo_edition.hospitals if one.capabilities["thrombolysis"].status == "yes")
    page = desk(size=WALL).page
    assert "blocks sound" in page.inner_text("#silent")
    looks_right(page, "silent-en")
    begin(page, near, onset="")
    page.wait_for_selector("#silent", state="hidden")
    case = send(page)
    number = house.store.alerts.get(newest(house, case)).telephone
    page.wait_for_selector(".banner-telephone")
    assert number in page.inner_text(".banner-number")
    looks_right(page, "telephone-en")
    page.keyboard.press("Shift+F8")
    page.fill("#why-reason", "ruled out by telephone")
    looks_right(page, "why-en")
    failing = {"status": 422, "json": {"code": "invalid-request"}}
    page.route("**/cancel", lambda route: route.fulfill(**failing), times=1)
    page.press("#why-reason", "Enter")
    page.wait_for_selector(".toast-problem")
    page.keyboard.press("Shift+F8")
    assert page.input_value("#why-reason") == "ruled out by telephone", "what did not arrive need not be typed again"
    page.press("#why-reason", "Enter")
    page.wait_for_selector("#urgent", state="hidden")
    assert "ruled out by telephone" in page.inner_text("#case-alert")


def test_a_clock_that_is_hours_off_does_no_harm(desk, house, open_page):
    at = desk()
    at.page.context.add_init_script(
        "Object.defineProperty(Performance.prototype, 'timeOrigin', {get: () => 1e12}); Date.now = () => 1e12;"
    )
    page = open_page("/dispatch?lang=en", context=at.page.context)
    page.wait_for_selector("#connection[data-state=good]")
    page.keyboard.press("F2")
    page.wait_for_selector("#call-clock:has-text('0:0')")
    page.fill("#q-onset_at", "-10")
    page.wait_for_selector("#onset-clock:has-text('10:0')")
    zone = page.evaluate("JSON.parse(document.getElementById('settings').dataset.settings).facts.zone")
    hours = "([ms, zone]) => new Intl.DateTimeFormat('en-GB', {timeZone: zone, hour: '2-digit', minute: '2-digit'}).format(ms)"
    now, soon = (page.evaluate(hours, [(time.time() + later) * 1000, zone]) for later in (0, 60))
    page.wait_for_selector(f"#now:text-matches('^({now}|{soon})')")


@pytest.mark.parametrize(("name", "size", "lang", "dark"), [
    ("wall-dark", WALL, "en", True), ("phone", PHONE, "zh", False), ("enlarged", ENLARGED, "en", False),
])  # fmt: skip
def test_every_size_and_both_grounds(desk, far, looks_right, settle, *, name, size, lang, dark):
    page = desk(size=size, lang=lang, color_scheme="dark" if dark else "light").page
    begin(page, far)
    page.locator("input[name=condition][value=chest_pain]").check(force=True)
    page.wait_for_selector("[data-question=ecg]")
    page.locator("input[name=q-ecg][value=STEMI]").check(force=True)
    page.wait_for_selector("#answer[aria-busy=false] #send")
    page.locator("#map").scroll_into_view_if_needed()
    settle(page)
    page.locator("#place").scroll_into_view_if_needed()
    looks_right(page, f"{name}-call")
    send(page)
    page.locator("#alert-state").scroll_into_view_if_needed()
    looks_right(page, f"{name}-case")
    page.click("#help-button")
    page.wait_for_selector("#help[open]")
    looks_right(page, f"{name}-help")
