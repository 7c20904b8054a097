"""`/api/v1/cases`: begin, time and list cases, and tell where the ambulance is. The clinical plane alone."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.dispatch import check_need, said_to_treat
from stroke_map.errors import ConflictError, ForbiddenError, NotFoundError
from stroke_map.live.case_records import MOST_EVENTS, MOST_EVENTS_BY_LINK
from stroke_map.live.cases import BY_HOSPITAL, BY_LINKED_CREW, MOMENTS, NewCase
from stroke_map.web.answering import answer_for, json_fields, single_values, take_patient_fields
from stroke_map.web.ask import ask_remaining
from stroke_map.web.case_list import CaseLists
from stroke_map.web.case_models import (
    KEY_HEADER,
    LONGEST_KEY,
    CaseEntry,
    CaseKeyHeader,
    CaseList,
    CasePath,
    CasesQuery,
    Eta,
    FigureList,
    MomentEntry,
    PositionEntry,
    RecordedCase,
    ToldCase,
)
from stroke_map.web.conditional import NOT_MODIFIED
from stroke_map.web.live_state import live_store, live_store_of, live_view_of
from stroke_map.web.openapi import BY_LINK, KNOWN, documented, responses
from stroke_map.web.patient import moment_or_none
from stroke_map.web.published import current_edition
from stroke_map.web.questions import RouteBody, invalid, read_question
from stroke_map.web.security import require, require_for_case, settings_of_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_openapi3.openapi import OpenAPI

    from stroke_map.live.cases import Case
    from stroke_map.live.roles import Actor
    from stroke_map.web.case_list import CasePage

api = APIBlueprint(
    "cases",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="cases", description="A patient on the way to a hospital, without a name, and the timeline.")],
)
_LISTS: Final = "stroke_map.case_lists"
_NEEDS_KEY: Final = "Cases need a clinical key or a log-in."
NO_STORE: Final = {"Cache-Control": "no-store"}
#: Two machines may disagree by so much about the time; what is said to happen later has not happened.
CLOCK_SKEW: Final = timedelta(minutes=5)
#: Of an answer, what led to the choice; roads and links are no part of a case.
_KEPT: Final = (
    "edition",
    "profile",
    "period",
    "asked_at",
    "demo",
    "origin",
    "decision",
    "closures_avoided",
    "warnings",
)
_KEPT_OF_HOSPITAL: Final = (
    "id", "name", "class", "travel_time_s", "travel_time_range_s", "distance_m", "why_not_first", "predicted",
)  # fmt: skip


@api.post("/cases", responses=responses(RecordedCase, 401, 404, 413, 422, 503, good=201), security=KNOWN)
@documented(body=CaseEntry, header=CaseKeyHeader)
def add_case() -> Response:
    """Ask, and begin a case with the answer; another hospital than the first needs a reason.

    With an `Idempotency-Key`, the same key and body again is answered with the same case.
    """
    actor = require("dispatcher", "crew", why=_NEEDS_KEY)
    key, content = idempotency_key() if KEY_HEADER in request.headers else None, request.get_data(cache=False)
    entry, digest = read_question(CaseEntry, json_fields(content)), hashlib.sha256(content).hexdigest()
    # Before the answer, which may be another one by now: what was begun is begun.
    if key is not None and (earlier := live_store().cases.begun(actor.name, key, digest)) is not None:
        return _begun(earlier)
    now, edition, fields = datetime.now(UTC), current_edition(), dict(entry.question)
    patient = take_patient_fields(fields, in_url=False)
    fields.setdefault("profile", "ambulance")
    answer = answer_for(edition, RouteBody, dict(fields), patient)
    first = answer["hospitals"][0]["id"]
    chosen = entry.hospital or first
    hospital = next((hospital for hospital in edition.hospitals if hospital.id == chosen), None)
    if hospital is None:
        raise invalid(
            [{"field": "hospital", "problem": f"is no hospital of edition {edition.info.id}", "example": first}]
        )
    if chosen != first and not entry.override_reason:
        problem = "is missing: this hospital is not the first choice"
        raise invalid([{"field": "override_reason", "problem": problem, "example": "relatives insist"}])
    condition = fields.get("condition", "stroke")
    told = {name: moment_or_none(patient.get(name), edition.zone) for name in ("onset", "last_known_well")}
    case = live_store().cases.add(
        NewCase(
            condition=condition,
            question=fields | ({"patient": patient} if patient else {}),
            answer=_without_roads(answer),
            edition=edition.info.id,
            first_choice=first,
            hospital_id=chosen,
            override_reason=entry.override_reason if chosen != first else "",
            vehicle=entry.vehicle,
            author=actor.name,
            timeline={name: at for name, at in told.items() if at is not None},
            capable=said_to_treat(hospital, check_need(condition, fields.get("need"))),
        ),
        now=now,
        zone=edition.zone,
        key=key,
        digest=digest,
    )
    return _begun(case)


def _begun(case: Case) -> Response:
    response = json_response(case.as_json(), 201)
    response.headers["Location"] = f"/api/v1/cases/{case.id}"
    return response


@api.get("/cases", responses=responses(CaseList, 401, 422, 503) | NOT_MODIFIED, security=KNOWN)
@documented(query=CasesQuery)
def list_cases() -> Response:
    """List cases that are open, or all; a hospital's account sees those that go there. Ask again with `If-None-Match` as for alerts."""
    actor = require(why=_NEEDS_KEY)
    asked = read_question(CasesQuery, single_values(request.args.lists()))
    bound, lists = bound_to(actor), current_app.extensions[_LISTS]
    page: CasePage = lists.page(
        most=asked.most, include_closed=asked.include_closed == "true", hospital=bound, after=asked.after
    )
    response = Response(page.body, mimetype="application/json", headers=NO_STORE)
    response.set_etag(page.etag)
    response.make_conditional(request)
    return response


def install(app: OpenAPI) -> None:
    """Serve cases with `app`."""
    app.extensions[_LISTS] = CaseLists(live_store_of(app))
    app.register_api(api)


@api.get("/cases/<case_id>", responses=responses(RecordedCase, 401, 404, 422, 503), security=KNOWN)
@documented(path=CasePath)
def get_case(case_id: str) -> Response:
    """Read one case."""
    actor = require(why=_NEEDS_KEY)
    return json_response(live_store().cases.get(whole_id(case_id, "case"), hospital=bound_to(actor)).as_json())


_TOLD = responses(ToldCase, 401, 404, 409, 413, 422, 503)


@api.post("/cases/<case_id>/events", responses=_TOLD, security=[*KNOWN, *BY_LINK])
@documented(path=CasePath, body=MomentEntry)
def add_moment(case_id: str) -> Response:
    """Say when something happened; said again, the last word counts. "door" and "closed" reach the alert.

    A hospital tells what happens in it, of cases alerted to it; whoever comes by a link, what happens before and at the door.
    """
    number = whole_id(case_id, "case")
    actor = require_for_case(number, "dispatcher", "crew", "hospital", scope="cases", why=_NEEDS_KEY)
    entry = read_question(MomentEntry, json_fields(request.get_data(cache=False)))
    now, at = datetime.now(UTC), _aware(entry.at)
    if at is not None and at > now + CLOCK_SKEW:
        raise invalid([{"field": "at", "problem": "is still to come", "example": None}])
    if entry.name not in _moments_of(actor):
        raise ForbiddenError("Of this moment others tell.", next_step="Tell the dispatcher.")
    seen: datetime | Literal["any"] | None = (
        _aware(entry.instead_of) if "instead_of" in entry.model_fields_set else "any"
    )
    most = MOST_EVENTS_BY_LINK if actor.by_link else MOST_EVENTS
    recorded = live_store().cases.record(
        number, entry.name, at or now, who(actor, entry.by),
        now=now, instead_of=seen, hospital=bound_to(actor), most=most,
    )  # fmt: skip
    return json_response({"id": number, "timeline": recorded.timeline} if actor.by_link else recorded.as_json())


@api.post(
    "/cases/<case_id>/position",
    responses=responses(Eta, 401, 404, 409, 413, 422, 503),
    security=[*KNOWN, *BY_LINK],
)
@documented(path=CasePath, body=PositionEntry)
def tell_position(case_id: str) -> Response:
    """Reckon the arrival anew from where the ambulance is; its alert tells it to everybody. The place is not kept."""
    number = whole_id(case_id, "case")
    require_for_case(number, "dispatcher", "crew", scope="cases", why=_NEEDS_KEY)
    entry = read_question(PositionEntry, json_fields(request.get_data(cache=False)))
    now, store = datetime.now(UTC), live_store()
    case = store.cases.get(number)
    if case.closed_at is not None:
        raise ConflictError("The case is closed.")
    place = (entry.lat, entry.lon, entry.crs)
    left = ask_remaining(
        current_edition(), place, case.hospital_id, settings_of_app(), live_view_of(current_app), bearing=entry.bearing
    )
    eta = now + timedelta(seconds=left.travel_time_s)
    store.alerts.set_eta(case.id, eta, now=now)
    told = {"travel_time_s": round(left.travel_time_s, 1), "distance_m": round(left.distance_m, 1)}
    return json_response({"case": case.id, "hospital": case.hospital_id, "eta": eta, **told})


@api.get("/case-figures", responses=responses(FigureList, 401, 503), security=KNOWN)
def list_figures() -> Response:
    """Read what is left of deleted cases: their number, and sums of times, by month, condition and hospital."""
    require("dispatcher", "auditor", why=_NEEDS_KEY)
    return json_response({"figures": live_store().cases.figures()})


def json_response(body: dict[str, Any], status: int = 200) -> Response:
    """A body that nobody keeps."""
    return Response(orjson.dumps(body), status, mimetype="application/json", headers=NO_STORE)


def whole_id(text: str, what: str) -> int:
    """The number in an address.

    Raises
    ------
    NotFoundError
        It is none, so that nothing can have it.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise NotFoundError(f"There is no {what} with that id.", next_step=f"List them with GET /api/v1/{what}s.")
    return int(text)


def bound_to(actor: Actor) -> str | None:
    """The hospital to which an account is held, None: to none."""
    return actor.hospital if actor.role == "hospital" else None


def who(actor: Actor, by: str) -> str:
    """Who says something: a person, where one is named, with the account through which."""
    return f"{by} ({actor.name})" if by else actor.name


def _moments_of(actor: Actor) -> Sequence[str]:
    """Those that somebody sees happen."""
    return BY_LINKED_CREW if actor.by_link else BY_HOSPITAL if actor.role == "hospital" else MOMENTS


def idempotency_key() -> str:
    """The caller's own name for this request.

    Raises
    ------
    InvalidRequestError
        There is none, or none that can be kept.
    """
    key = request.headers.get(KEY_HEADER, "")
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        problem = f"must be a header of 1 to {LONGEST_KEY} plain characters, new for every new request"
        raise invalid([{"field": KEY_HEADER, "problem": problem, "example": "8e03978e-40d5-43e8-bc93-6894a57f9324"}])
    return key


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=current_edition().zone)


def _without_roads(answer: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: answer[name] for name in _KEPT if name in answer}
    kept["hospitals"] = [{name: one[name] for name in _KEPT_OF_HOSPITAL} for one in answer["hospitals"]]
    # Through JSON once: an answer may hold what only its own writer knows, such as NumPy numbers.
    plain: dict[str, Any] = orjson.loads(orjson.dumps(kept, option=orjson.OPT_SERIALIZE_NUMPY, default=str))
    return plain
