"""Where each hospital is entered from the road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.errors import OffNetworkError
from stroke_map.roads.classes import Flag
from stroke_map.roads.components import reachable_from_main
from stroke_map.roads.network import TIE_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork

#: An entrance farther from any road than this is a mistake in the sheet or a gap in the map.
GATE_LIMIT_M = 1000.0
#: A hospital is not entered from one of these, even where it is the nearest road on the map.
NO_GATE = int(Flag.MOTORWAY | Flag.TUNNEL | Flag.BRIDGE | Flag.FERRY | Flag.TRAIN)


@dataclass(frozen=True)
class Gate:
    """Where one hospital is reached.

    Attributes
    ----------
    segment, part_ms
        int32[k], int32[k]: segments (that stand for themselves) on which a drive may end, and the time from the beginning
        of each to the gate. Empty where no road comes near.
    lat, lon
        Where on the road, degrees, WGS-84.
    distance_m
        From the entrance to the road.
    """

    segment: np.ndarray
    part_ms: np.ndarray
    lat: float
    lon: float
    distance_m: float


def find_gates(network: RoadNetwork, hospitals: Sequence[Hospital]) -> list[Gate]:
    """The nearest usable position to each hospital's emergency entrance that the main part of the network reaches.

    Motorways, tunnels and bridges are not usable: no hospital is entered from them.
    """
    usable = usable_for_gates(network)
    return [_gate(network, hospital, usable) for hospital in hospitals]


def usable_for_gates(network: RoadNetwork) -> np.ndarray:
    """bool[N]: stretches from which a hospital can be entered, and to which one can drive."""
    reached = np.zeros(network.segment_count, dtype=bool)
    np.logical_or.at(reached, network.segment_base, reachable_from_main(network))
    usable = np.zeros(len(network.stretch_class), dtype=bool)
    usable[network.segment_stretch[reached]] = True
    usable &= (network.stretch_flags & NO_GATE) == 0
    usable.flags.writeable = False
    return usable


def _gate(network: RoadNetwork, hospital: Hospital, usable: np.ndarray) -> Gate:
    lat, lon = hospital.entrance_lat, hospital.entrance_lon
    try:
        found = network.snap(lat, lon, max_snap_m=GATE_LIMIT_M, spread_m=TIE_M, usable=usable)
    except OffNetworkError as error:
        nothing = np.empty(0, dtype=np.int32)
        return Gate(nothing, nothing, lat, lon, float(error.facts["nearest_m"] or np.inf))
    segment, share = network.both_directions(found)
    part_ms = np.rint(share * network.segment_time_ms[segment]).astype(np.int32)
    return Gate(segment, part_ms, float(found.y[0]) * 1e-7, float(found.x[0]) * 1e-7, float(found.distance_m[0]))
