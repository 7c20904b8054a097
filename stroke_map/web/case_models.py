"""What the API of cases takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from stroke_map.live.cases import MomentName  # noqa: TC001  pydantic reads the annotations
from stroke_map.moments import Moment  # noqa: TC001
from stroke_map.registry.fields import tidy_text
from stroke_map.web.questions import Latitude, Longitude, System, plain_whole_number

MOST_LISTED = 1000
KEY_HEADER: Final = "Idempotency-Key"
LONGEST_KEY: Final = 100
#: The last free line of a form: nobody has to fill it in.
Note = Annotated[str, AfterValidator(tidy_text)]
WholeNumber = Annotated[int, BeforeValidator(plain_whole_number)]


class Taken(BaseModel):
    """A body: no field it does not know, and no value of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Given(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid")


def field(description: str, example: Any, **limits: Any) -> Any:
    """A field with its meaning and an example."""
    return Field(description=description, json_schema_extra={"example": example}, **limits)


class CasePath(Given):
    """Which case."""

    case_id: int = field("The case's id.", 17)


class CaseKeyHeader(BaseModel):
    """The caller's own name for a request, if it may have to be sent again."""

    idempotency_key: str | None = Field(
        default=None,
        alias=KEY_HEADER,
        min_length=1,
        max_length=LONGEST_KEY,
        description="New for every new request; the same again when one is sent again: then it is one case.",
        json_schema_extra={"example": "8e03978e-40d5-43e8-bc93-6894a57f9324"},
    )


class CaseEntry(Taken):
    """A case that begins: the question, and what was decided."""

    question: dict[str, Any] = field(
        "The question, as `POST /api/v1/route` takes it, also with what is known of the patient; never a name.",
        {"lat": 29.5574, "lon": 106.577, "crs": "WGS-84", "condition": "stroke"},
    )
    hospital: str | None = field(
        "The id of the hospital that was chosen; the first of the answer when left out.", "cq-001", default=None
    )
    override_reason: Note = field("Why it is not the first.", "relatives insist", default="")
    vehicle: Note = field("Which ambulance.", "120-07", default="")


class MomentEntry(Taken):
    """When something happened to a case."""

    name: MomentName = field("What happened.", "door")
    at: Moment = field(
        "When: RFC 3339, without an offset in the edition's timezone; now when left out.",
        "2026-05-01T20:30:00+08:00",
        default=None,
    )
    instead_of: Moment = field(
        "What you saw recorded of it, null: nothing; a conflict where that is not so. Left out: the last word counts.",
        "2026-05-01T20:31:00+08:00",
        default=None,
    )
    by: Note = field("Who says so, besides the account.", "Li", default="")


class PositionEntry(Taken):
    """Where the ambulance is. It is used to reckon, and not kept."""

    lat: Latitude
    lon: Longitude
    crs: System = field("Coordinate system of lat and lon.", "GCJ-02")
    bearing: float | None = field(
        "Which way it heads: degrees clockwise from north.", 90.0, default=None, ge=0, le=360, allow_inf_nan=False
    )


class CasesQuery(BaseModel):
    """Which cases to list."""

    model_config = ConfigDict(extra="forbid")

    include_closed: Literal["true", "false"] = field("Also those that are closed.", "true", default="false")
    after: WholeNumber = field("Only those with a larger id: the next page.", 1000, default=0, ge=0)
    most: WholeNumber = field("How many at most.", 100, default=MOST_LISTED, ge=1, le=MOST_LISTED)


class RecordedCase(Given):
    """A case as it is recorded."""

    id: int
    condition: Literal["stroke", "chest_pain"]
    question: dict[str, Any] = Field(description="As it was asked; what was told of the patient under `patient`.")
    answer: dict[str, Any] = Field(description="As it was given, without roads: `hospitals` best first, `decision`.")
    edition: str
    first_choice: str = Field(description="The id of the hospital that the answer put first.")
    hospital: str = Field(description="The id of the hospital that was chosen.")
    override_reason: str | None = Field(description="Why it was not the first.")
    vehicle: str | None
    author: str
    created_at: AwareDatetime
    closed_at: AwareDatetime | None
    timeline: dict[str, AwareDatetime] = Field(description="When each moment was, of those that were told.")


class CaseTimeline(Given):
    """Of a case what somebody sees of it after telling of a moment who came by a link."""

    id: int
    timeline: dict[str, AwareDatetime]


class ToldCase(RootModel[RecordedCase | CaseTimeline]):
    """The case after a moment was told; by a link, its timeline alone."""


class CaseList(Given):
    """Cases, in the order in which they began."""

    cases: list[RecordedCase]
    more: bool = Field(description="Whether there are others, with larger ids.")


class Eta(Given):
    """When the ambulance arrives."""

    case: int
    hospital: str
    eta: AwareDatetime
    travel_time_s: float
    distance_m: float


class Figure(Given):
    """How many cases of a month, and for a time between two moments its sum."""

    month: str = Field(
        description="Of the case's beginning, where the edition is.", json_schema_extra={"example": "2026-05"}
    )
    condition: str
    hospital_id: str
    measure: str = Field(json_schema_extra={"example": "door_to_needle"})
    cases: int
    total_s: int


class FigureList(Given):
    """What is left of deleted cases."""

    figures: list[Figure]
