"""Hospitals as a region has them: all take an ECG and a CT, few everything; the large ones do what the small ones do.

Run as `python -m scale.sheets OSM ROADS COUNT SHEET`: draws them beside the roads of OSM, which are kept in the folder ROADS.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bench.inputs import SEED, make_hospitals

from stroke_map.registry import CAPABILITIES, write_sheet
from stroke_map.registry.models import Capability
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from stroke_map.registry import Hospital

PROFILE = "car"
#: Which share of all hospitals can do a thing, about as in a large region; of what is not named here, half.
SHARES = {
    "emergency": 0.9, "ecg": 0.9, "ct": 0.7, "fibrinolysis": 0.6, "thrombolysis": 0.5, "ct_angiography": 0.4,
    "primary_pci": 0.3, "neurosurgery": 0.3, "advanced_imaging": 0.25, "thrombectomy": 0.2, "cardiac_surgery": 0.1,
}  # fmt: skip
_HALF = 0.5


def hospitals_like(network: RoadNetwork, count: int) -> list[Hospital]:
    """So many hospitals beside roads, each with what its size lets it do."""
    sizes = np.random.default_rng(SEED).permutation(count) / count
    return [
        one.model_copy(update={"capabilities": _able(size)})
        for one, size in zip(make_hospitals(network, count), sizes.tolist(), strict=True)
    ]


def _able(size: float) -> dict[str, Capability]:
    return {name: Capability(status="yes" if size < SHARES.get(name, _HALF) else "no") for name in CAPABILITIES}


def main(osm: Path, roads: Path, count: int, sheet: Path) -> None:
    """Write the sheet."""
    if not roads.is_dir():
        part = roads.with_name(f".{roads.name}")
        RoadNetwork.from_osm(osm, profile=PROFILE).save(part)
        part.rename(roads)
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        write_sheet(hospitals_like(RoadNetwork.load(roads), count), stream)
    print(json.dumps({"hospitals": count}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
