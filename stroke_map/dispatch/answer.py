"""One question, one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stroke_map.dispatch.choose import Asked, Choice, choose_nearest, find_begin
from stroke_map.dispatch.classes import CLOSED, UNKNOWN
from stroke_map.dispatch.drive import Drive, find_drive
from stroke_map.dispatch.fallback import distances_m, straight_line
from stroke_map.dispatch.prepared import prepare
from stroke_map.dispatch.question import check_need
from stroke_map.dispatch.reasons import avoided_closures, nearest_capable, warnings_of, why_not_first
from stroke_map.dispatch.statuses import MOST_SEEN, Statuses, seen_json, statuses_json, taken
from stroke_map.dispatch.weigh import decision_json, predicted_json, weigh
from stroke_map.editions.near_ranking import flood_let_go
from stroke_map.errors import (
    NoCapableHospitalError,
    NoRouteError,
    OffNetworkError,
    OutsideAreaError,
    StrokeMapError,
)
from stroke_map.roads.directions import step_text
from stroke_map.roads.steps import make_steps
from stroke_map.roads.trace import shares_of, trace_line

if TYPE_CHECKING:
    from stroke_map.dispatch.question import Question
    from stroke_map.editions import Edition
    from stroke_map.live import LiveState
    from stroke_map.settings import Settings

_MOST_BESIDES = 3


@flood_let_go()
def answer(edition: Edition, question: Question, settings: Settings, live: LiveState | None = None) -> dict[str, Any]:
    """The hospitals that can treat this patient, best first, and the road to them, with the roads as they are then.

    Returns
    -------
    The answer in the shape of `stroke_map.web.models.Answer`; lines are float64[n, 2] NumPy arrays (lon, lat in degrees,
    WGS-84) for orjson's OPT_SERIALIZE_NUMPY.

    Raises
    ------
    InvalidRequestError
        A condition, need or profile that does not exist, or a pair without sense.
    OutsideAreaError, OffNetworkError, NoRouteError, NoCapableHospitalError
        No hospital can be given by road; `facts["fallback"]` lists capable ones by straight line.
    """
    needs = check_need(question.condition, question.need)
    edition.arrivals(question.profile)  # names the profiles there are, where this is none
    prepared = prepare(edition)
    period = edition.period_at(question.at)
    roads = prepared.profiles[question.profile, period].at(question.at.astimezone(edition.zone), live)
    statuses = Statuses.known(live, prepared.column)
    asked = Asked(edition, prepared, question, needs, settings, period, roads, live, statuses)
    try:
        begin = find_begin(asked)
        choice = choose_nearest(asked, begin) if question.patient is None else weigh(asked, begin, question.patient)
    except (OutsideAreaError, OffNetworkError, NoRouteError, NoCapableHospitalError) as error:
        error.facts["fallback"] = straight_line(asked)
        _tell_statuses(asked, error)
        raise
    drives = [find_drive(roads, choice.begin.starts, ranked.column) for ranked in choice.ranked]
    hospitals = [_hospital(asked, choice, drives, place) for place in range(len(drives))]
    origin = _origin(asked, choice, drives[0])
    result = {
        "edition": edition.info.id,
        "profile": question.profile,
        "period": period,
        "asked_at": question.asked_at.isoformat(timespec="seconds"),
        "demo": edition.info.demo,
        "origin": origin,
        "hospitals": hospitals,
        "decision": decision_json(choice.decision) if choice.decision else nearest_capable(needs),
        "live_state": _live_state(live),
        "closures_avoided": avoided_closures(asked, choice),
        "statuses_seen": _statuses_seen(asked, choice),
        "warnings": warnings_of(asked, choice, origin["snapped"]["distance_m"]),
        "attribution": edition.info.attribution,
        "licence": edition.info.licence,
    }
    if question.profile == "ambulance":
        result["besides"] = _besides(asked, choice)
    return result


def _live_state(live: LiveState | None) -> dict[str, Any]:
    as_of = live.as_of if live else None
    return {"as_of": as_of.isoformat(timespec="seconds") if as_of else None, "stale": bool(live and live.stale)}


def _statuses_seen(asked: Asked, choice: Choice) -> list[dict[str, Any]]:
    """What hospitals said that this answer would be another without, the nearest first."""
    if asked.statuses is None:
        return []
    worse = np.zeros(len(choice.arrival_s), dtype=bool)
    worse[taken(asked, choice.arrival_s)] = True
    columns, costs_ms = asked.roads.ranking.nearest(choice.begin.starts, choice.bounds_ms, worse, MOST_SEEN)
    if len(choice.ranked) >= asked.question.limit:
        columns = columns[costs_ms <= max(ranked.cost_ms for ranked in choice.ranked)]
    travel_s = {
        column: round(find_drive(asked.roads, choice.begin.starts, column).time_ms / 1000, 1)
        for column in columns.tolist()
    }
    return seen_json(asked, list(travel_s), choice.arrival_s, travel_s)


def _tell_statuses(asked: Asked, error: StrokeMapError) -> None:
    """Where there is no answer: which hospitals said that they cannot now, for somebody to telephone."""
    leaves_s = np.full(len(asked.prepared.cards), asked.leaves_s)
    columns = taken(asked, leaves_s)
    if columns:
        distance_m = distances_m(asked)
        columns.sort(key=lambda column: float(distance_m[column]))
        error.facts["statuses_seen"] = seen_json(asked, columns, leaves_s, {})
        if isinstance(error, NoCapableHospitalError):
            error.next_step = (
                "Call 120, and telephone the hospitals in `statuses_seen`: they could, but say that they cannot now."
            )


def _origin(asked: Asked, choice: Choice, drive: Drive) -> dict[str, Any]:
    """The place asked about, and the road on which the drive to the first choice begins: not always the nearest."""
    question, snapped, network = asked.question, choice.begin.snapped, asked.roads.network
    at = int(np.flatnonzero(snapped.stretch == network.segment_stretch[drive.segments[0]])[0])
    lat, lon, crs = question.given or (question.lat, question.lon, "WGS-84")
    distance_m = float(snapped.distance_m[at])
    return {
        "lat": lat,
        "lon": lon,
        "crs": crs,
        "snapped": {
            "lat": round(float(snapped.y[at]) * 1e-7, 7),
            "lon": round(float(snapped.x[at]) * 1e-7, 7),
            "street": network.names_of(int(snapped.stretch[at]))[0],
            "distance_m": round(distance_m, 1),
            "walk_time_s": round(distance_m * 3.6 / asked.settings.walk_speed_kph, 1),
        },
    }


def _hospital(asked: Asked, choice: Choice, drives: list[Drive], place: int) -> dict[str, Any]:
    ranked, network = choice.ranked[place], asked.roads.network
    time_ms, metres, _, segments, turns, first_share, last_share = drives[place]
    card = asked.prepared.cards[ranked.column]
    result = {
        "id": card["id"],
        "name": card["name"],
        "class": ranked.class_,
        "travel_time_s": round(time_ms / 1000, 1),
        "travel_time_range_s": _range_s(asked, time_ms / 1000),
        "distance_m": round(metres, 1),
        "statuses": statuses_json(asked, ranked.column, float(choice.arrival_s[ranked.column])),
        "capabilities": card["capabilities"],
        "level": card["level"],
        "phone": card["phone"],
        "lat": card["lat"],
        "lon": card["lon"],
        "why_not_first": why_not_first(asked, choice, [drive.time_ms for drive in drives], place),
        "predicted": predicted_json(choice.decision.ranking[place]) if choice.decision else None,
        "geometry": None,
        "steps": None,
        "navigation": card["navigation"],
    }
    if place == 0 or asked.question.all_roads:
        line = trace_line(
            segments, first_share, last_share,
            network.segment_stretch, network.segment_forward, network.stretch_first_point, network.point_x, network.point_y,
        )  # fmt: skip
        result["geometry"] = {"type": "LineString", "coordinates": np.round(line, 7)}
        slower_ms = None if asked.roads.extra_ms is None else asked.roads.extra_ms[segments]
        driven = shares_of(segments, first_share, last_share)
        steps = make_steps(network, segments, turns, driven, slower_ms)
        # One departs from where one is and arrives at the gate, not at the junctions before and after.
        points = [line[0].tolist(), *(step.point for step in steps[1:-1]), line[-1].tolist()][-len(steps) :]
        result["steps"] = [
            {
                "maneuver": step.maneuver,
                "name": step.name,
                "ref": step.ref,
                "distance_m": round(step.distance_m, 1),
                "travel_time_s": round(step.travel_time_s, 1),
                "lat": round(lat, 7),
                "lon": round(lon, 7),
                "text": step_text(step),
            }
            for step, (lon, lat) in zip(steps, points, strict=True)
        ]
    return result


def _range_s(asked: Asked, time_s: float) -> list[float] | None:
    """Between which times four of five runs took; None where no real runs were compared with this profile's times."""
    known = asked.edition.periods.calibration
    if known is None or known.profile != asked.question.profile:
        return None
    return [round(time_s * known.low, 1), round(time_s * known.high, 1)]


def _besides(asked: Asked, choice: Choice) -> dict[str, list[dict[str, Any]]]:
    """Hospitals a dispatcher may still want to telephone: closed ones, and those of which nobody knows."""
    listed = [ranked.column for ranked in choice.ranked]
    result: dict[str, list[dict[str, Any]]] = {}
    for name, class_ in (("telephone_first", CLOSED), ("unknown", UNKNOWN)):
        wanted = choice.classes == class_
        wanted[listed] = False
        columns, _ = asked.roads.ranking.nearest(choice.begin.starts, choice.bounds_ms, wanted, _MOST_BESIDES)
        result[name] = [
            {
                "id": (card := asked.prepared.cards[column])["id"],
                "name": card["name"],
                "class": class_,
                "travel_time_s": round(find_drive(asked.roads, choice.begin.starts, column).time_ms / 1000, 1),
                "phone": card["phone"],
                "statuses": statuses_json(asked, column, float(choice.arrival_s[column])),
            }
            for column in columns.tolist()
        ]
    return result
