"""What a check finds about a hospital, and the cell of the sheet in which to put it right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stroke_map.registry.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stroke_map.registry.cells import Cell
    from stroke_map.registry.models import Hospital

#: The cells that a hospital was read from: hospital id -> column -> cell.
Records = Mapping[str, Mapping[str, "Cell"]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one hospital (None: with the list), and the column to correct; `acceptable` as of `Problem`."""

    severity: Literal["error", "warning"]
    hospital: Hospital | None
    column: str
    message: str
    right: str
    acceptable: bool = False

    def problem(self, records: Records) -> Problem:
        """The finding with sheet, row and column; with the hospital's name and id where it came from no sheet."""
        record = records.get(self.hospital.id, {}) if self.hospital else {}
        # A column that the sheet lacks is missing in the hospital's row all the same.
        cell = record.get(self.column) or next(iter(record.values()), None)
        message, right, id_ = self.message, self.right, self.hospital.id if self.hospital else ""
        if cell is None:
            sheet = next((cell.sheet for record in records.values() for cell in record.values()), "")
            message = f"{self.hospital.name_zh}: {message}" if self.hospital else message
            there = (sheet, 0, self.column, id_)
        elif self.column not in record:
            there = (cell.sheet, cell.row, self.column, "")
        else:
            there = (cell.sheet, cell.row, cell.header, cell.text)
        address = cell.address if cell and self.column in record else ""
        return Problem(self.severity, *there, message, right, address, self.acceptable, id_)


def problems_of(findings: Iterable[Finding], hospitals: Sequence[Hospital], records: Records) -> list[Problem]:
    """Findings as problems, hospital by hospital in the order of the list; those of the whole list first."""
    place = {hospital.id: number for number, hospital in enumerate(hospitals)}
    ordered = sorted(findings, key=lambda found: place[found.hospital.id] if found.hospital else -1)
    return [finding.problem(records) for finding in ordered]
