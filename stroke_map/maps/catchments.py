"""Whose catchment a road is in: from where a hospital is the nearest one that can do a thing, as a small picture."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stroke_map.editions.arrivals import UNREACHABLE
from stroke_map.maps.bands import pixels_along, png_of
from stroke_map.maps.overview import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.editions.near import NearArrivals
    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork

PICTURE_WIDTH: Final = 560
#: Roads of others, and its own: far apart also for who sees no colours.
COLOURS: Final = ("#cdc8be", "#0b5a8f")
#: Rows of the arrival table read at once.
_ROWS: Final = 50_000


class CatchmentPicture(NamedTuple):
    """Roads as a PNG in base64, and where hospitals stand on it in pixels: the one it is about, and the others that can."""

    width: int
    height: int
    png: str
    here: tuple[float, float]
    others: list[tuple[float, float]]


class Catchments:
    """The catchments of one edition, for as many hospitals and capabilities as are asked for.

    Times are those of the arrival table, for each road between two junctions from its nearer end; who is able is who is said
    to be, at any hour. Reading a table of a province takes a second, and its pictures a few megabytes.

    Parameters
    ----------
    hospitals
        By the column of the arrivals.
    bounds
        West, south, east, north of the pictures, in degrees, WGS-84.
    """

    def __init__(
        self,
        network: RoadNetwork,
        arrivals: Arrivals | NearArrivals,
        hospitals: Sequence[Hospital],
        bounds: tuple[float, float, float, float],
    ) -> None:
        self._canvas = frame_of(bounds, width=PICTURE_WIDTH)
        self._hospitals = hospitals
        self._network, self._arrivals = network, arrivals
        self._nearest: dict[str, NDArray[np.int16]] = {}
        stretch = np.asarray(network.point_stretch)
        first = np.flatnonzero((stretch[:-1] == stretch[1:]) & arrivals.reaches[stretch[:-1]])
        leg, pixel = pixels_along(self._canvas, network, first)
        # A road that winds within a pixel is painted there once.
        once = np.unique(pixel * len(network.stretch_length_m) + stretch[first][leg])
        self._pixel = (once // len(network.stretch_length_m)).astype(np.int32)
        self._stretch = (once % len(network.stretch_length_m)).astype(np.int32)

    def nearest(self, capability: str) -> NDArray[np.int16]:
        """int16[N]: the column of the nearest hospital that can, for each stretch; -1 where no road leads to one."""
        if capability not in self._nearest:
            able = [one.capabilities[capability].status == "yes" for one in self._hospitals]
            self._nearest[capability] = self._find(np.flatnonzero(able))
        return self._nearest[capability]

    def _find(self, columns: NDArray[np.int64]) -> NDArray[np.int16]:
        segments = self._network.stretch_segment
        found = np.full(len(segments), -1, dtype=np.int16)
        for first in range(0, len(segments) if len(columns) else 0, _ROWS):
            both = segments[first : first + _ROWS]
            left = self._arrivals.rows(np.maximum(both, 0))[:, :, columns]  # [rows, 2, columns]
            left[both < 0] = UNREACHABLE
            nearer = left.min(axis=1)
            best = nearer.argmin(axis=1)
            reached = nearer[np.arange(len(nearer)), best] < UNREACHABLE
            found[first : first + _ROWS] = np.where(reached, columns[best], -1)
        return found

    def picture(self, column: int, capability: str) -> CatchmentPicture:
        """The roads from which the hospital of a column is the nearest that can."""
        mine = (self.nearest(capability) == column)[self._stretch]
        picture = np.zeros(self._canvas.height * self._canvas.width, dtype=np.uint8)
        picture[self._pixel] = 1
        picture[self._pixel[mine]] = 2
        png = png_of(picture.reshape(self._canvas.height, self._canvas.width), COLOURS)
        able = [
            i for i, one in enumerate(self._hospitals) if one.capabilities[capability].status == "yes" and i != column
        ]
        return CatchmentPicture(
            self._canvas.width, self._canvas.height, base64.b64encode(png).decode(), self._place(column),
            [self._place(other) for other in able],
        )  # fmt: skip

    def _place(self, column: int) -> tuple[float, float]:
        one = self._hospitals[column]
        x, y = self._canvas.pixels(one.entrance_lon, one.entrance_lat)
        x, y = np.clip(x, 12, self._canvas.width - 12), np.clip(y, 12, self._canvas.height - 12)
        return round(float(x), 1), round(float(y), 1)
