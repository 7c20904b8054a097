"""What the search takes and gives."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from stroke_map.web.models import Degrees, Text  # noqa: TC001  pydantic reads the annotations
from stroke_map.web.questions import plain_whole_number

LONGEST_TEXT = 100
MOST_RESULTS = 20


def _sensible_length(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise ValueError(f"must have 1 to {LONGEST_TEXT} characters")
    return text


def _sensible_limit(limit: int) -> int:
    if not 1 <= limit <= MOST_RESULTS:
        raise ValueError(f"must be 1 to {MOST_RESULTS}")
    return limit


class SearchQuery(BaseModel):
    """What is looked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[str, AfterValidator(_sensible_length)] = Field(
        description="Name, short name, alias, English name, pinyin with or without spaces, or initials; or a part of one.",
        json_schema_extra={"example": "wanzhou", "minLength": 1, "maxLength": LONGEST_TEXT},
    )
    limit: Annotated[int, BeforeValidator(plain_whole_number), AfterValidator(_sensible_limit)] = Field(
        default=8,
        description="How many results at most.",
        json_schema_extra={"example": 8, "minimum": 1, "maximum": MOST_RESULTS},
    )
    lang: Literal["zh", "en"] = Field(
        default="zh", description="The language of `label`.", json_schema_extra={"example": "zh"}
    )


class FoundPlace(BaseModel):
    """Something with a place: a hospital's is its emergency entrance, a district's the middle of it or of its hospitals."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(description="hospital, district, settlement, road, estate, station, school, landmark, ...")
    id: str | None = Field(description="The hospital's id; null for all else.")
    name: Text
    district: str = Field(description="District, or for a place the nearest town or district; empty where nobody says.")
    label: str = Field(description="One line that tells it from others of its name.")
    matched: str = Field(description="The spelling by which it was found.")
    lat: Degrees
    lon: Degrees


class SearchAnswer(BaseModel):
    """What was found, the best first."""

    model_config = ConfigDict(extra="forbid")

    edition: str
    demo: bool = Field(description="True: made-up data, not for emergencies.")
    results: list[FoundPlace]
    attribution: str
