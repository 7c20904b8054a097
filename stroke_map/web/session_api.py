"""`/api/v1/session`: log in with password and one-time code, ask who one is, log out. The clinical plane alone."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Response, current_app, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from stroke_map.errors import ForbiddenError, TooBusyError, UnauthorizedError
from stroke_map.live.credentials import MOST_PASSWORD, csrf_token
from stroke_map.live.identity import COOKIE
from stroke_map.web.answering import json_fields
from stroke_map.web.auditing import begin_deed
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.questions import read_question
from stroke_map.web.security import accounts_at, actor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from stroke_map.live.roles import Actor

api = APIBlueprint(
    "session", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="session", description="Log in, and log out.")]
)
_SLOT: Final = "stroke_map.log_in_slot"
_NO_STORE = {"Cache-Control": "no-store"}


class LogIn(BaseModel):
    """Who logs in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(description="The user's name.", max_length=64, json_schema_extra={"example": "wang.fang"})
    password: str = Field(
        description="The password.",
        max_length=MOST_PASSWORD,
        json_schema_extra={"example": "twelve or more characters"},
    )
    code: str = Field(
        description="The six digits that the authenticator app shows now; each is taken once.",
        max_length=6,
        json_schema_extra={"example": "123456"},
    )


class Known(BaseModel):
    """Who one is."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: str
    hospital: str | None = Field(description="What the account is bound to.")
    team: str | None
    scopes: list[str] = Field(description="What it may do; what may change may also be read.")
    expires_at: AwareDatetime | None = Field(description="Of a session; null for a key.")
    csrf_token: str | None = Field(description="Of a session: to be sent with everything that changes something.")


@api.post("/session", responses=responses(Known, 401, 413, 422, 429, 503, good=201))
@documented(body=LogIn)
def log_in() -> Response:
    """Log in; the session is a cookie that no script can read. After failures a name must wait, longer each time."""
    # A form of another site could log a browser in as somebody else: it can send neither this type nor this header.
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.mimetype != "application/json" or site not in {"same-origin", "none"}:
        raise ForbiddenError("A log-in comes as application/json, from a page of this server or from a program.")
    asked = read_question(LogIn, json_fields(request.get_data(cache=False)))
    now, log_ins = datetime.now(UTC), live_store().log_ins
    with one_at_a_time():
        deed = begin_deed(None)
        checked = log_ins.check(asked.name, asked.password, asked.code, address=request.remote_addr or "", now=now)
        found = checked.standing.actor()
        deed.facts |= {"actor": found.name, "role": found.role}
        session, token = log_ins.begin(checked, now=now)
    response = _json(_known(found, token, session.expires_at), 201)
    lasts_s = int((session.expires_at - now).total_seconds())
    response.set_cookie(COOKIE, token, max_age=lasts_s, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


@api.get("/session", responses=responses(Known, 401, 503), security=KNOWN)
def who_am_i() -> Response:
    """Say who one is, by a session or a key; gives a page the CSRF token of its session."""
    now, found = datetime.now(UTC), actor()
    if found is None:
        raise UnauthorizedError("Nobody is logged in here.")
    session = accounts_at(now).session(token, now) if (token := g.get("session_token", "")) else None
    return _json(_known(found, token, session.expires_at if session else None), 200)


@api.delete(
    "/session", responses=responses({"description": "The session has ended"}, 401, 503, good=204), security=KNOWN
)
def log_out() -> Response:
    """Log out, from the next request on in every worker."""
    found = actor()
    if found is None or not (token := g.get("session_token", "")):
        raise UnauthorizedError("Nobody is logged in here.")
    begin_deed(found)
    live_store().log_ins.log_out(token, now=datetime.now(UTC))
    response = Response(status=204, headers=_NO_STORE)
    response.delete_cookie(COOKIE, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Check a password: one at a time in each worker.

    Each holds 64 MB and a core for a tenth of a second: whoever tries thousands may not slow the answers.

    Raises
    ------
    TooBusyError
        Another one is being checked.
    """
    slot: threading.Lock = current_app.extensions[_SLOT]
    if not slot.acquire(blocking=False):
        raise TooBusyError("Somebody else is logging in at this moment.")
    try:
        yield
    finally:
        slot.release()


def _known(found: Actor, token: str, expires_at: datetime | None) -> dict[str, Any]:
    return {
        "name": found.name,
        "role": found.role,
        "hospital": found.hospital or None,
        "team": found.team or None,
        "scopes": sorted(found.scopes),
        "expires_at": expires_at,
        "csrf_token": csrf_token(token) if token else None,
    }


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json", headers=_NO_STORE)


def install(app: Flask) -> None:
    """Let one log-in at a time be checked by each worker."""
    app.extensions[_SLOT] = threading.Lock()
