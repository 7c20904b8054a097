"""A question that was read, put to `dispatch`. Knows nothing of HTTP, so the command line asks the same way."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stroke_map import dispatch
from stroke_map.coordinates import to_wgs84
from stroke_map.errors import OutsideAreaError, StrokeMapError
from stroke_map.web.patient import TransferBody, read_patient
from stroke_map.web.questions import Common, RouteBody, RouteQuery, invalid, read_question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.editions import Edition
    from stroke_map.live import LiveView
    from stroke_map.settings import Settings


def ask(
    edition: Edition,
    asked: RouteQuery | RouteBody,
    settings: Settings,
    live: LiveView | None = None,
    patient: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer of `edition` to what was asked, with the roads as `live` knows them.

    Parameters
    ----------
    patient
        The fields about the patient, for the protocol to weigh; none: the nearest capable hospital is the answer.

    Raises
    ------
    InvalidRequestError
        A limit above the setting, a pair of condition and need without sense, latitude and longitude exchanged, or a mistake in
        what is told of the patient.
    OutsideAreaError, OffNetworkError, NoRouteError, NoCapableHospitalError
        As `dispatch.answer`.
    """
    try:
        question = _question(asked, edition, settings, patient)
        return dispatch.answer(edition, question, settings, live.state(question.asked_at) if live else None)
    except OutsideAreaError as error:
        _refuse_swapped(asked, edition, error)
        raise


def warm_up(edition: Edition, settings: Settings) -> None:
    """Ask once by every profile, and once for a patient, so that no caller waits for kernels to be compiled (7 s) or read from cache (0.3 s)."""
    hospital = edition.hospitals[0]
    for profile in edition.info.profiles:
        fields = {"lat": hospital.entrance_lat, "lon": hospital.entrance_lon, "need": "ct", "profile": profile}
        with suppress(StrokeMapError):  # no road may be there, nor a hospital with a CT
            ask(edition, read_question(RouteQuery, fields), settings)
    # Whatever: of a damaged edition, which begins to serve until that is found, no kernel but much else fails in its own way.
    with suppress(Exception):
        fields = {"lat": hospital.entrance_lat, "lon": hospital.entrance_lon, "profile": edition.info.profiles[-1]}
        ask(edition, read_question(RouteQuery, fields), settings, patient={"age": 70})


def warm_up_closures(edition: Edition) -> None:
    """Make ready for the first closure, which otherwise makes its question wait for kernels (4 s to compile)."""
    for profile in dispatch.prepare(edition).profiles.values():
        profile.warm_up()


def ask_transfer(
    edition: Edition, asked: TransferBody, settings: Settings, live: LiveView | None, patient: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer of `edition` to a hospital that asks where to send a patient on to.

    Raises
    ------
    InvalidRequestError
        No such hospital, or as `ask`.
    OffNetworkError, NoRouteError, NoCapableHospitalError
        As `dispatch.answer`.
    """
    column = dispatch.prepare(edition).column.get(asked.hospital)
    if column is None:
        problem = f"is no hospital of edition {edition.info.id}"
        raise invalid([{"field": "hospital", "problem": problem, "example": edition.hospitals[0].id}])
    told, at = read_patient(
        patient, condition=asked.condition, at=asked.at, zone=edition.zone, from_hospital=asked.hospital
    )
    site = edition.hospitals[column]
    question = dispatch.Question(
        lat=site.entrance_lat,
        lon=site.entrance_lon,
        at=at,
        asked_at=datetime.now(edition.zone),
        condition=asked.condition,
        profile=asked.profile,
        limit=_limit(asked, settings),
        all_roads=asked.roads == "all",
        from_hospital=asked.hospital,
        patient=told,
    )
    return dispatch.answer(edition, question, settings, live.state(question.asked_at) if live else None)


def ask_remaining(
    edition: Edition,
    place: tuple[float, float, str],
    hospital_id: str,
    settings: Settings,
    live: LiveView | None,
    *,
    bearing: float | None = None,
) -> dispatch.Remaining:
    """What is left of the drive to one hospital for an ambulance at `place` (lat, lon in degrees, their system).

    Raises
    ------
    NotFoundError
        The edition has no such hospital.
    OutsideAreaError, OffNetworkError, NoRouteError
        It cannot be driven from there.
    """
    lat, lon = to_wgs84(*place)
    now = datetime.now(edition.zone)
    question = dispatch.Question(lat=lat, lon=lon, at=now, asked_at=now, profile="ambulance", bearing_deg=bearing)
    return dispatch.remaining(edition, question, hospital_id, settings, live.state(now) if live else None)


def _question(
    asked: RouteQuery | RouteBody, edition: Edition, settings: Settings, patient: Mapping[str, Any] | None
) -> dispatch.Question:
    now = datetime.now(edition.zone)
    at = asked.at or now
    told = None
    if patient:
        told, at = read_patient(patient, condition=asked.condition, at=asked.at, zone=edition.zone)
    lat, lon = to_wgs84(asked.lat, asked.lon, asked.crs)
    return dispatch.Question(
        lat=lat,
        lon=lon,
        at=at if at.tzinfo else at.replace(tzinfo=edition.zone),
        asked_at=now,
        condition=asked.condition,
        need=asked.need,
        profile=asked.profile,
        limit=_limit(asked, settings),
        all_roads=asked.roads == "all",
        given=(asked.lat, asked.lon, asked.crs),
        on=asked.on,
        level=asked.level,
        bearing_deg=asked.bearing,
        bearing_tolerance_deg=asked.bearing_tolerance,
        patient=told,
    )


def _limit(asked: Common, settings: Settings) -> int:
    limit = settings.limit_default if asked.limit is None else asked.limit
    if limit > settings.limit_max:
        problem = f"is out of range: 1 to {settings.limit_max} hospitals"
        raise invalid([{"field": "limit", "problem": problem, "example": settings.limit_default}])
    return limit


def _refuse_swapped(asked: RouteQuery | RouteBody, edition: Edition, error: OutsideAreaError) -> None:
    if edition.contains(lat=asked.lon, lon=asked.lat):
        problem = "is outside the region, and inside with the other in its place: latitude and longitude look swapped"
        inside = edition.region.representative_point()
        examples = (("lat", round(inside.y, 4)), ("lon", round(inside.x, 4)))
        raise invalid([{"field": name, "problem": problem, "example": value} for name, value in examples]) from error
