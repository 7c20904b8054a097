"""`GET /api/v1/quality`: how long things took, and how many were in time, by hospital, month or region. The clinical plane alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.web.answering import single_values
from stroke_map.web.cases_api import NO_STORE, json_response
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.quality import quality
from stroke_map.web.quality_files import as_csv, as_workbook
from stroke_map.web.quality_models import Quality, QualityQuery
from stroke_map.web.questions import read_question
from stroke_map.web.security import require

api = APIBlueprint(
    "figures", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="figures", description="How well it went.")]
)
_NEEDS_KEY: Final = "Figures of quality need a key or a log-in."
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@api.get("/quality", responses=responses(Quality, 401, 422, 503), security=KNOWN)
@documented(query=QualityQuery)
def read_quality() -> Response:
    """Read numbers and medians by hospital, month or region, also of cases that are deleted; no single case.

    Why cases went elsewhere than the answer put first is told to those who may read cases.
    """
    return json_response(_figures(reasons=True))


@api.get(
    "/quality.csv",
    responses=responses({"description": "The lines", "content": {"text/csv": {}}}, 401, 422, 503),
    security=KNOWN,
)
@documented(query=QualityQuery)
def quality_csv() -> Response:
    """Download the lines as a table; no cell of it is a formula, and no reason is in it."""
    figures = _figures(reasons=False)
    return _file(as_csv(figures), "text/csv; charset=utf-8", figures, "csv")


@api.get(
    "/quality.xlsx",
    responses=responses({"description": "The lines", "content": {_XLSX: {}}}, 401, 422, 503),
    security=KNOWN,
)
@documented(query=QualityQuery)
def quality_xlsx() -> Response:
    """Download the same as a workbook, with a sheet of the targets and their sources."""
    figures = _figures(reasons=False)
    return _file(as_workbook(figures), _XLSX, figures, "xlsx")


def _figures(*, reasons: bool) -> dict[str, Any]:
    actor = require("auditor", "editor", "administrator", why=_NEEDS_KEY)
    asked = read_question(QualityQuery, single_values(request.args.lists()))
    may_read = reasons and actor.may("cases:read")
    return quality(asked, current_edition(), live_store(), datetime.now(UTC), reasons=may_read)


def _file(content: bytes, kind: str, figures: dict[str, Any], suffix: str) -> Response:
    name = f"quality-{figures['from']}-{figures['until']}-{figures['by']}.{suffix}"
    return Response(content, content_type=kind, headers=NO_STORE | {"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip
