"""Hospitals as GeoJSON, the form in which the API, the map and the pages take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stroke_map.dispatch.links import first_number
from stroke_map.dispatch.prepared import level_by_centre

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stroke_map.registry import Hospital


def hospitals_geojson(hospitals: Iterable[Hospital]) -> dict[str, Any]:
    """A FeatureCollection of emergency entrances: (lon, lat) in degrees, WGS-84.

    Every capability is listed with its status and, where it was said, its hours and the end of its accreditation.
    """
    return {"type": "FeatureCollection", "features": [_feature(hospital) for hospital in hospitals]}


def _feature(hospital: Hospital) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": hospital.id,
        "geometry": {"type": "Point", "coordinates": [hospital.entrance_lon, hospital.entrance_lat]},
        "properties": {
            "id": hospital.id,
            "name": {"zh": hospital.name_zh, "en": hospital.name_en or hospital.name_zh},
            "name_short": hospital.name_short,
            "kind": hospital.kind,
            "district": hospital.district,
            "address": hospital.address,
            "phone": hospital.phone,
            "call": f"tel:{first_number(hospital.phone)}",
            "level": level_by_centre(hospital),
            "capabilities": {
                name: {
                    "status": capability.status,
                    "hours": capability.hours,
                    "valid_until": capability.valid_until.isoformat() if capability.valid_until else None,
                }
                for name, capability in hospital.capabilities.items()
            },
        },
    }
