"""The public pages besides the map: the poster. Each is made once for an edition, and none needs a script.

They are made by the maps room; see pages.py for the map itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from stroke_map.maps import files, poster
from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.web.facts import facts_of
from stroke_map.web.kept import kept, send
from stroke_map.web.origins import embedding_origins, public_address
from stroke_map.web.pages import _condition, _language
from stroke_map.web.published import current_edition
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("public_pages", __name__)


@blueprint.get("/poster")
def poster_page() -> Response:
    """The poster, for print on A3 or A4."""
    edition, settings = current_edition(), settings_of_app()
    lang, condition = _language(), _condition()
    paper = request.args.get("paper", "")
    paper = paper if paper in poster.PAPERS else poster.PAPERS[-1]

    def make() -> str:
        return poster.make_poster(
            hospitals_geojson(edition.hospitals),
            facts_of(edition, settings),
            edition.network(edition.info.profiles[0]),
            bounds=edition.info.region.bounds,
            polygon=edition.region,
            lang=lang,
            condition=condition,
            paper=paper,
            address=public_address(settings),
            style_url=files.static_url(poster.STYLE),
        )

    made = kept(edition, ("poster", lang, condition, paper), make)
    return send(made, "text/html", policy=files.content_security_policy(), by_language=True)


def install(app: Flask) -> None:
    """Serve these pages from `app`.

    Raises
    ------
    InvalidRequestError
        A setting that says where the service is, or who may frame it, cannot be read.
    """
    settings = app.extensions["stroke_map.settings"]
    public_address(settings)
    embedding_origins(settings)
    app.register_blueprint(blueprint)
