"""`GET /api/v1/protocols/{condition}`: by which rules and numbers this edition decides."""

from __future__ import annotations

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from stroke_map import dispatch
from stroke_map.errors import NotFoundError
from stroke_map.protocols import Protocol
from stroke_map.web.conditional import NOT_MODIFIED
from stroke_map.web.openapi import responses
from stroke_map.web.published import current_edition

api = APIBlueprint(
    "protocols",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="protocols", description="Which hospital, and why.")],
)


class ProtocolPath(BaseModel):
    """Which protocol."""

    condition: str = Field(description="stroke or chest_pain.", json_schema_extra={"example": "stroke"})


class SealedProtocol(Protocol):
    """The protocol in force, and the digest by which a signed one is recognised."""

    edition: str
    digest: str = Field(description="sha256 of the protocol's canonical JSON, in hexadecimal.")


@api.get("/protocols/<condition>", responses=responses(SealedProtocol, 404, 503) | NOT_MODIFIED)
def protocol(path: ProtocolPath) -> Response:
    """Give every value with its unit, source and status, every rule in words, and the scales with their items for a calculator."""
    edition = current_edition()
    found = dispatch.prepare(edition).protocols.get(path.condition)
    if found is None:
        raise NotFoundError("There is no such protocol: give stroke or chest_pain.")
    content = found.model_dump(mode="json") | {"edition": edition.info.id, "digest": found.sha256}
    response = Response(orjson.dumps(content), mimetype="application/json")
    response.set_etag(f"{edition.info.etag}-{found.sha256[:16]}")
    response.headers["Cache-Control"] = "public, no-cache"
    response.make_conditional(request)
    return response
