"""Workbooks that mean harm, or that programs other than Excel have written: each a real file, built here."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from defusedxml import EntitiesForbidden
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.registry import read_sheet
from stroke_map.registry.limits import MAX_PROBLEMS, MAX_RATIO, MAX_SHEETS
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.records import read_records

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADER = "id,name_zh,lat,lon,crs,address"
GOOD = "h1,第一医院,29.5,106.5,WGS-84,Road"


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, line: str) -> str:
    cells = "".join(cell(f"{letter}{number}", text) for letter, text in zip("ABCDEF", line.split(","), strict=False))
    return f'<row r="{number}">{cells}</row>'


def sheet_xml(*rows: str, before: str = "", behind: str = "", namespace: str = MAIN) -> str:
    return f'{before}<worksheet xmlns="{namespace}"><sheetData>{"".join(rows)}</sheetData>{behind}</worksheet>'


#: What openpyxl wants to know of a workbook's parts, and this package does not.
TYPES = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
    'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
}
SOUND = sheet_xml(row(1, HEADER), row(2, GOOD))


@pytest.fixture
def workbook(tmp_path: Path):
    """Write a workbook part by part; None leaves a part out."""

    def write(
        parts: dict[str, str | bytes | None] | None = None, *, name: str = "hospitals.xlsx", sheets: int = 1
    ) -> Path:
        listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, sheets + 1))
        related = "".join(
            f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, sheets + 1)
        )
        whole = {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{RELATIONS}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{related}'
            f'<Relationship Id="s" Type="{RELATIONS}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"/>',
            **{f"xl/worksheets/sheet{n}.xml": SOUND for n in range(1, sheets + 1)},
        } | (parts or {})
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, content in whole.items():
                if content is not None:
                    archive.writestr(part, content)
        return path

    return write


def only_problem(path: Path) -> str:
    reading = read_sheet(path)
    assert reading.hospitals == []
    (problem,) = reading.problems
    assert problem.severity == "error"
    return f"{problem.message}; {problem.would_be_right}"


def sheet(content: str) -> dict[str, str | bytes | None]:
    return {"xl/worksheets/sheet1.xml": content}


def test_the_smallest_workbook_is_read(workbook) -> None:
    reading = read_sheet(workbook())
    assert reading.problems == []
    assert [hospital.name_zh for hospital in reading.hospitals] == ["第一医院"]


def test_a_formula_is_named_and_the_value_it_has_is_judged_nonetheless(workbook) -> None:
    formula = '<row r="2"><c r="A2"><f>A1&amp;"x"</f><v>7</v></c><c r="B2" t="str"><f>HYPERLINK("x")</f><v>医院</v></c>'
    rest = '<c r="C2"><f>1+1</f></c><c r="D2"><v>1</v></c>' + cell("E2", "WGS-84") + "</row>"
    reading = read_sheet(workbook(sheet(sheet_xml(row(1, HEADER), formula + rest))))
    assert [(p.address, p.column, p.value, p.message) for p in reading.errors] == [
        ("A2", "id", "7", "is a formula"),
        ("B2", "name_zh", "医院", "is a formula"),
        ("C2", "lat", "", "is a formula"),
        ("C2", "lat", "", "is missing"),
    ]
    assert "paste values" in reading.errors[0].would_be_right


def test_formulas_below_no_header_of_ours_do_not_matter(workbook) -> None:
    own = row(2, GOOD).replace("</row>", '<c r="G2"><f>NOW()</f><v>1</v></c></row>')
    header = row(1, HEADER).replace("</row>", cell("G1", "备注") + "</row>")
    reading = read_sheet(workbook(sheet(sheet_xml(header, own))))
    assert reading.problems == []
    assert len(reading.hospitals) == 1


def test_an_error_of_the_spreadsheet_is_named_once(workbook) -> None:
    broken = row(2, GOOD).replace(cell("F2", "Road"), '<c r="F2" t="e"><v>#N/A</v></c>')
    reading = read_sheet(workbook(sheet(sheet_xml(row(1, HEADER), broken))))
    assert [(p.address, p.value, p.message) for p in reading.problems] == [
        ("F2", "#N/A", "is an error of the spreadsheet")
    ]


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "&lt;script&gt;alert(1)&lt;/script&gt;", "${alert(1)}", "{{7*7}}", "@SUM(A1)"]
)
def test_texts_that_look_like_programs_stay_texts(workbook, text: str) -> None:
    reading = read_sheet(workbook(sheet(sheet_xml(row(1, HEADER), row(2, GOOD.replace("第一医院", text))))))
    assert reading.problems == []
    assert reading.hospitals[0].name_zh == text.replace("&lt;", "<").replace("&gt;", ">")


def test_marks_that_turn_the_writing_around_are_taken_out(workbook) -> None:
    rows = row(1, HEADER), row(2, "\u202eh1\u200e,\u202e第一\u2066医院,\u202a29.5,106.5\u200f,WGS-84")
    reading = read_sheet(workbook(sheet(sheet_xml(*rows))))
    assert reading.problems == []
    assert (reading.hospitals[0].id, reading.hospitals[0].name_zh, reading.hospitals[0].lat) == ("h1", "第一医院", 29.5)


def test_a_million_empty_rows_cost_no_memory(workbook) -> None:
    empty = "".join(f'<row r="{number}"/>' for number in range(3, 1_000_003))
    path = workbook(sheet(sheet_xml(row(1, HEADER), row(2, GOOD), empty, row(1_000_003, GOOD.replace("h1", "h2")))))
    del empty
    tracemalloc.start()
    reading = read_sheet(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading.problems == []
    assert [hospital.id for hospital in reading.hospitals] == ["h1", "h2"]
    assert peak_bytes < 20_000_000


def test_the_last_cell_there_can_be_costs_nothing(workbook) -> None:
    far = f'<row r="1048576">{cell("XFD1048576", "x")}</row>'
    before = '<dimension ref="A1:XFD1048576"/>'
    content = sheet_xml(row(1, HEADER), row(2, GOOD), far).replace("<sheetData>", f"{before}<sheetData>")
    reading = read_sheet(workbook(sheet(content)))
    assert [hospital.id for hospital in reading.hospitals] == ["h1"]
    assert [(p.severity, p.address, p.value) for p in reading.problems] == [("warning", "XFD1048576", "x")]


def test_merged_cells_without_end_are_not_filled(workbook) -> None:
    merged = '<mergeCells><mergeCell ref="A3:XFD1048576"/><mergeCell ref="A1:XFD1"/></mergeCells>'
    reading = read_sheet(workbook(sheet(sheet_xml(row(1, HEADER), row(2, GOOD), behind=merged))))
    assert [hospital.id for hospital in reading.hospitals] == ["h1"]


def test_a_cell_of_a_megabyte_is_named(workbook) -> None:
    reading = read_sheet(workbook(sheet(sheet_xml(row(1, HEADER), row(2, GOOD.replace("Road", "x" * 1_000_000))))))
    (problem,) = reading.problems
    assert (problem.address, problem.message) == ("F2", "a cell of over 32,767 characters")
    assert len(problem.value) <= 80


def test_a_zip_bomb_is_refused_before_it_is_unpacked(workbook) -> None:
    path = workbook({"xl/media/bomb.bin": b"\0" * 30_000_000})
    tracemalloc.start()
    message = only_problem(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message.startswith(f"xl/media/bomb.bin unpacks to over {MAX_RATIO} times its size")
    assert peak_bytes < 5_000_000


def test_a_bomb_that_lies_about_its_size_is_found_out_while_it_is_read(workbook) -> None:
    blanks = " " * 3_000_000
    path = workbook(sheet(sheet_xml(row(1, HEADER), row(2, GOOD), blanks)))
    data = bytearray(path.read_bytes())
    size = len(sheet_xml(row(1, HEADER), row(2, GOOD), blanks).encode()).to_bytes(4, "little")
    assert data.count(size) == 2  # in front of the part, and in the directory
    path.write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
    reading = read_sheet(path)
    assert [p.message[:24] for p in reading.errors][:1] == ["the workbook is damaged:"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"xl/vbaProject.bin": b"x"}, "the workbook has macros"),
        ({"xl/macrosheets/sheet1.xml": "<x/>"}, "the workbook has macros"),
        ({"xl/workbook.bin": b"x"}, "this is a binary workbook (.xlsb)"),
        ({"[Content_Types].xml": None}, "the file is a zip archive, but no Excel workbook"),
        ({"xl/workbook.xml": None}, "the workbook is damaged"),
        ({"xl/workbook.xml": "<workbook>"}, "the workbook is damaged"),
        ({"xl/worksheets/sheet1.xml": None}, "the workbook is damaged"),
        ({f"x/{number}.xml": "" for number in range(5000)}, "the file has 5,006 parts"),
        ({"xl/styles.xml": "<styleSheet/>", "xl/sharedStrings.xml": "<sst>"}, "the workbook is damaged"),
    ],
)
def test_what_is_no_plain_workbook_is_refused_with_the_reason(workbook, parts, message: str) -> None:
    assert only_problem(workbook(parts)).startswith(message)


def test_a_workbook_named_for_macros_that_has_none_is_read(workbook) -> None:
    assert len(read_sheet(workbook(name="hospitals.xlsm")).hospitals) == 1


def test_links_to_other_files_are_not_followed(workbook) -> None:
    reading = read_sheet(workbook({"xl/externalLinks/externalLink1.xml": "<x/>"}))
    assert [hospital.id for hospital in reading.hospitals] == ["h1"]
    assert [(p.severity, p.message) for p in reading.problems] == [
        ("warning", "the workbook has links to other files; they are not followed")
    ]


def test_an_encrypted_workbook_says_so(tmp_path: Path) -> None:
    path = tmp_path / "hospitals.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le"))
    assert only_problem(path) == "the workbook is encrypted; the workbook saved without a password"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    assert only_problem(path) == "this is a workbook of Excel 97-2003; the workbook saved as .xlsx"


def test_an_encrypted_archive_says_so(workbook) -> None:
    path = workbook()
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    path.write_bytes(data)
    assert only_problem(path).startswith("the file is encrypted")


def test_a_way_of_packing_that_no_workbook_uses_is_refused(tmp_path: Path, workbook) -> None:
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(workbook()) as archive, zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as packed:
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    assert only_problem(path).startswith("the file is packed in a way that no workbook is")


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE, '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'])
@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/worksheets/sheet1.xml", SOUND.replace("第一医院", "&a;")),
        ("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"><si><t>&a;</t></si></sst>'),
        ("xl/workbook.xml", f'<workbook xmlns="{MAIN}"><sheets/>&a;</workbook>'),
        ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">&a;</Relationships>'),
        ("_rels/.rels", f'<Relationships xmlns="{PACKAGE}">&a;</Relationships>'),
    ],
)
def test_entities_are_refused_in_every_part(workbook, part: str, content: str, doctype: str) -> None:
    reading = read_sheet(workbook({part: doctype + content}))
    assert reading.hospitals == []
    assert reading.errors[0].message.startswith("the workbook is damaged")


def test_openpyxl_refuses_entities_too(workbook) -> None:
    """It reads the workbooks that are annotated; with defusedxml installed it is safe."""
    assert openpyxl.DEFUSEDXML
    content = workbook(TYPES | sheet(LAUGHS + SOUND.replace("第一医院", "&b;"))).read_bytes()
    with pytest.raises(ValueError, match="Unable to read workbook") as caught:
        openpyxl.load_workbook(io.BytesIO(content))
    assert isinstance(caught.value.__cause__, EntitiesForbidden)


def test_too_many_sheets_are_refused(workbook) -> None:
    assert (
        only_problem(workbook(sheets=MAX_SHEETS + 1))
        == f"the workbook has {MAX_SHEETS + 1} sheets; at most {MAX_SHEETS}"
    )


def test_a_workbook_of_nothing_but_formulas_stops_at_some_point(workbook) -> None:
    rows = "".join(
        f'<row r="{number}">'
        + "".join(f'<c r="{letter}{number}"><f>1</f><v>1</v></c>' for letter in "ABCDEF")
        + "</row>"
        for number in range(2, 3002)
    )
    reading = SheetReading("x")
    for _ in read_records(workbook(sheet(sheet_xml(row(1, HEADER), rows))), reading):
        pass
    assert MAX_PROBLEMS <= len(reading.problems) < MAX_PROBLEMS + 10


def test_prefixed_and_strict_xml_is_read_like_any_other(workbook) -> None:
    prefixed = SOUND.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=").replace(MAIN, STRICT)
    reading = read_sheet(workbook(sheet(prefixed)))
    assert reading.problems == []
    assert [hospital.id for hospital in reading.hospitals] == ["h1"]


def test_cells_without_their_place_follow_one_another(workbook) -> None:
    bare = SOUND.replace(' r="1"', "").replace(' r="2"', "")
    for letter in "ABDEF":
        bare = bare.replace(f' r="{letter}1"', "").replace(f' r="{letter}2"', "")
    reading = read_sheet(workbook(sheet(bare)))
    assert reading.problems == []
    assert [(hospital.lon, hospital.address) for hospital in reading.hospitals] == [(106.5, "Road")]


def test_shared_texts_with_runs_and_pronunciation(workbook) -> None:
    strings = (
        f'<sst xmlns="{MAIN}">\n<si><r>\n<t>第一</t>\n</r><r><t>医院</t></r><rPh sb="0"><t>diyi</t></rPh></si>'
        "<si><t>a_x000D_b_x005F_x0041_</t></si></sst>"
    )
    own = row(2, GOOD).replace(cell("B2", "第一医院"), '<c r="B2" t="s"><v>0</v></c>')
    own = own.replace(cell("F2", "Road"), '<c r="F2" t="s">\n <v> 1 </v>\n</c>')
    reading = read_sheet(workbook({"xl/sharedStrings.xml": strings} | sheet(sheet_xml(row(1, HEADER), own))))
    assert reading.problems == []
    assert (reading.hospitals[0].name_zh, reading.hospitals[0].address) == ("第一医院", "a b_x0041_")


def test_a_reference_to_a_text_that_is_not_there_is_damage(workbook) -> None:
    content = SOUND.replace(cell("B2", "第一医院"), '<c r="B2" t="s"><v>7</v></c>')
    reading = read_sheet(workbook(sheet(content)))
    assert [p.message[:24] for p in reading.errors][:1] == ["the workbook is damaged:"]


def test_days_in_the_formats_of_chinese_editions(workbook) -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>'
        '<numFmt numFmtId="165" formatCode="0&quot; day&quot;"/><numFmt numFmtId="166" formatCode="[Red]General"/></numFmts><cellXfs>'
        + "".join(f'<xf numFmtId="{format_}"/>' for format_ in (0, 14, 31, 58, 164, 165, 166, 2))
        + "</cellXfs></styleSheet>"
    )
    cells = "".join(
        f'<row r="{n + 2}"><c r="A{n + 2}" t="str"><v>h{n}</v></c><c r="B{n + 2}" s="{n}"><v>46387</v></c></row>'
        for n in range(8)
    )
    related = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="x" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    )
    parts = {"xl/styles.xml": styles, "xl/_rels/workbook.xml.rels": related}
    header = row(1, "id,address,name_zh,lat,lon,crs")
    path = workbook(parts | sheet(sheet_xml(header, cells)))
    shown = [record["address"].text for record in read_records(path, SheetReading("x"))]
    assert shown == ["46387", *["2026-12-31"] * 4, *["46387"] * 3]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_workbook_damaged_anywhere_is_read_or_refused_and_nothing_else(tmp_path_factory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("damaged") / "hospitals.xlsx"
    content = bytearray(_sound_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    reading = read_sheet(path)
    assert reading.hospitals or reading.problems


def _sound_bytes() -> bytes:
    book = openpyxl.Workbook()
    for line in (HEADER, GOOD):
        book.active.append(line.split(","))
    stream = io.BytesIO()
    book.save(stream)
    # Stored, so that a flipped byte reaches the XML and not only the checksum of what is packed.
    plain = io.BytesIO()
    with zipfile.ZipFile(stream) as archive, zipfile.ZipFile(plain, "w") as stored:
        for name in archive.namelist():
            stored.writestr(name, archive.read(name))
    return plain.getvalue()
