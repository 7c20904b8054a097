"""The tables of the report as rows of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stroke_map.editions.coverage import CATCHMENTS
from stroke_map.maps.report_page import TotalRow, changed_totals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.editions.access import Access
    from stroke_map.editions.coverage import Catchment, Coverage, Gain
    from stroke_map.registry.compare import RegistryChanges

#: Less is nothing: 50 m of road, half a person.
_LEAST_KM, _LEAST_PEOPLE = 0.05, 0.5


class Cell(NamedTuple):
    """A catchment now, None where the hospital has none; and the difference from before, None where there is no before."""

    now: Catchment | None
    km_more: float | None
    people_more: float | None


class CatchmentRow(NamedTuple):
    """The catchments of one hospital, a cell for each of `CATCHMENTS`."""

    hospital: str
    cells: list[Cell]


def catchment_rows(coverages: Mapping[str, Coverage], matches: Mapping[str, str]) -> list[CatchmentRow]:
    """A row for each hospital that is the nearest of its kind somewhere, now or before; the largest first.

    Parameters
    ----------
    matches
        Id before -> id after.
    """
    now = coverages["after"].catchments
    before = None
    if "before" in coverages:
        before = {
            name: {matches.get(id_, id_): one for id_, one in coverages["before"].catchments[name].items()}
            for name in CATCHMENTS
        }
    ids = {id_ for catchments in (now, before or {}) for of in catchments.values() for id_ in of}
    rows = [
        CatchmentRow(
            id_, [_cell(now[name].get(id_), before[name].get(id_) if before else None, before) for name in CATCHMENTS]
        )
        for id_ in ids
    ]
    return sorted(rows, key=lambda row: ([-cell.now.km if cell.now else 0 for cell in row.cells], row.hospital))


def _cell(now: Catchment | None, then: Catchment | None, before: object) -> Cell:
    if before is None or (now is None and then is None):
        return Cell(now, None, None)
    km_more = (now.km if now else 0.0) - (then.km if then else 0.0)
    people = [one.people for one in (now, then) if one is not None]
    if None in people:
        return Cell(now, km_more, None)
    return Cell(now, km_more, ((now.people or 0.0) if now else 0.0) - ((then.people or 0.0) if then else 0.0))


def gain_rows(coverage: Coverage) -> tuple[list[Gain], int]:
    """(those that would bring something, how many would bring nothing)."""
    some = [gain for gain in coverage.gains if gain.km >= _LEAST_KM or (gain.people or 0) >= _LEAST_PEOPLE]
    return some, len(coverage.gains) - len(some)


def total_rows(changes: RegistryChanges | None, access: Access) -> list[TotalRow]:
    """How many hospitals there are, and how many with each capability that one has or had."""
    if changes is not None:
        return changed_totals(changes)
    kinds = [hospital.kind for hospital in access.hospitals]
    totals = [TotalRow(f"{kind}s", None, kinds.count(kind)) for kind in ("hospital", "unit") if kind in kinds]
    able = zip(access.capabilities, access.able.sum(axis=1).tolist(), strict=True)
    return totals + [TotalRow(name, None, count) for name, count in able]
