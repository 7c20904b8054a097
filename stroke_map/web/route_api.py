"""`GET|POST /api/v1/route`: the nearest hospitals that can treat this, and the road."""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.maps import texts
from stroke_map.roads.gpx import to_gpx
from stroke_map.web.answering import answer_for, json_fields, single_values, take_patient_fields, transfer_for
from stroke_map.web.models import Answer
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.patient import ClinicalBody, ClinicalTransferBody
from stroke_map.web.published import current_edition
from stroke_map.web.questions import RouteBody, RouteQuery

api = APIBlueprint(
    "route", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="route", description="Where to, and how.")]
)
_RESPONSES = responses(Answer, 401, 404, 413, 422, 429, 503)
_GPX: Final[dict[str, Any]] = {
    "description": "The road",
    "content": {"application/gpx+xml": {"schema": {"type": "string"}}},
}
_SECURITY: list[dict[str, list[Any]]] = [{}, *KNOWN]
_NO_STORE = {"Cache-Control": "no-store"}


@api.get("/route", responses=_RESPONSES, security=_SECURITY)
@documented(query=RouteQuery)
def route_by_get() -> Response:
    """Rank the hospitals that can treat this by the time it takes to reach them, with the road to the first.

    Nothing about the patient may stand in the address. profile=ambulance needs a key or a log-in.
    """
    fields = single_values(request.args.lists())
    take_patient_fields(fields, in_url=True)
    return _json(answer_for(current_edition(), RouteQuery, fields, {}))


@api.post("/route", responses=_RESPONSES, security=_SECURITY)
@documented(body=ClinicalBody)
def route_by_post() -> Response:
    """Ask the same as JSON; `crs` is required.

    Fields about the patient need a key or a log-in. With any of them the protocol decides, and says by which rule.
    """
    fields = json_fields(request.get_data(cache=False))
    patient = take_patient_fields(fields, in_url=False)
    return _json(answer_for(current_edition(), RouteBody, fields, patient))


@api.post("/transfer", responses=responses(Answer, 401, 404, 413, 422, 503), security=KNOWN)
@documented(body=ClinicalTransferBody)
def transfer() -> Response:
    """Ask, as a hospital, where to send a patient on to; with a key or a log-in.

    A unit, or a hospital that has not the first drug, is answered as the scene would be: the nearest place that has it may come first.
    """
    fields = json_fields(request.get_data(cache=False))
    patient = take_patient_fields(fields, in_url=False)
    return _json(transfer_for(current_edition(), fields, patient))


@api.get("/route.gpx", responses=_RESPONSES | {"200": _GPX}, security=_SECURITY)
@documented(query=RouteQuery)
def gpx_by_get() -> Response:
    """Give the road to the first hospital as GPX 1.1, for a navigation device."""
    fields = single_values(request.args.lists())
    take_patient_fields(fields, in_url=True)
    return _gpx(answer_for(current_edition(), RouteQuery, fields, {}))


@api.post("/route.gpx", responses=_RESPONSES | {"200": _GPX}, security=_SECURITY)
@documented(body=ClinicalBody)
def gpx_by_post() -> Response:
    """Ask for the same as JSON, which no log keeps."""
    fields = json_fields(request.get_data(cache=False))
    patient = take_patient_fields(fields, in_url=False)
    return _gpx(answer_for(current_edition(), RouteBody, fields, patient))


def _gpx(answer: dict[str, Any]) -> Response:
    first, lang = answer["hospitals"][0], texts.choose_language(None, [tag for tag, _ in request.accept_languages])
    steps = [((step["lon"], step["lat"]), step["text"][lang]) for step in first["steps"]]
    said = [warning["text"][lang] for warning in answer["warnings"]]
    description = "; ".join([*said, f"{first['travel_time_s'] / 60:.1f} min", answer["attribution"], answer["licence"]])
    content = to_gpx(first["geometry"]["coordinates"], steps, name=first["name"][lang], description=description)
    named = {"Content-Disposition": f'attachment; filename="{first["id"]}.gpx"'}
    return Response(content, mimetype="application/gpx+xml", headers=_NO_STORE | named)


def _json(answer: dict[str, Any]) -> Response:
    content = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, mimetype="application/json", headers=_NO_STORE)
