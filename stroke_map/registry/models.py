"""Who can treat what, until when: one `Hospital` per site, checked once, never changed afterwards."""

from __future__ import annotations

import re
import unicodedata
from datetime import date  # noqa: TC003  pydantic reads the annotations when it runs
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from stroke_map.coordinates import SYSTEMS, WGS_84
from stroke_map.registry.hours import ALWAYS, tidy_hours

CAPABILITIES: Final[tuple[str, ...]] = (
    "thrombolysis",
    "thrombectomy",
    "primary_pci",
    "fibrinolysis",
    "cardiac_surgery",
    "neurosurgery",
    "emergency",
    "ct",
    "ct_angiography",
    "advanced_imaging",
    "ecg",
    "remote_ecg",
)
STATUSES: Final[tuple[str, ...]] = ("yes", "no", "unknown")
KINDS: Final[tuple[str, ...]] = ("hospital", "unit")
AGENTS_CAPABILITY: Final = "thrombolysis"  # the one whose agents (drugs in use) are listed
AGENTS: Final[tuple[str, ...]] = ("alteplase", "tenecteplase", "urokinase")
MAX_TEXT_CHARACTERS: Final = 500

_ID = re.compile(r"\w[\w.-]{0,63}")
# Marks that only turn the writing direction: they can make one name look like another.
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_COORDINATE_DECIMALS = 7  # 1 cm, as the roads store it; so any system written out with 9 decimals reads back equal


def tidy_text(text: str) -> str:
    """Take out direction marks and needless white space.

    Raises
    ------
    ValueError
        Control characters (NUL and the like), lone surrogates, or over 500 characters.
    """
    tidied = " ".join(_DIRECTION_MARKS.sub("", text).split())
    if len(tidied) > MAX_TEXT_CHARACTERS:
        raise ValueError(f"a text of {len(tidied):,} characters; at most {MAX_TEXT_CHARACTERS}")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in tidied):
        raise ValueError("a text with control characters; only printable ones")
    return tidied


def check_id(text: str) -> str:
    """Let a stable id through: letters, digits, `_`, `-`, `.`, at most 64; ValueError for any other."""
    if not _ID.fullmatch(text):
        raise ValueError("an id has 1 to 64 letters, digits, '_', '-' or '.', and starts with a letter or digit")
    return text


def _tidy_if_text(value: Any) -> Any:
    return tidy_text(value) if isinstance(value, str) else value


def _known_system(crs: str) -> str:
    if crs not in SYSTEMS:
        raise ValueError(f"must be one of {', '.join(SYSTEMS)}")
    return crs


def _to_a_centimetre(degrees: float) -> float:
    return round(degrees, _COORDINATE_DECIMALS) + 0.0  # + 0.0 turns -0.0 into 0.0


Text = Annotated[str, BeforeValidator(_tidy_if_text)]
RequiredText = Annotated[str, BeforeValidator(_tidy_if_text), Field(min_length=1)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), AfterValidator(_to_a_centimetre)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), AfterValidator(_to_a_centimetre)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Capability(_Frozen):
    """Whether a site can do one thing, when, and by whose word.

    `hours` are `24/7` or OpenStreetMap opening hours, in the site's own timezone. `valid_from` and `valid_until` are
    the first and the last day of the accreditation, None where open. `agents` are the thrombolytics in use.
    """

    status: Literal["yes", "no", "unknown"] = "unknown"
    hours: Annotated[str, AfterValidator(tidy_hours)] = ALWAYS
    valid_from: date | None = None
    valid_until: date | None = None
    body: Text = ""
    agents: tuple[Literal["alteplase", "tenecteplase", "urokinase"], ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from")
        return self


class Level(_Frozen):
    """A centre's level, which means something only within its scheme."""

    scheme: RequiredText
    level: RequiredText


UNKNOWN: Final = Capability()


class Hospital(_Frozen):
    """One site; a hospital with two campuses is two.

    `lat`, `lon` and the emergency entrance are WGS-84 degrees, kept to 1e-7 (1 cm); `crs` is the system in which the
    sheet gave them. `capabilities` holds every one of `CAPABILITIES`, "unknown" where nothing was said.
    """

    id: Annotated[str, AfterValidator(check_id)]
    name_zh: RequiredText
    name_en: Text = ""
    name_short: Text = ""
    district: Text = ""
    address: Text = ""
    lat: Latitude
    lon: Longitude
    entrance_lat: Latitude
    entrance_lon: Longitude
    crs: Annotated[str, AfterValidator(_known_system)] = WGS_84
    phone: Text = ""
    kind: Literal["hospital", "unit"] = "hospital"
    stroke_level: Level | None = None
    chest_pain_level: Level | None = None
    capabilities: dict[str, Capability] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _entrance_is_the_site_unless_given(cls, values: Any) -> Any:
        if isinstance(values, dict) and "entrance_lat" not in values and "entrance_lon" not in values:
            return {**values, "entrance_lat": values.get("lat"), "entrance_lon": values.get("lon")}
        return values

    @model_validator(mode="after")
    def _say_unknown_for_every_other_capability(self) -> Self:
        others = sorted(self.capabilities.keys() - set(CAPABILITIES))
        if others:
            raise ValueError(f"unknown capability {others[0]!r}; known are {', '.join(CAPABILITIES)}")
        for name, capability in self.capabilities.items():
            if capability.agents and name != AGENTS_CAPABILITY:
                raise ValueError(f"agents belong to {AGENTS_CAPABILITY}, not to {name}")
        told = dict(self.capabilities)
        self.capabilities.clear()
        self.capabilities.update((name, told.get(name, UNKNOWN)) for name in CAPABILITIES)
        return self
