"""A service that is started by a command, and what must be answered when it serves the demonstration city."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_READY_WITHIN_S = 600.0
_ENDS_WITHIN_S = 60.0


class FailedError(Exception):
    """Something is not as an installation must be."""


def ask(address: str) -> tuple[int, bytes]:
    """The status and the body of an answer."""
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - an address of ours
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def wait_until_ready(address: str, is_alive: Callable[[], bool]) -> float:
    """Seconds until `/readyz` says so."""
    begun = time.monotonic()
    while time.monotonic() - begun < _READY_WITHIN_S and is_alive():
        with suppress(OSError):
            if ask(f"{address}/readyz")[0] == 200:
                return time.monotonic() - begun
        time.sleep(0.1)
    raise FailedError(f"{address} does not serve")


def check_answers(address: str) -> dict[str, Any]:
    """Ask what everybody asks first; FailedError where an answer is none."""
    hospitals = json.loads(_good(f"{address}/api/v1/hospitals"))["features"]
    lon, lat = hospitals[0]["geometry"]["coordinates"]
    route = json.loads(_good(f"{address}/api/v1/route?lat={lat + 0.005}&lon={lon}&condition=stroke"))
    if not (route["demo"] and route["hospitals"] and route["hospitals"][0]["steps"]):
        raise FailedError(f"no road to a hospital in {str(route)[:500]}")
    page = _good(f"{address}/").decode()
    styles = [part.partition('"')[0] for part in page.split('href="')[1:] if ".css" in part.partition('"')[0]]
    if not styles:
        raise FailedError("the map has no style sheet")
    for path in (
        *styles,
        "/hospitals",
        "/api/v1/openapi.json",
        f"/tiles/{route['edition']}/12/3260/1704.png",
        "/metrics",
    ):
        _good(f"{address}{path}")
    return {"hospitals": len(hospitals), "nearest_s": route["hospitals"][0]["travel_time_s"], "styles": len(styles)}


def _good(address: str) -> bytes:
    status, body = ask(address)
    if status != 200:
        raise FailedError(f"{address} is answered {status}: {body[:500]!r}")
    return body


@contextmanager
def started(command: Sequence[str], address: str, **options: Any) -> Iterator[float]:
    """A server for as long as the block runs; gives the seconds it took to be ready. It must end by itself when it is told to."""
    process = subprocess.Popen(command, stdout=2, start_new_session=True, **options)
    try:
        yield wait_until_ready(address, lambda: process.poll() is None)
        process.terminate()
        try:
            code = process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise FailedError(f"{command[0]} does not end") from None
        if code:
            raise FailedError(f"{command[0]} ended with {code}")
    finally:
        with suppress(ProcessLookupError):  # whatever still runs is of this session alone
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
