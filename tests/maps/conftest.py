"""A small town whose hospitals have the worst names one can think of."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from stroke_map.dispatch import Question, answer
from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from stroke_map.editions import Edition

HOSTILE = (
    "${alert(1)}`+alert(1)+`",
    "</script><script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "{{ 7*7 }}{% for %}{# {{ this._parent }}",
    "'\"; alert(1); //\u2028\ue000",
)


@pytest.fixture(scope="session")
def hostile_names() -> tuple[str, ...]:
    return HOSTILE


@pytest.fixture(scope="session")
def town(write_osm, make_town, place_of) -> Edition:
    """One street with a hospital every 500 m, each with a hostile name and other capabilities."""
    nodes = {chr(97 + number): (500 * number, 0) for number in range(len(HOSTILE) + 1)}
    osm = write_osm(nodes, [("".join(nodes), {"highway": "primary", "name": HOSTILE[0]})])
    rows = []
    for number, name in enumerate(HOSTILE):
        lat, lon = place_of(500 * (number + 1), 0)
        rows.append({
            "id": f"h{number}", "name_zh": name, "name_en": name, "district": name, "address": name, "lat": lat, "lon": lon,
            "phone": "(023) 6869 0000" if number else "", "thrombolysis": "yes" if number < 4 else "no",
            "thrombectomy": "yes" if number == 1 else "no", "primary_pci": "yes" if number % 2 else "unknown",
            "fibrinolysis": "yes",
        })  # fmt: skip
    return make_town(osm, rows)


@pytest.fixture(scope="session")
def hospitals(town) -> dict[str, Any]:
    return hospitals_geojson(town.hospitals)


@pytest.fixture(scope="session")
def town_answer(town, place_of) -> dict[str, Any]:
    lat, lon = place_of(120, 30)
    now = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    question = Question(lat=lat, lon=lon, at=now, asked_at=now, limit=4, all_roads=True)
    return answer(town, question, read_settings({}))
