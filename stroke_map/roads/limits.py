"""Limits of height, width, length and weight against the vehicle's own size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stroke_map.roads.tagging import Direction, Issues, Tags, directed, values_of
from stroke_map.roads.units import parse_length_m, parse_weight_t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.roads.profile_tables import Limits, Vehicle

_Dimension = Literal["height", "width", "length", "weight"]


def limit_keys(limits: Limits) -> frozenset[str]:
    """Every key that can limit size."""
    stated = (*limits.height, *limits.width, *limits.road_width, *limits.length, *limits.weight)
    return directed(stated) | {key for tables in limits.assumed.values() for key in tables}


def fits(
    tags: Tags, vehicle: Vehicle, limits: Limits, direction: Direction, issues: Issues, *, road_width: bool
) -> bool:
    """Whether every limit is above the vehicle's own size.

    `road_width`: the width of the element itself counts where no limit of width is understood.
    """
    own: dict[_Dimension, tuple[float, tuple[str, ...]]] = {
        "height": (vehicle.height_m, limits.height),
        "width": (vehicle.width_m, limits.width),
        "length": (vehicle.length_m, limits.length),
        "weight": (vehicle.weight_t, limits.weight),
    }
    for dimension, (size, keys) in own.items():
        stated = list(_figures(values_of(tags, keys, direction), dimension, limits.unlimited, issues))
        if not stated and dimension == "width" and road_width:
            widths = values_of(tags, limits.road_width, direction)
            stated = list(_figures(widths, dimension, limits.unlimited, issues))[:1]
        if not stated:
            tables = limits.assumed.get(dimension, {})
            stated = [table[tags[key]] for key, table in tables.items() if tags.get(key) in table]
        if any(limit <= size for limit in stated):
            return False
    return True


def _figures(
    values: Iterator[tuple[str, str, str]], dimension: _Dimension, unlimited: tuple[str, ...], issues: Issues
) -> Iterator[float]:
    """One figure for each key that has one."""
    parse = parse_weight_t if dimension == "weight" else parse_length_m
    settled: set[str] = set()
    for base, key, value in values:
        if base in settled:
            continue
        figure = parse(value)
        if figure is not None:
            yield figure
        elif value not in unlimited:
            issues.add((key, value))
            continue
        settled.add(base)
