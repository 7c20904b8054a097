#!/usr/bin/env python3
"""Install the lowest versions that pyproject.toml allows, and the latest, on each Python that is there, and run the tests in each environment.

    .venv/bin/python scripts/check_versions.py
    .venv/bin/python scripts/check_versions.py --python 3.13 --set lowest --tests tests/roads

The environments are made by `uv`, which is installed beside them where it is missing, and are gone afterwards. Nobody's own environment is touched.
Prints a table in Markdown; exit code 1 where anything could not be installed or failed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
SETS = {"lowest": "lowest-direct", "latest": "highest"}
#: Every room once, without those that start servers and browsers.
QUICK = (
    "tests/roads", "tests/registry", "tests/protocols", "tests/live", "tests/dispatch", "tests/backups",
    "tests/web/test_route_api.py", "tests/web/test_pages.py", "tests/web/test_openapi.py", "tests/web/test_cases_api.py",
    "tests/maps", "tests/delivery", "tests/editions/test_build.py", "tests/test_cli.py", "tests/test_coordinates.py",
)  # fmt: skip


@dataclass
class Outcome:
    """What came of one environment."""

    python: str
    which: str
    packages: int = 0
    install_s: float = 0.0
    tests_s: float = 0.0
    said: str = ""
    sound: bool = False

    def row(self) -> str:
        """As a row of the table."""
        sound = "yes" if self.sound else "**no**"
        return f"| {self.python} | {self.which} | {self.packages} | {self.install_s:.0f} | {self.tests_s:.0f} | {sound} | {self.said} |"


def find_uv(folder: Path) -> str:
    """The program `uv`, installed into a folder where there is none."""
    beside = Path(sys.executable).with_name("uv")
    known = shutil.which("uv") or (str(beside) if beside.exists() else "")
    if not known:
        subprocess.run([sys.executable, "-m", "venv", folder / "uv"], check=True)
        subprocess.run([folder / "uv" / "bin" / "pip", "install", "--quiet", "uv"], check=True)
        known = str(folder / "uv" / "bin" / "uv")
    return known


def find_python(version: str) -> str | None:
    """A Python of that version on this machine, None where there is none. The shims of pyenv are there and fail, so each one is run."""
    known = [shutil.which(f"python{version}"), *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]
    asked = "import ensurepip, sqlite3, ssl, sys; print(f'{sys.version_info[0]}.{sys.version_info[1]}')"
    for path in filter(None, known):
        done = subprocess.run([path, "-c", asked], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return path
    return None


def try_environment(uv: str, python: str, outcome: Outcome, folder: Path, tests: tuple[str, ...]) -> None:
    """Make one environment, and run the tests in it."""
    inside, begun = folder / f"{outcome.python}-{outcome.which}", time.monotonic()
    environment = os.environ | {"VIRTUAL_ENV": str(inside), "STROKE_MAP_CACHE_DIR": str(inside / "cache")}
    subprocess.run([uv, "venv", "--quiet", "--python", python, inside], check=True)
    install = [uv, "pip", "install", "--quiet", "--resolution", SETS[outcome.which], "--editable", f"{ROOT}[test]"]
    done = subprocess.run(install, env=environment, capture_output=True, text=True, check=False)
    outcome.install_s = time.monotonic() - begun
    if done.returncode:
        outcome.said = " ".join(done.stderr.split())[:300]
        return
    listed = subprocess.run([uv, "pip", "freeze"], env=environment, capture_output=True, text=True, check=True).stdout
    outcome.packages, begun = len(listed.splitlines()), time.monotonic()
    command = [inside / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not browser", *tests]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    outcome.tests_s, outcome.sound = time.monotonic() - begun, done.returncode == 0
    outcome.said = re.sub(r"=+", "", done.stdout.strip().rpartition("\n")[2]).strip()
    if not outcome.sound:
        print(done.stdout[-20_000:], done.stderr[-5000:], sep="\n", file=sys.stderr)


@click.command(help=__doc__)
@click.option("--python", "pythons", multiple=True, default=PYTHONS, show_default=True, help="May be repeated.")
@click.option("--set", "sets", type=click.Choice(list(SETS)), multiple=True, default=list(SETS), show_default=True)
@click.option("--all", "everything", is_flag=True, help="The whole suite instead of every room once.")
@click.option("--tests", multiple=True, help="These instead; may be repeated.")
def main(*, pythons: tuple[str, ...], sets: tuple[str, ...], everything: bool, tests: tuple[str, ...]) -> None:
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="stroke-map-versions-") as name:
        uv = find_uv(Path(name))
        wanted = [(version, which) for version in pythons for which in sets]
        for number, (version, which) in enumerate(wanted, start=1):
            print(f"{number} of {len(wanted)}: Python {version}, {which}", file=sys.stderr, flush=True)
            outcome, python = Outcome(version, which), find_python(version)
            outcomes.append(outcome)
            if python is None:
                outcome.said, outcome.sound = "this Python is not here", True
                continue
            try_environment(uv, python, outcome, Path(name), tests or (() if everything else QUICK))
            shutil.rmtree(Path(name) / f"{version}-{which}", ignore_errors=True)
    print("| Python | versions | packages | install, s | tests, s | sound | |\n|---|---|---|---|---|---|---|")
    print("\n".join(outcome.row() for outcome in outcomes))
    sys.exit(not all(outcome.sound for outcome in outcomes))


if __name__ == "__main__":
    main()
