"""A PostgreSQL server of our own, for as long as a block runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_programs() -> Path | None:
    """The folder of initdb and postgres, None where there is none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return next((f for f in reversed(folders) if (f / "initdb").exists() and (f / "postgres").exists()), None)


@contextmanager
def postgres_server(programs: Path, *settings: str) -> Iterator[str]:
    """The address of an empty server with settings such as `fsync=off`, reached by a socket in a temporary folder alone."""
    user: dict[str, Any] = {}
    # Not below anybody's own folder: the server may run as another user, and the path of a socket must be short.
    folder = Path(mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    data = folder / "data"
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": folder,
    } | user
    control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    told = "listen_addresses=''", f"unix_socket_directories='{folder}'", "max_connections=200", *settings
    options = " ".join(f"-c {setting}" for setting in told)
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True,
            **quiet,
        )
        subprocess.run([*control, "-o", options, "start"], check=True, **quiet)
        yield f"postgresql://postgres@/postgres?host={folder}"
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
