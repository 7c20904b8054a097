"""The icon of the service as PNG: a white cross on the red of "call 120", as static/img/icon.svg has it."""

from __future__ import annotations

import io
from functools import cache
from typing import Final

from PIL import Image, ImageDraw

#: File name -> (pixels, whether it may be cut to any shape: then its ground reaches the edge and its cross is smaller).
ICONS: Final = {
    "icon-180": (180, False),
    "icon-192": (192, False),
    "icon-512": (512, False),
    "maskable-512": (512, True),
}
RED: Final = "#b3141b"
_UNITS: Final = 32.0  # as in icon.svg
_CORNER: Final = 7.0
_CROSS: Final = ((13, 6, 19, 26), (6, 13, 26, 19))
_SMOOTHING: Final = 4


@cache
def icon(name: str) -> bytes:
    """One of `ICONS`, the same bytes each time."""
    side, maskable = ICONS[name]
    unit = side * _SMOOTHING / _UNITS
    picture = Image.new("RGBA", (side * _SMOOTHING, side * _SMOOTHING), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    whole = (0, 0, side * _SMOOTHING - 1, side * _SMOOTHING - 1)
    draw.rounded_rectangle(whole, radius=0 if maskable else _CORNER * unit, fill=RED)
    share = 0.8 if maskable else 1.0  # what no mask may cut: a circle of 80 % of the width
    for box in _CROSS:
        draw.rectangle([(_UNITS / 2 + (value - _UNITS / 2) * share) * unit for value in box], fill="#fff")
    buffer = io.BytesIO()
    picture.reduce(_SMOOTHING).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
