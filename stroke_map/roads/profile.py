"""A profile: what one kind of vehicle may drive, how fast, and what hinders it. All of it is data.

A profile is a TOML file. It may start from another (`extends = "car"`): tables are merged, everything else replaced.
The meaning of each table is documented at the dataclass field of the same name below.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping  # noqa: TC003  (pydantic reads the annotations)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from stroke_map.errors import RoadDataError
from stroke_map.roads.classes import CLASS_INDEX, Flag

PROFILES_FOLDER = Path(__file__).parent / "profiles"

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Meaning = Literal["open", "allowed", "restricted", "closed", "ignored"]
"""What an access value means: `open` opens even what is closed by default; `allowed` leaves what the kind of way says;
`restricted` may be entered only to reach or leave a place on it; `closed`; `ignored` is not about access at all."""
Patterns = tuple[str, ...]
"""Tag values: plain ones, `*` for anything but `no`, `!value` for an exception from `*`."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The vehicle's own size: a limit must be above it."""

    width_m: Positive
    height_m: Positive
    length_m: Positive
    weight_t: Positive

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Turns:
    """What a turn costs.

    Attributes
    ----------
    max_turn_cost_s
        The sharpest turn onto another road, in seconds; straight on is free, half of it at a right angle, in between a sigmoid.
    cross_traffic_extra_s
        Added for a turn across oncoming traffic (left where one drives on the right), in seconds.
    u_turn_cost_s
        Back onto the same road, in seconds.
    steepness
        Of the sigmoid, per 180 degrees.
    side
        The side of the road one drives on.
    """

    max_turn_cost_s: NotNegative
    cross_traffic_extra_s: NotNegative
    u_turn_cost_s: NotNegative
    steepness: Positive
    side: Literal["right", "left"]

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class WayKind:
    """One kind of way, `[ways.KEY.VALUE]`.

    Attributes
    ----------
    road_class
        A name in `ROAD_CLASSES`.
    speed_kph
        Average driving speed where nothing better is known, in km/h.
    default
        Without access tags: `open`; `closed` until an access tag opens it; `never` at all.
    restricted_opens
        Whether a `restricted` access value opens a way that is closed by default.
    opened_by
        Access keys that may open a way that is closed by default; every one where empty.
    one_way
        Whether it is one-way unless tagged otherwise.
    start_allowed
        Whether a route may start or end on it.
    access
        Meanings of access values that differ on this kind of way.
    """

    road_class: str
    speed_kph: Positive
    default: Literal["open", "closed", "never"] = "open"
    restricted_opens: bool = False
    opened_by: tuple[str, ...] = ()
    one_way: bool = False
    start_allowed: bool = True
    access: Mapping[str, Meaning] = field(default_factory=dict)

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Access:
    """How access tags are read.

    Attributes
    ----------
    keys
        Most specific first; the first that is present and understood decides (each with `:forward` and `:backward`).
    grants
        Tags that open what the others close (`bus = ["yes"]` for an ambulance).
    values
        The meaning of each value.
    """

    keys: tuple[str, ...]
    grants: Mapping[str, Patterns]
    values: Mapping[str, Meaning]

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class OneWay:
    """How one-way tags are read: `keys`, most specific first, and the values for each meaning."""

    keys: tuple[str, ...]
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    both: tuple[str, ...]
    closed: tuple[str, ...]
    implied_by: Mapping[str, Patterns]

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Limits:
    """Keys that limit the vehicle's size.

    Attributes
    ----------
    height, width, length, weight
        Every one of these must be above the vehicle's own (each with `:forward` and `:backward`).
    road_width
        The width of a road itself: read where no `width` is understood, the first that is.
    unlimited
        Values that set no limit (`none`).
    assumed
        What a tag without a figure stands for, where no figure is understood: `assumed.width.narrow.yes = 2.3`
        (metres; tonnes for weight).
    """

    height: tuple[str, ...]
    width: tuple[str, ...]
    road_width: tuple[str, ...]
    length: tuple[str, ...]
    weight: tuple[str, ...]
    unlimited: tuple[str, ...]
    assumed: Mapping[Literal["height", "width", "length", "weight"], Mapping[str, Mapping[str, Positive]]]

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class PostedSpeeds:
    """How posted speeds are read.

    Attributes
    ----------
    keys
        The limit; the first that is understood (each with `:forward` and `:backward`).
    advisory_keys
        Advised speeds; they only ever lower the limit.
    implicit_keys
        Say where a limit comes from (`CN:urban`); used where no limit is understood.
    ignored
        Values that say nothing (`signals`).
    factor
        What drivers reach on average, as a share of the posted speed.
    implicit_kph
        Lower-case `cn:urban`, or `urban` for every country not listed, in km/h.
    """

    keys: tuple[str, ...]
    advisory_keys: tuple[str, ...]
    implicit_keys: tuple[str, ...]
    ignored: tuple[str, ...]
    factor: Share
    implicit_kph: Mapping[str, Positive]

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Nodes:
    """What stands on the road.

    Attributes
    ----------
    barrier_cost_s
        Barriers one can pass, and what that costs, in seconds. All others stop the vehicle.
    other_cost_s
        Any other barrier, where a tag says that it can be passed, in seconds.
    passable
        `[nodes.passable.BARRIER] KEY = patterns`: tags that say so (`bollard = ["rising"]`).
    closed
        Tags that make it impassable unless access tags say otherwise (`locked = ["yes"]`).
    restricted_cost_s
        Added where access to the node is restricted, in seconds.
    restricted_opens
        Whether a `restricted` access value, as an `open` one, lets the vehicle past a barrier that stops others.
    cost_s
        `[nodes.cost_s.KEY] VALUE = seconds` for one passage; the dearest counts.
    direction_keys
        Say for which direction of the way the thing stands; the first that is understood.
    """

    barrier_cost_s: Mapping[str, NotNegative]
    other_cost_s: NotNegative
    passable: Mapping[str, Mapping[str, Patterns]]
    closed: Mapping[str, Patterns]
    restricted_cost_s: NotNegative
    restricted_opens: bool
    cost_s: Mapping[str, Mapping[str, NotNegative]]
    direction_keys: tuple[str, ...]

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


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

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    def to_json(self) -> str:
        """The profile as a compiled network keeps it."""
        return _ADAPTER.dump_json(self, indent=1).decode()

    @staticmethod
    def from_json(text: str) -> Profile:
        """A profile from `to_json`; ValueError where it is none."""
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(Profile)


def matches(value: str | None, patterns: Patterns) -> bool:
    """Whether a tag value is meant by `patterns` (see `Patterns`); an absent tag never is."""
    if value is None or f"!{value}" in patterns:
        return False
    return value in patterns or ("*" in patterns and value != "no")


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
    except (OSError, UnicodeDecodeError, ValueError) as error:
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
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
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
        next_step="Use car or ambulance, or correct the named field; stroke_map/roads/profile.py explains each.",
    )
