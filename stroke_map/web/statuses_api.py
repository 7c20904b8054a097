"""`/api/v1/statuses` and a hospital's own: say that it is full, or its CT down. The clinical plane alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.errors import ForbiddenError
from stroke_map.web.answering import json_fields, single_values
from stroke_map.web.conditional import NOT_MODIFIED, unless_known
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import read_question
from stroke_map.web.security import require, settings_of_app
from stroke_map.web.statuses import (
    HospitalStatuses,
    StatusEntry,
    StatusesQuery,
    StatusList,
    StatusPath,
    read_status,
    record,
    recorded_json,
)

api = APIBlueprint(
    "statuses",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="statuses", description="Hospitals that cannot take patients as usual; answers know at once.")],
)
_NEEDS_KEY = "Statuses of hospitals are set and listed with a clinical key or a log-in alone."


@api.put(
    "/hospitals/<hospital_id>/status",
    responses=responses(HospitalStatuses, 401, 404, 413, 422, 503),
    security=KNOWN,
)
@documented(path=StatusPath, body=StatusEntry)
def set_status(hospital_id: str) -> Response:
    """Say what holds of a hospital; it counts from the next question on, in every worker, until it ends by itself.

    Said again it is confirmed, and holds as long again. `open` ends it. All of it stays on record.
    """
    actor = require(why=_NEEDS_KEY)
    if actor.hospital and actor.hospital != hospital_id:
        raise ForbiddenError("A hospital's account speaks for that hospital alone.")
    fields, edition, now = json_fields(request.get_data(cache=False)), current_edition(), datetime.now(UTC)
    said = read_status(hospital_id, fields, edition, settings_of_app(), now=now, by=actor.name)
    store = live_store()
    ended = record(store, said, now=now)
    current = store.statuses.list(now=now, hospital_id=hospital_id)
    told = [[recorded_json(status, edition, now) for status in some] for some in (current, ended)]
    return _json({"as_of": now, "statuses": told[0], "ended": told[1]})


@api.get("/statuses", responses=responses(StatusList, 401, 422, 503) | NOT_MODIFIED, security=KNOWN)
@documented(query=StatusesQuery)
def list_statuses() -> Response:
    """List what holds, and what ran out without being confirmed; with `include_ended` the history, at most 1,000 at once.

    Ask again with `If-None-Match` as for alerts; the ETag takes no notice of `as_of`.
    """
    require(why=_NEEDS_KEY)
    asked = read_question(StatusesQuery, single_values(request.args.lists()))
    now, edition, most = datetime.now(UTC), current_edition(), asked.most
    found = live_store().statuses.list(
        now=now,
        hospital_id=asked.hospital,
        include_ended=asked.include_ended == "true",
        after=asked.after,
        most=most + 1,
    )
    listed = [recorded_json(status, edition, now) for status in found[:most]]
    return unless_known({"as_of": now, "statuses": listed, "more": len(found) > most})


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), mimetype="application/json", headers={"Cache-Control": "no-store"})
