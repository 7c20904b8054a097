"""Every word of the report, Chinese first: both stand on the page."""

from __future__ import annotations

from typing import Final

#: name: (Chinese, English).
REPORT_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "title": ("年度更新报告", "What changed"),
    "title_amended": ("修订报告", "What was amended"),
    "demo": ("演示数据，不可用于急救", "Demonstration data, not for emergencies"),
    "edition": ("版本", "Edition"),
    "before": ("上一版", "Before"),
    "after": ("本版", "This edition"),
    "first": ("首个版本，没有可比较的上一版", "The first edition: there is none before it to compare with"),
    "valid": ("有效期", "Valid"),
    "publisher": ("发布单位", "Publisher"),
    "prepared_by": ("编制人", "Prepared by"),
    "accepted": ("总数变动的理由", "Why totals may differ"),
    "reason": ("修订理由", "Reason for the amendment"),
    "changes": ("变动", "Changes"),
    "no_changes": ("医院名单没有变动", "Nothing in the list of hospitals is different"),
    "and_more": ("另有 {0} 条，见 changes.json", "and {0} more, in changes.json"),
    "totals": ("总数", "Totals"),
    "refused": ("须说明理由的变动", "Totals that need a reason"),
    "warnings": ("警告", "Warnings"),
    "no_warnings": ("检查没有发现问题", "The checks found nothing"),
    "and_more_warnings": ("另有 {0} 条警告", "and {0} more warnings"),
    "coverage": ("覆盖", "Coverage"),
    "not_measured": (
        "修订时不重新测量覆盖：见 {0} 版的报告，或运行 stroke-map edition report {1}。",
        "An amendment does not measure coverage again: see the report of edition {0}, or run stroke-map edition report {1}.",
    ),
    "bands_of": (
        "公众地图上的覆盖图层仍为 {0} 版，下次完整生成时更新。",
        "The coverage on the public map is still that of edition {0}, until the next full build.",
    ),
    "coverage_road": ("道路覆盖（占道路里程的百分比）", "Share of the road network"),
    "coverage_people": ("人口覆盖（占人口的百分比）", "Share of the population"),
    "maps": ("覆盖图", "Maps of coverage"),
    "worst": ("到达最慢的地方", "Places worst served"),
    "catchments": ("各医院的最近服务范围", "Catchments: where each hospital is the nearest"),
    "gains": ("再增加一家取栓医院会带来什么", "What one more thrombectomy centre would gain"),
    "method": ("数据说明", "How to read the figures"),
    "sources": ("数据来源与许可", "Sources and licences"),
    # headings of tables
    "hospital": ("医院", "Hospital"),
    "district": ("区县", "District"),
    "what": ("项目", "What"),
    "difference": ("差", "Difference"),
    "was": ("原为", "Was"),
    "is": ("现为", "Is"),
    "number": ("数量", "Number"),
    "capability": ("能力", "Capability"),
    "hospitals_with": ("医院数", "Hospitals"),
    "within": ("{0} 分钟内", "within {0} min"),
    "beyond": ("{0} 分钟以上", "over {0} min"),
    "minutes": ("分钟", "minutes"),
    "place": ("地点", "Place"),
    "coordinates": ("纬度，经度", "Latitude, longitude"),
    "road_km": ("道路（公里）", "Road, km"),
    "people": ("人口", "People"),
    "new_km": ("新增 {0} 分钟内道路（公里）", "Road newly within {0} min, km"),
    "new_people": ("新增 {0} 分钟内人口", "People newly within {0} min"),
    "where": ("位置", "Where"),
    "value": ("内容", "Value"),
    "problem": ("问题", "Problem"),
    "right": ("应为", "Right would be"),
    "role": ("用途", "Role"),
    "file": ("文件", "File"),
    "licence": ("许可", "Licence"),
    "checksum": ("SHA-256 校验和", "SHA-256"),
    # what a field says
    "said_": ("（无）", "(none)"),
    "said_yes": ("是", "yes"),
    "said_no": ("否", "no"),
    "said_unknown": ("未知", "unknown"),
    "role_roads": ("道路", "roads"),
    "role_hospitals": ("医院名单", "hospitals"),
    "role_region": ("区域边界", "region"),
    "role_periods": ("时段", "periods"),
    "role_places": ("地名", "places"),
    "role_population": ("人口", "population"),
    # pictures
    "legend": ("图例", "Legend"),
    "gained": ("新增此能力", "has this newly"),
    "lost": ("本版不再具备", "no longer has this"),
    "map_of": ("{0}：到最近医院的车程", "{0}: driving time to the nearest hospital"),
    "chart_of": ("{0}：条形图，数字见下表", "{0}: bars; the table below has the figures"),
    "no_road": ("无路可达", "no road"),
    "none_gains": (
        "没有医院能使 {0} 分钟内的覆盖再增加。",
        "No hospital would bring anybody newly within {0} minutes.",
    ),
    "no_gain": ("另有 {0} 家不会带来新增", "{0} more would gain nothing"),
    "unnamed": ("（无名）", "(no name)"),
    "cells": (
        "没有地名数据：以约 5 公里见方的网格代替，名称取格内最长的道路，时间为格内一半道路可达到的时间。",
        (
            "No place names are in this edition: cells of about 5 km stand for them, named by their longest street; the time is that "
            "from which half of a cell's road is nearer."
        ),
    ),
    "worst_note": (
        "按到最近溶栓医院的车程排序，最慢的在前，最多 20 个。",
        "Sorted by the drive to the nearest thrombolysis, the longest first, at most 20.",
    ),
    "catchments_note": (
        "到该医院比到其他具备此能力的医院都近的道路里程和人口。",
        "Road and people to whom this hospital is the nearest with that capability.",
    ),
    "catchments_shift": ("小字为与上一版之差。", "In small: the difference from the edition before."),
    "gains_note": (
        "假设本院增加取栓能力，{0} 分钟内可到取栓医院的人口（没有人口数据时为道路里程）会增加多少。",
        (
            "Had this thrombolysis hospital thrombectomy as well: how many more people (or km of road, where there is no population) "
            "would be within {0} minutes of one."
        ),
    ),
    # how to read
    "note_time": (
        (
            "时间是救护车从道路上某处到医院急诊入口的车程，取自本版的到达时间表，向下取整到 {0} 秒；不计堵车，不计出门到道路的时间，"
            "也不计救护车到达病人身边的时间。"
        ),
        (
            "Times are those of an ambulance from a place on the road to the hospital's emergency entrance, from this edition's arrival "
            "table, rounded down to {0} s: without traffic, without the way from a door to the road, without the ambulance's way to the "
            "patient."
        ),
    ),
    "note_able": (
        "计入在版本首日登记为“是”且认证有效的能力；不考虑开放时间。",
        "A capability counts where it is registered as yes and accredited on the edition's first day; hours are not weighed.",
    ),
    "note_road": (
        "道路按里程计，分隔的两条车行道分别计算；只计区域内可能发生急救的道路，共 {0} 公里。另有 {1} 公里不通往任何医院，未计入。",
        (
            "Roads count by length, each carriageway of a divided road of its own; counted are those of the region on which an emergency "
            "may begin, {0} km. Another {1} km lead to no hospital and are not counted."
        ),
    ),
    "note_people": (
        "人口 {0} 人，归到最近的道路；其中 {1} 人距道路超过 1 公里，算作未覆盖。区域外 {2} 人未计入。",
        (
            "{0} people are placed on the nearest road; {1} of them live more than 1 km from any and count as not covered. {2} people "
            "outside the region are not counted."
        ),
    ),
    "note_no_people": ("没有提供人口数据，只按道路里程计算。", "No population was given: figures are of roads alone."),
}


def report_text(name: str, *values: object) -> tuple[str, str]:
    """A text in Chinese and in English, with its values filled in."""
    zh, en = REPORT_TEXTS[name]
    return zh.format(*values), en.format(*values)
