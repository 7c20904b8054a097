"""A protocol as it is in force: values, rules and scales, each with its source and its standing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping  # noqa: TC003  pydantic reads the annotations when it runs
from datetime import date  # noqa: TC003
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictStr, model_validator

from stroke_map.protocols.texts import Text

Condition = Literal["stroke", "chest_pain"]
CONDITIONS: Final[tuple[Condition, ...]] = ("stroke", "chest_pain")
CLOCKS: Final = ("first_contact", "ecg")

#: What every protocol must say, and in which unit.
UNITS: Final[dict[str, dict[str, str]]] = {
    "stroke": {
        "thrombolysis_window": "min",
        "urokinase_window": "min",
        "thrombectomy_window": "min",
        "thrombectomy_late_window": "min",
        "bypass_extra_limit": "min",
        "bypass_total_urban": "min",
        "bypass_total_suburban": "min",
        "bypass_total_rural": "min",
        "door_to_needle": "min",
        "door_to_puncture": "min",
        "door_to_puncture_transfer": "min",
        "door_in_door_out": "min",
        "door_to_needle_target": "min",
        "transport_target": "min",
        "outcome_tie": "probability",
        "window_warning": "min",
        "level_warning": "day",
    },
    "chest_pain": {
        "clock": "clock",
        "ecg_target": "min",
        "pci_limit": "min",
        "pci_goal": "min",
        "door_to_wire": "min",
        "fibrinolysis_door_to_needle": "min",
        "cath_lab_activation": "min",
        "late_pain": "min",
        "angiography_from": "min",
        "angiography_until": "min",
        "rescue_from": "min",
        "rescue_until": "min",
        "rescue_st_resolution": "%",
        "window_warning": "min",
        "level_warning": "day",
    },
}
#: Each chain rises: a value is never greater than the next. A default outside its window would forfeit every patient.
CHAINS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "stroke": (
        ("door_to_needle", "thrombolysis_window", "urokinase_window"),
        ("door_to_puncture_transfer", "door_to_puncture", "thrombectomy_window", "thrombectomy_late_window"),
        ("bypass_total_urban", "bypass_total_suburban", "bypass_total_rural", "thrombolysis_window"),
        ("bypass_extra_limit", "bypass_total_rural"),
        ("door_to_needle", "door_in_door_out", "thrombectomy_window"),
        ("door_to_needle_target", "thrombolysis_window"),
    ),
    "chest_pain": (
        ("pci_goal", "pci_limit", "late_pain"),
        ("door_to_wire", "pci_limit"),
        ("fibrinolysis_door_to_needle", "pci_limit"),
        ("angiography_from", "angiography_until"),
        ("rescue_from", "rescue_until"),
    ),
}
#: Every rule the code may apply; a protocol says each in words.
RULES: Final[dict[str, tuple[str, ...]]] = {
    "stroke": (
        "airway", "transfer", "beyond-late-window", "wake-up", "late-window", "ineligible-to-thrombectomy", "does-both",
        "lvo-bypass", "drip-and-ship", "screen-not-done", "nearest-in-window", "window-missed", "nearest",
    ),
    "chest_pain": (
        "airway", "dissection", "transfer", "shock", "return-of-circulation", "ecg-first", "no-st-elevation", "lysis-contraindicated",
        "late-pain", "pci-in-time", "pci-nearest", "fibrinolysis-then-pci", "nearest",
    ),
}  # fmt: skip


class Frozen(BaseModel):
    """Never changed after it is made; a field nobody knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Status = Literal["verified", "unverified", "local"]


class Value(Frozen):
    """A number, or the choice of a clock, with its unit, source and standing; `step` is the points of one grade of a scale's item."""

    value: Annotated[StrictFloat, Field(gt=0)] | StrictStr
    unit: Literal["min", "day", "%", "point", "probability", "clock"]
    status: Status
    source: Annotated[str, Field(min_length=1)]
    zh: str = ""
    en: str = ""
    step: Annotated[StrictFloat, Field(gt=0)] = 1.0

    @property
    def grades(self) -> range:
        """The points an item of a scale may have."""
        return range(0, int(self.value) + 1, int(self.step))

    @model_validator(mode="after")
    def _unit_fits(self) -> Self:
        if (self.unit == "clock") != isinstance(self.value, str):
            raise ValueError(f"a value in {self.unit} is {'a word' if self.unit == 'clock' else 'a number'}")
        if isinstance(self.value, str):
            if self.value not in CLOCKS:
                raise ValueError(f"is one of {', '.join(CLOCKS)}")
        elif self.value > {"probability": 1.0, "%": 100.0}.get(self.unit, float("inf")):
            raise ValueError(f"is too large for {self.unit}")
        elif self.unit == "point" and (self.value % 1 or self.step % 1 or self.value % self.step):
            raise ValueError("is not a whole number of points and grades")
        return self


class Rule(Frozen):
    """What is done when, in words; `{key}` in a sentence is the value in force."""

    strategy: str
    status: Status
    source: Annotated[str, Field(min_length=1)]
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Scale(Frozen):
    """A screening scale. With `required`, it is positive where that item and any other is present."""

    zh: str
    en: str
    cut_off: Value
    sensitivity: Value
    specificity: Value
    items: Mapping[str, Value]
    required: str | None = None

    @property
    def most(self) -> int:
        """The highest score."""
        return 1 if self.required else sum(int(item.value) for item in self.items.values())

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        units = {"cut_off": "point", "sensitivity": "probability", "specificity": "probability"}
        wrong = [name for name, unit in units.items() if getattr(self, name).unit != unit]
        wrong += [f"items.{name}" for name, item in self.items.items() if item.unit != "point"]
        if wrong:
            raise ValueError(f"{wrong[0]} has the wrong unit")
        if self.required is not None and self.required not in self.items:
            raise ValueError(f"required {self.required!r} is none of its items")
        if not 1 <= float(self.cut_off.value) <= self.most:
            raise ValueError(f"cut_off is outside the scale, 1 to {self.most}")
        return self


class Protocol(Frozen):
    """The protocol in force for one condition.

    Attributes
    ----------
    signed_by, signed_on
        Who answers for the region's own values, and since when; both or neither.
    local_version
        The version of the region's file; None where there is none.
    """

    condition: Condition
    version: Annotated[str, Field(min_length=1)]
    local_version: str | None = None
    signed_by: str | None = None
    signed_on: date | None = None
    values: Mapping[str, Value]
    rules: Mapping[str, Rule]
    scales: Mapping[str, Scale] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        problems = _differences("value", set(UNITS[self.condition]), set(self.values))
        problems += _differences("rule", set(RULES[self.condition]), set(self.rules))
        problems += [
            f"{key} is in {value.unit}, not in {unit}"
            for key, unit in UNITS[self.condition].items()
            if (value := self.values.get(key)) and value.unit != unit
        ]
        if not problems:
            problems = [
                f"{low} ({self[low]:g}) is greater than {high} ({self[high]:g})"
                for chain in CHAINS[self.condition]
                for low, high in pairwise(chain)
                if self[low] > self[high]
            ]
            problems += [
                f"rule {name} names the value {key}, which there is not"
                for name, rule in self.rules.items()
                for key in re.findall(r"{(\w*)", rule.zh + rule.en)
                if key not in self.values
            ]
        if (self.signed_by is None) != (self.signed_on is None):
            problems.append("signed_by and signed_on go together")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def __getitem__(self, key: str) -> float:
        """The number behind `key`, in its unit."""
        return float(self.values[key].value)

    @property
    def clock(self) -> str:
        """From where chest pain is timed: `first_contact` or `ecg`."""
        return str(self.values["clock"].value)

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """Keys of values that are neither verified nor signed, `SCALE.cut_off` among them: they may explain, not overrule."""
        cut_offs = {f"{name}.cut_off": scale.cut_off for name, scale in self.scales.items()}
        return frozenset(key for key, value in (dict(self.values) | cut_offs).items() if not self.trusts(value.status))

    def named(self, keys: Iterable[str]) -> Text:
        """What values are called, `SCALE.cut_off` among them."""
        pairs = [(key, self.values.get(key)) for key in keys]
        zh = [f"“{value.zh or key}”" if value else f"“{key.removesuffix('.cut_off')} 界值”" for key, value in pairs]
        return Text("、".join(zh), ", ".join(f"{key}: {value.en or key}" if value else key for key, value in pairs))

    def trusts(self, status: Status) -> bool:
        """Whether something of this standing may overrule the nearest capable hospital."""
        return status == "verified" or (status == "local" and self.signed_by is not None)

    @cached_property
    def sentences(self) -> dict[str, Text]:
        """Each rule in words, with the values in force."""
        shown = {key: value.value if value.unit == "clock" else f"{self[key]:g}" for key, value in self.values.items()}
        return {name: Text(rule.zh.format_map(shown), rule.en.format_map(shown)) for name, rule in self.rules.items()}

    def to_json(self) -> str:
        """Canonical JSON: the same protocol gives the same text."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Protocol:
        """A protocol from `to_json`; pydantic.ValidationError (a ValueError) where it is none."""
        return cls.model_validate_json(text)

    @cached_property
    def sha256(self) -> str:
        """Of the canonical JSON; what was signed can be recognised by it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def _differences(what: str, wanted: set[str], given: set[str]) -> list[str]:
    missing = [f"{what} {key} is missing" for key in sorted(wanted - given)]
    return missing + [f"{what} {key} is unknown" for key in sorted(given - wanted)]
