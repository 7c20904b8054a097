"""The service itself: how soon it is ready, and how much it answers when load and server share the processors."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bench.building import SHEET_FILE, run_module
from bench.targets import Row
from stroke_map.editions import Region, build_edition, publish
from stroke_map.editions.publish import CURRENT_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.inputs import Case

HOST = "127.0.0.1"
WORKERS = 2
PAGES = ("/?lang=zh&condition=stroke", "/?lang=en&condition=chest_pain", "/hospitals?lang=zh", "/hospitals.geojson")
CONNECTIONS = 120
_KEY = "a key for this run alone"
_SETTLE_S = 10.0
_READY_WITHIN_S = 180.0
_ENDS_WITHIN_S = 20.0


def publish_case(case: Case) -> Path:
    """A geodata folder with an edition of this case published; kept for the run."""
    geodata = case.folder / "geodata"
    if not (geodata / CURRENT_FILE).exists():
        build_edition(
            osm=case.osm, sheet=case.folder / SHEET_FILE, region=Region(), geodata_dir=geodata, edition_id="bench"
        )
        publish(geodata, "bench")
    return geodata


def measure_start(case: Case, times: int) -> Row:
    """From starting the command to the first 200 of `/readyz`; the median of a few starts."""
    geodata = publish_case(case)
    taken = []
    for _ in range(times):
        with service(geodata) as (_, ready_s):
            taken.append(ready_s)
    return Row("start", case.name, "service start to /readyz", {"ready_s": sorted(taken)[len(taken) // 2]},
               f"median of {times} starts, {WORKERS} workers", {"all_s": taken})  # fmt: skip


def measure_http(
    case: Case, questions: list[tuple[float, float]], *, connections: int, warm_s: float, seconds: float
) -> list[Row]:
    """`GET /api/v1/route` with defaults, and a view that does nothing on the same server."""
    paths = case.folder / "paths.txt"
    paths.write_text(
        "\n".join(f"/api/v1/route?lat={lat:.6f}&lon={lon:.6f}" for lat, lon in questions), encoding="utf-8"
    )
    nothing = case.folder / "nothing.txt"
    nothing.write_text("/", encoding="utf-8")
    note = f"own load generator, {connections} connections, {WORKERS} workers, all on the same processors"
    with service(publish_case(case)) as (port, _):
        # After a start the service verifies its edition and loads what a first page will need: that is not the steady state.
        time.sleep(min(_SETTLE_S, 5 * warm_s))
        answers = load(port, paths, connections, warm_s, seconds)
    with _noop() as port:
        noop = load(port, nothing, connections, warm_s, seconds)
    return [
        Row("http", case.name, "GET /api/v1/route", answers, note),
        Row("noop", case.name, "a view that does nothing", noop, "the same server and load"),
    ]


def measure_pages(case: Case, *, rate: float, connections: int, warm_s: float, seconds: float) -> Row:
    """The public page and its list at a rate of visitors, as after an accident that everybody hears of."""
    paths = case.folder / "pages.txt"
    paths.write_text("\n".join(PAGES), encoding="utf-8")
    arguments = (str(paths), str(connections), str(warm_s), str(seconds), str(rate))
    with service(publish_case(case)) as (port, _):
        time.sleep(min(_SETTLE_S, 5 * warm_s))
        for path in 4 * WORKERS * PAGES:  # made once by each worker, which is not what is measured
            _wait_for(port, path)
        figures = run_module("bench.offered", HOST, str(port), *arguments)
    return Row(
        "pages",
        case.name,
        "GET / and /hospitals",
        figures,
        f"own load generator, {WORKERS} workers, all on the same processors",
    )


def load(port: int, paths: Path, connections: int, warm_s: float, seconds: float) -> dict[str, float]:
    """The figures of a load (see `bench.load`), made by a process of its own; as a dispatcher, for of the public each address is held to a rate."""
    arguments = (HOST, str(port), str(paths), str(connections), str(warm_s), str(seconds), _KEY)
    told: dict[str, float] = run_module("bench.load", *arguments)
    return told


@contextmanager
def service(geodata: Path) -> Iterator[tuple[int, float]]:
    """The service as its command starts it: its port, and how many seconds until it was ready."""
    port = _free_port()
    command = [str(Path(sys.executable).parent / "stroke-map"), "serve", "--workers", str(WORKERS), "--port", str(port)]
    settings = {
        "STROKE_MAP_GEODATA_DIR": str(geodata),
        "STROKE_MAP_HOST": HOST,
        "STROKE_MAP_STREAM_PORT": "0",
        "STROKE_MAP_CLINICAL_KEY": _KEY,
    }
    began = time.perf_counter()
    with _process(command, settings):
        _wait_for(port, "/readyz")
        yield port, time.perf_counter() - began


@contextmanager
def _noop() -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, "-m", "bench.noop", str(port), str(WORKERS)]
    with _process(command, {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}):
        _wait_for(port, "/")
        yield port


@contextmanager
def _process(command: list[str], settings: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_WITHIN_S)
        # Workers of a server that did not end in time would go on, and take part in the next measurement.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int, path: str) -> None:
    until = time.perf_counter() + _READY_WITHIN_S
    while time.perf_counter() < until:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", path)
            status = connection.getresponse().status
            connection.close()
            if status == 200:
                return
        time.sleep(0.01)
    raise TimeoutError(f"{path} did not answer 200 within {_READY_WITHIN_S:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
