"""What someone says of a hospital, by the API or on the command line -> `NewStatus` or `Ending`, or everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from stroke_map.dispatch import prepare
from stroke_map.errors import NotFoundError
from stroke_map.live import NewStatus
from stroke_map.live.entry import Words  # noqa: TC001  pydantic reads the annotations
from stroke_map.live.statuses import TROUBLES, Trouble, longest
from stroke_map.moments import Moment  # noqa: TC001
from stroke_map.web.models import Text  # noqa: TC001
from stroke_map.web.questions import invalid, plain_whole_number, read_question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from stroke_map.editions import Edition
    from stroke_map.live import HospitalStatus, LiveStore
    from stroke_map.settings import Settings

MOST_LISTED = 1000


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _field(description: str, example: Any, **more: Any) -> Any:
    return Field(description=description, json_schema_extra={"example": example}, **more)


class StatusEntry(BaseModel):
    """What holds of a hospital from now on, until when, and who says so."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["open", "diversion", "full", "ct_down", "cath_lab_down"] = _field(
        "What is the matter; open ends what was said before. The others stand beside each other.", "ct_down"
    )
    until: Moment = _field(
        "When it ends by itself: RFC 3339, without an offset in the edition's timezone; "
        "the longest duration when left out, and then someone must say it again.",
        "2026-05-01T20:30:00+08:00",
        default=None,
    )
    ends: list[Trouble] | None = _field("With open: what of it is over; everything when left out.", None, default=None)
    reason: Words = _field("Why.", "tube change")
    author: Words | None = _field(
        "Who says so; the name of the account when left out, and beside it otherwise.", "radiology, Dr Li", default=None
    )


class StatusPath(_Shape):
    """Which hospital."""

    hospital_id: str = _field("The hospital's id.", "cq-001")


class StatusesQuery(_Shape):
    """Which statuses to list."""

    hospital: str | None = _field("Only those of the hospital with this id.", "cq-001", default=None)
    include_ended: Literal["true", "false"] = _field("The history of 400 days too.", "true", default="false")
    after: Annotated[int, BeforeValidator(plain_whole_number)] = _field(
        "Only those with a larger id: the next page, after the last id of this one.", 1000, default=0, ge=0
    )
    most: Annotated[int, BeforeValidator(plain_whole_number)] = _field(
        "How many at most.", 100, default=MOST_LISTED, ge=1, le=MOST_LISTED
    )


class RecordedStatus(_Shape):
    """A status as it was recorded."""

    id: int
    hospital_id: str
    name: Text | None = Field(description="Null where the published edition lacks the hospital.")
    kind: Trouble
    state: Literal["active", "unconfirmed", "ended", "over"] = Field(
        description="unconfirmed: it ran out at its longest duration, and nobody said whether it is over; it counts no more."
    )
    until: AwareDatetime
    open_ended: bool = Field(description="Nobody said until when.")
    reason: str
    author: str
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    ended_by: str | None
    end_reason: str | None


class HospitalStatuses(_Shape):
    """What holds of one hospital after it was said."""

    as_of: AwareDatetime
    statuses: list[RecordedStatus]
    ended: list[RecordedStatus] = Field(description="What ended thereby.")


class StatusList(_Shape):
    """Statuses, in the order in which they were recorded."""

    as_of: AwareDatetime
    statuses: list[RecordedStatus]
    more: bool = Field(description="Whether there are others, with larger ids.")


@dataclass(frozen=True, slots=True)
class Ending:
    """Someone says that these are over at a hospital."""

    hospital_id: str
    kinds: Sequence[Trouble]
    by: str
    reason: str


def read_status(
    hospital_id: str, fields: Mapping[str, Any], edition: Edition, settings: Settings, *, now: datetime, by: str
) -> NewStatus | Ending:
    """What is said of a hospital of `edition` at `now`.

    Parameters
    ----------
    by
        The account or user that says so, which stands beside any other author.

    Raises
    ------
    NotFoundError
        The edition has no such hospital.
    InvalidRequestError
        Every mistake is named, and no value that was sent is repeated.
    """
    if hospital_id not in prepare(edition).column:
        raise NotFoundError("There is no hospital with that id.", next_step="List them with GET /api/v1/hospitals, or find it with `stroke-map search`.")  # fmt: skip
    entry = read_question(StatusEntry, fields)
    author = by if entry.author in {None, by} else f"{entry.author} ({by})"
    if entry.kind == "open":
        if entry.until is not None:
            raise invalid([{"field": "until", "problem": "is for trouble: open has no end", "example": None}])
        ends: list[Trouble] = entry.ends or list(TROUBLES)
        return Ending(hospital_id, ends, author, entry.reason)
    if entry.ends is not None:
        raise invalid([{"field": "ends", "problem": "is for open alone", "example": None}])
    last = now + longest(entry.kind, settings)
    until = last if entry.until is None else entry.until
    until = until if until.tzinfo else until.replace(tzinfo=edition.zone)
    example = last.astimezone(edition.zone).isoformat(timespec="seconds")
    if until <= now:
        raise invalid([{"field": "until", "problem": "has passed already", "example": example}])
    if until > last:
        hours = (last - now).total_seconds() / 3600
        problem = f"is too far off: at most {hours:g} hours, and then someone must say it again"
        raise invalid([{"field": "until", "problem": problem, "example": example}])
    return NewStatus(
        hospital_id=hospital_id,
        kind=entry.kind,
        until=until,
        open_ended=entry.until is None,
        reason=entry.reason,
        author=author,
    )


def record(store: LiveStore, said: NewStatus | Ending, *, now: datetime) -> Sequence[HospitalStatus]:
    """Keep what was said; gives back the statuses that ended thereby.

    Raises
    ------
    LiveStoreError
        The database is locked or away; nothing was changed.
    """
    if isinstance(said, Ending):
        return store.statuses.end(said.hospital_id, said.by, said.reason, now=now, kinds=said.kinds)
    store.statuses.set(said, now=now)
    return []


def recorded_json(status: HospitalStatus, edition: Edition, now: datetime) -> dict[str, Any]:
    """A status as the API and the command line show it, with the name of its hospital."""
    column = prepare(edition).column.get(status.hospital_id)
    name = None if column is None else prepare(edition).cards[column]["name"]
    return {"name": name, **status.as_json(now)}
