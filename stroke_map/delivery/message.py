"""What a message says: as little as gets a team ready. Nothing of the patient but the condition, which the screen behind the link shows too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import tzinfo

    from stroke_map.live.deliveries import Outgoing

_CONDITIONS: Final = {"stroke": ("卒中", "stroke"), "chest_pain": ("胸痛", "chest pain")}
_TEAMS: Final = {
    "emergency": ("急诊科", "emergency department"),
    "radiology": ("放射科", "radiology"),
    "neurology": ("神经内科", "neurology"),
    "cardiology": ("心内科", "cardiology"),
    "cath_lab": ("导管室", "cath lab"),
}


def told(message: Outgoing, link: str) -> dict[str, Any]:
    """A message as the members of a JSON object, with moments in the time of the region.

    Parameters
    ----------
    link
        The address of an alert's screen, with "{alert}" for its id; "": none.
    """
    alert, zone, calls = message.alert, _zone(message), message.kind == "call"
    names = {one["id"]: one.get("name") for one in alert.case.answer.get("hospitals", ())}
    eta = alert.alert.eta
    return {
        "id": message.message_id,
        "kind": message.kind,
        "asked": "acknowledge" if calls else "stand_down",
        "alert": alert.id,
        "case": alert.case.id,
        "condition": alert.case.condition,
        "hospital": {"id": alert.hospital_id, "name": names.get(alert.hospital_id)},
        "team": message.team,
        "contact": message.contact,
        "eta": eta.astimezone(zone).isoformat(timespec="seconds") if calls and eta else None,
        "at": message.at.astimezone(zone).isoformat(timespec="seconds"),
        "link": link.replace("{alert}", str(alert.id)) or None,
    }


def text_of(message: dict[str, Any], lang: str, now: datetime) -> str:
    """What `told` says, in one line for people."""
    place = 0 if lang == "zh" else 1
    condition, team = _CONDITIONS[message["condition"]][place], _TEAMS[message["team"]][place]
    name = (message["hospital"]["name"] or {}).get(lang) or message["hospital"]["id"]
    case, link, eta = message["case"], f" {message['link']}" if message["link"] else "", ""
    if message["eta"]:
        at = datetime.fromisoformat(message["eta"])
        minutes = max(round((at - now).total_seconds() / 60), 0)
        eta = (f"预计{at:%H:%M}到达（约{minutes}分钟后）。", f"arrives {at:%H:%M} (in about {minutes} min). ")[place]
    if message["kind"] == "call":
        return (
            f"【{condition}预警】{name}{team}：病例{case}，{eta}请确认收到。{link}",
            f"{condition.upper()} ALERT for {team}, {name}: case {case}, {eta}Please acknowledge.{link}",
        )[place]
    return (
        f"【{condition}预警解除】{name}{team}：病例{case}不再送来，请解除准备。{link}",
        f"STAND DOWN, {team}, {name}: the {condition} patient of case {case} is not coming.{link}",
    )[place]


def _zone(message: Outgoing) -> tzinfo:
    """That of the region, by the answer of the case."""
    try:
        return datetime.fromisoformat(message.alert.case.answer["asked_at"]).tzinfo or UTC
    except (KeyError, TypeError, ValueError):
        return UTC
