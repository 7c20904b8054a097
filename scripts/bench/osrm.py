"""OSRM beside us: its wheel carries the programs, which run where its Python module does not import."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.osrm_profile import write_lua

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.inputs import Case
    from stroke_map.roads.profile import Profile

Point = tuple[float, float]
_WHEEL = ("--python-version", "3.12", "--implementation", "cp", "--abi", "abi3", "--platform", "manylinux_2_28_x86_64")
_READY_WITHIN_S = 60.0


class Road(NamedTuple):
    """A road of another router's: seconds, metres, and where it runs, (lat, lon)."""

    time_s: float
    distance_m: float
    line: list[Point]


class Osrm:
    """A running `osrm-routed`."""

    name = "OSRM"

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"

    def matrix_s(self, origins: Sequence[Point], goals: Sequence[Point]) -> np.ndarray:
        """float64[O, H]: seconds from each origin to each goal, (lat, lon); infinite where there is no road."""
        return np.array([self._times_s(origin, goals) for origin in origins])

    def _times_s(self, origin: Point, goals: Sequence[Point]) -> list[float]:
        told = self._get("table", [origin, *goals], "sources=0&annotations=duration")
        return [float("inf") if time_s is None else time_s for time_s in told["durations"][0][1:]]

    def road(self, origin: Point, goal: Point) -> Road:
        """The quickest road."""
        route = self._get("route", [origin, goal], "overview=full&geometries=geojson")["routes"][0]
        return Road(route["duration"], route["distance"], [(lat, lon) for lon, lat in route["geometry"]["coordinates"]])

    def legs(self, points: Sequence[Point]) -> list[Road]:
        """The roads (without their lines) from each point to the next, without turning back at one; [] where there is none."""
        try:
            told = self._get("route", points, "overview=false&continue_straight=true")
        except urllib.error.HTTPError:
            return []
        return [Road(leg["duration"], leg["distance"], []) for leg in told["routes"][0]["legs"]]

    def _get(self, service: str, points: Sequence[Point], options: str) -> Any:
        places = ";".join(f"{lon:.7f},{lat:.7f}" for lat, lon in points)
        with urllib.request.urlopen(f"{self._address}/{service}/v1/driving/{places}?{options}") as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def osrm(case: Case, profile: Profile) -> Iterator[Osrm]:
    """OSRM (contraction hierarchies) on the roads of a case, with our profile."""
    folder = case.folder / "osrm"
    programs, share = _programs(folder)
    base = folder / "roads.osrm"
    lua = write_lua(profile, share, folder / "ours.lua")
    if not base.with_suffix(".osrm.hsgr").exists():
        _run(programs / "osrm-extract", "-p", str(lua), "-o", str(base), str(case.osm))
        _run(programs / "osrm-contract", str(base))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [programs / "osrm-routed", "-i", "127.0.0.1", "-p", str(port), "--max-table-size", "1000", str(base)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield Osrm(port)
    finally:
        process.terminate()
        process.wait()


def _programs(folder: Path) -> tuple[Path, Path]:
    """The folders of the programs and of OSRM's own profiles, taken out of the wheel."""
    unpacked = folder / "wheel"
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, *_WHEEL, "--dest", str(folder), "osrm-bindings"], check=True)
        with zipfile.ZipFile(next(folder.glob("osrm_bindings-*.whl"))) as wheel:
            wheel.extractall(unpacked)
    programs = unpacked / "osrm" / "bin"
    for program in programs.iterdir():
        program.chmod(0o755)
    return programs, unpacked / "osrm" / "share" / "profiles"


def _run(program: Path, *arguments: str) -> None:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{program.name} failed: {done.stdout[-2000:]} {done.stderr[-2000:]}")


def _wait(port: int) -> None:
    until = time.perf_counter() + _READY_WITHIN_S
    while time.perf_counter() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("osrm-routed did not start")
