"""The kinds of value that the registry's models are made of; what comes from outside is tidied or refused here."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from stroke_map.coordinates import SYSTEMS

MAX_TEXT_CHARACTERS: Final = 500
MAX_MINUTES: Final = 1440.0  # a delay or a median of over a day is a slip of the pen
MAX_CASES: Final = 1_000_000
FIRST_YEAR, LAST_YEAR = 1990, 2100

_ID = re.compile(r"\w[\w.-]{0,63}")
# Marks that only turn the writing direction: they can make one name look like another.
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, and halves of others
_COORDINATE_DECIMALS = 7  # 1 cm, as the roads store it; so any system written out with 9 decimals reads back equal
# One number with 3 (120) to 15 digits (E.164) and perhaps an extension.
_PHONE = re.compile(r"\+?[\d\s()./-]{3,30}((转|ext\.?|x|#)\s*\d{1,6})?", re.IGNORECASE | re.ASCII)


def tidy_text(text: str) -> str:
    """Take out direction marks and needless white space.

    Raises
    ------
    ValueError
        Control characters (NUL and the like), lone surrogates, or over 500 characters.
    """
    tidied = " ".join(_without_marks(text).split())
    if len(tidied) > MAX_TEXT_CHARACTERS:
        raise ValueError(f"a text of {len(tidied):,} characters; at most {MAX_TEXT_CHARACTERS}")
    if _UNPRINTABLE.search(tidied):
        raise ValueError("a text with control characters; only printable ones")
    return tidied


def is_blank(text: str) -> bool:
    """Tell whether there is nothing to see in a text: white space and marks at most."""
    return not _without_marks(text).strip()


def _without_marks(text: str) -> str:
    return text if text.isascii() else _DIRECTION_MARKS.sub("", text)


def check_id(text: str) -> str:
    """Let a stable id through: letters, digits, `_`, `-`, `.`, at most 64; ValueError for any other."""
    if not _ID.fullmatch(text):
        raise ValueError("an id has 1 to 64 letters, digits, '_', '-' or '.', and starts with a letter or digit")
    return text


def tidy_phone(text: str) -> str:
    """Bring one telephone number to half-width digits and single spaces; ValueError for what cannot be dialled."""
    tidied = tidy_text(unicodedata.normalize("NFKC", text))
    if not _PHONE.fullmatch(tidied) or not 3 <= sum(map(str.isdigit, tidied)) <= 21:
        raise ValueError("is no phone number")
    return tidied


def _tidy_if_text(value: Any) -> Any:
    return tidy_text(value) if isinstance(value, str) else value


def _known_system(crs: str) -> str:
    if crs not in SYSTEMS:
        raise ValueError(f"must be one of {', '.join(SYSTEMS)}")
    return crs


def _to_a_centimetre(degrees: float) -> float:
    return round(degrees, _COORDINATE_DECIMALS) + 0.0  # + 0.0 turns -0.0 into 0.0


def _to_six_seconds(minutes: float) -> float:
    return round(minutes, 1) + 0.0


def _id_or_nothing(text: str) -> str:
    return text and check_id(text)


Text = Annotated[str, BeforeValidator(_tidy_if_text)]
RequiredText = Annotated[str, BeforeValidator(_tidy_if_text), Field(min_length=1)]
Id = Annotated[str, AfterValidator(check_id)]
IdOrNothing = Annotated[str, AfterValidator(_id_or_nothing)]
Phone = Annotated[str, AfterValidator(tidy_phone)]
System = Annotated[str, AfterValidator(_known_system)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), AfterValidator(_to_a_centimetre)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), AfterValidator(_to_a_centimetre)]
Delay = Annotated[float, Field(ge=0, le=MAX_MINUTES, allow_inf_nan=False), AfterValidator(_to_six_seconds)]
Minutes = Annotated[float, Field(ge=0.1, le=MAX_MINUTES, allow_inf_nan=False), AfterValidator(_to_six_seconds)]
Cases = Annotated[int, Field(ge=0, le=MAX_CASES)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


class Frozen(BaseModel):
    """A checked value that never changes and has no field that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
