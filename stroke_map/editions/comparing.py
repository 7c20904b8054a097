"""What is new in an edition against the one before: the changes, the report for people, and the gate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import orjson

from stroke_map.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from stroke_map.editions.edition import EditionHead
    from stroke_map.editions.info import EditionInfo
    from stroke_map.editions.work import Work
    from stroke_map.registry.compare import RegistryChanges

CHANGES_FILE = "changes.json"
REPORT_FILE = "report.html"


@dataclass(frozen=True)
class Made:
    """What came of an update or an amendment.

    Attributes
    ----------
    edition_id, folder
        The edition, and where it is: sealed, or after a dry run where it grows.
    state
        "built": it is new. "already built": the same inputs have made it before, and nothing was done. "dry run": it is not sealed.
    changes
        What is different from the edition before; None where there is none, or where nothing was done.
    warnings
        What the checks found, as lines.
    """

    edition_id: str
    folder: Path
    state: Literal["built", "already built", "dry run"]
    changes: RegistryChanges | None = None
    warnings: tuple[str, ...] = ()

    @property
    def report(self) -> Path:
        """What a person should look at."""
        return report_in(self.folder)


def write_changes(
    folder: Path, edition_id: str, before: EditionHead | None, changes: RegistryChanges | None, **notes: str
) -> None:
    """Write `changes.json`: what is different from the edition before, and what was said about it (`notes`)."""
    document = {
        "edition": edition_id,
        "before": before.info.id if before else None,
        **notes,
        "changes": orjson.Fragment(changes.to_json()) if changes else None,
    }
    (folder / CHANGES_FILE).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def make_report(
    work: Work,
    info: EditionInfo,
    before: EditionHead | None,
    changes: RegistryChanges | None,
    write_report: Callable[..., Any] | None,
) -> None:
    """Write the changes and the report; they hang on the edition before and on what is said of the new one.

    Parameters
    ----------
    info
        What `edition.json` will say.
    write_report
        `maps.report.write_report`, a room above this one; None: no report.
    """
    notes = {"accepted": info.accepted, "prepared_by": info.prepared_by}
    told = [
        info.model_dump(mode="json", exclude={"created_at"}),
        before.info.seal if before else "",
        bool(write_report),
    ]

    def make(tell: Callable[[float], None]) -> None:
        write_changes(work.folder, info.id, before, changes, **notes)
        if write_report:
            write_report(
                work.folder, edition_id=info.id, before=before, changes=changes, problems=work.reading.problems,
                notes=notes, population=work.inputs.population, progress=tell, info=info,
            )  # fmt: skip

    work.step("report", make, depends=hashlib.sha256(orjson.dumps(told)).hexdigest())


def report_in(folder: Path) -> Path:
    """What of an edition a person should look at: its report, or at least its changes."""
    return next((file for file in (folder / REPORT_FILE, folder / CHANGES_FILE) if file.is_file()), folder)


def check_gate(
    changes: RegistryChanges | None, accepted: str, before: EditionHead | None, folder: Path | None = None
) -> None:
    """Stop what differs too much from the edition before, unless somebody said why.

    Parameters
    ----------
    folder
        Where the report is, to look at.

    Raises
    ------
    GateError
        `facts["refusals"]` lists each difference, `facts["told"]` in both languages; `facts["report"]` is where to look at all of them.
    """
    if changes is None or before is None or accepted or not changes.refusals:
        return
    report = str(report_in(folder)) if folder else ""
    told = [refusal.describe("en") for refusal in changes.refusals]
    raise GateError(
        f"{len(told)} totals are not what they were in edition {before.info.id}",
        refusals=told,
        told=[{lang: refusal.describe(lang) for lang in ("zh", "en")} for refusal in changes.refusals],
        report=report,
        next_step=f"{f'Look at {report}; c' if report else 'C'}orrect the sheet, or say with --accept totals=REASON why this is right.",
    )
