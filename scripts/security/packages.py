"""What the package stands on: holes that are known, licences, and the list of it all."""

from __future__ import annotations

import json
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from security import Finding, explained, is_there, read_json, run_tool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PACKAGE: Final = "stroke-map"
#: Licences that packages name in their own words.
_IN_OTHER_WORDS: Final = {
    "MIT License": "MIT", "The MIT License": "MIT", "BSD License": "BSD", "BSD 3-Clause License": "BSD-3-Clause", "BSD 2-Clause License": "BSD-2-Clause",
    "Apache Software License": "Apache-2.0", "Apache License 2.0": "Apache-2.0", "Apache 2.0": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0", "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "3-Clause BSD License": "BSD-3-Clause",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND", "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
}  # fmt: skip


def stands_on(
    package: str = PACKAGE, extras: Iterable[str] = ("postgres", "population")
) -> list[metadata.Distribution]:
    """What is installed because a package asks for it, directly or through others: what serves, and no tool for tests."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [(package, extra) for extra in ("", *extras)]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        try:
            there = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # of an extra that is not installed
        if name != package:
            found[canonicalize_name(name)] = there
        for text in there.requires or ():
            asked = Requirement(text)
            if asked.marker is None or asked.marker.evaluate({"extra": extra}):
                new = {(asked.name, also) for also in ("", *asked.extras)} - seen
                seen |= new
                waiting += new
    return [found[name] for name in sorted(found)]


def check_holes() -> Finding:
    """pip-audit against the index's own list of known holes."""
    if not is_there("pip_audit"):
        return Finding(missing="pip-audit is not installed")
    packages, known = stands_on(), {one["id"]: one["why"] for one in explained()["vulnerabilities"]["explained"]}
    with tempfile.TemporaryDirectory(prefix="stroke-map-security-") as folder:
        lock = Path(folder) / "installed.txt"
        lock.write_text("".join(f"{one.name}=={one.version}\n" for one in packages), encoding="utf-8")
        told = run_tool(
            "pip_audit", "-r", str(lock), "--no-deps", "--disable-pip", "-f", "json", "--progress-spinner", "off"
        )
    report = read_json(told.stdout)
    if report is None:
        last = (told.stderr.strip().splitlines() or ["nothing was said"])[-1]
        return Finding(missing=f"the list of known holes cannot be reached: {last}")
    holes = [(one, hole) for one in report["dependencies"] for hole in one.get("vulns", ())]
    open_ones = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for one, hole in holes
        if not known.keys() & {hole["id"], *hole["aliases"]}
    ]
    skipped = sum("skip_reason" in one for one in report["dependencies"])
    missing = f"the index tells nothing of {skipped} of {len(packages)} packages" if skipped else ""
    return Finding(open_ones, [f"{len(packages)} packages, {len(holes) - len(open_ones)} holes explained"], missing)


def licence_of(package: metadata.Distribution) -> str:
    """The licence under which a package is given, as SPDX writes it where that can be told."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    classified = [
        line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if line.startswith("License ::")
    ]
    names = [name for name in classified if name != "OSI Approved"] or [
        (told.get("License") or "").strip().partition("\n")[0]
    ]
    return " AND ".join(_IN_OTHER_WORDS.get(name, name) or "not told" for name in names)


def is_allowed(expression: str, allowed: Collection[str]) -> bool:
    """Whether a licence, all of those that hold, or one of those to choose from, is allowed."""
    expression = expression.strip()
    for word, holds in ((" AND ", all), (" OR ", any)):
        parts = _split(expression, word)
        if len(parts) > 1:
            return holds(is_allowed(part, allowed) for part in parts)
    if expression.startswith("("):
        return is_allowed(expression[1:-1], allowed)
    return expression in allowed


def _split(expression: str, word: str) -> list[str]:
    """The parts between a word that stands in no parentheses."""
    parts, depth, begins = [], 0, 0
    for at, character in enumerate(expression):
        depth += (character == "(") - (character == ")")
        if depth == 0 and expression.startswith(word, at):
            parts.append(expression[begins:at])
            begins = at + len(word)
    return [*parts, expression[begins:]]


def check_licences() -> Finding:
    """Every package that serves against the list of what is allowed."""
    rules, packages = explained()["licences"], stands_on()
    said = {(canonicalize_name(one["package"]), one["licence"]) for one in rules["explained"]}
    others = [package for package in packages if not is_allowed(licence_of(package), rules["allowed"])]
    unsaid = [package for package in others if (canonicalize_name(package.name), licence_of(package)) not in said]
    return Finding(
        [f"{package.name} {package.version}: {licence_of(package)}" for package in unsaid],
        [f"{len(packages)} packages, {len(others) - len(unsaid)} explained"],
    )


def write_bom(path: Path) -> Finding:
    """The list of what the package stands on, as CycloneDX; tools for tests are not in it."""
    if not is_there("cyclonedx_py"):
        return Finding(missing="cyclonedx-bom is not installed")
    told = run_tool("cyclonedx_py", "environment", "--output-reproducible", "--of", "JSON")
    document: dict[str, Any] | None = read_json(told.stdout)
    if document is None:
        return Finding(problems=[f"cyclonedx-py failed: {told.stderr.strip()}"])
    wanted = {canonicalize_name(one.name) for one in stands_on()}
    document["components"] = [one for one in document["components"] if canonicalize_name(one["name"]) in wanted]
    there = {one["bom-ref"] for one in document["components"]}
    document["dependencies"] = [
        one | {"dependsOn": [ref for ref in one.get("dependsOn", ()) if ref in there]}
        for one in document.get("dependencies", ())
        if one["ref"] in there
    ]
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Finding(notes=[f"{len(there)} packages written to {path.name}"])
