"""A clock that can be set while processes run, for these alone: nobody else on this machine notices."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")


def has_compiler() -> bool:
    """Whether such a clock can be made here; Linux alone."""
    return shutil.which("cc") is not None and Path("/proc/self").exists()


class Clock:
    """A clock of processes that are started with its `environment`.

    Parameters
    ----------
    folder
        Where what makes it is put.
    """

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "clock.so", folder / "clock"
        self.set(0)
        command = ["cc", "-O1", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        self.environment = {"LD_PRELOAD": str(library), "FAULTS_CLOCK": str(self._file)}

    def set(self, ahead_s: int) -> None:
        """Let it be so many seconds ahead of that of the machine from now on; negative: behind."""
        # In place: the processes have the file mapped.
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("=q", ahead_s))
