"""`GET /api/v1/search`: hospitals, districts and places by what somebody types. No log keeps it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from stroke_map.editions.searching import search_of
from stroke_map.web.answering import single_values
from stroke_map.web.conditional import NOT_MODIFIED
from stroke_map.web.limiting import public_question
from stroke_map.web.openapi import documented, responses
from stroke_map.web.published import current_edition
from stroke_map.web.questions import read_question
from stroke_map.web.search_models import SearchAnswer, SearchQuery
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from stroke_map.registry.search import Found

api = APIBlueprint(
    "search", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="search", description="Where is what they call so?")]
)


@api.get("/search", responses=responses(SearchAnswer, 422, 429, 503) | NOT_MODIFIED)
@documented(query=SearchQuery)
def search() -> Response:
    """Find hospitals, districts and places by name, pinyin or initials, the best first; the ETag changes with the edition."""
    edition = current_edition()
    asked = read_question(SearchQuery, single_values(request.args.lists()))
    with nullcontext() if settings_of_app().plane == "clinical" else public_question():
        found = search_of(edition).find(asked.q, asked.limit)
    info = edition.info
    content = {
        "edition": info.id,
        "demo": info.demo,
        "results": [told(one, asked.lang) for one in found],
        "attribution": info.attribution,
    }
    response = Response(orjson.dumps(content), mimetype="application/json")
    response.set_etag(f"{info.etag}-search")
    # Where somebody is is his own: no cache but his keeps it.
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def told(found: Found, lang: str) -> dict[str, Any]:
    """What was found, as it is told in a language."""
    name = {"zh": found.name, "en": found.name_en or found.name}
    label = [name[lang], found.district] if found.district not in {"", found.name} else [name[lang]]
    return {
        "kind": found.kind,
        "id": found.id or None,
        "name": name,
        "district": found.district,
        "label": " · ".join(label),
        "matched": found.matched,
        "lat": found.lat,
        "lon": found.lon,
    }
