"""The hospital sheet: what is wrong with it, cell by cell, and that what is written reads back equal."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.coordinates import from_wgs84
from stroke_map.errors import RegistryError
from stroke_map.registry import CAPABILITIES, Hospital, Level, SheetReading, read_sheet, write_sheet
from stroke_map.registry.columns import COLUMNS

CHONGQING = shapely.box(105.2, 28.1, 110.2, 32.3)
GOOD = {"id": "h1", "name_zh": "第一医院", "lat": "29.5574", "lon": "106.577", "crs": "WGS-84"}


def sheet_text(*rows: dict[str, str]) -> str:
    """CSV text with a header of every column that any row fills."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(dict.fromkeys(column for row in rows for column in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def places_and_messages(reading: SheetReading, severity: str = "error") -> list[tuple[int, str, str]]:
    return [(p.row, p.column, p.message) for p in reading.problems if p.severity == severity]


def test_a_sheet_with_the_five_columns_that_are_needed(sheet_file) -> None:
    reading = read_sheet(sheet_file("id,name_zh,lat,lon,crs\nh1,第一医院,29.5574,106.577,WGS-84\n"))
    assert reading.problems == []
    (hospital,) = reading.hospitals
    assert (hospital.id, hospital.name_zh, hospital.lat, hospital.lon) == ("h1", "第一医院", 29.5574, 106.577)
    assert (hospital.entrance_lat, hospital.entrance_lon, hospital.kind) == (29.5574, 106.577, "hospital")
    assert {hospital.capabilities[name].status for name in CAPABILITIES} == {"unknown"}


def test_every_column_reaches_its_field(sheet_file) -> None:
    row = GOOD | {
        "name_en": "First Hospital",
        "name_short": "一院",
        "district": "渝中区",
        "address": "Road 1, East gate",
        "entrance_lat": "29.5576",
        "entrance_lon": "106.5772",
        "phone": "023-6869 0000",
        "kind": "Unit",
        "stroke_level_scheme": "国家卒中中心",
        "stroke_level": "高级",
        "thrombolysis": "YES",
        "thrombolysis_hours": "24小时",
        "thrombolysis_valid_from": "2025-01-01",
        "thrombolysis_valid_until": "2026-12-31",
        "thrombolysis_body": "卒中学会",
        "thrombolysis_agents": "alteplase; Tenecteplase",
        "ct": "no",
    }
    reading = read_sheet(sheet_file(sheet_text(row)), region=CHONGQING)
    reading.raise_for_errors()
    assert reading.problems == []
    (hospital,) = reading.hospitals
    assert (hospital.name_en, hospital.name_short, hospital.district) == ("First Hospital", "一院", "渝中区")
    assert (hospital.address, hospital.phone, hospital.kind) == ("Road 1, East gate", "023-6869 0000", "unit")
    assert (hospital.entrance_lat, hospital.entrance_lon) == (29.5576, 106.5772)
    assert hospital.levels == {"stroke": Level(scheme="国家卒中中心", level="高级")}
    thrombolysis = hospital.capabilities["thrombolysis"]
    assert (thrombolysis.status, thrombolysis.hours, thrombolysis.body) == ("yes", "24/7", "卒中学会")
    assert (thrombolysis.valid_from, thrombolysis.valid_until) == (date(2025, 1, 1), date(2026, 12, 31))
    assert thrombolysis.agents == ("alteplase", "tenecteplase")
    assert hospital.capabilities["ct"].status == "no"


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09", "gcj-02"])
def test_the_same_place_in_another_system_is_the_same_hospital(sheet_file, crs: str) -> None:
    lat, lon = from_wgs84(29.5574, 106.577, crs.upper())
    given_so = GOOD | {"lat": f"{lat:.9f}", "lon": f"{lon:.9f}", "crs": crs}
    (hospital,) = read_sheet(sheet_file(sheet_text(given_so))).hospitals
    assert (hospital.lat, hospital.lon, hospital.crs) == (29.5574, 106.577, crs.upper())


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_utf8_with_and_without_byte_order_mark_and_either_line_end(sheet_file, prefix: bytes, newline: str) -> None:
    text = newline.join(["", " ID , name_zh,lat,lon,crs,,", "h1, 第一医院 ,29.5,106.5,WGS-84,,", ",,,,", ""])
    reading = read_sheet(sheet_file(prefix + text.encode()))
    assert reading.problems == []
    assert [hospital.name_zh for hospital in reading.hospitals] == ["第一医院"]


@pytest.mark.parametrize(
    ("change", "column", "message", "would_be_right"),
    [
        ({"id": ""}, "id", "is missing", "cq-001"),
        ({"id": "a b"}, "id", "an id has 1 to 64", "cq-001"),
        ({"name_zh": "  "}, "name_zh", "is missing", "a text"),
        ({"name_zh": "\u202e"}, "name_zh", "is missing", "a text"),
        ({"name_zh": "a\0b"}, "name_zh", "control characters", "plain text"),
        ({"address": "x" * 501}, "address", "501 characters; at most 500", "plain text"),
        ({"crs": ""}, "crs", "is missing", "WGS-84 | GCJ-02 | BD-09"),
        ({"crs": "GCJ02"}, "crs", "is unknown", "WGS-84 | GCJ-02 | BD-09"),
        ({"lat": ""}, "lat", "is missing", "29.5574"),
        ({"lat": "NaN"}, "lat", "is no number", "29.5574"),
        ({"lon": "inf"}, "lon", "is no number", "106.5770"),
        ({"lon": "106°34′"}, "lon", "is no number", "decimal degrees"),
        ({"lat": "1_0"}, "lat", "is no number", "decimal degrees"),
        ({"lat": "1e999"}, "lat", "is out of range, -90 to 90", "29.5574"),
        ({"lat": "-90.5"}, "lat", "is out of range, -90 to 90", "29.5574"),
        ({"lon": "180.5"}, "lon", "is out of range, -180 to 180", "106.5770"),
        ({"lat": "106.577", "lon": "29.5574"}, "lat", "latitude and longitude look swapped", "lat 29.5574 and lon 106"),
        ({"lat": "31.2", "lon": "121.4"}, "lat", "lies outside the region", "within 28.10..32.30 N, 105.20..110.20 E"),
        ({"entrance_lat": "29.5"}, "entrance_lon", "is missing", "106.5770"),
        ({"entrance_lat": "x", "entrance_lon": "106.5"}, "entrance_lat", "is no number", "decimal degrees"),
        ({"entrance_lat": "39.9", "entrance_lon": "116.4"}, "entrance_lat", "lies outside the region", "inside"),
        ({"entrance_lat": "106.577", "entrance_lon": "29.5"}, "entrance_lat", "swapped", "entrance_lat 29.5"),
        ({"kind": "clinic"}, "kind", "is unknown", "hospital | unit"),
        ({"stroke_level": "high"}, "stroke_level_scheme", "is missing beside a level", "who gives the level"),
        ({"chest_pain_level_scheme": "x"}, "chest_pain_level", "is missing beside its scheme", "both cells blank"),
        ({"ct": "maybe"}, "ct", "is unknown", "yes | no | unknown"),
        ({"ct": "yes", "ct_hours": "8 to 6"}, "ct_hours", "hours that cannot be read", "24/7, or opening hours"),
        ({"ct_valid_from": "2026/1/1"}, "ct_valid_from", "is no date", "2026-12-31"),
        ({"ct_valid_from": "20260101"}, "ct_valid_from", "is no date", "2026-12-31"),
        ({"ct_valid_until": "2026-02-30"}, "ct_valid_until", "is no date", "2026-12-31"),
        (
            {"ct_valid_from": "2026-01-01", "ct_valid_until": "2025-12-31"},
            "ct_valid_until",
            "is before ct_valid_from",
            "2026-01-01 or later",
        ),
        ({"thrombolysis_agents": "alteplase;aspirin"}, "thrombolysis_agents", "is unknown", "alteplase;tenecteplase"),
    ],
)
def test_a_wrong_cell_is_named_with_what_would_be_right(
    sheet_file, change: dict[str, str], column: str, message: str, would_be_right: str
) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD | {"id": "h0"}, GOOD | change)), region=CHONGQING)
    (problem,) = reading.problems
    assert (problem.severity, problem.sheet, problem.row, problem.column) == ("error", "hospitals.csv", 3, column)
    assert message in problem.message
    assert would_be_right in problem.would_be_right
    value = change.get(column, "").strip()
    assert problem.value == (value if len(value) <= 80 else value[:79] + "…")
    assert [hospital.id for hospital in reading.hospitals] == ["h0"]


@pytest.mark.parametrize(
    ("change", "column", "message"),
    [
        ({"phone": "ask at the gate"}, "phone", "is no phone number"),
        ({"phone": "12"}, "phone", "is no phone number"),
        ({"phone": "023-68690000;none"}, "phone", "is no phone number"),
        ({"ct": "yes", "ct_hours": "Mo-Fr 08:00-18:00; PH off"}, "ct_hours", "count as ordinary days"),
        ({"entrance_lat": "29.60", "entrance_lon": "106.577"}, "entrance_lat", "the entrance is 4.7 km from the site"),
    ],
)
def test_what_somebody_should_look_at_is_a_warning_and_keeps_the_hospital(
    sheet_file, change: dict[str, str], column: str, message: str
) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD | change)))
    assert [(p.severity, p.row, p.column) for p in reading.problems] == [("warning", 2, column)]
    assert message in reading.problems[0].message
    assert len(reading.hospitals) == 1
    reading.raise_for_errors()


@pytest.mark.parametrize(
    "phone",
    ["120", "023-6869 0000", "+86 23 6869 0000", "(023)68690000转8001", "０２３－６８６９００００", "6869000、6869001"],
)
def test_phones_as_people_write_them_are_phones(sheet_file, phone: str) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD | {"phone": phone})))
    assert reading.problems == []
    assert reading.hospitals[0].phone == phone


@pytest.mark.parametrize("crs", ["WGS-84", "GCJ-02", "BD-09"])
def test_swapped_coordinates_that_are_both_possible_are_seen_by_the_region(sheet_file, crs: str) -> None:
    malta = shapely.box(14.1, 35.7, 14.7, 36.1)
    reading = read_sheet(sheet_file(sheet_text(GOOD | {"lat": "14.5", "lon": "35.9", "crs": crs})), region=malta)
    assert places_and_messages(reading) == [(2, "lat", "latitude and longitude look swapped")]


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        (
            "id;name_zh;lat;lon;crs",
            [("", "the cells are not separated by commas")],
        ),
        (
            "id,name_zh,lat,lon",
            [("crs", "the column is missing")],
        ),
        (
            "编号,名称,纬度,经度",
            [(c, "the column is unknown") for c in ("编号", "名称", "纬度", "经度")]
            + [(c, "the column is missing") for c in ("id", "name_zh", "lat", "lon", "crs")],
        ),
        ("id,name_zh,lat,lon,crs,ct,ct", [("ct", "the column is there twice")]),
        ("id,name_zh,lat,lon,crs,,ct", [("", "the column is unknown")]),
        ("id,name_zh,lat,lon,crs,magic", [("magic", "the column is unknown")]),
    ],
)
def test_a_wrong_header(sheet_file, header: str, problems: list[tuple[str, str]]) -> None:
    reading = read_sheet(sheet_file(f"{header}\nh1,第一医院,29.5,106.5,WGS-84,yes,yes\n"))
    assert [(row, column, message) for row, column, message in places_and_messages(reading) if row == 1] == [
        (1, column, message) for column, message in problems
    ]


@pytest.mark.parametrize(("wrong", "right"), [("thrombectomi", "thrombectomy"), ("ct_hour", "ct_hours")])
def test_an_unknown_capability_column_is_an_error_that_names_the_nearest(sheet_file, wrong: str, right: str) -> None:
    (problem,) = read_sheet(sheet_file(sheet_text(GOOD | {wrong: "yes"}))).problems
    assert (problem.row, problem.column, problem.would_be_right) == (1, wrong, right)


def test_an_id_that_is_there_twice_names_the_first_row(sheet_file) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD, GOOD | {"id": "h2"}, GOOD)))
    assert places_and_messages(reading) == [(4, "id", "is the id of row 2 too")]
    assert [hospital.id for hospital in reading.hospitals] == ["h1", "h2"]


def test_every_problem_of_every_row_is_collected(sheet_file) -> None:
    bad = {"id": "", "lat": "north", "lon": "", "crs": "?", "kind": "?", "ct": "?", "ct_hours": "?", "phone": "?"}
    reading = read_sheet(sheet_file(sheet_text(GOOD | bad, GOOD, GOOD | bad)))
    assert len(reading.hospitals) == 1
    for row in (2, 4):
        assert {p.column for p in reading.problems if p.row == row} == set(bad)


def test_the_error_carries_every_problem_as_plain_data(sheet_file) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD | {"lat": "x", "lon": "y", "phone": "?"})))
    with pytest.raises(
        RegistryError, match=r"2 mistakes; first: error: hospitals\.csv, row 2, lat: is no number"
    ) as no:
        reading.raise_for_errors()
    problems = orjson.loads(orjson.dumps(no.value.facts["problems"]))
    assert {(p["severity"], p["row"], p["column"], p["value"]) for p in problems} == {
        ("error", 2, "lat", "x"),
        ("error", 2, "lon", "y"),
        ("warning", 2, "phone", "?"),
    }
    assert set(problems[0]) == {"severity", "sheet", "row", "column", "value", "message", "would_be_right"}


@pytest.mark.parametrize(
    ("content", "row", "message"),
    [
        (b"PK\x03\x04....", 0, "this is an Excel workbook"),
        ("id,name_zh\n第,一".encode("gb18030"), 2, "the text is not UTF-8"),
        ("id,name_zh".encode("utf-16"), 1, "the text is not UTF-8"),
        (b"", 1, "the column is missing"),
        (b"\n\n\n", 1, "the column is missing"),
        (b"x" * 20_000_001, 0, "the file is over 20 MB"),
        (b'id,name_zh,lat,lon,crs\nh1,"A,29.5,106.5,WGS-84\n', 2, "a row that is not CSV: unexpected end of data"),
        (b"id,name_zh,lat,lon,crs,\nh1,A,29.5,106.5,WGS-84,extra\n", 2, "the row has 6 cells, the header 5"),
    ],
)
def test_a_file_that_is_no_sheet_is_a_problem_too(sheet_file, content: bytes, row: int, message: str) -> None:
    reading = read_sheet(sheet_file(content))
    assert reading.hospitals == []
    assert reading.errors[0].row == row
    assert message in reading.errors[0].message


def test_a_missing_file_and_a_folder_are_problems_too(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(RegistryError, match="the file cannot be read"):
            read_sheet(path).raise_for_errors()


def test_a_cell_of_a_megabyte_is_refused_and_hides_no_other_row(sheet_file) -> None:
    rows = sheet_text(GOOD, GOOD | {"id": "h2", "name_zh": "x" * 1_000_000}, GOOD | {"id": "h3", "lat": "?"})
    reading = read_sheet(sheet_file(rows))
    assert places_and_messages(reading) == [(3, "", "a cell of over 131,072 characters"), (4, "lat", "is no number")]
    assert max(len(str(problem)) for problem in reading.problems) < 500


def test_a_million_empty_rows_are_passed_over(sheet_file) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD) + "\n" * 1_000_000 + ",,\n" + sheet_text(GOOD).splitlines()[1]))
    assert places_and_messages(reading) == [(1_000_004, "id", "is the id of row 2 too")]


def test_a_sheet_of_nothing_but_mistakes_stops_at_ten_thousand(sheet_file) -> None:
    reading = read_sheet(sheet_file("id,name_zh,lat,lon,crs\n" + "?,,?,?,?\n" * 5000))
    assert 10_000 < len(reading.problems) < 10_010
    assert reading.problems[-1].message == "over 10,000 problems; reading stopped here"


def test_a_header_of_a_million_columns_is_refused(sheet_file) -> None:
    reading = read_sheet(sheet_file("a," * 1_000_000 + "a\n"))
    assert places_and_messages(reading) == [(1, "", "1,000,001 columns")]


CELLS = st.sampled_from(
    [
        "",
        "x",
        "yes",
        "29.5",
        "106.5",
        "-91",
        "1e400",
        "24小时",
        "Mo-Fr 08:00-18:00",
        "2026-01-01",
        "9999-99-99",
        "GCJ-02",
    ]
) | st.text(max_size=20)


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELLS, max_size=8), min_size=1, max_size=3))
def test_whatever_the_cells_hold_each_row_is_a_hospital_or_has_an_error(changes: list[dict[str, str]]) -> None:
    rows = [GOOD | change | {"id": f"h{number}"} for number, change in enumerate(changes)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.csv"
        path.write_bytes(sheet_text(*rows).encode("utf-8", "replace"))
        reading = read_sheet(path, region=CHONGQING)
    assert len(reading.hospitals) + len({problem.row for problem in reading.errors}) == len(rows)


def test_a_sheet_without_rows_is_a_warning(sheet_file) -> None:
    reading = read_sheet(sheet_file("id,name_zh,lat,lon,crs\n"))
    assert places_and_messages(reading, "warning") == [(0, "", "the sheet lists no hospital")]
    reading.raise_for_errors()


@given(st.lists(st.from_type(Hospital), min_size=1, max_size=3, unique_by=lambda hospital: hospital.id))
def test_what_is_written_reads_back_equal_in_any_system(hospitals: list[Hospital]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            write_sheet(hospitals, stream)
        reading = read_sheet(path)
    assert reading.errors == []
    assert reading.hospitals == hospitals


@given(st.lists(st.from_type(Hospital), max_size=3))
def test_what_is_written_is_a_header_and_a_line_each_and_nothing_a_spreadsheet_runs(hospitals: list[Hospital]) -> None:
    stream = io.StringIO()
    write_sheet(hospitals, stream)
    lines = stream.getvalue().removesuffix("\n").split("\n")
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 1 + len(hospitals)
    for cells in csv.reader(lines[1:], strict=True):
        for cell in cells:
            if cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")):
                assert cell[0] in "+-"
                assert not any(character.isalpha() for character in cell)


def test_writing_streams(demo_hospital: Hospital) -> None:
    stream = io.StringIO()
    seen = []

    def watched():
        for _ in range(3):
            seen.append(stream.getvalue().count("\n"))
            yield demo_hospital

    write_sheet(watched(), stream)
    assert seen == [1, 2, 3]
