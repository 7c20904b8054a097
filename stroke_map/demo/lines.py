"""Lines to draw roads with: plain geometry in metres, x east and y north of the city's centre."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]
Tags = dict[str, str]
GROUND = 0
"""Level of roads that meet wherever they cross."""
EXPRESS = 1
"""Level of roads that meet others only at joints."""


@dataclass
class Line:
    """A road as drawn, before junctions cut it.

    Attributes
    ----------
    points
        Shape (n, 2), metres.
    tags
        OSM tags of the whole line.
    level
        `GROUND` or `EXPRESS`.
    zones
        (area, tags): the parts of the line inside the area carry these tags as well, as bridges do over water.
    """

    points: Points
    tags: Tags
    level: int = GROUND
    zones: list[tuple[BaseGeometry, Tags]] = field(default_factory=list)

    @property
    def geometry(self) -> shapely.LineString:
        """The line as shapely sees it."""
        return shapely.LineString(self.points)

    @property
    def kind(self) -> str:
        """The highway class; "" for a ferry."""
        return self.tags.get("highway", "")


def km(*points: tuple[float, float]) -> Points:
    """Control points given in kilometres, as metres."""
    return np.array(points, dtype=np.float64) * 1000


def lengths(points: Points) -> NDArray[np.float64]:
    """Distance along a line at each of its points, metres."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def at(points: Points, distance: float | NDArray[np.float64]) -> Points:
    """The place(s) at a distance along a line."""
    along = lengths(points)
    return np.stack([np.interp(distance, along, points[:, 0]), np.interp(distance, along, points[:, 1])], axis=-1)


def resample(points: Points, step: float) -> Points:
    """The same line with points about `step` metres apart, its ends kept."""
    total = lengths(points)[-1]
    return at(points, np.linspace(0, total, max(2, round(total / step) + 1)))


def normals(points: Points) -> Points:
    """Unit vectors to the left of the direction of travel, one a point."""
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    return np.stack([-along[:, 1], along[:, 0]], axis=1)


def spline(controls: Points, step: float = 40.0, *, closed: bool = False) -> Points:
    """A smooth line through control points (Catmull-Rom), points about `step` metres apart."""
    ring = (
        np.vstack([controls[-1:], controls, controls[:2]])
        if closed
        else np.vstack([2 * controls[0] - controls[1], controls, 2 * controls[-1] - controls[-2]])
    )
    t = np.linspace(0, 1, 24, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ring[:-3], ring[1:-2], ring[2:-1], ring[3:], strict=True)
    ]
    return resample(np.vstack([*pieces, ring[-2:-1]]), step)


def bezier(start: Points, start_pull: Points, end_pull: Points, end: Points, step: float = 25.0) -> Points:
    """A ramp: leaves `start` towards `start_pull` and reaches `end` from `end_pull`."""
    t = np.linspace(0, 1, 40)[:, None]
    curve = (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * start_pull + 3 * (1 - t) * t**2 * end_pull + t**3 * end
    return resample(curve, step)


def beside(points: Points, distance: float, taper: float = 0.0) -> Points:
    """The line moved to its left by `distance` metres; with `taper` it starts and ends on the line itself."""
    along = lengths(points)
    width = np.full(len(points), distance)
    if taper:
        width *= np.clip(np.minimum(along, along[-1] - along) / taper, 0, 1)
    return points + normals(points) * width[:, None]


def winding(start: Points, end: Points, rng: np.random.Generator, rough: float = 0.16, bends: float = 60.0) -> Points:
    """A country road: midpoints displaced again and again, then bends of about `bends` metres laid over it."""
    path = np.array([start, end], dtype=np.float64)
    while np.hypot(*(path[1] - path[0])) > 1800:
        middle = (path[:-1] + path[1:]) / 2
        chord = np.diff(path, axis=0)
        middle += np.stack([-chord[:, 1], chord[:, 0]], axis=1) * rng.normal(0, rough, len(middle))[:, None].clip(
            -0.3, 0.3
        )
        path = np.insert(path, np.arange(1, len(path)), middle, axis=0)
    path = spline(path, 25.0)
    along = lengths(path)
    phase, wave = rng.uniform(0, 6.28, 3), rng.uniform(380, 900, 3)
    sway = sum(np.sin(along * 6.28 / w + p) for w, p in zip(wave, phase, strict=True)) / 1.8
    ends = np.clip(np.minimum(along, along[-1] - along) / 500, 0, 1)
    return path + normals(path) * (sway * bends * ends)[:, None]


def pieces(geometry: BaseGeometry, shortest: float) -> list[Points]:
    """The lines of at least `shortest` metres in what a clip left over."""
    return [
        shapely.get_coordinates(part)
        for part in shapely.get_parts(geometry)
        if part.geom_type == "LineString" and part.length >= shortest
    ]


def polyline(points: Sequence[Sequence[float]]) -> Points:
    """Any list of points as an array of shape (n, 2)."""
    return np.array(points, dtype=np.float64)
