"""How long an edition still holds, so that somebody makes the next one in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from stroke_map.editions.info import EditionInfo

#: A year's update takes weeks of asking and correcting.
WARN_DAYS: Final = 60

State = Literal["valid", "expiring", "expired", "not yet valid"]


class Validity(NamedTuple):
    """Whether an edition holds on a day, and for how many days after it; negative: for how many it has not."""

    state: State
    days_left: int

    @property
    def warning(self) -> str:
        """What somebody should know, as a sentence; "" where all is well."""
        if self.state == "expired":
            return f"the edition has been out of date for {-self.days_left} days, and every answer says so"
        if self.state == "not yet valid":
            return "the edition is not valid yet, and every answer says so"
        return f"the edition is valid for {self.days_left} more days alone" if self.state == "expiring" else ""


def validity_at(info: EditionInfo, now: datetime) -> Validity:
    """The validity of an edition at a moment (aware), by the clock of its timezone."""
    from zoneinfo import ZoneInfo

    today = now.astimezone(ZoneInfo(info.timezone)).date()
    days_left = (info.valid_until - today).days
    if days_left < 0:
        return Validity("expired", days_left)
    if today < info.valid_from:
        return Validity("not yet valid", days_left)
    return Validity("expiring" if days_left <= WARN_DAYS else "valid", days_left)
