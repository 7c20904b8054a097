"""What a place is like, by its roads: urban, suburban or rural."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from stroke_map.roads.classes import Flag

if TYPE_CHECKING:
    from stroke_map.roads import RoadNetwork
    from stroke_map.settings import Settings

Setting = Literal["urban", "suburban", "rural"]
_CELL_M: Final = 1000.0
_METRES_PER_DEGREE: Final = 111_195.0
#: Nobody lives along these, so that they say nothing of a place.
_NOT_COUNTED: Final = int(Flag.MOTORWAY | Flag.FERRY | Flag.TRAIN)


class RoadDensity:
    """Kilometres of road per square kilometre, in cells of one kilometre, each with its eight neighbours.

    Each carriageway of a divided road counts, as it does on the map.
    """

    def __init__(self, network: RoadNetwork) -> None:
        middle = (network.stretch_first_point[:-1] + network.stretch_first_point[1:]) // 2
        lat, lon = network.point_y[middle] * 1e-7, network.point_x[middle] * 1e-7
        self._metres_per_lon = _METRES_PER_DEGREE * math.cos(math.radians(float(lat.mean())))
        counted = network.stretch_start_allowed & ((network.stretch_flags & _NOT_COUNTED) == 0)
        row, column = self._cell(lat, lon)
        self._south, self._west = int(row.min()), int(column.min())
        # One empty cell around, so that every cell has neighbours.
        shape = int(row.max()) - self._south + 3, int(column.max()) - self._west + 3
        lengths = np.bincount(
            np.ravel_multi_index((row - self._south + 1, column - self._west + 1), shape),
            weights=np.where(counted, network.stretch_length_m, 0.0),
            minlength=shape[0] * shape[1],
        )
        self._km = lengths.reshape(shape) / 1000

    def _cell(self, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        row = np.floor(np.asarray(lat) * (_METRES_PER_DEGREE / _CELL_M)).astype(np.int64)
        return row, np.floor(np.asarray(lon) * (self._metres_per_lon / _CELL_M)).astype(np.int64)

    def at(self, lat: float, lon: float) -> float:
        """Kilometres per square kilometre around a place (degrees, WGS-84); 0 beyond the roads."""
        row, column = (int(part) for part in self._cell(np.array(lat), np.array(lon)))
        row, column = row - self._south + 1, column - self._west + 1
        around = self._km[max(row - 1, 0) : max(row + 2, 0), max(column - 1, 0) : max(column + 2, 0)]
        return float(around.sum()) / 9

    def setting(self, lat: float, lon: float, settings: Settings) -> Setting:
        """What the place is like, by the settings `urban_roads_km_per_km2` and `suburban_roads_km_per_km2`."""
        density = self.at(lat, lon)
        if density >= settings.urban_roads_km_per_km2:
            return "urban"
        return "suburban" if density >= settings.suburban_roads_km_per_km2 else "rural"
