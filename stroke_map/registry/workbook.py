"""An XLSX file to tables of cells: checked before it is unpacked, streamed, no formula believed; hostile until read.

openpyxl, which writes our workbooks, does not read them here: it keeps every row of a sheet in memory, blank ones too,
and takes 12 s for 5,000 rows of 140 columns. The format is ECMA-376 part 1, chapter 18.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from contextlib import nullcontext
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ExpatError

from defusedxml.ElementTree import fromstring

from stroke_map.registry.limits import MAX_ROWS, MAX_SHEETS, MAX_SMALL_PART_BYTES
from stroke_map.registry.package import A_WORKBOOK, check_package
from stroke_map.registry.tables import SheetCells, Table
from stroke_map.registry.worksheet import read_merges, read_strings, stream_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.registry.problems import SheetReading

#: What a damaged or forged workbook makes zipfile, expat and the reading of numbers raise.
DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    ExpatError,
    EOFError,
    LookupError,
    ValueError,  # and with it what defusedxml raises for entities and document types
    OverflowError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
# Built-in formats of days (18.8.30), those of Chinese editions among them; from 164 on they are the workbook's own.
_DAY_FORMATS: Final = frozenset({14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58})
_NOT_A_LETTER_OF_A_DAY: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].|general', re.IGNORECASE)


def open_tables(file: IO[bytes], reading: SheetReading) -> Iterator[Table]:
    """Yield the visible sheets of a workbook as tables, to be read while `file` is open.

    What cannot be read is noted in `reading`; hidden sheets are named in a warning and left out.
    """
    try:
        archive = zipfile.ZipFile(file)
        if check_package(archive, reading):
            yield from _Workbook(archive, reading).tables()
    except DAMAGED as error:
        _note_damage(reading, error)


def _note_damage(reading: SheetReading, error: Exception) -> None:
    message = f"the workbook is damaged: {str(error) or type(error).__name__}"
    reading.error(0, "", "", message=message, right=A_WORKBOOK)


class _Workbook:
    """The parts of a workbook that say what its sheets are and what their cells refer to."""

    def __init__(self, archive: zipfile.ZipFile, reading: SheetReading) -> None:
        self._archive, self._reading = archive, reading
        main = self._targets("", "type").get("officeDocument", "xl/workbook.xml")
        root = self._xml(main)
        by_type, self._by_id = self._targets(main, "type"), self._targets(main, "id")
        properties = next(_all(root, "workbookPr"), None)
        self._epoch_1904 = properties is not None and properties.get("date1904") in {"1", "true", "on"}
        self._sheets = list(_all(root, "sheet"))
        self._day_styles = _day_styles(self._xml(by_type["styles"])) if "styles" in by_type else frozenset()
        strings = by_type.get("sharedStrings")
        with archive.open(strings) if strings else nullcontext(BytesIO(b"<sst/>")) as stream:
            self._strings = read_strings(stream)

    def tables(self) -> Iterator[Table]:
        """Yield a table per visible sheet."""
        if len(self._sheets) > MAX_SHEETS:
            message = f"the workbook has {len(self._sheets):,} sheets"
            self._reading.error(0, "", "", message=message, right=f"at most {MAX_SHEETS}")
            return
        for sheet in self._sheets:
            name = sheet.get("name", "")
            if sheet.get("state", "visible") != "visible":
                message = "the sheet is hidden, and was left out"
                self._reading.warning(0, "", name, message=message, right="a sheet that is shown, or none")
                continue
            part = self._by_id[next(value for key, value in sheet.items() if key.endswith("}id"))]
            if "chartsheet" in part:
                continue
            with self._archive.open(part) as stream:
                merges = read_merges(stream)
            yield Table(name, self._rows(part), in_workbook=True, epoch_1904=self._epoch_1904, merges=merges)

    def _rows(self, part: str) -> Iterator[tuple[int, SheetCells]]:
        try:
            with self._archive.open(part) as stream:
                rows = stream_rows(stream, self._strings, self._day_styles, epoch_1904=self._epoch_1904)
                for count, row in enumerate(rows):
                    if count == MAX_ROWS:
                        self._reading.error(
                            row[0], "", "", message=f"over {MAX_ROWS:,} rows", right="one row per hospital"
                        )
                        return
                    yield row
        except DAMAGED as error:
            _note_damage(self._reading, error)

    def _xml(self, part: str) -> Element:
        if self._archive.getinfo(part).file_size > MAX_SMALL_PART_BYTES:
            raise ValueError(f"{part} is over {MAX_SMALL_PART_BYTES // 1_000_000} MB")
        root: Element = fromstring(self._archive.read(part), forbid_dtd=True)
        return root

    def _targets(self, part: str, key: str) -> dict[str, str]:
        """The parts that `part` relates to, by the last word of the relation's type or by its id."""
        folder, name = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, str] = {}
        if relations in self._archive.namelist():
            for one in _all(self._xml(relations), "Relationship"):
                target = posixpath.normpath(posixpath.join("/", folder, one.get("Target", ""))).lstrip("/")
                found[one.get("Id", "") if key == "id" else one.get("Type", "").rpartition("/")[2]] = target
        return found


def _all(root: Element, name: str) -> Iterator[Any]:
    """Every element of this name in whatever namespace: strict and transitional workbooks differ in it."""
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == name)


def _day_styles(root: Element) -> frozenset[int]:
    """The cell styles that show a number as a day."""
    own = {
        int(one.get("numFmtId")): _NOT_A_LETTER_OF_A_DAY.sub("", one.get("formatCode", "").partition(";")[0])
        for one in _all(root, "numFmt")
    }
    days = _DAY_FORMATS | {id_ for id_, code in own.items() if re.search("[dy]", code, re.IGNORECASE)}
    days -= {id_ for id_, code in own.items() if not re.search("[dy]", code, re.IGNORECASE)}
    styles = next((list(element) for element in _all(root, "cellXfs")), [])
    return frozenset(index for index, style in enumerate(styles) if int(style.get("numFmtId", 0)) in days)
