"""Who sits at the screens, a dispatcher and a nurse, logged in; and the 120 others who ask meanwhile."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from urllib.request import Request, urlopen

import pyotp
from duty.http import HOST
from duty.load import Load, Plan
from duty.receiver import receiving

from screens.watching import WATCH
from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.live.identity import COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duty.bed import Service
    from duty.load import Shift

    from stroke_map.registry import Hospital

#: Longer than any check takes.
_A_DAY_S: Final = 86_400.0
_PATIENCE_S: Final = 60.0
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105  of a service that is gone afterwards
DESK: Final = {"width": 1366, "height": 768}


@dataclass(frozen=True)
class Desks:
    """Both screens, and how a dispatcher's machine asks the API.

    Attributes
    ----------
    dispatcher, nurse
        Pages of Playwright, open and connected; the nurse's may be heard.
    here
        The nurse's hospital.
    there
        Another one, beside which patients are.
    """

    service: Service
    dispatcher: Any
    nurse: Any
    here: Hospital
    there: Hospital

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What the API answers to a dispatcher; HTTPError where it refuses."""
        return json.loads(_send(self.service, method, path, body, self.service.dispatcher | headers).read())

    def begin(self) -> int:
        """Begin a case for the nurse's hospital; gives its number."""
        question = {"lat": self.there.lat, "lon": self.there.lon, "crs": "WGS-84", "condition": "stroke"}
        entry = {"question": question, "hospital": self.here.id, "override_reason": "check"}
        return int(self.ask("POST", "/cases", entry)["id"])

    def alert(self, case: int) -> dict[str, Any]:
        """Alert the nurse's hospital for a case."""
        made: dict[str, Any] = self.ask("POST", "/alerts", {"case": case}, **{"Idempotency-Key": f"screens {case}"})
        return made

    def close(self, alert: dict[str, Any]) -> None:
        """Let every team say that it knows, and close the case: nothing rings any more."""
        for team in alert["teams"]:
            self.ask("POST", f"/alerts/{alert['id']}/acknowledge", {"team": team["team"]})
        self.ask("POST", f"/cases/{alert['case']['id']}/events", {"name": "closed"})
        self.nurse.wait_for_selector(f"#alert-{alert['id']}.is-waiting", state="detached")


def _send(service: Service, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    content = None if body is None else json.dumps(body).encode()
    sent = headers | {"Content-Type": "application/json"}
    return urlopen(
        Request(f"http://{HOST}:{service.port}/api/v1{path}", content, sent, method=method), timeout=_PATIENCE_S
    )


def _log_in(service: Service, role: str, hospital: str = "") -> str:
    """Somebody new of that role; gives the cookie of their session."""
    store, secret = service.open_store(), new_totp_secret()
    standing = read_standing(f"{role}.at.a.screen", role, hospital)
    store.accounts.add_user(standing, hash_password(_PASSWORD), secret, by="check", now=datetime.now(UTC))
    store.close()
    body = {"name": standing.name, "password": _PASSWORD, "code": pyotp.TOTP(secret).now()}
    answer = _send(service, "POST", "/session", body, {})
    return SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value


@contextmanager
def seated(service: Service, browser: Any) -> Iterator[Desks]:
    """Both at their screens, for as long as the block runs."""
    here, there = service.hospitals[0], service.hospitals[7]
    site, contexts = f"http://{HOST}:{service.port}", []

    def open_screen(address: str, role: str, hospital: str = "") -> Any:
        context = browser.new_context(viewport=DESK, service_workers="block")
        contexts.append(context)
        context.add_cookies([{"name": COOKIE, "value": _log_in(service, role, hospital), "url": site}])
        context.set_default_timeout(_PATIENCE_S * 1000)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(f"{site}{address}")
        page.wait_for_selector("#connection[data-state=good]")
        return page

    try:
        dispatcher = open_screen("/dispatch", "dispatcher")
        nurse = open_screen("/hospital", "hospital", here.id)
        nurse.click("#test-sound")  # a browser is silent until somebody presses something
        nurse.wait_for_selector("#silent", state="hidden")
        yield Desks(service, dispatcher, nurse, here, there)
    finally:
        for context in contexts:
            context.close()


@contextmanager
def others_ask(service: Service, dispatchers: int, seed: int) -> Iterator[Shift]:
    """So many other dispatchers ask every 5 s, and hospitals take their messages, for as long as the block runs."""
    load = Load(service, Plan(seconds=_A_DAY_S, dispatchers=dispatchers, alerts_per_s=0.0, seed=seed), [])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asking = asyncio.run_coroutine_threadsafe(_work(service, load), loop)
    try:
        yield load.shift
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError, TimeoutError):
            asyncio.run_coroutine_threadsafe(_until_all_ended(), loop).result(_PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _work(service: Service, load: Load) -> None:
    async with receiving(service.receiver_port, service.secret):
        await load.run()


async def _until_all_ended() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
