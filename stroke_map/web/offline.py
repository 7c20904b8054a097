"""What stays on a phone after one visit: `/offline` with list, telephones, signs and a small map, kept by a service worker.

The worker's list of files is strict, and its name holds their hash: a new edition is another name, which replaces the cache. During
a switch another process of this server may still have the edition before: what the worker asks for says of which edition it must
be (`kept`), and is not found where another is served, so that no page of one is ever kept with files of the other. It never keeps an
answer to a question.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Blueprint, Response, render_template

from stroke_map.errors import NotFoundError
from stroke_map.maps import files
from stroke_map.maps.catchments import PICTURE_WIDTH
from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.maps.icons import ICONS, RED, icon
from stroke_map.maps.overview import frame_of
from stroke_map.maps.pages import in_language
from stroke_map.maps.place_pages import place_context
from stroke_map.maps.sign_texts import SIGNS
from stroke_map.maps.texts import LANGUAGES, TAGS, words
from stroke_map.web.facts import facts_of
from stroke_map.web.kept import Kept, kept, send
from stroke_map.web.pages import CONDITIONS, language_asked
from stroke_map.web.public_pages import by_district, legend_of, of_the_edition_asked, picture_of_region
from stroke_map.web.published import current_edition
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.editions import Edition

blueprint = Blueprint("offline", __name__)
_PREFIX: Final = "stroke-map-"
_A_DAY_S: Final = 86400
_STATIC: Final = ("css/page.css", "css/map.css", "css/place.css", "js/measure.js", "js/offline.js", "img/icon.svg")
# The worker asks this server alone.
_WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"


@blueprint.get("/offline")
def saved_list() -> Response:
    """The list as it stays on a phone: telephones, signs, a small map."""
    edition = of_the_edition_asked(current_edition())
    page = _page(edition, language_asked())
    return send(page, "text/html", policy=files.content_security_policy(), by_language=True)


def _page(edition: Edition, lang: str) -> Kept:
    settings = settings_of_app()

    def make() -> str:
        features = hospitals_geojson(edition.hospitals)["features"]
        context: dict[str, Any] = place_context(facts_of(edition, settings), lang, path="/offline", address="")
        return render_template(
            "offline.html",
            groups=by_district(features, lang),
            legend=list(legend_of(features)),
            signs={condition: SIGNS[condition][lang][0] for condition in CONDITIONS},
            pictures={condition: _picture_url(edition, lang, condition) for condition in CONDITIONS},
            picture=frame_of(edition.info.region.bounds, width=PICTURE_WIDTH),
            **context,
        )

    # Not by whether it is out of date today: the page finds that out on the day on which somebody opens it.
    return kept(edition, ("offline", lang), make)


def _page_url(edition: Edition, lang: str) -> str:
    return f"/offline?lang={lang}&kept={edition.info.etag}"


def _picture_url(edition: Edition, lang: str, condition: str) -> str:
    return f"/map.svg?lang={lang}&condition={condition}&kept={edition.info.etag}"


@blueprint.get("/service-worker.js")
def service_worker() -> Response:
    """The script that keeps them; another one for another edition."""
    edition = current_edition()
    made = kept(edition, "service-worker.js", lambda: _worker(edition))
    return send(made, "text/javascript", policy=_WORKER_POLICY)


def _worker(edition: Edition) -> bytes:
    pages = {_page_url(edition, lang): _page(edition, lang) for lang in LANGUAGES}
    pictures = {
        _picture_url(edition, lang, condition): picture_of_region(edition, lang, condition)
        for lang in LANGUAGES
        for condition in CONDITIONS
    }
    # What a style names, it names without the hash.
    addresses = [*pages, *pictures, *map(files.static_url, _STATIC), "/static/img/phone.svg"]
    script = (files.static_folder() / "js" / "service_worker.js").read_bytes()
    told = [*addresses, *(made.etag for made in (*pages.values(), *pictures.values()))]
    name = hashlib.sha256("\n".join(told).encode() + script).hexdigest()[:16]
    lists = {lang: _page_url(edition, lang) for lang in LANGUAGES}
    what = {"prefix": _PREFIX, "name": f"{_PREFIX}{name}", "files": addresses, "lists": lists}
    return b"const KEPT = " + orjson.dumps(what) + b";\n" + script


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone needs to put the map on its home screen."""
    edition, lang = current_edition(), language_asked()
    made = kept(edition, ("manifest", lang), lambda: orjson.dumps(_manifest(edition, lang)))
    return send(made, "application/manifest+json", by_language=True)


def _manifest(edition: Edition, lang: str) -> dict[str, Any]:
    text, region = words(lang), in_language(edition.info.region.name.model_dump(), lang)
    icons = [
        {
            "src": f"/icons/{name}.png",
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": "maskable" if whole else "any",
        }
        for name, (side, whole) in ICONS.items()
    ]
    return {
        "id": "/",
        "name": text["title_of"].format(region) if region else text["title"],
        "short_name": text["short_title"],
        "lang": TAGS[lang],
        "dir": "ltr",
        "start_url": f"/?lang={lang}",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": RED,
        "icons": icons,
    }


@blueprint.get("/icons/<name>.png")
def icon_file(name: str) -> Response:
    """The icon in one of its sizes."""
    if name not in ICONS:
        raise NotFoundError("There is no such icon.")
    response = Response(icon(name), mimetype="image/png")
    response.headers["Cache-Control"] = f"public, max-age={_A_DAY_S}"
    return response


def install(app: Flask) -> None:
    """Serve these from `app`."""
    app.register_blueprint(blueprint)
