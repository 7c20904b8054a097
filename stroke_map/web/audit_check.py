"""Reading the whole audit log, in a process of its own: it may take a minute, in which no answer should wait for this one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import AwareDatetime, Field

from stroke_map.errors import AuditError, LiveStoreError, TooBusyError
from stroke_map.setting_table import ENVIRONMENT_PREFIX
from stroke_map.web.case_models import Given

if TYPE_CHECKING:
    from stroke_map.settings import Settings

#: A proxy in front gives up after a minute as a rule.
_LONGEST_S: Final = 50
_TOLD: Final = ("geodata_dir", "cache_dir", "database_url", "audit_dir")
_checking = threading.Lock()


class Verified(Given):
    """What was found when every line was read."""

    at: AwareDatetime
    whole: bool
    lines: int = Field(description="In all chains together; 0 where it is not whole.")
    problems: list[str] = Field(description="What is wrong, in words.")


def verify(settings: Settings) -> dict[str, Any]:
    """What `stroke-map audit verify` says of the log of this server.

    Raises
    ------
    TooBusyError
        It is being read at this moment, or is too long to wait for.
    LiveStoreError
        It could not be read.
    """
    if not _checking.acquire(blocking=False):
        raise TooBusyError("The audit log is being read already.")
    try:
        done = _run(settings)
    except subprocess.TimeoutExpired:
        raise TooBusyError("The audit log is too long to wait for.", next_step="Run `stroke-map audit verify`.", reason="too-long") from None  # fmt: skip
    finally:
        _checking.release()
    whole = done.returncode == 0
    if not whole and done.returncode != AuditError.exit_code:
        raise LiveStoreError("the audit log cannot be read")
    lines = sum(head["number"] for head in orjson.loads(done.stdout).values()) if whole else 0
    problems = [] if whole else [line.strip() for line in done.stderr.splitlines() if line.startswith("  ")]
    return {"at": datetime.now(UTC), "whole": whole, "lines": lines, "problems": problems}


def _run(settings: Settings) -> subprocess.CompletedProcess[str]:
    told = {ENVIRONMENT_PREFIX + name.upper(): str(getattr(settings, name)) for name in _TOLD}
    command = ["nice", sys.executable, "-m", "stroke_map.cli", "audit", "verify", "--json"]
    return subprocess.run(
        command, env=os.environ | told, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LONGEST_S, check=False
    )  # fmt: skip
