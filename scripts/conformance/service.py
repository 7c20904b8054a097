"""The whole service in this process, with a key of each role and something to read, to change and to end."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyotp

from stroke_map.editions import open_published
from stroke_map.live.accounts import read_standing
from stroke_map.live.credentials import hash_password, new_totp_secret
from stroke_map.live.roles import ROLES
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.security import COOKIE, CSRF_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

NOBODY, STRANGER, SESSION, THEIR_COOKIE = "nobody", "stranger", "session", "session without its CSRF token"
_PASSWORD = "correct horse battery"  # noqa: S105  of somebody made up
_DAY = timedelta(days=1)


class Service:
    """A service to ask.

    Parameters
    ----------
    app
        Over a published edition, with a live state of its own, which is written to.

    Attributes
    ----------
    callers
        What each kind of caller sends along: headers, and cookies. Nobody sends what the document makes up.
    known
        For a field's name the values by which something is found; None: such a field is better left out.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        edition = open_published(app.extensions["stroke_map.settings"].geodata_dir)
        first = edition.hospitals[0]
        self._place = {"lat": first.entrance_lat, "lon": first.entrance_lon, "crs": "WGS-84"}
        self._hospitals = [hospital.id for hospital in edition.hospitals[:2]]
        way = int(edition.network("car").stretch_way_id[0])
        self.callers = self._callers()
        cases = [self._begin(hospital) for hospital in self._hospitals * 12]
        alerts = [self._alert(case) for case in cases[:16]]
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        closures = [
            self._made("/api/v1/closures", {"ways": [way], "reason": "r", "author": "a"})["closure"]["id"]
            for _ in range(3)
        ]
        self.known: dict[str, list[Any]] = {
            **{name: [value] for name, value in self._place.items()},
            "limit": [1, 20],
            "condition": ["stroke", "chest_pain"],
            **{name: [None] for name in ("need", "on", "level", "bearing")},
            "at": [None],
            "onset": ["unknown"],
            "last_known_well": [None],
            "reason": ["landslide"],
            "author": ["dispatcher 7"],
            "ways": [[way]],
            "geometry": [None],
            "kind": ["closed", "ct_down"],
            "factor": [None],
            "layer": [None],
            "from": [None],
            "until": [later, None],
            "ends": [None],
            "question": [self._place, self._place | {"condition": "stroke", "age": 70}],
            "hospital": [*self._hospitals, None],
            "hospital_id": self._hospitals,
            "team": ["emergency"],
            "case": cases,
            "case_id": cases,
            "alert_id": alerts,
            "closure_id": closures,
        }

    def _callers(self) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        accounts, now = self.app.extensions["stroke_map.live_store"].accounts, datetime.now(UTC)
        keys = {STRANGER: "sm_0123456789abcdef_nobody"}
        for role in ROLES:
            bound = (self._hospitals[0], "emergency") if role == "hospital" else ("", "")
            standing = read_standing(f"{role}-key", role, *bound)
            _, keys[role] = accounts.add_key(standing, lasts=_DAY, by="me", now=now)
        secret = new_totp_secret()
        accounts.add_user(read_standing("li", "dispatcher"), hash_password(_PASSWORD), secret, by="me", now=now)
        body = {"name": "li", "password": _PASSWORD, "code": pyotp.TOTP(secret).now()}
        client = self.app.test_client()
        token = client.post("/api/v1/session", json=body).get_json()["csrf_token"]
        cookies = {COOKIE: client.get_cookie(COOKIE).value}
        known = {caller: ({"Authorization": f"Bearer {key}"}, {}) for caller, key in keys.items()}
        return known | {SESSION: ({CSRF_HEADER: token}, cookies), THEIR_COOKIE: ({}, cookies), NOBODY: ({}, {})}

    def _made(self, address: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        response = self.app.test_client().post(address, json=body, headers=self.callers["dispatcher"][0] | headers)
        made: dict[str, Any] = response.get_json()
        if response.status_code != 201:
            raise RuntimeError(f"{address}: {made}")
        return made

    def _begin(self, hospital: str) -> int:
        body = {"question": self._place, "hospital": hospital, "override_reason": "relatives insist"}
        return int(self._made("/api/v1/cases", body)["id"])

    def _alert(self, case: int) -> int:
        return int(self._made("/api/v1/alerts", {"case": case}, **{"Idempotency-Key": f"first-{case}"})["id"])


@contextmanager
def serving(geodata_dir: Path, folder: Path) -> Iterator[Service]:
    """A service over the published edition of `geodata_dir`, with everything it writes in `folder`."""
    own = {"database_url": f"sqlite:///{folder / 'live.db'}", "audit_dir": folder / "audit", "cache_dir": folder}
    own["sheets_dir"] = folder / "sheets"
    app = create_app(read_settings({}, geodata_dir=geodata_dir, clinical_key="", **own))
    store = app.extensions["stroke_map.live_store"]
    store.migrate()
    log = logging.getLogger("stroke_map")
    level = log.level
    log.setLevel(logging.CRITICAL)  # mistakes of the callers, thousands of them
    try:
        yield Service(app)
    finally:
        log.setLevel(level)
        app.extensions["stroke_map.read_log"].close()
        store.close()
