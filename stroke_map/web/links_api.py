"""`/api/v1/cases/{case_id}/link`: a link by which a crew reaches its case; and the case as the crew sees it. The clinical plane alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.dispatch import prepare
from stroke_map.maps.qr import qr_address
from stroke_map.web.answering import json_fields
from stroke_map.web.case_models import CasePath
from stroke_map.web.cases_api import NO_STORE, json_response, whole_id
from stroke_map.web.link_models import CrewCase, EndedLinks, LinkEntry, MadeLink
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import BY_LINK, KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import read_question
from stroke_map.web.security import require, require_for_case, settings_of_app

if TYPE_CHECKING:
    from stroke_map.live.alerts import RecordedAlert
    from stroke_map.live.cases import Case

api = APIBlueprint(
    "links",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="links", description="How a crew without an account reaches its one case.")],
)
#: The address of the crew's page, with the token behind it.
CREW_PAGE: Final = "/case/"
_NEEDS_KEY: Final = "Links to cases are made with a clinical key or a log-in."


@api.post(
    "/cases/<case_id>/link", responses=responses(MadeLink, 401, 404, 409, 413, 422, 503, good=201), security=KNOWN
)
@documented(path=CasePath, body=LinkEntry)
def add_link(case_id: str) -> Response:
    """Make a link for the crew of a case: it leads to that case alone, and ends with it. Those made before go on."""
    actor = require("dispatcher", scope="cases", why=_NEEDS_KEY)
    read_question(LinkEntry, json_fields(request.get_data(cache=False)))
    link, token = live_store().links.add(whole_id(case_id, "case"), by=actor.name, now=datetime.now(UTC))
    url = f"{(settings_of_app().crew_url or request.host_url).rstrip('/')}{CREW_PAGE}{token}"
    made = {"link": link.id, "case": link.case_id, "url": url, "qr": qr_address(url), "expires_at": link.expires_at}
    return json_response(made, 201)


@api.delete("/cases/<case_id>/link", responses=responses(EndedLinks, 401, 404, 422, 503), security=KNOWN)
@documented(path=CasePath)
def end_links(case_id: str) -> Response:
    """End every link to a case, from the next request on."""
    actor = require("dispatcher", scope="cases", why=_NEEDS_KEY)
    number = whole_id(case_id, "case")
    return json_response(
        {"case": number, "ended": live_store().links.revoke(number, by=actor.name, now=datetime.now(UTC))}
    )


@api.get("/cases/<case_id>/crew", responses=responses(CrewCase, 401, 404, 422, 503), security=[*KNOWN, *BY_LINK])
@documented(path=CasePath)
def see_as_crew(case_id: str) -> Response:
    """Read a case as its crew sees it: where to, who knows, what to tell. 304 while nothing has changed, as for alerts."""
    number = whole_id(case_id, "case")
    require_for_case(number, "dispatcher", "crew", scope="cases", why=_NEEDS_KEY)
    store, now = live_store(), datetime.now(UTC)
    case = store.cases.get(number)
    of_case = store.alerts.list(now=now, case_id=number, include_ended=True)
    response = Response(
        orjson.dumps(_as_crew(case, of_case[-1] if of_case else None, now)), mimetype="application/json"
    )
    response.headers.update(NO_STORE | {"Cache-Control": "no-cache, private"})
    response.add_etag()
    response.make_conditional(request)
    return response


def _as_crew(case: Case, alert: RecordedAlert | None, now: datetime) -> dict[str, Any]:
    shown = None if alert is None else alert.as_json(now, live_store().alerts.timers)
    return {
        "case": case.id,
        "condition": case.condition,
        "vehicle": case.vehicle or None,
        "patient": case.question.get("patient") or None,
        "timeline": dict(case.timeline),
        "created_at": case.created_at,
        "closed_at": case.closed_at,
        "destination": _destination(case.hospital_id, alert),
        "alert": shown
        and {
            "id": shown["id"],
            "state": shown["state"],
            "eta": shown["eta"],
            "teams": [
                {name: team[name] for name in ("team", "acknowledged_at", "activated_at")} for team in shown["teams"]
            ],
            "end_reason": shown["end_reason"],
        },
    }


def _destination(hospital_id: str, alert: RecordedAlert | None) -> dict[str, Any]:
    edition = current_edition()
    prepared, told = prepare(edition), dict.fromkeys(("name", "address", "phone", "lat", "lon", "navigation"))
    column = prepared.column.get(hospital_id)
    if column is not None:
        card = prepared.cards[column]
        told |= {name: card[name] for name in ("name", "phone", "lat", "lon", "navigation")}
        told["address"] = edition.hospitals[column].address or None
    if alert is not None and alert.hospital_id == hospital_id and alert.telephone:
        told["phone"] = alert.telephone
    return {"id": hospital_id, **told, "phone": told["phone"] or None}
