"""Free land beside streets, for what is built after the roads: compounds and hospitals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from stroke_map.demo.lines import Points, at

if TYPE_CHECKING:
    from stroke_map.demo.graph import Graph

CLEAR_M = 9.0
"""Free ground between a street and a plot."""


@dataclass(frozen=True)
class Plot:
    """A piece of land: `foot` on the street halfway along it, `inward` away from the street, `along` it (unit vectors)."""

    foot: Points
    inward: Points
    along: Points

    def at(self, depth: float, aside: float = 0.0) -> Points:
        """A place in the plot, metres from its foot."""
        return self.foot + self.inward * depth + self.along * aside


class Plots:
    """Hands out land that no road crosses and nothing else stands on; knows the roads there were when it was made."""

    def __init__(self, graph: Graph, water: shapely.Geometry) -> None:
        self._tree = shapely.STRtree([shapely.LineString(edge.points) for edge in graph.edges.values()])
        self._water = water
        self._taken: list[tuple[Points, shapely.Polygon]] = []
        shapely.prepare(self._water)

    def beside(self, points: Points, length: float, depth: float, width: float) -> Plot | None:
        """Land of `depth` x `width` metres on either side of the middle of a street; None where there is none free."""
        foot = at(points, length / 2)
        ahead = at(points, length / 2 + 4) - at(points, length / 2 - 4)
        along = ahead / np.hypot(*ahead)
        for inward in (np.array([-along[1], along[0]]), np.array([along[1], -along[0]])):
            plot = Plot(foot, inward, along)
            corners = [(CLEAR_M, -width / 2), (CLEAR_M, width / 2), (depth, width / 2), (depth, -width / 2)]
            land = shapely.Polygon([plot.at(*corner) for corner in corners])
            free = not len(self._tree.query(land, predicate="intersects")) and not self._water.intersects(land)
            near = [other for spot, other in self._taken if np.abs(spot - foot).max() < 4 * depth]
            if free and not any(land.intersects(other) for other in near):
                self._taken.append((foot, land))
                return plot
        return None
