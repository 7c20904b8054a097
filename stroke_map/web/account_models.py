"""What the API of users and keys takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from stroke_map.live.accounts import StandingError, read_standing
from stroke_map.live.credentials import check_password
from stroke_map.web.alert_models import Team  # noqa: TC001  pydantic reads the annotations
from stroke_map.web.case_models import Given, Taken, field
from stroke_map.web.published import current_edition
from stroke_map.web.questions import invalid, read_question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.live.accounts import Standing

Role = Literal["dispatcher", "crew", "hospital", "editor", "auditor", "administrator"]
Password = Annotated[str, AfterValidator(check_password)]
#: As `stroke-map key add` and `key rotate` have them.
LONGEST_KEY_DAYS, LONGEST_OVERLAP_H = 1095, 720


class UserPath(Given):
    """Which user."""

    name: str = field("The user's name.", "wang.fang")


class KeyPath(Given):
    """Which key."""

    key_id: str = field("The key's public part.", "0f3a91c24d77")


class _AccountEntry(Taken):
    name: str = field("As the audit log writes it; never given again.", "wang.fang", max_length=64)
    role: Role = field("What it may do.", "dispatcher")
    hospital: str | None = field("Of the role hospital: which one.", "cq-001", default=None, max_length=64)
    team: Team | None = field("Of the role hospital: which team; any when left out.", "neurology", default=None)


class UserEntry(_AccountEntry):
    """Somebody who logs in."""

    password: Password | None = field(
        "12 to 200 characters; one is made and told when left out.", "twelve or more characters", default=None
    )


class ResetEntry(Taken):
    """A new password and authenticator."""

    password: Password | None = field(
        "12 to 200 characters; one is made and told when left out.", "twelve or more characters", default=None
    )


class RevokeQuery(BaseModel):
    """How sure one is."""

    model_config = ConfigDict(extra="forbid")

    myself: Literal["true", "false"] = field("That it is one's own account is known.", "true", default="false")


class KeyEntry(_AccountEntry):
    """A key for a machine."""

    scopes: list[str] = field("All it may do; what the role may when empty.", ["route"], default=[], max_length=40)
    days: int = field("How long it lasts.", 365, default=365, ge=1, le=LONGEST_KEY_DAYS)


class RotateEntry(Taken):
    """A key in the place of another."""

    days: int = field("How long the new one lasts.", 365, default=365, ge=1, le=LONGEST_KEY_DAYS)
    overlap_hours: int = field(
        "How long the old one goes on, while machines are changed over.", 24, default=24, ge=0, le=LONGEST_OVERLAP_H
    )


class _RecordedAccount(Given):
    name: str
    role: Role
    hospital: str | None
    team: Team | None
    created_at: AwareDatetime
    created_by: str
    revoked_at: AwareDatetime | None
    revoked_by: str | None


class RecordedUser(_RecordedAccount):
    """A user. Password and secret are in no answer but the one that makes them."""

    state: Literal["active", "revoked"]
    locked_until: AwareDatetime | None = Field(description="After failed log-ins, at one address at least.")


class MadeUser(RecordedUser):
    """A user who was just made or reset, with what is shown this once."""

    password: str | None = Field(description="Where it was made here; null: it was sent.")
    totp: str = Field(description="The address that an authenticator app reads.")
    qr: str = Field(description="The same as a picture to scan: a data: address of an SVG.")


class UserList(Given):
    """Users, in the order of their names."""

    users: list[RecordedUser]


class RecordedKey(_RecordedAccount):
    """A key, by its public part."""

    id: str
    scopes: list[str]
    state: Literal["active", "expired", "revoked"]
    expires_at: AwareDatetime
    replaced_by: str | None = Field(description="The key that is in its place.")


class MadeKey(RecordedKey):
    """A key that was just made."""

    key: str = Field(description="The whole of it; shown this once.")


class KeyList(Given):
    """Keys, in the order in which they were made."""

    keys: list[RecordedKey]


def read_user(fields: Mapping[str, Any]) -> tuple[Standing, str | None]:
    """Who is to be added, and the password, None where one is to be made.

    Raises
    ------
    InvalidRequestError
        A field is wrong.
    """
    entry = read_question(UserEntry, dict(fields))
    return _standing(entry), entry.password


def read_key(fields: Mapping[str, Any]) -> tuple[Standing, int]:
    """Whose key is to be made, and for how many days.

    Raises
    ------
    InvalidRequestError
        A field is wrong.
    """
    entry = read_question(KeyEntry, dict(fields))
    return _standing(entry, *entry.scopes), entry.days


def _standing(entry: _AccountEntry, *scopes: str) -> Standing:
    try:
        standing = read_standing(entry.name, entry.role, entry.hospital or "", entry.team or "", scopes)
    except StandingError as error:
        raise invalid([{"field": error.field, "problem": str(error), "example": None}]) from None
    if standing.hospital:
        edition = current_edition()
        if standing.hospital not in {hospital.id for hospital in edition.hospitals}:
            problem = f"is no hospital of edition {edition.info.id}"
            raise invalid([{"field": "hospital", "problem": problem, "example": edition.hospitals[0].id}])
    return standing
