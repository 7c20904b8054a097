"""Whether a SQLite file has changed, told in a few microseconds."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Device and inode.
File = tuple[int, int]


class Look:
    """What a thread saw when it last looked at the file.

    Attributes
    ----------
    file
        Which file it was; it exists as long as this object, so that no other has its number.
    connection
        To nothing but this file; for reading.
    confirmed
        Whether everything that was in the file when it was last seen to change is known.
    """

    def __init__(self, file: File, path: Path) -> None:
        self.file, self.confirmed = file, False
        self._version = -1
        # By another thread only if this one has ended and the system gave its number again.
        address = f"{path.absolute().as_uri()}?mode=rw"
        self.connection = sqlite3.connect(address, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        # Of a thread that has ended nobody says so: its look goes with the view.
        weakref.finalize(self, self.connection.close)

    def again(self) -> None:
        """Look again; nothing is confirmed any more if anyone has written since."""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version, self.confirmed = version, False

    def confirm(self) -> None:
        """Say that what was in the file at this look is known."""
        self.confirmed = True

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self.connection.close()


class SqliteWatch:
    """Tells cheaply whether a SQLite file is still the one last looked at, and nobody has written into it since.

    `PRAGMA data_version` changes whenever another connection, of this process or another, has committed, and means nothing to
    another connection (https://www.sqlite.org/pragma.html#pragma_data_version). So each thread has a connection, and what it has
    confirmed, to itself: one for all would be waited for at every question.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._name = path, str(path)
        self._looks: dict[int, Look] = {}

    def look(self) -> Look | None:
        """The file as this thread sees it now; None where there is none, or it cannot be read."""
        thread = threading.get_ident()
        look = self._looks.get(thread)
        try:
            status = os.stat(self._name)  # noqa: PTH116  this runs at every question: a third of what pathlib takes
            file = status.st_dev, status.st_ino
            if look is None or look.file != file:
                self._forget(thread)
                look = self._looks[thread] = Look(file, self._path)
            look.again()
        except (sqlite3.Error, OSError):
            self._forget(thread)
            return None
        return look

    def _forget(self, thread: int) -> None:
        look = self._looks.pop(thread, None)
        if look is not None:
            look.close()
