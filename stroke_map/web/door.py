"""Whoever shows no key and no session is refused at the door, where that costs a twentieth of an answer, and waits for nothing.

A refusal by Flask takes a turn, and half of the time of an answer: a few hundred connections that are refused, hang up and come again took
seconds from those who ask for a patient.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from werkzeug.http import parse_cookie

from stroke_map.errors import LiveStoreError, UnauthorizedError
from stroke_map.live.identity import COOKIE, Shown
from stroke_map.live.link_records import LINK_PREFIX
from stroke_map.web.live_state import live_view_of
from stroke_map.web.refusing import refused
from stroke_map.web.security import accounts_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask_openapi3.openapi import OpenAPI

    from stroke_map.settings import Settings

_API: Final = "/api/v1/"


class Door:
    """An application into whose closed parts only those come whom this server knows, and crews with a link.

    What stands behind it looks again, for the role, the scope and the CSRF token.

    Parameters
    ----------
    application
        What answers, with all that a request waits for.
    app
        The Flask application in it, with everything it answers.
    """

    def __init__(self, application: WSGIApplication, app: OpenAPI) -> None:
        settings: Settings = app.extensions["stroke_map.settings"]
        self._application, self._view, self._clinical_key = application, live_view_of(app), settings.clinical_key
        self._closed = closed_parts(app, to_all=settings.plane == "clinical")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._is_closed(environ["PATH_INFO"]) and not self._may_come_in(environ):
            return refused(environ, start_response, UnauthorizedError("This needs a key or a log-in."))
        return self._application(environ, start_response)

    def _is_closed(self, path: str) -> bool:
        return path.startswith(_API) and path[len(_API) :].partition("/")[0] in self._closed

    def _may_come_in(self, environ: WSGIEnvironment) -> bool:
        cookies = environ.get("HTTP_COOKIE", "")
        cookie = parse_cookie(cookies).get(COOKIE, "") if COOKIE in cookies else ""
        shown, now = Shown.of(environ.get("HTTP_AUTHORIZATION", ""), cookie), datetime.now(UTC)
        if shown.key.startswith(LINK_PREFIX):
            return True  # to which case it leads is known to the database alone
        try:
            return shown.actor(self._clinical_key, lambda: accounts_of(self._view, now), now) is not None
        except LiveStoreError:
            return True  # is told so behind it


def closed_parts(app: OpenAPI, *, to_all: bool) -> frozenset[str]:
    """The first parts of addresses under `/api/v1/` of which `app` documents no operation that a stranger may ask for.

    Parameters
    ----------
    to_all
        Whether what the document leaves open to the public is closed too, as on the clinical plane.
    """
    is_open: dict[str, bool] = {}
    for path, item in app.paths.items():
        if path.startswith(_API):
            part = path[len(_API) :].partition("/")[0]
            asked = [operation for operation in (item.get, item.post, item.put, item.patch, item.delete) if operation]
            anybody = any(not one.security or ({} in one.security and not to_all) for one in asked)
            is_open[part] = is_open.get(part, False) or anybody
    return frozenset(part for part, anybody in is_open.items() if not anybody)
