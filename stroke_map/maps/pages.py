"""What the templates are given. Every value is plain text or a number; Jinja escapes it where it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stroke_map.coordinates import from_wgs84
from stroke_map.dispatch.links import first_number, navigation_links
from stroke_map.maps.addresses import alternates, district_path, hospital_path
from stroke_map.maps.files import static_url
from stroke_map.maps.level_texts import foreign, in_words
from stroke_map.maps.markers import MARKERS, OTHER, marker_of
from stroke_map.maps.sign_texts import SIGNS
from stroke_map.maps.texts import LANGUAGES, TAGS, TOLD, minutes, words
from stroke_map.registry.hours import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stroke_map.maps.folium_page import RenderedMap

#: The texts the scripts of static/js show.
_SCRIPT_TEXTS = (
    "locating", "asking", "denied", "no_position", "insecure", "accuracy", "nearest", "you", "from_street", "minutes",
    "km", "m", "straight", "by_car", "no_phone", "steps", "show_way", "if_told", "way_type", "way_tap",
    "print", "class_1", "class_2", "class_3", "class_4", "error", "again", "next_call", "outside-area", "off-network", "no-route",
    "no-capable-hospital", "invalid-request", "too-busy", "no-edition", "edition-damaged", "internal-error", "offline",
    "fallback", "zoom_in", "zoom_out",
    "layer_closures", "layer_bands", "layer_none", "band_within", "band_beyond", "closed", "slow", "thrombectomy", "thrombolysis",
    "primary_pci", "fibrinolysis", "search_found", "search_none", "search_district", "filter_found",
)  # fmt: skip


_HOURS_WORDS = {
    "Mo": "周一", "Tu": "周二", "We": "周三", "Th": "周四", "Fr": "周五", "Sa": "周六", "Su": "周日", "PH": "节假日", "off": "休息",
}  # fmt: skip


@dataclass(frozen=True)
class PageFacts:
    """What every page says about the published edition.

    Dates are ISO text or "", names `{"zh", "en"}`; `sources` have role, name and licence; `tile_attribution` is that of a
    base map that is not the edition's own.
    """

    edition_id: str
    region: Mapping[str, str]
    publisher: Mapping[str, str]
    valid_from: str
    valid_until: str
    demo: bool
    attribution: str
    licence: str
    map_review_number: str = ""
    expired: bool = False
    made_on: str = ""
    sources: tuple[Mapping[str, str], ...] = ()
    report_errors_to: str = ""
    tile_attribution: str = ""


def in_language(names: Mapping[str, str], lang: str) -> str:
    """A name in `lang`, else in whichever language there is one."""
    return names.get(lang) or next((name for name in names.values() if name), "")


def base_context(facts: PageFacts | None, lang: str) -> dict[str, Any]:
    """What every page is given; `facts` is None where no edition is published."""
    other = next(language for language in LANGUAGES if language != lang)
    return {
        "lang": lang,
        "tag": TAGS[lang],
        "text": words(lang),
        "other": other,
        "other_tag": TAGS[other],
        "static_url": static_url,
        "hospital_path": hospital_path,
        "in_words": in_words,
        "foreign": foreign,
        "facts": facts,
        "region": in_language(facts.region, lang) if facts else "",
        "publisher": in_language(facts.publisher, lang) if facts else "",
    }


def index_context(
    hospitals: Mapping[str, Any],
    facts: PageFacts,
    *,
    map: RenderedMap,  # noqa: A002 - the template's name for it
    map_script_url: str,
    lang: str,
    condition: str = "stroke",
    in_app_crs: str = "WGS-84",
    layers: Mapping[str, Any] | None = None,
    address: str = "",
) -> dict[str, Any]:
    """For `index.html`.

    Parameters
    ----------
    hospitals
        The GeoJSON.
    map_script_url
        Where `map.script` is served.
    in_app_crs
        The system in which browsers inside other apps give the location.
    layers
        What else the map can show: `edition`, `own_base` (whether place names are ours to write), `bands` (see `band_layer.bands_of`),
        `bands_of` (see `EditionInfo`).
    address
        Of the service, "" if nobody said.
    """
    cards = [card_of(feature["properties"], lang, condition) | _where(feature) for feature in hospitals["features"]]
    able = [card for card in cards if card["marker"] is not OTHER]
    order = [marker.shape for marker in MARKERS[condition]]
    able.sort(key=lambda card: (order.index(card["marker"].shape), card["place"]))
    text = words(lang)
    return base_context(facts, lang) | {
        "map": map,
        "map_script_url": map_script_url,
        "alternates": alternates(address, "/", **({} if condition == "stroke" else {"condition": condition})),
        "condition": condition,
        "signs": SIGNS[condition][lang],
        "legend": [*MARKERS[condition], OTHER],
        "able": able,
        "others": [card for card in cards if card["marker"] is OTHER],
        "levels": sorted({card["level"]["level"] for card in able if card["level"]}),
        "hours": hours_in_words,
        "settings": {
            "condition": condition,
            "lang": lang,
            "in_app_crs": in_app_crs,
            "layers": layers or {},
            "words": {name: text[name] for name in _SCRIPT_TEXTS},
        },
    }


def card_of(told: Mapping[str, Any], lang: str, condition: str) -> dict[str, Any]:
    """What a list says of one hospital, `told` being the properties of its GeoJSON."""
    abilities = {name: told["capabilities"][name] for name in TOLD[condition]}
    marker, name = marker_of(told["capabilities"], condition), in_language(told["name"], lang)
    both = all(abilities[each.capability]["status"] == "yes" for each in MARKERS[condition])
    return {
        "id": told["id"],
        "name": name,
        "other_name": in_language(told["name"], "en" if lang == "zh" else "zh"),
        "place": " · ".join(part for part in (told["district"], told["address"]) if part),
        "phone": told["phone"],
        "call": told["call"],
        "level": told["level"][condition],
        "marker": marker,
        "tier": f"both_{condition}" if both else marker.meaning,
        "abilities": [(name, able) for name, able in abilities.items() if able["status"] == "yes"],
    }


def _where(feature: Mapping[str, Any]) -> dict[str, Any]:
    """Where a hospital is, and the links that lead there."""
    told, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"]
    links = navigation_links(told["name"]["zh"], from_wgs84(lat, lon, "GCJ-02"), told["phone"])
    return {"lat": lat, "lon": lon, "navigation": links}


def hours_in_words(hours: str, lang: str) -> str:
    """Opening hours as people read them: `Mo-Fr 08:00-17:30` is 周一至周五 08:00-17:30 in Chinese."""
    if hours == ALWAYS:
        return words(lang)["always"]
    if lang != "zh":
        return hours.replace(",", ", ")
    for abbreviation, word in _HOURS_WORDS.items():
        hours = re.sub(rf"\b{abbreviation}\b", word, hours)
    return re.sub(r"(周.)-(?=周)", r"\1至", hours).replace(",", "、").replace("; ", "；")


def distance(metres: float, lang: str) -> tuple[str, str]:
    """A number and its unit, as one would say it: (350, m), (1.4, km), (23, km)."""
    text = words(lang)
    if metres < 950:
        return str(max(10, round(metres / 10) * 10)), text["m"]
    kilometres = metres / 1000
    return (f"{kilometres:.1f}" if kilometres < 9.95 else f"{kilometres:.0f}"), text["km"]


def answer_context(
    answer: Mapping[str, Any],
    facts: PageFacts,
    *,
    map: RenderedMap,  # noqa: A002 - the template's name for it
    lang: str,
) -> dict[str, Any]:
    """For `answer.html`."""
    choices = [
        hospital | {"minutes": minutes(hospital["travel_time_s"]), "distance": distance(hospital["distance_m"], lang)}
        for hospital in answer["hospitals"]
    ]
    return base_context(facts, lang) | {"answer": answer, "choices": choices, "map": map, "distance": distance}


def search_context(
    found: Sequence[Mapping[str, Any]],
    facts: PageFacts,
    *,
    lang: str,
    condition: str,
    typed: str,
    districts: Collection[str],
) -> dict[str, Any]:
    """For `search.html`.

    Parameters
    ----------
    found
        Each with `kind`, `id`, `label`, `name`, `lat` and `lon` (degrees, WGS-84), as the search of the API gives them.
    typed
        What somebody looks for.
    districts
        Those that have a page.
    """

    def page_of(one: Mapping[str, Any]) -> str:
        if one["kind"] == "hospital":
            return hospital_path(one["id"])
        return district_path(one["name"]["zh"]) if one["name"]["zh"] in districts else ""

    listed = [{**one, "page": page_of(one)} for one in found]
    return base_context(facts, lang) | {"found": listed, "condition": condition, "typed": typed}


def error_context(problem: Mapping[str, Any], facts: PageFacts | None, *, lang: str) -> dict[str, Any]:
    """For `error.html`: `problem` is the problem+json body; `facts` is None where no edition is published."""
    text = words(lang)
    return base_context(facts, lang) | {
        "code": problem["code"],
        "request_id": problem.get("request_id", ""),
        "mistakes": problem.get("errors") or [],
        "distance": distance,
        "said": text.get(problem["code"], text["internal-error"]),
        "fallback": [told | {"call": f"tel:{first_number(told['phone'])}"} for told in problem.get("fallback") or []],
    }
