"""The public pages: `/` and `/map`. What they load comes from this server: see page_files.py.

The maps room makes them; here they are kept by edition, so that a page costs a lookup. A question asked through `/map`
passes the same steps as one through the API; by GET its coordinates are rounded to about 10 m, because an address is
kept by browsers and logs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response, current_app, g, render_template, request

from stroke_map.dispatch.prepared import prepare
from stroke_map.errors import EditionError
from stroke_map.maps import files, pages, texts
from stroke_map.maps.band_layer import bands_of
from stroke_map.maps.closed_roads import closed_roads
from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.web.answering import Fields, answer_for, json_fields, single_values, take_patient_fields
from stroke_map.web.facts import facts_of, is_expired
from stroke_map.web.kept import Kept, kept, send
from stroke_map.web.live_state import live_view_of
from stroke_map.web.origins import public_address
from stroke_map.web.problem import PAGE_RENDERER
from stroke_map.web.published import current_edition
from stroke_map.web.questions import RouteBody, RouteQuery, invalid
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.editions import Edition
    from stroke_map.maps import folium_page
    from stroke_map.settings import Settings

blueprint = Blueprint("pages", __name__)
CONDITIONS = ("stroke", "chest_pain")
_COORDINATE_DECIMALS = 4  # about 10 m
_LANGUAGE_COOKIE, _A_YEAR_S = "lang", 365 * 86400


@blueprint.get("/")
def index() -> Response:
    """The public map of every hospital."""
    edition = current_edition()
    lang = language_asked()
    page = _index(edition, lang, condition_asked(), settings_of_app())
    policy = files.content_security_policy(images=_tile_hosts())
    response = send(page, "text/html", policy=policy, by_language=True)
    if request.args.get("lang") == lang:  # somebody chose it
        response.set_cookie(_LANGUAGE_COOKIE, lang, max_age=_A_YEAR_S, httponly=True, samesite="Lax")
        response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/map.js")
def map_script() -> Response:
    """The script of the public map, as a file so that no page needs inline script."""
    edition, lang, condition = current_edition(), language_asked(), condition_asked()
    settings = settings_of_app()
    made = kept(edition, ("map.js", lang, condition), lambda: _public_map(edition, lang, condition, settings).script)
    return send(made, "text/javascript", by_language=True)


@blueprint.get("/closures.geojson")
def closures() -> Response:
    """Roads that are closed or slow now: where, of which kind, until when."""
    edition, now = current_edition(), datetime.now(UTC)
    prepared, period = prepare(edition), edition.period_at(now)
    live = live_view_of(current_app).state(now)
    roads = prepared.profiles[edition.info.profiles[0], period].at(now.astimezone(edition.zone), live)
    return send(Kept.of(orjson.dumps(closed_roads(roads))), "application/geo+json")


@blueprint.route("/map", methods=["GET", "POST"])
def answer_page() -> Response:
    """One answer as a map: the place, the hospitals, the road, minutes and telephone numbers."""
    edition = current_edition()
    fields = _fields()
    lang = g.lang = language_asked(fields.pop("lang", None))
    model: type[RouteQuery | RouteBody] = RouteBody if request.is_json else RouteQuery
    if request.method == "POST" and "crs" not in fields:
        raise invalid([{"field": "crs", "problem": "is missing", "example": "WGS-84"}])
    patient = take_patient_fields(fields, in_url=request.method == "GET")
    answer = answer_for(edition, model, fields, patient)
    from stroke_map.maps import folium_page

    drawn = folium_page.answer_map(answer, lang=lang, **_map_facts(edition))
    text = render_template(
        "answer.html", **pages.answer_context(answer, facts_of(edition, settings_of_app()), map=drawn, lang=lang)
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": files.content_security_policy(drawn, images=_tile_hosts()),
    }
    return Response(text, mimetype="text/html", headers=headers)


def _fields() -> Fields:
    """What was asked, from the address, a form or JSON; a form sends empty text for what was left open."""
    if request.is_json:
        return json_fields(request.get_data(cache=False))
    by_get = request.method == "GET"
    sent = single_values((request.args if by_get else request.form).lists())
    fields: Fields = {name: value for name, value in sent.items() if value != ""}
    if by_get:
        fields |= {name: _rounded(fields[name]) for name in ("lat", "lon") if name in fields}
    return fields


def _rounded(text: str) -> str:
    try:
        return f"{float(text):.{_COORDINATE_DECIMALS}f}"
    except ValueError:
        return text  # the question's own check names what is wrong


def language_asked(asked: object = None) -> str:
    """The language of the page: asked for, else chosen before, else what the browser prefers."""
    asked = asked if isinstance(asked, str) else request.args.get("lang")
    before = request.cookies.get(_LANGUAGE_COOKIE, "")
    return texts.choose_language(asked, [before, *(tag for tag, _quality in request.accept_languages)])


def condition_asked() -> str:
    """The condition that the address names, else the first of them."""
    asked = request.args.get("condition", "")
    return asked if asked in CONDITIONS else CONDITIONS[0]


def _map_facts(edition: Edition) -> dict[str, Any]:
    info, settings = edition.info, settings_of_app()
    facts = {"bounds": info.region.bounds, "attribution": info.attribution}
    if settings.tile_url:
        shown = ", ".join(part for part in (settings.tile_attribution, settings.map_review_number) if part)
        return facts | {"tile_url": settings.tile_url, "attribution": f"{shown} | {info.attribution}"}
    return facts | {"tile_url": f"/tiles/{info.id}/{{z}}/{{x}}/{{y}}.png"}


def _tile_hosts() -> tuple[str, ...]:
    """Where a base map that is not the edition's own comes from, for the policy of a page."""
    return files.origins_of(settings_of_app().tile_url)


@lru_cache(maxsize=4)
def _public_map(edition: Edition, lang: str, condition: str, _settings: Settings) -> folium_page.RenderedMap:
    hospitals = hospitals_geojson(edition.hospitals)
    region = edition.info.region.name.model_dump()
    # Here, because Folium takes a third of a second to import, and an answer in JSON should not wait for it.
    from stroke_map.maps import folium_page

    return folium_page.public_map(hospitals, region=region, lang=lang, condition=condition, **_map_facts(edition))


def _index(edition: Edition, lang: str, condition: str, settings: Settings) -> Kept:
    def make() -> str:
        context = pages.index_context(
            hospitals_geojson(edition.hospitals),
            facts_of(edition, settings),
            map=_public_map(edition, lang, condition, settings),
            map_script_url=f"/map.js?edition={edition.info.id}&lang={lang}&condition={condition}",
            lang=lang,
            condition=condition,
            in_app_crs=settings.in_app_crs,
            layers={
                "edition": edition.info.id,
                "own_base": not settings.tile_url,
                "bands": bands_of(edition.folder),
                "bands_of": edition.info.bands_of,
            },
            address=public_address(settings),
        )
        return render_template("index.html", **context)

    return kept(edition, ("index", lang, condition, is_expired(edition)), make)


def _problem_page(body: dict[str, Any]) -> Response:
    """An error for someone who looks at a page: the same facts as the JSON, in words, with what to do."""
    try:
        facts = facts_of(current_edition(), settings_of_app())
    except EditionError:
        facts = None
    text = render_template("error.html", **pages.error_context(body, facts, lang=g.get("lang") or language_asked()))
    headers = {"Content-Security-Policy": files.content_security_policy()}
    return Response(text, body["status"], mimetype="text/html", headers=headers)


def install(app: Flask) -> None:
    """Serve the pages from `app`, and its errors as pages to whoever asked for one."""
    app.register_blueprint(blueprint)
    app.extensions[PAGE_RENDERER] = _problem_page
