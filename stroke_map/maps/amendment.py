"""`report.html` of an amendment: what it changed, without measuring again what the edition reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stroke_map.maps.report_page import REPORT_FILE, changed_totals, names_of, render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stroke_map.editions import EditionInfo
    from stroke_map.registry import Hospital, Problem
    from stroke_map.registry.compare import RegistryChanges


def write_amendment(
    folder: Path,
    *,
    info: EditionInfo,
    hospitals: tuple[Sequence[Hospital], Sequence[Hospital]],
    changes: RegistryChanges,
    problems: Sequence[Problem],
    notes: Mapping[str, str],
) -> None:
    """Write `report.html` into the folder of an amended edition that is not sealed yet.

    Parameters
    ----------
    info
        What `edition.json` will say.
    hospitals
        Those of the edition before, and those of this one.
    changes, problems
        How they differ, and what the checks found.
    notes
        What people said: "prepared_by", "accepted" (why totals may differ), "reason".
    """
    html = render(
        edition_id=info.id, before_id=info.based_on, info=info, notes=notes, changes=changes, problems=problems,
        named=names_of(hospitals), totals=changed_totals(changes),
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(html, encoding="utf-8")
