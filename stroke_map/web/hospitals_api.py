"""`GET /api/v1/hospitals`: every hospital of the edition as GeoJSON."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.web.conditional import NOT_MODIFIED
from stroke_map.web.models import HospitalCollection
from stroke_map.web.openapi import responses
from stroke_map.web.published import current_edition

if TYPE_CHECKING:
    from stroke_map.editions import Edition

api = APIBlueprint(
    "hospitals", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="hospitals", description="Who can treat what.")]
)


@lru_cache(maxsize=2)
def _content(edition: Edition) -> bytes:
    """Made once for an edition; two, so that a switch and the request before it do not push each other out."""
    info = edition.info
    collection = hospitals_geojson(edition.hospitals)
    return orjson.dumps({**collection, "edition": info.id, "demo": info.demo, "attribution": info.attribution})


@api.get("/hospitals", responses=responses(HospitalCollection, 503) | NOT_MODIFIED)
def hospitals() -> Response:
    """List every hospital of the published edition, with its capabilities; the ETag changes with the edition."""
    edition = current_edition()
    response = Response(_content(edition), content_type="application/geo+json")
    response.set_etag(f"{edition.info.etag}-hospitals")
    response.headers["Cache-Control"] = "public, no-cache"
    response.make_conditional(request)
    return response
