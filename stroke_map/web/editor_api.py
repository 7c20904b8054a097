"""`/api/v1/sheets` and `/api/v1/editions`: check this year's sheet, build its edition, publish it, roll back. The clinical plane alone.

All of it is what the commands `registry check`, `edition update`, `publish` and `rollback` do; checks and builds run by themselves.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Response, request, send_file
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.editions import publish, read_publication, rollback, verify_edition
from stroke_map.editions.comparing import REPORT_FILE
from stroke_map.editions.publish import edition_folder, editions_dir, read_or_none, way_back
from stroke_map.errors import ConflictError, EditionDamagedError, ForbiddenError, LiveStoreError, NotFoundError
from stroke_map.registry.limits import MAX_FILE_BYTES
from stroke_map.web.answering import json_fields, single_values
from stroke_map.web.auditing import mention
from stroke_map.web.conditional import NOT_MODIFIED, unless_known
from stroke_map.web.editor_models import (
    BuildEntry,
    EditionList,
    EditionPath,
    PublishEntry,
    RollbackEntry,
    SheetBody,
    SheetList,
    SheetPath,
    SheetQuery,
    Switched,
    ToldSheet,
    WholeSheet,
)
from stroke_map.web.editor_told import editions_json, may_approve, refused_report, sheet_json, whole_sheet_json
from stroke_map.web.editor_work import refuse_more_checks, sheets_of, start_build, start_check
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.questions import invalid, read_question
from stroke_map.web.security import require, settings_of_app

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.editions import Publication
    from stroke_map.editions.sheets import Sheets
    from stroke_map.live.roles import Actor

api = APIBlueprint(
    "editions",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[
        Tag(name="editions", description="This year's sheet, the edition that is built from it, and which one serves.")
    ],
)
_NEEDS_KEY: Final = "Sheets and editions are for editors: with a key or a log-in."
_NO_STORE: Final = {"Cache-Control": "no-store"}
# A report is one file with styles and pictures of its own, and words of those who filled in the sheet: it may show them, and do nothing.
_REPORT_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _file_of(mimetype: str) -> dict[str, Any]:
    return {"description": "The file", "content": {mimetype: {"schema": {"type": "string"}}}}


@api.post("/sheets", responses=responses(ToldSheet, 401, 409, 413, 422, 429, 503, good=202), security=KNOWN)
@documented(query=SheetQuery, raw=SheetBody)
def send_sheet() -> Response:
    """Send this year's sheet (XLSX or CSV, at most 20 MB) as the body; its check begins. The same again is the same sheet."""
    actor = require(why=_NEEDS_KEY)
    request.max_content_length = MAX_FILE_BYTES
    content = request.get_data(cache=False)
    asked = read_question(SheetQuery, single_values(request.args.lists()))
    if not content:
        raise invalid([{"field": "body", "problem": "is missing: send the file itself", "example": None}])
    settings, sheets, now = settings_of_app(), _sheets(), datetime.now(UTC)
    refuse_more_checks(sheets)
    begin = partial(start_check, settings=settings, by=actor.person)
    sheet = sheets.add(content, name=asked.name, year=asked.year, by=actor.person, now=now, begin=begin)
    _keep_line(sheet=sheet.info.id, year=sheet.info.year, bytes=len(content))
    response = _json(sheet_json(sheet, sheets, settings, now), 202)
    response.headers["Location"] = f"/api/v1/sheets/{sheet.info.id}"
    return response


@api.get("/sheets", responses=responses(SheetList, 401, 422, 503) | NOT_MODIFIED, security=KNOWN)
def list_sheets() -> Response:
    """List the sheets that were sent, the newest first, with how their checks and builds stand; ask again with `If-None-Match`."""
    require(why=_NEEDS_KEY)
    sheets, settings, now = _sheets(), settings_of_app(), datetime.now(UTC)
    sheets.remove_old(now)
    told = [sheet_json(sheet, sheets, settings, now) for sheet in sheets.list()]
    return unless_known({"as_of": now, "sheets": told}, cache="no-store")


@api.get("/sheets/<sheet_id>", responses=responses(WholeSheet, 401, 404, 422, 503), security=KNOWN)
@documented(path=SheetPath)
def get_sheet(sheet_id: str) -> Response:
    """Read one sheet with the cells that are wrong, at most 500 of them."""
    require(why=_NEEDS_KEY)
    sheets = _sheets()
    return _json(whole_sheet_json(sheets.get(sheet_id), sheets, settings_of_app(), datetime.now(UTC)))


@api.get("/sheets/<sheet_id>/marked.xlsx", responses=responses(_file_of(_XLSX), 401, 404, 422, 503), security=KNOWN)
@documented(path=SheetPath)
def get_marked_sheet(sheet_id: str) -> Response:
    """Get a copy of a workbook in which the wrong cells are marked and say what would be right."""
    require(why=_NEEDS_KEY)
    sheet = _sheets().get(sheet_id)
    if sheet.busy or not sheet.marked.is_file():
        raise NotFoundError(
            "There is no marked copy of this sheet.", next_step="Only of a workbook that was checked there is one."
        )
    response = send_file(
        sheet.marked, mimetype=_XLSX, as_attachment=True, download_name="marked.xlsx", conditional=False
    )
    response.headers.update(_NO_STORE)
    return response


@api.post(
    "/sheets/<sheet_id>/build", responses=responses(ToldSheet, 401, 404, 409, 413, 422, 503, good=202), security=KNOWN
)
@documented(path=SheetPath, body=BuildEntry)
def build_edition(sheet_id: str) -> Response:
    """Begin to build the edition of the sheet's year, prepared by you; or go on where an earlier build was interrupted.

    One is built at a time: a `conflict` says by whom and since when. How far it is, `GET /api/v1/sheets/{sheet_id}` says.
    """
    actor = require(why=_NEEDS_KEY)
    asked = read_question(BuildEntry, json_fields(request.get_data(cache=False)))
    sheets, settings = _sheets(), settings_of_app()
    sheet = sheets.get(sheet_id)
    accept = {"totals": asked.accept_totals, "places": asked.accept_places}
    start_build(sheets, sheet, settings, roads=asked.roads, accept=accept, by=actor.person)
    _keep_line(sheet=sheet.info.id, year=sheet.info.year, roads=asked.roads, accept=accept)
    return _json(sheet_json(sheet, sheets, settings, datetime.now(UTC)), 202)


@api.get("/sheets/<sheet_id>/report", responses=responses(_file_of("text/html"), 401, 404, 422, 503), security=KNOWN)
@documented(path=SheetPath)
def get_refused_report(sheet_id: str) -> Response:
    """Get the report of an edition that was refused for its totals: what somebody should look at before accepting them."""
    require(why=_NEEDS_KEY)
    build = _sheets().get(sheet_id).build
    found = refused_report(build, settings_of_app()) if build else None
    if found is None:
        raise NotFoundError("There is no report of a refused build.", next_step="Build it again.")
    return _report(found.read_bytes())


@api.get("/editions", responses=responses(EditionList, 401, 422, 503) | NOT_MODIFIED, security=KNOWN)
def list_all_editions() -> Response:
    """List every edition, the newest first: which one serves and for how long, which wait for approval; and what can be built with."""
    actor = require(why=_NEEDS_KEY)
    now = datetime.now(UTC)
    return unless_known({"as_of": now} | editions_json(_sheets(), settings_of_app(), actor.person, now))


@api.get(
    "/editions/<edition_id>/report", responses=responses(_file_of("text/html"), 401, 404, 422, 503), security=KNOWN
)
@documented(path=EditionPath)
def get_report(edition_id: str) -> Response:
    """Get the report of an edition: what is new in it, before and after. It runs nothing."""
    require(why=_NEEDS_KEY)
    folder = _known(edition_id)
    info = verify_edition(settings_of_app().geodata_dir, edition_id, full=False)
    if REPORT_FILE not in info.files:
        raise NotFoundError("This edition has no report.")
    content = (folder / REPORT_FILE).read_bytes()
    if hashlib.sha256(content).hexdigest() != info.files[REPORT_FILE].sha256:
        raise EditionDamagedError("the report is not what was sealed", files=[REPORT_FILE])
    return _report(content)


@api.post("/editions/<edition_id>/publish", responses=responses(Switched, 401, 404, 409, 413, 422, 503), security=KNOWN)
@documented(path=EditionPath, body=PublishEntry)
def publish_edition(edition_id: str) -> Response:
    """Approve an edition that somebody else has prepared, and let it serve; every byte of it is verified first.

    Whoever made a key has done what is done by it: a key of one's own is no second person.
    """
    actor = require(why=_NEEDS_KEY)
    asked = read_question(PublishEntry, json_fields(request.get_data(cache=False)))
    _known(edition_id)
    mention(edition=edition_id, instead_of=asked.instead_of)
    geodata_dir = settings_of_app().geodata_dir
    _check_other(edition_id, actor)
    before = read_or_none(geodata_dir)
    if before is None or before.edition != edition_id:  # pressed twice it is done once
        before = publish(geodata_dir, edition_id, approved_by=actor.person, instead_of=asked.instead_of or "")
        _keep_line()
    return _switched(before)


@api.post("/editions/rollback", responses=responses(Switched, 401, 409, 413, 422, 503), security=KNOWN)
@documented(body=RollbackEntry)
def roll_back() -> Response:
    """Let the edition before serve again, at once; asked again for the same step it is done once."""
    require(why=_NEEDS_KEY)
    asked = read_question(RollbackEntry, json_fields(request.get_data(cache=False)))
    geodata_dir = settings_of_app().geodata_dir
    publication = read_publication(geodata_dir)
    mention(from_edition=asked.from_, to=asked.to)
    if publication.edition != asked.to:
        if way_back(geodata_dir, publication)[0] != asked.to:
            raise ConflictError("Not that edition served before.", next_step="Look at the list of editions again.")
        publication = rollback(geodata_dir, instead_of=asked.from_)
        _keep_line()
    return _switched(publication)


def _sheets() -> Sheets:
    return sheets_of(settings_of_app())


def _known(edition_id: str) -> Path:
    """The folder of an edition that is there: the name is looked for, and leads nowhere else."""
    geodata_dir = settings_of_app().geodata_dir
    folder = editions_dir(geodata_dir)
    names = {entry.name for entry in folder.iterdir() if entry.is_dir()} if folder.is_dir() else set()
    if edition_id.startswith(".") or edition_id not in names:
        raise NotFoundError("There is no such edition.", next_step="List them with GET /api/v1/editions.")
    return edition_folder(geodata_dir, edition_id)


def _check_other(edition_id: str, actor: Actor) -> None:
    """Say in words what `publish` would refuse without any: who has prepared an edition does not approve it."""
    prepared_by = verify_edition(settings_of_app().geodata_dir, edition_id, full=False).prepared_by
    if not may_approve(prepared_by, actor.person):
        whose = f", and made the key {actor.name}" if actor.maker else ""
        raise ForbiddenError(
            f"{prepared_by} has prepared this edition{whose}: a second person looks at the report and publishes it.",
            next_step="Let another editor log in and publish it.",
            reason="prepared",
        )


def _keep_line(**about: Any) -> None:
    """What was done to files gets its line among the writes; while the database is away, among the reads, which wait for it."""
    mention(**about)
    with suppress(LiveStoreError), live_store().writing():
        pass


def _switched(publication: Publication) -> Response:
    return _json({"serving": publication.edition, "published_at": publication.published_at})


def _report(content: bytes) -> Response:
    return Response(
        content, mimetype="text/html", headers=_NO_STORE | {"Content-Security-Policy": _REPORT_POLICY}
    )  # fmt: skip


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json", headers=_NO_STORE)
