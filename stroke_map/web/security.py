"""Who may ask what, and what every response tells the browser."""

from __future__ import annotations

import hmac
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import current_app, request

from stroke_map.errors import TooBusyError, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask, Response

    from stroke_map.settings import Settings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # The address of /map holds coordinates: it must not travel to the site a visitor goes to next.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# For everything that is not a page; a page brings its own policy.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SLOTS = "stroke_map.public_slots"


def settings_of_app() -> Settings:
    """The settings this application was made with."""
    settings: Settings = current_app.extensions["stroke_map.settings"]
    return settings


def require_clinical_key(why: str) -> None:
    """Refuse the request unless it carries the clinical key.

    Raises
    ------
    UnauthorizedError
        No key, a wrong key, no key set on this server, or this is the public plane.
    """
    settings = settings_of_app()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # Bytes, because compare_digest takes only ASCII text; an empty key would match an empty header.
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), settings.clinical_key.encode())
    if settings.plane == "public" or not settings.clinical_key or scheme.lower() != "bearer" or not same:
        raise UnauthorizedError(why)


@contextmanager
def public_slot() -> Iterator[None]:
    """Hold one of the places for public routing questions.

    Raises
    ------
    TooBusyError
        All are taken. The caller is told at once: a queue would make the wait of everyone longer.
    """
    slots: threading.BoundedSemaphore = current_app.extensions[_SLOTS]
    if not slots.acquire(blocking=False):
        raise TooBusyError("More public questions arrived at this moment than this server answers at once.")
    try:
        yield
    finally:
        slots.release()


def _add_headers(response: Response) -> Response:
    headers = response.headers
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("Content-Security-Policy", NOTHING)
    return response


def install(app: Flask) -> None:
    """Send the headers with every response and make the places for public questions."""
    app.after_request(_add_headers)
    settings: Settings = app.extensions["stroke_map.settings"]
    app.extensions[_SLOTS] = threading.BoundedSemaphore(max(1, settings.public_route_concurrency))
