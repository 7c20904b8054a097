"""Predicted against actual minutes of the runs held out, before and after, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.calibration.calibrate import Calibrated
    from stroke_map.calibration.fit import Measures

_SIDE: Final = 420
_MARGIN: Final = 64
_BEFORE, _AFTER, _INK, _FAINT = "#b3541e", "#1f6f8b", "#222222", "#cccccc"
_MOST_TICKS: Final = 6
# Below so many minutes a picture shows noise only.
_LEAST_MIN: Final = 10


def draw_plot(calibrated: Calibrated, path: Path) -> None:
    """Write a PNG: two squares, each run a dot, exact predictions on the diagonal."""
    actual = calibrated.held_out.actual_s / 60
    panels = (
        ("before", calibrated.before_s / 60, calibrated.before, _BEFORE),
        ("after", calibrated.after_s / 60, calibrated.after, _AFTER),
    )
    longest = max(float(values.max()) for values in (actual, panels[0][1], panels[1][1]))
    step = next(step for step in (2, 5, 10, 20, 50, 100, 200) if longest <= step * _MOST_TICKS or step == 200)
    top = max(int(np.ceil(longest / step)) * step, _LEAST_MIN)
    image = Image.new("RGB", (2 * (_SIDE + _MARGIN) + _MARGIN // 2, _SIDE + 2 * _MARGIN), "white")
    draw = ImageDraw.Draw(image)
    for number, (name, predicted, measures, colour) in enumerate(panels):
        left = _MARGIN + number * (_SIDE + _MARGIN)
        _axes(draw, left, top, step, f"{name}: {_words(measures)}")
        for p, a in zip(predicted.tolist(), actual.tolist(), strict=True):
            x, y = left + p / top * _SIDE, _MARGIN + _SIDE - a / top * _SIDE
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), outline=colour)
    image.save(path, format="PNG")


def _words(measures: Measures) -> str:
    return (
        f"bias {measures.bias_min:+.1f} min, error {measures.mean_error_min:.1f} min, "
        f"{measures.within_2_min:.0%} within 2, {measures.within_5_min:.0%} within 5"
    )


def _axes(draw: ImageDraw.ImageDraw, left: int, top: int, step: int, title: str) -> None:
    font = ImageFont.load_default(12)
    bottom = _MARGIN + _SIDE
    for value in range(0, top + 1, step):
        along = value / top * _SIDE
        draw.line((left + along, _MARGIN, left + along, bottom), fill=_FAINT)
        draw.line((left, bottom - along, left + _SIDE, bottom - along), fill=_FAINT)
        draw.text((left + along, bottom + 4), str(value), fill=_INK, font=font, anchor="mt")
        draw.text((left - 6, bottom - along), str(value), fill=_INK, font=font, anchor="rm")
    draw.rectangle((left, _MARGIN, left + _SIDE, bottom), outline=_INK)
    draw.line((left, bottom, left + _SIDE, _MARGIN), fill=_INK)
    draw.text((left, _MARGIN - 22), title, fill=_INK, font=font)
    draw.text((left + _SIDE / 2, bottom + 24), "predicted minutes", fill=_INK, font=font, anchor="mt")
    draw.text((left, _MARGIN - 40), "actual minutes, held-out runs", fill=_INK, font=font)
