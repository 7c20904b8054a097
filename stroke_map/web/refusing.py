"""An error told before Flask is asked: whoever is refused costs little, however many there are."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from stroke_map.problems import CONTENT_TYPE, problem_body, problem_headers, problem_json
from stroke_map.web.security import HEADERS, NOTHING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from stroke_map.errors import StrokeMapError

#: Under this name a request says with which error it was answered.
CODE: Final = "stroke_map.code"
_HEADERS: Final = (*HEADERS.items(), ("Content-Security-Policy", NOTHING), ("Content-Type", CONTENT_TYPE))


def name_error(environ: WSGIEnvironment, error: StrokeMapError) -> None:
    """Let the error that is answered be counted, and stand in the line of its request."""
    environ[CODE] = error.code


def refused(environ: WSGIEnvironment, start_response: StartResponse, error: StrokeMapError) -> list[bytes]:
    """Answer a request with `error`, with the headers that every response has."""
    name_error(environ, error)
    content = problem_json(problem_body(error))
    headers = [*_HEADERS, *problem_headers(error).items(), ("Content-Length", str(len(content)))]
    start_response(f"{error.status} {HTTPStatus(error.status).phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]
