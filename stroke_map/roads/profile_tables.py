"""The tables of a profile: what can be said about one kind of vehicle, and in which form."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (pydantic reads the annotations)
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

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

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


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

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


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

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


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

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


@dataclass(frozen=True, slots=True)
class OneWay:
    """How one-way tags are read: `keys`, most specific first, and the values for each meaning."""

    keys: tuple[str, ...]
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    both: tuple[str, ...]
    closed: tuple[str, ...]
    implied_by: Mapping[str, Patterns]

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


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

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


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

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


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

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


def matches(value: str | None, patterns: Patterns) -> bool:
    """Whether a tag value is meant by `patterns` (see `Patterns`); an absent tag never is."""
    if value is None or f"!{value}" in patterns:
        return False
    return value in patterns or ("*" in patterns and value != "no")
