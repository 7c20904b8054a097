"""`scripts/bench.py` in its short form: every row runs and has its shape. How fast is for the real thing to say."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy", reason="the extra `bench` is not installed")

BENCH = Path(__file__).resolve().parents[1] / "scripts" / "bench.py"
TIMES = {"median_ms", "p99_ms"}
FIGURES = {
    "query": TIMES,
    "closures": TIMES | {"worst_ms", "taken_in_ms"},
    "networkx": TIMES | {"times_slower"},
    "scipy": TIMES | {"times_slower"},
    "build": {"wall_s", "peak_gb"},
    "http": TIMES | {"requests_per_s", "errors", "other_status"},
    "pages": TIMES | {"offered_per_s", "errors", "other_status"},
    "noop": TIMES | {"requests_per_s", "errors", "other_status"},
    "start": {"ready_s"},
    **{key: {"wall_s", "peak_gb"} for key in ("update", "amend-phone", "amend-moved", "coverage", "check")},
    "update-again": {"wall_s"},
    "patient": TIMES | {"decide_ms"},
}


def run(folder: Path, *arguments: str) -> tuple[str, dict[str, Any]]:
    report = folder / "report.json"
    command = [sys.executable, str(BENCH), "--quick", "--json", str(report), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout, json.loads(report.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_every_row_is_measured_and_printed(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the extra `bench` is not installed")
    printed, report = run(tmp_path)
    rows = {row["row"]: row for row in report["rows"]}
    assert {name: set(row["figures"]) for name, row in rows.items()} == FIGURES
    for row in rows.values():
        assert row["what"] in " ".join(printed.split())
        assert all(math.isfinite(value) and value >= 0 for value in row["figures"].values())
    assert rows["http"]["figures"]["errors"] == rows["http"]["figures"]["other_status"] == 0
    assert rows["pages"]["figures"]["errors"] == rows["pages"]["figures"]["other_status"] == 0
    held = ["requests_per_s", "p99_ms", "errors", "other_status"]
    assert [target["figure"] for target in rows["http"]["targets"]] == held


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """By name the rows of one run that is asked for some of them."""
    wanted = [word for row in ("scipy", "closures", "yearly") for word in ("--only", row)]
    _, report = run(tmp_path_factory.mktemp("bench"), *wanted, "--hospitals", "7")
    return {row["row"]: row for row in report["rows"]}


@pytest.mark.slow
def test_the_rows_asked_for_and_no_others(rows: dict[str, dict[str, Any]]) -> None:
    yearly = ["update", "update-again", "amend-phone", "amend-moved", "coverage", "check", "patient"]
    assert sorted(rows) == sorted(["scipy", "closures", *yearly])
    # SciPy searches the same segments and turns, so that its best hospital costs what ours does.
    assert rows["scipy"]["details"]["same_cost"] == rows["scipy"]["details"]["asked"] > 0


def test_closures_are_detoured_round_and_shut_callers_in(rows: dict[str, dict[str, Any]]) -> None:
    row = rows["closures"]
    assert [target["figure"] for target in row["targets"]] == ["median_ms", "worst_ms"]
    assert row["details"]["longer"] > 0


def test_a_year_is_made_amended_and_asked(rows: dict[str, dict[str, Any]]) -> None:
    assert {name: set(rows[name]["figures"]) for name in FIGURES if name in rows} == {
        name: figures for name, figures in FIGURES.items() if name in rows
    }
