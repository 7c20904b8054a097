#!/usr/bin/env python3
"""Look for what should not be there: careless code, secrets, known holes and licences of what the package stands on.

    .venv/bin/pip install -e '.[security]'
    .venv/bin/python scripts/check_security.py --sbom sbom.json

Nothing is installed by this script: a tool that is missing, or a list that cannot be reached, is said, and ends it with 2 (with
--lenient: only said). A finding that scripts/security.toml does not explain ends it with 1.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from security.code import check_code, check_secrets
from security.packages import check_holes, check_licences, write_bom

if TYPE_CHECKING:
    from collections.abc import Callable

    from security import Finding

CHECKS = {"code": check_code, "secrets": check_secrets, "holes": check_holes, "licences": check_licences}


@click.command(help=__doc__)
@click.option("--only", type=click.Choice([*CHECKS]), multiple=True, help="Only this check; may be repeated.")
@click.option("--sbom", type=click.Path(dir_okay=False, path_type=Path), help="Write the list of packages (CycloneDX).")
@click.option("--lenient", is_flag=True, help="What cannot be checked here does no harm.")
def main(*, only: tuple[str, ...], sbom: Path | None, lenient: bool) -> None:
    checks: dict[str, Callable[[], Finding]] = {
        name: check for name, check in CHECKS.items() if not only or name in only
    }
    if sbom is not None:
        checks["sbom"] = partial(write_bom, sbom)
    findings = {name: check() for name, check in checks.items()}
    for name, finding in findings.items():
        missing = f"not checked: {finding.missing}" if finding.missing else ""
        found = f"{len(finding.problems)} found" if finding.problems else "" if missing else "clean"
        print(f"{name}: {'; '.join(part for part in (missing, found, *finding.notes) if part)}")
        for problem in finding.problems:
            print(f"  {problem}")
    if any(finding.problems for finding in findings.values()):
        sys.exit(1)
    if not lenient and any(finding.missing for finding in findings.values()):
        sys.exit(2)


if __name__ == "__main__":
    main()
