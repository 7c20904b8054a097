"""`scripts/check_security.py`: what it lets through and what not. The tools themselves are of the extra `security`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("packaging", reason="the extra `security` is not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import check_security
from security import ROOT, Finding, code, explained, packages
from security.packages import check_licences, is_allowed, stands_on


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR ISC)", True),
        ("(MIT OR ISC) AND GPL-3.0-only", False),
        ("not told", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_where_all_that_hold_are(expression: str, *, allowed: bool) -> None:
    assert is_allowed(expression, {"MIT", "ISC"}) is allowed


def test_every_package_that_serves_is_under_a_licence_that_is_allowed_or_explained() -> None:
    names = {package.name.lower() for package in stands_on()}
    assert {"flask", "numpy", "werkzeug"} <= names  # what it asks for, and what that asks for
    assert not {"pytest", "schemathesis"} & names
    assert check_licences().problems == []


def test_what_is_not_explained_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = explained() | {"licences": {"allowed": [], "explained": []}}
    monkeypatch.setattr(packages, "explained", lambda: nothing)
    assert any(problem.startswith("Flask ") for problem in check_licences().problems)


def test_a_line_that_tells_ruff_why_tells_bandit_too() -> None:
    lines = (ROOT / "scripts/conformance/service.py").read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if re.search(r"noqa: S105", line))
    finding = {"filename": "scripts/conformance/service.py", "test_id": "B105", "line_range": [at]}
    assert code._is_explained(finding)
    assert not code._is_explained(finding | {"line_range": [at - 1]})
    assert not code._is_explained(finding | {"test_id": "B106"})


@pytest.mark.parametrize(
    ("finding", "arguments", "status"),
    [
        (Finding(), [], 0),
        (Finding(problems=["x.py:1 B105 a password"]), [], 1),
        (Finding(missing="bandit is not installed"), [], 2),
        (Finding(missing="bandit is not installed"), ["--lenient"], 0),
        (Finding(problems=["a hole"], missing="half of it"), ["--lenient"], 1),
    ],
)
def test_the_exit_code_tells_what_was_found_and_what_could_not_be_looked_for(
    monkeypatch: pytest.MonkeyPatch, finding: Finding, arguments: list[str], status: int
) -> None:
    monkeypatch.setattr(check_security, "CHECKS", {"code": lambda: finding})
    result = CliRunner().invoke(check_security.main, arguments)
    assert result.exit_code == status
    assert all(problem in result.output for problem in finding.problems)


@pytest.mark.parametrize(("module", "check"), [("bandit", code.check_code), ("detect_secrets", code.check_secrets)])
def test_the_repository_is_clean(module: str, check) -> None:
    pytest.importorskip(module, reason="the extra `security` is not installed")
    assert check().problems == []
