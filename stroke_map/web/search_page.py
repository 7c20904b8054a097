"""`/search`: the search box of the public page for whoever has no script: places and hospitals, each a button that asks for the way from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, render_template, request

from stroke_map.editions.searching import search_of
from stroke_map.maps import files, pages
from stroke_map.web.facts import facts_of
from stroke_map.web.limiting import public_question
from stroke_map.web.pages import condition_asked, language_asked
from stroke_map.web.published import current_edition
from stroke_map.web.search_api import told
from stroke_map.web.search_models import LONGEST_TEXT, MOST_RESULTS
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("search_page", __name__)


@blueprint.get("/search")
def search_page() -> Response:
    """What somebody calls so, the best first; the place that is chosen is posted, so that it stands in no address."""
    edition, condition = current_edition(), condition_asked()
    lang = g.lang = language_asked()
    typed = request.args.get("q", "").strip()[:LONGEST_TEXT]
    with public_question():
        found = search_of(edition).find(typed, MOST_RESULTS) if typed else []
    context = pages.search_context(
        [told(one, lang) for one in found],
        facts_of(edition, settings_of_app()),
        lang=lang,
        condition=condition,
        typed=typed,
        districts={one.district for one in edition.hospitals},
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": files.content_security_policy()}
    return Response(render_template("search.html", **context), mimetype="text/html", headers=headers)


def install(app: Flask) -> None:
    """Serve this page from `app`."""
    app.register_blueprint(blueprint)
