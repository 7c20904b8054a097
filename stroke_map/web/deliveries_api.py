"""`/api/v1/deliveries`: messages of alerts and what came of them. The clinical plane alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.web.answering import json_fields, single_values
from stroke_map.web.cases_api import bound_to, json_response, whole_id
from stroke_map.web.channel_models import (
    DeliveriesQuery,
    DeliveryList,
    DeliveryPath,
    RecordedDelivery,
    ResendEntry,
    ResentDeliveries,
)
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.questions import read_question
from stroke_map.web.security import require

api = APIBlueprint(
    "deliveries",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="deliveries", description="Messages of alerts: on their way, there, or given up.")],
)
_NEEDS_KEY: Final = "Deliveries need a clinical key or a log-in."


@api.get("/deliveries", responses=responses(DeliveryList, 401, 422, 503), security=KNOWN)
@documented(query=DeliveriesQuery)
def list_deliveries() -> Response:
    """List messages, with `dead=true` those that were given up; a hospital's account sees its own."""
    actor = require(why=_NEEDS_KEY)
    asked = read_question(DeliveriesQuery, single_values(request.args.lists()))
    bound, most = bound_to(actor), asked.most
    found = live_store().deliveries.list(
        hospital=asked.hospital if bound is None else bound,
        alert_id=asked.alert,
        dead=asked.dead == "true",
        after=asked.after,
        newest=asked.newest == "true",
        before=asked.before,
        most=most + 1,
    )
    return json_response({"deliveries": [one.as_json() for one in found[:most]], "more": len(found) > most})


@api.post(
    "/deliveries/<delivery_id>/resend",
    responses=responses(RecordedDelivery, 401, 404, 409, 422, 503),
    security=KNOWN,
)
@documented(path=DeliveryPath)
def resend_delivery(delivery_id: str) -> Response:
    """Send a message again that was given up, with the same id."""
    require("dispatcher", "administrator", why=_NEEDS_KEY)
    number = whole_id(delivery_id, "delivery")
    return json_response(live_store().deliveries.resend(number, now=datetime.now(UTC)).as_json())


@api.post("/deliveries/resend", responses=responses(ResentDeliveries, 401, 409, 413, 422, 503), security=KNOWN)
@documented(body=ResendEntry)
def resend_of_alert() -> Response:
    """Send every message of an alert again that was given up; calls only while the alert stands."""
    require("dispatcher", "administrator", why=_NEEDS_KEY)
    entry = read_question(ResendEntry, json_fields(request.get_data(cache=False)))
    found = live_store().deliveries.resend_of_alert(entry.alert, now=datetime.now(UTC))
    return json_response({"deliveries": [one.as_json() for one in found]})
