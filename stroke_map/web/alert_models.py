"""What the API of alerts takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from stroke_map.live.alert_rules import State  # noqa: TC001  pydantic reads the annotations
from stroke_map.moments import Moment  # noqa: TC001
from stroke_map.registry.fields import check_id, tidy_text
from stroke_map.web.case_models import KEY_HEADER, LONGEST_KEY, MOST_LISTED, Given, Note, Taken, WholeNumber, field

Reason = Annotated[str, AfterValidator(tidy_text), StringConstraints(min_length=1)]
Team = Literal["emergency", "radiology", "neurology", "cardiology", "cath_lab"]


class KeyHeader(BaseModel):
    """The caller's own name for a request."""

    idempotency_key: str = Field(
        alias=KEY_HEADER,
        min_length=1,
        max_length=LONGEST_KEY,
        description="New for every new request; the same again when one is sent again.",
        json_schema_extra={"example": "8e03978e-40d5-43e8-bc93-6894a57f9324"},
    )


class AlertPath(Given):
    """Which alert."""

    alert_id: int = field("The alert's id.", 17)


class AlertEntry(Taken):
    """Which hospital to alert for a case; its teams are those of the condition."""

    case: int = field("The case's id.", 17)
    hospital: str | None = field(
        "The hospital's id; the one chosen for the case when left out. Another one stands the first down.",
        "cq-001",
        default=None,
    )
    override_reason: Note = field("Why it is not the first choice.", "relatives insist", default="")
    instead_of: WholeNumber | None = field(
        "The id of the case's alert that you saw standing, null: none; a conflict where that is not so. Left out: whatever stands gives way.",
        16,
        default=None,
    )
    eta: Moment = field(
        "When the ambulance arrives; reckoned from the place of the question when left out.",
        "2026-05-01T20:30:00+08:00",
        default=None,
    )


class TeamEntry(Taken):
    """Which team, and who says so."""

    team: Team | None = field("The team; that of the account when left out.", "emergency", default=None)
    by: Note = field("Who, besides the account.", "Dr Li", default="")


class ReasonEntry(Taken):
    """Why, and who says so."""

    reason: Reason = field("Why.", "CT down")
    by: Note = field("Who, besides the account.", "Dr Li", default="")


class AlertsQuery(BaseModel):
    """Which alerts to list."""

    model_config = ConfigDict(extra="forbid")

    hospital: Annotated[str, AfterValidator(check_id)] | None = field(
        "Only those to this hospital.", "cq-001", default=None
    )
    case: WholeNumber | None = field("Only those of this case.", 17, default=None)
    include_ended: Literal["true", "false"] = field(
        "Also those that ended more than half an hour ago.", "true", default="false"
    )
    after: WholeNumber = field("Only those with a larger id: the next page.", 1000, default=0, ge=0)
    most: WholeNumber = field("How many at most.", 100, default=MOST_LISTED, ge=1, le=MOST_LISTED)


class AlertedTeam(Given):
    """A team, and what came of calling it."""

    team: Team
    calls: int = Field(description="How many calls were put out so far.")
    called_at: AwareDatetime | None = Field(description="The last of them.")
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str | None
    activated_at: AwareDatetime | None
    activated_by: str | None


class CaseOfAlert(Given):
    """Of the case what the hospital needs."""

    id: int
    condition: Literal["stroke", "chest_pain"]
    vehicle: str | None
    patient: dict[str, Any] | None = Field(description="What was told of the patient.")
    timeline: dict[str, AwareDatetime]


class RecordedAlert(Given):
    """An alert, and how it stands now."""

    id: int
    hospital: str
    state: State = Field(description="The farthest it has come; acknowledged: by every team.")
    created_at: AwareDatetime
    author: str
    eta: AwareDatetime | None
    telephone: str | None = Field(description="The number to telephone.")
    not_activated: bool = Field(description="It is time, and no team is activated.")
    telephone_now: bool = Field(description="Telephone: somebody was silent for too long.")
    teams: list[AlertedTeam]
    arrived_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    ended_by: str | None
    end_reason: str | None
    replaces: int | None = Field(description="The alert that this one cancelled.")
    next_choice: str | None = Field(description="diverted: the id of the next hospital of the answer.")
    case: CaseOfAlert


class AlertList(Given):
    """Alerts, in the order in which they were made."""

    alerts: list[RecordedAlert]
    more: bool = Field(description="Whether there are others, with larger ids.")
