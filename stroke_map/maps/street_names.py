"""Where the names of streets can stand on the base map: along the straight parts of a road that are long enough at a zoom.

The browser writes them, where there is room (no server needs a Chinese font). They come by the sheet, which is as wide as four tiles.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import shapely

from stroke_map.maps.ground import tidy
from stroke_map.maps.mercator import Floats, project, unproject
from stroke_map.maps.tile_painter import TILE_PX
from stroke_map.maps.tile_style import NEVER_NAMED, ROAD_STYLES, style_of_class
from stroke_map.roads.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stroke_map.roads import RoadNetwork

FIRST_ZOOM: Final = 12
DEEPEST_ZOOM: Final = 18
SHEET_PX: Final = 1024
_BEND_PX: Final = 4.0  # how far a road may leave the straight line on which its name stands
_SHORTEST_PX: Final = 26.0  # two Chinese characters
_MOST: Final = 160
_OF_ONE_NAME: Final = 4
_SHEETS_KEPT: Final = 256
_PATIENCE_S: Final = 0.4  # a sheet of a city takes about 20 ms


class NoSuchSheetError(LookupError):
    """There is no sheet with these numbers."""


class SheetsBusyError(RuntimeError):
    """Another sheet is being made, and takes long: ask again."""


class StreetName(NamedTuple):
    """A name, and where it can stand: the middle in degrees, clockwise turn in degrees, room in pixels; greater roads have a greater rank."""

    rank: int
    lon: float
    lat: float
    turn: int
    room: int
    name: str
    name_en: str


class StreetNames:
    """The names of the streets of one network, by the sheet; safe between threads."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        first = network.stretch_first_point[:-1]
        # In 1e-7 degree, as the network has them: a province has a million stretches.
        self._west, self._east = (each.reduceat(network.point_x, first) for each in (np.minimum, np.maximum))
        self._south, self._north = (each.reduceat(network.point_y, first) for each in (np.minimum, np.maximum))
        self._style = np.asarray(style_of_class(ROAD_CLASSES), dtype=np.uint8)[network.stretch_class]
        named_from = np.asarray([style.named_from for style in ROAD_STYLES], dtype=np.uint8)[self._style]
        self._named_from = np.where(network.stretch_name > 0, named_from, NEVER_NAMED).astype(np.uint8)
        self._made = lru_cache(maxsize=_SHEETS_KEPT)(self._make)
        self._making = threading.Lock()

    def sheet(self, zoom: int, x: int, y: int) -> tuple[StreetName, ...]:
        """The names that can stand on a sheet of a zoom, counted from the west and the north; the greater roads first.

        Raises
        ------
        NoSuchSheetError
            These numbers name no sheet.
        SheetsBusyError
            One is made at a time, so that nobody who asks for the way waits for names.
        """
        across = 2**zoom * TILE_PX // SHEET_PX if FIRST_ZOOM <= zoom <= DEEPEST_ZOOM else 0
        if not (0 <= x < across and 0 <= y < across):
            raise NoSuchSheetError(f"no sheet {zoom}/{x}/{y}")
        if not self._making.acquire(timeout=_PATIENCE_S):
            raise SheetsBusyError
        try:
            return self._made(zoom, x, y)
        finally:
            self._making.release()

    def _make(self, zoom: int, x: int, y: int) -> tuple[StreetName, ...]:
        side = SHEET_PX / TILE_PX * 2.0**-zoom
        box = np.array([x, y, x + 1, y + 1]) * side
        (west, east), (north, south) = unproject(box[[0, 2]], box[[1, 3]])
        near = np.flatnonzero(
            (self._named_from <= zoom) & (self._west <= east * 1e7) & (self._east >= west * 1e7)
            & (self._south <= north * 1e7) & (self._north >= south * 1e7)
        )  # fmt: skip
        if not len(near):
            return ()
        pixel = side / SHEET_PX
        both = np.column_stack([self._network.stretch_name[near], self._network.stretch_name_en[near]])
        names, of_name = np.unique(both, axis=0, return_inverse=True)
        pieces, owner = _straight(self._roads(near, of_name.ravel()), box, pixel)
        rank = np.zeros(len(names), dtype=np.int64)
        np.maximum.at(rank, of_name.ravel(), self._style[near])
        return tuple(self._written(pieces, owner, names, rank, pixel=pixel))

    def _roads(self, near: NDArray[np.int64], of_name: NDArray[np.int64]) -> NDArray[np.object_]:
        """Each name's stretches on the unit square, joined end to end."""
        network = self._network
        first, last = network.stretch_first_point[near], network.stretch_first_point[near + 1]
        counts = last - first
        point = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        corners = np.column_stack(project(network.point_x[point] * 1e-7, network.point_y[point] * 1e-7))
        order = np.argsort(of_name, kind="stable")
        lines = shapely.linestrings(corners, indices=np.repeat(np.arange(len(near)), counts))
        joined: NDArray[np.object_] = shapely.line_merge(shapely.multilinestrings(lines[order], indices=of_name[order]))
        return joined

    def _written(
        self,
        pieces: Floats,
        owner: NDArray[np.int64],
        names: NDArray[np.int32],
        rank: NDArray[np.int64],
        *,
        pixel: float,
    ) -> list[StreetName]:
        across, down = (pieces[:, 2:] - pieces[:, :2]).T
        room = np.hypot(across, down) / pixel
        turn = np.rint(np.degrees(np.arctan2(down, across)))
        turn = np.where(turn > 90, turn - 180, np.where(turn <= -90, turn + 180, turn))  # never upside down
        lon, lat = unproject(*((pieces[:, :2] + pieces[:, 2:]) / 2).T)
        found: list[StreetName] = []
        times: dict[int, int] = {}
        for at in np.lexsort((owner, -room, -rank[owner])).tolist():
            mine = int(owner[at])
            times[mine] = times.get(mine, 0) + 1
            if times[mine] > _OF_ONE_NAME or len(found) == _MOST:
                continue
            name, name_en = (
                tidy(self._network.texts[kind][i]) for kind, i in zip(("name", "name_en"), names[mine], strict=True)
            )
            found.append(StreetName(int(rank[mine]), round(float(lon[at]), 6), round(float(lat[at]), 6), int(turn[at]),
                                    int(room[at]), name, name_en or name))  # fmt: skip
        return [one for one in found if one.name]


def _straight(roads: NDArray[np.object_], box: Floats, pixel: float) -> tuple[Floats, NDArray[np.int64]]:
    """The straight parts of roads within a box: their ends (n, 4), and of which road each is."""
    bent = shapely.simplify(shapely.clip_by_rect(roads, *box), _BEND_PX * pixel, preserve_topology=False)
    lines, owner = shapely.get_parts(bent, return_index=True)
    corners, line = shapely.get_coordinates(lines, return_index=True)
    start = np.flatnonzero(line[:-1] == line[1:])
    pieces: Any = np.hstack([corners[start], corners[start + 1]])
    long = np.hypot(*(pieces[:, 2:] - pieces[:, :2]).T) >= _SHORTEST_PX * pixel
    return pieces[long], owner[line[start[long]]]
