"""Capable hospitals by straight line, for when no road can be given. Marked as what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stroke_map.dispatch.classes import UNKNOWN

if TYPE_CHECKING:
    from stroke_map.dispatch.choose import Asked

_EARTH_RADIUS_M = 6_371_008.8


def straight_line(asked: Asked) -> list[dict[str, Any]]:
    """Up to `question.limit` hospitals, those in a better class first, then the nearer."""
    distance_m = distances_m(asked)
    classes = asked.classes(np.full(len(distance_m), asked.leaves_s))
    order = np.lexsort((distance_m, classes))
    return [
        {
            "id": (card := asked.prepared.cards[column])["id"],
            "name": card["name"],
            "lat": card["lat"],
            "lon": card["lon"],
            "phone": card["phone"],
            "straight_line_m": round(float(distance_m[column])),
            "capabilities": card["capabilities"],
            "class": "straight-line",
        }
        for column in order.tolist()
        if classes[column] <= UNKNOWN
    ][: asked.question.limit]


def distances_m(asked: Asked) -> np.ndarray:
    """float64[H]: metres to every hospital's entrance, as the crow flies."""
    question, hospitals = asked.question, asked.edition.hospitals
    lat = np.radians([hospital.entrance_lat for hospital in hospitals])
    lon = np.radians([hospital.entrance_lon for hospital in hospitals])
    here_lat, here_lon = np.radians(question.lat), np.radians(question.lon)
    half = np.sin((lat - here_lat) / 2) ** 2 + np.cos(lat) * np.cos(here_lat) * np.sin((lon - here_lon) / 2) ** 2
    distance: np.ndarray = 2 * _EARTH_RADIUS_M * np.arcsin(np.minimum(np.sqrt(half), 1.0))
    return distance
