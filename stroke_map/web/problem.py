"""Every error of the application as a response: see `stroke_map.problems` for its shape."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from stroke_map.errors import (
    BadHttpError,
    MethodNotAllowedError,
    NoMemoryError,
    NotFoundError,
    StrokeMapError,
    TooLargeError,
)
from stroke_map.problems import CONTENT_TYPE, problem_body, problem_headers, problem_json
from stroke_map.web.machine import machine_of
from stroke_map.web.refusing import name_error

PAGE_RENDERER = "stroke_map.problem_page"
log = logging.getLogger("stroke_map.web")


def problem_response(error: StrokeMapError) -> Response:
    """The HTTP response for `error`: a page for a browser's page request where one is registered, JSON otherwise."""
    name_error(request.environ, error)
    body = problem_body(error)
    render = current_app.extensions.get(PAGE_RENDERER)
    wants_page = request.accept_mimetypes.best_match([CONTENT_TYPE, "text/html"]) == "text/html"
    if render and wants_page and not request.path.startswith("/api/"):
        response: Response = render(body)
    else:
        response = Response(problem_json(body), error.status, content_type=CONTENT_TYPE)
    response.headers.update(problem_headers(error))
    return response


def _from_http(error: HTTPException) -> StrokeMapError:
    """Ours for one of Werkzeug's; its own text is left out, it can repeat what the caller sent."""
    if isinstance(error, RequestEntityTooLarge):
        return TooLargeError("The body is larger than this server accepts.")
    if error.code == 404:
        return NotFoundError("No such address on this server.")
    if error.code == 405:
        return MethodNotAllowedError("This address does not take that method.")
    if error.code is not None and 400 <= error.code < 500:
        return BadHttpError("The request could not be understood.")
    return StrokeMapError("The server failed while answering.")


def _handle(error: Exception) -> Response:
    if isinstance(error, StrokeMapError):
        return problem_response(error)
    if isinstance(error, HTTPException):
        if error.response is not None or (error.code is not None and error.code < 400):
            return error.get_response()  # type: ignore[return-value]  # a redirect, not an error
        response = problem_response(_from_http(error))
        valid_methods = getattr(error, "valid_methods", None)
        if valid_methods:
            response.headers["Allow"] = ", ".join(sorted(valid_methods))
        return response
    if isinstance(error, MemoryError):
        machine_of(current_app).note_short()
        return problem_response(NoMemoryError("There is no memory for this answer."))
    # Frames, not the message: a message can carry a value of the request, and a value can be about a patient.
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected %s while answering %s\n%s", type(error).__name__, request.endpoint, frames)
    return problem_response(StrokeMapError("The server failed while answering."))


def install(app: Flask) -> None:
    """Answer every error of `app` with a problem."""
    app.register_error_handler(Exception, _handle)
