"""`/api/v1/events` where it is not: a worker that answers routes never holds an open stream, and says where one is told changes."""

from __future__ import annotations

from flask import Response  # noqa: TC002  the library reads the annotations
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.errors import NotFoundError
from stroke_map.web.openapi import KNOWN, responses
from stroke_map.web.security import settings_of_app

api = APIBlueprint(
    "events", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="events", description="Changes, as they happen.")]
)
_STREAM = {
    "description": "A stream of server-sent events: `hello`, `alert`, `case`, `status`, `closure`, `stale`, `fresh`, `reset`, `end`.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@api.get("/events", responses=responses(_STREAM, 401, 404, 422, 429, 503), security=KNOWN)
def hear_events() -> Response:
    """Hear changes as they happen; `Last-Event-ID` tells first what was missed.

    Served by the stream process alone (STROKE_MAP_STREAM_PORT); a proxy in front hands this address on to it. Who may only look at
    some of it hears that much, a hospital's account its own hospital and closures. Without a stream, the lists with their ETags tell
    the same.
    """
    settings = settings_of_app()
    where = settings.stream_url or (settings.stream_port and f"this address at port {settings.stream_port}")
    step = f"Use {where}." if where else "Ask GET /api/v1/alerts again with its ETag; this server tells no changes."
    raise NotFoundError("Changes are told by another process.", next_step=step)
