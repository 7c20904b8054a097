"""Coverage bands as a layer of the public map: a picture for each treatment, drawn when an edition is made and sealed with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import orjson

from stroke_map.editions.access import open_access, told_capabilities
from stroke_map.editions.edition import BANDS_FOLDER
from stroke_map.maps.bands import BandPainter, canvas_of
from stroke_map.maps.markers import MARKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date
    from pathlib import Path

__all__ = ["BANDS_FILE", "BANDS_FOLDER", "bands_of", "draw_bands"]

BANDS_FILE: Final = "bands.json"
_WIDTH_PX: Final = 1024
#: How far from a road its colour reaches, so that a street shows from afar and a town is one area.
_SPREAD_M: Final = 250.0
#: In a village that would be the whole picture, and each pixel takes a walk through it.
_MOST_SPREAD_PX: Final = 12


def draw_bands(
    folder: Path,
    day: date,
    progress: Callable[[float], None] | None = None,
    *,
    only: Collection[str] | None = None,
) -> None:
    """Draw the bands of an edition that has roads, arrivals and hospitals, and is not sealed yet.

    Parameters
    ----------
    folder
        The edition's.
    day
        Accreditations count that hold on this day.
    progress
        Called with the share done, 0 to 1.
    only
        Of these capabilities alone; the pictures of the others are there already. None: of all.
    """
    tell = progress or (lambda _: None)
    wanted = [marker.capability for markers in MARKERS.values() for marker in markers]
    drawn = [name for name in wanted if only is None or name in only]
    if not drawn:
        return
    # By car, as everything that the public map says.
    access = open_access(folder, day=day, profile="car", only=drawn, progress=lambda done: tell(done * 0.7))
    canvas = canvas_of([access], _WIDTH_PX)
    painter = BandPainter(
        access, canvas, spread_px=min(_MOST_SPREAD_PX, max(1, round(_SPREAD_M / 1000 / canvas.km_per_px)))
    )
    (folder / BANDS_FOLDER).mkdir(exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        for name, png in zip(access.capabilities, pool.map(painter.paint, access.capabilities), strict=True):
            (folder / BANDS_FOLDER / f"{name}.png").write_bytes(png)
    there = told_capabilities(access.hospitals, day)
    west, south, east, north = (round(side, 6) for side in canvas.bounds)
    told = {"bounds": [[south, west], [north, east]], "capabilities": [name for name in wanted if name in there]}
    file = folder / BANDS_FOLDER / BANDS_FILE
    file.unlink(missing_ok=True)  # it may be another edition's too
    file.write_bytes(orjson.dumps(told))
    tell(1.0)


def bands_of(folder: Path) -> dict[str, Any] | None:
    """Where the pictures of a sealed edition lie ([[south, west], [north, east]] in degrees) and which there are; None: none."""
    try:
        told: dict[str, Any] = orjson.loads((folder / BANDS_FOLDER / BANDS_FILE).read_bytes())
    except FileNotFoundError:
        return None
    return told if told["capabilities"] else None
