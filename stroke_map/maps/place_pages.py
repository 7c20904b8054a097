"""What the pages of a hospital and of a district are given, and what they tell search engines.

Everything is plain text; Jinja escapes it where it is shown, and writes JSON so that nothing in it ends a script element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from stroke_map.coordinates import from_wgs84
from stroke_map.dispatch.links import navigation_links
from stroke_map.maps.addresses import alternates, district_path, hospital_path
from stroke_map.maps.markers import MARKERS, OTHER, marker_of
from stroke_map.maps.pages import base_context, hours_in_words, in_language
from stroke_map.registry import CAPABILITY_NAMES, CENTRES
from stroke_map.registry.hours import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stroke_map.maps.pages import PageFacts

#: The capabilities that have a marker, and so a catchment on a hospital's page.
MARKED: Final = {marker.capability: marker for markers in MARKERS.values() for marker in markers}


def place_context(facts: PageFacts, lang: str, *, path: str, address: str) -> dict[str, Any]:
    """What pages about places share: words, and where they stand. `address` is that of the service, "" if nobody said."""
    return base_context(facts, lang) | {
        "path": path,
        "address": address,
        "alternates": alternates(address, path),
        "hours": hours_in_words,
        "district_path": district_path,
    }


def hospital_context(feature: Mapping[str, Any], facts: PageFacts, *, lang: str, address: str) -> dict[str, Any]:
    """For `hospital.html`.

    Parameters
    ----------
    feature
        One of `geojson.hospitals_geojson`.
    """
    told, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"]
    context = place_context(facts, lang, path=hospital_path(told["id"]), address=address)
    able = {name: each for name, each in told["capabilities"].items() if each["status"] == "yes"}
    markers = {condition: marker_of(told["capabilities"], condition) for condition in MARKERS}
    name = in_language(told["name"], lang)
    return context | {
        "told": told,
        "name": name,
        "other_name": in_language(told["name"], context["other"]),
        "markers": {condition: marker for condition, marker in markers.items() if marker is not OTHER},
        "levels": [(in_language(_centre(centre), lang), level) for centre, level in told["level"].items() if level],
        "able": [(_capability(each, lang), said) for each, said in able.items()],
        "unable": [_capability(each, lang) for each, said in told["capabilities"].items() if said["status"] == "no"],
        "catchments": [(each, marker) for each, marker in MARKED.items() if each in able],
        "navigation": navigation_links(told["name"]["zh"], from_wgs84(lat, lon, "GCJ-02"), told["phone"]),
        "on_the_map": f"/?condition={next(iter(_treats(markers)), 'stroke')}&hospital={quote(told['id'], safe='')}"
        f"&lang={lang}#map=14/{lat:.4f}/{lon:.4f}",
        "json_ld": hospital_json_ld(feature, lang, address=address, region=in_language(facts.region, lang)),
    }


def _treats(markers: Mapping[str, Any]) -> Iterable[str]:
    return (condition for condition, marker in markers.items() if marker is not OTHER)


def _centre(centre: str) -> dict[str, str]:
    return {"zh": CENTRES[centre].name_zh, "en": CENTRES[centre].name_en}


def _capability(name: str, lang: str) -> str:
    named = CAPABILITY_NAMES[name]
    return named.name_zh if lang == "zh" else named.name_en


def hospital_json_ld(feature: Mapping[str, Any], lang: str, *, address: str, region: str) -> dict[str, Any]:
    """A hospital in the words of schema.org (https://schema.org/Hospital), for search engines; what is not known is left out."""
    told, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"]
    name, url = in_language(told["name"], lang), f"{address}{hospital_path(told['id'])}" if address else ""
    others = [other for other in dict.fromkeys((*told["name"].values(), told["name_short"])) if other and other != name]
    able = {each: said for each, said in told["capabilities"].items() if said["status"] == "yes"}
    about: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Hospital",
        "@id": url,
        "url": url,
        "identifier": told["id"],
        "name": name,
        "alternateName": others,
        "telephone": told["phone"],
        "address": {
            "@type": "PostalAddress",
            "streetAddress": told["address"],
            "addressLocality": told["district"],
            "addressRegion": region,
        },
        "geo": {"@type": "GeoCoordinates", "latitude": lat, "longitude": lon},
        "openingHours": "Mo-Su" if able.get("emergency", {}).get("hours") == ALWAYS else "",
        "availableService": [
            {"@type": "MedicalTherapy" if each in MARKED else "MedicalProcedure", "name": _capability(each, lang)}
            for each in able
        ],
    }
    about["address"] = {key: value for key, value in about["address"].items() if value}
    return {key: value for key, value in about.items() if value}
