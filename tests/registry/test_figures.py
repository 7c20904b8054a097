"""The figures of a year put into a copy of a sheet: these cells are new, and every other is as it was."""

from pathlib import Path

import openpyxl
import pytest

from stroke_map.errors import RegistryError
from stroke_map.registry import read_sheet
from stroke_map.registry.figures import figure_changes, write_figures

HEADER = "id,name_zh,remark,lat,lon,crs,figures_year,thrombolysis_cases,door_to_needle_min,door_in_door_out_min"
ROWS = (
    'h1,第一医院,"said ""so"", =1+1",29.5,106.5,WGS-84,2024,210,38,95',
    "",
    "h2, 第二医院 ,x,29.6,106.6,GCJ-02",
    "h3,第三医院,,29.7,106.7,WGS-84,,,,",
)
TOLD = {
    "h1": {"thrombolysis_cases": 210, "door_to_needle_min": 41.5},
    "h2": {"thrombolysis_cases": 3},
    "gone": {"door_to_needle_min": 9},
}


def csv_sheet(folder: Path, *, delimiter=",", encoding="utf-8", end="\n") -> Path:
    path = folder / "hospitals.csv"
    lines = [line.replace(",", delimiter) if delimiter != "," and '"' not in line else line for line in (HEADER, *ROWS)]
    path.write_bytes(end.join([*lines, ""]).encode(encoding))
    return path


def figures_in(path: Path):
    return {hospital.id: hospital.figures.model_dump(exclude_none=True) for hospital in read_sheet(path).hospitals}


@pytest.mark.parametrize(("encoding", "end"), [("utf-8", "\n"), ("gb18030", "\r\n")])
def test_a_csv_sheet_keeps_every_other_cell(tmp_path, encoding, end):
    path, out = csv_sheet(tmp_path, encoding=encoding, end=end), tmp_path / "out.csv"
    changes = figure_changes(read_sheet(path), 2025, TOLD)
    assert [(change.hospital, change.column, change.before, change.after) for change in changes] == [
        ("h1", "door_to_needle_min", "38", 41.5),
        ("h1", "figures_year", "2024", 2025),
        ("h2", "thrombolysis_cases", "", 3),
        ("h2", "figures_year", "", 2025),
    ]
    before = path.read_bytes()
    write_figures(path, changes, out)
    assert path.read_bytes() == before
    after = out.read_text(encoding="utf-8-sig").splitlines()
    assert after[1] == ROWS[0].replace("2024,210,38", "2025,210,41.5")
    assert after[3] == "h2, 第二医院 ,x,29.6,106.6,GCJ-02,2025,3"
    assert (after[0], after[2], after[4]) == (HEADER, "", ROWS[3])
    assert (b"\r\n" in out.read_bytes()) == (end == "\r\n")
    assert figures_in(out) == {
        "h1": {"year": 2025, "thrombolysis_cases": 210, "door_to_needle_min": 41.5, "door_in_door_out_min": 95},
        "h2": {"year": 2025, "thrombolysis_cases": 3},
        "h3": {},
    }
    assert figure_changes(read_sheet(out), 2025, TOLD) == [], "done twice it is done once"


def test_other_delimiters_stay_what_they_are(tmp_path):
    path, out = tmp_path / "hospitals.csv", tmp_path / "out.csv"
    path.write_text(
        "id;name_zh;lat;lon;crs;thrombolysis_cases;figures_year\nh1;一院;29.5;106.5;WGS-84;;2024\n", encoding="utf-8"
    )
    write_figures(path, figure_changes(read_sheet(path), 2025, TOLD | {"h1": {"thrombolysis_cases": 7}}), out)
    assert out.read_text(encoding="utf-8-sig").splitlines()[1] == "h1;一院;29.5;106.5;WGS-84;7;2025"


def test_a_workbook_keeps_its_other_cells_formulas_and_looks(tmp_path):
    book = openpyxl.Workbook()
    first, second = book.active, book.create_sheet("年度数据")
    for row in (
        ["id", "name_zh", "lat", "lon", "crs", "phone", "合计"],
        ["h1", "一院", 29.5, 106.5, "WGS-84", "120", "=1+1"],
    ):
        first.append(row)
    for row in (["id", "数据年份", "溶栓例数"], ["h1", 2024, 210]):
        second.append(row)
    first["A2"].font = openpyxl.styles.Font(bold=True)
    path, out = tmp_path / "hospitals.xlsx", tmp_path / "out.xlsx"
    book.save(path)
    changes = figure_changes(read_sheet(path), 2025, {"h1": {"thrombolysis_cases": 12}})
    assert [(change.sheet, change.address) for change in changes] == [("年度数据", "C2"), ("年度数据", "B2")]
    write_figures(path, changes, out)
    filled = openpyxl.load_workbook(out)
    assert [cell.value for cell in filled["年度数据"][2]] == ["h1", 2025, 12]
    assert [cell.value for cell in filled.worksheets[0][2]] == ["h1", "一院", 29.5, 106.5, "WGS-84", "120", "=1+1"]
    assert filled.worksheets[0]["A2"].font.bold
    assert figures_in(out)["h1"] == {"year": 2025, "thrombolysis_cases": 12}


def test_a_sheet_without_the_column_or_with_mistakes_is_refused(tmp_path):
    path = csv_sheet(tmp_path)
    with pytest.raises(RegistryError, match="has no column pci_cases"):
        figure_changes(read_sheet(path), 2025, {"h1": {"pci_cases": 3}})
    changes = figure_changes(read_sheet(path), 2025, TOLD)
    path.write_text(path.read_text(encoding="utf-8").replace("29.6", "x"), encoding="utf-8")
    with pytest.raises(RegistryError):
        figure_changes(read_sheet(path), 2025, TOLD)
    path.write_text(HEADER + "\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="has changed"):
        write_figures(path, changes, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
