"""GPX that a navigation device reads."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.roads.gpx import to_gpx

GPX = {"gpx": "http://www.topografix.com/GPX/1/1"}
LINE = np.array([[106.5, 29.5], [106.6, 29.55], [106.7, 29.6]])


def test_the_whole_line_is_a_track_and_every_step_a_route_point() -> None:
    root = ET.fromstring(
        to_gpx(LINE, [((106.5, 29.5), "出发"), ((106.7, 29.6), "到达")], name="医院", description="4 min")
    )
    track = [(float(p.get("lon")), float(p.get("lat"))) for p in root.iterfind(".//gpx:trkpt", GPX)]
    assert track == [tuple(point) for point in LINE.tolist()]
    points = [(float(p.get("lon")), p.findtext("gpx:desc", namespaces=GPX)) for p in root.iterfind(".//gpx:rtept", GPX)]
    assert points == [(106.5, "出发"), (106.7, "到达")]
    assert root.get("version") == "1.1"
    assert root.findtext("gpx:metadata/gpx:name", namespaces=GPX) == "医院"


@given(st.text())
def test_any_text_stays_text(words: str) -> None:
    root = ET.fromstring(to_gpx(LINE, [((0.0, 0.0), words)], name=words, description=words))
    assert len(list(root.iter())) == 14
    found = root.findtext(".//gpx:rtept/gpx:desc", namespaces=GPX)
    kept = "".join(c for c in words if (c >= " " and c not in "\ufffe\uffff") or c in "\t\n\r")
    assert found == kept.replace("\r\n", "\n").replace("\r", "\n")  # as every XML reader does
