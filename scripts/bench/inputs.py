"""What is measured: road files, hospitals and questions, the same for every run and every engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.registry import CAPABILITIES, Hospital
from stroke_map.registry.models import Capability
from stroke_map.roads.classes import Flag

if TYPE_CHECKING:
    from stroke_map.roads import RoadNetwork

SHARED_OSM = Path(__file__).resolve().parents[3] / "shared" / "osm"
DEFAULT_FILES = ("porto.osm.pbf", "scale_four_portos.osm.pbf")
HOSPITALS = 115
SEED = 115
#: Nobody asks from a motorway or a tunnel, and no hospital stands on one.
_NOT_HERE = int(Flag.MOTORWAY | Flag.TUNNEL | Flag.BRIDGE | Flag.FERRY | Flag.TRAIN)
_JITTER_M = 20.0
_DEGREES_PER_M = 1 / 111_195.0


@dataclass(frozen=True)
class Case:
    """One road file, and the folder in which what is built from it is kept during the run."""

    osm: Path
    folder: Path

    @property
    def name(self) -> str:
        """The file's name up to its first dot."""
        return self.osm.name.split(".")[0]


def road_files(given: tuple[Path, ...], folder: Path, *, quick: bool) -> list[Path]:
    """The files to measure: those given, else the real extracts beside the checkout, else the demonstration city."""
    if given:
        return list(given)
    if quick:
        return [write_grid(folder / "grid.osm")]
    real = [SHARED_OSM / name for name in DEFAULT_FILES if (SHARED_OSM / name).is_file()]
    if real:
        return real
    from stroke_map.demo import write_demo

    return [write_demo(folder).osm]


def write_grid(path: Path, size: int = 12) -> Path:
    """A made-up town of `size` x `size` crossings, 150 m apart: small enough for a test, and to warm up with."""
    nodes = [
        f'<node id="{1 + row * size + column}" version="1" lat="{29.5 + row * 0.00135:.6f}" lon="{106.5 + column * 0.00155:.6f}"/>'
        for row in range(size)
        for column in range(size)
    ]
    lines = [[1 + i * size + j for j in range(size)] for i in range(size)]
    lines += [[1 + j * size + i for j in range(size)] for i in range(size)]
    ways = [
        f'<way id="{number}" version="1">{"".join(f"""<nd ref="{node}"/>""" for node in line)}'
        f'<tag k="highway" v="residential"/><tag k="name" v="Street {number}"/></way>'
        for number, line in enumerate(lines, start=1)
    ]
    path.write_text(f'<osm version="0.6">{"".join(nodes + ways)}</osm>', encoding="utf-8")
    return path


def make_hospitals(network: RoadNetwork, count: int = HOSPITALS) -> list[Hospital]:
    """Pseudo-random hospitals beside roads; each can do everything at any hour, so that all of them are ranked."""
    able = {name: Capability(status="yes") for name in CAPABILITIES}
    lat, lon = _places(network, count, SEED)
    return [
        Hospital(id=f"H{i:03}", name_zh=f"测试医院{i:03}", name_en=f"Test hospital {i:03}", lat=y, lon=x,
                 phone="023-00000000", capabilities=dict(able))
        for i, (y, x) in enumerate(zip(lat.tolist(), lon.tolist(), strict=True))
    ]  # fmt: skip


def make_questions(network: RoadNetwork, reaches: np.ndarray, count: int) -> list[tuple[float, float]]:
    """Pseudo-random (lat, lon) in degrees, a few metres beside roads from which hospitals are reached (bool[N])."""
    return list(zip(*(part.tolist() for part in _places(network, count, SEED + 1, reaches)), strict=True))


def _places(
    network: RoadNetwork, count: int, seed: int, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    stretches = (network.stretch_flags & _NOT_HERE) == 0
    if allowed is not None:
        stretches &= allowed
    points = np.flatnonzero(stretches[network.point_stretch])
    chosen = random.choice(points, count)
    lat = network.point_y[chosen] * 1e-7 + random.normal(0, _JITTER_M, count) * _DEGREES_PER_M
    east = random.normal(0, _JITTER_M, count) * _DEGREES_PER_M / np.cos(np.radians(lat))
    return lat, network.point_x[chosen] * 1e-7 + east
