"""`scripts/check_alerts.py` in its short form: a shift of seconds, on each database. How long anything takes is for the real thing to say."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import check_alerts
from duty import Violation, verdict
from duty.load import Plan, Shift
from duty.postgres import find_programs

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow
SHORT = Plan(seconds=3.0, dispatchers=4, alerts_per_s=3.0)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_every_alert_is_kept_told_and_delivered_whatever_is_killed(
    copy_demo: Callable[[Path], Path], tmp_path: Path, database: str
) -> None:
    if database == "postgres" and find_programs() is None:
        pytest.skip("PostgreSQL is not installed (no initdb on PATH nor in /usr/lib/postgresql/*/bin)")
    shift = asyncio.run(check_alerts.play(copy_demo(tmp_path), SHORT, streams=8, kills=2, database=database))
    assert len(shift.alerts) == 9
    assert len(shift.acknowledged) == 1 + 8 * 3  # of one alert a single team, of the others all three
    assert shift.routes_ms
    assert shift.seen


def test_what_is_lost_is_found() -> None:
    class Told:
        shift = Shift(alerts={1: (0.0, 0.1, "a", "k")}, streams_of={"a": [0, 1]}, seen={(0, 1): 0.2})

        def missing(self):
            return [(1, 1)]

    with pytest.raises(Violation, match="never reached"):
        asyncio.run(verdict.check(None, Told(), None))
