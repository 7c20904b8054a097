"""What the editor's API starts: the commands that somebody would type, `registry check` and `edition update`, by themselves."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stroke_map.editions import Region, read_publication, verify_edition
from stroke_map.editions.files import lock_now
from stroke_map.editions.jobs import start_job
from stroke_map.editions.region import region_again
from stroke_map.editions.sheets import Sheets
from stroke_map.editions.staging import BUILD_LOCK
from stroke_map.errors import ConflictError, EditionError, InvalidRequestError, NoEditionError, TooBusyError
from stroke_map.setting_table import ENVIRONMENT_PREFIX, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.editions.jobs import Job
    from stroke_map.editions.sheets import KeptSheet
    from stroke_map.settings import Settings

#: The roads of the edition that serves.
SAME_ROADS: Final = "same"
#: Checks at once; each takes seconds, and a core where nobody else needs it.
MOST_CHECKS: Final = 2
_ROAD_FILES: Final = (".osm.pbf", ".osm", ".osm.gz", ".osm.bz2")


def sheets_of(settings: Settings) -> Sheets:
    """The sheets that this server keeps."""
    return Sheets(settings.sheets_dir, timedelta(days=settings.sheet_keep_days))


def start_check(sheet: KeptSheet, settings: Settings, *, by: str) -> None:
    """Check a sheet as `stroke-map registry check` does, for its year and by the roads that serve; see `refuse_more_checks`."""
    year = sheet.info.year
    arguments = ["registry", "check", str(sheet.file), "--json"]
    arguments += [f"--valid-from={year}-01-01", f"--valid-until={year}-12-31"]
    if sheet.info.workbook:
        arguments.append(f"--annotate={sheet.marked}")
    with suppress(EditionError):
        arguments.append(f"--edition={read_publication(settings.geodata_dir).edition}")
    start_job(sheet.check_folder, arguments, by=by, about={}, environment=_environment(settings))


def refuse_more_checks(sheets: Sheets) -> None:
    """Refuse to begin another check while several run: there are as many sheets as somebody cares to send.

    Raises
    ------
    TooBusyError
        Ask again in a moment.
    """
    checks = (sheet.check for sheet in sheets.list())
    if sum(check is not None and check.state == "running" for check in checks) >= MOST_CHECKS:
        raise TooBusyError("Other sheets are being checked at this moment.", next_step="Send it again in a moment.")


def start_build(
    sheets: Sheets, sheet: KeptSheet, settings: Settings, *, roads: str, accept: Mapping[str, str], by: str
) -> None:
    """Make the edition of a sheet's year as `stroke-map edition update` does; asked twice by one person it is done once.

    Parameters
    ----------
    roads
        SAME_ROADS, or the name of one of `road_files`.
    accept
        Why `totals` or `places` that would be refused are right; "" for no reason.

    Raises
    ------
    ConflictError
        An edition is being built; `facts` say by whom and since when.
    NoEditionError
        There are no roads that serve.
    InvalidRequestError
        No such road file; or the region that serves would be lost with it, because no file describes it, or has its clinical values.
    """
    about = {"roads": roads, "year": str(sheet.info.year), **accept}
    arguments = ["edition", "update", "--json", f"--year={sheet.info.year}", f"--hospitals={sheet.file}"]
    arguments += [f"--accept={what}={reason}" for what, reason in accept.items() if reason]
    arguments += [f"--prepared-by={by}", *_roads_of(roads, settings)]
    with sheets.alone():
        for other in sheets.list():
            job = other.build
            if job is None or job.state != "running":
                continue
            if (other.info.id, job.begun.by, job.begun.about) == (sheet.info.id, by, about):
                return
            raise _builds_already(job.begun.by, job.begun.at.isoformat(timespec="seconds"))
        _refuse_beside_others(settings.geodata_dir)
        start_job(sheet.build_folder, arguments, by=by, about=about, environment=_environment(settings))


def building(sheets: Sheets) -> tuple[KeptSheet, Job] | None:
    """The sheet that is being built from, with its build."""
    jobs = ((sheet, sheet.build) for sheet in sheets.list())
    return next(((sheet, job) for sheet, job in jobs if job is not None and job.state == "running"), None)


def road_files(settings: Settings) -> list[Path]:
    """The files among which an editor may choose, by name."""
    folder = Path(settings.roads_dir) if settings.roads_dir else None
    if folder is None or not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.is_file() and file.name.endswith(_ROAD_FILES))


def _roads_of(roads: str, settings: Settings) -> list[str]:
    if roads == SAME_ROADS:
        read_publication(settings.geodata_dir)
        return ["--same-roads"]
    file = next((file for file in road_files(settings) if file.name == roads), None)
    if file is None:
        mistake = {"field": "roads", "problem": "is none of the road files of this server", "example": SAME_ROADS}
        raise InvalidRequestError("There is no such road file.", errors=[mistake])
    return [f"--osm={file}", *_region_that_serves(settings.geodata_dir)]


def _region_that_serves(geodata_dir: Path) -> list[str]:
    """Whose edition it is does not hang on the roads: the region stays, and where nothing describes it nothing is built."""
    try:
        publication = read_publication(geodata_dir)
    except NoEditionError:
        return []
    info = verify_edition(geodata_dir, publication.edition, full=False)
    name = info.region.id
    try:
        region = region_again(info, geodata_dir)
    except EditionError as error:
        # An EditionError's detail stays on the machine, and whoever sent the sheet must be able to tell its operator.
        raise _region_refused(error.detail, error.next_step) from error
    if region is None and name != Region().id:
        raise _region_refused(
            f"no file describes the region {name} of the edition that serves, and with other roads it would be lost",
            f"Put {name}.toml into the folder `regions` of STROKE_MAP_GEODATA_DIR, or take the roads that serve.",
        )
    return [] if region is None else [f"--region={name}"]


def _region_refused(why: str, next_step: str) -> InvalidRequestError:
    mistake = {"field": "roads", "problem": f"{why}. {next_step}", "example": ""}
    return InvalidRequestError(
        "The region of the edition that serves cannot be kept.", next_step=next_step, errors=[mistake]
    )


def _refuse_beside_others(geodata_dir: Path) -> None:
    """Say at once what the update would find out by itself: somebody builds on the command line."""
    lock = lock_now(geodata_dir / BUILD_LOCK)
    if lock is None:
        raise _builds_already("", "")
    os.close(lock)


def _builds_already(by: str, since: str) -> ConflictError:
    who: dict[str, Any] = {"by": by, "since": since} if by else {}
    said = f"{by} has been building an edition since {since}." if by else "An edition is being built on the server."
    return ConflictError(said, next_step="Wait until it is built.", reason="building", **who)


def _environment(settings: Settings) -> dict[str, str]:
    """The settings of this server, whatever its own environment says; nothing that is secret."""
    ours = {setting.variable: str(getattr(settings, setting.name)) for setting in SETTINGS if not setting.secret}
    others = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    return others | {name: value for name, value in ours.items() if value}
