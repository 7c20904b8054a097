"""Every request is given an id, counted, and told in the log where that is worth a line: never who asked, nor what.

A line names the address as the service knows it (`/api/v1/cases/<int:case_id>`), not as it was asked for.
"""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING, Any, Final

from flask import g, request

from stroke_map import logs
from stroke_map.errors import StrokeMapError
from stroke_map.logs import REQUEST_ID_HEADER, failure, request_id, request_id_for
from stroke_map.web.measures import measures_of
from stroke_map.web.refusing import CODE, refused
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask, Response

    from stroke_map.settings import Settings

#: Under this name a request says which address it asked for, and of which plane.
SEEN: Final = "stroke_map.seen"
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
#: Asked all the time by machines: told in the log where they fail.
_QUIET: Final = frozenset(("/healthz", "/readyz", "/metrics"))
#: Of what is refused before Flask is asked so many lines a second; the rest is counted alone: whoever is refused by the thousand fills no disk.
MOST_REFUSALS_TOLD_PER_S: Final = 10


class Observed:
    """An application whose requests are observed.

    Parameters
    ----------
    application
        What answers, with all that a request waits for.
    app
        The Flask application in it, which has counters and settings.
    """

    def __init__(self, application: WSGIApplication, app: Flask) -> None:
        settings: Settings = app.extensions["stroke_map.settings"]
        self._application, self._measures = application, measures_of(app)
        self._trusting, self._public_share = settings.trusted_proxies > 0, settings.log_public_share
        self._plane = "public" if settings.plane == "public" else "clinical"
        self._open: dict[int, float] = {}
        self._numbers = itertools.count()
        self._lines_lost = 0
        self._refusals = (0, 0)  # in which second, and how many of them were told

    def pulse(self) -> float:
        """How long the oldest request has been under way, in seconds; 0: there is none. To be asked again and again."""
        lost = logs.lines.lost
        self._measures.lines_lost.inc(lost - self._lines_lost)
        self._lines_lost = lost
        begun = list(self._open.values())
        return time.monotonic() - min(begun) if begun else 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        number, began_s, status = next(self._numbers), time.monotonic(), "500"
        self._open[number] = began_s
        found = request_id_for(environ.get("HTTP_X_REQUEST_ID", "") if self._trusting else "")
        token = request_id.set(found)

        def start(line: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, [*headers, (REQUEST_ID_HEADER, found)], *failed)

        try:
            return self._application(environ, start)
        except Exception as error:  # noqa: BLE001  the server would write its words into the log
            logs.log.error("unexpected failure beside the application", **failure(error))
            return refused(environ, start, StrokeMapError("The server failed while answering."))
        finally:
            self._note(environ, status, time.monotonic() - began_s)
            request_id.reset(token)
            del self._open[number]

    def _note(self, environ: WSGIEnvironment, status: str, seconds: float) -> None:
        endpoint, plane = environ.get(SEEN, ("none", self._plane))
        method = environ["REQUEST_METHOD"]
        method = method if method in _METHODS else "other"
        self._measures.request(plane, method, endpoint, status, seconds)
        code = environ.get(CODE)
        if code is not None:
            self._measures.problem(plane, code)
        if SEEN not in environ and code is not None and not self._is_among_the_first():
            return
        failed = status >= "500"
        if failed or (endpoint not in _QUIET and (plane != "public" or self._is_drawn())):
            told = {"plane": plane, "method": method, "endpoint": endpoint, "status": int(status)}
            told |= {"code": code} if code is not None else {}
            say = logs.log.error if failed else logs.log.warning if status >= "400" else logs.log.info
            say("request", **told, ms=round(seconds * 1000, 1))

    def _is_among_the_first(self) -> bool:
        """Whether a refusal is one of the first of this second. Two threads may take the same number: then one more is told."""
        second, told = self._refusals
        now = int(time.monotonic())
        self._refusals = now, told + 1 if second == now else 1
        return self._refusals[1] <= MOST_REFUSALS_TOLD_PER_S

    def _is_drawn(self) -> bool:
        return self._public_share > 0 and random.random() < self._public_share  # noqa: S311  a sample


def plane_of_request() -> str:
    """On which plane a request is answered: where a process serves both, on the clinical one once an account was let in."""
    plane = settings_of_app().plane
    return plane if plane != "both" else "clinical" if "deed" in g else "public"


def _see(response: Response) -> Response:
    rule = request.url_rule
    request.environ[SEEN] = (rule.rule if rule else "none", plane_of_request())
    return response


def install(app: Flask) -> None:
    """Observe what `app` answers; after everything else, for what comes last looks at a response first."""
    app.after_request(_see)
    app.wsgi_app = Observed(app.wsgi_app, app)  # type: ignore[method-assign]
