"""The hospital sheet: what is wrong with it as a whole, and that what is written reads back equal."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.errors import RegistryError
from stroke_map.registry import CAPABILITIES, Hospital, Problem, SheetReading, read_sheet, write_sheet
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


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_utf8_with_and_without_byte_order_mark_and_either_line_end(sheet_file, prefix: bytes, newline: str) -> None:
    text = newline.join(["", " ID , name_zh,lat,lon,crs,,", "h1, 第一医院 ,29.5,106.5,WGS-84,,", ",,,,", ""])
    reading = read_sheet(sheet_file(prefix + text.encode()))
    assert reading.problems == []
    assert [hospital.name_zh for hospital in reading.hospitals] == ["第一医院"]


def test_an_id_that_is_there_twice_names_the_first_row(sheet_file) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD, GOOD | {"id": "h2"}, GOOD)))
    assert places_and_messages(reading) == [(4, "id", "is the id of row 2 too")]
    assert [hospital.id for hospital in reading.hospitals] == ["h1", "h2"]


def test_the_hospitals_that_a_row_names_must_have_a_row(sheet_file) -> None:
    rows = [
        GOOD | {"lead_hospital": "h2", "remote_ecg_partner": "h3", "transfer_partners": "h2:30; h9"},
        GOOD | {"id": "h2", "lead_hospital": "h8", "lat": "north"},
        GOOD | {"id": "h3", "transfer_partners": "h1"},
    ]
    reading = read_sheet(sheet_file(sheet_text(*rows)))
    # The second row is refused, but it is there: nobody who names it is wrong.
    assert places_and_messages(reading) == [
        (3, "lat", "is no number"),
        (2, "transfer_partners", "names h9, which no row has"),
        (3, "lead_hospital", "names h8, which no row has"),
    ]
    assert [hospital.id for hospital in reading.hospitals] == ["h3"]


def test_the_cells_of_every_row_are_kept_for_checks_that_come_later(sheet_file) -> None:
    reading = read_sheet(sheet_file(sheet_text(GOOD, GOOD | {"id": "h2", "phone": "120", "lat": "north"})))
    assert list(reading.records) == ["h1", "h2"]
    assert (reading.records["h2"]["phone"].text, reading.records["h2"]["phone"].row) == ("120", 3)


def test_every_problem_of_every_row_is_collected(sheet_file) -> None:
    bad = {"id": "", "lat": "north", "lon": "", "crs": "?", "kind": "?", "ct": "!", "ct_hours": "?", "phone": "?"}
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
    assert set(problems[0]) == {
        "severity", "sheet", "row", "column", "value", "message", "would_be_right", "address", "acceptable",
        "hospital",
    }  # fmt: skip


def test_what_may_be_right_all_the_same_is_accepted_for_a_reason_and_nothing_else() -> None:
    reading = SheetReading("x.csv")
    told = ("x.csv", 2, "lat", "29", "is far from any road", "a place beside a road")
    reading.problems += [Problem("error", *told, acceptable=True, hospital="h1"), Problem("error", *told)]
    before = list(reading.problems)
    reading.accept("")
    assert (reading.problems, reading.accepted) == (before, ())
    reading.accept("the road is new")
    assert reading.errors == before[1:]
    assert reading.problems[0].severity == "warning"
    assert reading.problems[0].message == "is far from any road; accepted: the road is new"
    assert reading.accepted == ("h1: is far from any road; accepted: the road is new",)


@pytest.mark.parametrize(
    ("content", "row", "message"),
    [
        (b"", 0, "the column is missing"),
        (b"\n\n\n", 0, "the column is missing"),
        (b"x" * 20_000_001, 0, "the file is over 20 MB"),
        (b'id,name_zh,lat,lon,crs\nh1,"A,29.5,106.5,WGS-84\n', 2, "a row that is not CSV: unexpected end of data"),
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
        "120",
        "h0:30; h1",
    ]
) | st.text(max_size=20)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(list(COLUMNS)), CELLS, max_size=8), min_size=1, max_size=3))
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


@st.composite
def registries(draw: st.DrawFn) -> list[Hospital]:
    """Hospitals that name each other alone."""
    made = draw(st.lists(st.from_type(Hospital), min_size=1, max_size=3, unique_by=lambda hospital: hospital.id))
    named = []
    for hospital in made:
        others = [other.id for other in made if other is not hospital]
        named.append(
            hospital.model_copy(
                update={
                    "lead_hospital": others[-1] if others and hospital.lead_hospital else "",
                    "remote_ecg_partner": others[0] if others and hospital.remote_ecg_partner else "",
                    "transfer_partners": tuple(
                        partner.model_copy(update={"id": other})
                        for partner, other in zip(hospital.transfer_partners, others, strict=False)
                    ),
                }
            )
        )
    return named


@settings(deadline=None)
@given(registries())
def test_what_is_written_reads_back_equal_in_any_system(hospitals: list[Hospital]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            write_sheet(hospitals, stream)
        reading = read_sheet(path)
    assert reading.errors == []
    assert reading.hospitals == hospitals


@settings(deadline=None)
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
