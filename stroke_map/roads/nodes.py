"""What the tags of a node on a road mean for one vehicle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeUse:
    """What one node is for the vehicle of a profile.

    Attributes
    ----------
    blocks
        The vehicle cannot pass.
    cost_s
        Seconds for one passage.
    signal_direction
        The cost holds for both directions of the way (0), along it only (1) or against it only (-1).
    """

    blocks: bool
    cost_s: float
    signal_direction: int
