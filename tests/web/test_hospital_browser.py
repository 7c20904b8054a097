"""The hospital's screen in a real Chromium, over the real application: a patient from the alert to the needle, and what can go wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
WALL, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
HOSTILE = "</script><img src=x onerror=alert(1)><b>${alert(1)}</b>{{7*7}}"
#: What a lost line, a session that ended and a conflict write to the console of Chromium by themselves.
EXPECTED = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of (401|404|409|422)")
_NUMBERS = iter(range(10_000))
#: A page that nobody looks at: its timers come once in a long while.
HIDDEN = """(() => {
  const [once, often] = [setTimeout, setInterval];
  window.setTimeout = (task, ms, ...more) => once(task, Math.max(ms, 600_000), ...more);
  window.setInterval = (task, ms, ...more) => often(task, Math.max(ms, 600_000), ...more);
})()"""
RINGS = "import('/static/screens/sound.js').then((sound) => sound.isRinging())"
BLOCKED = "import('/static/screens/sound.js').then((sound) => sound.blocked())"


class House(NamedTuple):
    """The application that is served, how a dispatcher asks it, where, the hospital of these tests, and a place from which one drives there."""

    app: Any
    ask: Callable[..., Any]
    site: str
    hospital: str
    place: dict[str, float]

    @property
    def store(self) -> Any:
        return self.app.extensions["stroke_map.live_store"]

    def alert(self, *, vehicle: str = "120-07", condition: str = "stroke", hospital: str = "", **patient: Any) -> Any:
        """Begin a case and alert a hospital for it; gives the alert."""
        question = self.place | {"crs": "WGS-84", "condition": condition} | patient
        entry = {
            "question": question,
            "hospital": hospital or self.hospital,
            "override_reason": "test",
            "vehicle": vehicle,
        }
        case = self.ask("POST", "/cases", entry)
        return self.ask("POST", "/alerts", {"case": case["id"]}, **{"Idempotency-Key": str(next(_NUMBERS))})

    def now(self, alert: Any) -> Any:
        """An alert as it stands now."""
        return self.ask("GET", f"/alerts/{alert['id']}")

    def clear(self) -> None:
        """Close every case, so that the screen is empty."""
        for case in self.ask("GET", "/cases")["cases"]:
            self.ask("POST", f"/cases/{case['id']}/events", {"name": "closed"})


@pytest.fixture(scope="module")
def house(serve_live, demo_edition) -> Iterator[House]:
    here, there = demo_edition.hospitals[0], demo_edition.hospitals[7]
    place = {"lat": round(there.entrance_lat, 5), "lon": round(there.entrance_lon, 5)}
    with serve_live(dispatch_phone="023-6312 0120") as served:
        yield House(served.app, served.ask, served.site, here.id, place)


class Ward(NamedTuple):
    """A hospital's screen that is open, and by what its people log in again."""

    page: Any
    name: str
    secret: str
    token: str


@pytest.fixture
def ward(browser, house, watch) -> Iterator[Callable[..., Ward]]:
    """Open the screen, logged in, and watch it: a request elsewhere, a script error, a dialog or an error in the console fails the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def start(
        *, lang: str = "en", size=WALL, team: str = "", hospital: str = "", machine: str = "", like: Ward | None = None
    ) -> Ward:
        name, secret, token = like[1:] if like else (f"ward{next(_NUMBERS)}", new_totp_secret(), "")
        if like is None:
            standing = read_standing(name, "hospital", hospital or house.hospital, team)
            house.store.accounts.add_user(standing, HASH, secret, by="me", now=datetime.now(UTC))
            client = house.app.test_client()
            body = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
            assert client.post("/api/v1/session", json=body).status_code == 201
            token = client.get_cookie("stroke_map_session").value
            context = browser.new_context(viewport=size, has_touch=size is PHONE, service_workers="block")
            context.add_cookies([{"name": "stroke_map_session", "value": token, "url": house.site}])
            contexts.append(context)
        else:
            context = like.page.context
        page = context.new_page()
        page.set_default_timeout(120_000)
        watch(page, wrong, (house.site,))
        if machine:
            page.add_init_script(machine)
        page.goto(f"{house.site}/hospital?lang={lang}")
        page.wait_for_selector(".nobody, .alert")
        page.wait_for_selector("#own-status button")
        return Ward(page, name, secret, token)

    yield start
    house.clear()
    for context in contexts:
        context.close()
    assert [what for what in wrong if not EXPECTED.search(what)] == []


def test_it_rings_until_each_team_has_said_that_it_knows(ward, house, looks_right):
    page = ward(lang="zh").page
    looks_right(page, "empty-zh")
    assert page.is_visible("#silent"), "until somebody has pressed anything, words say that no sound can be heard"
    assert page.evaluate(BLOCKED)
    onset = (datetime.now(UTC) - timedelta(minutes=47)).isoformat()
    alert = house.alert(age=71, onset=onset, scale="LAMS", score=5, anticoagulant="yes", airway_not_secured=True)
    page.wait_for_selector(".is-waiting")
    assert page.title().startswith("(1) ⚠")
    assert "卒中" in page.inner_text("#spoken")
    for words in ("71 岁", "LAMS 5", "气道未保障", "47:", "120-07"):
        assert words in page.inner_text(".alert"), words
    assert re.fullmatch(r"\d+:\d\d", page.inner_text(".count"))
    looks_right(page, "waiting-zh")
    page.wait_for_function(
        "() => fetch('/api/v1/alerts').then((all) => all.json()).then((all) => all.alerts[0].state === 'delivered')"
    )

    page.keyboard.press("a")
    page.wait_for_selector(".team-known")
    assert not page.evaluate(BLOCKED), "a press of any key lets it be heard"
    assert page.is_hidden("#silent")
    assert page.evaluate(RINGS), "two teams have not answered"
    page.focus(".acknowledge >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.acknowledge').length === 1")
    assert page.evaluate("document.activeElement.id") == f"title-{alert['id']}"
    page.click(".acknowledge")
    page.wait_for_selector(".is-coming")
    assert not page.evaluate(RINGS)
    assert house.now(alert)["state"] == "acknowledged"
    page.keyboard.press("s")
    page.get_by_text("已启动").wait_for()
    assert house.now(alert)["teams"][0]["activated_at"]

    looks_right(page, "activated-zh")


def test_a_patient_from_the_road_to_the_needle(ward, house, looks_right):
    page, alert = ward(lang="zh").page, house.alert(age=71, ecg="STEMI", condition="chest_pain")
    page.wait_for_selector(".count:not(:empty)")
    before = page.inner_text(".count")
    house.ask("POST", f"/cases/{alert['case']['id']}/position", house.place | {"crs": "WGS-84"})
    page.wait_for_function("([before]) => document.querySelector('.count').textContent !== before", arg=[before])
    page.click(f"#moment-{alert['id']}-door")
    looks_right(page, "moment-zh")
    page.keyboard.press("Enter")
    page.wait_for_selector(".is-here")
    page.click(f"#moment-{alert['id']}-needle")
    for typed in ("25:99", "999999"):
        page.fill("#moment-time", typed)
        page.keyboard.press("Enter")
        page.wait_for_selector("#moment-wrong:not([hidden])")
    page.fill("#moment-time", "1m")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#moment-{alert['id']}-needle.is-told")
    timeline = house.now(alert)["case"]["timeline"]
    told = {name: datetime.now(UTC) - datetime.fromisoformat(timeline[name]) for name in ("door", "needle")}
    assert told["needle"] > timedelta(seconds=60) > told["needle"] - told["door"]
    looks_right(page, "here-zh")

    page.click(f"#moment-{alert['id']}-needle")
    house.ask("POST", f"/cases/{alert['case']['id']}/events", {"name": "needle"})
    page.fill("#moment-time", "7m")
    page.keyboard.press("Enter")
    page.locator("#moment-wrong", has_text="别人已经改过").wait_for()
    page.keyboard.press("Escape")
    house.ask("POST", f"/cases/{alert['case']['id']}/events", {"name": "closed"})
    page.wait_for_selector(".is-closed")
    looks_right(page, "closed-zh")


def test_a_patient_whom_the_hospital_cannot_take_and_one_who_does_not_come(ward, house, looks_right):
    screen = ward()
    page, first, second = (
        screen.page,
        house.alert(vehicle=HOSTILE),
        house.alert(condition="chest_pain", ecg="STEMI", age=58),
    )
    page.wait_for_selector(".alert >> nth=1")
    assert HOSTILE in page.inner_text(f"#alert-{first['id']}"), "what somebody typed is text"
    looks_right(page, "two-en")
    page.click(f"#divert-{first['id']}")
    page.click("#divert-do")
    page.wait_for_selector("#divert-wrong:not([hidden])")
    page.click("#divert-reasons input >> nth=5")
    page.fill("#divert-text", "\u202e" + HOSTILE + "长" * 10_000)
    assert len(page.input_value("#divert-text")) == 400
    looks_right(page, "divert-en")
    page.dblclick("#divert-do")
    page.wait_for_selector(f"#alert-{first['id']}.is-diverted")
    reason = house.now(first)["end_reason"]
    assert reason.startswith(HOSTILE)
    assert reason in page.inner_text(f"#alert-{first['id']}")

    house.ask("POST", f"/alerts/{second['id']}/cancel", {"reason": "no stroke after all"})
    page.wait_for_selector(f"#alert-{second['id']}.is-cancelled")
    assert "does not come" in page.inner_text("#spoken")
    assert "no stroke after all" in page.inner_text(f"#alert-{second['id']}")
    assert not page.evaluate(RINGS)
    looks_right(page, "cancelled-en")
    page.click(f"#seen-{second['id']}")
    page.wait_for_selector(f"#alert-{second['id']}", state="detached")
    page.reload()
    page.wait_for_selector(f"#alert-{first['id']}")
    assert page.locator(f"#alert-{second['id']}").count() == 0, "what was seen stays put away"


def test_what_the_hospital_says_of_itself_takes_two_presses(ward, house, looks_right):
    page = ward(lang="zh").page
    page.click("#kind-ct_down")
    looks_right(page, "status-zh")
    page.click("#status-do")
    page.wait_for_selector("#kind-ct_down[aria-pressed=true]")
    (said,) = house.store.statuses.list(now=datetime.now(UTC), hospital_id=house.hospital)
    assert (said.kind, said.open_ended) == ("ct_down", False)
    assert said.reason
    looks_right(page, "troubled-zh")
    page.click("#kind-ct_down")
    page.fill("#status-text", "x" * 10_000)
    page.click("#status-do")
    page.wait_for_selector("#kind-ct_down[aria-pressed=false]")
    assert house.store.statuses.list(now=datetime.now(UTC), hospital_id=house.hospital) == []


def test_a_lost_line_is_said_and_what_was_missed_comes(ward, house, looks_right):
    page = ward().page
    first = house.alert()
    page.wait_for_selector(".is-waiting")
    page.context.set_offline(True)
    page.wait_for_selector("#lost:not([hidden])")
    looks_right(page, "lost-en")
    second = house.alert()
    page.click(f"#acknowledge-{first['id']}-emergency")
    page.context.set_offline(False)
    page.wait_for_selector(f"#alert-{second['id']}")
    page.wait_for_selector("#lost", state="hidden")
    page.wait_for_selector(f"#acknowledge-{first['id']}-emergency", state="detached")
    assert house.now(first)["teams"][0]["acknowledged_at"], "what was pressed without a line is sent when there is one"
    # A server that takes every question and answers none is as good as away.
    page.route("**/api/**", lambda _: None)
    page.wait_for_selector("#lost:not([hidden])")
    for _ in range(3):
        page.wait_for_event("requestfailed")
    assert page.is_visible("#lost")
    page.unroute_all(behavior="ignoreErrors")
    page.wait_for_selector("#lost", state="hidden")


def test_a_team_answers_for_itself_and_another_hospital_hears_nothing(ward, house, demo_edition):
    other = next(hospital.id for hospital in demo_edition.hospitals[1:] if hospital.kind == "hospital")
    team, stranger, alert = ward(team="radiology"), ward(hospital=other), house.alert()
    team.page.wait_for_selector(".is-waiting")
    assert team.page.locator(".acknowledge").count() == 1
    team.page.keyboard.press("a")
    team.page.wait_for_selector(".is-coming")
    assert not team.page.evaluate(RINGS), "it rings for one's own team"
    assert [one["team"] for one in house.now(alert)["teams"] if one["acknowledged_at"]] == ["radiology"]
    assert stranger.page.is_visible(".nobody")
    look = "async (address) => (await fetch(address)).status"
    for address in (f"/api/v1/cases/{alert['case']['id']}", f"/api/v1/alerts/{alert['id']}"):
        assert stranger.page.evaluate(look, address) == 404


def test_two_tabs_double_clicks_and_the_way_back(ward, house):
    screen = ward()
    page, other, alert = screen.page, ward(like=screen).page, house.alert()
    page.wait_for_selector(".acknowledge")
    page.dblclick(".acknowledge >> nth=0")
    page.wait_for_selector(".team-known")
    assert len([h for h in house.store.alerts.get(alert["id"]).happenings if h.kind == "acknowledged"]) == 1
    # A button that comes under the pointer is not pressed by the second half of a double click.
    page.hover(".activate")
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    for _ in range(2):
        page.keyboard.press("a")
        page.wait_for_timeout(300)
    other.wait_for_selector(".is-coming")
    assert not [h for h in house.store.alerts.get(alert["id"]).happenings if h.kind == "activated"]
    assert not other.evaluate(RINGS), "what one tab has acknowledged is silent in the other"
    page.click(".language")
    page.wait_for_url("**lang=zh")
    page.go_back()
    page.wait_for_selector(".is-coming")
    # What is under way for one time neither takes nor closes the dialog of the next.
    held = []
    page.route("**/events", lambda route: held.append(route), times=1)  # noqa: PLW0108 - no method of a list will do
    page.click(f"#moment-{alert['id']}-door")
    with page.expect_request("**/events"):
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.click(f"#moment-{alert['id']}-needle")
    held[0].continue_()
    page.wait_for_selector(".is-here")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#moment-{alert['id']}-needle.is-told")


def test_a_page_nobody_looks_at_rings_at_once_and_says_when_it_is_deaf(ward, house):
    page, alert = ward(machine=HIDDEN).page, house.alert()
    page.wait_for_selector(".is-waiting")
    for team in house.now(alert)["teams"]:
        page.click(f"#acknowledge-{alert['id']}-{team['team']}")
    page.wait_for_selector(".is-coming")
    assert not page.evaluate(RINGS)
    page.context.set_offline(True)
    page.wait_for_event("requestfailed")
    page.wait_for_selector("#lost:not([hidden])")
    page.wait_for_event("requestfailed")
    assert page.evaluate(RINGS), "whoever relies on the sound hears that none will come"
    page.context.set_offline(False)
    page.wait_for_selector("#lost", state="hidden")
    assert not page.evaluate(RINGS)


def test_a_clock_that_is_hours_off_changes_nothing(ward, house, fast_clock):
    page, alert = ward(machine=fast_clock).page, house.alert()
    page.wait_for_selector(".count:not(:empty)")
    left = (datetime.fromisoformat(house.now(alert)["eta"]) - datetime.now(UTC)).total_seconds()
    minutes, seconds = page.inner_text(".count").split(":")
    assert abs(int(minutes) * 60 + int(seconds) - left) < 60
    page.click(f"#moment-{alert['id']}-door")
    page.keyboard.press("Enter")
    page.wait_for_selector(".is-here")
    door = datetime.fromisoformat(house.now(alert)["case"]["timeline"]["door"])
    assert abs(datetime.now(UTC) - door) < timedelta(minutes=1)


def test_it_works_on_a_phone_and_a_session_that_ends_keeps_the_case(ward, house, looks_right):
    screen, _ = ward(size=PHONE), house.alert(age=71, last_known_well=datetime.now(UTC).isoformat())
    page = screen.page
    page.wait_for_selector(".is-waiting")
    looks_right(page, "phone-en", whole=True)
    house.store.log_ins.log_out(screen.token, now=datetime.now(UTC))
    page.wait_for_selector("#again[open]")
    looks_right(page, "phone-again-en")
    page.fill("#again-password", PASSWORD)
    page.fill("#again-code", pyotp.TOTP(screen.secret).at(datetime.now(UTC) + timedelta(seconds=30)))
    page.click("#again button.main")
    page.wait_for_selector("#again", state="hidden")
    page.tap(".acknowledge >> nth=0")
    page.wait_for_selector(".team-known")
