"""What the API of links to a case takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from stroke_map.live.alert_rules import State  # noqa: TC001  pydantic reads the annotations
from stroke_map.web.alert_models import Team  # noqa: TC001
from stroke_map.web.case_models import Given, Taken
from stroke_map.web.models import Degrees, Navigation, Text  # noqa: TC001


class LinkEntry(Taken):
    """Nothing need be said: `{}`."""


class MadeLink(Given):
    """A link to a case; it is shown this once."""

    link: int = Field(description="Its number, by which the audit log and the case's moments know it.")
    case: int
    url: str = Field(description="What the crew opens.")
    qr: str = Field(description="The same as a QR code: an SVG picture as a `data:` address.")
    expires_at: AwareDatetime = Field(description="When it ends, unless the case is closed before.")


class EndedLinks(Given):
    """The links to a case that ended now."""

    case: int
    ended: int = Field(description="How many there were.")


class KnowingTeam(Given):
    """A team of the hospital, and whether it knows."""

    team: Team
    acknowledged_at: AwareDatetime | None
    activated_at: AwareDatetime | None


class AlertOfCrew(Given):
    """Of the case's last alert what its crew needs."""

    id: int
    state: State
    eta: AwareDatetime | None
    teams: list[KnowingTeam]
    end_reason: str | None


class Destination(Given):
    """Where the ambulance goes."""

    id: str
    name: Text | None = Field(description="Null where the published edition lacks the hospital; and so below.")
    address: str | None
    phone: str | None = Field(description="The number to telephone.")
    lat: Degrees | None = Field(description="Latitude of the emergency entrance in degrees, WGS-84.")
    lon: Degrees | None = Field(description="Longitude of the emergency entrance in degrees, WGS-84.")
    navigation: Navigation | None


class CrewCase(Given):
    """A case as its crew sees it."""

    case: int
    condition: Literal["stroke", "chest_pain"]
    vehicle: str | None
    patient: dict[str, Any] | None = Field(description="What was told of the patient.")
    timeline: dict[str, AwareDatetime]
    created_at: AwareDatetime
    closed_at: AwareDatetime | None
    destination: Destination
    alert: AlertOfCrew | None
