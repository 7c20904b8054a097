"""Hospitals in formats other programs read; the public ones carry no number that an alert calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from stroke_map.registry.columns import COLUMNS
from stroke_map.registry.fhir import fhir_bundle
from stroke_map.registry.sheet import sheet_cells, write_sheet
from stroke_map.registry.spreadsheet import write_workbook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stroke_map.registry.models import Hospital

FORMATS: Final = ("csv", "xlsx", "geojson", "gpkg", "fhir")
_NUMBERS: Final = {"year": int, "count": int, "minutes": float}
_PLACE: Final = ("lat", "lon", "crs", "entrance_lat", "entrance_lon")


def export_hospitals(hospitals: Sequence[Hospital], path: Path, format_: str, *, with_contacts: bool = False) -> None:
    """Write hospitals to a file, replacing what is there.

    Parameters
    ----------
    format_
        `csv` and `xlsx` are sheets, which `read_sheet` reads back equal; `geojson` and `gpkg` (a GeoPackage with one layer
        of points, `hospitals`) have WGS-84 places and a field per column; `fhir` is a FHIR R4 Bundle.
    with_contacts
        Whether the numbers that alerts call are written too; only sheets may have them.

    Raises
    ------
    ValueError
        No such format, or contacts in one that may not have them.
    OSError
        A place that cannot be written to.
    """
    if format_ not in FORMATS:
        raise ValueError(f"no such format: {format_}; give one of {', '.join(FORMATS)}")
    if with_contacts and format_ not in {"csv", "xlsx"}:
        raise ValueError(f"{format_} is a public format and carries no contacts; give csv or xlsx")
    if not with_contacts:
        hospitals = [hospital.model_copy(update={"contacts": ()}) for hospital in hospitals]
    if format_ == "csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            write_sheet(hospitals, stream)
    elif format_ == "xlsx":
        write_workbook(hospitals, path)
    elif format_ == "gpkg":
        _write_geopackage(hospitals, path)
    else:
        document = hospitals_geojson(hospitals) if format_ == "geojson" else fhir_bundle(hospitals)
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def hospitals_geojson(hospitals: Sequence[Hospital]) -> dict[str, Any]:
    """A FeatureCollection of points (lon, lat, WGS-84 degrees), with the columns of the sheet that are not blank."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": hospital.id,
                "geometry": {"type": "Point", "coordinates": [hospital.lon, hospital.lat]},
                "properties": _properties(hospital),
            }
            for hospital in hospitals
        ],
    }


def _properties(hospital: Hospital) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: _NUMBERS.get(COLUMNS[name].kind, str)(text)
        for name, text in sheet_cells(hospital).items()
        if name not in _PLACE and COLUMNS[name].group != "contacts"
    }
    return told | {"entrance_lat": hospital.entrance_lat, "entrance_lon": hospital.entrance_lon}


def _write_geopackage(hospitals: Sequence[Hospital], path: Path) -> None:
    from geopandas import GeoDataFrame
    from shapely import points

    rows = [_properties(hospital) for hospital in hospitals]
    names = list(dict.fromkeys(name for row in rows for name in row))
    places = points([hospital.lon for hospital in hospitals], [hospital.lat for hospital in hospitals])
    path.unlink(missing_ok=True)  # a layer would be put beside those that are there
    GeoDataFrame(rows, columns=names, geometry=places, crs="EPSG:4326").to_file(
        path, layer="hospitals", driver="GPKG", engine="pyogrio"
    )
