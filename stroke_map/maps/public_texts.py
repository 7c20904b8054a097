"""The words of the pages besides the map itself: poster, hospitals, districts, what stays without a network."""

from __future__ import annotations

from typing import Final

from stroke_map.maps.sign_texts import SIGN_TEXTS
from stroke_map.maps.texts import LANGUAGES, words

#: name: (Chinese, English). `{0}` is filled in by a template or a script.
PUBLIC_TEXTS: Final[dict[str, tuple[str, str]]] = {
    # the poster
    "poster": ("海报", "Poster"),
    "poster_stroke": ("卒中急救地图", "Stroke emergency map"),
    "poster_chest_pain": ("胸痛急救地图", "Chest pain emergency map"),
    "poster_print": (
        "用浏览器打印：纸张选 {0}，页边距选“默认”，勾选“背景图形”。",
        "Print with your browser: paper {0}, default margins, background graphics on.",
    ),
    "poster_scan": ("扫码打开地图：找最近的医院", "Scan for the map: the hospital nearest to you"),
    "poster_no_url": (
        "未设置 STROKE_MAP_PUBLIC_URL，所以没有二维码。",
        "No QR code: STROKE_MAP_PUBLIC_URL is not set.",
    ),
    "poster_enlarged": ("框内放大", "The framed part, enlarged"),
    "poster_list": ("按区县查医院", "Hospitals by district"),
    "paper": ("纸张", "Paper"),
    "column_hospital": ("医院", "Hospital"),
    "column_able": ("可救治", "Treats"),
    "column_phone": ("电话", "Telephone"),
    "column_address": ("地址", "Address"),
    "no_district": ("未注明区县", "No district given"),
    "map_of": ("{0}地图", "Map of {0}"),
}


def public_words(lang: str) -> dict[str, str]:
    """Every text of the pages in one language, these among them."""
    at = LANGUAGES.index(lang)
    return words(lang) | {name: pair[at] for name, pair in (*SIGN_TEXTS.items(), *PUBLIC_TEXTS.items())}
