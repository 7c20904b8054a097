"""The OpenAPI 3.1 document, generated from the models, and how a view names its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from flask import Response, request

from stroke_map.web.kept import ANY_EDITION, LASTING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask_openapi3.openapi import OpenAPI
    from pydantic import BaseModel

#: The security of an operation for those who are known.
KNOWN: list[dict[str, list[Any]]] = [{"clinicalKey": []}, {"session": []}]
#: Besides that, of an operation for the crew that was given a link to its case.
BY_LINK: list[dict[str, list[Any]]] = [{"caseLink": []}]
_View = TypeVar("_View", bound="Callable[..., Response]")
_PROBLEMS = {
    401: "No key or log-in, or a wrong, expired or revoked one",
    403: "Known, but not allowed: the role, the key's scopes, or the CSRF token",
    404: "No answer from here: outside-area, off-network, no-route or no-capable-hospital, with a fallback list; or not-found",
    409: "It contradicts what is recorded: conflict",
    413: "The body is too large",
    422: "The question has a mistake; each field is named",
    429: "Too many questions at once, or failed log-ins; ask again after Retry-After seconds",
    503: "No sound edition is published, or the database of live state is away",
}


#: What is written as another kind of JSON; the library knows but one.
_MEDIA_TYPES: Final = {"#/components/schemas/HospitalCollection": "application/geo+json"}


def documented(**parts: type[Any]) -> Callable[[_View], _View]:
    """Name the `query` or `body` model (`raw`: of what is no JSON) of a view for the document, and leave reading it to the view.

    The library's own reading builds the model's JSON schema again at each request, several times what an answer costs.
    """

    def mark(view: _View) -> _View:
        view.__annotations__.update(parts)
        view.__delay_validate_request__ = True  # type: ignore[attr-defined]  # its switch for exactly this
        return view

    return mark


def responses(success: type[BaseModel] | dict[str, Any], *statuses: int, good: int = 200) -> dict[str | int, Any]:
    """The responses of an operation: the good one, and a problem for each of `statuses`; whoever can be unknown can be refused."""
    if 401 in statuses:
        statuses = (*statuses, 403)
    schema = {"$ref": "#/components/schemas/Problem"}
    problems: dict[str | int, Any] = {
        str(status): {"description": _PROBLEMS[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }
    return {str(good): success, **problems}


def _document(app: OpenAPI) -> dict[str, Any]:
    document: dict[str, Any] = app.api_doc
    for path in document["paths"].values():
        for operation in path.values():
            # The library adds a 422 of a shape of its own to whatever names none.
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
            for response in operation["responses"].values():
                content = response.get("content", {})
                if media := _MEDIA_TYPES.get(content.get("application/json", {}).get("schema", {}).get("$ref")):
                    content[media] = content.pop("application/json")
    return document


def install(app: OpenAPI) -> None:
    """Serve the document at `/api/v1/openapi.json`. It is generated once, after every API is registered."""
    content = b""

    def openapi_json() -> Response:
        nonlocal content
        content = content or orjson.dumps(_document(app), option=orjson.OPT_INDENT_2)
        request.environ[LASTING] = ANY_EDITION
        return Response(content, mimetype="application/json", headers={"Cache-Control": "no-cache"})

    app.add_url_rule("/api/v1/openapi.json", "openapi_json", openapi_json)
