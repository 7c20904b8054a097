"""How much room an edition takes on the disk: about, before it is made, so that whoever meets a full disk is told how much to free."""

from __future__ import annotations

import tempfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from stroke_map.editions.edition import REGISTRY_FILE, TILES_FOLDER
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stroke_map.editions.inputs import Inputs

# One row of the arrivals: two bytes of time and one of next turn for each hospital; and four of the times of a period's roads.
_ARRIVAL_BYTES = 3
_TIME_BYTES = 4
# Of the k nearest of each capability: five bytes for each that is stored, about three times k (see `scripts/scale.py`), and eight of
# where a segment's begin.
_LABEL_BYTES, _LABELS_PER_NEAREST, _FIRST_BYTES = 5, 3, 8
# Of the OpenStreetMap file as PBF (porto; the demonstration city): roads of one profile 6.5; 10.1 times its size, its places 0.8; 5.1.
_ROADS_PER_OSM_BYTE = 11
_REGISTRY_PER_OSM_BYTE = 6
# Directed segments (porto 0.050, the demonstration city 0.073).
_SEGMENTS_PER_OSM_BYTE = 0.08
# Tiles and report (together 0.7 MB in porto), the description, and what the last block of every file leaves empty.
SLACK_BYTES = 2_000_000


def arrivals_step(profile: str, period: str, periods: Sequence[str]) -> str:
    """The name of the step that makes one table."""
    return f"arrivals {profile}" if len(periods) == 1 else f"arrivals {profile} {period}"


def scratch_folder() -> Path:
    """The temporary folder.

    Raises
    ------
    EditionError
        There is none that can be written, as where the only disk is full.
    """
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise EditionError(
            "no temporary folder can be written: the disk is full, or may only be read",
            next_step="Make room there, or point TMPDIR at a folder on another disk; what is published keeps serving.",
        ) from error


def index_bytes(inputs: Inputs) -> int:
    """How much room the temporary folder must have while the road file is read, at most."""
    from stroke_map.roads import read

    return read.index_bytes(inputs.osm) if inputs.osm else 0


def tables_room(inputs: Inputs, hospitals: int, segments: Mapping[str, int]) -> dict[str, int]:
    """The bytes of every table of arrivals, by the step that makes it.

    Parameters
    ----------
    segments
        By profile, how many directed segments its roads have.
    """
    periods, nearest = inputs.periods.names, inputs.nearest
    row = hospitals * _ARRIVAL_BYTES
    if nearest is not None:
        row = min(hospitals, nearest * _LABELS_PER_NEAREST) * _LABEL_BYTES + _FIRST_BYTES
    return {
        arrivals_step(profile, period, periods): segments[profile] * (row + _TIME_BYTES)
        for profile, period in product(inputs.profiles, periods)
    }


def steps_room(inputs: Inputs, hospitals: int) -> dict[str, int]:
    """About how many bytes every large step writes, by its name, as far as the inputs tell."""
    return dict(_of_base(inputs, hospitals) if inputs.base else _of_file(inputs, hospitals))


def _of_file(inputs: Inputs, hospitals: int) -> Iterator[tuple[str, int]]:
    osm_bytes = inputs.osm.stat().st_size if inputs.osm else 0
    yield from ((f"roads {profile}", osm_bytes * _ROADS_PER_OSM_BYTE) for profile in inputs.profiles)
    yield "registry", osm_bytes * _REGISTRY_PER_OSM_BYTE
    segments = int(osm_bytes * _SEGMENTS_PER_OSM_BYTE)
    yield from tables_room(inputs, hospitals, dict.fromkeys(inputs.profiles, segments)).items()


def _of_base(inputs: Inputs, hospitals: int) -> Iterator[tuple[str, int]]:
    assert inputs.base is not None  # noqa: S101 - the caller looked
    info = inputs.base.info

    def below(part: str) -> int:
        return sum(file.size for name, file in info.files.items() if name.startswith(part))

    yield from ((f"roads {profile}", below(f"roads/{profile}/")) for profile in inputs.profiles)
    yield "registry", below(REGISTRY_FILE)
    yield "tiles", below(f"{TILES_FOLDER}/")
    segments = {profile: counts["segments"] for profile, counts in info.counts["roads"].items()}
    yield from tables_room(inputs, hospitals, segments).items()
