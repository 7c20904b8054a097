"""`/api/v1/alerts`: alert a hospital, and answer for it. The clinical plane alone."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

import orjson
from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.dispatch import check_need, said_to_treat
from stroke_map.errors import NoRouteError, NotFoundError, OffNetworkError, OutsideAreaError
from stroke_map.live.alerts import NewAlert, callees_of, telephone_of
from stroke_map.web.alert_list import AlertLists
from stroke_map.web.alert_models import (
    AlertEntry,
    AlertList,
    AlertPath,
    AlertsQuery,
    KeyHeader,
    ReasonEntry,
    RecordedAlert,
    TeamEntry,
)
from stroke_map.web.answering import json_fields, single_values
from stroke_map.web.ask import ask_remaining
from stroke_map.web.auditing import mention
from stroke_map.web.cases_api import NO_STORE, bound_to, idempotency_key, json_response, who, whole_id
from stroke_map.web.conditional import NOT_MODIFIED
from stroke_map.web.live_state import live_store, live_store_of, live_view_of
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import invalid, read_question
from stroke_map.web.security import require, settings_of_app

if TYPE_CHECKING:
    from flask_openapi3.openapi import OpenAPI

    from stroke_map.editions import Edition
    from stroke_map.live.alert_rules import Kind
    from stroke_map.live.cases import Case
    from stroke_map.live.roles import Actor
    from stroke_map.web.alert_list import AlertPage

api = APIBlueprint(
    "alerts",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="alerts", description="A hospital that is told while the ambulance is on the road.")],
)
_LISTS: Final = "stroke_map.alert_lists"
_NEEDS_KEY: Final = "Alerts need a clinical key or a log-in."
_ACTED = responses(RecordedAlert, 401, 404, 409, 413, 422, 503)


@api.post("/alerts", responses=responses(RecordedAlert, 401, 404, 409, 413, 422, 503, good=201), security=KNOWN)
@documented(body=AlertEntry, header=KeyHeader)
def add_alert() -> Response:
    """Alert a hospital; `Idempotency-Key` must come with it: the same key and body again is answered alike and done once.

    Another destination stands the first hospital down and alerts the new one in one transaction.
    """
    actor = require("dispatcher", why=_NEEDS_KEY)
    key, content = idempotency_key(), request.get_data(cache=False)
    entry = read_question(AlertEntry, json_fields(content))
    now, edition, store = datetime.now(UTC), current_edition(), live_store()
    case = store.cases.get(entry.case)
    wanted = entry.hospital or case.hospital_id
    hospital = next((hospital for hospital in edition.hospitals if hospital.id == wanted), None)
    if hospital is None:
        problem = f"is no hospital of edition {edition.info.id}"
        raise invalid([{"field": "hospital", "problem": problem, "example": edition.hospitals[0].id}])
    mention(case=case.id, hospital=hospital.id)
    eta = entry.eta
    if eta is not None and eta.tzinfo is None:
        eta = eta.replace(tzinfo=edition.zone)
    new = NewAlert(
        case_id=case.id,
        hospital_id=hospital.id,
        telephone=telephone_of(hospital),
        teams=callees_of(hospital, case.condition),
        eta=eta or _reckoned(edition, case, hospital.id, now),
        override_reason=entry.override_reason,
        capable=said_to_treat(hospital, check_need(case.condition, case.question.get("need"))),
        author=actor.name,
    )
    seen: int | Literal["any"] | None = entry.instead_of if "instead_of" in entry.model_fields_set else "any"
    digest = hashlib.sha256(content).hexdigest()
    answer = store.alerts.create(new, key=key, digest=digest, now=now, instead_of=seen)
    location = f"/api/v1/alerts/{orjson.loads(answer)['id']}"
    return Response(answer, 201, mimetype="application/json", headers=NO_STORE | {"Location": location})


@api.get("/alerts", responses=responses(AlertList, 401, 422, 503) | NOT_MODIFIED, security=KNOWN)
@documented(query=AlertsQuery)
def list_alerts() -> Response:
    """List alerts that stand or ended within half an hour; a hospital's account sees its own.

    Ask again with `If-None-Match` and the `ETag` of the last answer: 304 while nothing has changed.
    """
    actor = require(why=_NEEDS_KEY)
    asked = read_question(AlertsQuery, single_values(request.args.lists()))
    bound, lists = bound_to(actor), current_app.extensions[_LISTS]
    page: AlertPage = lists.page(
        datetime.now(UTC),
        most=asked.most,
        include_ended=asked.include_ended == "true",
        hospital=asked.hospital if bound is None else bound,
        case_id=asked.case,
        after=asked.after,
    )
    response = Response(page.body, mimetype="application/json", headers={"Cache-Control": "no-cache, private"})
    response.set_etag(page.etag)
    response.make_conditional(request)
    return response


def install(app: OpenAPI) -> None:
    """Serve alerts with `app`."""
    app.extensions[_LISTS] = AlertLists(live_store_of(app))
    app.register_api(api)


@api.get("/alerts/<alert_id>", responses=responses(RecordedAlert, 401, 404, 422, 503), security=KNOWN)
@documented(path=AlertPath)
def get_alert(alert_id: str) -> Response:
    """Read one alert."""
    actor, store = require(why=_NEEDS_KEY), live_store()
    found = store.alerts.get(whole_id(alert_id, "alert"), hospital=bound_to(actor))
    return json_response(found.as_json(datetime.now(UTC), store.alerts.timers))


@api.post("/alerts/<alert_id>/acknowledge", responses=_ACTED, security=KNOWN)
@documented(path=AlertPath, body=TeamEntry)
def acknowledge(alert_id: str) -> Response:
    """Say that a team knows; who said so first stays written."""
    return _by_team(alert_id, "acknowledged")


@api.post("/alerts/<alert_id>/activate", responses=_ACTED, security=KNOWN)
@documented(path=AlertPath, body=TeamEntry)
def activate(alert_id: str) -> Response:
    """Say that a team is activated; it thereby knows."""
    return _by_team(alert_id, "activated")


@api.post("/alerts/<alert_id>/received", responses=_ACTED, security=KNOWN)
@documented(path=AlertPath, body=TeamEntry)
def receive(alert_id: str) -> Response:
    """Say, as the hospital's screen, that it shows the alert; nobody thereby knows of it yet."""
    actor = require("hospital", why=_NEEDS_KEY)
    entry = read_question(TeamEntry, json_fields(request.get_data(cache=False)))
    team = _team_of(actor, entry)
    return _act(alert_id, "delivered", by=who(actor, entry.by), team=team, hospital=bound_to(actor))


@api.post("/alerts/<alert_id>/divert", responses=_ACTED, security=KNOWN)
@documented(path=AlertPath, body=ReasonEntry)
def divert(alert_id: str) -> Response:
    """Say, as the hospital, that it cannot take the patient; `next_choice` names the next hospital of the answer."""
    actor = require("hospital", "dispatcher", why=_NEEDS_KEY)
    entry = read_question(ReasonEntry, json_fields(request.get_data(cache=False)))
    return _act(alert_id, "diverted", by=who(actor, entry.by), reason=entry.reason, hospital=bound_to(actor))


@api.post("/alerts/<alert_id>/cancel", responses=_ACTED, security=KNOWN)
@documented(path=AlertPath, body=ReasonEntry)
def cancel(alert_id: str) -> Response:
    """Stand the hospital down."""
    actor = require("dispatcher", why=_NEEDS_KEY)
    entry = read_question(ReasonEntry, json_fields(request.get_data(cache=False)))
    return _act(alert_id, "cancelled", by=who(actor, entry.by), reason=entry.reason, hospital=None)


def _by_team(alert_id: str, kind: Kind) -> Response:
    actor = require("hospital", "dispatcher", why=_NEEDS_KEY)
    entry = read_question(TeamEntry, json_fields(request.get_data(cache=False)))
    team = _team_of(actor, entry)
    if not team:
        raise invalid([{"field": "team", "problem": "is missing", "example": "emergency"}])
    return _act(alert_id, kind, by=who(actor, entry.by), team=team, hospital=bound_to(actor))


def _team_of(actor: Actor, entry: TeamEntry) -> str:
    """The team that is spoken for: that of the account, or the one that is named; "" where neither is."""
    team = entry.team or actor.team
    if actor.team and team != actor.team:
        raise invalid([{"field": "team", "problem": "is not that of this account", "example": actor.team}])
    return team


def _act(
    alert_id: str, kind: Kind, *, by: str, hospital: str | None, team: str = "", reason: str = ""
) -> Response:  # fmt: skip
    now, records = datetime.now(UTC), live_store().alerts
    number = whole_id(alert_id, "alert")
    found = records.act(number, kind, by, now=now, team=team, reason=reason, hospital=hospital)
    return json_response(found.as_json(now, records.timers))


def _reckoned(edition: Edition, case: Case, hospital_id: str, now: datetime) -> datetime | None:
    """When an ambulance arrives that leaves the place of the question now, or left it when the case says; None: no road."""
    asked = case.question
    with suppress(NoRouteError, NotFoundError, OffNetworkError, OutsideAreaError):
        place = (asked["lat"], asked["lon"], asked["crs"])
        left = ask_remaining(edition, place, hospital_id, settings_of_app(), live_view_of(current_app))
        leaves = case.timeline.get("left_scene") or now + timedelta(minutes=_departure_min(case))
        return max(leaves + timedelta(seconds=left.travel_time_s), now)
    return None


def _departure_min(case: Case) -> float:
    return float(case.question.get("patient", {}).get("departure_min") or 0.0)
