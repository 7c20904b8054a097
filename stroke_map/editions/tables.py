"""The times and arrivals of one profile, for every period of an edition."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stroke_map.editions.arrivals import build_arrivals, find_gates
from stroke_map.editions.edition import arrivals_folder, roads_folder, times_file
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stroke_map.registry import Hospital
    from stroke_map.roads.periods import Periods


class Tables(NamedTuple):
    """What came of it.

    Attributes
    ----------
    unreached
        The ids of hospitals that no road comes near.
    costs
        What each period takes: `{period: {"bytes", "seconds"}}`.
    """

    unreached: list[str]
    costs: dict[str, dict[str, Any]]


def scaled_times(network: RoadNetwork, class_factor: np.ndarray) -> np.ndarray:
    """int32[S]: the times of a network's segments, multiplied by the factor of their class (float64[C]); at least 1 ms."""
    factor = class_factor[network.stretch_class[network.segment_stretch]]
    return np.clip(np.rint(network.segment_time_ms * factor), 1, 2**30).astype(np.int32)


def build_tables(
    folder: Path,
    profile: str,
    periods: Periods,
    hospitals: Sequence[Hospital],
    progress: Callable[[int, int], None] | None = None,
) -> Tables:
    """Write the times and arrivals of a profile, whose roads are in `folder` already, for each of its periods.

    Parameters
    ----------
    hospitals
        In the order of the columns.
    progress
        Called with (trees done, trees in all).
    """
    roads = RoadNetwork.load(roads_folder(folder, profile))
    trees, costs, unreached = len(hospitals) * len(periods.names), {}, []
    for number, (period, factors) in enumerate(zip(periods.names, periods.factors(profile), strict=True)):
        begun = time.monotonic()
        network, files = roads, []
        if (factors != 1).any():
            network = roads.with_times(scaled_times(roads, factors))
            files = [times_file(folder, profile, period)]
            files[0].parent.mkdir(parents=True, exist_ok=True)
            np.save(files[0], network.segment_time_ms)
        gates = find_gates(network, hospitals)
        unreached = [hospital.id for hospital, gate in zip(hospitals, gates, strict=True) if not len(gate.segment)]
        if len(unreached) == len(hospitals):
            break

        def tell(done: int, _: int, before: int = number * len(hospitals)) -> None:
            if progress:
                progress(before + done, trees)

        build_arrivals(network, gates, tell).save(arrivals_folder(folder, profile, period))
        files += sorted(arrivals_folder(folder, profile, period).iterdir())
        seconds = round(time.monotonic() - begun, 2)
        costs[period] = {"bytes": sum(file.stat().st_size for file in files), "seconds": seconds}
    return Tables(unreached, costs)
