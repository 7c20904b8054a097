"""`report.html`: what is new in an edition, for people; and `coverage.json`, its figures for machines.

One file that asks for nothing else: styles inline, pictures as SVG and data, no script. The same inputs give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from stroke_map.editions.coverage import ADDED_WITHIN_MIN, BANDS_MIN, CATCHMENTS, open_coverage
from stroke_map.editions.info import EDITION_FILE, read_info
from stroke_map.maps.bands import BAND_COLOURS
from stroke_map.maps.report_charts import BARS_WIDTH, capabilities_of, coverage_bars, coverage_maps, shares
from stroke_map.maps.report_page import MOST_ROWS, REPORT_FILE, names_of, render
from stroke_map.maps.report_tables import catchment_rows, gain_rows, total_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stroke_map.editions import Edition, EditionInfo
    from stroke_map.editions.access import Access
    from stroke_map.editions.coverage import Coverage
    from stroke_map.registry import Problem
    from stroke_map.registry.compare import RegistryChanges

__all__ = ["COVERAGE_FILE", "MOST_ROWS", "REPORT_FILE", "Report", "make_report", "write_report"]

COVERAGE_FILE: Final = "coverage.json"


class Report(NamedTuple):
    """The page, and the figures of coverage as JSON."""

    html: str
    coverage: bytes


def write_report(
    folder: Path,
    *,
    edition_id: str,
    before: Edition | None,
    changes: RegistryChanges | None,
    problems: Sequence[Problem],
    notes: Mapping[str, str],
    population: Path | None = None,
    progress: Callable[[float], None] | None = None,
    info: EditionInfo | None = None,
) -> None:
    """Write `report.html` and `coverage.json` into the folder of an edition that is not sealed yet; see `make_report`."""
    made = make_report(
        folder, edition_id=edition_id, before=before, changes=changes, problems=problems, notes=notes,
        population=population, progress=progress, info=info,
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(made.html, encoding="utf-8")
    (folder / COVERAGE_FILE).write_bytes(made.coverage)


def make_report(
    folder: Path,
    *,
    edition_id: str,
    before: Edition | None,
    changes: RegistryChanges | None,
    problems: Sequence[Problem],
    notes: Mapping[str, str],
    population: Path | None = None,
    progress: Callable[[float], None] | None = None,
    info: EditionInfo | None = None,
) -> Report:
    """Measure an edition, and the one before, and say what is different.

    Parameters
    ----------
    folder
        The edition, sealed or not yet: roads, arrivals, registry, region.
    before, changes
        The edition to compare with and how its hospitals differ; None for a first one.
    problems
        What the checks found.
    notes
        What people said: "prepared_by", "accepted" (why totals may differ), "reason" (of an amendment).
    population
        See `stroke_map.editions.population.read_population`.
    progress
        Called with the share done, 0 to 1.
    info
        What `edition.json` says or will say: dates, publisher, sources, licence; None: as the folder says, if it does.

    Raises
    ------
    RegistryError, RoadDataError, EditionError
        An edition, or the population, cannot be read.
    """
    tell = progress or (lambda _: None)
    if info is None and (folder / EDITION_FILE).is_file():
        info = read_info((folder / EDITION_FILE).read_bytes())
    each = 0.8 if before is None else 0.4
    measured: dict[str, tuple[Access, Coverage]] = {}
    if before is not None:
        measured["before"] = open_coverage(
            before.folder, day=before.info.valid_from, population=population, progress=lambda done: tell(done * each)
        )
    day = info.valid_from if info else None
    measured["after"] = open_coverage(
        folder, day=day, population=population, progress=lambda done: tell(0.8 - each + done * each)
    )
    coverages = {which: coverage for which, (_, coverage) in measured.items()}
    html = render(
        edition_id=edition_id, before_id=before.info.id if before else "", info=info, notes=notes, changes=changes,
        problems=problems, **_context(measured, changes),
    )  # fmt: skip
    tell(1.0)
    told = {"edition": edition_id, "before": before.info.id if before else None}
    figures = {which: coverage.to_json() for which, coverage in coverages.items()}
    return Report(html, orjson.dumps(told | {"coverage": figures}))


def _context(measured: Mapping[str, tuple[Access, Coverage]], changes: RegistryChanges | None) -> dict[str, Any]:
    """What the template is given; every text in it is plain, and escaped where it is shown."""
    accesses = {which: access for which, (access, _) in measured.items()}
    coverages = {which: coverage for which, (_, coverage) in measured.items()}
    matches = changes.matches if changes else {}
    after = coverages["after"]
    people = after.people is not None
    return {
        "which": list(measured),
        "coverages": coverages,
        "capabilities": capabilities_of(coverages.values()),
        "of": ("road", "people") if people else ("road",),
        "bars": {of: coverage_bars(coverages, of) for of in (("road", "people") if people else ("road",))},
        "bars_width": BARS_WIDTH,
        "shares": shares,
        "maps": coverage_maps(accesses, matches),
        "colours": BAND_COLOURS,
        "bands_min": BANDS_MIN,
        "catchment_capabilities": CATCHMENTS,
        "catchments": catchment_rows(coverages, matches),
        "gains": gain_rows(after),
        "gain_min": ADDED_WITHIN_MIN,
        "named": names_of(access.hospitals for access in accesses.values()),
        "totals": total_rows(changes, accesses["after"]),
        "people": people,
        "quantum_s": f"{after.quantum_ms / 1000:g}",
    }
