"""The screens of those who work with the service: `/login`, `/logout`, `/dispatch`, `/hospital`, `/administration`, `/account`. The clinical plane alone.

A page holds words and addresses, and nothing about any patient: what is shown in it comes from the API, which lets in whom it knows.
So a page may be kept by a browser, and one that is open when a session ends needs no new one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request

from stroke_map.dispatch import prepare
from stroke_map.errors import EditionError
from stroke_map.live.channels import CHANNEL_KINDS
from stroke_map.live.credentials import LEAST_PASSWORD
from stroke_map.live.quality import FEW
from stroke_map.live.roles import ROLES, allowed_scopes
from stroke_map.live.statuses import TROUBLES, longest
from stroke_map.maps import files
from stroke_map.maps.files import static_url
from stroke_map.maps.markers import MARKERS
from stroke_map.maps.texts import LANGUAGES, TAGS, choose_language
from stroke_map.registry import TEAMS
from stroke_map.web.account_texts import ACCOUNT
from stroke_map.web.administration_texts import ADMINISTRATION
from stroke_map.web.dispatch_texts import DISPATCH
from stroke_map.web.editor_texts import EDITOR
from stroke_map.web.hospital_texts import HOSPITAL
from stroke_map.web.published import current_edition
from stroke_map.web.quality_texts import QUALITY
from stroke_map.web.screen_texts import FRAME, LOG_IN
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    Texts = Mapping[str, tuple[str, str]]

blueprint = Blueprint("screens", __name__)


@dataclass(frozen=True)
class Screen:
    """One screen.

    Attributes
    ----------
    name
        Of its template `screens/<name>.html`, its module `screens/<name>_page.js`, and its text `title_<name>`.
    address
        Where it is.
    roles
        Whose screen it is: the first screen of a role is where the log-in leads. What somebody may do is for the API to say.
    texts
        Its own words, besides those of the frame.
    has_map
        Whether it needs Leaflet, and so an edition.
    """

    name: str
    address: str
    roles: tuple[str, ...] = ()
    texts: Texts = field(default_factory=dict)
    has_map: bool = False


LOGIN: Final = Screen("login", "/login")
LOGOUT: Final = Screen("logout", "/logout")
DISPATCH_SCREEN: Final = Screen("dispatch", "/dispatch", ("dispatcher",), DISPATCH, has_map=True)
HOSPITAL_SCREEN: Final = Screen("hospital", "/hospital", ("hospital",), HOSPITAL)
EDITOR_SCREEN: Final = Screen("editor", "/editor", ("editor",), EDITOR)
QUALITY_SCREEN: Final = Screen("quality", "/quality", ("auditor", "editor", "administrator"), QUALITY)
ADMINISTRATION_SCREEN: Final = Screen("administration", "/administration", ("administrator",), ADMINISTRATION)
#: Of everybody who logs in; nobody's first screen.
ACCOUNT_SCREEN: Final = Screen("account", "/account", tuple(ROLES), ACCOUNT)
#: Every screen that somebody works with, in the order in which the log-in offers them.
SCREENS: Final = (DISPATCH_SCREEN, HOSPITAL_SCREEN, EDITOR_SCREEN, ADMINISTRATION_SCREEN, QUALITY_SCREEN)


@blueprint.get(LOGIN.address)
def login() -> Response:
    """Log in with name, password and one-time code; then the screen of one's role opens."""
    return page_of(LOGIN)


@blueprint.get(LOGOUT.address)
def logout() -> Response:
    """Log out, at the press of a button."""
    return page_of(LOGOUT)


@blueprint.get(DISPATCH_SCREEN.address)
def dispatch() -> Response:
    """The dispatcher's screen."""
    return page_of(DISPATCH_SCREEN)


@blueprint.get(HOSPITAL_SCREEN.address)
def hospital() -> Response:
    """The hospital's screen; which hospital, its account says."""
    settings = settings_of_app()
    longest_h = {kind: longest(kind, settings).total_seconds() / 3600 for kind in TROUBLES}
    return page_of(HOSPITAL_SCREEN, dispatch_phone=settings.dispatch_phone, hospitals=_names(), longest_h=longest_h)


@blueprint.get(ADMINISTRATION_SCREEN.address)
def administration() -> Response:
    """The administrator's screen: accounts, who hears an alert, messages, the audit log."""
    scopes = {role: sorted(allowed_scopes(role)) for role in ROLES}
    # No stream: an administrator hears of no patient.
    about: dict[str, Any] = {"scopes": scopes, "teams": TEAMS, "channel_kinds": CHANNEL_KINDS, "stream": ""}
    return page_of(ADMINISTRATION_SCREEN, hospitals=_names(), **about)


@blueprint.get(QUALITY_SCREEN.address)
def quality() -> Response:
    """The quality screen: how long things took, and how many were in time."""
    return page_of(QUALITY_SCREEN, hospitals=_names(), few=FEW)


@blueprint.get(EDITOR_SCREEN.address)
def editor() -> Response:
    """The editor's screen: this year's table, the edition built from it, and which one serves."""
    return page_of(EDITOR_SCREEN)


@blueprint.get(ACCOUNT_SCREEN.address)
def account() -> Response:
    """One's own password and authenticator."""
    return page_of(ACCOUNT_SCREEN, least_password=LEAST_PASSWORD, stream="")


def _names() -> dict[str, dict[str, str]]:
    """The names of hospitals by id; none where nothing is published."""
    try:
        return {card["id"]: card["name"] for card in prepare(current_edition()).cards}
    except EditionError:
        return {}


def page_of(screen: Screen, *, lang: str | None = None, **more: Any) -> Response:
    """The page of a screen, in a language or in that which is asked for; `more` goes to its template and to its scripts as facts."""
    lang = choose_language(lang or request.args.get("lang"), [tag for tag, _quality in request.accept_languages])
    at = LANGUAGES.index(lang)
    words = {name: pair[at] for name, pair in {**FRAME, **LOG_IN, **screen.texts}.items()}
    stream = _stream_address()
    titles = {each.address: each.texts[f"title_{each.name}"][at] for each in SCREENS}
    facts = _facts(screen) | {"lang": lang, "stream": stream, "titles": titles} | more
    content = render_template(
        f"screens/{screen.name}.html",
        lang=lang,
        tag=TAGS[lang],
        other=next(other for other in LANGUAGES if other != lang),
        other_tag=next(tag for other, tag in TAGS.items() if other != lang),
        text=words,
        title=words[f"title_{screen.name}"],
        screen=screen,
        static_url=static_url,
        facts=facts,
        settings={"facts": facts, "words": words},
    ).encode()
    response = Response(content, mimetype="text/html")
    response.set_etag(hashlib.sha256(content).hexdigest()[:16])
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept-Language")
    response.headers["Content-Security-Policy"] = files.content_security_policy(connect=_origin_of(stream))
    response.make_conditional(request)
    return response


_EVENTS: Final = "/api/v1/events"
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]", re.ASCII)


def _facts(screen: Screen) -> dict[str, Any]:
    """What the scripts of every screen are told."""
    facts: dict[str, Any] = {
        "homes": {role: [each.address for each in SCREENS if role in each.roles] for role in ROLES},
        "zone": "UTC",
        "demo": False,
    }
    try:
        info = current_edition().info
    except EditionError:
        if screen.has_map:
            raise
        return facts
    facts |= {"zone": info.timezone, "demo": info.demo, "edition": info.id}
    if screen.has_map:
        facts["map"] = {
            "bounds": info.region.bounds,
            "tiles": f"/tiles/{info.id}/{{z}}/{{x}}/{{y}}.png",
            "attribution": info.attribution,
        }
        facts["markers"] = {condition: [kind._asdict() for kind in kinds] for condition, kinds in MARKERS.items()}
    return facts


def _stream_address() -> str:
    """Where events can be heard; empty where nothing streams."""
    settings = settings_of_app()
    if settings.stream_url or not settings.stream_port:
        return settings.stream_url
    # The name goes into a policy: it may not say more than a name.
    name = _HOST.match(request.host)
    return f"http://{name[0]}:{settings.stream_port}{_EVENTS}" if name else ""


def _origin_of(address: str) -> tuple[str, ...]:
    """The origin of an address that is not of this server."""
    parts = urlsplit(address)
    return (f"{parts.scheme}://{parts.netloc}",) if parts.netloc else ()


def install(app: Flask) -> None:
    """Serve the screens from `app`."""
    app.register_blueprint(blueprint)
