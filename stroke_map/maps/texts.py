"""Every word of the pages, in both languages, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stroke_map.maps.public_texts import PUBLIC_TEXTS
from stroke_map.maps.sign_texts import SIGN_TEXTS
from stroke_map.registry import CAPABILITY_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

LANGUAGES: Final = ("zh", "en")
TAGS: Final = {"zh": "zh-CN", "en": "en"}

#: name: (Chinese, English). `{0}` is filled in by the template or by static/js/page.js.
TEXTS: Final[dict[str, tuple[str, str]]] = {
    # what comes first
    "title": ("卒中 · 胸痛 急救地图", "Stroke and chest pain map"),
    "title_of": ("{0} · 卒中胸痛急救地图", "{0} · stroke and chest pain map"),
    "skip": ("跳到医院名单", "Skip to the list of hospitals"),
    "notice": ("提示", "Notice"),
    "call_120": ("拨打 120", "Call 120"),
    "do_not_drive": ("不要自己开车送病人。", "Do not drive the patient yourself."),
    "do_not_drive_why": (
        "救护车上就能开始救治，并提前通知医院。",
        "Treatment starts in the ambulance, and it alerts the hospital.",
    ),
    "demo": ("演示数据，不可用于急救", "Demonstration data, not for emergencies"),
    "expired": (
        "本版名单有效期至 {0}，已过期：请先打电话确认",
        "This list was valid until {0}. Telephone first.",
    ),
    "other_language": ("English", "中文"),
    "stroke": ("卒中（中风）", "Stroke"),
    "chest_pain": ("胸痛", "Chest pain"),
    "if_told": ("如果 120 让您自己前往：", "If 120 tells you to come by yourself:"),
    "which": ("是哪一种？", "Which is it?"),
    # where am I
    "nearest_to_me": ("离我最近的医院", "The hospital nearest to me"),
    "where": ("我在哪里", "Where am I"),
    "where_hint": (
        "或者点一下地图上您所在的位置。位置只用来算路线，不会保存。",
        "Or tap your place on the map. It is used for the route alone and never kept.",
    ),
    "search": ("或者输入地点、道路、小区或医院", "Or type a place, road, estate or hospital"),
    "search_found": ("找到 {0} 个，请选择", "{0} found; choose one"),
    "search_none": ("没有找到。换个说法，或者点一下地图。", "Nothing found. Try another name, or tap the map."),
    "search_go": ("查找", "Find"),
    "search_district": ("{0}：请在地图上点一下您的位置。", "{0}: now tap your place on the map."),
    "coordinates": ("输入坐标", "Enter coordinates"),
    "lat": ("纬度", "Latitude"),
    "lon": ("经度", "Longitude"),
    "crs": ("坐标系", "System"),
    "show_route": ("显示路线", "Show the route"),
    "locating": ("正在定位……", "Finding where you are…"),
    "asking": ("正在找最近的医院……", "Finding the nearest hospital…"),
    "denied": (
        "没有获得定位权限。请输入地点，或者点一下地图上您所在的位置。",
        "Your browser did not allow the location. Type a place, or tap your place on the map.",
    ),
    "no_position": (
        "现在无法定位。请输入地点，或者点一下地图上您所在的位置。",
        "Your place could not be found. Type a place, or tap your place on the map.",
    ),
    "insecure": (
        "这个页面没有用 https 打开，浏览器不允许定位。请输入地点，或者点一下地图上您所在的位置。",
        "Without https the browser gives no location. Type a place, or tap your place on the map.",
    ),
    "way_type": ("输入地点", "Type a place"),
    "way_tap": ("在地图上点", "Tap on the map"),
    "accuracy": (
        "定位误差约 {0} 米。不在这里？请点一下您的位置。",
        "Accurate to about {0} m. Not here? Tap your place.",
    ),
    # the answer
    "nearest": ("最近的可救治医院", "Nearest hospitals that can treat this"),
    "you": ("您的位置", "You are here"),
    "from_street": ("从 {0} 出发", "From {0}"),
    "minutes": ("分钟", "min"),
    "km": ("公里", "km"),
    "m": ("米", "m"),
    "straight": ("直线 {0}", "{0} in a straight line"),
    "by_car": ("按驾车时间估算，不计堵车", "Driving time without traffic"),
    "no_phone": ("电话未登记", "No telephone registered"),
    "alternatives": ("其他医院", "Other hospitals"),
    "steps": ("路线说明", "Directions"),
    "navigate": ("在地图软件中打开", "Open in a map app"),
    "amap": ("高德", "Amap"),
    "baidu": ("百度", "Baidu"),
    "tencent": ("腾讯", "Tencent"),
    "apple": ("Apple 地图", "Apple Maps"),
    "print": ("可打印的页面", "Page to print"),
    "print_hint": ("用浏览器的“打印”即可打印本页。", "Print this page with your browser."),
    "show_way": ("看路线", "Show the way"),
    "class_1": ("到达时接诊", "Open when you arrive"),
    "class_2": ("认证近期已过期", "Accreditation lapsed recently"),
    "class_3": ("请先打电话：到达时可能不接诊", "Telephone first: may not receive on arrival"),
    "class_4": ("请先打电话：能否救治未知", "Telephone first: not known whether it can"),
    # what can go wrong
    "error": ("没有找到路线", "No route was found"),
    "again": ("再试一次", "Try again"),
    "next_call": ("请拨打 120，并说明您的位置。", "Call 120 and say where you are."),
    "outside-area": ("您的位置不在本地图范围内。", "Your place is outside the region of this map."),
    "off-network": ("附近没有可通行的道路。", "There is no usable road near this place."),
    "no-route": ("没有道路通往可救治的医院。", "No road leads from here to a hospital that can treat this."),
    "no-capable-hospital": ("名单中没有可救治的医院。", "No hospital in this list can treat this."),
    "invalid-request": ("问题有误，请重新选择位置。", "The question has a mistake. Choose your place again."),
    "too-busy": ("现在访问的人太多，请几秒后再试。", "Too many people are asking. Try again in a few seconds."),
    "no-edition": ("地图还没有发布。", "No map is published yet."),
    "edition-damaged": ("地图数据损坏，正在修复。", "The map data is damaged and being repaired."),
    "not-found": ("没有这个页面。", "There is no such page."),
    "unauthorized": ("需要授权。", "This needs authorisation."),
    "internal-error": ("服务器出错了。", "The server failed."),
    "offline": ("连不上服务器。下面的医院名单仍然可用。", "The server cannot be reached. The list below still works."),
    "fallback": ("按直线距离最近的医院（不是路线）", "Nearest hospitals by straight line (not by road)"),
    "back": ("回到地图", "Back to the map"),
    # the map and the list
    "map": ("地图", "Map"),
    "map_label": ("医院地图，点击选择您的位置", "Map of hospitals; tap to choose your place"),
    "legend": ("图例", "Legend"),
    "legend_thrombolysis": ("可溶栓（静脉溶栓）", "Clot-dissolving drug (thrombolysis)"),
    "legend_thrombectomy": ("可取栓（血管内取栓）", "Clot removal (thrombectomy)"),
    "legend_primary_pci": ("可急诊介入（PCI）", "Opening the artery by catheter (primary PCI)"),
    "legend_fibrinolysis": ("可溶栓", "Clot-dissolving drug (fibrinolysis)"),
    "both_stroke": ("溶栓和取栓都能做", "Thrombolysis and thrombectomy"),
    "both_chest_pain": ("急诊介入和溶栓都能做", "Primary PCI and fibrinolysis"),
    "legend_other": ("其他医院：未登记此项救治", "Other hospital: this treatment is not registered"),
    "list_stroke": ("可救治卒中的医院", "Hospitals that treat stroke"),
    "list_chest_pain": ("可救治胸痛的医院", "Hospitals that treat chest pain"),
    "list_other": ("其他医院（{0}）", "Other hospitals ({0})"),
    "list_none": ("名单中没有这类医院。", "There is none in this list."),
    "filter": ("筛选医院", "Filter hospitals"),
    "filter_able": ("能做", "Can do"),
    "filter_all": ("全部", "All"),
    "filter_level": ("级别", "Level"),
    "filter_text": ("名称、区县、地址", "Name, district, address"),
    "filter_found": ("{0} 家医院", "{0} hospitals"),
    "layers": ("图层", "Layers"),
    "layer_closures": ("道路封闭和缓行（{0}）", "Closed and slow roads ({0})"),
    "layer_bands": ("多久能到：", "How far it reaches:"),
    "layer_none": ("不显示", "Not shown"),
    "band_within": ("{0} 分钟内", "within {0} min"),
    "band_beyond": ("60 分钟以上", "beyond 60 min"),
    "closed": ("封闭", "Closed"),
    "slow": ("缓行", "Slow"),
    "always": ("24 小时", "24 hours"),
    "valid_until": ("认证至 {0}", "Accredited until {0}"),
    "no_script": (
        "浏览器没有运行脚本：请输入地点，或看下面的医院名单。",
        "Scripts are off: type a place, or use the list below.",
    ),
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    # the foot
    "edition": ("版本 {0}", "Edition {0}"),
    "valid": ("有效期 {0} 至 {1}", "Valid {0} to {1}"),
    "publisher": ("发布：{0}", "Published by {0}"),
    "licence": ("地图数据 {0}，{1} 许可", "Map data {0}, licence {1}"),
    "review_number": ("审图号：{0}", "Map review number: {0}"),
    "made_on": ("制作于 {0}", "made {0}"),
    "sources": ("数据来源", "Sources"),
    "source_roads": ("道路", "Roads"),
    "source_hospitals": ("医院名单", "Hospital list"),
    "source_region": ("区域", "Region"),
    "source_periods": ("时段", "Times of the week"),
    "source_places": ("地名", "Places"),
    "source_population": ("人口", "Population"),
    "base_map": ("底图 {0}", "Base map {0}"),
    "report_error": ("报告错误", "Report an error"),
    "as_of": ("查询时间 {0}", "Asked {0}"),
    # what to look for
    **SIGN_TEXTS,
    # the pages besides the map
    **PUBLIC_TEXTS,
    # what a hospital can do
    **{name: (named.name_zh, named.name_en) for name, named in CAPABILITY_NAMES.items()},
}
#: What belongs to each condition, most telling first; the rest of a hospital's abilities stay in the API.
TOLD: Final[dict[str, tuple[str, ...]]] = {
    "stroke": ("thrombectomy", "thrombolysis", "ct", "neurosurgery"),
    "chest_pain": ("primary_pci", "fibrinolysis", "cardiac_surgery", "ecg"),
}


def words(lang: str) -> dict[str, str]:
    """Every text in one language."""
    return {name: pair[LANGUAGES.index(lang)] for name, pair in TEXTS.items()}


def choose_language(asked: str | None, accepted: Iterable[str]) -> str:
    """The language of a page.

    Parameters
    ----------
    asked
        The address's own `?lang=`.
    accepted
        Language tags of Accept-Language, preferred ones first.
    """
    for tag in (asked or "", *accepted):
        language = tag.lower().partition("-")[0]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def minutes(seconds: float) -> int:
    """Whole minutes, rounded up: nobody who hurries is told less than it takes."""
    return max(1, -int(-seconds // 60))
