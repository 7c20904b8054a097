"""`/api/v1/closures`: record, list and end closures and slow-downs. The clinical plane alone, by accounts whose role allows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.errors import NotFoundError
from stroke_map.live.checking import check
from stroke_map.live.entry import ClosureEntry, fields_of, parse_json, read_entry
from stroke_map.web.answering import single_values
from stroke_map.web.closure_models import (
    AddedClosure,
    ClosureList,
    ClosurePath,
    ClosuresQuery,
    EndingQuery,
    RecordedClosure,
)
from stroke_map.web.conditional import NOT_MODIFIED, unless_known
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import read_question
from stroke_map.web.security import require

# A polygon of 10,000 positions is half a megabyte.
MAX_BODY_BYTES = 2 * 1024 * 1024

api = APIBlueprint(
    "closures",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="closures", description="Roads that are closed or slow now; answers avoid them at once.")],
)
_NEEDS_KEY = "Closures are recorded, listed and ended with a clinical key or a log-in alone."
_NO_STORE = {"Cache-Control": "no-store"}


@api.post("/closures", responses=responses(AddedClosure, 401, 413, 422, 503, good=201), security=KNOWN)
@documented(body=ClosureEntry)
def add_closure() -> Response:
    """Record a closure or slow-down; it counts from the next question on, in every worker."""
    require(why=_NEEDS_KEY)
    request.max_content_length = MAX_BODY_BYTES
    now, edition = datetime.now(UTC), current_edition()
    entry = fields_of(parse_json(request.get_data(cache=False)))
    checked = check(read_entry(entry, now=now, zone=edition.zone), edition)
    (closure,) = live_store().closures.add(checked.closure, now=now)
    warnings = [{"code": code, "text": text} for code, text in checked.warnings]
    body = {"closure": closure.as_json(now), "stretches": checked.stretches, "warnings": warnings}
    response = _json(body, 201)
    response.headers["Location"] = f"/api/v1/closures/{closure.id}"
    return response


@api.get("/closures", responses=responses(ClosureList, 401, 422, 503) | NOT_MODIFIED, security=KNOWN)
@documented(query=ClosuresQuery)
def list_closures() -> Response:
    """List closures and slow-downs that hold now or later, with whether each holds now; at most 1,000 at once.

    Ask again with `If-None-Match` as for alerts; the ETag takes no notice of `as_of`.
    """
    require(why=_NEEDS_KEY)
    asked = read_question(ClosuresQuery, single_values(request.args.lists()))
    now, at = datetime.now(UTC), asked.at
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=current_edition().zone)
    ended, most = asked.include_ended == "true", asked.most
    found = live_store().closures.list(now=now, at=at, include_ended=ended, after=asked.after, most=most + 1)
    listed = [closure.as_json(now) for closure in found[:most]]
    return unless_known({"as_of": now, "closures": listed, "more": len(found) > most})


@api.delete("/closures/<closure_id>", responses=responses(RecordedClosure, 401, 404, 422, 503), security=KNOWN)
@documented(path=ClosurePath, query=EndingQuery)
def end_closure(closure_id: str) -> Response:
    """End a closure, from the next question on. It stays on record; ending it again changes nothing."""
    actor = require(why=_NEEDS_KEY)
    asked = read_question(EndingQuery, single_values(request.args.lists()))
    if not (closure_id.isascii() and closure_id.isdecimal() and len(closure_id) <= 10):
        raise NotFoundError("There is no closure with that id.", next_step="List them with GET /api/v1/closures.")
    now = datetime.now(UTC)
    return _json(live_store().closures.end(int(closure_id), asked.by or actor.name, now=now).as_json(now))


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json", headers=_NO_STORE)
