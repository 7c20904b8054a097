"""Who may ask what, and what every response tells the browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flask import current_app, g, request

from stroke_map.errors import ForbiddenError, LiveStoreError, UnauthorizedError
from stroke_map.live.case_records import no_such_case
from stroke_map.live.credentials import csrf_matches
from stroke_map.live.identity import COOKIE, Shown
from stroke_map.live.link_records import LINK_PREFIX
from stroke_map.live.roles import Actor
from stroke_map.web.auditing import begin_deed
from stroke_map.web.live_state import live_store, live_view_of

if TYPE_CHECKING:
    from flask import Flask, Response

    from stroke_map.live import LiveView
    from stroke_map.live.accounts import Accounts
    from stroke_map.settings import Settings

CSRF_HEADER: Final = "X-CSRF-Token"
_LOOKING: Final = frozenset(("GET", "HEAD", "OPTIONS"))
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # The address of /map holds coordinates: it must not travel to the site a visitor goes to next.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_HEADERS: Final = tuple(HEADERS.items())
# For everything that is not a page; a page brings its own policy.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def settings_of_app() -> Settings:
    """The settings this application was made with."""
    settings: Settings = current_app.extensions["stroke_map.settings"]
    return settings


def actor() -> Actor | None:
    """Who asks, by a key or the cookie of a session; None: nobody whom this server knows. Nobody at all on the public plane.

    Raises
    ------
    ForbiddenError
        A session would change something, and the page does not show its CSRF token.
    LiveStoreError
        Accounts could not be read since this worker started.
    """
    if "actor" not in g:
        g.actor = None if settings_of_app().plane == "public" else _actor()
    found: Actor | None = g.actor
    return found


def _actor() -> Actor | None:
    now = datetime.now(UTC)
    shown = Shown.of(request.headers.get("Authorization", ""), request.cookies.get(COOKIE, ""))
    g.session_token = token = shown.token
    found = shown.actor(settings_of_app().clinical_key, lambda: accounts_at(now), now)
    changing = request.method not in _LOOKING
    if found and token and changing and not csrf_matches(token, request.headers.get(CSRF_HEADER, "")):
        begin_deed(found)
        raise ForbiddenError("The CSRF token of this session is missing or wrong.", next_step=f"Send the `csrf_token` of GET /api/v1/session as {CSRF_HEADER}.", reason="csrf")  # fmt: skip
    return found


def accounts_at(now: datetime) -> Accounts:
    """Every account as known now; while the database is away, as last known.

    Raises
    ------
    LiveStoreError
        Nothing was ever read.
    """
    return accounts_of(live_view_of(current_app), now)


def accounts_of(view: LiveView, now: datetime) -> Accounts:
    """See `accounts_at`."""
    state = view.state(now)
    if state.as_of is None:
        raise LiveStoreError("accounts cannot be read")
    return state.accounts


def require(*roles: str, scope: str | None = None, why: str = "This needs a key or a log-in.") -> Actor:
    """Let the request in only for an account with one of `roles` (any when none is named) that may do this.

    Parameters
    ----------
    scope
        The part of the API, one of `SCOPES`; that of the blueprint when left out. To look, its ":read" is enough.
    why
        What to tell who shows no key and no session.

    Raises
    ------
    UnauthorizedError
        Nobody known asks, or this is the public plane.
    ForbiddenError
        Somebody known asks whose role or key does not cover this.
    """
    found = actor()
    if found is None:
        raise UnauthorizedError(why)
    begin_deed(found)
    wanted = (scope or request.blueprint or "") + (":read" if request.method in _LOOKING else "")
    if (roles and found.role not in roles) or not found.may(wanted):
        raise ForbiddenError(f"The role {found.role}, or what this key is held to, does not cover {wanted}.")
    return found


def require_for_case(case_id: int, *roles: str, scope: str, why: str) -> Actor:
    """As `require`; or let in the crew that shows the token of a link to this very case, and nothing else of it.

    Raises
    ------
    NotFoundError
        A link leads to another case, or nowhere, or nowhere any more: nobody learns which.
    """
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip().startswith(LINK_PREFIX):
        return require(*roles, scope=scope, why=why)
    link = live_store().links.find(given.strip(), now=datetime.now(UTC))
    if link is None or link.case_id != case_id:
        raise no_such_case()
    found = Actor(f"crew link {link.id}", "crew", "", "", frozenset(), by_link=True)
    begin_deed(found)
    return found


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.extend(_HEADERS)  # nothing else sets any of these
    if "Content-Security-Policy" not in headers:
        headers.add("Content-Security-Policy", NOTHING)
    if g.get("framed_by"):
        del headers["X-Frame-Options"]  # it knows no list of origins; the page's own policy has it
    return response


def install(app: Flask) -> None:
    """Send the headers with every response."""
    app.after_request(_add_headers)
