"""`registry figures`: what the cases of a year say of each hospital, put into a copy of the sheet."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from stroke_map.commands.closures import opened_store
from stroke_map.commands.output import as_json, print_json, print_table, say
from stroke_map.commands.registry import registry
from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Rows = Mapping[tuple[str, str], Mapping[str, float]]

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
#: Of which condition and measure each column is; a median needs enough cases, a number none.
_NUMBERS: Final = {
    "thrombolysis_cases": ("stroke", "needle"),
    "thrombectomy_cases": ("stroke", "puncture"),
    "pci_cases": ("chest_pain", "wire"),
}
_MEDIANS: Final = {
    "door_to_needle_min": ("stroke", "door_to_needle"),
    "door_to_puncture_min": ("stroke", "door_to_puncture"),
    "door_to_wire_min": ("chest_pain", "door_to_wire"),
}
#: `stroke_map.live.quality.FEW`, which would take long to import; a test holds the two together.
FEW: Final = 5


@registry.command()
@click.option("--hospitals", "sheet", type=_FILE, required=True, help="The sheet (XLSX or CSV); it is not changed.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where to write the copy.")
@click.option("--year", type=click.IntRange(2000, 2099), help="Of which year; the last when left out.")
@click.option("--from", "file", type=_FILE, help="quality.csv of that year by hospital, from the quality screen; the database of this server when left out.")  # fmt: skip
@click.option("--at-least", type=click.IntRange(1), default=FEW, show_default=True, help="Of so many cases a median is taken.")  # fmt: skip
@as_json
def figures(sheet: Path, out: Path, year: int | None, file: Path | None, at_least: int, *, as_json: bool) -> None:
    """Write a copy of a sheet with the year's numbers of cases and medians filled in, and show what changes.

    Whoever edits the list decides: nothing but these cells is touched, no sheet is written over, and nothing is published.
    """
    from stroke_map.registry import read_sheet
    from stroke_map.registry.figures import figure_changes, write_figures

    if out.exists():
        raise click.UsageError(f"{out} is there already; name another file with --out")
    year = year or date.today().year - 1  # noqa: DTZ011 - the editor's year
    rows = _rows_of(file, year) if file else _recorded(year)
    reading = read_sheet(sheet)
    told = _told(rows, at_least)
    changes = figure_changes(reading, year, told)
    try:
        write_figures(sheet, changes, out)
    except OSError as error:
        raise click.FileError(str(out), hint=error.strerror) from error
    unknown = sorted(told.keys() - reading.records.keys())
    shown = [{"id": c.hospital, "column": c.column, "before": c.before, "after": c.after} for c in changes]
    if as_json:
        print_json({"year": year, "changes": shown, "not_in_sheet": unknown})
        return
    print_table(("ID", "COLUMN", "BEFORE", "AFTER"), [(c.hospital, c.column, c.before or "-", f"{c.after:g}") for c in changes])  # fmt: skip
    say(f"Wrote {out}: {len(changes):,} cells changed. They count cases that this service dispatched, and no others.")
    if unknown:
        say(f"Not in the sheet, and left out: {', '.join(unknown)}")


def _told(rows: Rows, at_least: int) -> dict[str, dict[str, float]]:
    """What the rows say of each hospital, by column of the sheet; where there was no case nothing is said."""
    told: dict[str, dict[str, float]] = {}
    for hospital in sorted({hospital for hospital, _ in rows}):
        numbers = {column: rows.get((hospital, of), {}).get(measure, 0) for column, (of, measure) in _NUMBERS.items()}
        for column, (of, measure) in _MEDIANS.items():
            row = rows.get((hospital, of), {})
            numbers[column] = row[f"{measure}_min"] if row.get(measure, 0) >= at_least else 0
        # No sheet takes a median of 0 minutes, and nobody would believe it.
        if found := {column: number for column, number in numbers.items() if number}:
            told[hospital] = found
    return told


def _recorded(year: int) -> Rows:
    """What was recorded on this server, in the shape of the rows of a file."""
    with opened_store() as store:
        found = store.quality.tallies(f"{year}-01", f"{year}-12")
    return {
        key: {name: values.cases for name, values in of.items()}
        | {f"{name}_min": values.median or 0 for name, values in of.items()}
        for key, of in found.by(lambda _, hospital: hospital).items()
    }


def _rows_of(file: Path, year: int) -> Rows:
    """The rows of a file that was saved from the quality screen.

    Raises
    ------
    InvalidRequestError
        It is another file, or of other months.
    """
    import csv

    from stroke_map.registry.csv_table import unguard

    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            return {(unguard(row["key"]), row["condition"]): _numbers_of(row, year) for row in rows}
    except (csv.Error, ValueError, KeyError, TypeError, AttributeError):
        raise InvalidRequestError(
            f"{file.name} does not hold the figures of {year} by hospital",
            next_step=f"Save it from /api/v1/quality.csv?by=hospital&from={year}-01&until={year}-12.",
        ) from None


def _numbers_of(row: Mapping[str, str], year: int) -> dict[str, float]:
    if (row["from"], row["until"], row["by"]) != (f"{year}-01", f"{year}-12", "hospital"):
        raise ValueError("of other months, or not by hospital")
    counted = [measure for _, measure in (*_NUMBERS.values(), *_MEDIANS.values())]
    numbers: dict[str, float] = {measure: int(row[measure] or 0) for measure in counted}
    numbers |= {f"{measure}_min": float(row[f"{measure}_min"] or 0) for _, measure in _MEDIANS.values()}
    if not all(0 <= number < math.inf for number in numbers.values()):
        raise ValueError("a number that is none")
    return numbers
