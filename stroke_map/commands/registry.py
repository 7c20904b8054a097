"""`registry`: the workbook to fill in, checking what was filled in, and other formats."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from stroke_map.commands.output import as_json, day, print_json, print_table, progress, say
from stroke_map.errors import RegistryError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stroke_map.editions import Edition
    from stroke_map.registry import Hospital, Problem

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_PUBLISHED: Final = "the published one"  # no edition can be called so
_FORMATS: Final = ("csv", "xlsx", "geojson", "gpkg", "fhir")
_edition = click.option(
    "--edition",
    "edition_id",
    is_flag=False,
    flag_value=_PUBLISHED,
    help="An edition by its name; the published one without.",
)


@click.group()
def registry() -> None:
    """The hospital list: a workbook to fill in, its check, and other formats."""


@registry.command()
@click.option("--out", type=_OUT, default="hospitals.xlsx", show_default=True, help="Where to write it.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of headers and notes.")
def template(out: Path, lang: str) -> None:
    """Write an empty workbook (XLSX) with drop-downs, notes and an example row, for hospitals to be filled in."""
    from stroke_map.registry.spreadsheet import write_template

    if out.exists():
        raise click.UsageError(f"{out} is there already; name another file with --out")
    _written(out, lambda: write_template(out, lang=lang))
    say(f"Wrote {out}; when it is filled in: stroke-map registry check {out}")


@registry.command()
@click.argument("file", type=_FILE)
@click.option("--annotate", "copy", type=_OUT, help="Write a copy of the workbook in which wrong cells are marked.")
@click.option(
    "--region", help="A region's id, its .toml, or a GeoJSON polygon: where hospitals must lie, in which districts."
)
@click.option("--osm", type=_FILE, help="OpenStreetMap file: are the places near its roads and its hospitals?")
@_edition
@click.option("--valid-from", type=day, help="First day of the edition to be made; today when left out.")
@click.option("--valid-until", type=day, help="Its last day; a year later when left out.")
@as_json
def check(
    file: Path, copy: Path | None, region: str | None, edition_id: str | None, *, as_json: bool, **against: Any
) -> None:
    """Check the sheet FILE (XLSX or CSV): every problem with sheet, row, column, value, and what would be right."""
    from stroke_map.commands.checking import Check, check_file, region_without_name
    from stroke_map.editions import load_region

    edition, geodata_dir = _open(edition_id), read_settings().geodata_dir
    where = load_region(region, geodata_dir=geodata_dir) if region else region_without_name(geodata_dir, edition)
    chosen = Check(where, edition=edition, **against)
    with progress() as show:
        reading = check_file(file, chosen, show)
    # First what is wrong: a workbook that cannot be copied has been checked all the same.
    _print_problems(reading.problems, len(reading.hospitals), as_json=as_json)
    if copy is not None:
        from stroke_map.registry.annotate import annotate

        _written(copy, lambda: annotate(file, reading.problems, copy))
    if reading.errors:
        raise RegistryError(f"{file.name}: {_count(len(reading.errors), 'mistake')}", problems=[])


@registry.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--format", "format_", type=click.Choice(_FORMATS), required=True, help="Which format.")
@click.option("--out", type=_OUT, help="Where to write it; hospitals.FORMAT when left out.")
@_edition
@click.option("--with-contacts", is_flag=True, help="Also the numbers that alerts call: csv and xlsx only.")
def export(file: Path | None, format_: str, out: Path | None, edition_id: str | None, with_contacts: bool) -> None:
    """Write the hospitals of the sheet FILE, or of an edition, in another format; WGS-84 but in csv and xlsx."""
    from stroke_map.registry.export import export_hospitals

    if (file is None) == (edition_id is None):
        raise click.UsageError("give either FILE or --edition")
    if with_contacts and format_ not in {"csv", "xlsx"}:
        raise click.UsageError(f"{format_} is a public format and carries no contacts")
    out = out or Path(f"hospitals.{'json' if format_ == 'fhir' else format_}")
    hospitals = _hospitals(file, edition_id)
    _written(out, lambda: export_hospitals(hospitals, out, format_, with_contacts=with_contacts))
    say(f"Wrote {_count(len(hospitals), 'hospital')} to {out}")


def _open(edition_id: str | None) -> Edition | None:
    from stroke_map.editions import Edition, open_published
    from stroke_map.editions.publish import edition_folder

    if edition_id is None:
        return None
    geodata_dir = read_settings().geodata_dir
    return open_published(geodata_dir) if edition_id == _PUBLISHED else Edition(edition_folder(geodata_dir, edition_id))


def _hospitals(file: Path | None, edition_id: str | None) -> Sequence[Hospital]:
    from stroke_map.registry import read_sheet

    edition = _open(edition_id)
    if edition is not None:
        return edition.hospitals
    assert file is not None  # noqa: S101 - one of them is given
    reading = read_sheet(file)
    reading.raise_for_errors()
    return reading.hospitals


def _written(path: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise click.FileError(str(path), hint=error.strerror) from error


def _print_problems(problems: Sequence[Problem], hospitals: int, *, as_json: bool) -> None:
    errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        told = [asdict(problem) for problem in problems]
        print_json({"hospitals": hospitals, "errors": errors, "warnings": len(problems) - errors, "problems": told})
        return
    if problems:
        header = ("", "SHEET", "ROW", "CELL", "COLUMN", "VALUE", "PROBLEM", "RIGHT WOULD BE")
        rows = [
            (p.severity, p.sheet, str(p.row or ""), p.address, p.column, p.value, p.message, p.advice) for p in problems
        ]
        _print_cells(header, [[_printable(text) for text in row] for row in rows])
    counts = (_count(errors, "mistake"), _count(len(problems) - errors, "warning"))
    say(f"{_count(hospitals, 'sound hospital')}, {', '.join(counts)}")


def _print_cells(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose cells are wrapped on a terminal, and lines for programs elsewhere."""
    if not sys.stdout.isatty():
        print_table(header, rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header)
    for row in rows:
        table.add_row(*map(Text, row))  # as text: a cell may hold what rich takes for markup
    Console().print(table)


def _printable(text: str) -> str:
    """Without what would command a terminal, or turn the writing around."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
