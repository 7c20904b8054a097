"""Valhalla beside us: the programs of its newest wheel, asked one request at a time; its Python module need not import.

Valhalla's costing takes no speeds by road class. So it reads a copy of the roads in which every way that we drive has our speed
as its `maxspeed` (whole km/h, each direction by itself); that is the speed Valhalla then drives. Preferences (for motorways, against
tolls, service roads, living streets, manoeuvres) are turned off. Its costs of turns and signals cannot be set, and access stays its own.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.osrm import Road

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.inputs import Case
    from bench.osrm import Point
    from stroke_map.roads.profile import Profile
    from stroke_map.roads.ways import WayUse

_WHEEL = ("--python-version", "3.12", "--implementation", "cp", "--abi", "abi3", "--platform", "manylinux_2_28_x86_64")
_SOURCES_AT_ONCE = 20
_MANY = 1_000_000
#: The middle of Valhalla's preferences is to have none.
_NO_PREFERENCE = dict.fromkeys(("use_highways", "use_tolls", "use_ferry", "use_living_streets", "use_tracks"), 0.5)
_NO_PENALTY = dict.fromkeys(
    ("maneuver_penalty", "gate_penalty", "service_penalty", "toll_booth_penalty", "country_crossing_penalty"), 0
)


class Valhalla:
    """`valhalla_service`, one process for each request."""

    name = "Valhalla"

    def __init__(self, service: Path, config: Path, costing: Mapping[str, Any]) -> None:
        self._service, self._config = service, config
        self._costing = {"costing": "auto", "costing_options": {"auto": dict(costing)}}

    def matrix_s(self, origins: Sequence[Point], goals: Sequence[Point]) -> np.ndarray:
        """float64[O, H]: seconds; infinite where there is no road."""
        parts = [origins[at : at + _SOURCES_AT_ONCE] for at in range(0, len(origins), _SOURCES_AT_ONCE)]
        return np.concatenate([self._part_s(part, goals) for part in parts])

    def _part_s(self, origins: Sequence[Point], goals: Sequence[Point]) -> np.ndarray:
        told = self._ask("sources_to_targets", sources=_places(origins), targets=_places(goals))
        rows = [[cell["time"] for cell in row] for row in told["sources_to_targets"]]
        return np.array([[np.inf if time_s is None else time_s for time_s in row] for row in rows], dtype=np.float64)

    def road(self, origin: Point, goal: Point) -> Road:
        """The quickest road."""
        return self.legs([origin, goal])[0]

    def legs(self, points: Sequence[Point]) -> list[Road]:
        """The roads from each point to the next, without turning back at one; [] where there is none."""
        between = {"type": "break_through"}
        places = _places(points)
        places[1:-1] = [place | between for place in places[1:-1]]
        told = self._ask("route", locations=places, directions_type="none")
        legs = told["trip"]["legs"] if "trip" in told else []
        return [
            Road(leg["summary"]["time"], leg["summary"]["length"] * 1000, decode_line(leg["shape"])) for leg in legs
        ]

    def _ask(self, action: str, **request: Any) -> dict[str, Any]:
        command = [self._service, str(self._config), action, json.dumps(request | self._costing)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        answers = [line for line in done.stdout.splitlines() if line.startswith("{")]
        told: dict[str, Any] = json.loads(answers[-1]) if answers else {}
        if action == "sources_to_targets" and action not in told:
            raise RuntimeError(f"valhalla_service failed: {done.stdout[-1000:]} {done.stderr[-1000:]}")
        return told


def valhalla(case: Case, profile: Profile) -> Valhalla:
    """Valhalla on the roads of a case, with our speeds."""
    folder = case.folder / "valhalla"
    package = _package(folder)
    programs, tiles, config = package / "bin", folder / "tiles", folder / "valhalla.json"
    if not tiles.is_dir():
        roads = folder / "roads.osm.pbf"
        write_with_speeds(case.osm, profile, roads)
        tiles.mkdir()
        config.write_text(json.dumps(_config(package, tiles)), encoding="utf-8")
        build = [programs / "valhalla_build_tiles", "-c", str(config), "-j", "1", str(roads)]
        done = subprocess.run(build, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"valhalla_build_tiles failed: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return Valhalla(programs / "valhalla_service", config, costing_of(profile))


def costing_of(profile: Profile) -> dict[str, Any]:
    """What of our profile Valhalla's costing takes."""
    vehicle, barriers = profile.vehicle, profile.nodes.barrier_cost_s
    return {
        **_NO_PREFERENCE, **_NO_PENALTY, "service_factor": 1, "alley_factor": 1,
        "gate_cost": barriers["gate"], "toll_booth_cost": barriers["toll_booth"],
        "country_crossing_cost": barriers["border_control"], "top_speed": round(profile.max_speed_kph), "ferry_cost": 0,
        "private_access_penalty": profile.restricted_pass_cost_s, "destination_only_penalty": profile.restricted_pass_cost_s,
        "width": vehicle.width_m, "height": vehicle.height_m, "length": vehicle.length_m, "weight": vehicle.weight_t,
    }  # fmt: skip


def write_with_speeds(osm: Path, profile: Profile, path: Path) -> None:
    """Write the roads again with the speeds that we drive in place of those that are posted."""
    import osmium

    from stroke_map.roads.ways import WayReader

    reader = WayReader(profile)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for thing in osmium.FileProcessor(str(osm)):
            if thing.is_way() and (use := reader.read(tags := dict(thing.tags))):
                writer.add_way(thing.replace(tags=with_speeds(tags, use)))
            else:
                writer.add(thing)


def with_speeds(tags: Mapping[str, str], use: WayUse) -> dict[str, str]:
    """The tags of a way, its speeds replaced."""
    kept = {key: value for key, value in tags.items() if "maxspeed" not in key}
    for direction, driven in (("forward", use.forward), ("backward", use.backward)):
        if driven is not None:
            kept[f"maxspeed:{direction}"] = str(round(driven.speed_kph))
    speeds = {kept[key] for key in ("maxspeed:forward", "maxspeed:backward") if key in kept}
    return kept | {"maxspeed": min(speeds, key=int)}


def decode_line(text: str) -> list[Point]:
    """(lat, lon) of an encoded polyline of six digits: https://valhalla.github.io/valhalla/decoding/."""
    numbers, value, shift = [], 0, 0
    for byte in (ord(letter) - 63 for letter in text):
        value |= (byte & 0x1F) << shift
        shift += 5
        if byte < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    places = np.cumsum(np.array(numbers).reshape(-1, 2), axis=0) / 1e6
    return [(float(lat), float(lon)) for lat, lon in places]


def _places(points: Sequence[Point]) -> list[dict[str, Any]]:
    return [{"lat": lat, "lon": lon, "node_snap_tolerance": 0} for lat, lon in points]


def _config(package: Path, tiles: Path) -> dict[str, Any]:
    config = _plain(runpy.run_path(str(package / "valhalla_build_config.py"))["config"])
    config["mjolnir"] = {key: value for key, value in config["mjolnir"].items() if not str(value).startswith("/")}
    config["mjolnir"]["tile_dir"] = str(tiles)
    # The default matrix prunes the search towards main roads: quick, not exact.
    config["thor"]["source_to_target_algorithm"] = "timedistancematrix"
    config["service_limits"]["auto"] |= {"max_matrix_location_pairs": _MANY, "max_locations": 1000}
    config["logging"] = {"type": ""}
    return config


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults, less those that are only placeholders."""
    kept = {key: value for key, value in table.items() if type(value).__name__ != "Optional"}
    return {key: _plain(value) if isinstance(value, dict) else value for key, value in kept.items()}


def _package(folder: Path) -> Path:
    """The folder of Valhalla's package, taken out of the wheel."""
    unpacked = folder / "wheel"
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, *_WHEEL, "--dest", str(folder), "pyvalhalla"], check=True)
        with zipfile.ZipFile(next(folder.glob("pyvalhalla-*.whl"))) as wheel:
            wheel.extractall(unpacked)
        for program in (unpacked / "valhalla" / "bin").iterdir():
            program.chmod(0o755)
    return unpacked / "valhalla"
