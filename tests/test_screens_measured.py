"""`scripts/check_screens.py` in its short form: each thing once or twice, on the real service. How long it takes is for the real thing to say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import check_screens

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHORT = check_screens.Trials(keys=4, alerts=1, kills=1, cuts=1, dispatchers=3)


def test_answers_alerts_and_lost_lines_are_seen_and_heard(
    browser: Any, copy_demo: Callable[[Path], Path], tmp_path: Path
) -> None:
    figures = check_screens.play(copy_demo(tmp_path), browser, SHORT, lambda *_: None, "sqlite")
    others = figures.pop("others' routes")
    assert others
    assert {name: len(times) for name, times in figures.items()} == dict.fromkeys(
        (
            *(f"typing {field}" for field in ("coordinates", "age", "choice", "list", "name")),
            *("alert", "alert, stream killed"),
            *(f"{what}, {cut}" for cut in ("offline", "frozen") for what in ("lost", "back")),
        ),
        1,
    )
    assert min(time for times in figures.values() for time in times) > 0


@pytest.mark.parametrize(("name", "held"), [("typing age", False), ("alert", True), ("typing list", True)])
def test_a_figure_that_does_not_hold_is_told(name: str, held: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_screens.told({name: [10.0, 301.0]}) is held
    assert f"| {'yes' if held else 'no'} |" in capsys.readouterr().out
