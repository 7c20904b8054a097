"""The words of the pages besides the map itself: poster, hospitals, districts, what stays without a network."""

from __future__ import annotations

from typing import Final

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
    # found by search engines, taken along
    "site_about": (
        "{0}：卒中、胸痛先打 120；能救治的最近医院、电话和路线。",
        "{0}: call 120 for stroke or chest pain; the nearest hospital that can treat it, telephone and way.",
    ),
    "download": ("下载名单（{0}）", "Download the list ({0})"),
    # looked for without a script
    "search_title": ("查找地点", "Find a place"),
    "search_by": ("输入地点、道路、小区或医院", "Type a place, road, estate or hospital"),
    "search_choose": ("您在哪里？选一个，看去医院的路：", "Where are you? Choose one, to see the way:"),
    "search_nothing": ("没有找到。换个说法，或看全部医院。", "Nothing found. Try another name, or see all hospitals."),
    "search_hospitals_there": ("那里的医院", "Hospitals there"),
    # a hospital, a district
    "more_about": ("医院详情", "About this hospital"),
    "district": ("区县", "District"),
    "all_hospitals": ("全部医院", "All hospitals"),
    "district_about": (
        "{0}：可救治卒中和胸痛的医院、电话、地址",
        "{0}: hospitals that treat stroke and chest pain, telephones, addresses",
    ),
    "on_the_map": ("在地图上看", "Show on the map"),
    "what_it_can": ("能做什么", "What it can do"),
    "cannot": ("不能做", "Cannot do"),
    "nothing_registered": ("名单中没有登记它能做什么", "Nothing is registered that it can do"),
    "treats_neither": (
        "名单中没有登记这家医院可救治卒中或胸痛：请拨打 120。",
        "This list does not say that this hospital treats stroke or chest pain: call 120.",
    ),
    "not_registered": ("未登记可救治卒中或胸痛", "Not registered for stroke or chest pain"),
    "is_unit": (
        "基层单元：识别、做心电图、转诊；不要自行前往，请拨打 120。",
        "A local unit: it recognises, records an ECG and sends on. Do not go there by yourself: call 120.",
    ),
    "drive_only_if_told": ("只有 120 让您自行前往时才用。", "Only if 120 tells you to come by yourself."),
    "catchment": ("从哪里来它最近", "From where it is the nearest"),
    "catchment_note": (
        "深色道路上，开车到这里比到其他能做同样救治的医院更快（不计堵车）。灰点是其他这样的医院。",
        "Dark: roads from which no hospital that can do the same is reached sooner by car, without traffic. Grey dots: those others.",
    ),
    # shared, framed
    "share": ("分享", "Share"),
    "share_copy": ("复制链接", "Copy the link"),
    "share_qr": ("二维码", "QR code"),
    "share_copied": ("链接已复制。", "The link is copied."),
    "share_here": ("链接：", "The link:"),
    "embed_open": ("打开地图，找最近的医院", "Open the map: the hospital nearest to you"),
    # without a network
    "short_title": ("急救地图", "120 map"),
    "offline_title": ("没有网络：已保存的名单", "No network: the saved list"),
    "offline_saved": (
        "这份名单于 {0} 保存在本机（版本 {1}），可能不是最新。",
        "Saved on this phone on {0} (edition {1}); it may be out of date.",
    ),
    "offline_unknown": (
        "这份名单保存在本机（版本 {0}），可能不是最新。",
        "Saved on this phone (edition {0}); it may be out of date.",
    ),
    "offline_again": ("重新连接", "Try the network again"),
    "offline_near": ("按直线距离列出最近的 5 家", "The 5 nearest by straight line"),
    "offline_denied": (
        "现在无法定位。请在下面按区县查找，或拨打 120。",
        "Your place could not be found. Look under your district, or call 120.",
    ),
    "catchment_of": ("{1}：{0}最近的道路", "{1}: roads from which it is the nearest for {0}"),
}
