"""Hospitals in formats other programs read."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import orjson
import pytest

from stroke_map.registry import Capability, Hospital, read_sheet
from stroke_map.registry.export import FORMATS, export_hospitals, hospitals_geojson

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def hospitals(demo_hospital: Hospital) -> list[Hospital]:
    others = [
        Hospital(id=id_, name_zh=f"<script>{id_}", lat=29.6, lon=106.6, entrance_lat=29.6, entrance_lon=106.6)
        for id_ in ("cq-002", "cq-003")
    ]
    return [demo_hospital, *others]


def without_contacts(hospitals: list[Hospital]) -> list[Hospital]:
    return [hospital.model_copy(update={"contacts": ()}) for hospital in hospitals]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_sheets_read_back_equal_and_with_contacts_only_on_request(hospitals, tmp_path: Path, format_: str) -> None:
    path = tmp_path / f"out.{format_}"
    export_hospitals(hospitals, path, format_)
    assert read_sheet(path).hospitals == without_contacts(hospitals)
    export_hospitals(hospitals, path, format_, with_contacts=True)
    assert read_sheet(path).hospitals == hospitals


def test_csv_opens_in_excel_in_chinese(hospitals, tmp_path: Path) -> None:
    export_hospitals(hospitals, tmp_path / "out.csv", "csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_carries_a_number_that_an_alert_calls(hospitals, tmp_path: Path, format_: str) -> None:
    path = tmp_path / f"out.{format_}"
    export_hospitals(hospitals, path, format_)
    content = path.read_bytes()
    if format_ == "xlsx":
        content = repr(read_sheet(path).hospitals).encode()
    assert b"023-6869 0000" in content
    assert b"6869 0001" not in content
    assert b"6869 0002" not in content


@pytest.mark.parametrize("format_", ["geojson", "gpkg", "fhir"])
def test_public_formats_refuse_contacts(hospitals, tmp_path: Path, format_: str) -> None:
    with pytest.raises(ValueError, match="public format"):
        export_hospitals(hospitals, tmp_path / "out", format_, with_contacts=True)
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_refused(hospitals, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such format: pdf; give one of csv"):
        export_hospitals(hospitals, tmp_path / "out", "pdf")


def test_geojson_has_points_in_wgs84_and_the_columns_that_are_filled(hospitals, tmp_path: Path) -> None:
    path = tmp_path / "out.geojson"
    export_hospitals(hospitals, path, "geojson")
    document = orjson.loads(path.read_bytes())
    assert document == hospitals_geojson(hospitals)
    assert document["type"] == "FeatureCollection"
    first, second, _ = document["features"]
    assert (first["type"], first["id"]) == ("Feature", "cq-001")
    assert first["geometry"] == {"type": "Point", "coordinates": [106.577, 29.5574]}
    told = first["properties"]
    assert (told["entrance_lat"], told["entrance_lon"]) == (29.5576, 106.5772)
    assert (told["figures_year"], told["thrombolysis_cases"], told["door_to_needle_min"]) == (2025, 210, 38.5)
    assert told["thrombolysis_valid_until"] == "2026-12-31"
    assert told["transfer_partners"] == "cq-002:35; cq-003"
    assert not {"lat", "lon", "crs"} & set(told)
    assert second["properties"]["name_zh"] == "<script>cq-002"
    assert "district" not in second["properties"]


def test_a_geopackage_has_a_layer_of_points_with_the_same_fields(hospitals, tmp_path: Path) -> None:
    import geopandas

    path = tmp_path / "out.gpkg"
    for _ in range(2):  # a file that is there is replaced, not added to
        export_hospitals(hospitals, path, "gpkg")
    assert geopandas.list_layers(path)["name"].tolist() == ["hospitals"]
    layer = geopandas.read_file(path, layer="hospitals")
    assert layer.crs == "EPSG:4326"
    assert [(point.x, point.y) for point in layer.geometry] == [(hospital.lon, hospital.lat) for hospital in hospitals]
    assert layer["name_zh"].tolist() == [hospital.name_zh for hospital in hospitals]
    assert layer["thrombolysis"].tolist() == ["yes", "unknown", "unknown"]
    assert layer["thrombolysis_cases"].tolist()[0] == 210
    told = hospitals_geojson(hospitals)["features"]
    assert set(layer.columns) == {name for one in told for name in one["properties"]} | {"geometry"}


def test_no_hospital_is_a_document_too(tmp_path: Path) -> None:
    for format_ in FORMATS:
        export_hospitals([], tmp_path / f"out.{format_}", format_)
        assert (tmp_path / f"out.{format_}").stat().st_size > 0


def test_a_day_is_a_day(hospitals) -> None:
    hospital = hospitals[1].model_copy(
        update={
            "capabilities": hospitals[1].capabilities | {"ct": Capability(status="yes", assessed_on=date(2026, 1, 2))}
        }
    )
    assert hospitals_geojson([hospital])["features"][0]["properties"]["ct_assessed_on"] == "2026-01-02"
