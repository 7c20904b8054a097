"""The workbook to fill in, and hospitals written as one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.registry import Hospital, read_sheet
from stroke_map.registry.columns import COLUMNS
from stroke_map.registry.headers import canonical
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.records import read_records
from stroke_map.registry.spreadsheet import FIRST_ROW, write_template, write_workbook

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LANGUAGES = ("zh", "en")


@pytest.fixture(params=LANGUAGES)
def template(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "template.xlsx"
    write_template(path, lang=request.param)
    return path


def data_sheet(path: Path) -> Worksheet:
    return openpyxl.load_workbook(path).worksheets[0]


def test_as_it_is_it_lists_no_hospital_and_has_no_mistake(template: Path) -> None:
    reading = read_sheet(template)
    assert reading.hospitals == []
    assert reading.errors == []
    assert "the sheet lists no hospital" in [problem.message for problem in reading.problems]


def test_every_column_is_there_once_in_the_order_of_the_sheet(template: Path) -> None:
    book = openpyxl.load_workbook(template)
    sheet = book.worksheets[0]
    sheet["A3"] = "h1"
    book.save(template)
    (record,) = read_records(template, SheetReading("x"))
    assert list(record) == list(COLUMNS)
    assert [record[name].address for name in ("id", "name_zh")] == ["A3", "B3"]


def test_the_example_row_is_right_in_every_cell(template: Path) -> None:
    """With an id instead of the marker, and the hospitals it names, the example is a hospital."""
    book = openpyxl.load_workbook(template)
    sheet = book.worksheets[0]
    example = [cell.value for cell in sheet[FIRST_ROW]]
    assert len(example) == len(COLUMNS)
    assert None not in example
    sheet.cell(FIRST_ROW, 1, COLUMNS["id"].example)
    for row, id_ in enumerate(("ex-002", "ex-003"), FIRST_ROW + 1):
        for column, name in enumerate(COLUMNS, 1):
            if name in {"name_zh", "lat", "lon", "crs"}:
                sheet.cell(row, column, example[column - 1])
        sheet.cell(row, 1, id_)
    book.save(template)
    reading = read_sheet(template)
    assert reading.errors == []
    hospital = reading.hospitals[0]
    assert {capability.status for capability in hospital.capabilities.values()} == {"yes"}
    assert hospital.capabilities["thrombolysis"].agents == ("alteplase", "tenecteplase")
    assert len(hospital.levels) == 5
    assert hospital.figures.year is not None
    assert {contact.team for contact in hospital.contacts} == {
        "emergency", "radiology", "neurology", "cardiology", "cath_lab",
    }  # fmt: skip


def test_each_header_explains_its_column(template: Path) -> None:
    sheet = data_sheet(template)
    names = list(COLUMNS)
    comments = [cell.comment.text.splitlines() for cell in sheet[2]]
    assert [lines[0] for lines in comments] == names
    assert all(
        lines[1] in (COLUMNS[name].help_zh, COLUMNS[name].help_en) for name, lines in zip(names, comments, strict=True)
    )
    required = [name for name, cell in zip(names, sheet[2], strict=True) if cell.value.endswith("*")]
    assert required == [name for name, column in COLUMNS.items() if column.required]


def test_what_can_be_chosen_is_offered_and_is_read(template: Path) -> None:
    sheet = data_sheet(template)
    offered = {}
    for validation in sheet.data_validations.dataValidation:
        for cells in validation.sqref.ranges:
            assert cells.min_row == FIRST_ROW
            offered[list(COLUMNS)[cells.min_col - 1]] = (validation.formula1.strip('"').split(","), validation)
    assert set(offered) == {name for name, column in COLUMNS.items() if column.choices}
    for name, (choices, validation) in offered.items():
        assert len(choices) == len(COLUMNS[name].choices)
        # Several agents may stand in one cell: another text than those offered must be let in.
        assert validation.showErrorMessage == (COLUMNS[name].kind != "agents")
    assert offered["ct"][0] in (["是", "否", "未知"], ["yes", "no", "unknown"])


def test_headers_stay_in_sight_and_cells_are_text(template: Path) -> None:
    sheet = data_sheet(template)
    assert sheet.freeze_panes == "C3"
    assert sheet.column_dimensions["N"].number_format == "@"
    assert sheet["A3"].number_format == "@"
    assert canonical(sheet["N2"].value) == "phone"


def test_the_notes_name_every_column(template: Path) -> None:
    notes = openpyxl.load_workbook(template).worksheets[1]
    assert notes.title in {"说明", "Notes"}
    assert [row[2].value for row in notes.iter_rows() if row[2].value] == list(COLUMNS)


def written_and_read(hospitals: list[Hospital], lang: str = "zh") -> SheetReading:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hospitals.xlsx"
        write_workbook(hospitals, path, lang=lang)
        return read_sheet(path)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_hospital_with_everything_reads_back_equal(demo_hospital: Hospital, lang: str) -> None:
    others = [
        Hospital(id=id_, name_zh=id_, lat=29.5, lon=106.5, entrance_lat=29.5, entrance_lon=106.5)
        for id_ in ("cq-002", "cq-003")
    ]
    reading = written_and_read([demo_hospital, *others], lang)
    assert reading.errors == []
    assert [problem.message for problem in reading.problems if "left out" in problem.message] == []  # of our own notes
    assert reading.hospitals == [demo_hospital, *others]


@settings(deadline=None, max_examples=30)
@given(hospital=st.from_type(Hospital), lang=st.sampled_from(LANGUAGES))
def test_whatever_a_hospital_holds_reads_back_equal(hospital: Hospital, lang: str) -> None:
    alone = hospital.model_copy(update={"lead_hospital": "", "remote_ecg_partner": "", "transfer_partners": ()})
    reading = written_and_read([alone], lang)
    assert reading.errors == []
    assert reading.hospitals == [alone]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "'=1+1", "_x0041_", "_x005F_", "${x}", "<script>", "是", "yes"])
def test_a_hostile_name_is_a_text_no_program_runs_and_reads_back_equal(tmp_path: Path, name: str) -> None:
    hospital = Hospital(id="h1", name_zh=name, lat=29.5, lon=106.5, entrance_lat=29.5, entrance_lon=106.5)
    path = tmp_path / "hospitals.xlsx"
    write_workbook([hospital], path)
    assert read_sheet(path).hospitals == [hospital]
    cell = data_sheet(path)["B3"]
    assert cell.data_type == "s"
    assert cell.value[0] not in "=+-@"


def test_what_xml_cannot_hold_is_replaced(tmp_path: Path) -> None:
    hospital = Hospital(id="h1", name_zh="a\uffffb", lat=29.5, lon=106.5, entrance_lat=29.5, entrance_lon=106.5)
    path = tmp_path / "hospitals.xlsx"
    write_workbook([hospital], path)
    assert read_sheet(path).hospitals[0].name_zh == "a\ufffdb"
