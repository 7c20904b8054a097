"""`/case/<token>`: the page of a crew, by the link to its case. The clinical plane alone.

The page holds the number of the case and nothing else of it. Its script shows the token to the API; see `links_api`. Without a network a
service worker shows `/case/offline` in its place: the same page for every case, with what the browser keeps of where the crew was sent.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson
from flask import Blueprint, Response, request

from stroke_map.maps import files
from stroke_map.maps.texts import LANGUAGES
from stroke_map.web.crew_texts import CREW
from stroke_map.web.live_state import live_store
from stroke_map.web.screens import Screen, page_of
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from flask import Flask

CASE_SCREEN: Final = Screen("case", "/case/<token>", texts=CREW)
NO_CASE_SCREEN: Final = Screen("no_case", "/case/<token>", texts=CREW)
OFFLINE_SCREEN: Final = Screen("case_offline", "/case/offline", texts=CREW)
_PREFIX: Final = "crew-"
_STYLES: Final = (
    "screens/screen.css",
    "screens/hospital.css",
    "screens/crew.css",
    "screens/case_offline_page.js",
    "img/icon.svg",
)
#: Modules import each other by plain names.
_MODULES: Final = ("clock.js", "dom.js", "words.js", "crew/kept.js")
# The worker asks this server alone.
_WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
#: The address of the page is a secret: nobody may find it, keep it or hand it on.
_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow, noarchive"}
blueprint = Blueprint("crew_page", __name__)


@blueprint.get("/case/<token>")
def case(token: str) -> Response:
    """The page of an open case; one and the same page for every link that leads nowhere, whatever is wrong with it."""
    phone = settings_of_app().dispatch_phone
    link = live_store().links.find(token, now=datetime.now(UTC))
    if link is None:
        response = page_of(NO_CASE_SCREEN, dispatch_phone=phone)
        response.status_code = 404
    else:
        # No stream: the line of a telephone is better asked now and then.
        response = page_of(
            CASE_SCREEN, dispatch_phone=phone, case=link.case_id, until=link.expires_at.isoformat(), stream=""
        )
    response.headers.update(_HEADERS)
    del response.headers["ETag"]
    return response


@blueprint.get(OFFLINE_SCREEN.address)
def offline() -> Response:
    """What a crew sees without a network; the same for every case."""
    return _offline(None)


def _offline(lang: str | None) -> Response:
    return page_of(OFFLINE_SCREEN, lang=lang, dispatch_phone=settings_of_app().dispatch_phone, stream="")


@blueprint.get("/case/worker.js")
def worker() -> Response:
    """The script that keeps it; another one whenever anything of it has changed."""
    pages = {lang: f"{OFFLINE_SCREEN.address}?lang={lang}" for lang in LANGUAGES}
    folder = files.static_folder() / "screens"
    parts = [_offline(lang).data for lang in LANGUAGES] + [(folder / name).read_bytes() for name in _MODULES]
    addresses = [*pages.values(), *map(files.static_url, _STYLES), *(f"/static/screens/{name}" for name in _MODULES)]
    name = _PREFIX + hashlib.sha256(b"".join(parts)).hexdigest()[:16]
    kept = {"prefix": _PREFIX, "name": name, "files": addresses, "pages": pages}
    content = b"const KEPT = " + orjson.dumps(kept) + b";\n" + (folder / "crew" / "worker.js").read_bytes()
    response = Response(content, mimetype="text/javascript")
    response.headers |= {"Cache-Control": "no-cache", "Content-Security-Policy": _WORKER_POLICY}
    response.add_etag()
    response.make_conditional(request)
    return response


def install(app: Flask) -> None:
    """Serve the page from `app`."""
    app.register_blueprint(blueprint)
