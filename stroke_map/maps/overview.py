"""The map of a whole region as plain numbers, which `templates/overview.html` draws as SVG: for paper and for pages without a script.

Roads are the edition's own, hospitals are told apart as on every map here (see markers.py), and their short names stand where
there is room. Where hospitals stand so close that their markers would lie over each other, a second picture enlarges that part.
"""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from stroke_map.maps.bands import Canvas
from stroke_map.maps.markers import MARKERS, OTHER, Marker, marker_of
from stroke_map.maps.mercator import project, unproject
from stroke_map.maps.outlines import border_path, path_of, water_path
from stroke_map.maps.tile_lines import Lines, lines_for_zoom
from stroke_map.maps.tile_style import ROAD_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import shapely

    from stroke_map.maps.tile_lines import RoadShapes

    Bounds = tuple[float, float, float, float]
    Box = tuple[float, float, float, float]

WIDTH: Final = 1000
_INSET_WIDTH: Final = 520
PIN_PX: Final = 15  # from the middle of a marker to its edge
_DOT_PX: Final = 5
_TEXT_PX: Final = 17
_MARGIN_SHARE: Final = 0.04
_SHALLOWEST_ZOOM: Final = 8  # roads of a province; shallower ones are too few to find one's way by
_DEEPEST_ZOOM: Final = 12  # deeper ones draw every street
_SCALES_KM: Final = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
#: A crowd: so many markers in a part of the map that is so much of its width and height.
_CROWD: Final = 4
_CROWD_SHARE: Final = 0.16
_LONGEST_LABEL: Final = 14  # characters' widths of Chinese


class Pin(NamedTuple):
    """A hospital in pixels, with the id that the list gives it; a `small` one is a dot: the enlarged part shows it as it is."""

    x: float
    y: float
    marker: Marker
    id: str
    name: str
    small: bool


class Label(NamedTuple):
    """A name beside a marker; `anchor` as SVG's text-anchor."""

    x: float
    y: float
    text: str
    anchor: str


class Road(NamedTuple):
    """All roads of one kind: a path, its width in pixels and its colour."""

    path: str
    width: float
    colour: str


class RegionMap(NamedTuple):
    """A picture of `width` x `height` pixels; `crowd` is the frame (x, y, width, height) of the part that `inset` enlarges."""

    width: int
    height: int
    border: str
    water: str
    roads: list[Road]
    pins: list[Pin]
    labels: list[Label]
    scale_km: float
    scale_px: float
    crowd: Box | None = None
    inset: RegionMap | None = None


def around(points: Sequence[Sequence[float]], *, at_least: float = 0.05) -> Bounds:
    """West, south, east, north of points (lon, lat), `at_least` so many degrees across and down."""
    lon, lat = np.array(points, dtype=np.float64).T
    (west, east), (south, north) = ((values.min(), values.max()) for values in (lon, lat))
    across, down = max(0.0, at_least - (east - west)) / 2, max(0.0, at_least - (north - south)) / 2
    return float(west - across), float(south - down), float(east + across), float(north + down)


def frame_of(bounds: Bounds, *, width: int = WIDTH, margin: float = _MARGIN_SHARE) -> Canvas:
    """A canvas around `bounds` (west, south, east, north in degrees), never flatter or taller than 1 to 2."""
    (left, right), (top, bottom) = project([bounds[0], bounds[2]], [bounds[3], bounds[1]])
    across, down = max(float(right - left), 1e-7), max(float(bottom - top), 1e-7)
    across, down = max(across, down / 2) * (1 + 2 * margin), max(down, across / 2) * (1 + 2 * margin)
    middle = (float(left + right) / 2, float(top + bottom) / 2)
    corners = (
        _degrees(middle[0] - across / 2, middle[1] - down / 2),
        _degrees(middle[0] + across / 2, middle[1] + down / 2),
    )
    (west, north), (east, south) = corners
    return Canvas((west, south, east, north), width, round(width * down / across))


def _degrees(x: float, y: float) -> tuple[float, float]:
    lon, lat = unproject(x, y)
    return float(lon), float(lat)


def region_map(
    hospitals: Mapping[str, Any],
    network: RoadShapes,
    *,
    bounds: Bounds,
    lang: str,
    condition: str,
    polygon: shapely.Geometry | None = None,
    water: Iterable[Any] = (),
    with_names: bool = True,
    enlarge: bool = True,
    width: int = WIDTH,
) -> RegionMap:
    """Draw every hospital that can treat `condition`.

    Parameters
    ----------
    hospitals
        What `geojson.hospitals_geojson` gives.
    network
        Whose roads are drawn.
    bounds
        West, south, east, north of what must be seen, in degrees, WGS-84.
    polygon
        The region, (lon, lat) in degrees; its border is drawn.
    water
        Polygons of it; lines among them are left out.
    enlarge
        Whether a crowd of hospitals gets a picture of its own.
    width
        In pixels; markers and names keep their size.
    """
    shown = _able(hospitals, condition, lang)
    canvas = frame_of(bounds, width=width)
    crowd = _crowd(canvas, shown) if enlarge else None
    drawn = _draw(canvas, shown, network, polygon, water, crowd=crowd, with_names=with_names)
    if crowd is None:
        return drawn
    x, y, across, down = crowd
    west, north = _at(canvas, x, y)
    east, south = _at(canvas, x + across, y + down)
    inside = [one for one in shown if _within(canvas, one, crowd)]
    close = frame_of((west, south, east, north), width=_INSET_WIDTH, margin=0.0)
    return drawn._replace(inset=_draw(close, inside, network, polygon, water, with_names=with_names))


class _Shown(NamedTuple):
    id: str
    name: str
    lon: float
    lat: float
    marker: Marker


def _able(hospitals: Mapping[str, Any], condition: str, lang: str) -> list[_Shown]:
    """Those that can treat it, the greater treatment first, then by id: what is drawn and named first."""
    shown = []
    for feature in hospitals["features"]:
        told = feature["properties"]
        marker = marker_of(told["capabilities"], condition)
        if marker is not OTHER:
            name = (told["name_short"] or told["name"]["zh"]) if lang == "zh" else told["name"][lang]
            lon, lat = feature["geometry"]["coordinates"]
            shown.append(_Shown(told["id"], name, lon, lat, marker))
    return sorted(shown, key=lambda one: (MARKERS[condition].index(one.marker), one.id))


def _draw(
    canvas: Canvas,
    shown: Sequence[_Shown],
    network: RoadShapes,
    polygon: shapely.Geometry | None,
    water: Iterable[Any],
    *,
    crowd: Box | None = None,
    with_names: bool,
) -> RegionMap:
    pins = []
    for one in shown:
        x, y = canvas.pixels(one.lon, one.lat)
        # A hospital across the border, beyond the picture, still serves the region: it stands at the picture's edge.
        x, y = np.clip(x, PIN_PX, canvas.width - PIN_PX), np.clip(y, PIN_PX, canvas.height - PIN_PX)
        small = crowd is not None and _within(canvas, one, crowd)
        pins.append(Pin(round(float(x), 1), round(float(y), 1), one.marker, one.id, one.name, small))
    scale_km = max((km for km in _SCALES_KM if km / canvas.km_per_px <= canvas.width / 4), default=_SCALES_KM[0])
    return RegionMap(
        canvas.width, canvas.height, border_path(canvas, polygon), water_path(canvas, water), list(_roads(canvas, network)),
        pins[::-1],  # the greater treatment on top
        list(_labels(pins, canvas, crowd)) if with_names else [],
        scale_km, round(scale_km / canvas.km_per_px, 1), crowd,
    )  # fmt: skip


def _at(canvas: Canvas, x: float, y: float) -> tuple[float, float]:
    west, south, east, north = canvas.bounds
    (left, right), (top, bottom) = project([west, east], [north, south])
    return _degrees(float(left + (right - left) * x / canvas.width), float(top + (bottom - top) * y / canvas.height))


# ---- roads


def _roads(canvas: Canvas, network: RoadShapes) -> Iterator[Road]:
    lines = _lines_of(network, _zoom_of(canvas))
    for number, style in enumerate(ROAD_STYLES):
        mine = np.flatnonzero(lines.style == number)
        path = "".join(_path(canvas, lines, mine))
        if path:
            red, green, blue = style.casing
            yield Road(path, round(style.width_z12, 1), f"#{red:02x}{green:02x}{blue:02x}")


_LINES: WeakKeyDictionary[RoadShapes, dict[int, Lines]] = WeakKeyDictionary()


def _lines_of(network: RoadShapes, zoom: int) -> Lines:
    """The lines of a zoom, joined once for all pictures of a network: of a province that takes seconds."""
    mine = _LINES.setdefault(network, {})
    if zoom not in mine:
        mine[zoom] = lines_for_zoom(network, zoom)
    return mine[zoom]


def _zoom_of(canvas: Canvas) -> int:
    """The zoom whose tiles are about as large as this picture."""
    west, _, east, _ = canvas.bounds
    zoom = math.log2(canvas.width / 256 * 360 / (east - west))
    return int(np.clip(round(zoom + 0.3), _SHALLOWEST_ZOOM, _DEEPEST_ZOOM))


def _path(canvas: Canvas, lines: Lines, chosen: np.ndarray) -> Iterator[str]:
    """The lines that touch the picture as SVG path data in whole pixels, each step relative to the one before."""
    west, south, east, north = canvas.bounds
    (left, right), (top, bottom) = project([west, east], [north, south])
    box = lines.boxes[chosen]
    near = (box[:, 2] >= left) & (box[:, 0] <= right) & (box[:, 3] >= top) & (box[:, 1] <= bottom)
    scale = np.array([canvas.width / (right - left), canvas.height / (bottom - top)])
    for line in chosen[near]:
        points = lines.points[lines.first[line] : lines.first[line + 1]]
        yield path_of(np.round((points - [left, top]) * scale).astype(int))


# ---- crowds and names


def _within(canvas: Canvas, one: _Shown, box: Box) -> bool:
    x, y = canvas.pixels(one.lon, one.lat)
    return bool(box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3])


def _crowd(canvas: Canvas, shown: Sequence[_Shown]) -> Box | None:
    """Where most hospitals stand within a small part of the map, if some of them lie over each other; a box in pixels."""
    if len(shown) < _CROWD:
        return None
    x, y = canvas.pixels(np.array([one.lon for one in shown]), np.array([one.lat for one in shown]))
    across, down = canvas.width * _CROWD_SHARE, canvas.height * _CROWD_SHARE
    near = (np.abs(x[:, None] - x) <= across / 2) & (np.abs(y[:, None] - y) <= down / 2)
    best = int(near.sum(axis=1).argmax())
    mine = near[best]
    covered = np.hypot(x[:, None] - x, y[:, None] - y)[np.ix_(mine, mine)] < 2 * PIN_PX
    if mine.sum() < _CROWD or covered.sum() <= mine.sum():  # each covers itself
        return None
    left = float(np.clip(x[mine].mean() - across / 2, 0, canvas.width - across))
    top = float(np.clip(y[mine].mean() - down / 2, 0, canvas.height - down))
    return round(left, 1), round(top, 1), round(across, 1), round(down, 1)


def _labels(pins: Sequence[Pin], canvas: Canvas, crowd: Box | None) -> Iterator[Label]:
    """Names that lie over no marker, no other name and not over the edge; who comes first has the choice."""
    taken: list[Box] = [_around(pin) for pin in pins]
    if crowd:
        taken.append(crowd)
    for pin in pins:
        text = "" if pin.small else _short(pin.name)
        width, gap = _width(text), PIN_PX + 4
        places = (
            (pin.x + gap, pin.y + _TEXT_PX * 0.36, "start", pin.x + gap, pin.y - _TEXT_PX / 2),
            (pin.x - gap, pin.y + _TEXT_PX * 0.36, "end", pin.x - gap - width, pin.y - _TEXT_PX / 2),
            (pin.x, pin.y + gap + _TEXT_PX * 0.8, "middle", pin.x - width / 2, pin.y + gap - 2),
            (pin.x, pin.y - gap - 2, "middle", pin.x - width / 2, pin.y - gap - _TEXT_PX),
        )
        for x, y, anchor, left, top in places if text else ():
            box = (left, top, width, float(_TEXT_PX))
            inside = left > 2 and top > 2 and left + width < canvas.width - 2 and top + _TEXT_PX < canvas.height - 2
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                yield Label(round(x, 1), round(y, 1), text, anchor)
                break


def _around(pin: Pin) -> Box:
    reach = _DOT_PX if pin.small else PIN_PX + 1
    return pin.x - reach, pin.y - reach, 2 * reach, 2 * reach


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def _columns(text: str) -> Iterable[float]:
    """The width of each character, in widths of a Chinese one."""
    return (1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.58 for letter in text)


def _width(text: str) -> float:
    return sum(_columns(text)) * _TEXT_PX


def _short(name: str) -> str:
    """As much of a name as a map has room for."""
    room = float(_LONGEST_LABEL)
    for at, width in enumerate(_columns(name)):
        room -= width
        if room < 0:
            return name[:at].rstrip() + "…"
    return name
