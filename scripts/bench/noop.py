"""A view that does nothing, served exactly as the service is. Run as `python -m bench.noop PORT WORKERS`."""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask, Response

from stroke_map.web.turns import THREADS


def _load() -> Any:
    app = Flask("noop", static_folder=None)
    app.add_url_rule("/", "noop", lambda: Response(b"{}", mimetype="application/json"))
    return app


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "noop",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=int(sys.argv[2]),
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
    ).serve(target_loader=_load, wrap_loader=False)
