"""The quality screen in a real Chromium, over the real application: cases are played through the API, and the page tells what came of them."""

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
DESK, WALL, PHONE = ({"width": w, "height": h} for w, h in ((1366, 768), (1920, 1080), (390, 844)))
HOSTILE = "</script><img src=x onerror=alert(1)><b>\u202e${alert(1)}</b>{{7*7}} relatives insist"
#: What a mistake in the months, a session that ended and a lost line write to the console of Chromium by themselves.
EXPECTED = re.compile(r"status of (401|422)|ERR_INTERNET_DISCONNECTED")
#: Minutes from door to needle, at the first hospital and at another.
HERE, THERE = (40, 45, 50, 55, 70, 90), (75, 85)


class House(NamedTuple):
    """The application that is served, and both hospitals."""

    served: Any
    here: Any
    there: Any

    def play(self, hospital: Any, condition: str = "stroke", **minutes: int) -> None:
        """Begin a case, alert the hospital, let the first team acknowledge, and say when what was, in minutes after the call."""
        place = {"lat": round(self.here.entrance_lat, 5), "lon": round(self.here.entrance_lon, 5), "crs": "WGS-84"}
        question = place | {"condition": condition}
        case = self.served.ask(
            "POST", "/cases", {"question": question, "hospital": hospital.id, "override_reason": HOSTILE}
        )
        alert = self.served.ask("POST", "/alerts", {"case": case["id"]}, **{"Idempotency-Key": str(case["id"])})
        self.served.ask("POST", f"/alerts/{alert['id']}/acknowledge", {"team": "emergency"})
        call = datetime.now(UTC) - timedelta(hours=6)
        for name, minute in minutes.items():
            told = {"name": name, "at": (call + timedelta(minutes=minute)).isoformat()}
            self.served.ask("POST", f"/cases/{case['id']}/events", told)


@pytest.fixture(scope="module")
def house(serve_live, demo_edition) -> Iterator[House]:
    with serve_live() as served:
        made = House(served, demo_edition.hospitals[0], demo_edition.hospitals[7])
        for hospital, needles in ((made.here, HERE), (made.there, THERE)):
            for needle in needles:
                made.play(hospital, onset=-30, door=25, needle=25 + needle, puncture=25 + 2 * needle)
        made.play(made.here, "chest_pain", on_scene=10, door=40, wire=100)
        yield made


class Desk(NamedTuple):
    """The screen that is open, and by what its user logs in again."""

    page: Any
    name: str
    secret: str
    token: str


@pytest.fixture
def sit_down(house, visit) -> Iterator[Callable[..., Desk]]:
    """Open the screen, logged in, and read."""
    start, wrong = visit

    def open_(role: str = "auditor", *, lang: str = "en", size: Any = DESK) -> Desk:
        name, secret, accounts = (
            f"{role}.{lang}",
            new_totp_secret(),
            house.served.app.extensions["stroke_map.live_store"].accounts,
        )
        accounts.add_user(read_standing(name, role), HASH, secret, by="me", now=datetime.now(UTC))
        client = house.served.app.test_client()
        body = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        assert client.post("/api/v1/session", json=body).status_code == 201
        token = client.get_cookie("stroke_map_session").value
        page = start(house.served.site, viewport=size, service_workers="block")
        page.context.add_cookies([{"name": "stroke_map_session", "value": token, "url": house.served.site}])
        page.goto(f"{house.served.site}/quality?lang={lang}")
        page.wait_for_selector("#of-overridden")
        return Desk(page, name, secret, token)

    yield open_
    wrong[:] = [what for what in wrong if not EXPECTED.search(what)]


def rows(page: Any, figure: str) -> dict[str, list[str]]:
    """The numbers of a figure, by the name of the row."""
    told = page.eval_on_selector_all(
        f"section[aria-labelledby=of-{figure}] tbody tr",
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))",
    )
    return {name: cells for name, _, *cells in told}


def test_the_page_tells_what_came_of_the_cases_by_hospital_month_and_condition(sit_down, house, looks_right):
    page = sit_down().page
    here, there = house.here.name_en, house.there.name_en
    assert "Stroke" in page.inner_text("#said")
    assert "cases: 8" in page.inner_text("#said")
    assert rows(page, "door_to_needle") == {
        "All": ["62.5 min", "8", "50 %", "25 %"],
        here: ["52.5 min", "6", "67 %", "33 %"],
        there: ["80 min few", "2", "0 %", "0 %"],
    }
    assert "Target 60 min (verified; SNIS" in page.inner_text("section[aria-labelledby=of-door_to_needle]")
    bars = "section[aria-labelledby=of-door_to_needle] rect"
    assert page.eval_on_selector_all(bars, "all => all.map((one) => one.className.baseVal)") == ["bar-late", *sorted(["bar-in", "bar-few"], key=lambda kind: (here > there) == (kind == "bar-in"))]  # fmt: skip
    widths = page.eval_on_selector_all(bars, "all => all.map((one) => one.getBoundingClientRect().width)")
    assert widths[0] / max(widths) == pytest.approx(62.5 / 80, abs=0.02)
    assert rows(page, "delivered")["All"] == ["100 %", "8", "8", "0"]
    assert rows(page, "first_acknowledged")["All"][1:] == ["8 / 8", "0"]
    assert rows(page, "all_acknowledged")["All"] == ["—", "0 / 8", "0"]
    assert rows(page, "overridden")[there][:2] == ["100 % few", "2"]
    reasons = page.inner_text("section[aria-labelledby=of-reasons]")
    assert reasons.count(HOSTILE.replace("\u202e", "")) + reasons.count(HOSTILE) == 2
    assert page.locator("main img").count() == 0
    looks_right(page, "stroke-en", whole=True)

    page.keyboard.press("m")
    page.locator("section[aria-labelledby=of-door_to_needle] th", has_text=re.compile(r"^20\d\d-")).first.wait_for()
    (month,) = rows(page, "door_to_needle").values()
    assert month == ["62.5 min", "8", "50 %", "25 %"]
    page.keyboard.press("2")
    page.wait_for_selector("#of-door_to_wire")
    assert list(rows(page, "first_contact_to_wire").values()) == [["90 min few", "1", "100 %", "100 %"]]
    assert "No case has both moments" in page.inner_text("section[aria-labelledby=of-door_to_needle]")
    looks_right(page, "chest-pain-en")
    page.reload()
    page.wait_for_selector("#of-door_to_wire")
    assert page.is_checked("input[value=month]"), "the address holds what is asked"
    page.keyboard.press("r")
    page.keyboard.press("1")
    page.locator("section[aria-labelledby=of-door_to_needle] th", has_text=house.here.district).first.wait_for()

    with page.expect_download() as saved:
        page.keyboard.press("x")
    assert re.fullmatch(r"quality-\d{4}-\d\d-\d{4}-\d\d-region\.xlsx", saved.value.suggested_filename)
    page.select_option("#hospital", house.there.id)
    page.locator("#said", has_text="cases: 2").wait_for()

    page.fill("#until", "2020-01")
    page.wait_for_selector("#from[aria-invalid=true]")
    assert "From: is after the last month" in page.inner_text("#wrong")
    assert page.locator("#figures section").count() == 0
    looks_right(page, "error-en")
    page.fill("#from", "2020-01")
    page.wait_for_selector(".nothing")
    assert page.is_hidden("#wrong")
    assert "no case" in page.inner_text("#said")
    looks_right(page, "empty-en")


def test_it_reads_in_chinese_on_a_wall_and_a_phone_and_a_lost_line_or_session_is_said(sit_down, house, looks_right):
    desk = sit_down(lang="zh", size=WALL)
    page = desk.page
    assert rows(page, "door_to_needle")["合计"] == ["62.5 分", "8", "50 %", "25 %"]
    assert page.inner_text("#screens") == "", "the only screen of an auditor"
    looks_right(page, "wall-zh")
    page.set_viewport_size(PHONE)
    looks_right(page, "phone-zh", whole=True)
    page.set_viewport_size(DESK)
    page.keyboard.press("?")
    looks_right(page, "keys-zh")
    page.keyboard.press("Escape")

    page.context.set_offline(True)
    page.wait_for_selector("#lost:not([hidden])")
    page.keyboard.press("2")
    looks_right(page, "lost-zh")
    page.context.set_offline(False)
    page.wait_for_selector("#lost", state="hidden")
    page.wait_for_selector("#of-door_to_wire")

    house.served.app.extensions["stroke_map.live_store"].log_ins.log_out(desk.token, now=datetime.now(UTC))
    page.keyboard.press("1")
    page.wait_for_selector("#again[open]")
    looks_right(page, "again-zh")
    page.fill("#again-password", PASSWORD)
    page.fill("#again-code", pyotp.TOTP(desk.secret).at(datetime.now(UTC) + timedelta(seconds=30)))
    page.click("#again button.main")
    page.wait_for_selector("#again", state="hidden")
    page.wait_for_selector("#of-door_to_puncture")


def test_an_editor_sees_numbers_and_no_reasons(sit_down):
    page = sit_down("editor").page
    assert rows(page, "overridden")["All"][1] == "2"
    assert page.locator("#of-reasons").count() == 0
    assert "relatives insist" not in page.content()
