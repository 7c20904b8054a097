"""The times and arrivals of one profile in one period of an edition."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.editions.arrivals import build_arrivals, find_gates
from stroke_map.editions.edition import arrivals_folder, roads_folder, times_file
from stroke_map.editions.near import build_near, groups_of
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stroke_map.registry import Hospital


class Table(NamedTuple):
    """What came of it.

    Attributes
    ----------
    unreached
        The ids of hospitals that no road comes near.
    size_bytes
        What the period takes in the edition; 0 where nothing was written, as no hospital is reached.
    """

    unreached: list[str]
    size_bytes: int


def scaled_times(network: RoadNetwork, class_factor: np.ndarray) -> np.ndarray:
    """int32[S]: the times of a network's segments, multiplied by the factor of their class (float64[C]); at least 1 ms."""
    factor = class_factor[network.stretch_class[network.segment_stretch]]
    return np.clip(np.rint(network.segment_time_ms * factor), 1, 2**30).astype(np.int32)


def table_bytes(folder: Path, profile: str, period: str) -> int:
    """What the times and arrivals of a period take in an edition."""
    files = [*arrivals_folder(folder, profile, period).glob("*"), times_file(folder, profile, period)]
    return sum(file.stat().st_size for file in files if file.is_file())


def build_table(
    folder: Path,
    profile: str,
    period: str,
    *,
    factors: np.ndarray,
    hospitals: Sequence[Hospital],
    nearest: int | None = None,
    cluster: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Write the times and arrivals of a period of a profile whose roads are in `folder` already.

    Parameters
    ----------
    factors
        float64[C] by which the period multiplies the times of each road class.
    hospitals
        In the order of the columns.
    nearest
        Store so many of each group of hospitals (see `near`); None: all of them.
    cluster
        The address of a Dask scheduler on whose machines trees grow; None: on this one. The table is the same.
    progress
        Called with (trees done, trees in all).
    """
    network = RoadNetwork.load(roads_folder(folder, profile))
    if (factors != 1).any():
        network = network.with_times(scaled_times(network, factors))
        file = times_file(folder, profile, period)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, network.segment_time_ms)
    gates = find_gates(network, hospitals)
    unreached = [hospital.id for hospital, gate in zip(hospitals, gates, strict=True) if not len(gate.segment)]
    if len(unreached) == len(hospitals):
        return Table(unreached, 0)
    arrivals = (
        build_arrivals(network, gates, progress, cluster=cluster)
        if nearest is None
        else build_near(network, gates, groups_of(hospitals), nearest, progress=progress, cluster=cluster)
    )
    arrivals.save(arrivals_folder(folder, profile, period))
    return Table(unreached, table_bytes(folder, profile, period))
