"""What stands in the repository: code that bandit would not have written, and texts that look like secrets."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any, Final

from security import ROOT, Finding, explained, is_there, read_json, run_tool, tracked_files

_AT_ONCE: Final = 200
_NOQA: Final = re.compile(r"\bS\d{3}\b")


def check_code() -> Finding:
    """Bandit over package and scripts; a line that tells ruff why it may break the same rule tells bandit too."""
    if not is_there("bandit"):
        return Finding(missing="bandit is not installed")
    told = run_tool("bandit", "-q", "-c", "pyproject.toml", "-f", "json", "-r", "stroke_map", "scripts")
    report = read_json(told.stdout)
    if report is None or report["errors"]:
        return Finding(problems=[f"bandit failed: {told.stderr.strip() or report['errors']}"])
    places = [one for one in report["results"] if not _is_explained(one)]
    lines, passed = report["metrics"]["_totals"]["loc"], len(report["results"]) - len(places)
    return Finding(
        [f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}" for one in places],
        [f"{lines:,} lines, {passed} places explained"],
    )


def _is_explained(finding: dict[str, Any]) -> bool:
    """Whether the lines carry `noqa` for the rule, which has the same number in both tools, or the list has its kind and place."""
    if any(
        fnmatch(finding["filename"], one["path"]) and finding["test_id"] == one["rule"]
        for one in explained()["code"]["explained"]
    ):
        return True
    lines = (ROOT / finding["filename"]).read_text(encoding="utf-8").splitlines()
    rule = f"S{finding['test_id'][1:]}"
    return any(
        rule in _NOQA.findall(lines[number - 1]) for number in finding["line_range"] if "noqa" in lines[number - 1]
    )


def check_secrets() -> Finding:
    """detect-secrets over every file of the repository."""
    if not is_there("detect_secrets"):
        return Finding(missing="detect-secrets is not installed")
    files, known = tracked_files(), explained()["secrets"]["explained"]
    if not files:
        return Finding(missing="no git repository here, so nobody knows which files are given away")
    found: list[str] = []
    passed = 0
    for at in range(0, len(files), _AT_ONCE):
        told = run_tool("detect_secrets", "scan", *files[at : at + _AT_ONCE])
        report = read_json(told.stdout)
        if report is None:
            return Finding(problems=[f"detect-secrets failed: {told.stderr.strip()}"])
        for path, secrets in report["results"].items():
            kinds = {one["kind"] for one in known if fnmatch(path, one["path"])}
            unknown = [secret for secret in secrets if not kinds & {secret["type"], "any"}]
            passed += len(secrets) - len(unknown)
            found += [f"{path}:{secret['line_number']} {secret['type']}" for secret in unknown]
    return Finding(found, [f"{len(files):,} files, {passed} texts explained"])
