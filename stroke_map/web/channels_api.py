"""`/api/v1/channels`: where messages of alerts go. The clinical plane alone, and administrators alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.web.answering import json_fields, single_values
from stroke_map.web.cases_api import json_response, whole_id
from stroke_map.web.channel_models import (
    ChannelEntry,
    ChannelList,
    ChannelPath,
    ChannelsQuery,
    MadeChannel,
    RecordedChannel,
    read_channel,
)
from stroke_map.web.contacts import ContactList, contacts
from stroke_map.web.live_state import live_store
from stroke_map.web.openapi import KNOWN, documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import read_question
from stroke_map.web.security import require, settings_of_app

api = APIBlueprint(
    "channels",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="channels", description="Where messages of alerts go, besides the hospital's screen.")],
)
_NEEDS_KEY: Final = "Channels need the key or the log-in of an administrator."


@api.post("/channels", responses=responses(MadeChannel, 401, 409, 413, 422, 503, good=201), security=KNOWN)
@documented(body=ChannelEntry)
def add_channel() -> Response:
    """Add a way to a hospital; the secret of a webhook is in this answer and in no other. The same as one in use is refused."""
    actor = require("administrator", why=_NEEDS_KEY)
    new = read_channel(json_fields(request.get_data(cache=False)), current_edition(), actor.name)
    made = live_store().channels.add(new, now=datetime.now(UTC))
    return json_response(made.as_json() | {"secret": made.secret or None}, 201)


@api.get("/channels", responses=responses(ChannelList, 401, 422, 503), security=KNOWN)
@documented(query=ChannelsQuery)
def list_channels() -> Response:
    """List channels in use, or all; secrets are never shown again."""
    require("administrator", why=_NEEDS_KEY)
    asked = read_question(ChannelsQuery, single_values(request.args.lists()))
    found = live_store().channels.list(hospital=asked.hospital, include_ended=asked.include_ended == "true")
    return json_response({"channels": [channel.as_json() for channel in found]})


@api.get("/contacts", responses=responses(ContactList, 401, 503), security=KNOWN)
def list_contacts() -> Response:
    """List how each hospital and team is told of an alert: numbers of the yearly list, channels, own screens. Nobody's ears first."""
    require("administrator", why=_NEEDS_KEY)
    store, edition, settings, now = live_store(), current_edition(), settings_of_app(), datetime.now(UTC)
    numbers = settings.gateway_contacts if settings.gateway_url else ""
    accounts = [user.standing for user in store.accounts.list_users() if user.revoked_at is None]
    accounts += [key.standing for key in store.accounts.list_keys() if key.state(now) == "active"]
    told = contacts(edition.hospitals, store.channels.list(), accounts, numbers=bool(numbers))
    return json_response({"edition": edition.info.id, "numbers_by": numbers or None, "hospitals": told})


@api.delete("/channels/<channel_id>", responses=responses(RecordedChannel, 401, 404, 422, 503), security=KNOWN)
@documented(path=ChannelPath)
def remove_channel(channel_id: str) -> Response:
    """Send nothing more by a channel; who removed it first stays written."""
    actor = require("administrator", why=_NEEDS_KEY)
    number = whole_id(channel_id, "channel")
    return json_response(live_store().channels.remove(number, actor.name, now=datetime.now(UTC)).as_json())
