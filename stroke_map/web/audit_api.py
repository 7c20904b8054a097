"""`/api/v1/audit`: who read and wrote what, and whether the log is whole. The clinical plane alone; for auditors and administrators."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from stroke_map.moments import Moment  # noqa: TC001  pydantic reads the annotations
from stroke_map.registry.csv_table import guard
from stroke_map.web.answering import single_values
from stroke_map.web.audit_check import Verified, verify
from stroke_map.web.case_models import Given, field
from stroke_map.web.cases_api import NO_STORE, json_response
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import plain_whole_number, read_question
from stroke_map.web.security import require, settings_of_app

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LISTED = 1000
MOST_DOWNLOADED: Final = 10_000
_NEEDS_KEY: Final = "The audit log needs a key or a log-in."
_COLUMNS: Final = (
    "at", "actor", "role", "hospital", "team", "action", "method", "path", "status", "address", "edition", "chain", "number", "request",
)  # fmt: skip
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
    writes: Literal["true", "false"] = field(
        "Only what changed something, without what was read or refused.", "true", default="false"
    )
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
    request: str | None = Field(default=None, description="The `X-Request-Id` of its answer.")
    about: dict[str, Any] | None = None


class AuditPage(Given):
    """Lines, the newest first."""

    lines: list[AuditLine]
    more: bool = Field(description="Whether there are others, older ones.")


@api.get("/audit", responses=responses(AuditPage, 401, 422, 503), security=KNOWN)
@documented(query=AuditQuery)
def list_audit() -> Response:
    """List what was done, the newest first. Reads are there a second after they were answered; whoever lists them is listed too."""
    require("auditor", "administrator", why=_NEEDS_KEY)
    asked = read_question(AuditQuery, single_values(request.args.lists()))
    found = _found(asked, most=asked.most + 1)
    return json_response({"lines": found[: asked.most], "more": len(found) > asked.most})


@api.get(
    "/audit.csv",
    responses=responses({"description": "The lines", "content": {"text/csv": {}}}, 401, 422, 503),
    security=KNOWN,
)
@documented(query=AuditQuery)
def download_audit() -> Response:
    """Download what `GET /api/v1/audit` lists as a table, up to 10,000 lines; no cell of it is a formula."""
    require("auditor", "administrator", why=_NEEDS_KEY)
    given = single_values(request.args.lists())
    asked, most = read_question(AuditQuery, given), MOST_DOWNLOADED
    found = _found(asked, most=asked.most if "most" in given else most)
    headers = NO_STORE | {"Content-Disposition": "attachment; filename=audit.csv"}
    return Response(_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


@api.get("/audit/verify", responses=responses(Verified, 401, 429, 503), security=KNOWN)
def verify_audit() -> Response:
    """Read the whole log and say whether a line was changed or removed: what `stroke-map audit verify` does, in a process beside this one."""
    require("auditor", "administrator", why=_NEEDS_KEY)
    return json_response(verify(settings_of_app()))


def _found(asked: AuditQuery, *, most: int) -> Sequence[dict[str, Any]]:
    since, until = (
        at if at is None or at.tzinfo else at.replace(tzinfo=current_edition().zone)
        for at in (asked.since, asked.until)
    )
    return live_store().audit.list(
        since=since,
        until=until,
        actor=asked.actor,
        action=asked.action,
        writes=asked.writes == "true",
        skip=asked.skip,
        most=most,
    )


def _csv(lines: Sequence[dict[str, Any]]) -> str:
    """A table that spreadsheet programs open as UTF-8 and in which no cell is a formula."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow((*_COLUMNS, "about"))
    for line in lines:
        cells = [str(line.get(name, "")) for name in _COLUMNS]
        about = orjson.dumps(line["about"]).decode() if line.get("about") else ""
        rows.writerow(map(guard, (*cells, about)))
    return f"\ufeff{written.getvalue()}"
