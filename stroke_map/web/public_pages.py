"""The public pages besides the map: the poster, a page for each hospital and each district, and the small pictures in them.

Each is made once for an edition, by the maps room, and none needs a script. See pages.py for the map itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from flask import Blueprint, Response, g, render_template, request

from stroke_map.editions.edition import TILES_FOLDER
from stroke_map.errors import NotFoundError
from stroke_map.maps import files, place_pages, poster
from stroke_map.maps.addresses import district_path
from stroke_map.maps.catchments import PICTURE_WIDTH, Catchments
from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.maps.ground import Ground
from stroke_map.maps.markers import MARKERS, OTHER, marker_of
from stroke_map.maps.overview import around, frame_of, region_map
from stroke_map.maps.pages import card_of, in_language
from stroke_map.maps.texts import words
from stroke_map.web.facts import facts_of, is_expired
from stroke_map.web.kept import Kept, kept, send
from stroke_map.web.limiting import public_drawing
from stroke_map.web.origins import embedding_origins, public_address
from stroke_map.web.pages import condition_asked, language_asked
from stroke_map.web.published import current_edition
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from flask import Flask
    from numpy.typing import NDArray

    from stroke_map.editions import Edition
    from stroke_map.maps.markers import Marker

blueprint = Blueprint("public_pages", __name__)
# An SVG that somebody opens by itself: nothing in it runs or loads; the roads are in it as a picture.
_PICTURE_POLICY = "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
_CATCHMENTS: WeakKeyDictionary[Edition, Catchments] = WeakKeyDictionary()


@blueprint.get("/poster")
def poster_page() -> Response:
    """The poster, for print on A3 or A4."""
    edition, settings = current_edition(), settings_of_app()
    lang, condition = language_asked(), condition_asked()
    paper = request.args.get("paper", "")
    paper = paper if paper in poster.PAPERS else poster.PAPERS[-1]

    def make() -> str:
        return poster.make_poster(
            hospitals_geojson(edition.hospitals),
            facts_of(edition, settings),
            edition.network(edition.info.profiles[0]),
            bounds=edition.info.region.bounds,
            polygon=edition.region,
            water=_water(edition),
            lang=lang,
            condition=condition,
            paper=paper,
            address=public_address(settings),
            style_url=files.static_url(poster.STYLE),
        )

    made = kept(edition, ("poster", lang, condition, paper, is_expired(edition)), make)
    return send(made, "text/html", policy=files.content_security_policy(), by_language=True)


@blueprint.get("/map.svg")
def region_picture() -> Response:
    """The map of the region as one small picture, with the hospitals that can treat this."""
    made = picture_of_region(of_the_edition_asked(current_edition()), language_asked(), condition_asked())
    return send(made, "image/svg+xml", policy=_PICTURE_POLICY, by_language=True)


def of_the_edition_asked(edition: Edition) -> Edition:
    """The edition, if it is the one that somebody keeps files of (`kept`, its ETag), or nobody says which.

    Raises
    ------
    NotFoundError
        Another process of this server has the other one; nothing of this one may be kept with that.
    """
    if request.args.get("kept", edition.info.etag) != edition.info.etag:
        raise NotFoundError("Another edition is served here now.")
    return edition


def picture_of_region(edition: Edition, lang: str, condition: str) -> Kept:
    """What `/map.svg` shows."""

    def make() -> str:
        drawn = region_map(
            hospitals_geojson(edition.hospitals), edition.network(edition.info.profiles[0]),
            bounds=edition.info.region.bounds, polygon=edition.region, water=_water(edition), lang=lang,
            condition=condition, enlarge=False, width=PICTURE_WIDTH,
        )  # fmt: skip
        title = words(lang)["map_of"].format(in_language(edition.info.region.name.model_dump(), lang))
        return render_template("picture.svg", map=drawn, lang=lang, title=title)

    return kept(edition, ("map.svg", lang, condition), make)


@blueprint.get("/hospitals/<hospital_id>")
def hospital_page(hospital_id: str) -> Response:
    """One hospital: what it can do and when, telephone, level, the way there, and from where it is the nearest."""
    edition, settings, lang = current_edition(), settings_of_app(), language_asked()
    column = _column(edition, hospital_id)

    def make() -> str:
        (feature,) = hospitals_geojson([edition.hospitals[column]])["features"]
        context = place_pages.hospital_context(
            feature, facts_of(edition, settings), lang=lang, address=public_address(settings)
        )
        picture = frame_of(edition.info.region.bounds, width=PICTURE_WIDTH)
        return render_template("hospital.html", picture=picture, **context)

    made = kept(edition, ("hospital", hospital_id, lang, is_expired(edition)), make)
    return send(made, "text/html", policy=files.content_security_policy(), by_language=True)


@blueprint.get("/hospitals/<hospital_id>/<capability>.svg")
def catchment_picture(hospital_id: str, capability: str) -> Response:
    """The roads from which a hospital is the nearest that has one of the capabilities with a marker."""
    edition, lang = current_edition(), language_asked()
    column = _column(edition, hospital_id)
    marker = place_pages.MARKED.get(capability)
    if marker is None or edition.hospitals[column].capabilities[capability].status != "yes":
        raise NotFoundError("This hospital is not said to be able to do that.")

    def make() -> str:
        with public_drawing():
            drawn = _catchments(edition).picture(column, capability)
        return render_template("catchment.svg", map=drawn, marker=marker, lang=lang)

    made = kept(edition, ("catchment", hospital_id, capability, lang), make)
    return send(made, "image/svg+xml", policy=_PICTURE_POLICY, by_language=True)


@blueprint.get("/hospitals")
def all_hospitals() -> Response:
    """Every hospital by district."""
    return _district(current_edition(), "")


@blueprint.get("/districts/<path:name>")
def district_page(name: str) -> Response:
    """The hospitals of one district."""
    edition = current_edition()
    if not any(one.district == name for one in edition.hospitals):
        raise NotFoundError("This edition has no hospital in a district of that name.")
    return _district(edition, name)


def _district(edition: Edition, name: str) -> Response:
    settings, lang = settings_of_app(), language_asked()

    def make() -> str:
        chosen = [one for one in edition.hospitals if not name or one.district == name]
        collection = hospitals_geojson(chosen)
        path = district_path(name) if name else "/hospitals"
        context = place_pages.place_context(
            facts_of(edition, settings), lang, path=path, address=public_address(settings)
        )
        drawn = _district_maps(edition, collection, lang) if name else []
        return render_template(
            "district.html", name=name, groups=by_district(collection["features"], lang), maps=drawn,
            legend=list(legend_of(collection["features"])), **context,
        )  # fmt: skip

    made = kept(edition, ("district", name, lang, is_expired(edition)), make)
    return send(made, "text/html", policy=files.content_security_policy(), by_language=True)


@blueprint.get("/embed")
def embedded() -> Response:
    """The map and the list for a frame in somebody else's page: those of the setting, nobody else's."""
    edition, settings = current_edition(), settings_of_app()
    lang, condition = language_asked(), condition_asked()
    g.framed_by = embedding_origins(settings)

    def make() -> str:
        features = hospitals_geojson(edition.hospitals)["features"]
        able = [
            feature for feature in features if marker_of(feature["properties"]["capabilities"], condition) is not OTHER
        ]
        return render_template(
            "embed.html",
            condition=condition,
            groups=by_district(able, lang),
            legend=MARKERS[condition],
            picture=frame_of(edition.info.region.bounds, width=PICTURE_WIDTH),
            **place_pages.place_context(facts_of(edition, settings), lang, path="/embed", address=""),
        )

    made = kept(edition, ("embed", lang, condition, is_expired(edition)), make)
    framed = "frame-ancestors " + (" ".join(g.framed_by) or "'none'")
    policy = files.content_security_policy().replace("frame-ancestors 'none'", framed)
    return send(made, "text/html", policy=policy, by_language=True)


def _district_maps(edition: Edition, collection: Mapping[str, Any], lang: str) -> list[tuple[str, Any]]:
    """A map for each condition that some hospital of a district can treat."""
    bounds = around([feature["geometry"]["coordinates"] for feature in collection["features"]])
    network = edition.network(edition.info.profiles[0])
    drawn = (
        (each, region_map(
            collection, network, bounds=bounds, polygon=edition.region, water=_water(edition), lang=lang, condition=each,
            enlarge=False, width=PICTURE_WIDTH,
        ))
        for each in MARKERS
    )  # fmt: skip
    return [(condition, map_) for condition, map_ in drawn if map_.pins]


def by_district(features: Iterable[Mapping[str, Any]], lang: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Hospitals by district, as the registry has them; "" holds those without one, and comes last."""
    text, found = words(lang), dict[str, list[dict[str, Any]]]()
    for feature in features:
        told, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"]
        markers = [marker for marker in _markers(told) if marker is not OTHER]
        one = card_of(told, lang, "stroke") | {
            "address": told["address"],
            "lat": lat,
            "lon": lon,
            "markers": markers,
            "can": [text[marker.meaning] for marker in markers],
        }
        found.setdefault(told["district"], []).append(one)
    return sorted(found.items(), key=lambda item: item[0] == "")


def _markers(told: Mapping[str, Any]) -> list[Marker]:
    return [marker_of(told["capabilities"], condition) for condition in MARKERS]


def legend_of(features: Iterable[Mapping[str, Any]]) -> Iterable[Marker]:
    shown = {marker.capability for feature in features for marker in _markers(feature["properties"])}
    return (marker for markers in MARKERS.values() for marker in markers if marker.capability in shown)


def _column(edition: Edition, hospital_id: str) -> int:
    for column, one in enumerate(edition.hospitals):
        if one.id == hospital_id:
            return column
    raise NotFoundError("This edition has no hospital of that id.")


def _water(edition: Edition) -> NDArray[np.object_]:
    return Ground.load(edition.folder / TILES_FOLDER).water


def _catchments(edition: Edition) -> Catchments:
    if edition not in _CATCHMENTS:
        profile = edition.info.profiles[0]
        _CATCHMENTS[edition] = Catchments(
            edition.network(profile), edition.arrivals(profile), edition.hospitals, edition.info.region.bounds
        )
    return _CATCHMENTS[edition]


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
