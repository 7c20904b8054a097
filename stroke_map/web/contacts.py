"""Who of a hospital hears an alert, and by what: numbers of the yearly list, channels, and the accounts of its own screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from stroke_map.live.accounts import BOUND
from stroke_map.registry import TEAMS
from stroke_map.web.alert_models import Team  # noqa: TC001  pydantic reads the annotations
from stroke_map.web.case_models import Given
from stroke_map.web.channel_models import RecordedChannel  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stroke_map.live.accounts import Standing
    from stroke_map.live.channels import Channel
    from stroke_map.registry import Hospital

#: By what a team hears, the best first; and what is said of a hospital, the worst first.
HeardBy = Literal["channel", "number", "screen", "nobody"]
Reach = Literal["nobody", "partly", "screen", "told"]
_ORDER: Final[tuple[Reach, ...]] = ("nobody", "partly", "screen", "told")


class TeamContacts(Given):
    """How a team is told."""

    team: Team
    phones: list[str] = Field(description="Of the yearly list, in the order in which they are called.")
    heard_by: HeardBy = Field(description="The surest way; screen: only where somebody has it open.")


class HospitalContacts(Given):
    """How a hospital is told."""

    id: str
    name: dict[str, str]
    district: str
    kind: Literal["hospital", "unit"]
    phone: str
    reach: Reach = Field(
        description="nobody hears it; not every team; only on the screen; everybody, or on more than the screen."
    )
    accounts: int = Field(description="Users and keys in use that are bound to it: its own screens.")
    teams: list[TeamContacts]
    channels: list[RecordedChannel]


class ContactList(Given):
    """Every hospital of the edition, first those where nobody hears an alert."""

    edition: str
    numbers_by: Literal["sms", "voice"] | None = Field(
        description="How numbers are called; null: by no gateway, only by whoever telephones."
    )
    hospitals: list[HospitalContacts]


def contacts(
    hospitals: Sequence[Hospital], channels: Iterable[Channel], accounts: Iterable[Standing], *, numbers: bool
) -> list[dict[str, Any]]:
    """How each hospital is told, first those where nobody hears an alert.

    Parameters
    ----------
    channels, accounts
        Those in use.
    numbers
        Whether a gateway calls the numbers of the list.
    """
    of: Mapping[str, list[Channel]] = _grouped(channels, lambda one: one.hospital_id)
    bound: Mapping[str, list[Standing]] = _grouped(accounts, lambda one: one.hospital if one.role == BOUND else "")
    told = [_told(one, of.get(one.id, []), bound.get(one.id, []), numbers=numbers) for one in hospitals]
    return sorted(told, key=lambda one: (_ORDER.index(one["reach"]), one["kind"], one["id"]))


def _grouped(found: Iterable[Any], key: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return groups


def _told(
    hospital: Hospital, channels: Sequence[Channel], accounts: Sequence[Standing], *, numbers: bool
) -> dict[str, Any]:
    teams: list[dict[str, Any]] = []
    for team in TEAMS:
        phones = [contact.phone for contact in hospital.contacts if contact.team == team]
        ways: dict[HeardBy, bool] = {
            "channel": any(channel.team in {"", team} for channel in channels),
            "number": numbers and bool(phones),
            "screen": any(account.team in {"", team} for account in accounts),
        }
        heard_by = next((way for way, there in ways.items() if there), "nobody")
        teams.append({"team": team, "phones": phones, "heard_by": heard_by})
    return {
        "id": hospital.id,
        "name": {"zh": hospital.name_zh, "en": hospital.name_en},
        "district": hospital.district,
        "kind": hospital.kind,
        "phone": hospital.phone,
        "reach": _reach({team["heard_by"] for team in teams}),
        "accounts": len(accounts),
        "teams": teams,
        "channels": [channel.as_json() for channel in channels],
    }


def _reach(ways: set[HeardBy]) -> Reach:
    if ways == {"nobody"}:
        return "nobody"
    if "nobody" in ways:
        return "partly"
    return "screen" if ways == {"screen"} else "told"
