#!/usr/bin/env python3
"""Build the wheel, install it in an empty environment outside of the checkout, and use it as somebody who has nothing else.

    .venv/bin/python scripts/check_wheel.py

The demonstration city is built, `serve` and then gunicorn are started and asked, and a backup is made and restored. Run by root, all of that is
done by another user, who can write to the folder of editions and the cache alone: kernels must be compiled where they may. Packages come from
the index that pip is set to use. Prints how long everything took, as JSON; exit code 1 names what failed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from install.service import FailedError, check_answers, started

ROOT = Path(__file__).resolve().parents[1]
_NOBODY = 65534


class Trial:
    """An empty environment, and the folders of a service beside it."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder, self.python = folder, python
        self.figures: dict[str, Any] = {}
        self.writable = [folder / name for name in ("geodata", "cache", "restored", "backups", "tmp")]
        for place in self.writable:
            place.mkdir()
        self.options: dict[str, Any] = {"cwd": folder / "tmp", "env": self._environment("geodata")}
        if os.geteuid() == 0:
            self._become_nobody()

    def _environment(self, geodata: str) -> dict[str, str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        told = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("STROKE_MAP_", "PYTHON", "VIRTUAL_ENV"))
        }
        told |= {"HOME": "/nonexistent", "TMPDIR": str(self.folder / "tmp")}
        ours = {
            "GEODATA_DIR": self.folder / geodata,
            "CACHE_DIR": self.folder / "cache",
            "PORT": self.port,
            "STREAM_PORT": 0,
        }
        return told | {f"STROKE_MAP_{name}": str(value) for name, value in ours.items()}

    def _become_nobody(self) -> None:
        """Let another user do what follows, where that one may start this Python at all."""
        nobody = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        try:
            subprocess.run([self.python, "-c", ""], check=True, capture_output=True, **nobody)
        except (OSError, subprocess.CalledProcessError):
            print(f"only root may start {self.python}: try --python /usr/bin/python3", file=sys.stderr)
            return
        self.folder.chmod(0o755)
        for place in self.writable:
            os.chown(place, _NOBODY, _NOBODY)
        self.options |= nobody

    @property
    def bin(self) -> Path:
        """Where the commands of the environment are."""
        return self.folder / "venv" / "bin"

    def timed(self, what: str, *command: str | Path, **options: Any) -> str:
        """Run a command, and take note of how long it took; what it printed."""
        print(f"{what} ...", file=sys.stderr, flush=True)
        begun = time.monotonic()
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)
        self.figures[what] = round(time.monotonic() - begun, 1)
        if done.returncode:
            raise FailedError(
                f"{what}: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def install(self) -> None:
        """Build the wheel and install it with everything it needs."""
        dist, elsewhere = self.folder / "dist", {"cwd": self.folder}
        self.timed("wheel", self.python, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", dist, ROOT, **elsewhere)
        (wheel,) = dist.glob("*.whl")
        self.figures["wheel_kb"] = wheel.stat().st_size // 1000
        self.timed("venv", self.python, "-m", "venv", self.folder / "venv", **elsewhere)
        self.timed("install", self.bin / "pip", "install", "--no-input", wheel, "gunicorn", **elsewhere)
        packages = sum(
            path.stat().st_size
            for path in (self.folder / "venv").rglob("*")
            if path.is_file() and not path.is_symlink()
        )
        self.figures["environment_mb"] = packages // 1_000_000
        where = self.timed(
            "import", self.bin / "python", "-c", "import stroke_map; print(stroke_map.__file__)", **self.options
        )
        if not where.startswith(str(self.folder)):
            raise FailedError(f"{where.strip()} is imported, which is not what was installed")

    def serve(self, name: str, *command: str) -> None:
        """Serve by a command, and ask."""
        print(f"{name} ...", file=sys.stderr, flush=True)
        address = f"http://127.0.0.1:{self.port}"
        with started([str(self.bin / command[0]), *command[1:]], address, **self.options) as ready_s:
            self.figures[name] = {"ready_s": round(ready_s, 1)} | check_answers(address)

    def back_up(self) -> None:
        """Make a backup, restore it to an empty place, and serve from there."""
        made = self.timed(
            "backup", self.bin / "stroke-map", "backup", "--json", self.folder / "backups", **self.options
        )
        self.options["env"] = self._environment("restored")
        self.timed("restore", self.bin / "stroke-map", "restore", json.loads(made)["backup"], **self.options)
        self.serve("serve what was restored", "stroke-map", "serve")


@click.command(help=__doc__)
@click.option("--python", default=sys.executable, show_default=True, help="The Python for the empty environment.")
@click.option("--keep", is_flag=True, help="Leave the folder, and name it.")
def main(*, python: str, keep: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="stroke-map-wheel-"))
    try:
        trial = Trial(folder, python)
        trial.install()
        trial.timed("demo", trial.bin / "stroke-map", "demo", **trial.options)
        trial.serve("serve", "stroke-map", "serve")
        bind = f"127.0.0.1:{trial.port}"
        trial.serve(
            "gunicorn", "gunicorn", "--workers", "2", "--threads", "16", "--bind", bind, "stroke_map.web:application()"
        )
        trial.back_up()
    except FailedError as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    finally:
        if keep:
            print(folder, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(trial.figures, indent=2))


if __name__ == "__main__":
    main()
