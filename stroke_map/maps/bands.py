"""Coverage as a picture: every road in the colour of its band, as a small PNG with a transparent ground.

The picture is in Web Mercator, so that it lies rightly over a map (Folium's `ImageOverlay`), and under the markers of the report.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from stroke_map.editions.coverage import BANDS_MIN, MS_PER_MIN
from stroke_map.maps.mercator import project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stroke_map.editions.access import Access
    from stroke_map.maps.tile_lines import RoadShapes

    Bounds = tuple[float, float, float, float]

#: Within 15, 30, 45 and 60 minutes, and beyond: five steps of viridis, evenly darker, so that they also differ in grey.
#: Source: S. van der Walt and N. Smith, 2015, https://bids.github.io/colormap/
BAND_COLOURS: Final = ("#7ad151", "#22a884", "#2a788e", "#414487", "#330044")
#: Whether what is written on such a colour is white.
WHITE_ON_BAND: Final = (False, False, True, True, True)
_EMPTY_PX = 0
_MARGIN_SHARE = 0.03


@dataclass(frozen=True)
class Canvas:
    """A picture of `bounds` (west, south, east, north in degrees), `width` x `height` pixels, in Web Mercator."""

    bounds: Bounds
    width: int
    height: int

    def pixels(
        self, lon: NDArray[np.float64] | float, lat: NDArray[np.float64] | float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Degrees -> pixels from the left and from the top, with fractions."""
        west, south, east, north = self.bounds
        (left, right), (top, bottom) = project([west, east], [north, south])
        x, y = project(lon, lat)
        return (x - left) / (right - left) * self.width, (y - top) / (bottom - top) * self.height

    @property
    def km_per_px(self) -> float:
        """In the middle of the picture."""
        west, south, east, north = self.bounds
        return (east - west) * 111.195 * float(np.cos(np.radians((south + north) / 2))) / self.width


def canvas_of(accesses: list[Access], width: int) -> Canvas:
    """A canvas that holds every road that is counted in any of these editions, with a small margin."""
    sides = []
    for access in accesses:
        network, first = access.network, access.legs.first
        x, y = (np.concatenate([p[first], p[first + 1]]) * 1e-7 for p in (network.point_x, network.point_y))
        sides.append([x.min(), y.min(), x.max(), y.max()] if len(first) else network.bounds)
    west, south = np.min(sides, axis=0)[:2].tolist()
    east, north = np.max(sides, axis=0)[2:].tolist()
    margin = max(east - west, north - south, 1e-3) * _MARGIN_SHARE
    bounds = (west - margin, south - margin, east + margin, north + margin)
    (left, right), (top, bottom) = project([bounds[0], bounds[2]], [bounds[3], bounds[1]])
    # A region as narrow as a valley still gives a picture one can print.
    height = int(np.clip(width * (bottom - top) / (right - left), width / 4, width * 2))
    return Canvas(bounds, width, height)


class BandPainter:
    """Paints the roads of one edition; where they are on the canvas is found once for all capabilities.

    Parameters
    ----------
    spread_px
        How far a road's colour reaches, in pixels beside it.
    """

    def __init__(self, access: Access, canvas: Canvas, *, spread_px: int = 1) -> None:
        self.access, self.canvas, self._spread_px = access, canvas, spread_px
        self._legs = access.legs
        self._leg, self._pixel = pixels_along(canvas, access.network, self._legs.first)

    def paint(self, capability: str) -> bytes:
        """The picture of one capability as PNG."""
        ms, _ = self.access.at(self._legs.stretch, self._legs.middle, [capability])
        band = np.searchsorted(np.array(BANDS_MIN) * MS_PER_MIN, ms[:, 0])[self._leg]
        picture = np.full(self.canvas.width * self.canvas.height, _EMPTY_PX, dtype=np.uint8)
        for number in range(len(BAND_COLOURS)):
            # The farther over the nearer: what is not covered must not hide under what is.
            picture[self._pixel[band == number]] = number + 1
        return png_of(_spread(picture.reshape(self.canvas.height, self.canvas.width), self._spread_px), BAND_COLOURS)


def pixels_along(
    canvas: Canvas, network: RoadShapes, first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where straight parts of roads lie, each from point `first` to the next.

    Returns
    -------
    Which part (its place in `first`) each pixel belongs to, and the pixel as row * width + column; those beyond the edge lie on it.
    """
    x, y = canvas.pixels(*(p.astype(np.float64) * 1e-7 for p in (network.point_x, network.point_y)))
    from_x, from_y, to_x, to_y = x[first], y[first], x[first + 1], y[first + 1]
    steps = np.maximum(np.abs(to_x - from_x), np.abs(to_y - from_y)).astype(np.int64) + 1
    leg = np.repeat(np.arange(len(first)), steps)
    share = (np.arange(len(leg)) - np.repeat(np.cumsum(steps) - steps, steps) + 0.5) / steps[leg]
    column = from_x[leg] + share * (to_x - from_x)[leg]
    row = from_y[leg] + share * (to_y - from_y)[leg]
    pixel = np.clip(row.astype(np.int64), 0, canvas.height - 1) * canvas.width
    return leg, pixel + np.clip(column.astype(np.int64), 0, canvas.width - 1)


def coverage_image(
    access: Access, capability: str, *, width_px: int = 1024, spread_m: float = 300.0
) -> tuple[bytes, Bounds]:
    """The bands of a capability as a layer for a map.

    Parameters
    ----------
    spread_m
        How far from a road its colour reaches, so that a street shows at low zooms and a town is one area.

    Returns
    -------
    A PNG in Web Mercator, transparent where there is no road, and its (west, south, east, north) in degrees, WGS-84.
    """
    canvas = canvas_of([access], width_px)
    painter = BandPainter(access, canvas, spread_px=round(spread_m / 1000 / canvas.km_per_px))
    return painter.paint(capability), canvas.bounds


def _spread(picture: NDArray[np.uint8], px: int) -> NDArray[np.uint8]:
    """Let colours grow into empty neighbours, a pixel at a time, in turns as a square and as a cross: nearly round."""
    for turn in range(px):
        grown = picture.copy()
        for rows, columns in ((0, 1), (0, -1), (1, 0), (-1, 0)) if turn % 2 else _AROUND:
            moved = _moved(picture, rows, columns)
            grown = np.where(picture == _EMPTY_PX, np.maximum(grown, moved), grown)
        picture = grown
    return picture


_AROUND = tuple((rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1) if rows or columns)


def _moved(picture: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The picture so many rows down and columns to the right; what comes in from outside is empty."""
    height, width = picture.shape
    moved = np.full_like(picture, _EMPTY_PX)
    moved[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)] = picture[
        max(-rows, 0) : height + min(-rows, 0), max(-columns, 0) : width + min(-columns, 0)
    ]
    return moved


def png_of(picture: NDArray[np.uint8], colours: Sequence[str]) -> bytes:
    """A picture as PNG: 0 is transparent, 1 the first of the colours (at most 15, as `#rrggbb`)."""
    image = Image.fromarray(picture)
    image.putpalette([0, 0, 0, *(int(colour[at : at + 2], 16) for colour in colours for at in (1, 3, 5))])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=_EMPTY_PX, bits=4)
    return buffer.getvalue()
