"""The administrator's screen in a real Chromium, over the real application: accounts, contacts, messages and the audit log in one play."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.live.deliveries import Outcome
from stroke_map.maps.qr import qr_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
DESK, WALL, PHONE = {"width": 1366, "height": 768}, {"width": 1920, "height": 1080}, {"width": 390, "height": 844}
HOSTILE = "</script><img src=x onerror=alert(1)><b>\u202e${alert(1)}</b>{{7*7}}"
#: What a session that ended, and what is refused, write to the console of Chromium by themselves.
EXPECTED = re.compile(r"status of (401|409|422)")
PARTS = ("users", "keys", "contacts", "deliveries", "audit")


class House(NamedTuple):
    """The application that is served, the hospital of these tests, and the administrator's session."""

    served: Any
    hospital: str
    token: str

    @property
    def site(self) -> str:
        return self.served.site

    @property
    def store(self) -> Any:
        return self.served.app.extensions["stroke_map.live_store"]

    def lets_in(self, key: str) -> bool:
        """Whether a key may read cases."""
        response = self.served.app.test_client().get("/api/v1/cases", headers={"Authorization": f"Bearer {key}"})
        return response.status_code == 200

    def give_up(self, place: dict[str, Any]) -> None:
        """Alert the hospital, and let every message of it be refused for a hostile reason."""
        entry = {"question": place | {"crs": "WGS-84"}, "hospital": self.hospital, "override_reason": "test"}
        case = self.served.ask("POST", "/cases", entry)
        self.served.ask("POST", "/alerts", {"case": case["id"]}, **{"Idempotency-Key": "a"})
        now = datetime.now(UTC)
        taken = self.store.deliveries.lease("test", now=now, most=9)
        self.store.deliveries.record([Outcome(one.id, "refused", HOSTILE) for one in taken], "test", now=now)


@pytest.fixture(scope="module")
def house(demo_edition, serve_live, clinical) -> Iterator[House]:
    with serve_live() as served:
        store, secret = served.app.extensions["stroke_map.live_store"], new_totp_secret()
        chief = read_standing("chief", "administrator")
        store.accounts.add_user(chief, hash_password(PASSWORD), secret, by="me", now=datetime.now(UTC))
        client = served.app.test_client()
        body = {"name": "chief", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        assert client.post("/api/v1/session", json=body).status_code == 201
        refused = client.delete(f"/api/v1/users/{HOSTILE.replace('/', '')}", headers=clinical)
        assert refused.status_code == 403, "the path stands in the log"
        yield House(served, demo_edition.hospitals[0].id, client.get_cookie("stroke_map_session").value)


@pytest.fixture
def office(house, visit) -> Callable[..., Any]:
    """Open the administrator's screen, logged in."""
    start, _ = visit

    def enter(part: str = "users", *, lang: str = "en", size=DESK) -> Any:
        page = start(house.site, viewport=size, service_workers="block")
        page.context.add_cookies([{"name": "stroke_map_session", "value": house.token, "url": house.site}])
        page.goto(f"{house.site}/administration?lang={lang}#{part}")
        is_read(page, part)
        return page

    return enter


def is_read(page: Any, part: str) -> None:
    page.wait_for_selector(f"#{part}-list .reading", state="detached")


def row(page: Any, part: str, name: str) -> Any:
    return page.locator(f"#{part}-list tbody tr", has_text=name)


def secret(page: Any, place: int = 0) -> str:
    """Read what is shown once."""
    page.wait_for_selector("dialog.secret")
    return page.input_value(f"#secret-{place}")


def somebody_comes_and_goes(page: Any, theirs: Any, house: House, looks_right: Any) -> None:
    """Somebody is added, scans the code, logs in, and is out the moment they are revoked."""
    page.keyboard.press("n")
    page.fill("#user-name", "a b")
    page.keyboard.press("Enter")
    page.wait_for_selector("#user-wrong:not([hidden])")
    page.fill("#user-name", "Wang.Fang")
    page.select_option("#user-role", "hospital")
    page.click("#user button.main")
    page.get_by_text("Choose the hospital").wait_for()
    page.select_option("#user-hospital", house.hospital)
    looks_right(page, "user-en")
    page.click("#user button.main")
    password, address = secret(page), page.input_value("#secret-1")
    assert page.get_attribute(".secret img", "src") == qr_address(address)
    page.keyboard.press("Escape")
    assert page.is_visible("dialog.secret"), "a slip of the finger does not lose what is shown once"
    looks_right(page, "secret-en")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.secret", state="detached")
    row(page, "users", "wang.fang").wait_for()
    assert password not in page.content()
    theirs.goto(f"{house.site}/login?lang=en")
    for name, value in (("name", "wang.fang"), ("password", password), ("code", pyotp.parse_uri(address).now())):
        theirs.fill(f"#login-{name}", value)
    theirs.keyboard.press("Enter")
    theirs.wait_for_selector(".nobody")
    row(page, "users", "wang.fang").get_by_role("button", name="Revoke").click()
    looks_right(page, "revoke-en")
    page.click("dialog[open] .grave")
    theirs.wait_for_selector("#again[open]")
    theirs.close()
    page.check("#users-over")
    row(page, "users", "wang.fang").get_by_text("revoked").wait_for()


def nobody_locks_themselves_out(page: Any) -> None:
    """Nobody locks themselves out."""
    row(page, "users", "chief").get_by_role("button", name="Revoke").click()
    assert page.is_disabled("dialog[open] .grave")
    page.check("dialog[open] input")
    page.click("dialog[open] .grave")
    page.get_by_text("This is the last administrator").wait_for()
    page.get_by_role("button", name="Put away").click()


def a_key_lives_and_dies(page: Any, house: House, looks_right: Any) -> None:
    """A key works, is rotated without a gap, and is refused when revoked."""
    page.keyboard.press("2")
    page.wait_for_selector("#key-add")
    page.keyboard.press("n")
    page.fill("#key-name", "dispatch-system")
    page.check("#key-scopes input[value='cases:read']")
    page.fill("#key-days", "0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#key-wrong:not([hidden])")
    page.fill("#key-days", "30")
    looks_right(page, "key-en")
    page.keyboard.press("Enter")
    first = secret(page)
    page.click(".secret button.main")
    assert house.lets_in(first)
    row(page, "keys", "dispatch-system").get_by_role("button", name="Rotate").click()
    page.fill("#rotate-overlap", "1")
    page.keyboard.press("Enter")
    second = secret(page)
    page.click(".secret button.main")
    assert (house.lets_in(first), house.lets_in(second)) == (True, True)
    old = row(page, "keys", first.split("_")[1]).filter(has_text="replaced by")
    old.get_by_role("button", name="Revoke").click()
    page.click("dialog[open] .grave")
    old.wait_for(state="detached")
    assert (house.lets_in(first), house.lets_in(second)) == (False, True)


def a_silent_hospital_is_told(page: Any, house: House, looks_right: Any) -> None:
    """A hospital where nobody would hear an alert is told by a webhook."""
    page.keyboard.press("3")
    page.wait_for_selector("#contacts-list article")
    assert "reach-nobody" in page.get_attribute("#contacts-list article", "class")
    page.keyboard.press("/")
    page.keyboard.type(house.hospital)
    card = page.locator("#contacts-list article").filter(has=page.locator(f"#contact-{house.hospital}"))
    card.get_by_role("button", name="Add a channel").click()
    page.fill("#channel-target", "http://user:password@hospital.example/")
    page.keyboard.press("Enter")
    page.wait_for_selector("#channel-wrong:not([hidden])")
    page.fill("#channel-target", "https://hospital.example/alerts?key=hush")
    page.keyboard.press("Enter")
    assert secret(page).startswith("whsec_")
    page.click(".secret button.main")
    page.wait_for_selector(".reach-told")
    assert "alerts?..." in page.inner_text(".reach-told")
    looks_right(page, "contacts-en")
    assert "hush" not in page.content()


def what_was_given_up_is_sent_again(page: Any, house: House, place: Any, looks_right: Any) -> None:
    """What was given up is sent again."""
    house.give_up(place)
    page.keyboard.press("4")
    page.get_by_text("3 messages were given up").wait_for()
    assert HOSTILE in page.inner_text("#deliveries-list"), "what somebody wrote is text"
    looks_right(page, "deliveries-en")
    page.locator("#deliveries-list tbody tr button").first.click()
    page.get_by_text("2 messages were given up").wait_for()
    page.get_by_role("button", name="send all 2 again").click()
    page.get_by_text("No message was given up").wait_for()
    assert {one.state for one in house.store.deliveries.list()} == {"waiting"}


def the_log_has_all_of_it(page: Any, looks_right: Any) -> None:
    """The audit log has all of it, and is whole."""
    page.keyboard.press("5")
    page.fill("#audit-actor", "chief")
    page.fill("#audit-since", "yesterday")
    page.keyboard.press("Enter")
    page.wait_for_selector("#audit-wrong:not([hidden])")
    page.fill("#audit-since", "30m")
    page.keyboard.press("Enter")
    row(page, "audit", "deliveries.resend_of_alert").wait_for()
    told = page.inner_text("#audit-list")
    deeds = ("add_user", "revoke_user", "add_key", "rotate_key", "revoke_key")
    for action in (*(f"accounts.{deed}" for deed in deeds), "channels.add_channel", "deliveries.resend_delivery"):
        assert action in told
    with page.expect_download() as download:
        page.click("#audit-csv")
    table = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert table.startswith("at,actor,role,")
    assert {line.split(",")[1] for line in table.splitlines()[1:]} == {"chief"}
    page.uncheck("#audit-writes")
    page.fill("#audit-actor", "clinical key")
    page.fill("#audit-action", "accounts.revoke_user")
    page.keyboard.press("Enter")
    row(page, "audit", "clinical key").wait_for()
    assert "<img src=x onerror=alert(1)>" in page.inner_text("#audit-list"), "what somebody sent is text"
    page.click("#audit-verify")
    page.locator("#audit-verified", has_text="Whole").wait_for()
    looks_right(page, "verified-en")


def test_a_day_of_the_administrator(office, house, visit, place, looks_right):
    start, wrong = visit
    page, theirs = office(), start(house.site, viewport=DESK, service_workers="block")
    somebody_comes_and_goes(page, theirs, house, looks_right)
    nobody_locks_themselves_out(page)
    a_key_lives_and_dies(page, house, looks_right)
    a_silent_hospital_is_told(page, house, looks_right)
    what_was_given_up_is_sent_again(page, house, place, looks_right)
    the_log_has_all_of_it(page, looks_right)
    wrong[:] = [what for what in wrong if not EXPECTED.search(what)]


def test_each_part_stands_on_a_phone_and_on_a_wall(office, house, looks_right, picture):
    page = office(lang="zh", size=PHONE)
    for part in (*PARTS[1:], PARTS[0]):
        page.click(f".parts a[href='#{part}']")
        is_read(page, part)
        assert page.evaluate("document.activeElement.id") == f"{part}-title"
        if part == "contacts":  # axe takes its time with two dozen hospitals
            page.fill("#contacts-find", house.hospital)
        looks_right(page, f"{part}-zh-390", whole=True)
        page.set_viewport_size(WALL)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), "nothing is cut off sideways"
        picture(page, f"administration-{part}-zh-1920")
        page.set_viewport_size(PHONE)
    page.go_back()
    page.wait_for_selector("#audit:not([hidden])")
    page.reload()
    is_read(page, "audit")
    assert page.is_visible("#audit")
