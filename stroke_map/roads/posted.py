"""The speed a sign allows, in one direction of a way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stroke_map.roads.tagging import Direction, Issues, Tags, values_of
from stroke_map.roads.units import parse_speed_kph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stroke_map.roads.profile_tables import PostedSpeeds

_ZONE: Final = re.compile(r"(?:[a-z]{2}(?:-[a-z]{2,3})?:)?zone:?([0-9]{1,3})")
_COUNTRY: Final = re.compile(r"[a-z]{2}(?:-[a-z]{2,3})?:([a-z_]+)")


def posted_kph(tags: Tags, rules: PostedSpeeds, direction: Direction, issues: Issues) -> float | None:
    """The posted speed in km/h, None where none is understood.

    A limit comes before the place it is derived from (`CN:urban`); an advised speed only ever lowers it.
    """
    limit = _first(tags, rules.keys, rules, direction, issues) or _first(
        tags, rules.implicit_keys, rules, direction, issues
    )
    advised = _first(tags, rules.advisory_keys, rules, direction, issues)
    return min((speed for speed in (limit, advised) if speed is not None), default=None)


def _first(tags: Tags, keys: Iterable[str], rules: PostedSpeeds, direction: Direction, issues: Issues) -> float | None:
    for _, key, value in values_of(tags, keys, direction):
        speed = _understood_kph(value, rules)
        if speed is not None:
            return speed
        if value not in rules.ignored:
            issues.add((key, value))
    return None


def _understood_kph(value: str, rules: PostedSpeeds) -> float | None:
    text = value.strip().lower()
    if text in rules.implicit_kph:
        return rules.implicit_kph[text]
    if zone := _ZONE.fullmatch(text):
        return parse_speed_kph(zone[1])
    if place := _COUNTRY.fullmatch(text):
        return rules.implicit_kph.get(place[1])
    return parse_speed_kph(value)
