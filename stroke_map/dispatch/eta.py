"""How long the drive to one hospital takes from where the ambulance is: what a moving crew asks again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stroke_map.dispatch.choose import Asked, find_begin
from stroke_map.dispatch.drive import find_drive
from stroke_map.dispatch.prepared import prepare
from stroke_map.dispatch.question import check_need
from stroke_map.errors import NotFoundError

if TYPE_CHECKING:
    from stroke_map.dispatch.question import Question
    from stroke_map.editions import Edition
    from stroke_map.live import LiveState
    from stroke_map.settings import Settings


class Remaining(NamedTuple):
    """What is left of a drive."""

    travel_time_s: float
    distance_m: float


def remaining(
    edition: Edition, question: Question, hospital_id: str, settings: Settings, live: LiveState | None = None
) -> Remaining:
    """The drive from the place in `question` to one hospital, with the roads as they are at `question.at`.

    Raises
    ------
    NotFoundError
        The edition has no such hospital.
    OutsideAreaError, OffNetworkError, NoRouteError
        It cannot be driven from there.
    """
    edition.arrivals(question.profile)  # names the profiles there are, where this is none
    prepared = prepare(edition)
    column = prepared.column.get(hospital_id)
    if column is None:
        raise NotFoundError(f"Edition {edition.info.id} has no such hospital.", next_step="See GET /api/v1/hospitals.")
    period = edition.period_at(question.at)
    roads = prepared.profiles[question.profile, period].at(question.at.astimezone(edition.zone), live)
    needs = check_need(question.condition, question.need)
    begin = find_begin(Asked(edition, prepared, question, needs, settings, period, roads, live))
    drive = find_drive(roads, begin.starts, column)
    return Remaining(drive.time_ms / 1000, drive.length_m)
