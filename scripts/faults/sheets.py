"""Hostile sheets through the whole command: refused with nothing left behind, or nothing but text wherever it is shown."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import orjson

from faults import Violation
from faults.bed import FIRST_YEAR
from faults.command import run_here, update
from faults.hostile_files import A_MILLION, NAMES, harmless, named, refused
from faults.service import PLACE, Server, Watch, serving
from faults.town import PEOPLE, update_here, write_csv
from faults.whole import check_same, check_whole, left_over
from stroke_map.errors import RegistryError
from stroke_map.registry import read_sheet
from stroke_map.registry.fields import tidy_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from faults.bed import Bed, Show

_PAGES = ("/", f"/map?{PLACE}&limit=20", "/?lang=en&condition=chest_pain")
_SCRIPTS = ("/map.js", "/map.js?lang=en&condition=chest_pain")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
LIST_YEAR, FORMER_YEAR, PLAIN_YEAR, HOSTILE_YEAR = range(FIRST_YEAR + 1, FIRST_YEAR + 5)


@dataclass
class Sheets:
    """What was done."""

    refused: list[str] = field(default_factory=list)
    harmless: list[str] = field(default_factory=list)
    hostile_names: int = 0
    text_alone_in: list[str] = field(default_factory=list)
    answers: int = 0


def check_sheets(bed: Bed, *, some: int | None = None, blank_rows: int = A_MILLION, show: Show) -> Sheets:
    """Check and update with hostile sheets (or `some` of those that are refused), then look at all that shows what they say.

    Raises
    ------
    Violation
        A sheet was taken that must be refused, something is left of it, or a name has become more than text.
    """
    geodata, folder, done = bed.geodata("sheets"), bed.folder / "sheets-files", Sheets(hostile_names=len(NAMES))
    folder.mkdir()
    allowed = [f"{year}.1" for year in (FIRST_YEAR, FORMER_YEAR, PLAIN_YEAR, HOSTILE_YEAR)]
    with serving(geodata) as server, Watch(server, *allowed) as watch:
        for number, (what, path) in enumerate(list(refused(folder, LIST_YEAR).items())[:some], start=1):
            run_here(geodata, "registry", "check", str(path)).expect(RegistryError.exit_code)
            update(geodata, *bed.town.update(LIST_YEAR, sheet=path), *PEOPLE).expect(RegistryError.exit_code)
            if check_whole(geodata) != {bed.first} or left_over(geodata):
                raise Violation(f"{what}: the sheet was refused, and {left_over(geodata)} is left")
            done.refused.append(what)
            show("sheets", number / 12)
        _check_harmless(bed, harmless(folder, LIST_YEAR, blank_rows), done)
        show("sheets", 0.7)
        # Twice, so that the reports of plain and of hostile names tell of as many changes.
        for year, name in ((FORMER_YEAR, "Former"), (PLAIN_YEAR, "Plain")):
            _publish_names(bed, server, geodata, year, [f"{name} {number}" for number in range(len(NAMES))])
        before = _skeletons(server)
        _publish_names(bed, server, geodata, HOSTILE_YEAR, NAMES)
        _check_skeletons(before, _skeletons(server), done)
        _check_json(server, done)
        done.answers = watch.count
    reports = [
        _skeleton_of_file(geodata / "editions" / f"{year}.1" / "report.html") for year in (PLAIN_YEAR, HOSTILE_YEAR)
    ]
    _check_skeletons({"report.html": reports[0]}, {"report.html": reports[1]}, done)
    _check_exports(geodata, folder, done)
    check_whole(geodata)
    show("sheets", 1.0)
    return done


def _check_harmless(bed: Bed, sheets: dict[str, Path], done: Sheets) -> None:
    """The laborious sheets must make the edition that the list makes without all that."""
    made = []
    for path in (bed.town.sheet(LIST_YEAR), *sheets.values()):
        geodata = bed.geodata(f"list-{len(made)}")
        run_here(geodata, "registry", "check", str(path)).expect(0)
        update_here(geodata, bed.town, LIST_YEAR, path)
        made.append(geodata / "editions" / f"{LIST_YEAR}.1")
        # Both name the file that they were made from.
        check_same(made[0], made[-1], but=("edition.json", "report.html"))
    done.harmless += sheets


def _publish_names(bed: Bed, server: Server, geodata: Path, year: int, names: Sequence[str]) -> None:
    sheet = write_csv(bed.folder / f"names-{year}.csv", named(year, names))
    run_here(geodata, "registry", "check", str(sheet)).expect(0)
    update_here(geodata, bed.town, year, sheet)
    server.wait_for_edition(f"{year}.1")


def _skeletons(server: Server) -> dict[str, object]:
    """Of every page and script what is left of it without its texts."""
    pages: dict[str, object] = {path: html_skeleton(_get(server, path)) for path in _PAGES}
    return pages | {path: script_skeleton(_get(server, path)) for path in _SCRIPTS}


def _skeleton_of_file(path: Path) -> list[tuple[str | None, ...]]:
    return html_skeleton(path.read_text(encoding="utf-8"))


def html_skeleton(text: str) -> list[tuple[str | None, ...]]:
    """The elements and the names of their attributes: what is text to a browser is not among them."""
    skeleton = _Skeleton()
    skeleton.feed(text)
    skeleton.close()
    return skeleton.seen


def script_skeleton(text: str) -> str:
    """A script without its strings; what stands in backquotes runs, and stays."""
    return _STRING.sub("", text)


class _Skeleton(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str | None, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Of values only those count that a browser would run.
        self.seen.append((tag, *(value if (value or "").startswith("javascript:") else name for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(("/", tag))


def _check_skeletons(before: dict[str, object], after: dict[str, object], done: Sheets) -> None:
    for what, skeleton in after.items():
        if skeleton != before[what]:
            raise Violation(f"{what}: hostile names have become more than text")
        done.text_alone_in.append(what)


def _check_json(server: Server, done: Sheets) -> None:
    """Every name is there, as a string that is what the list says without its direction marks."""
    listed = orjson.loads(_get(server, "/api/v1/hospitals"))["features"]
    ranked = orjson.loads(_get(server, f"/api/v1/route?{PLACE}&limit=20"))["hospitals"]
    found = orjson.loads(_get(server, f"/api/v1/search?q=Y{HOSTILE_YEAR}&limit=20"))["results"]
    _check_names("/api/v1/hospitals", (one["properties"]["name"] for one in listed), done)
    _check_names("/api/v1/route", (one["name"] for one in ranked), done)
    _check_names("/api/v1/search", (one["name"] for one in found), done)


def _check_names(where: str, names: Iterable[dict[str, str]], done: Sheets) -> None:
    expected = {tidy_text(f"{name} Y{HOSTILE_YEAR}") for name in NAMES}
    there = {name for both in names for name in both.values()}
    if there != expected:
        raise Violation(f"{where} has other names than the list: {sorted(there ^ expected)}")
    done.text_alone_in.append(where)


def _check_exports(geodata: Path, folder: Path, done: Sheets) -> None:
    """A spreadsheet program runs no cell of what is written, and it reads back as what it was."""
    from openpyxl import load_workbook

    files = {kind: folder / f"export.{kind}" for kind in ("csv", "xlsx", "geojson", "fhir")}
    for kind, path in files.items():
        run_here(geodata, "registry", "export", "--edition", "--format", kind, "--out", str(path)).expect(0)
        orjson.loads(path.read_bytes()) if kind in {"geojson", "fhir"} else None
    with files["csv"].open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    book = [cell for sheet in load_workbook(files["xlsx"]) for row in sheet.iter_rows() for cell in row]
    cells += [cell.value for cell in book if isinstance(cell.value, str)]
    if running := [cell for cell in cells if _FORMULA.match(cell)] + [cell for cell in book if cell.data_type == "f"]:
        raise Violation(f"a spreadsheet program would run {running}")
    for kind in ("csv", "xlsx"):
        names = ({"zh": one.name_zh, "en": one.name_en} for one in read_sheet(files[kind]).hospitals)
        _check_names(f"{kind} export", names, done)
    features = orjson.loads(files["geojson"].read_bytes())["features"]
    _check_names("geojson export", ({"zh": one["properties"]["name_zh"]} for one in features), done)


def _get(server: Server, path: str) -> str:
    status, body = server.get(path)
    text = body.decode()
    if status != 200 or _DIRECTION.search(text):
        raise Violation(f"{path} answered {status}, or with marks that turn the writing around")
    return text
