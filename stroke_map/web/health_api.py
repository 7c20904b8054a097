"""`/healthz`: the process is alive. `/readyz`: it can answer, or why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

import stroke_map
from stroke_map.editions.status import validity_at
from stroke_map.errors import EditionError
from stroke_map.web.kept import ANY_EDITION, LASTING
from stroke_map.web.live_state import live_view_of
from stroke_map.web.models import Health, Readiness
from stroke_map.web.openapi import responses
from stroke_map.web.published import current_edition, holder_of
from stroke_map.web.readiness import Check, checks

api = APIBlueprint("health", __name__, abp_tags=[Tag(name="health", description="For load balancers and operators.")])
_NO_STORE = {"Cache-Control": "no-store"}


@api.get("/healthz", responses=responses(Health))
def healthz() -> Response:
    """Say that the process is alive."""
    return _told({"status": "ok", "version": stroke_map.__version__})


@api.get("/readyz", responses=responses(Readiness, 503))
def readyz() -> Response:
    """Say whether this process can answer; a 503 names what is wrong and the command that repairs it.

    Each of `checks` says how one thing stands, in words, and what to do: the edition and its last day, whether closures are known up to
    now, messages of alerts, the workers, room on the disks. "degraded": one of them fails, and answers go on with less than there should be.
    """
    now, holder = datetime.now(UTC), holder_of(current_app)
    found = checks(current_app)
    try:
        info = current_edition().info
    except EditionError as error:
        raise _not_ready(error, found) from None
    if holder.damage is not None:
        raise _not_ready(holder.damage, found)
    live = live_view_of(current_app).state(now)
    body = {
        "status": "degraded" if any(check.state == "failing" for check in found) else "ready",
        "edition": info.id,
        "valid_until": info.valid_until,
        "days_left": validity_at(info, now).days_left,
        "demo": info.demo,
        "live_state": {"as_of": live.as_of, "stale": live.stale},
        "reasons": [{"code": check.code, "next_step": check.next_step} for check in found if check.code],
        "checks": [check.as_json() for check in found],
    }
    return _told(body)


def _told(body: dict[str, Any]) -> Response:
    # A server may tell the same for a moment (`ready.KEPT_S`): anybody may ask, as often as he likes.
    request.environ[LASTING] = ANY_EDITION
    return Response(orjson.dumps(body), mimetype="application/json", headers=_NO_STORE)


def _not_ready(wrong: EditionError, found: list[Check]) -> EditionError:
    # A new object for every caller: an exception that is raised twice collects both tracebacks.
    told = [check.as_json() for check in found]
    return type(wrong)(wrong.detail, next_step=wrong.next_step, **wrong.facts, checks=told)
