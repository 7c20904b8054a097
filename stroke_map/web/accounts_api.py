"""`/api/v1/users` and `/api/v1/keys`: who may come in. The clinical plane alone, and administrators alone.

What is secret is in the one answer that makes it: never in the audit log, never in a list, and no browser keeps it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.errors import ConflictError
from stroke_map.live.credentials import hash_password, new_password, new_totp_secret, totp_address
from stroke_map.maps.qr import qr_address
from stroke_map.web.account_models import (
    KeyEntry,
    KeyList,
    KeyPath,
    MadeKey,
    MadeUser,
    RecordedKey,
    RecordedUser,
    ResetEntry,
    RevokeQuery,
    RotateEntry,
    UserEntry,
    UserList,
    UserPath,
    read_key,
    read_user,
)
from stroke_map.web.answering import json_fields, single_values
from stroke_map.web.cases_api import json_response
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.questions import read_question
from stroke_map.web.security import require

if TYPE_CHECKING:
    from stroke_map.live.account_records import AccountRecords
    from stroke_map.live.accounts import User
    from stroke_map.live.roles import Actor

api = APIBlueprint(
    "accounts",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="accounts", description="Who may come in: people who log in, and keys for machines.")],
)


def _administrator() -> Actor:
    return require("administrator", why="Accounts need the key or the log-in of an administrator.")


def _accounts() -> AccountRecords:
    return live_store().accounts


@api.post("/users", responses=responses(MadeUser, 401, 409, 413, 422, 503, good=201), security=KNOWN)
@documented(body=UserEntry)
def add_user() -> Response:
    """Add somebody who logs in; a password that was made, and the secret of their authenticator app, are in this answer alone."""
    actor = _administrator()
    standing, given = read_user(json_fields(request.get_data(cache=False)))
    now, password, secret = datetime.now(UTC), given or new_password(), new_totp_secret()
    added = _accounts().add_user(standing, hash_password(password), secret, by=actor.name, now=now)
    return json_response(_made(added, secret, None if given else password, now), 201)


@api.get("/users", responses=responses(UserList, 401, 503), security=KNOWN)
def list_users() -> Response:
    """List everybody who logs in or did, and who is locked out at the moment."""
    _administrator()
    now = datetime.now(UTC)
    locked = _accounts().locked_until(now)
    return json_response({"users": [_user(user, locked, now) for user in _accounts().list_users()]})


@api.delete("/users/<name>", responses=responses(RecordedUser, 401, 404, 409, 422, 503), security=KNOWN)
@documented(path=UserPath, query=RevokeQuery)
def revoke_user(name: str) -> Response:
    """Let somebody in no more, from the next request on. Never the last administrator; oneself only with `myself=true`."""
    actor, now = _administrator(), datetime.now(UTC)
    asked = read_question(RevokeQuery, single_values(request.args.lists()))
    if name.casefold() == actor.name and asked.myself != "true":
        raise ConflictError("This is your own account.", next_step="Say so with myself=true.", reason="myself")
    return json_response(_user(_accounts().revoke_user(name, by=actor.name, now=now), {}, now))


@api.post("/users/<name>/reset", responses=responses(MadeUser, 401, 404, 413, 422, 503), security=KNOWN)
@documented(path=UserPath, body=ResetEntry)
def reset_user(name: str) -> Response:
    """Give somebody a new password and authenticator; their sessions end, and they are locked out no longer."""
    _administrator()
    given = read_question(ResetEntry, json_fields(request.get_data(cache=False))).password
    now, password, secret = datetime.now(UTC), given or new_password(), new_totp_secret()
    changed = _accounts().reset_user(name, hash_password(password), secret, now=now)
    return json_response(_made(changed, secret, None if given else password, now))


@api.post("/users/<name>/unlock", responses=responses(RecordedUser, 401, 404, 503), security=KNOWN)
@documented(path=UserPath)
def unlock_user(name: str) -> Response:
    """Let somebody try again at once who is locked out after failed log-ins."""
    _administrator()
    return json_response(_user(_accounts().unlock_user(name), {}, datetime.now(UTC)))


@api.post("/keys", responses=responses(MadeKey, 401, 409, 413, 422, 503, good=201), security=KNOWN)
@documented(body=KeyEntry)
def add_key() -> Response:
    """Make a key for a machine; the whole of it is in this answer alone. A name that somebody has is refused."""
    actor = _administrator()
    standing, days = read_key(json_fields(request.get_data(cache=False)))
    now, lasts = datetime.now(UTC), timedelta(days=days)
    made, whole = _accounts().add_key(standing, lasts=lasts, by=actor.person, now=now, alone=True)
    return json_response(made.as_json(now) | {"key": whole}, 201)


@api.get("/keys", responses=responses(KeyList, 401, 503), security=KNOWN)
def list_keys() -> Response:
    """List every key by its public part, with what it may do and until when."""
    _administrator()
    now = datetime.now(UTC)
    return json_response({"keys": [key.as_json(now) for key in _accounts().list_keys()]})


@api.post("/keys/<key_id>/rotate", responses=responses(MadeKey, 401, 404, 409, 413, 422, 503, good=201), security=KNOWN)
@documented(path=KeyPath, body=RotateEntry)
def rotate_key(key_id: str) -> Response:
    """Make a key in the place of another; both are good for `overlap_hours`, so that no machine stands without one."""
    actor, now = _administrator(), datetime.now(UTC)
    entry = read_question(RotateEntry, json_fields(request.get_data(cache=False)))
    lasts, overlap = timedelta(days=entry.days), timedelta(hours=entry.overlap_hours)
    made, whole = _accounts().rotate_key(key_id, lasts=lasts, overlap=overlap, by=actor.person, now=now)
    return json_response(made.as_json(now) | {"key": whole}, 201)


@api.delete("/keys/<key_id>", responses=responses(RecordedKey, 401, 404, 503), security=KNOWN)
@documented(path=KeyPath)
def revoke_key(key_id: str) -> Response:
    """Refuse a key from the next request on; who revoked it first stays written."""
    actor, now = _administrator(), datetime.now(UTC)
    return json_response(_accounts().revoke_key(key_id, by=actor.name, now=now).as_json(now))


def _user(user: User, locked: dict[str, datetime], now: datetime) -> dict[str, Any]:
    return user.as_json(now) | {"locked_until": locked.get(user.standing.name)}


def _made(user: User, secret: str, password: str | None, now: datetime) -> dict[str, Any]:
    address = totp_address(secret, user.standing.name)
    return _user(user, {}, now) | {"password": password, "totp": address, "qr": qr_address(address)}
