"""OpenStreetMap -> a road network one can route on. Knows nothing of hospitals."""

from stroke_map.roads.network import RoadNetwork, Route
from stroke_map.roads.steps import Step

__all__ = ["RoadNetwork", "Route", "Step"]
