"""The crew's link as the dispatcher offers it, in a real Chromium: scanned or copied, opened by the crew, and taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.maps.qr import qr_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e120-07"


@pytest.fixture(scope="module")
def served(serve_live) -> Iterator[Served]:
    with serve_live() as made:
        yield made


@pytest.fixture
def desk(served, visit):
    """The screen of a dispatcher, logged in."""
    secret, now, accounts = (
        new_totp_secret(),
        datetime.now(UTC),
        served.app.extensions["stroke_map.live_store"].accounts,
    )
    accounts.add_user(read_standing("li.na", "dispatcher"), hash_password(PASSWORD), secret, by="me", now=now)
    client = served.app.test_client()
    body = {"name": "li.na", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    assert client.post("/api/v1/session", json=body).status_code == 201
    token = client.get_cookie("stroke_map_session").value
    clipboard = {"permissions": ["clipboard-read", "clipboard-write"]}
    page = visit[0](served.site, viewport=DESK, service_workers="block", **clipboard)
    page.context.add_cookies([{"name": "stroke_map_session", "value": token, "url": served.site}])
    page.goto(f"{served.site}/dispatch?lang=en")
    page.wait_for_selector("body[data-ready]")
    return page


def test_a_crew_is_given_the_link_to_its_case_and_it_is_taken_back(served, desk, visit, place, looks_right):
    entry = {"question": place | {"crs": "WGS-84"}, "vehicle": HOSTILE}
    case = served.ask("POST", "/cases", entry)
    desk.click(f"#case-{case['id']}")
    desk.dblclick("#crew-link")
    desk.wait_for_selector("dialog.link")
    assert desk.locator("dialog.link").count() == 1, "a second press makes no second link"
    address = desk.input_value("dialog.link input")
    assert address.startswith(f"{served.site}/case/")
    assert desk.get_attribute("dialog.link img", "src") == qr_address(address)
    looks_right(desk, "offered-en")
    desk.keyboard.press("Enter")
    desk.get_by_text("Copied").wait_for()
    assert desk.evaluate("navigator.clipboard.readText()") == address
    desk.keyboard.press("Escape")
    desk.wait_for_selector("dialog.link", state="detached")
    assert address not in desk.content(), "it is shown this once"

    crew = visit[0](served.site, viewport=PHONE, service_workers="block")
    crew.goto(f"{address}?lang=en")
    crew.wait_for_selector(".to-name")

    desk.click("#crew-link")
    desk.wait_for_selector("dialog.link")
    assert desk.input_value("dialog.link input") != address
    desk.get_by_role("button", name="End every link to this case").click()
    desk.get_by_text("2 links have ended").wait_for()
    desk.wait_for_selector("dialog.link", state="detached")
    crew.wait_for_selector("#over:not([hidden])")
    crew.goto(f"{address}?lang=en")
    crew.get_by_text("This link leads nowhere").first.wait_for()

    served.ask("POST", f"/cases/{case['id']}/events", {"name": "closed"})
    desk.wait_for_selector("#crew-link", state="hidden")
