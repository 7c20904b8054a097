"""What commands print: answers to stdout, progress to a terminal's stderr."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from stroke_map.editions.jobs import Teller

as_json = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


def arrivals(text: str) -> int | None:
    """The type of an option that says which arrivals are stored: None for all, else how many of the nearest."""
    if text == "full":
        return None
    with suppress(ValueError):
        if 1 <= (nearest := int(text)) <= 255:
            return nearest
    raise click.BadParameter("is neither full nor 1 to 255; right would be full, or 10 for a region of many hospitals")


def day(text: str) -> date:
    """The type of an option that is a day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise click.BadParameter("is no day; right would be year-month-day, such as 2026-12-31") from None


def say(text: str) -> None:
    """A message for the person, never part of the answer."""
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """`value` as indented JSON on stdout."""
    import orjson

    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    click.echo(orjson.dumps(value, option=options, default=str).decode())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table on stdout; columns are aligned, not cut, so that it can be piped."""
    from rich.cells import cell_len  # a Chinese character takes two columns of a terminal

    lines = [[str(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """A function `(step, share)` that draws a bar for each step, with the time left, where stderr is a terminal.

    Elsewhere, as under cron, it writes a line for each step when it is done; and for `stroke-map --job` the folder tells it too.
    """
    if not sys.stderr.isatty():
        lines, teller = _Lines(), teller_of_job()
        yield _both(lines.show, teller.progress) if teller else lines.show
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(step: str, share: float) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=1.0)
            bars.update(tasks[step], completed=share)

        yield show


def teller_of_job() -> Teller | None:
    """What the command that runs now is told of by, where `stroke-map --job` says so."""
    context = click.get_current_context(silent=True)
    return context.obj if context is not None else None


def _both(first: Callable[[str, float], None], other: Callable[[str, float], None]) -> Callable[[str, float], None]:
    def show(step: str, share: float) -> None:
        first(step, share)
        other(step, share)

    return show


class _Lines:
    """One line for each step, when it is done."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._told: set[str] = set()

    def show(self, step: str, share: float) -> None:
        begun = self._begun.setdefault(step, time.monotonic())
        if share >= 1.0 and step not in self._told:
            self._told.add(step)
            say(f"{step}: {time.monotonic() - begun:.1f} s")
