"""`/api/v1/account`: one's own password and authenticator. The clinical plane alone, for people who are logged in.

Both are changed by whoever knows the present password and shows a code of the present authenticator: a browser that was left open is not enough.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field

from stroke_map.errors import ForbiddenError, UnauthorizedError
from stroke_map.live.credentials import MOST_PASSWORD, hash_password, new_totp_secret, totp_address, totp_step
from stroke_map.maps.qr import qr_address
from stroke_map.web.account_models import Password  # noqa: TC001  pydantic reads the annotations
from stroke_map.web.answering import json_fields
from stroke_map.web.auditing import begin_deed, mention
from stroke_map.web.case_models import Given, Taken, field
from stroke_map.web.cases_api import json_response
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.questions import invalid, read_question
from stroke_map.web.security import actor
from stroke_map.web.session_api import one_at_a_time

if TYPE_CHECKING:
    from stroke_map.live.login import Checked
    from stroke_map.live.roles import Actor

api = APIBlueprint(
    "account", __name__, url_prefix="/api/v1/account", abp_tags=[Tag(name="account", description="One's own password.")]
)
_DONE: Final = responses({"description": "Changed"}, 401, 413, 422, 429, 503, good=204)


class _Confirmed(Taken):
    password: str = field("The present password.", "twelve or more characters", max_length=MOST_PASSWORD)
    code: str = field("What the present authenticator shows now; not used before.", "123456", max_length=6)


class PasswordEntry(_Confirmed):
    """Another password."""

    new_password: Password = field("12 to 200 characters.", "another twelve or more")


class AuthenticatorEntry(_Confirmed):
    """Another authenticator."""

    secret: str = field("As it was told by `POST /api/v1/account/secret`.", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", pattern="^[A-Z2-7]{32}$")  # fmt: skip
    new_code: str = field("What the new authenticator shows now.", "654321", max_length=6)


class NewSecret(Given):
    """A secret for an authenticator. Nothing is kept of it, and nothing has changed yet."""

    secret: str
    totp: str = Field(description="The address that an authenticator app reads.")
    qr: str = Field(description="The same as a picture to scan: a data: address of an SVG.")


@api.post("/password", responses=_DONE, security=KNOWN)
@documented(body=PasswordEntry)
def change_password() -> Response:
    """Change your own password. Your other sessions end, this one goes on."""
    me, now = _myself(), datetime.now(UTC)
    asked = read_question(PasswordEntry, json_fields(request.get_data(cache=False)))
    with one_at_a_time():
        checked, password_hash = _confirmed(me, asked, now), hash_password(asked.new_password)
        mention(changed="password")
        live_store().log_ins.change(checked, g.session_token, password_hash=password_hash, now=now)
    return Response(status=204, headers={"Cache-Control": "no-store"})


@api.post("/secret", responses=responses(NewSecret, 401, 503), security=KNOWN)
def new_secret() -> Response:
    """Make a secret for another authenticator; it holds from `POST /api/v1/account/authenticator` on."""
    me, secret = _myself(), new_totp_secret()
    address = totp_address(secret, me.name)
    return json_response({"secret": secret, "totp": address, "qr": qr_address(address)})


@api.post("/authenticator", responses=_DONE, security=KNOWN)
@documented(body=AuthenticatorEntry)
def change_authenticator() -> Response:
    """Change your own authenticator, which must show a code that is right. Your other sessions end, this one goes on."""
    me, now = _myself(), datetime.now(UTC)
    asked = read_question(AuthenticatorEntry, json_fields(request.get_data(cache=False)))
    step = totp_step(asked.secret, asked.new_code, now, after=0)
    if step is None:
        problem = "is not what the new authenticator shows now"
        raise invalid([{"field": "new_code", "problem": problem, "example": "654321"}])
    with one_at_a_time():
        checked = _confirmed(me, asked, now)
        mention(changed="authenticator")
        live_store().log_ins.change(checked, g.session_token, authenticator=(asked.secret, step), now=now)
    return Response(status=204, headers={"Cache-Control": "no-store"})


def _myself() -> Actor:
    found = actor()
    if found is None:
        raise UnauthorizedError("Nobody is logged in here.")
    begin_deed(found)
    if not g.session_token:
        raise ForbiddenError("A key has no password.", next_step="Rotate or revoke the key.", reason="key")
    return found


def _confirmed(me: Actor, asked: _Confirmed, now: datetime) -> Checked:
    """Who showed the present password and code; failures count as those of a log-in do.

    Raises
    ------
    ForbiddenError
        One of them is wrong; the session stays as it is.
    """
    address = request.remote_addr or ""
    try:
        return live_store().log_ins.check(me.name, asked.password, asked.code, address=address, now=now)
    except UnauthorizedError as error:
        raise ForbiddenError(error.detail, next_step="Wait for the next code, and send both again.", reason="not-confirmed") from None  # fmt: skip
