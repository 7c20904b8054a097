"""The page of one's own account in a real Chromium: another password and another authenticator, and what ends by that."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyotp
import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD, ANOTHER = "correct horse battery", "battery staple horse"
STEP = timedelta(seconds=30)
#: What is refused Chromium writes to the console by itself.
EXPECTED = re.compile(r"status of (403|422)")
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def served(serve_live) -> Iterator[Any]:
    with serve_live() as served:
        yield served


@pytest.fixture
def somebody(browser, served, watch) -> Iterator[Callable[..., tuple[Any, str]]]:
    """Somebody new who is logged in, on that page, which is watched; and the secret of their authenticator."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def enter(name: str, *, lang: str = "en", size=DESK) -> tuple[Any, str]:
        secret, client = new_totp_secret(), served.app.test_client()
        accounts = served.app.extensions["stroke_map.live_store"].accounts
        accounts.add_user(
            read_standing(name, "dispatcher"), hash_password(PASSWORD), secret, by="me", now=datetime.now(UTC)
        )
        body = {"name": name, "password": PASSWORD, "code": code(secret, -1)}
        assert client.post("/api/v1/session", json=body).status_code == 201
        context = browser.new_context(viewport=size, has_touch=size is PHONE, service_workers="block")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        watch(page, wrong, (served.site,))
        token = client.get_cookie("stroke_map_session").value
        page.context.add_cookies([{"name": "stroke_map_session", "value": token, "url": served.site}])
        page.goto(f"{served.site}/dispatch?lang={lang}")
        page.click("#who a")
        page.wait_for_selector("body[data-ready]")
        return page, secret

    yield enter
    for context in contexts:
        context.close()
    assert [what for what in wrong if not EXPECTED.search(what)] == []


def code(secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + later * STEP)


def is_good(served: Any, name: str, password: str, secret: str) -> bool:
    """Whether somebody can log in by this, in a minute."""
    now = datetime.now(UTC) + 2 * STEP
    log_ins = served.app.extensions["stroke_map.live_store"].log_ins
    try:
        log_ins.check(name, password, pyotp.TOTP(secret).at(now), address="test", now=now)
    except PermissionError:
        return False
    return True


def test_a_password_is_changed_by_the_keyboard_and_whoever_else_was_logged_in_is_out(somebody, served, looks_right):
    page, secret = somebody("wang.fang", lang="zh")
    client = served.app.test_client()
    body = {"name": "wang.fang", "password": PASSWORD, "code": code(secret)}
    assert client.post("/api/v1/session", json=body).status_code == 201
    page.focus("#password-password")
    page.keyboard.press("Enter")
    page.get_by_text("请输入密码").wait_for()
    for text in (PASSWORD, code(secret, 1), "short", "short"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("新密码至少要 12 个字符").wait_for()
    looks_right(page, "password-zh", whole=True)
    page.fill("#password-new", ANOTHER)
    page.keyboard.press("Enter")
    page.get_by_text("两次输入的新密码不一样").wait_for()
    page.fill("#password-again", ANOTHER)
    page.keyboard.press("Enter")
    page.get_by_text("密码已改").wait_for()
    assert [page.input_value(f"#password-{name}") for name in ("password", "code", "new", "again")] == [""] * 4
    assert client.get("/api/v1/session").status_code == 401
    assert page.evaluate("fetch('/api/v1/session').then((answer) => answer.status)") == 200
    assert is_good(served, "wang.fang", ANOTHER, secret)
    assert not is_good(served, "wang.fang", PASSWORD, secret)


def test_an_authenticator_is_changed_on_a_telephone(somebody, served, looks_right):
    page, secret = somebody("li.na", size=PHONE)
    page.click("#begin")
    page.wait_for_selector("#new-code:focus")
    new = page.input_value("#secret")
    page.wait_for_function("() => document.querySelector('#picture').naturalWidth > 0")
    page.fill("#authenticator-password", PASSWORD)
    page.fill("#authenticator-code", code(secret))
    page.fill("#new-code", "000000")
    page.keyboard.press("Enter")
    page.get_by_text("This is not what the new authenticator shows now").wait_for()
    looks_right(page, "authenticator-en", whole=True)
    page.fill("#new-code", code(new))
    page.fill("#authenticator-code", "123456")
    page.keyboard.press("Enter")
    page.get_by_text("is wrong, or the code was used already").wait_for()
    page.fill("#authenticator-code", code(secret))
    page.dblclick("#authenticator button.main")
    page.get_by_text("The authenticator is changed").wait_for()
    page.wait_for_selector("#authenticator", state="hidden")
    assert is_good(served, "li.na", PASSWORD, new)
    assert not is_good(served, "li.na", PASSWORD, secret)
