"""Base map tiles: those drawn when an edition is built, and deeper ones drawn when somebody looks."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image

from stroke_map.maps.ground import Ground, read_ground
from stroke_map.maps.mercator import tiles_covering
from stroke_map.maps.tile_painter import TILE_PX, TilePainter, blank_tile, encode
from stroke_map.maps.tile_style import STYLE_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from stroke_map.roads import RoadNetwork

SEALED_ZOOM: Final = 12
FIRST_ZOOM: Final = 5
DEEPEST_ZOOM: Final = 18
_PATIENCE_S = 0.4  # a tile takes about 10 ms, the first of a zoom half a second
_SMALLEST_PART_PX = 8
_CHECK_EVERY = 64  # new tiles between two looks at how large the cache is
_KEEP_SHARE = 0.8  # of the bound, after the oldest were removed


class NoSuchTileError(LookupError):
    """There is no tile with these numbers."""


class Tile(NamedTuple):
    """A tile's PNG; `final` is False for the part of a tile above that stands in for it, which nobody should keep.

    That part is smaller than a tile and enlarged by the browser: the map knows it by its size, and asks again.
    """

    png: bytes
    final: bool


def draw_tiles(
    network: RoadNetwork,
    folder: Path,
    max_zoom: int = SEALED_ZOOM,
    progress: Callable[[float], None] | None = None,
    *,
    osm: Path | None = None,
) -> int:
    """Draw every tile that roads or water touch into `folder`/{z}/{x}/{y}.png, from the first zoom to `max_zoom`.

    The same network and file give the same bytes. Tiles on which nothing is drawn are left out.

    Parameters
    ----------
    osm
        Where water and place names are read from, to be kept in `folder` too; None: there are none.
    progress
        Called with the share that is done, 0 to 1.

    Returns
    -------
    How many tiles were written.
    """
    ground = read_ground(osm, network) if osm else None
    if ground:
        ground.save(folder)
    painter, written = TilePainter(network, ground.water if ground else None), 0
    bounds = (ground and ground.bounds) or network.bounds
    ranges = [tiles_covering(bounds, zoom) for zoom in range(FIRST_ZOOM, max_zoom + 1)]
    todo = [
        (r.zoom, x, y) for r in ranges for x in range(r.x_first, r.x_last + 1) for y in range(r.y_first, r.y_last + 1)
    ]
    for done, (z, x, y) in enumerate(todo, start=1):
        if painter.shows(z, x, y):
            path = folder / str(z) / str(x) / f"{y}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(painter.paint(z, x, y))
            written += 1
        if progress:
            progress(done / len(todo))
    return written


class DeepTiles:
    """Tiles of one edition: sealed ones from its folder, deeper ones drawn on demand into a bounded cache.

    One tile is drawn at a time; whoever would wait long gets a part of the tile above, marked as not final. The cache
    may be shared by several processes and removed at any moment: files appear whole or not at all.

    Parameters
    ----------
    network
        The roads, or a function that gives them when the first deep tile is asked for.
    sealed
        The edition's own tiles; need not exist.
    cache
        Where deeper tiles are kept, in a folder for each edition.
    limit_mb
        Bound of the edition's part of the cache; the tiles longest unread go first.
    """

    def __init__(
        self,
        network: RoadNetwork | Callable[[], RoadNetwork],
        sealed: Path,
        cache: Path,
        edition_id: str,
        limit_mb: int = 256,
    ) -> None:
        self._network = network
        self._sealed = sealed
        self._cache = cache / f"{edition_id}-{STYLE_VERSION}"
        self._limit_bytes = limit_mb * 1_000_000
        self._painter: TilePainter | None = None
        self._drawing = threading.Lock()
        self._new = 0

    def tile(self, z: int, x: int, y: int) -> Tile:
        """Tile (z, x, y): zoom, column from the west, row from the north.

        Raises
        ------
        NoSuchTileError
            These numbers name no tile, or one deeper than is drawn.
        """
        if not (0 <= z <= DEEPEST_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
            raise NoSuchTileError(f"no tile {z}/{x}/{y}")
        if z <= SEALED_ZOOM:
            return Tile(_read(_path(self._sealed, z, x, y)) or blank_tile(), final=True)
        kept = _read(_path(self._cache, z, x, y))
        if kept:
            return Tile(kept, final=True)
        if not self._drawing.acquire(timeout=_PATIENCE_S):
            return Tile(self._part_of_tile_above(z, x, y), final=False)
        try:
            png = self._paint(z, x, y)
        finally:
            self._drawing.release()
        return Tile(png, final=True)

    def _paint(self, z: int, x: int, y: int) -> bytes:
        if self._painter is None:
            network = self._network() if callable(self._network) else self._network
            self._painter = TilePainter(network, Ground.load(self._sealed).water)
        if not self._painter.shows(z, x, y):
            return blank_tile()  # not kept: there are more empty places than the cache has room for
        png = self._painter.paint(z, x, y)
        with suppress(OSError):  # a full or read-only disk costs speed, not the map
            _write(_path(self._cache, z, x, y), png)
            self._make_room()
        return png

    def _part_of_tile_above(self, z: int, x: int, y: int) -> bytes:
        """The same place, cut out of the deepest tile above it that is there."""
        for up in range(1, z - FIRST_ZOOM + 1):
            folder = self._sealed if z - up <= SEALED_ZOOM else self._cache
            above = _read(_path(folder, z - up, x >> up, y >> up))
            side = TILE_PX >> up
            if above and side >= _SMALLEST_PART_PX:
                left, top = (x % 2**up) * side, (y % 2**up) * side
                return encode(Image.open(io.BytesIO(above)).convert("RGB").crop((left, top, left + side, top + side)))
        return blank_tile()

    def _make_room(self) -> None:
        self._new += 1
        if self._new % _CHECK_EVERY:
            return
        files = sorted((path.stat().st_atime, path.stat().st_size, path) for path in self._cache.glob("*/*/*.png"))
        too_many = sum(size for _, size, _ in files) - self._limit_bytes
        if too_many <= 0:
            return
        room = too_many + (1 - _KEEP_SHARE) * self._limit_bytes
        for _, size, path in files:
            path.unlink(missing_ok=True)
            room -= size
            if room <= 0:
                return


def _path(folder: Path, z: int, x: int, y: int) -> Path:
    return folder / str(z) / str(x) / f"{y}.png"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
