"""Times of the week, and how much longer roads take in them. All of it is data: `periods.toml` is an example and explains the form."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

import numpy as np
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from stroke_map.errors import RoadDataError
from stroke_map.roads.classes import CLASS_INDEX, ROAD_CLASSES
from stroke_map.roads.profile_tables import STRICT

if TYPE_CHECKING:
    from datetime import datetime

EXAMPLE_FILE = Path(__file__).with_name("periods.toml")
LEAST_FACTOR: Final = 0.2
MOST_FACTOR: Final = 10.0
#: Each period costs an arrival table of its own.
MOST_PERIODS: Final = 24
#: These keep a timetable: `*` does not mean them.
TIMETABLED: Final = ("ferry", "train")
MINUTES_PER_DAY: Final = 1440
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_WHEN: Final = re.compile(r"(Mo|Tu|We|Th|Fr|Sa|Su)(?:-(Mo|Tu|We|Th|Fr|Sa|Su))? (\d\d):(\d\d)-(\d\d):(\d\d)")

_Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]


@dataclass(frozen=True, slots=True)
class Factor:
    """How many times as long a road takes, and who says so."""

    factor: Annotated[float, Field(ge=LEAST_FACTOR, le=MOST_FACTOR)]
    source: _Text | None = None
    status: Literal["unverified"] | None = None

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    def __post_init__(self) -> None:
        if (self.source is None) == (self.status is None):
            raise ValueError('needs either a source or status = "unverified"')


@dataclass(frozen=True, slots=True)
class Period:
    """One time of the week.

    Attributes
    ----------
    name
        Lower-case letters, digits, `-` and `_`: it is a folder of the edition.
    when
        Weekdays and hours such as `Mo-Fr 07:00-09:00`, of the region's clock.
    factors
        By road class, or `*` for all others.
    factors_of
        The same for one profile alone, class by class in place of `factors`.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    when: Annotated[tuple[str, ...], Field(min_length=1, max_length=200)]
    factors: dict[str, Factor] = field(default_factory=dict)
    factors_of: dict[str, dict[str, Factor]] = field(default_factory=dict)

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


@dataclass(frozen=True, slots=True)
class Calibration:
    """What real runs said of these factors; see `stroke_map.calibration`.

    Attributes
    ----------
    profile
        Whose runs they were.
    low, high
        10th and 90th percentile of actual by predicted time, of runs that were held out.
    runs, held_out
        How many there were.
    """

    profile: str
    low: Annotated[float, Field(gt=0, le=100)]
    high: Annotated[float, Field(gt=0, le=100)]
    runs: Annotated[int, Field(ge=1)]
    held_out: Annotated[int, Field(ge=1)]

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


@dataclass(frozen=True, slots=True)
class Periods:
    """The whole of a periods file.

    Attributes
    ----------
    period
        In the file's order.
    calibration
        Where real runs were compared.
    """

    period: Annotated[tuple[Period, ...], Field(min_length=1, max_length=MOST_PERIODS)] = (
        Period("all", ("Mo-Su 00:00-24:00",)),
    )
    calibration: Calibration | None = None

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    @property
    def names(self) -> tuple[str, ...]:
        """The periods' names."""
        return tuple(period.name for period in self.period)

    def factors(self, profile: str) -> np.ndarray:
        """float64[P, C]: how many times as long each of `ROAD_CLASSES` takes in each period."""
        table = np.ones((len(self.period), len(ROAD_CLASSES)))
        for row, period in zip(table, self.period, strict=True):
            for said in (period.factors, period.factors_of.get(profile, {})):
                if "*" in said:
                    row[[name not in TIMETABLED for name in ROAD_CLASSES]] = said["*"].factor
                for name in said.keys() - {"*"}:
                    row[CLASS_INDEX[name]] = said[name].factor
        return table

    def week(self) -> np.ndarray:
        """int8[7 * 1440]: the period of every minute of the week, from Monday 00:00.

        Raises
        ------
        ValueError
            A minute has none or two.
        """
        week = np.full(7 * MINUTES_PER_DAY, -1, dtype=np.int8)
        for number, period in enumerate(self.period):
            for text in period.when:
                minutes = _minutes(text)
                twice = minutes[week[minutes] >= 0]
                if len(twice):
                    other = self.period[week[twice[0]]].name
                    raise ValueError(f"{period.name} overlaps {other} on {_minute_name(twice.min())}")
                week[minutes] = number
        if (week < 0).any():
            raise ValueError(f"no period holds {_minute_name(int(np.argmax(week < 0)))}")
        return week

    def to_json(self) -> str:
        """As an edition keeps it."""
        return _ADAPTER.dump_json(self, indent=1, exclude_none=True).decode()

    def to_toml(self) -> str:
        """As `load_periods` reads it."""
        lines = []
        for period in self.period:
            lines += [
                "[[period]]",
                f"name = {_quoted(period.name)}",
                f"when = [{', '.join(map(_quoted, period.when))}]",
                "",
            ]
            tables = {
                "factors": period.factors,
                **{f"factors_of.{_key(p)}": f for p, f in period.factors_of.items()},
            }
            for name, said in tables.items():
                if said:
                    lines.append(f"[period.{name}]")
                    lines += [f"{_key(road_class)} = {_inline(factor)}" for road_class, factor in said.items()]
                    lines.append("")
        if self.calibration:
            values = asdict(self.calibration) | {"profile": _quoted(self.calibration.profile)}
            lines += ["[calibration]", *(f"{name} = {value}" for name, value in values.items()), ""]
        return "\n".join(lines)

    @staticmethod
    def from_json(text: str) -> Periods:
        """From `to_json`; ValueError where it is none."""
        return _checked(_ADAPTER.validate_json(text))


_ADAPTER = TypeAdapter(Periods)


def _quoted(text: str) -> str:
    # What JSON escapes, TOML does too, and one character more.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else _quoted(text)


def _inline(factor: Factor) -> str:
    said = f"source = {_quoted(factor.source)}" if factor.source else f"status = {_quoted(factor.status or '')}"
    return f"{{ factor = {factor.factor}, {said} }}"


def minute_of_week(when: datetime) -> int:
    """Of local time; an hour that the clock repeats in autumn is the same minute twice."""
    return when.weekday() * MINUTES_PER_DAY + when.hour * 60 + when.minute


def load_periods(path: str | Path) -> Periods:
    """Read a periods file.

    Raises
    ------
    RoadDataError
        No TOML, a value out of range, an unknown class, or a minute of the week with no period or two; the message says which.
    """
    try:
        table: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        # The one period of an edition without a file is not meant for a file without periods.
        return _checked(_ADAPTER.validate_python({"period": ()} | table))
    except ValidationError as error:
        problems = [f"{_place(each['loc'], table)}: {each['msg']}" for each in error.errors()]
        raise _refuse(path, "; ".join(problems[:5])) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _refuse(path, str(error)) from None


def _checked(periods: Periods) -> Periods:
    """What types cannot say."""
    if len(set(periods.names)) < len(periods.names):
        raise ValueError("two periods have the same name")
    for period in periods.period:
        for said in (period.factors, *period.factors_of.values()):
            for name in said.keys() - {"*"} - CLASS_INDEX.keys():
                raise ValueError(f"{period.name}: {name!r} is not a road class; they are {', '.join(ROAD_CLASSES)}")
    periods.week()
    return periods


def _minutes(text: str) -> np.ndarray:
    """int64[n]: the minutes of the week that one line of `when` means."""
    found = _WHEN.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:80]!r} is not weekdays and hours such as Mo-Fr 07:00-09:00")
    first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
    begin, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    sound = int(found[4]) < 60 and int(found[6]) < 60 and begin < MINUTES_PER_DAY and end <= MINUTES_PER_DAY
    if not sound or begin == end:
        raise ValueError(f"{text!r}: hours run from 00:00 to 24:00 and end later than, or the day after, they begin")
    days = (first + np.arange((last - first) % 7 + 1)) * MINUTES_PER_DAY
    length = (end - begin) % MINUTES_PER_DAY or MINUTES_PER_DAY
    return ((days[:, None] + begin + np.arange(length)) % (7 * MINUTES_PER_DAY)).ravel()


def _minute_name(minute: int) -> str:
    day, of_day = divmod(int(minute), MINUTES_PER_DAY)
    return f"{_DAYS[day]} {of_day // 60:02}:{of_day % 60:02}"


def _place(loc: tuple[int | str, ...], table: dict[str, Any]) -> str:
    """Where in the file, with a period's name instead of its number where it has one."""
    parts = [str(part) for part in loc]
    if len(loc) > 1 and loc[0] == "period" and isinstance(loc[1], int):
        listed = table["period"][loc[1]]
        name = listed.get("name") if isinstance(listed, dict) else None
        parts[1] = str(name or loc[1] + 1)[:40]
    return ".".join(parts) or "periods"


def _refuse(path: str | Path, problem: str) -> RoadDataError:
    return RoadDataError(
        f"The periods of {Path(path).name} cannot be used: {problem}",
        next_step="Correct what is named; stroke_map/roads/periods.toml is an example and explains the form.",
    )
