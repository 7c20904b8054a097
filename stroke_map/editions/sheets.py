"""Sheets that editors have sent: each in a folder of its own, where it is checked and an edition is built from it, for so many days.

They hold the numbers that alerts call: the folder is closed to other users of the machine.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from stroke_map.editions.files import exclusive_lock, write_atomically
from stroke_map.editions.jobs import read_job
from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.registry.package import ZIP_MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from stroke_map.editions.jobs import Job

#: Nobody works on more at once; of 20 MB each they fill no disk.
MOST_SHEETS: Final = 20
_DESCRIPTION: Final = "sheet.json"
_ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_PATIENCE_S: Final = 5.0


class SheetInfo(BaseModel):
    """What is known of a sheet: as what it was sent, for which year, by whom and when."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    year: int
    by: str
    at: AwareDatetime
    size_bytes: int
    workbook: bool


@dataclass(frozen=True)
class KeptSheet:
    """A sheet that is kept in `folder`."""

    folder: Path
    info: SheetInfo

    @property
    def file(self) -> Path:
        """The sheet itself, under a name of ours."""
        return self.folder / ("hospitals.xlsx" if self.info.workbook else "hospitals.csv")

    @property
    def marked(self) -> Path:
        """The copy in which wrong cells are marked, where the check has made one."""
        return self.folder / "marked.xlsx"

    @property
    def check_folder(self) -> Path:
        """Where its check is told of."""
        return self.folder / "check"

    @property
    def build_folder(self) -> Path:
        """Where the build of its edition is told of."""
        return self.folder / "build"

    @property
    def check(self) -> Job | None:
        """Its check, as it stands."""
        return read_job(self.check_folder)

    @property
    def build(self) -> Job | None:
        """The build of its edition, as it stands; None where nobody has asked for one."""
        return read_job(self.build_folder)

    @property
    def busy(self) -> bool:
        """Whether it is checked or built from at this moment."""
        return any(job is not None and job.state == "running" for job in (self.check, self.build))


class Sheets:
    """The sheets in `folder`.

    Parameters
    ----------
    folder
        Made when the first one comes.
    keep
        After this long a sheet is deleted, unless somebody works on it.
    """

    def __init__(self, folder: Path, keep: timedelta) -> None:
        self._folder, self.keep = folder, keep

    def add(
        self,
        content: bytes,
        *,
        name: str,
        year: int,
        by: str,
        now: datetime,
        begin: Callable[[KeptSheet], object] = lambda _: None,
    ) -> KeptSheet:
        """Keep a sheet. The same content again is the same sheet, which is then of this name, year and person.

        Parameters
        ----------
        begin
            Begins what should be done with it, unless somebody works on it already.

        Raises
        ------
        ConflictError
            It is being checked or built from, for another year.
        OSError
            The disk is full.
        """
        sheet_id = hashlib.sha256(content).hexdigest()[:16]
        info = SheetInfo(
            id=sheet_id, name=name, year=year, by=by, at=now,
            size_bytes=len(content), workbook=content.startswith(ZIP_MAGIC),
        )  # fmt: skip
        with self.alone():
            sheet = KeptSheet(self._folder / sheet_id, info)
            if sheet.busy:
                known = self.get(sheet_id)
                if known.info.year == year:
                    return known
                raise ConflictError("This sheet is being worked on, for another year.")
            self._make_room(now)
            shutil.rmtree(sheet.folder, ignore_errors=True)
            sheet.folder.mkdir(mode=0o700)
            write_atomically(sheet.file, content)
            write_atomically(sheet.folder / _DESCRIPTION, info.model_dump_json().encode())
            begin(sheet)
        return sheet

    def get(self, sheet_id: str) -> KeptSheet:
        """The sheet of that id.

        Raises
        ------
        NotFoundError
            There is none, or none any more.
        """
        found = self._read(self._folder / sheet_id) if _ID.fullmatch(sheet_id) else None
        if found is None:
            raise NotFoundError("There is no such sheet, or none any more.", next_step="Send the sheet again.")
        return found

    def list(self) -> list[KeptSheet]:
        """Every sheet, the newest first."""
        folders = list(self._folder.iterdir()) if self._folder.is_dir() else []
        found = [self._read(folder) for folder in folders if _ID.fullmatch(folder.name)]
        return sorted((one for one in found if one is not None), key=lambda one: one.info.at, reverse=True)

    def remove_old(self, now: datetime) -> None:
        """Delete those that have been kept long enough."""
        if any(self._is_old(sheet, now) for sheet in self.list()):
            with self.alone():
                for sheet in self.list():
                    if self._is_old(sheet, now):
                        shutil.rmtree(sheet.folder, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one who adds, starts or deletes something; EditionError where somebody else takes too long."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        busy = "somebody else sends a sheet or starts a build at this moment"
        with exclusive_lock(self._folder / ".lock", busy=busy, patience_s=_PATIENCE_S):
            yield

    def _is_old(self, sheet: KeptSheet, now: datetime) -> bool:
        return now - sheet.info.at > self.keep and not sheet.busy

    def _make_room(self, now: datetime) -> None:
        for place, sheet in enumerate(self.list(), 1):
            if self._is_old(sheet, now) or (place >= MOST_SHEETS and not sheet.busy):
                shutil.rmtree(sheet.folder, ignore_errors=True)

    @staticmethod
    def _read(folder: Path) -> KeptSheet | None:
        try:
            return KeptSheet(folder, SheetInfo.model_validate_json((folder / _DESCRIPTION).read_bytes()))
        except (OSError, ValidationError):
            return None
