"""The poster that hangs in clinics: map, signs, telephones and a QR code, on A3 or A4, in one file that asks for nothing else.

The same edition gives the same bytes. Chinese and English; the names of hospitals in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stroke_map.maps.files import static_folder, templates_folder
from stroke_map.maps.markers import MARKERS, OTHER
from stroke_map.maps.overview import region_map
from stroke_map.maps.pages import base_context, card_of, hours_in_words
from stroke_map.maps.qr import qr_svg
from stroke_map.maps.sign_texts import SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import shapely

    from stroke_map.maps.pages import PageFacts
    from stroke_map.maps.tile_lines import RoadShapes

PAPERS: Final = ("a3", "a4")
STYLE: Final = "css/poster.css"


def make_poster(
    hospitals: Mapping[str, Any],
    facts: PageFacts,
    network: RoadShapes,
    *,
    bounds: tuple[float, float, float, float],
    polygon: shapely.Geometry | None,
    water: Iterable[Any] = (),
    lang: str,
    condition: str,
    paper: str,
    address: str = "",
    style_url: str = "",
) -> str:
    """The poster as HTML.

    Parameters
    ----------
    hospitals
        What `geojson.hospitals_geojson` gives; those that can treat `condition` are on the poster.
    network, bounds, polygon, water
        See `overview.region_map`.
    address
        Where this service is, `https://map.example.org`; "" leaves out the QR code.
    style_url
        Where its style is served; "" puts the style into the file.
    """
    page = base_context(facts, lang) | {
        "condition": condition,
        "paper": paper,
        "papers": PAPERS,
        "address": address,
        "qr": qr_svg(f"{address}/?condition={condition}") if address else "",
        "style_url": style_url,
        "style": "" if style_url else (static_folder() / STYLE).read_text(encoding="utf-8"),
        "map": region_map(
            hospitals, network, bounds=bounds, polygon=polygon, water=water, lang=lang, condition=condition
        ),
        "legend": MARKERS[condition],
        "signs": SIGNS[condition][lang][0],
        "districts": by_district(hospitals, lang, condition),
        "hours": hours_in_words,
    }
    return _environment().get_template("poster.html").render(page)


def by_district(hospitals: Mapping[str, Any], lang: str, condition: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Who can treat `condition`, district by district, both in the order of the registry; "" holds those without one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for told in (feature["properties"] for feature in hospitals["features"]):
        one = card_of(told, lang, condition)
        if one["marker"] is not OTHER:
            found.setdefault(told["district"], []).append(one | {"address": told["address"]})
    return sorted(found.items(), key=lambda item: item[0] == "")


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(templates_folder()), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
