"""Sheets, builds and editions as the editor's API tells them: nothing of it names a folder of this machine."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from stroke_map.editions import list_editions
from stroke_map.editions.approval import ACCEPTABLE, check_approval
from stroke_map.editions.comparing import REPORT_FILE
from stroke_map.editions.jobs import ANSWER_FILE
from stroke_map.editions.publish import editions_dir, read_or_none, way_back
from stroke_map.editions.status import validity_at
from stroke_map.errors import EditionError
from stroke_map.registry.chinese import message_in_chinese, right_in_chinese
from stroke_map.web.editor_work import building, road_files

if TYPE_CHECKING:
    from stroke_map.editions import EditionState, Publication
    from stroke_map.editions.jobs import Job
    from stroke_map.editions.sheets import KeptSheet, Sheets
    from stroke_map.settings import Settings

#: Nobody reads more on a screen; all of them are in the marked copy.
MOST_PROBLEMS: Final = 500
_CHECKED: Final = {"done": "sound", "refused": "mistakes"}
_COUNTED: Final = ("hospitals", "errors", "warnings")
_BUILT: Final = {"done": "built"}
_PATH: Final = re.compile(r"(?<![\w.:/])/(?:[^\s/'\",;:]+/)+")


def without_paths(text: str, settings: Settings) -> str:
    """A text that was written for the people of this machine, without its folders."""
    for folder in (settings.sheets_dir, settings.geodata_dir, settings.roads_dir, tempfile.gettempdir()):
        if str(folder):
            text = text.replace(f"{str(folder).rstrip('/')}/", "")
    return _PATH.sub("", text)


def sheet_json(sheet: KeptSheet, sheets: Sheets, settings: Settings, now: datetime) -> dict[str, Any]:
    """A sheet, with how its check and its build stand."""
    info, check, build = sheet.info, sheet.check, sheet.build
    return {
        "id": info.id,
        "name": info.name,
        "workbook": info.workbook,
        "year": info.year,
        "by": info.by,
        "at": info.at,
        "deleted_at": info.at + sheets.keep,
        "check": check and _check_json(sheet, check, settings, now),
        "build": build and _build_json(sheet, build, settings, now),
    }


def whole_sheet_json(sheet: KeptSheet, sheets: Sheets, settings: Settings, now: datetime) -> dict[str, Any]:
    """A sheet, with what is wrong in it."""
    check = sheet.check
    found = _answer(check).get("problems", []) if check else []
    told = {"problems": _problems(sheet, found), "more": max(0, len(found) - MOST_PROBLEMS)}
    return sheet_json(sheet, sheets, settings, now) | told


def _check_json(sheet: KeptSheet, job: Job, settings: Settings, now: datetime) -> dict[str, Any]:
    counts = _counts(str(job.folder / ANSWER_FILE), job.outcome.at) if job.outcome else {}
    return {
        "state": _CHECKED.get(job.state, job.state),
        **_job_json(job, now),
        **{name: counts.get(name) for name in _COUNTED},
        "marked": job.outcome is not None and sheet.marked.is_file(),
        "failure": None if counts else _failure(job, settings),
    }


@lru_cache(maxsize=64)
def _counts(answer: str, _at: datetime) -> dict[str, int]:
    """How many hospitals, errors and warnings a check has found; its answer can be long, and is asked for each second."""
    try:
        told = orjson.loads(Path(answer).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return {name: int(told[name]) for name in _COUNTED}


def _build_json(sheet: KeptSheet, job: Job, settings: Settings, now: datetime) -> dict[str, Any]:
    problem = (job.outcome and job.outcome.problem) or {}
    return {
        "state": _BUILT.get(job.state, job.state),
        **_job_json(job, now),
        "roads": job.begun.about["roads"],
        **{f"accept_{what}": job.begun.about[what] for what in ACCEPTABLE},
        "edition": _answer(job).get("edition") if job.state == "done" else None,
        "refusals": problem.get("told", []),
        "problems": _problems(sheet, problem.get("problems", [])),
        "report": refused_report(job, settings) is not None,
        "failure": _failure(job, settings),
    }


def _job_json(job: Job, now: datetime) -> dict[str, Any]:
    steps = [
        {
            "name": step.name,
            "share": round(step.share, 3),
            "left_s": _rounded(step.left_s(now)) if job.running else None,
        }
        for step in job.steps
    ]
    return {"by": job.begun.by, "since": job.begun.at, "steps": steps}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else float(round(seconds))


def _answer(job: Job) -> dict[str, Any]:
    """What the command has answered; nothing while it runs, or where it came to no answer."""
    if job.outcome is None:
        return {}
    try:
        answer: dict[str, Any] = orjson.loads(job.answer())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return answer


def _problems(sheet: KeptSheet, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("severity", "row", "column", "address", "value", "acceptable")
    return [
        {name: problem[name] for name in names}
        | {"sheet": sheet.info.name if problem["sheet"] == sheet.file.name else problem["sheet"]}
        | {"message": {"zh": message_in_chinese(problem["message"]), "en": problem["message"]}}
        | {"right": {"zh": right_in_chinese(problem["would_be_right"]), "en": problem["would_be_right"]}}
        for problem in found[:MOST_PROBLEMS]
    ]


def _failure(job: Job, settings: Settings) -> dict[str, str] | None:
    if job.outcome is None or job.outcome.exit_code == 0:
        return None
    told = job.outcome.problem or {"code": "internal-error", "detail": "", "next_step": ""}
    return {name: without_paths(str(told[name]), settings) for name in ("code", "detail", "next_step")}


def refused_report(job: Job, settings: Settings) -> Path | None:
    """The report of an edition that the gate has refused; None where there is none, or none any more."""
    named = ((job.outcome and job.outcome.problem) or {}).get("report", "")
    folder = editions_dir(settings.geodata_dir)
    # The name comes from a file of ours: looked for among what there is, so that it can only be one of these.
    return next((file for file in folder.glob(f".work-*/edition/{REPORT_FILE}") if str(file) == named), None)


def editions_json(sheets: Sheets, settings: Settings, who: str, now: datetime) -> dict[str, Any]:
    """Every edition, the newest first, as somebody called `who` may deal with them; and what can be built with."""
    publication = read_or_none(settings.geodata_dir)
    states = list_editions(settings.geodata_dir)
    dates = {state.id: state.info.created_at for state in states if state.info}
    newest_first = sorted(states, key=lambda state: dates.get(state.id, datetime.min.replace(tzinfo=UTC)), reverse=True)
    since = dates.get(publication.edition) if publication else None
    under_way = building(sheets)
    return {
        "serving": publication.edition if publication else None,
        "roll_back_to": (way_back(settings.geodata_dir, publication)[0] or None) if publication else None,
        "editions": [_edition_json(state, publication, since, who, now) for state in newest_first],
        "road_files": [_road_file_json(file) for file in road_files(settings)],
        "building": under_way
        and {"sheet": under_way[0].info.id, "by": under_way[1].begun.by, "since": under_way[1].begun.at},
    }


def _edition_json(
    state: EditionState, publication: Publication | None, since: datetime | None, who: str, now: datetime
) -> dict[str, Any]:
    info, approval = state.info, publication.approvals.get(state.id) if publication else None
    validity = validity_at(info, now) if info else None
    return {
        "id": state.id,
        "state": _standing(state, publication, since),
        "region": info and info.region.name.model_dump(),
        "valid_from": info and info.valid_from,
        "valid_until": info and info.valid_until,
        "created_at": info and info.created_at,
        "demo": bool(info and info.demo),
        "hospitals": info.counts.get("hospitals") if info else None,
        **{name: getattr(info, name) if info else "" for name in ("based_on", "accepted", "reason", "prepared_by")},
        "approved_by": approval.by if approval else "",
        "approved_at": approval.at if approval else None,
        "validity": validity and validity._asdict(),
        "report": bool(info and REPORT_FILE in info.files),
        "may_publish": info is not None and may_approve(info.prepared_by, who),
    }


def _standing(state: EditionState, publication: Publication | None, since: datetime | None) -> str:
    """Only what is newer than the one that serves, and never was approved, waits for somebody."""
    if state.state in {"published", "damaged"} or state.info is None:
        return state.state
    served = publication is not None and (state.id in publication.history or state.id in publication.approvals)
    return "earlier" if served or (since is not None and state.info.created_at < since) else "waiting"


def may_approve(prepared_by: str, who: str) -> bool:
    """Whether somebody called `who` may approve what `prepared_by` has prepared."""
    try:
        check_approval(prepared_by, who)
    except EditionError:
        return False
    return True


def _road_file_json(file: Path) -> dict[str, Any]:
    status = file.stat()
    changed_at = datetime.fromtimestamp(int(status.st_mtime), UTC)
    return {"name": file.name, "size_mb": round(status.st_size / 1e6, 1), "changed_at": changed_at}
