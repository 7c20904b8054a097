from __future__ import annotations

import pytest
import shapely

from stroke_map.coordinates import from_wgs84
from stroke_map.errors import RegistryError
from stroke_map.registry.places import Place
from stroke_map.registry.places_csv import read_places_csv

REGION = shapely.box(106, 29, 107, 30)
HEADER = "name,alias,lat,lon,crs\n"


@pytest.fixture
def read(tmp_path):
    def read(text, **options):
        path = tmp_path / "places.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_places_csv(path, **options)

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_places_are_read_in_every_encoding_a_spreadsheet_program_writes(read, encoding):
    reading = read(f"{HEADER}龙湖春森彼岸,春森;Spring Forest,29.57,106.56,WGS-84\n".encode(encoding), region=REGION)
    assert reading.problems == []
    assert reading.places == [Place("龙湖春森彼岸", ("春森", "Spring Forest"), "landmark", 29.57, 106.56)]


def test_chinese_headers_in_any_order_and_the_columns_one_may_add(read):
    reading = read("坐标系,经度,纬度,名称,别名,英文名,区县\nwgs84,106.5,29.5,解放碑,,Liberation Monument,渝中区\n")
    assert reading.problems == []
    assert reading.places == [Place("解放碑", (), "landmark", 29.5, 106.5, "渝中区", "Liberation Monument")]


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_coordinates_become_wgs_84(read, crs):
    lat, lon = from_wgs84(29.5, 106.5, crs)
    (found,) = read(f"{HEADER}解放碑,,{lat},{lon},{crs}\n").places
    assert (found.lat, found.lon) == (29.5, 106.5)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (",,29.5,106.5,WGS-84", "name", "is missing"),
        ("！？,,29.5,106.5,WGS-84", "name", "has neither letter nor digit"),
        ("a,；…,29.5,106.5,WGS-84", "alias", "has neither letter nor digit"),
        ("a,,,106.5,WGS-84", "lat", "is missing"),
        ("a,,x,106.5,WGS-84", "lat", "is no number"),
        ("a,,29.5,nan,WGS-84", "lon", "is no number"),
        ("a,,29.5,106.5,", "crs", "is missing"),
        ("a,,29.5,106.5,mars", "crs", "is no coordinate system"),
        ("a,,106.5,29.5,WGS-84", "lat", "out of range"),
        ("a,,29.5,110.5,WGS-84", "lat", "lies outside the region"),
        ("a\x07,,29.5,106.5,WGS-84", "name", "control characters"),
    ],
)
def test_a_cell_in_error_is_named(read, row, column, said):
    reading = read(f"{HEADER}b,,29.5,106.5,WGS-84\n{row}\nc,,29.6,106.6,WGS-84\n", region=REGION)
    (problem,) = reading.problems
    assert (problem.severity, problem.row, problem.column) == ("error", 3, column)
    assert said in problem.message
    assert [place.name for place in reading.places] == ["b", "c"]
    with pytest.raises(RegistryError) as refused:
        reading.raise_for_errors()
    assert refused.value.facts["problems"][0]["row"] == 3


def test_exchanged_coordinates_are_named_as_such(read):
    (problem,) = read(f"{HEADER}a,,30,20,WGS-84\n", region=shapely.box(29, 19, 31, 21)).problems
    assert "look swapped" in problem.message


def test_every_cell_of_a_row_is_judged(read):
    assert [p.column for p in read(f"{HEADER},,x,,\n").problems] == ["name", "crs", "lat", "lon"]


@pytest.mark.parametrize("header", ["", "name,lat,lon\n", "id,name_zh\n", "名称,名称,lat,lon,crs\n"])
def test_a_header_that_cannot_be_used_is_named(read, header):
    reading = read(f"{header}a,1,2\n")
    assert reading.errors
    assert header or reading.places == []


def test_a_column_nobody_knows_is_only_warned_of(read):
    reading = read("name,lat,lon,crs,colour\na,1,2,WGS-84,red\n")
    assert [(p.severity, p.column) for p in reading.problems] == [("warning", "colour")]
    assert len(reading.places) == 1


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    reading = read_places_csv(tmp_path / "none.csv")
    assert [p.severity for p in reading.problems] == ["error"]


def test_formulas_and_markup_stay_text(read):
    reading = read(f"{HEADER}'=cmd|calc,<script>,29.5,106.5,WGS-84\n")
    assert reading.places == [Place("=cmd|calc", ("<script>",), "landmark", 29.5, 106.5)]
