"""Who can treat what, until when: one `Hospital` per site, checked once, never changed afterwards."""

from __future__ import annotations

from datetime import date  # noqa: TC003  pydantic reads the annotations when it runs
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from stroke_map.coordinates import WGS_84
from stroke_map.registry.centres import CAPABILITIES, CENTRES
from stroke_map.registry.fields import (
    Frozen,
    Id,
    IdOrNothing,
    Latitude,
    Longitude,
    RequiredText,
    System,
    Text,
)
from stroke_map.registry.hours import ALWAYS, tidy_hours
from stroke_map.registry.network_models import NO_FIGURES, TEAMS, Contact, Figures, Partner

STATUSES: Final[tuple[str, ...]] = ("yes", "no", "unknown")
KINDS: Final[tuple[str, ...]] = ("hospital", "unit")
AGENTS_CAPABILITY: Final = "thrombolysis"  # the one whose agents (drugs in use) are listed
AGENTS: Final[tuple[str, ...]] = ("alteplase", "tenecteplase", "urokinase")


class Capability(Frozen):
    """Whether a site can do one thing, when, and by whose word.

    `hours` are `24/7` or OpenStreetMap opening hours, in the site's own timezone. `valid_from` and `valid_until` are
    the first and the last day of the accreditation, None where open; `assessed_on` is the day on which `body` looked
    at it last. `agents` are the thrombolytics in use.
    """

    status: Literal["yes", "no", "unknown"] = "unknown"
    hours: Annotated[str, AfterValidator(tidy_hours)] = ALWAYS
    valid_from: date | None = None
    valid_until: date | None = None
    body: Text = ""
    assessed_on: date | None = None
    agents: tuple[Literal["alteplase", "tenecteplase", "urokinase"], ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from")
        return self


class Level(Frozen):
    """A centre's level, which means something only within its scheme; who gave it, when, and to which last day."""

    scheme: RequiredText
    level: RequiredText
    body: Text = ""
    assessed_on: date | None = None
    valid_until: date | None = None


UNKNOWN: Final = Capability()


class Hospital(Frozen):
    """One site; a hospital with two campuses is two, with one `organisation` and a `campus` each.

    `lat`, `lon` and the emergency entrance are WGS-84 degrees, kept to 1e-7 (1 cm); `crs` is the system in which the
    sheet gave them. `kind` is "unit" for a township or village unit, which recognises, records an ECG and transfers,
    and is sent nobody for what is not said to be there. `levels` holds the grades by kind of centre (`CENTRES`), those
    that were given; `capabilities` holds every one of `CAPABILITIES`, "unknown" where nothing was said.
    `transfer_partners` stay in the order of the sheet; `contacts` are team by team, in the order in which they are
    called. `lead_hospital`, `remote_ecg_partner` and partners are ids of other hospitals; "" is none.
    """

    id: Id
    name_zh: RequiredText
    name_en: Text = ""
    name_short: Text = ""
    organisation: Text = ""
    campus: Text = ""
    district: Text = ""
    address: Text = ""
    lat: Latitude
    lon: Longitude
    entrance_lat: Latitude
    entrance_lon: Longitude
    crs: System = WGS_84
    phone: Text = ""
    kind: Literal["hospital", "unit"] = "hospital"
    lead_hospital: IdOrNothing = ""
    community: Text = ""
    transfer_partners: tuple[Partner, ...] = ()
    remote_ecg_partner: IdOrNothing = ""
    contacts: tuple[Contact, ...] = ()
    figures: Figures = NO_FIGURES
    levels: dict[str, Level] = Field(default_factory=dict)
    capabilities: dict[str, Capability] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _entrance_is_the_site_unless_given(cls, values: Any) -> Any:
        if isinstance(values, dict) and "entrance_lat" not in values and "entrance_lon" not in values:
            return {**values, "entrance_lat": values.get("lat"), "entrance_lon": values.get("lon")}
        return values

    @field_validator("contacts")
    @classmethod
    def _team_by_team(cls, contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
        return tuple(sorted(contacts, key=lambda contact: TEAMS.index(contact.team)))

    @field_validator("levels")
    @classmethod
    def _of_known_centres(cls, levels: dict[str, Level]) -> dict[str, Level]:
        _refuse_others("kind of centre", levels, tuple(CENTRES))
        return {name: levels[name] for name in CENTRES if name in levels}

    @field_validator("capabilities")
    @classmethod
    def _unknown_where_nothing_was_said(cls, told: dict[str, Capability]) -> dict[str, Capability]:
        _refuse_others("capability", told, CAPABILITIES)
        for name, capability in told.items():
            if capability.agents and name != AGENTS_CAPABILITY:
                raise ValueError(f"agents belong to {AGENTS_CAPABILITY}, not to {name}")
        return {name: told.get(name, UNKNOWN) for name in CAPABILITIES}

    @model_validator(mode="after")
    def _others_are_other_hospitals(self) -> Self:
        partners = [partner.id for partner in self.transfer_partners]
        if self.id in (*partners, self.lead_hospital, self.remote_ecg_partner):
            raise ValueError("a hospital is no partner and no lead hospital of itself")
        if len(set(partners)) < len(partners):
            raise ValueError("a transfer partner is there twice")
        return self


def _refuse_others(what: str, told: dict[str, Any], known: tuple[str, ...]) -> None:
    others = sorted(told.keys() - set(known))
    if others:
        raise ValueError(f"unknown {what} {others[0]!r}; known are {', '.join(known)}")
