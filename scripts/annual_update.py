#!/usr/bin/env python3
"""The yearly update; the same as `stroke-map edition update`, for cron and systemd. See --help."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    if find_spec("stroke_map") is None:  # started by the system's Python: go on with the one of `scripts/serve`
        python = Path(__file__).resolve().parents[1] / ".venv" / "bin" / "python"
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - no shell is what is wanted
    from stroke_map.cli import main

    sys.argv[1:1] = ["edition", "update"]
    main()
