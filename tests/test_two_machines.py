"""`scripts/check_two_machines.py` in its short form: each thing is taken away once. How long anything takes is for the real thing to say."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import check_two_machines
from duty.load import Plan
from duty.postgres import find_programs

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow
SHORT = Plan(seconds=3.0, dispatchers=2, alerts_per_s=2.0)
#: As few processes as there can be: each takes a second or more of a processor to start.
FEW = {"WORKERS": "1", "STREAM_PORT": "0", "DELIVER_IN_SERVER": "true"}


def test_answers_go_on_and_no_alert_is_lost_whatever_is_taken_away(
    copy_demo: Callable[[Path], Path], tmp_path: Path
) -> None:
    pytest.importorskip("fsspec")
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed (no initdb on PATH nor in /usr/lib/postgresql/*/bin)")
    copy_demo(tmp_path / "first")
    figures = asyncio.run(check_two_machines.play(tmp_path, SHORT, streams=0, away_s=0.0, **FEW))
    assert figures["alerts"] == 6
    assert figures["of them marked as perhaps out of date"] >= 8
    assert figures["messages received"] >= 6
    assert figures["answers to the dispatcher who never stops"] > figures["of them marked as perhaps out of date"]
