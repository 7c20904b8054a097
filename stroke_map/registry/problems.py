"""What is wrong with a sheet, cell by cell, and what a reading of one yields."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from stroke_map.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.registry.cells import Cell
    from stroke_map.registry.models import Hospital

_OR_ACCEPT: Final = "; or, where the map is wrong, the edition made with --accept places=REASON"
MAX_VALUE_CHARACTERS: Final = 80  # enough to find the cell by; a hostile one may be a megabyte


@dataclass(frozen=True)
class Problem:
    """One cell (or row, or file) that is wrong.

    `row` counts as a spreadsheet program does, the header being row 1; 0 means the whole file. `column` is the
    header's text, "" where the whole row is meant. `value` is what stands there, shortened. `address` is the cell's
    own in a workbook, such as "H12"; "" where there is no one cell, or no workbook. `acceptable`: it may be right all the same, and
    somebody who knows may say why. `hospital` is the id of the one it is about, where a check of the whole list found it.
    """

    severity: Literal["error", "warning"]
    sheet: str
    row: int
    column: str
    value: str
    message: str
    would_be_right: str
    address: str = ""
    acceptable: bool = False
    hospital: str = ""

    def __str__(self) -> str:
        row = f"row {self.row}" if self.row else ""
        place = ", ".join(part for part in (self.sheet, row, self.column, self.address) if part)
        value = f" ({self.value!r})" if self.value else ""
        return f"{self.severity}: {place}: {self.message}{value}; right would be: {self.advice}"

    @property
    def advice(self) -> str:
        """What would be right, and what else may be done about it."""
        may = self.acceptable and self.severity == "error"
        return f"{self.would_be_right}{_OR_ACCEPT if may else ''}"


@dataclass
class SheetReading:
    """The hospitals whose rows have no error, and every problem of the sheet.

    `records` are the cells that each of the hospitals was read from, by its id and by column, for what checks find later; `accepted`
    are the errors that stop nothing, because somebody said why: as lines that begin with the hospital's id.
    """

    sheet: str
    hospitals: list[Hospital] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    records: dict[str, Mapping[str, Cell]] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop an edition; the others are warnings."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def lost_rows(self) -> bool:
        """Whether a row, or the rest of the file, could not be read at all, so that nobody knows whose it was."""
        return any(not problem.column for problem in self.errors)

    def error(self, row: int, column: str, value: str, *, message: str, right: str) -> None:
        """Note something of the file, or of a whole row, that must be corrected."""
        self.problems.append(Problem("error", self.sheet, row, column, _shortened(value), message, right))

    def warning(self, row: int, column: str, value: str, *, message: str, right: str) -> None:
        """Note something of the file, or of a whole row, that somebody should look at."""
        self.problems.append(Problem("warning", self.sheet, row, column, _shortened(value), message, right))

    def note(self, severity: Literal["error", "warning"], cell: Cell, *, message: str, right: str) -> None:
        """Note what is wrong with one cell, where it stands."""
        value = _shortened(cell.text)
        self.problems.append(Problem(severity, cell.sheet, cell.row, cell.header, value, message, right, cell.address))

    def accept(self, reason: str) -> None:
        """Let errors that may be right all the same be warnings, which say why; without a reason they stay errors."""
        for number, problem in enumerate(self.problems):
            if reason and problem.acceptable and problem.severity == "error":
                message = f"{problem.message}; accepted: {reason}"
                self.problems[number] = replace(problem, severity="warning", message=message)
                self.accepted += (f"{problem.hospital}: {message}",)

    def raise_for_errors(self, *, next_step: str | None = None) -> None:
        """Refuse a sheet with mistakes; `next_step` as of the error.

        Raises
        ------
        RegistryError
            Any error; `facts["problems"]` is every problem, warnings too, as a list of dicts.
        """
        errors = self.errors
        if errors:
            count = "1 mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
            problems = [asdict(problem) for problem in self.problems]
            raise RegistryError(f"{count}; first: {errors[0]}", next_step=next_step, problems=problems)


def _shortened(value: str) -> str:
    return value if len(value) <= MAX_VALUE_CHARACTERS else value[: MAX_VALUE_CHARACTERS - 1] + "…"
