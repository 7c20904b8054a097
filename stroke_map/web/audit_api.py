"""`GET /api/v1/audit`: who read and wrote what. The clinical plane alone; for auditors and administrators."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from stroke_map.moments import Moment  # noqa: TC001  pydantic reads the annotations
from stroke_map.web.answering import single_values
from stroke_map.web.case_models import Given, field
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import plain_whole_number, read_question
from stroke_map.web.security import require

MOST_LISTED = 1000
_LONGEST = 100
api = APIBlueprint(
    "audit", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="audit", description="Who read and wrote what.")]
)


class AuditQuery(BaseModel):
    """Which lines to list."""

    model_config = ConfigDict(extra="forbid")

    actor: str | None = field("Only what this user or key did.", "wang.fang", default=None, max_length=_LONGEST)
    action: str | None = field("Only this action.", "cases.get_case", default=None, max_length=_LONGEST)
    since: Moment = field("Only from this moment on: RFC 3339.", "2026-05-01T20:30:00+08:00", default=None)
    until: Moment = field("Only before this moment: RFC 3339.", "2026-05-02T20:30:00+08:00", default=None)
    skip: Annotated[int, BeforeValidator(plain_whole_number)] = field(
        "Leave out so many of the newest: the next page. Give `until` too, for lines are added all the time.",
        1000, default=0, ge=0, le=1_000_000,
    )  # fmt: skip
    most: Annotated[int, BeforeValidator(plain_whole_number)] = field(
        "How many at most.", 100, default=MOST_LISTED, ge=1, le=MOST_LISTED
    )


class AuditLine(BaseModel):
    """What somebody did; besides these, what stands in the line."""

    model_config = ConfigDict(extra="allow")

    chain: str = Field(description="`writes`, or the name of a worker's file of reads.")
    number: int = Field(description="The line's own in its chain; none is missing.")
    at: AwareDatetime
    actor: str | None = None
    role: str | None = None
    action: str
    about: dict[str, Any] | None = None


class AuditPage(Given):
    """Lines, the newest first."""

    lines: list[AuditLine]
    more: bool = Field(description="Whether there are others, older ones.")


@api.get("/audit", responses=responses(AuditPage, 401, 422, 503), security=KNOWN)
@documented(query=AuditQuery)
def list_audit() -> Response:
    """List what was done, the newest first. Reads are there a second after they were answered; whoever lists them is listed too."""
    require("auditor", "administrator", why="The audit log needs a key or a log-in.")
    asked = read_question(AuditQuery, single_values(request.args.lists()))
    since, until = (
        at if at is None or at.tzinfo else at.replace(tzinfo=current_edition().zone)
        for at in (asked.since, asked.until)
    )
    found = live_store().audit.list(
        since=since, until=until, actor=asked.actor, action=asked.action, skip=asked.skip, most=asked.most + 1
    )
    body = {"lines": found[: asked.most], "more": len(found) > asked.most}
    return Response(orjson.dumps(body), mimetype="application/json", headers={"Cache-Control": "no-store"})
