"""`/healthz`: the process is alive. `/readyz`: it can answer, or why not."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from flask import Response, current_app
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

import stroke_map
from stroke_map.editions.status import validity_at
from stroke_map.web.counts import counts_of
from stroke_map.web.live_state import live_view_of
from stroke_map.web.models import Health, Readiness
from stroke_map.web.openapi import responses
from stroke_map.web.problem import problem_response
from stroke_map.web.published import current_edition, holder_of

api = APIBlueprint("health", __name__, abp_tags=[Tag(name="health", description="For load balancers and operators.")])
_NO_STORE = {"Cache-Control": "no-store"}


@api.get("/healthz", responses=responses(Health))
def healthz() -> Response:
    """Say that the process is alive."""
    body = {"status": "ok", "version": stroke_map.__version__}
    return Response(orjson.dumps(body), mimetype="application/json", headers=_NO_STORE)


@api.get("/readyz", responses=responses(Readiness, 503))
def readyz() -> Response:
    """Say whether this process can answer; a 503 names what is wrong and the command that repairs it.

    "degraded": a sound edition serves, but what was published since then cannot be opened, or it does not hold today; or messages of
    alerts are overdue, or were given up within a day. Sixty days
    before its end `reasons` begin to say so. While `live_state` is stale, answers know of no closure recorded after its `as_of`.
    """
    info = current_edition().info
    holder = holder_of(current_app)
    if holder.damage is not None:
        return problem_response(holder.damage)
    reasons = [] if holder.problem is None else [{"code": holder.problem.code, "next_step": holder.problem.next_step}]
    now = datetime.now(UTC)
    reasons += counts_of(current_app).reasons(now)
    validity, live = validity_at(info, now), live_view_of(current_app).state(now)
    degraded = bool(reasons) or validity.state in {"expired", "not yet valid"}
    if validity.warning:
        code = f"edition-{validity.state.replace(' ', '-')}"
        reasons.append(
            {
                "code": code,
                "next_step": f"{validity.warning.capitalize()}. Publish the next: `stroke-map edition update`.",
            }
        )
    body = {
        "status": "degraded" if degraded else "ready",
        "edition": info.id,
        "valid_until": info.valid_until,
        "days_left": validity.days_left,
        "demo": info.demo,
        "live_state": {"as_of": live.as_of, "stale": live.stale},
        "reasons": reasons,
    }
    return Response(orjson.dumps(body), mimetype="application/json", headers=_NO_STORE)
