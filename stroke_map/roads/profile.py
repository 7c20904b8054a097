"""A profile: what one kind of vehicle may drive, how fast, and what hinders it. All of it is data.

A profile is a TOML file. It may start from another (`extends = "car"`): tables are merged (an empty one empties),
everything else is replaced. The tables are explained at the dataclass fields of the same names, here and in
`profile_tables`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping  # noqa: TC003  (pydantic reads the annotations)
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from stroke_map.errors import RoadDataError
from stroke_map.roads.classes import CLASS_INDEX, Flag
from stroke_map.roads.profile_tables import (
    STRICT,
    Access,
    Limits,
    Nodes,
    NotNegative,
    OneWay,
    Patterns,
    Positive,
    PostedSpeeds,
    Share,
    Turns,
    Vehicle,
    WayKind,
)

PROFILES_FOLDER = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything the compiler knows of one kind of vehicle.

    Attributes
    ----------
    name
        Its name, as `from_osm(profile=...)` takes it.
    vehicle, turns, access, one_way, limits, posted, nodes
        See the classes of these tables.
    min_speed_kph, max_speed_kph
        Every speed is clipped to these, in km/h.
    speed_factor
        Applied to every driving speed: the service's own measure of how much faster it drives than others.
    restricted_pass_cost_s
        Driving through a restricted street from and to unrestricted ones, in seconds.
    restriction_modes
        `restriction:MODE` keys that bind this vehicle, most specific first.
    restriction_exceptions
        Values of `except=` that free it.
    way_keys
        Keys of `ways`; the first with a kind for its value decides.
    ways
        `[ways.KEY.VALUE]`; the value `*` stands for all others.
    closed
        Tags that close a way whatever else it says.
    closed_lanes
        `{"hov:lanes" = "designated"}`: the way is closed where every lane has this value.
    speed_caps_kph
        `[speed_caps_kph.KEY] VALUE = km/h`, `*` for all other values: the lowest holds; 0 closes the way.
    speed_factors
        `[speed_factors.KEY] VALUE = share`: the lowest holds.
    one_lane_factor, one_lane_width_m
        For two-way traffic on one lane, or on a road not wider than this (metres).
    timed
        Tags of ways whose `duration` is believed.
    flags
        `[flags.FLAG] KEY = patterns`.
    """

    name: str
    vehicle: Vehicle
    turns: Turns
    min_speed_kph: Positive
    max_speed_kph: Positive
    speed_factor: Positive
    restricted_pass_cost_s: NotNegative
    restriction_modes: tuple[str, ...]
    restriction_exceptions: tuple[str, ...]
    way_keys: tuple[str, ...]
    ways: Mapping[str, Mapping[str, WayKind]]
    access: Access
    one_way: OneWay
    closed: Mapping[str, Patterns]
    closed_lanes: Mapping[str, str]
    limits: Limits
    posted: PostedSpeeds
    speed_caps_kph: Mapping[str, Mapping[str, NotNegative]]
    speed_factors: Mapping[str, Mapping[str, Share]]
    one_lane_factor: Share
    one_lane_width_m: Positive
    timed: Mapping[str, Patterns]
    flags: Mapping[str, Mapping[str, Patterns]]
    nodes: Nodes

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    def to_json(self) -> str:
        """The profile as a compiled network keeps it."""
        return _ADAPTER.dump_json(self, indent=1).decode()

    @staticmethod
    def from_json(text: str) -> Profile:
        """A profile from `to_json`; ValueError where it is none."""
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(Profile)


def load_profile(name_or_path: str | Path) -> Profile:
    """Read a profile.

    Parameters
    ----------
    name_or_path
        `car`, `ambulance`, or the path of a TOML file.

    Raises
    ------
    RoadDataError
        No such profile, no TOML, or a value that makes no sense; the message names the file and the field.
    """
    table = _read(_find(name_or_path), seen=())
    try:
        profile = _ADAPTER.validate_python(table)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc'])) or 'profile'}: {each['msg']}" for each in error.errors()]
        raise _refuse(name_or_path, "; ".join(problems[:5])) from None
    _check_names(name_or_path, profile)
    return profile


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    shipped = PROFILES_FOLDER / f"{text}.toml"
    return shipped if text.isidentifier() and shipped.is_file() else Path(text)


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The table of a file, on top of the one it extends."""
    if path in seen:
        raise _refuse(path, "extends itself")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _refuse(path, str(error)) from None
    base = table.pop("extends", None)
    if base is None:
        return table
    if not isinstance(base, str):
        raise _refuse(path, "extends: should name a profile or a file")
    found = _find(base)
    return _merge(_read(found if found.is_absolute() else path.parent / found, (*seen, path)), table)


def _merge(base: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in table.items():
        below = merged.get(key)
        mergeable = isinstance(below, dict) and isinstance(value, dict) and bool(value)
        merged[key] = _merge(merged[key], value) if mergeable else value
    return merged


def _check_names(name_or_path: str | Path, profile: Profile) -> None:
    """What types cannot say."""
    for key, kinds in profile.ways.items():
        for value, kind in kinds.items():
            if kind.road_class not in CLASS_INDEX:
                raise _refuse(name_or_path, f"ways.{key}.{value}.road_class: {kind.road_class!r} is not a road class")
    for name in profile.flags:
        if name not in Flag.__members__:
            raise _refuse(name_or_path, f"flags.{name}: not one of {', '.join(Flag.__members__)}")
    for key in profile.way_keys:
        if key not in profile.ways:
            raise _refuse(name_or_path, f"way_keys: there is no table ways.{key}")
    if profile.min_speed_kph > profile.max_speed_kph:
        raise _refuse(name_or_path, "min_speed_kph is above max_speed_kph")


def _refuse(name_or_path: str | Path, problem: str) -> RoadDataError:
    return RoadDataError(
        f"The profile {name_or_path} cannot be used: {problem}",
        next_step="Use car or ambulance, or correct the named field; stroke_map/roads/profile.py and profile_tables.py explain each.",
    )
