"""What the API of channels and deliveries takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from stroke_map.live.channels import ChannelKind, Format, NewChannel, check_target, new_secret
from stroke_map.live.deliveries import DeliveryState  # noqa: TC001  pydantic reads the annotations
from stroke_map.registry.fields import check_id
from stroke_map.web.alert_models import Team  # noqa: TC001
from stroke_map.web.case_models import MOST_LISTED, Given, Taken, WholeNumber, field
from stroke_map.web.questions import invalid, read_question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.editions import Edition

HospitalId = Annotated[str, AfterValidator(check_id)]


class ChannelPath(Given):
    """Which channel."""

    channel_id: int = field("The channel's id.", 3)


class DeliveryPath(Given):
    """Which message."""

    delivery_id: int = field("The message's number.", 17)


class ChannelEntry(Taken):
    """A way to a hospital, from the next call on."""

    hospital: str = field("The hospital's id.", "cq-001")
    team: Team | None = field("Only for calls of this team; every one when left out.", "neurology", default=None)
    kind: ChannelKind = field("What it is.", "webhook")
    target: str = field(
        "An address of the web, a mailbox, or a number.", "https://hospital.example/alerts", max_length=500
    )
    format: Format = field("Of a webhook's body: ours, or a FHIR R4 Communication.", "native", default="native")


class ChannelsQuery(BaseModel):
    """Which channels to list."""

    model_config = ConfigDict(extra="forbid")

    hospital: HospitalId | None = field("Only those of this hospital.", "cq-001", default=None)
    include_ended: Literal["true", "false"] = field("Also those that were removed.", "true", default="false")


class RecordedChannel(Given):
    """A channel. Its secret is shown once, when it is made."""

    id: int
    hospital: str
    team: Team | None = Field(description="Null: every team.")
    kind: ChannelKind
    target: str = Field(description="Of a webhook's address without what stands behind its question mark.")
    format: Format
    author: str
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    ended_by: str | None


class MadeChannel(RecordedChannel):
    """A channel that was just made."""

    secret: str | None = Field(description="What messages of a webhook are signed with; shown this once.")


class ChannelList(Given):
    """Channels, in the order in which they were made."""

    channels: list[RecordedChannel]


class DeliveriesQuery(BaseModel):
    """Which messages to list."""

    model_config = ConfigDict(extra="forbid")

    dead: Literal["true", "false"] = field("Only those that were given up.", "true", default="false")
    alert: WholeNumber | None = field("Only those of this alert.", 17, default=None)
    hospital: HospitalId | None = field("Only those to this hospital.", "cq-001", default=None)
    after: WholeNumber = field("Only those with a larger id: the next page.", 1000, default=0, ge=0)
    newest: Literal["true", "false"] = field("The newest first.", "true", default="false")
    before: WholeNumber | None = field(
        "Only those with a smaller id: the next page, where the newest are first.", 1000, default=None, ge=1
    )
    most: WholeNumber = field("How many at most.", 100, default=MOST_LISTED, ge=1, le=MOST_LISTED)


class RecordedDelivery(Given):
    """A message of an alert, and what came of it."""

    id: int
    message_id: str | None = Field(description="By which the receiver knows one that comes twice.")
    alert: int
    hospital: str
    kind: Literal["call", "stand_down"]
    team: Team
    contact: int = Field(description="The place among the team's contacts, from 0.")
    via: ChannelKind | None = Field(description="Null: no channel is known, the screen alone.")
    channel: int | None = Field(description="The channel's id; null: a number of the yearly list.")
    target: str | None
    state: DeliveryState
    at: AwareDatetime
    due_at: AwareDatetime | None = Field(description="When it is tried next.")
    attempts: int
    sent_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    dead_at: AwareDatetime | None
    problem: str | None = Field(description="Why it is not there yet, or will not be.")


class DeliveryList(Given):
    """Messages, in the order in which they were written, or the newest first."""

    deliveries: list[RecordedDelivery]
    more: bool = Field(description="Whether there are others, on the next page.")


class ResendEntry(Taken):
    """Whose messages to send again."""

    alert: int = field("The alert's id.", 17, ge=1)


class ResentDeliveries(Given):
    """Messages that are on their way again."""

    deliveries: list[RecordedDelivery]


def read_channel(fields: Mapping[str, Any], edition: Edition, by: str) -> NewChannel:
    """A channel with its new secret from what was sent.

    Raises
    ------
    InvalidRequestError
        A field is wrong; all of them are named.
    """
    entry = read_question(ChannelEntry, dict(fields))
    wrong = []
    if entry.hospital not in {hospital.id for hospital in edition.hospitals}:
        problem = f"is no hospital of edition {edition.info.id}"
        wrong.append({"field": "hospital", "problem": problem, "example": edition.hospitals[0].id})
    target = entry.target
    try:
        target = check_target(entry.kind, target)
    except ValueError as error:
        examples = {"webhook": "https://hospital.example/alerts", "email": "stroke@hospital.example"}
        wrong.append({"field": "target", "problem": str(error), "example": examples.get(entry.kind, "023-12345678")})
    if entry.format != "native" and entry.kind != "webhook":
        wrong.append({"field": "format", "problem": "is for webhooks alone", "example": "native"})
    if wrong:
        raise invalid(wrong)
    return NewChannel(
        hospital_id=entry.hospital,
        team=entry.team or "",
        kind=entry.kind,
        target=target,
        secret=new_secret() if entry.kind == "webhook" else "",
        format=entry.format,
        author=by,
    )
