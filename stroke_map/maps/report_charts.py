"""The pictures of the report as plain numbers: bars and maps, which the template draws as SVG."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stroke_map.editions.access import MAIN_CAPABILITIES
from stroke_map.editions.coverage import BANDS_MIN
from stroke_map.maps.bands import WHITE_ON_BAND, BandPainter, canvas_of
from stroke_map.maps.markers import MARKERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stroke_map.editions.access import Access
    from stroke_map.editions.coverage import Coverage
    from stroke_map.maps.bands import Canvas
    from stroke_map.registry import Hospital

BARS_WIDTH: Final = 640
_ROW_HEIGHT, _GROUP_GAP = 20, 12
#: A part narrower than this has no room for its figure.
_LEAST_LABELLED = 40
MAP_WIDTH: Final = 900
_SCALES_KM: Final = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
_PIN_PX = 22
_CHANGED: Final = {"before": "lost", "after": "gained"}
_MARKER_OF: Final = {marker.capability: marker for kinds in MARKERS.values() for marker in kinds}


class Part(NamedTuple):
    """The part of a bar that is one band."""

    band: int
    x: float
    width: float
    label: str
    white: bool


class Bar(NamedTuple):
    """The bands of one capability in one edition (`which` is before or after)."""

    capability: str
    which: str
    y: float
    parts: list[Part]


class Bars(NamedTuple):
    """A chart of bars, `height` high and `BARS_WIDTH` wide; `tops` is where the bars of a capability begin."""

    height: float
    bars: list[Bar]
    tops: dict[str, float]


class Pin(NamedTuple):
    """A hospital on a map, in its pixels. `state` is "", "gained" or "lost"."""

    x: float
    y: float
    name_zh: str
    name_en: str
    state: str


class BandMap(NamedTuple):
    """One capability of one edition: the roads as a PNG in base64, the hospitals that can, and a scale."""

    capability: str
    which: str
    width: int
    height: int
    png: str
    shape: str
    letter: str
    pins: list[Pin]
    scale_km: float
    scale_px: float


def shares(coverage: Coverage, capability: str, of: str) -> tuple[float, ...]:
    """How much of all road (`of` "road") or people is within each band, 0 to 1; none where no hospital can."""
    reach = coverage.reach.get(capability)
    if reach is None:
        return (0.0,) * len(BANDS_MIN)
    within, whole = (reach.km, coverage.road_km) if of == "road" else (reach.people or (), coverage.people or 0)
    return tuple(value / whole if whole else 0.0 for value in within)


def coverage_bars(editions: Mapping[str, Coverage], of: str) -> Bars:
    """A bar for each capability of each edition, those of one capability beside each other."""
    bars, tops, y = [], {}, 0.0
    for capability in capabilities_of(editions.values()):
        tops[capability] = y
        for which, coverage in editions.items():
            bars.append(Bar(capability, which, y, list(_parts(shares(coverage, capability, of)))))
            y += _ROW_HEIGHT
        y += _GROUP_GAP
    return Bars(y - _GROUP_GAP, bars, tops)


def capabilities_of(coverages: Iterable[Coverage]) -> list[str]:
    """Every capability that one of them tells, in their order."""
    return list(dict.fromkeys(name for coverage in coverages for name in coverage.reach))


def _parts(within: tuple[float, ...]) -> Iterator[Part]:
    for band, (low, high) in enumerate(pairwise((0.0, *within, 1.0))):
        width = (high - low) * BARS_WIDTH
        label = f"{(high - low) * 100:.0f} %" if width >= _LEAST_LABELLED else ""
        yield Part(band, low * BARS_WIDTH, width, label, WHITE_ON_BAND[band])


def coverage_maps(editions: Mapping[str, Access], matches: Mapping[str, str]) -> list[BandMap]:
    """Maps of the main capabilities, those of one capability beside each other, all of one frame.

    Parameters
    ----------
    matches
        Id before -> id after.
    """
    canvas = canvas_of(list(editions.values()), MAP_WIDTH)
    painters = {which: BandPainter(access, canvas) for which, access in editions.items()}
    ids = {
        which: [matches.get(one.id, one.id) if which == "before" else one.id for one in access.hospitals]
        for which, access in editions.items()
    }
    scale_km = max((km for km in _SCALES_KM if km / canvas.km_per_px <= canvas.width / 4), default=_SCALES_KM[0])
    made = []
    for capability in MAIN_CAPABILITIES:
        marker = _MARKER_OF[capability]
        columns = {which: _columns(access, capability) for which, access in editions.items()}
        able = {which: {ids[which][column] for column in columns[which]} for which in editions}
        in_all = set.intersection(*able.values())
        for which, painter in painters.items():
            pins = [
                _pin(painter.access.hospitals[column], canvas, "" if ids[which][column] in in_all else _CHANGED[which])
                for column in columns[which]
            ]
            made.append(BandMap(
                capability, which, canvas.width, canvas.height, base64.b64encode(painter.paint(capability)).decode(),
                marker.shape, marker.letter["zh"], sorted(pins, key=lambda pin: bool(pin.state)),  # those on top
                scale_km, scale_km / canvas.km_per_px,
            ))  # fmt: skip
    return made


def _columns(access: Access, capability: str) -> list[int]:
    columns: list[int] = np.flatnonzero(access.able[access.capabilities.index(capability)]).tolist()
    return columns


def _pin(hospital: Hospital, canvas: Canvas, state: str) -> Pin:
    x, y = canvas.pixels(hospital.entrance_lon, hospital.entrance_lat)
    # A hospital across the border, beyond the picture, still serves the region: it stands at the picture's edge.
    x, y = np.clip(x, _PIN_PX, canvas.width - _PIN_PX), np.clip(y, _PIN_PX, canvas.height - _PIN_PX)
    return Pin(round(float(x), 1), round(float(y), 1), hospital.name_zh, hospital.name_en, state)
