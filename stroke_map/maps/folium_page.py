"""Folium maps as three parts that a strict page can carry.

Folium's own page loads seven files from elsewhere, forbids zooming and puts styles and scripts inline; and text it is
given passes through Jinja a second time (branca's `Element(text)` compiles it), so that a hospital named `{{ 7*7 }}`
would be computed. Here its links are ours, its styles stand in static/css/map.css, its element names are fixed, and
nothing that came from outside holds a brace when it reaches it.
"""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import folium
from folium.utilities import JsCode

from stroke_map.maps.files import static_url
from stroke_map.maps.markers import marker_of
from stroke_map.maps.texts import TOLD, minutes, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Bounds = tuple[float, float, float, float]

MAX_ZOOM: Final = 18
_SIDES: Final = {"here": "bottom", "first": "top", "next": "right"}  # where the words of a marker stand
_OPENING_BRACE: Final = "\ue000"  # a private character: stands for "{" while Folium renders

# What a marker of an answer is, without any script but Leaflet: words become text nodes, never HTML.
_ANSWER_MARKER: Final = """
function (feature, latlng) {
    var told = feature.properties, pin = document.createElement("span"), label = document.createElement("span");
    pin.className = "pin pin-" + told.shape;
    pin.appendChild(document.createElement("b")).textContent = told.letter;
    label.textContent = told.label;
    return L.marker(latlng, {
        icon: L.divIcon({className: "pin-box", html: pin, iconSize: [36, 36]}),
        alt: told.label, keyboard: false, zIndexOffset: told.front
    }).bindTooltip(label, {permanent: true, className: "pin-label",
        direction: told.side, offset: {top: [0, -16], right: [16, 0], bottom: [0, 12]}[told.side]});
}"""

# A tile smaller than a tile stands in for one that is being drawn (see tiles.py): ask again a little later.
_ASK_AGAIN: Final = """
function (event) {
    var tile = event.tile, again = Number(tile.dataset.again || 0) + 1;
    if (tile.naturalWidth >= 256 || again > 5) { return; }
    tile.dataset.again = again;
    setTimeout(function () {
        if (tile.isConnected) { tile.src = tile.src.split("?")[0] + "?again=" + again; }
    }, 1000 * again);
}"""


@dataclass(frozen=True)
class RenderedMap:
    """A map as HTML for the head, HTML for its place in the body, and the script that draws it."""

    header: str
    html: str
    script: str

    @property
    def csp_hash(self) -> str:
        """The Content-Security-Policy source that lets exactly this script run inline."""
        return "sha256-" + base64.b64encode(hashlib.sha256(self.script.encode()).digest()).decode()


class PageMap(folium.Map):  # type: ignore[misc]  # Folium has no types
    """A `folium.Map` that loads nothing from elsewhere and renders the same input to the same bytes."""

    def __init__(self, bounds: Bounds, tile_url: str, attribution: str, *, scripts: tuple[str, ...] = ()) -> None:
        west, south, east, north = bounds
        super().__init__(
            location=((south + north) / 2, (west + east) / 2), zoom_start=10, tiles=None, control_scale=True
        )
        # Of this map alone: Folium keeps these lists on the class, for the whole process.
        self.default_js = [(name, static_url(name)) for name in ("leaflet/leaflet.js", *scripts)]
        self.default_css = [(name, static_url(name)) for name in ("leaflet/leaflet.css", "css/map.css")]
        self.options["max_zoom"] = MAX_ZOOM  # Folium drops it where tiles=None
        base = folium.TileLayer(
            tiles=tile_url,
            attr=_guarded(html.escape(attribution)),  # Leaflet shows it as HTML
            max_zoom=MAX_ZOOM,
            detect_retina=True,  # crisp on dense screens: the tiles of the next zoom, half as large
            name="roads",
        )
        base.on(tileload=JsCode(_ASK_AGAIN))
        base.add_to(self)

    def parts(self) -> RenderedMap:
        """Render. The name of an element is its kind and its place in the order of making: `map_0`, `geo_json_2`."""
        for number, element in enumerate(_elements(self)):
            element._id = str(number)  # noqa: SLF001 - branca has no other way to fix it
        self.render()
        figure = self.get_root()
        figure.header._children.pop(self.get_name())  # noqa: SLF001 - viewport, styles, switches: ours are in files
        figure.header._children.pop("meta_http")  # noqa: SLF001 - the template says it
        rendered = (figure.header.render(), figure.html.render(), figure.script.render())
        return RenderedMap(*(part.replace("\\ue000", "\\u007b") for part in rendered))


def _elements(root: Any) -> list[Any]:
    return [root, *(below for child in root._children.values() for below in _elements(child))]  # noqa: SLF001


def _guarded(value: Any) -> Any:
    """Values from outside without any opening brace, so that no second Jinja finds anything in them."""
    if isinstance(value, str):
        return value.replace("{", _OPENING_BRACE)
    if isinstance(value, dict):
        return {key: _guarded(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_guarded(member) for member in value]
    return value


def public_map(
    hospitals: Mapping[str, Any],
    *,
    bounds: Bounds,
    tile_url: str,
    attribution: str,
    region: Mapping[str, str],
    lang: str,
    condition: str = "stroke",
) -> RenderedMap:
    """The map of every hospital.

    Parameters
    ----------
    hospitals
        What `geojson.hospitals_geojson` gives.
    bounds
        West, south, east, north in degrees, WGS-84.
    tile_url
        Like `/tiles/2026.1/{z}/{x}/{y}.png`.
    region
        Its name, `{"zh", "en"}`.

    Returns
    -------
    The parts; the script belongs in a file of its own and expects `static/js/markers.js` before it.
    """
    page = PageMap(bounds, tile_url, attribution, scripts=("js/markers.js",))
    folium.GeoJson(
        _guarded(_pins(hospitals, lang, condition)),
        point_to_layer=JsCode("strokeMap.marker"),
        on_each_feature=JsCode("strokeMap.bind"),
        name="hospitals",
    ).add_to(page)
    if hospitals["features"]:
        bounds = _around([feature["geometry"]["coordinates"] for feature in hospitals["features"]])
    west, south, east, north = bounds
    page.fit_bounds([[south, west], [north, east]], padding=(24, 24))
    parts = page.parts()
    # Nothing waits for scripts: the telephone number and the list are readable before the first of them arrives.
    header = parts.header.replace("<script src=", "<script defer src=")
    label = f'<div role="region" aria-label="{html.escape(region[lang])}" '
    return RenderedMap(header, parts.html.replace("<div ", label, 1), parts.script)


def _pins(hospitals: Mapping[str, Any], lang: str, condition: str) -> dict[str, Any]:
    """What static/js/markers.js shows of each hospital, plain ones first: those that can lie on top."""
    text, features = words(lang), []
    for feature in hospitals["features"]:
        told = feature["properties"]
        able = [name for name in TOLD[condition] if told["capabilities"][name]["status"] == "yes"]
        marker = marker_of(told["capabilities"], condition)
        pin = {
            "id": told["id"],
            "name": told["name"][lang],
            "phone": told["phone"],
            "call": told["call"],
            "address": told["address"],
            "able": " · ".join(text[name] for name in able),
            "meaning": text[marker.meaning],
            "shape": marker.shape,
            "letter": marker.letter[lang],
        }
        features.append({"type": "Feature", "geometry": feature["geometry"], "properties": pin})
    features.sort(key=lambda feature: feature["properties"]["shape"] != "other")
    return {"type": "FeatureCollection", "features": features}


def answer_map(answer: Mapping[str, Any], *, bounds: Bounds, tile_url: str, attribution: str, lang: str) -> RenderedMap:
    """The map of one answer: the place asked about, the roads that were given, the hospitals with their minutes.

    Its script stands in the page (nothing about a question is kept on the server) and needs Leaflet alone.

    Parameters
    ----------
    answer
        What `dispatch.answer` gives; see `public_map` for the rest.
    """
    text, origin = words(lang), answer["origin"]["snapped"]
    features = [_point(origin, text["you"], "here", "", 2000)]
    roads: list[NDArray[np.float64]] = []
    for place, hospital in enumerate(answer["hospitals"]):
        shape, label = "next", f"{minutes(hospital['travel_time_s'])} {text['minutes']}"
        if place == 0:
            shape, label = "first", f"{label} · {hospital['name'][lang]}"
        features.append(_point(hospital, label, shape, str(place + 1), 1000 - place))
        if hospital["geometry"] is not None:
            roads.append(hospital["geometry"]["coordinates"])
    page = PageMap(bounds, tile_url, attribution)
    for line in reversed(roads):  # the first choice's road on top
        best = line is roads[0]
        for name, width in (
            ("road-casing", 10 if best else 8),
            ("road-line" if best else "road-other", 6 if best else 4),
        ):
            folium.PolyLine([(lat, lon) for lon, lat in line], weight=width, class_name=name).add_to(page)
    folium.GeoJson(
        _guarded({"type": "FeatureCollection", "features": features}),
        point_to_layer=JsCode(_ANSWER_MARKER),
        name="answer",
    ).add_to(page)
    seen = [(point["lon"], point["lat"]) for point in (origin, *answer["hospitals"])]
    west, south, east, north = _around([*seen, *(point for line in roads for point in line)])
    page.fit_bounds([[south, west], [north, east]], padding=(48, 48), max_zoom=16)
    return page.parts()


def _around(points: Sequence[Sequence[float]]) -> Bounds:
    lons, lats = zip(*points, strict=True)
    return float(min(lons)), float(min(lats)), float(max(lons)), float(max(lats))


def _point(at: Mapping[str, Any], label: str, shape: str, letter: str, front: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [at["lon"], at["lat"]]},
        "properties": {"label": label, "shape": shape, "letter": letter, "front": front, "side": _SIDES[shape]},
    }
