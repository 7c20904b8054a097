"""24 made-up hospitals in all useful combinations of capabilities, each at the end of its own drive."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.coordinates import from_wgs84
from stroke_map.demo.city import DISTRICTS, TOWNSHIPS, to_lat_lon
from stroke_map.demo.features import streets
from stroke_map.demo.names import named
from stroke_map.demo.network import BODY, demo_id, network_cells
from stroke_map.demo.plots import Plot, Plots

if TYPE_CHECKING:
    from stroke_map.demo.graph import Graph
    from stroke_map.demo.lines import Points, Tags
    from stroke_map.demo.roads import City

_ALWAYS = "24/7"
_OFFICE = "Mo-Fr 08:00-17:30"
_STEPS = {
    "unit": ("ecg", "remote_ecg"),
    "basic": ("emergency", "ct", "ecg"),
    "lysis": ("emergency", "ct", "ecg", "thrombolysis"),
    "heart": ("emergency", "ct", "ecg", "fibrinolysis"),
    "both": ("emergency", "ct", "ecg", "thrombolysis", "fibrinolysis"),
    "pci": ("emergency", "ct", "ecg", "thrombolysis", "fibrinolysis", "primary_pci"),
    "stroke": ("emergency", "ct", "ct_angiography", "ecg", "thrombolysis", "thrombectomy", "neurosurgery"),
    "full": (
        "emergency", "ct", "ct_angiography", "advanced_imaging", "ecg", "thrombolysis", "thrombectomy", "fibrinolysis",
        "primary_pci", "neurosurgery", "trauma",
    ),
    "top": (
        "emergency", "ct", "ct_angiography", "advanced_imaging", "ecg", "remote_ecg", "thrombolysis", "thrombectomy",
        "fibrinolysis", "primary_pci", "cardiac_surgery", "neurosurgery", "trauma", "obstetric", "neonatal",
    ),
}  # fmt: skip
CAPABILITIES = (*_STEPS["top"],)


@dataclass(frozen=True)
class Plan:
    """One hospital: where, its name, what it can do, and what differs from the usual (columns of the sheet)."""

    place: str
    zh: str
    en: str
    can: str
    extra: tuple[tuple[str, str], ...] = ()


PLANS = (
    Plan("示范区", "示范市第一人民医院", "Demo City First People's Hospital", "top"),
    Plan(
        "示范区",
        "示范市中医院",
        "Demo City Chinese Medicine Hospital",
        "lysis",
        (("thrombolysis_agents", "urokinase"),),
    ),
    Plan(
        "示范区",
        "示范市心血管病医院",
        "Demo City Heart Hospital",
        "pci",
        (("thrombolysis", "no"), ("cardiac_surgery", "yes")),
    ),
    Plan("演示区", "演示区人民医院", "Yanshi District People's Hospital", "full"),
    Plan("演示区", "演示区康复医院", "Yanshi Rehabilitation Hospital", "basic"),
    Plan("样例区", "样例区人民医院", "Yangli District People's Hospital", "pci"),
    Plan("样例区", "样例区第二医院", "Yangli Second Hospital", "lysis", (("thrombolysis_valid_until", "LAPSED"),)),
    Plan("虚构区", "虚构大学附属医院", "Fiction University Hospital", "top"),
    Plan(
        "虚构区",
        "虚构区骨科医院",
        "Xugou Orthopaedic Hospital",
        "basic",
        (("thrombolysis", "unknown"), ("fibrinolysis", "unknown")),
    ),
    Plan("模拟区", "模拟区人民医院", "Moni District People's Hospital", "stroke", (("thrombectomy_hours", _OFFICE),)),
    Plan("模拟区", "模拟区胸科医院", "Moni Chest Hospital", "heart"),
    Plan("练习区", "练习区人民医院", "Lianxi District People's Hospital", "full"),
    Plan(
        "练习区",
        "练习区妇幼保健院",
        "Lianxi Mother and Child Hospital",
        "basic",
        (("ct", "no"), ("ecg", "no"), ("obstetric", "yes"), ("neonatal", "yes")),
    ),
    Plan(
        "试验新城",
        "试验新城中心医院",
        "Shiyan New Town Central Hospital",
        "full",
        (("primary_pci_hours", "Mo-Su 07:00-22:00"),),
    ),
    Plan("假想新城", "假想新城医院", "Jiaxiang New Town Hospital", "both"),
    Plan("假想新城", "示范市第一人民医院假想院区", "Demo City First People's Hospital, Jiaxiang Campus", "stroke"),
    Plan("范本新城", "范本新城医院", "Fanben New Town Hospital", "pci", (("primary_pci_valid_until", "LONG_LAPSED"),)),
    Plan(
        "参考新城",
        "参考新城医院",
        "Cankao New Town Hospital",
        "both",
        (("thrombolysis_hours", "Mo-Su 08:00-12:00,14:00-20:00"),),
    ),
    Plan("虚五镇", "虚五镇中心卫生院", "Xuwu Central Township Hospital", "lysis"),
    Plan("例三镇", "例三镇中心卫生院", "Lisan Central Township Hospital", "heart"),
    Plan("渡口镇", "渡口镇卫生院", "Dukou Township Unit", "unit"),
    Plan("虚一镇", "虚一镇卫生院", "Xuyi Township Unit", "unit"),
    Plan("虚九镇", "虚九镇卫生院", "Xujiu Township Unit", "unit", (("fibrinolysis", "yes"),)),
    Plan("例一镇", "例一镇卫生院", "Liyi Township Unit", "unit", (("remote_ecg", "unknown"),)),
)
_SYSTEMS = ("WGS-84", "GCJ-02", "BD-09")
_DATES = {"LAPSED": "2026-10-15", "LONG_LAPSED": "2025-03-31"}


@dataclass(frozen=True)
class Site:
    """Where a hospital stands: the building and the emergency entrance, metres."""

    plan: Plan
    building: Points
    entrance_node: int


def place_hospitals(city: City) -> list[Site]:
    """Give every hospital a drive off a street near the middle of its district, most of them gated."""
    places = {place.zh: place for place in (*DISTRICTS, *TOWNSHIPS)}
    plots, candidates = Plots(city.graph, city.ground.water), streets(city.graph)
    taken: list[Points] = []
    sites = []
    for number, plan in enumerate(PLANS):
        place, turn = places[plan.place], number * 2.4
        wanted = np.array([place.x + 0.3 * place.radius * np.cos(turn), place.y + 0.3 * place.radius * np.sin(turn)])
        street, plot = _plot_for(wanted, city.graph, candidates, plots, taken)
        taken.append(plot.foot)
        sites.append(_build(city.graph, plan, street, plot, number))
    return sites


def _plot_for(
    wanted: Points, graph: Graph, candidates: list[int], plots: Plots, taken: list[Points]
) -> tuple[int, Plot]:
    """A street and free land beside it, as near as may be to the place wanted and not beside another hospital."""
    away = {n: float(np.hypot(*(graph.edges[n].points[0] - wanted))) for n in candidates if n in graph.edges}
    for street in sorted(away, key=lambda n: (away[n], n)):
        edge = graph.edges[street]
        if all(np.hypot(*(edge.points[0] - spot)) > 500 for spot in taken):
            plot = plots.beside(edge.points, edge.length, depth=92, width=64)
            if plot is not None:
                return street, plot
    raise LookupError(f"no land left for a hospital near {wanted}")


def _build(graph: Graph, plan: Plan, street: int, plot: Plot, number: int) -> Site:
    node, _, _ = graph.split(street, graph.edges[street].length / 2)
    access = ("private", "destination", "customers", "")[number % 4]
    drive: Tags = {
        "highway": "service",
        **({"access": access} if access else {}),
        **named(plan.zh + "院内道路", f"{plan.en} drive"),
    }
    gate = graph.spur(node, np.array([plot.foot, plot.at(18)]), drive)
    if number % 4 != 3:
        graph.node_tags[gate] |= {"barrier": "gate" if number % 2 else "lift_gate"}
    entrance = graph.spur(gate, np.array([plot.at(18), plot.at(34, 4), plot.at(46, 14)]), drive)
    graph.node_tags[entrance] |= {
        "emergency": "emergency_ward_entrance",
        **named(plan.zh + "急诊入口", f"{plan.en} emergency entrance"),
    }
    return Site(plan, plot.at(70), entrance)


def sheet(sites: list[Site], graph: Graph) -> str:
    """The association's sheet as CSV, coordinates in the three systems in turn."""
    rows = [_row(number, site, graph) for number, site in enumerate(sites, start=1)]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _row(number: int, site: Site, graph: Graph) -> dict[str, str]:
    plan, crs = site.plan, _SYSTEMS[number % 3]
    row = {
        "id": demo_id(number),
        "name_zh": plan.zh + "（虚构）",
        "name_en": plan.en + " (made up)",
        "name_short": plan.zh,
        "district": plan.place,
        "address": f"{plan.place}示范路 {number} 号",
        "lat": "", "lon": "", "crs": crs, "entrance_lat": "", "entrance_lon": "",
        "phone": f"000-0000-{number:04d}",
        "kind": "unit" if plan.can == "unit" else "hospital",
    }  # fmt: skip
    for prefix, point in (("", site.building), ("entrance_", graph.nodes[site.entrance_node])):
        lat, lon = to_lat_lon(point[None, :])[0].tolist()
        lat, lon = from_wgs84(lat, lon, crs)
        row[f"{prefix}lat"], row[f"{prefix}lon"] = f"{lat:.9f}", f"{lon:.9f}"
    for capability in CAPABILITIES:
        able = capability in _STEPS[plan.can]
        row |= {
            capability: "yes" if able else "no",
            f"{capability}_hours": _ALWAYS if able else "",
            f"{capability}_valid_from": "2026-01-01" if able and capability.startswith("thromb") else "",
            f"{capability}_valid_until": "",
            f"{capability}_body": BODY if able and capability.startswith("thromb") else "",
            f"{capability}_assessed_on": "2025-11-20" if able and capability.startswith("thromb") else "",
        }
        if capability == "thrombolysis":
            row["thrombolysis_agents"] = "alteplase;tenecteplase" if able else ""
    row |= {column: _DATES.get(value, value) for column, value in plan.extra}
    for capability in ("thrombolysis", "primary_pci"):
        if row[f"{capability}_valid_until"]:
            row[f"{capability}_valid_from"] = "2024-01-01"
        if row[capability] != "yes":
            row |= {column: "" for column in row if column.startswith(f"{capability}_")}
    township = plan.place if plan.place in {township.zh for township in TOWNSHIPS} else ""
    return row | network_cells(number, plan.can, township, row)
