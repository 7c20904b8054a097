"""A road as GPX 1.1 (https://www.topografix.com/GPX/1/1/), for the navigation devices that ambulances carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

# XML 1.0 has no way to write these, not even escaped: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMESPACE = "http://www.topografix.com/GPX/1/1"


def to_gpx(line: np.ndarray, steps: Iterable[tuple[tuple[float, float], str]], *, name: str, description: str) -> bytes:
    """One route with a point per instruction, and one track with the whole line.

    Parameters
    ----------
    line
        float64[n, 2] (lon, lat) in degrees, WGS-84.
    steps
        ((lon, lat), what to do there) in the order of driving.
    name, description
        Of the route; any text.
    """
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(f"{{{_NAMESPACE}}}gpx", version="1.1", creator="stroke_map")
    metadata = ET.SubElement(root, f"{{{_NAMESPACE}}}metadata")
    _text(metadata, "name", name)
    _text(metadata, "desc", description)
    route = ET.SubElement(root, f"{{{_NAMESPACE}}}rte")
    _text(route, "name", name)
    for (lon, lat), words in steps:
        _text(_point(route, "rtept", lon, lat), "desc", words)
    track = ET.SubElement(root, f"{{{_NAMESPACE}}}trk")
    _text(track, "name", name)
    segment = ET.SubElement(track, f"{{{_NAMESPACE}}}trkseg")
    for lon, lat in line.tolist():
        _point(segment, "trkpt", lon, lat)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _point(parent: ET.Element, tag: str, lon: float, lat: float) -> ET.Element:
    return ET.SubElement(parent, f"{{{_NAMESPACE}}}{tag}", lat=f"{lat:.7f}", lon=f"{lon:.7f}")


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_NAMESPACE}}}{tag}").text = _NOT_XML.sub("", text)
