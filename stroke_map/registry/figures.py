"""The figures of a year put into a sheet: a copy in which these cells are new and every other is as it was."""

from __future__ import annotations

import csv
import io
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from stroke_map.errors import RegistryError
from stroke_map.registry.annotate import refuse_endless_ranges, sound_workbook
from stroke_map.registry.csv_table import DELIMITERS, decoded, read_bytes
from stroke_map.registry.network_models import CASES, MEDIANS
from stroke_map.registry.package import ZIP_MAGIC
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.values import tidy_value
from stroke_map.registry.workbook import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: The columns that may be filled in, besides that of the year.
FILLED: Final = (*CASES, *MEDIANS)
_YEAR: Final = "figures_year"


@dataclass(frozen=True, slots=True)
class Change:
    """A cell of a hospital that gets another number; `before` is what stands there. Rows count from 1, `number` of the column from 0."""

    hospital: str
    column: str
    before: str
    after: float
    sheet: str
    row: int
    number: int
    address: str


def figure_changes(reading: SheetReading, year: int, told: Mapping[str, Mapping[str, float]]) -> list[Change]:
    """The cells of a sheet that differ from what is told of its hospitals; a hospital of which anything is told gets the year.

    Parameters
    ----------
    told
        By hospital id and column, of `FILLED`; what is left out stays as it is, as do hospitals that the sheet does not have.

    Raises
    ------
    RegistryError
        The sheet has mistakes, or lacks a column in which something is to stand.
    """
    reading.raise_for_errors()
    wanted = {hospital: dict(told[hospital]) | {_YEAR: year} for hospital in reading.records if told.get(hospital)}
    columns = dict.fromkeys(column for figures in wanted.values() for column in figures)
    missing = [column for column in columns if any(column not in reading.records[hospital] for hospital in wanted)]
    if missing:
        raise RegistryError(
            f"{reading.sheet} has no column {', '.join(missing)}",
            next_step="Add a column with this header, as `stroke-map registry template` has it, and run the command again.",
            problems=[],
        )
    known = {hospital.id: hospital.figures for hospital in reading.hospitals}
    return [
        _change(hospital, column, after, reading.records[hospital])
        for hospital, figures in wanted.items()
        for column, after in figures.items()
        if getattr(known[hospital], "year" if column == _YEAR else column) != after
    ]


def _change(hospital: str, column: str, after: float, record: Mapping[str, Any]) -> Change:
    cell = record[column]
    number = record.number(column) if not cell.address else 0  # type: ignore[attr-defined]
    return Change(hospital, column, cell.text, after, cell.sheet, cell.row, number, cell.address)


def write_figures(path: Path, changes: Sequence[Change], out: Path) -> None:
    """Write a copy of the sheet `path` with the changes. A workbook keeps what openpyxl can keep; CSV becomes UTF-8.

    Raises
    ------
    RegistryError
        The file is not what the changes were found in.
    OSError
        A place that cannot be written to.
    """
    reading = SheetReading(path.name)
    data = read_bytes(path, reading)
    reading.raise_for_errors()
    if (data or b"").startswith(ZIP_MAGIC):
        _fill_workbook(path, changes, out)
    else:
        text = decoded(data or b"", reading)
        reading.raise_for_errors()
        out.write_bytes(_filled_csv(text or "", changes).encode("utf-8-sig"))


def _fill_workbook(path: Path, changes: Sequence[Change], out: Path) -> None:
    from openpyxl import load_workbook

    data = sound_workbook(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves out
            refuse_endless_ranges(data)
            book = load_workbook(BytesIO(data), rich_text=True)
            for change in changes:
                book[change.sheet][change.address].value = change.after
            book.save(out)
    except (*DAMAGED, TypeError, AttributeError) as error:
        if isinstance(error, OSError):
            raise
        raise RegistryError(f"{path.name} cannot be filled in: {error}", problems=[]) from error


def _filled_csv(text: str, changes: Sequence[Change]) -> str:
    delimiter, rows = max(_split(text), key=lambda split: sum(_stands(split[1], change) for change in changes))
    if not all(_stands(rows, change) for change in changes):
        raise RegistryError("the sheet has changed since it was read", problems=[])
    for change in changes:
        row = rows[change.row - 1]
        row += [""] * (change.number + 1 - len(row))
        row[change.number] = f"{change.after:g}"
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(rows)
    return stream.getvalue()


def _split(text: str) -> Iterator[tuple[str, list[list[str]]]]:
    for delimiter in DELIMITERS:
        yield delimiter, list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _stands(rows: Sequence[Sequence[str]], change: Change) -> bool:
    """Whether the row is the hospital's that is changed."""
    row = rows[change.row - 1] if change.row <= len(rows) else ()
    return change.hospital in map(tidy_value, row)
