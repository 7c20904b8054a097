"""Every error once: its code, its HTTP status, the facts, and what to do next.

Domain errors also inherit the built-in exception a Python caller would expect, so that code which knows
nothing of this package still catches them sensibly.
"""

from __future__ import annotations

from typing import Any, ClassVar


class StrokeMapError(Exception):
    """The root of every error this package raises on purpose.

    Parameters
    ----------
    detail
        What happened, for a person.
    next_step
        What to do about it; the class's own advice where None.
    **facts
        Machine-readable facts, put beside `detail` in the problem+json body.
        Never put anything about a patient here.
    """

    code: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something failed"
    advice: ClassVar[str] = "Report this, with the time it happened."
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, *, next_step: str | None = None, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.next_step = next_step or self.advice
        self.facts = facts


class InvalidRequestError(StrokeMapError, ValueError):
    """A question that cannot be asked.

    `facts["errors"]` lists `{"field", "problem", "example"}`; never the value itself, which may be about a patient.
    """

    code = "invalid-request"
    status = 422
    title = "The question has a mistake"
    advice = "Correct the named fields and ask again."
    exit_code = 2


class RoadDataError(StrokeMapError, ValueError):
    """A road file that cannot be read, or in which nothing can be driven."""

    code = "road-data"
    title = "The road data cannot be used"
    advice = "Give an OpenStreetMap file (.osm.pbf, .osm, .osm.gz, .osm.bz2) that holds roads."
    exit_code = 3


class OffNetworkError(StrokeMapError, LookupError):
    """No usable road within the limit. `facts["nearest_m"]` says how far the nearest is, None where there is none."""

    code = "off-network"
    status = 404
    title = "No road near this place"
    advice = "Choose a place on or beside a road; the fallback lists hospitals by straight line."
    exit_code = 4


class NoRouteError(StrokeMapError, LookupError):
    """Roads exist, but none leads there."""

    code = "no-route"
    status = 404
    title = "No road leads there"
    advice = "Call 120: another way (boat, helicopter) may be needed; the fallback lists hospitals by straight line."
    exit_code = 4


class OutsideAreaError(StrokeMapError, LookupError):
    """The point is outside the edition's region."""

    code = "outside-area"
    status = 404
    title = "Outside the region of this map"
    advice = "Call 120. Check the coordinates and their system (crs); the fallback lists hospitals by straight line."
    exit_code = 4


class NoCapableHospitalError(StrokeMapError, LookupError):
    """No hospital of any class can do what is needed."""

    code = "no-capable-hospital"
    status = 404
    title = "No hospital in the registry can do this"
    advice = "Call 120; ask the publisher of this edition why its list has none."
    exit_code = 4


class RegistryError(StrokeMapError, ValueError):
    """A hospital sheet with mistakes. `facts["problems"]` names sheet, row, column, value and what would be right."""

    code = "registry-refused"
    status = 422
    title = "The hospital sheet has mistakes"
    advice = "Correct the listed cells and run the command again; nothing was changed."
    exit_code = 5


class GateError(StrokeMapError, ValueError):
    """A new edition differs more from the one before than anyone should let pass unread. `facts["refusals"]` says in what."""

    code = "gate-refused"
    status = 409
    title = "The new edition differs too much from the one before"
    advice = "Look at the report; correct the sheet, or give the reason why this is right with --accept totals=REASON."
    exit_code = 10


class ClosureError(StrokeMapError, ValueError):
    """Closures that cannot be taken. `facts["problems"]` lists `{"entry", "field", "problem"}`; entries count from 1."""

    code = "closure-refused"
    status = 422
    title = "The closure cannot be taken"
    advice = "Correct what is listed and send it again; nothing was changed."
    exit_code = 5


class LiveStoreError(StrokeMapError, OSError):
    """The database of live state is locked or away. Answers go on with the last known state."""

    code = "live-store"
    status = 503
    title = "The database of live state cannot be used"
    advice = "Look at the log and at STROKE_MAP_DATABASE_URL; try again in a moment."
    exit_code = 9


class EditionError(StrokeMapError):
    """An edition that cannot be built, found or published."""

    code = "edition-refused"
    status = 409
    title = "The edition cannot be used"
    advice = "See `stroke-map edition list`."
    exit_code = 6


class EditionDamagedError(EditionError):
    """A file of a sealed edition is missing or is not what was sealed. `facts["files"]` names them."""

    code = "edition-damaged"
    status = 503
    title = "The published edition is damaged"
    advice = "Run `stroke-map edition rollback`, or build the edition again and publish it."
    exit_code = 6


class NoEditionError(EditionError):
    """Nothing is published."""

    code = "no-edition"
    status = 503
    title = "No edition is published"
    advice = "Run `stroke-map demo` for the demonstration city, or `stroke-map edition build` and `publish`."
    exit_code = 6


class UnauthorizedError(StrokeMapError, PermissionError):
    """No key or log-in, or a wrong, expired or revoked one."""

    code = "unauthorized"
    status = 401
    title = "This needs a key or a log-in"
    advice = "Send `Authorization: Bearer <key>`, log in with POST /api/v1/session, or ask with profile=car and no patient fields."
    exit_code = 7


class ForbiddenError(StrokeMapError, PermissionError):
    """Known, but not allowed: the role or the key's scopes do not cover this, or the CSRF token of the session is missing."""

    code = "forbidden"
    status = 403
    title = "This account may not do that"
    advice = "Use an account whose role and scopes allow it: see `stroke-map user list` and `stroke-map key list`."
    exit_code = 7


class LockedOutError(StrokeMapError, PermissionError):
    """Too many failed log-ins. `facts["retry_after_s"]` says how long nothing is tried."""

    code = "locked-out"
    status = 429
    title = "Too many failed log-ins"
    advice = "Wait as many seconds as Retry-After says; `stroke-map user unlock` lets a person try again at once."
    exit_code = 7


class AuditError(StrokeMapError):
    """A line of the audit log was changed or removed. `facts["problems"]` names each."""

    code = "audit-broken"
    title = "The audit log is not whole"
    advice = "Keep the database and its backups as they are, and find out who could write to them."
    exit_code = 12


class ConflictError(StrokeMapError, ValueError):
    """What is asked contradicts what is recorded: an alert that has ended, or another request under a key already used."""

    code = "conflict"
    status = 409
    title = "This contradicts what is recorded"
    advice = "Read the alert or case again, and decide by what it says now."
    exit_code = 13


class ServerStartError(StrokeMapError, OSError):
    """The server cannot start, for example because its port is in use."""

    code = "server-start"
    title = "The server cannot start"
    advice = "Stop what uses the port, or choose another with --port."
    exit_code = 8


class NotFoundError(StrokeMapError, LookupError):
    """No such address on this server, or not on this plane of it."""

    code = "not-found"
    status = 404
    title = "There is nothing at this address"
    advice = "See /api/v1/openapi.json for what there is."


class MethodNotAllowedError(StrokeMapError):
    """The address exists, but not with this method."""

    code = "method-not-allowed"
    status = 405
    title = "This address does not take that method"
    advice = "Use a method named in the Allow header."


class BadHttpError(StrokeMapError, ValueError):
    """A request that is not sound HTTP."""

    code = "bad-request"
    status = 400
    title = "The request is malformed"
    advice = "Send a well-formed HTTP request."


class TooLargeError(StrokeMapError, ValueError):
    """The body is larger than any question can be."""

    code = "too-large"
    status = 413
    title = "The request is too large"
    advice = "A question fits in a few hundred bytes; send only the documented fields."


class TooBusyError(StrokeMapError):
    """The limit of public questions, or of pages that wait, is reached; clinical questions are not held up by it."""

    code = "too-busy"
    status = 429
    title = "Too many questions at once"
    advice = "Ask again after the seconds in Retry-After. In an emergency call 120 now."


class BackupError(StrokeMapError):
    """A backup that cannot be made, is not whole, or has no empty place to go to. `facts["files"]` names what is wrong or in the way."""

    code = "backup-refused"
    title = "The backup cannot be made or used"
    advice = "Nothing was changed; see the runbook in README."
    exit_code = 15


class NoMemoryError(StrokeMapError, MemoryError):
    """The machine, or the limit of the process, has no memory or no open files left for this; nothing was changed."""

    code = "no-memory"
    status = 503
    title = "The machine is short of memory"
    advice = "Ask again in a moment. The operator sees in /readyz and /metrics how much memory is taken."
    exit_code = 16


class MissingProgramError(StrokeMapError, OSError):
    """A program or a font outside this package is needed and not there, or failed."""

    code = "missing-program"
    title = "Something that this needs is not installed"
    advice = "Install the package that is named."
    exit_code = 14


class ProtocolError(StrokeMapError, ValueError):
    """A protocol with a missing or contradictory value. `facts["errors"]` lists `{"file", "field", "problem"}`."""

    code = "protocol-invalid"
    status = 422
    title = "The protocol cannot be used"
    advice = "Correct the named values and run `stroke-map protocol check` again; the protocol in force stays."
    exit_code = 11
