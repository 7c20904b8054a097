"""Log-log plots as SVG, side by side."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scale.fitting import Line

_WIDE, _HIGH, _LEFT, _TOP, _LABELS, _BELOW = 330, 380, 46, 34, 250, 40
#: Okabe and Ito's, which people who see few colours tell apart too.
_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#000000",
    "#e69f00",
    "#56b4e9",
    "#7a5195",
    "#666666",
    "#a05a2c",
)
_LABEL_HIGH = 15.0


class _Axis:
    """Whole decades around some numbers, drawn from `begin` to `end` in pixels."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self._low = math.floor(math.log10(min(values)))
        self._high = max(math.ceil(math.log10(max(values))), self._low + 1)
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        """Where a number stands."""
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return round(self._begin + share * (self._end - self._begin), 1)

    @property
    def decades(self) -> list[tuple[str, float]]:
        """Each power of ten, as it is written."""
        return [(f"{10.0**power:,g}", 10.0**power) for power in range(self._low, self._high + 1)]


def write_plots(plots: Sequence[tuple[str, str, Sequence[Line]]], path: Path) -> None:
    """Write plots, each of a title, the name of its x axis and its lines, which are named with their exponents."""
    one = _LEFT + _WIDE + _LABELS
    width, height = one * len(plots), _TOP + _HIGH + _BELOW
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">',
        f'<rect {size} fill="#fff"/>',
    ]
    for number, (title, below, lines) in enumerate(plots):
        parts += [f'<g transform="translate({one * number + _LEFT},{_TOP})">', *_plot(title, below, lines), "</g>"]
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


def _plot(title: str, below: str, lines: Sequence[Line]) -> list[str]:
    x = _Axis([value for line in lines for value in line.x], 0, _WIDE)
    y = _Axis([value for line in lines for value in line.y], _HIGH, 0)
    parts = [_text(0, -14, title, 'font-size="13" font-weight="bold"')]
    for written, value in x.decades:
        parts.append(f'<path d="M{x.at(value)} 0V{_HIGH}" stroke="#ddd"/>')
        parts.append(_text(x.at(value), _HIGH + 16, written, 'text-anchor="middle"'))
    for written, value in y.decades:
        parts.append(f'<path d="M0 {y.at(value)}H{_WIDE}" stroke="#ddd"/>')
        parts.append(_text(-5, y.at(value) + 4, written, 'text-anchor="end"'))
    parts.append(_text(_WIDE / 2, _HIGH + 33, below, 'text-anchor="middle"'))
    places = _apart([y.at(line.y[-1]) for line in lines])
    for line, colour, place in zip(lines, _COLOURS, places, strict=False):
        points = [(x.at(a), y.at(b)) for a, b in zip(line.x, line.y, strict=True)]
        way = " ".join(f"{a},{b}" for a, b in points)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        parts += [f'<circle cx="{a}" cy="{b}" r="2.6" fill="{colour}"/>' for a, b in points]
        parts.append(_text(_WIDE + 8, place + 4, f"{line.name}: n^{line.exponent:.2f}", f'fill="{colour}"'))
    return parts


def _apart(places: Sequence[float]) -> list[float]:
    """The same places, moved down as far as names below each other need."""
    moved, free = dict[int, float](), 0.0
    for number in sorted(range(len(places)), key=places.__getitem__):
        moved[number] = free = max(places[number], free)
        free += _LABEL_HIGH
    return [moved[number] for number in range(len(places))]


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(words)}</text>'
