"""The parts of `scripts/check_security.py`: other people's tools, and what of their findings is explained."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass
class Finding:
    """What one check says.

    Attributes
    ----------
    problems
        What is not explained; none: clean.
    notes
        What is, and what was looked at.
    missing
        Why it could not be done; empty: it was.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: str = ""


def explained() -> dict[str, Any]:
    """`scripts/security.toml`."""
    return tomllib.loads((ROOT / "scripts" / "security.toml").read_text(encoding="utf-8"))


def is_there(module: str) -> bool:
    """Whether a tool is installed beside this interpreter."""
    return find_spec(module) is not None


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A tool of this interpreter, from the top of the checkout; most end with an error where they find something."""
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def tracked_files() -> list[str]:
    """What is in the repository; everything that is not ignored where there is none."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
    return []


def read_json(text: str) -> Any:
    """JSON that a tool printed, or None where it printed something else."""
    try:
        return json.loads(text)
    except ValueError:
        return None
