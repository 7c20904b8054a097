"""One row: what each cell says, what is wrong with it, and that none hides another's problem."""

from __future__ import annotations

from datetime import date

import pytest
import shapely

from stroke_map.coordinates import from_wgs84
from stroke_map.registry import CAPABILITIES, CENTRES, Contact, Figures, Hospital, Level, Partner, SheetReading
from stroke_map.registry.cells import Cell
from stroke_map.registry.columns import COLUMNS
from stroke_map.registry.row import Row

CHONGQING = shapely.box(105.2, 28.1, 110.2, 32.3)
GOOD = {"id": "h1", "name_zh": "第一医院", "lat": "29.5574", "lon": "106.577", "crs": "WGS-84"}


def read_row(texts: dict[str, str], region: shapely.Geometry | None = CHONGQING) -> tuple[Row, SheetReading]:
    """A row of these cells, read: the header of each column is its Chinese title, as in a workbook."""
    reading = SheetReading("list.xlsx")
    cells = {
        column: Cell(text.strip(), "医院", 7, COLUMNS[column].title_zh, f"{chr(65 + index % 26)}7")
        for index, (column, text) in enumerate(texts.items())
    }
    row = Row(reading, cells)
    row.read(region)
    return row, reading


def hospital_of(texts: dict[str, str]) -> Hospital:
    row, reading = read_row(texts)
    assert reading.problems == []
    assert row.hospital is not None
    return row.hospital


def test_five_cells_are_enough() -> None:
    hospital = hospital_of(GOOD)
    assert (hospital.id, hospital.name_zh, hospital.lat, hospital.lon) == ("h1", "第一医院", 29.5574, 106.577)
    assert (hospital.entrance_lat, hospital.entrance_lon, hospital.kind) == (29.5574, 106.577, "hospital")
    assert {hospital.capabilities[name].status for name in CAPABILITIES} == {"unknown"}
    assert (hospital.levels, hospital.contacts, hospital.figures) == ({}, (), Figures())


def test_every_column_reaches_its_field() -> None:
    hospital = hospital_of({name: column.example for name, column in COLUMNS.items()})
    site = {"id", "name_zh", "name_en", "name_short", "organisation", "campus", "district", "address", "phone", "kind"}
    for name in (*site, "crs", "lead_hospital", "community", "remote_ecg_partner"):
        assert getattr(hospital, name) == COLUMNS[name].example, name
    assert from_wgs84(hospital.entrance_lat, hospital.entrance_lon, "GCJ-02") == pytest.approx((29.5393, 106.5634))
    assert hospital.transfer_partners == (Partner(id="ex-002", transfer_delay_min=35), Partner(id="ex-003"))
    graded = Level(
        scheme="示例评级",
        level="示例级",
        body="示例学会",
        assessed_on=date(2025, 5, 20),
        valid_until=date(2028, 5, 19),
    )
    assert hospital.levels == dict.fromkeys(("stroke", "chest_pain", "trauma", "obstetric", "neonatal"), graded)
    for name, said in hospital.capabilities.items():
        assert (said.status, said.hours, said.body) == ("yes", "24/7", "示例学会")
        assert (said.valid_from, said.valid_until) == (date(2026, 1, 1), date(2028, 12, 31))
        assert said.assessed_on == date(2025, 11, 20)
        assert said.agents == (("alteplase", "tenecteplase") if name == "thrombolysis" else ())
    assert hospital.figures == Figures(
        year=2025,
        thrombolysis_cases=210,
        thrombectomy_cases=95,
        pci_cases=340,
        door_to_needle_min=38,
        door_to_puncture_min=85,
        door_in_door_out_min=95,
        door_to_wire_min=72,
    )
    assert hospital.contacts == (
        Contact(team="emergency", phone="000-0000-0011"),
        Contact(team="emergency", phone="000-0000-0012"),
        Contact(team="radiology", phone="000-0000-0013"),
        Contact(team="neurology", phone="000-0000-0014"),
        Contact(team="cardiology", phone="000-0000-0015"),
        Contact(team="cath_lab", phone="000-0000-0016"),
    )


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"kind": "乡镇卫生院"}, "kind", "unit"),
        ({"kind": "Unit"}, "kind", "unit"),
        ({"crs": "火星坐标"}, "crs", "GCJ-02"),
        (
            {"transfer_partners": "a：30；b"},
            "transfer_partners",
            (Partner(id="a", transfer_delay_min=30), Partner(id="b")),
        ),
        ({"transfer_partners": "a: 30.25"}, "transfer_partners", (Partner(id="a", transfer_delay_min=30.2),)),
        ({"pci_cases": "1,234"}, "figures", Figures(pci_cases=1234)),
        ({"door_to_wire_min": "７２．５"}, "figures", Figures(door_to_wire_min=72.5)),
        ({"neurology_contacts": "１２０"}, "contacts", (Contact(team="neurology", phone="120"),)),
    ],
)
def test_cells_as_people_write_them(change: dict[str, str], field: str, value: object) -> None:
    row, _ = read_row(GOOD | change)
    assert getattr(row.hospital, field) == value


@pytest.mark.parametrize("said", ["是", "有", "√", "Y", "yes"])
def test_a_status_in_chinese_or_by_a_tick(said: str) -> None:
    agents = "阿替普酶；TNK；尿激酶"
    hospital = hospital_of(GOOD | {"thrombolysis": said, "thrombolysis_agents": agents, "ct": "无"})
    assert hospital.capabilities["thrombolysis"].status == "yes"
    assert hospital.capabilities["thrombolysis"].agents == ("alteplase", "tenecteplase", "urokinase")
    assert hospital.capabilities["ct"].status == "no"


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09", "gcj-02"])
def test_the_same_place_in_another_system_is_the_same_hospital(crs: str) -> None:
    lat, lon = from_wgs84(29.5574, 106.577, crs.upper())
    hospital = hospital_of(GOOD | {"lat": f"{lat:.9f}", "lon": f"{lon:.9f}", "crs": crs})
    assert (hospital.lat, hospital.lon, hospital.crs) == (29.5574, 106.577, crs.upper())


WRONG = [
    ({"id": ""}, "id", "is missing", "such as ex-001"),
    ({"id": "a b"}, "id", "an id has 1 to 64", "such as ex-001"),
    ({"name_zh": "  "}, "name_zh", "is missing", "a line of plain text"),
    ({"name_zh": "\u202e"}, "name_zh", "is missing", "a line of plain text"),
    ({"name_zh": "a\0b"}, "name_zh", "control characters", "plain text"),
    ({"address": "x" * 501}, "address", "501 characters; at most 500", "plain text"),
    ({"crs": ""}, "crs", "is missing", "WGS-84 | GCJ-02 | BD-09"),
    ({"crs": "GCJ03"}, "crs", "is no coordinate system", "WGS-84 | GCJ-02 | BD-09"),
    ({"lat": ""}, "lat", "is missing", "decimal degrees, such as 29.5391"),
    ({"lat": "NaN"}, "lat", "is no number", "decimal degrees, such as 29.5391"),
    ({"lon": "inf"}, "lon", "is no number", "decimal degrees, such as 106.5632"),
    ({"lon": "106°34′"}, "lon", "is no number", "decimal degrees"),
    ({"lat": "1_0"}, "lat", "is no number", "decimal degrees"),
    ({"lat": "1e999"}, "lat", "is too large a number", "decimal degrees"),
    ({"lat": "-90.5"}, "lat", "is out of range, -90 to 90", "decimal degrees"),
    ({"lon": "180.5"}, "lon", "is out of range, -180 to 180", "decimal degrees"),
    ({"lat": "106.577", "lon": "29.5574"}, "lat", "latitude and longitude look swapped", "lat 29.5574 and lon 106"),
    ({"lat": "31.2", "lon": "121.4"}, "lat", "lies outside the region", "within 28.10..32.30 N, 105.20..110.20 E"),
    ({"entrance_lat": "29.5"}, "entrance_lon", "is missing", "106.5634"),
    ({"entrance_lat": "x", "entrance_lon": "106.5"}, "entrance_lat", "is no number", "decimal degrees"),
    ({"entrance_lat": "39.9", "entrance_lon": "116.4"}, "entrance_lat", "lies outside the region", "inside"),
    ({"entrance_lat": "106.577", "entrance_lon": "29.5"}, "entrance_lat", "swapped", "entrance_lat 29.5"),
    ({"kind": "clinic"}, "kind", "is unknown", "hospital | unit"),
    ({"lead_hospital": "a/b"}, "lead_hospital", "an id has 1 to 64", "such as ex-002"),
    ({"lead_hospital": "h1"}, "lead_hospital", "names the hospital itself", "the id of another hospital"),
    ({"remote_ecg_partner": "h1"}, "remote_ecg_partner", "names the hospital itself", "the id of another hospital"),
    ({"transfer_partners": "h2; h1:30"}, "transfer_partners", "names the hospital itself", "the id of another"),
    ({"transfer_partners": "h2:10; h2:30"}, "transfer_partners", "names one hospital twice", "each hospital once"),
    ({"transfer_partners": "h2:soon"}, "transfer_partners", "is no number", "ids with minutes, such as ex-002:35"),
    ({"transfer_partners": "h2:-1"}, "transfer_partners", "is out of range", "ids with minutes"),
    ({"transfer_partners": "h2:1440.5"}, "transfer_partners", "is out of range", "ids with minutes"),
    ({"transfer_partners": ":30"}, "transfer_partners", "an id has 1 to 64", "ids with minutes"),
    ({"stroke_level": "high"}, "stroke_level_scheme", "is missing beside a level", "who gives the level"),
    ({"chest_pain_level_scheme": "x"}, "chest_pain_level", "is missing beside what is said", "all its cells blank"),
    ({"trauma_level_valid_until": "2027-01-01"}, "trauma_level", "is missing beside what is said", "the level"),
    ({"ct": "maybe"}, "ct", "is unknown", "yes | no | unknown"),
    ({"ct": "yes", "ct_hours": "8 to 6"}, "ct_hours", "hours that cannot be read", "24/7, or opening hours"),
    ({"ct_valid_from": "1/2/26"}, "ct_valid_from", "is no date", "2026-12-31"),
    ({"ct_assessed_on": "last year"}, "ct_assessed_on", "is no date", "2026-12-31"),
    ({"ct_valid_until": "2026-02-30"}, "ct_valid_until", "is a day no calendar has", "2026-12-31"),
    (
        {"ct_valid_from": "2026-01-01", "ct_valid_until": "2025-12-31"},
        "ct_valid_until",
        "is before ct_valid_from",
        "2026-01-01 or later",
    ),
    ({"thrombolysis_agents": "alteplase;aspirin"}, "thrombolysis_agents", "is unknown", "alteplase;tenecteplase"),
    ({"figures_year": "25"}, "figures_year", "is out of range", "a year, such as 2025"),
    ({"figures_year": "2025", "pci_cases": "-1"}, "pci_cases", "is out of range", "a number of patients"),
    ({"figures_year": "2025", "pci_cases": "1.5"}, "pci_cases", "is no whole number", "a number of patients"),
    ({"figures_year": "2025", "pci_cases": "1000001"}, "pci_cases", "is out of range", "a number of patients"),
    ({"figures_year": "2025", "door_to_needle_min": "0"}, "door_to_needle_min", "is out of range", "such as 38"),
    ({"figures_year": "2025", "door_to_wire_min": "1441"}, "door_to_wire_min", "is out of range", "such as 72"),
    ({"neurology_contacts": "120; ask"}, "neurology_contacts", "is no phone number", "023-6869 0000"),
]


@pytest.mark.parametrize(("change", "column", "message", "would_be_right"), WRONG)
def test_a_wrong_cell_is_named_with_what_would_be_right(
    change: dict[str, str], column: str, message: str, would_be_right: str
) -> None:
    row, reading = read_row(GOOD | change)
    (problem,) = reading.problems
    assert (problem.severity, problem.sheet, problem.row) == ("error", "医院", 7)
    assert message in problem.message
    assert would_be_right in problem.would_be_right
    assert row.hospital is None
    if column in GOOD | change:
        value = (GOOD | change)[column].strip()
        assert problem.value == (value if len(value) <= 80 else value[:79] + "…")
        assert (problem.column, problem.address) == (COLUMNS[column].title_zh, row.cells[column].address)
    else:
        assert (problem.column, problem.value, problem.address) == (column, "", "")


def test_no_cell_hides_the_problem_of_another() -> None:
    texts = {column.name for column in COLUMNS.values() if column.kind == "text"}
    _, reading = read_row(dict.fromkeys(COLUMNS.keys() - texts, "what?") | {"name_zh": "\0", "stroke_level": "x"})
    named = [problem.column for problem in reading.problems]
    assert sorted(named) == sorted(
        # Where a cell is missing, its column is named as the program calls it, not by a header that is not there.
        [COLUMNS[name].title_zh for name in COLUMNS.keys() - texts | {"name_zh"}]
        + ["stroke_level_scheme"]
        + [f"{centre}_level" for centre in CENTRES if centre != "stroke"]
    )


@pytest.mark.parametrize(
    ("change", "column", "message"),
    [
        ({"phone": "ask at the gate"}, "phone", "is no phone number"),
        ({"phone": "12"}, "phone", "is no phone number"),
        ({"phone": "023-68690000;none"}, "phone", "is no phone number"),
        ({"ct": "yes", "ct_hours": "Mo-Fr 08:00-18:00; PH off"}, "ct_hours", "count as ordinary days"),
        ({"entrance_lat": "29.60", "entrance_lon": "106.577"}, "entrance_lat", "the entrance is 4.7 km from the site"),
        ({"figures_year": "", "pci_cases": "12"}, "figures_year", "is missing beside the figures"),
    ],
)
def test_what_somebody_should_look_at_is_a_warning_and_keeps_the_hospital(
    change: dict[str, str], column: str, message: str
) -> None:
    row, reading = read_row(GOOD | change)
    assert [(p.severity, p.row, p.column) for p in reading.problems] == [("warning", 7, COLUMNS[column].title_zh)]
    assert message in reading.problems[0].message
    assert row.hospital is not None


@pytest.mark.parametrize(
    "phone",
    ["120", "023-6869 0000", "+86 23 6869 0000", "(023)68690000转8001", "０２３－６８６９００００", "6869000、6869001"],
)
def test_phones_as_people_write_them_are_phones(phone: str) -> None:
    assert hospital_of(GOOD | {"phone": phone}).phone == phone


@pytest.mark.parametrize("crs", ["WGS-84", "GCJ-02", "BD-09"])
def test_swapped_coordinates_that_are_both_possible_are_seen_by_the_region(crs: str) -> None:
    malta = shapely.box(14.1, 35.7, 14.7, 36.1)
    _, reading = read_row(GOOD | {"lat": "14.5", "lon": "35.9", "crs": crs}, malta)
    assert [(p.column, p.message) for p in reading.problems] == [("纬度", "latitude and longitude look swapped")]


def test_the_hospitals_it_names_are_looked_for_when_all_rows_are_read() -> None:
    row, reading = read_row(GOOD | {"lead_hospital": "h2", "transfer_partners": "h2:30; h3; h4"})
    row.check_references({"h1", "h2", "h3", "h4"})
    assert reading.problems == []
    row.check_references({"h1", "h2"})
    (problem,) = reading.problems
    assert (problem.severity, problem.column, problem.row) == ("error", "转诊医院", 7)
    assert problem.message == "names h3, h4, which no row has"
    assert row.hospital is None
