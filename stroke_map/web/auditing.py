"""Every clinical request in the audit log: what it wrote in the transaction that wrote it, everything else after the answer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from flask import current_app, g, request

from stroke_map.errors import EditionError
from stroke_map.live.audit import AuditLog, Deed
from stroke_map.live.audit_reads import ReadLog
from stroke_map.logs import request_id
from stroke_map.web.live_state import live_store
from stroke_map.web.published import current_edition

if TYPE_CHECKING:
    from flask import Flask, Response

    from stroke_map.live.roles import Actor
    from stroke_map.settings import Settings

_READS: Final = "stroke_map.read_log"
_LONGEST_PATH: Final = 200


def begin_deed(actor: Actor | None) -> Deed:
    """From here on the request is one of this actor; None: of somebody who is only about to log in.

    Who, what, when, from where and by which edition: never what stands in a query or a body, which may be about a patient.
    """
    facts: dict[str, Any] = {"actor": "", "role": ""}
    if actor is not None:
        facts = {"actor": actor.name, "role": actor.role}
        facts |= {name: value for name, value in (("hospital", actor.hospital), ("team", actor.team)) if value}
    facts |= {"action": request.endpoint, "method": request.method, "path": request.path[:_LONGEST_PATH]}
    facts |= {"address": request.remote_addr, "request": request_id.get()}
    with suppress(EditionError):
        facts["edition"] = current_edition().info.id
    deed = g.deed = AuditLog.begin(facts)
    return deed


def mention(**facts: Any) -> None:
    """Add to what the audit log says of this request; nothing where nobody was let in."""
    AuditLog.mention(**facts)


def _note(response: Response) -> Response:
    deed: Deed | None = g.pop("deed", None)
    # Somebody without a name was refused at the door: of those there may be any number.
    if deed is not None and not deed.written and (deed.facts["actor"] or deed.about):
        reads: ReadLog = current_app.extensions[_READS]
        about = {"about": deed.about} if deed.about else {}
        reads.record({**deed.facts, "status": response.status_code, **about})
    return response


def _nobody(_: BaseException | None = None) -> None:
    # A thread answers many requests: none may be taken for the one before.
    AuditLog.end()


def install(app: Flask, settings: Settings) -> None:
    """Keep what clinical requests of `app` read and write."""
    with app.app_context():
        app.extensions[_READS] = ReadLog(settings.audit_dir, live_store())
    app.before_request(_nobody)
    app.after_request(_note)
    app.teardown_request(_nobody)
