"""Draw one base map tile with Pillow."""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from PIL import Image, ImageDraw

from stroke_map.maps.mercator import Floats, project
from stroke_map.maps.tile_lines import Lines, RoadShapes, Segments, lines_for_zoom
from stroke_map.maps.tile_style import LAND, ROAD_STYLES, WATER, Colour, tile_palette

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

TILE_PX = 256
SMOOTHING = 2  # drawn twice as large, then halved: Pillow's lines have no smooth edges of their own
MARGIN_PX = 16  # a road beside the tile may reach into it with half its width
SHARED_LINES_ZOOM = 16  # deeper zooms share these lines: their error is below one pixel up to zoom 18
CASED_FROM_PX = 2.2
DASH_PX = 4.0


class TilePainter:
    """Paints tiles of one road network; builds the lines of a zoom when first asked for it.

    Parameters
    ----------
    network
        Point and stretch arrays of a road network.
    water
        Polygons and lines in degrees (lon, lat), drawn under the roads.
    """

    def __init__(self, network: RoadShapes, water: Iterable[shapely.Geometry] | None = None) -> None:
        self._network = network
        self._water = shapely.transform(np.asarray([] if water is None else list(water), dtype=object), _to_unit_square)
        self._water_boxes = shapely.bounds(self._water).reshape(-1, 4)
        self._lines: dict[int, Lines] = {}

    def lines(self, zoom: int) -> Lines:
        """The lines drawn at `zoom`."""
        level = min(zoom, SHARED_LINES_ZOOM)
        if level not in self._lines:
            self._lines[level] = lines_for_zoom(self._network, level)
        return self._lines[level]

    def segments(self, z: int, x: int, y: int) -> Segments:
        """The straight pieces drawn on tile (z, x, y)."""
        side, margin = 2.0**-z, MARGIN_PX / TILE_PX * 2.0**-z
        return self.lines(z).within(
            x * side - margin, y * side - margin, (x + 1) * side + margin, (y + 1) * side + margin
        )

    def shows(self, z: int, x: int, y: int) -> bool:
        """Whether there is anything on tile (z, x, y)."""
        return bool(len(self.segments(z, x, y).ends) or self._water_near(np.array([x, y]) * 2.0**-z, 2.0**-z).any())

    def paint(self, z: int, x: int, y: int, *, scale: int = 1) -> bytes:
        """Tile (z, x, y) as a palette PNG; the same network and tile give the same bytes.

        Parameters
        ----------
        z, x, y
            Zoom, column from the west, row from the north.
        scale
            2 for screens of double density: the same picture in 512 px.
        """
        canvas = TILE_PX * scale * SMOOTHING
        image = Image.new("RGB", (canvas, canvas), LAND)
        draw = ImageDraw.Draw(image)
        origin, to_px = np.array([x, y]) * 2.0**-z, canvas * 2.0**z
        self._draw_water(draw, origin, to_px, canvas, river_px=max(1, round(1.35 ** (z - 12) * scale * SMOOTHING)))
        _draw_roads(draw, self.segments(z, x, y), origin, to_px, zoom=z, px=scale * SMOOTHING)
        return encode(image.reduce(SMOOTHING))

    def _water_near(self, origin: Floats, side: float) -> NDArray[np.bool_]:
        """Which water touches a square and would be seen there."""
        (west, north), box = origin, self._water_boxes
        near = (box[:, 2] >= west) & (box[:, 0] <= west + side) & (box[:, 3] >= north) & (box[:, 1] <= north + side)
        seen: NDArray[np.bool_] = near & (np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) >= side / TILE_PX)
        return seen

    def _draw_water(
        self, draw: ImageDraw.ImageDraw, origin: Floats, to_px: float, canvas: int, *, river_px: int
    ) -> None:
        west, north = origin
        side = canvas / to_px
        near = self._water_near(origin, side)
        margin = 2 * MARGIN_PX / to_px
        view = shapely.box(west - margin, north - margin, west + side + margin, north + side + margin)
        for part in shapely.get_parts(
            shapely.get_parts(shapely.intersection(shapely.make_valid(self._water[near]), view))
        ):
            if isinstance(part, shapely.LineString):
                draw.line(_pixels(shapely.get_coordinates(part), origin, to_px), fill=WATER, width=river_px)
            elif isinstance(part, shapely.Polygon) and not part.is_empty:
                draw.polygon(_pixels(shapely.get_coordinates(part.exterior), origin, to_px), fill=WATER)
                for hole in part.interiors:
                    draw.polygon(_pixels(shapely.get_coordinates(hole), origin, to_px), fill=LAND)


def _to_unit_square(points: Floats) -> Floats:
    return np.column_stack(project(points[:, 0], points[:, 1]))


def _pixels(points: Floats, origin: Floats, to_px: float) -> list[float]:
    flat: list[float] = np.floor((points - origin) * to_px).ravel().tolist()
    return flat


def _draw_roads(
    draw: ImageDraw.ImageDraw, segments: Segments, origin: Floats, to_px: float, *, zoom: int, px: int
) -> None:
    """Casings first, then fills from lane to motorway, so that roads of one level flow into each other."""
    ends = (segments.ends - np.tile(origin, 2)) * to_px
    along = segments.along * to_px
    fills: list[tuple[NDArray[np.float64], Colour, int]] = []
    for row in np.unique(segments.style):
        style, mine = ROAD_STYLES[row], segments.style == row
        width = style.width(zoom) * px
        if style.dashed:
            fills.append((_dashes(ends[mine], along[mine], DASH_PX * px), style.fill, max(1, round(width))))
            continue
        cased = width >= CASED_FROM_PX * px
        edge = max(1, round((0.6 if zoom < 15 else 0.9) * px))
        tunnel = mine & segments.tunnel
        outside, whole = max(1, round(width)) + 2 * edge * cased, _square_ended(ends[mine & ~tunnel], width / 2)
        _draw(draw, whole, style.casing, outside)
        _draw(draw, _dashes(ends[tunnel], along[tunnel], DASH_PX * px), style.casing, outside)
        if cased:
            inside = max(1, round(width))
            fills += [(whole, style.fill, inside), (ends[tunnel], _halfway(style.fill, LAND), inside)]
    for pieces, colour, width_px in fills:
        _draw(draw, pieces, colour, width_px)


def _draw(draw: ImageDraw.ImageDraw, pieces: Floats, colour: Colour, width: int) -> None:
    """Draw pieces; those that go on where the one before ended in one call, which is what a tile's time goes to."""
    corners = np.floor(pieces).astype(np.int32)
    begins = np.flatnonzero(np.any(corners[1:, :2] != corners[:-1, 2:], axis=1)) + 1
    flat: list[int] = corners.ravel().tolist()
    for first, last in pairwise([0, *begins.tolist(), len(corners)] if flat else []):
        xy = flat[4 * first : 4 * first + 4]
        for piece in range(first + 1, last):
            xy += flat[4 * piece + 2 : 4 * piece + 4]
        draw.line(xy, fill=colour, width=width)


def _square_ended(ends: Floats, by: float) -> Floats:
    """Lengthen every piece at both ends, which closes the gaps that bends leave between wide pieces."""
    if by < 1.5:
        return ends
    vector = ends[:, 2:] - ends[:, :2]
    length = np.maximum(np.hypot(vector[:, 0], vector[:, 1]), 1e-9)[:, None]
    reach = vector / length * by * 0.5
    return np.hstack([ends[:, :2] - reach, ends[:, 2:] + reach])


def _dashes(ends: Floats, along: Floats, dash: float) -> Floats:
    """Cut pieces into dashes of `dash` px and gaps of the same length, in step along a whole line."""
    if not len(ends):
        return ends
    length = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    first, last = np.floor(along / (2 * dash)), np.floor((along + length) / (2 * dash))
    counts = (last - first + 1).astype(np.int64)
    owner = np.repeat(np.arange(len(ends)), counts)
    period = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + first[owner]
    whole = np.maximum(length[owner], 1e-9)
    start = np.clip((period * 2 * dash - along[owner]) / whole, 0, 1)
    stop = np.clip((period * 2 * dash + dash - along[owner]) / whole, 0, 1)
    start, stop, owner = start[stop > start], stop[stop > start], owner[stop > start]
    base, vector = ends[owner, :2], ends[owner, 2:] - ends[owner, :2]
    return np.hstack([base + vector * start[:, None], base + vector * stop[:, None]])


def _halfway(one: Colour, other: Colour) -> Colour:
    red, green, blue = ((a + b) // 2 for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(maxsize=1)
def _palette_image() -> Image.Image:
    palette: Sequence[Colour] = tile_palette()
    image = Image.new("P", (1, 1))
    image.putpalette([channel for colour in palette for channel in colour])
    return image


def encode(image: Image.Image) -> bytes:
    """An RGB picture as a PNG in the palette every tile shares."""
    buffer = io.BytesIO()
    quantized = image.quantize(palette=_palette_image(), dither=Image.Dither.NONE)
    quantized.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def blank_tile(scale: int = 1) -> bytes:
    """A tile on which there is nothing."""
    return encode(Image.new("RGB", (TILE_PX * scale, TILE_PX * scale), LAND))
