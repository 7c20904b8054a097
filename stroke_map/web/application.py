"""The Flask application: one code, two planes.

`make_app(settings)` puts together what the plane of this process answers:

* public: pages, the hospital list, routes by car. No patient data; nothing about the caller is stored.
* clinical: every routing question needs a key or a log-in; closures are recorded here, and all of it is audited.
* both: public questions as above, clinical ones with a key or a log-in; for one small machine, and for trying it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flask.sessions import NullSession, SecureCookieSession, SessionInterface
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

import stroke_map
from stroke_map.live.identity import COOKIE
from stroke_map.web import (
    account_api,
    accounts_api,
    alerts_api,
    audit_api,
    auditing,
    bodies,
    cases_api,
    channels_api,
    closures_api,
    compressing,
    counts,
    crew_page,
    deliveries_api,
    editor_api,
    events_api,
    health_api,
    hospitals_api,
    limiting,
    links_api,
    machine,
    measures,
    metrics,
    observing,
    offline,
    openapi,
    page_files,
    pages,
    problem,
    protocols_api,
    public_files,
    public_pages,
    quality_api,
    route_api,
    screens,
    search_api,
    search_page,
    security,
    session_api,
    statuses_api,
)
from stroke_map.web.door import Door
from stroke_map.web.live_state import install_live_state
from stroke_map.web.models import Problem
from stroke_map.web.published import install_edition
from stroke_map.web.questions import invalid
from stroke_map.web.ready import Ready
from stroke_map.web.spreading import Spread
from stroke_map.web.turns import MOST_QUEUED, THREADS, TURNS, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Request, Response
    from pydantic import ValidationError

    from stroke_map.settings import Settings
    from stroke_map.web.workers import Workers

# The largest question is a few hundred bytes; a larger body is never read to its end.
MAX_BODY_BYTES = 16 * 1024
_SECURITY_SCHEMES: dict[str, Any] = {
    "clinicalKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key made by `stroke-map key add`, or STROKE_MAP_CLINICAL_KEY of this server.",
    },
    "caseLink": {
        "type": "http",
        "scheme": "bearer",
        "description": "The last part of a link made by POST /api/v1/cases/{case_id}/link: for that case alone, while it is open.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"Given by POST /api/v1/session; what changes something also needs its CSRF token in {security.CSRF_HEADER}.",
    },
}


class _NoSessions(SessionInterface):
    """None of Flask's: ours are in the live state (`session_api`)."""

    _NOBODYS: ClassVar[SecureCookieSession] = NullSession()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:  # noqa: ARG002  as Flask asks
        """One for all, into which nothing can be written."""
        return self._NOBODYS


class _Application(OpenAPI):
    """Without what Flask does for others at every request, a twentieth of an answer's time."""

    session_interface: SessionInterface = _NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view and nothing before or after one is a coroutine: none need be looked at for that."""
        return func


def make_app(settings: Settings, among: Workers | None = None) -> OpenAPI:
    """The WSGI application for `settings.plane`. An edition need not be published yet: `/readyz` says so.

    Parameters
    ----------
    among
        The workers of the server for one of which it is made: they count together, and requests take turns.
    """
    app = _Application(
        "stroke_map",
        info=Info(title="stroke_map", version=stroke_map.__version__, description=__doc__),
        # Without it the library writes `securitySchemes: null`, which no reader accepts.
        security_schemes=_SECURITY_SCHEMES,
        validation_error_model=Problem,
        validation_error_callback=_refuse,
        doc_ui=False,
        static_folder=None,
        template_folder=None,
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.extensions["stroke_map.settings"] = settings
    install_edition(app, settings)
    install_live_state(app, settings)
    counts.install(app)
    machine.install(app)
    measures.install(app, among)
    auditing.install(app, settings)
    problem.install(app)
    security.install(app)
    bodies.install(app)
    limiting.install(app)
    compressing.install(app)
    session_api.install(app)
    for api in (health_api.api, route_api.api, hospitals_api.api, search_api.api, protocols_api.api):
        app.register_api(api)
    if settings.plane != "public":
        app.register_api(closures_api.api)
        app.register_api(events_api.api)
        cases_api.install(app)
        for api in (links_api.api, channels_api.api, deliveries_api.api, editor_api.api):
            app.register_api(api)
        alerts_api.install(app)
        app.register_api(session_api.api)
        app.register_api(statuses_api.api)
        app.register_api(audit_api.api)
        app.register_api(quality_api.api)
        app.register_api(accounts_api.api)
        app.register_api(account_api.api)
    openapi.install(app)
    metrics.install(app)
    page_files.install(app)
    if settings.plane != "public":
        screens.install(app)
        crew_page.install(app)
    if settings.plane != "clinical":
        pages.install(app)
        public_pages.install(app)
        public_files.install(app)
        search_page.install(app)
        offline.install(app)
    _stand_before(app, settings, among)
    observing.install(app)
    return app


def _stand_before(app: OpenAPI, settings: Settings, among: Workers | None) -> None:
    """Put before `app` what a request meets first; the last here stands foremost."""
    if among is not None:
        # The public plane keeps its threads for pages: nobody there waits for a database, and pages are never refused.
        queued = THREADS if settings.plane == "public" else MOST_QUEUED
        app.extensions[TURNS] = app.wsgi_app = Turns(app.wsgi_app, most_queued=queued)  # type: ignore[method-assign]
        if settings.plane != "public":
            app.wsgi_app = Door(app.wsgi_app, app)  # type: ignore[method-assign]
    if settings.plane != "clinical":
        app.wsgi_app = limiting.Admission(app.wsgi_app, app, settings.public_route_concurrency)  # type: ignore[method-assign]
    if among is not None:
        app.wsgi_app = Ready(app.wsgi_app, app)  # type: ignore[method-assign]
    if among is not None and settings.workers > 1:
        app.wsgi_app = Spread(app.wsgi_app)  # type: ignore[method-assign]


def _refuse(error: ValidationError) -> Response:
    """The library's own answer repeats the input; ours names the fields alone."""
    fields = sorted({str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}) or ["body"]
    raise invalid([{"field": field, "problem": "is not valid", "example": None} for field in fields])
