#!/usr/bin/env python3
"""Ask the API whatever its own OpenAPI document allows, and what it forbids, by every kind of caller, and every page with whatever can be put
into its address; the first answer that the document does not explain ends the run.

    .venv/bin/python scripts/check_api.py --examples 500

The service runs in this process, over the demonstration city, with a database of its own that is gone afterwards.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import click
from conformance.asking import Answers, check_api
from conformance.pages import check_pages
from conformance.service import serving

from stroke_map.commands.building import publish_demo


@click.command(help=__doc__)
@click.option(
    "--examples", default=200, show_default=True, help="Questions for each operation, sound ones and unsound ones."
)
@click.option("--seed", type=int, help="Ask the same questions as a run that printed this.")
def main(*, examples: int, seed: int | None) -> None:
    first = random.randrange(2**32) if seed is None else seed
    print(f"seed {first}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stroke-map-api-") as name:
        folder = Path(name)
        publish_demo(folder / "geodata")
        with serving(folder / "geodata", folder) as service:
            answers = check_api(service, examples=examples, first=first, show=_show)
            answers += check_pages(service, examples=examples, first=first, show=_show)
    print(f"{answers.total():,} answers, each explained, after {time.monotonic() - begun:.0f} s")


def _show(operation: str, answers: Answers) -> None:
    told = ", ".join(f"{status}: {count:,}" for (_, status), count in sorted(answers.items()))
    print(f"  {operation:<45} {told}", flush=True)


if __name__ == "__main__":
    main()
