"""What really goes wrong in a list of hospitals that is sound cell by cell. Errors stop an edition, warnings do not."""

from __future__ import annotations

import difflib
import math
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.coordinates import metres_between
from stroke_map.registry.centres import CAPABILITIES, CAPABILITY_NAMES, CENTRES
from stroke_map.registry.findings import Finding, Records, problems_of
from stroke_map.registry.hours import ALWAYS, parse_hours
from stroke_map.registry.names import normal_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from stroke_map.registry.models import Hospital
    from stroke_map.registry.problems import Problem

NEAR_M: Final = 50.0
GRACE_DAYS: Final = 90
#: What a treatment cannot be without: thrombectomy begins with a CT and, where it may, with thrombolysis.
NEEDS: Final[dict[str, tuple[str, ...]]] = {"thrombectomy": ("thrombolysis", "ct")}
#: What is promised round the clock: a chest pain centre's catheter laboratory.
ROUND_THE_CLOCK: Final = "primary_pci"
_DEGREES_NORTH: Final = NEAR_M / 111_000.0


def check_hospitals(
    hospitals: Sequence[Hospital],
    *,
    valid_from: date,
    valid_until: date,
    districts: Collection[str] | None = None,
    records: Records | None = None,
    grace_days: int = GRACE_DAYS,
    complete: bool = True,
) -> list[Problem]:
    """Find what is wrong between the rows of a list, and between a list and its edition.

    Parameters
    ----------
    hospitals
        The whole list, in the sheet's order.
    valid_from, valid_until
        First and last day of the edition.
    districts
        The districts and counties of the region; None: not known, so none is unknown.
    records
        The cells the hospitals were read from (`SheetReading.records`), so that problems name sheet, row and column.
    grace_days
        For how long answers still list a hospital whose accreditation has run out, marked.
    complete
        False: rows could not be read (`SheetReading.lost_rows`), and what only they may say is not missed.

    Returns
    -------
    list of Problem
        Hospital by hospital, in the order of the list.
    """
    records = records or {}
    # A row that was refused is no hospital, but what it says is said: others are not wrong because of its mistakes.
    sound = {hospital.id for hospital in hospitals}
    refused = {id_: cells for id_, cells in records.items() if id_ not in sound}
    findings = [
        *_names_twice(hospitals, refused, complete=complete),
        *_near_sites(hospitals),
        *_missing_needs(hospitals, refused, complete=complete),
        *_partners(hospitals),
    ]
    for hospital in hospitals:
        findings += _hours(hospital, valid_from)
        findings += _accreditation(hospital, valid_from, valid_until, timedelta(grace_days))
        findings += _district(hospital, districts)
    return problems_of(findings, hospitals, records)


def _names_twice(hospitals: Sequence[Hospital], refused: Records, *, complete: bool) -> Iterator[Finding]:
    name_of = {id_: cells["name_zh"].text for id_, cells in refused.items() if "name_zh" in cells}
    name_of |= {hospital.id: hospital.name_zh for hospital in hospitals}
    named: dict[str, list[Hospital]] = {}
    for hospital in hospitals:
        # A name of dashes alone says nothing, so it is nobody else's.
        named.setdefault(normal_name(hospital.name_zh) or f"- {hospital.id}", []).append(hospital)
    for group in named.values():
        # Said by the id of a row that could not be read, an organisation may be that of any other.
        unclear = not complete and any(hospital.organisation not in ("", *name_of) for hospital in group)
        one_organisation = unclear or len({_organisation(hospital, name_of) for hospital in group}) == 1
        first_of: dict[str, Hospital] = {}
        for hospital in group:
            first = first_of.setdefault(normal_name(hospital.campus) if one_organisation else "", hospital)
            if first is not hospital:
                message = f"is the name of {first.id} too, so nobody could tell the two apart"
                right = "one row for each site; sites of one organisation each with its own campus"
                yield Finding("error", hospital, "name_zh", message, right)


def _organisation(hospital: Hospital, name_of: dict[str, str]) -> str:
    """The hospital that a site belongs to, said by name or by id; itself where nothing is said."""
    said = hospital.organisation or hospital.name_zh
    return normal_name(name_of.get(said, said))


def _near_sites(hospitals: Sequence[Hospital]) -> Iterator[Finding]:
    lat = np.array([hospital.lat for hospital in hospitals])
    order = np.argsort(lat, kind="stable")
    low = np.searchsorted(lat[order], lat - _DEGREES_NORTH)
    high = np.searchsorted(lat[order], lat + _DEGREES_NORTH)
    lon = np.array([hospital.lon for hospital in hospitals])
    for number, hospital in enumerate(hospitals):
        above = order[low[number] : high[number]]
        above = above[above < number]
        east = (lon[above] - hospital.lon + 180.0) % 360.0 - 180.0
        away = np.hypot(lat[above] - hospital.lat, east * math.cos(math.radians(hospital.lat)))
        if not len(away):
            continue
        other = hospitals[above[away.argmin()]]
        distance_m = metres_between((hospital.lat, hospital.lon), (other.lat, other.lon))
        if distance_m < NEAR_M:
            message = f"this site is {distance_m:.0f} m from {other.name_zh} ({other.id})"
            right = f"sites over {NEAR_M:.0f} m apart, or one row for both"
            yield Finding("warning", hospital, "lat", message, right)


def _missing_needs(hospitals: Sequence[Hospital], refused: Records, *, complete: bool) -> Iterator[Finding]:
    said = {name for hospital in hospitals for name in CAPABILITIES if hospital.capabilities[name].status != "unknown"}
    said |= {name for cells in refused.values() for name in CAPABILITIES if name in cells and cells[name].text}
    for treatment, needs in NEEDS.items():
        able = [hospital for hospital in hospitals if hospital.capabilities[treatment].status == "yes"]
        what = CAPABILITY_NAMES[treatment].name_en
        for need in needs:
            name = CAPABILITY_NAMES[need].name_en
            right = f"{need} yes, or {treatment} no"
            if able and need not in said:  # one sentence for the list, not one for each of its rows
                message = f"nothing is said of {name}, which {what} needs"
                if complete:
                    yield Finding("warning", None, need, message, "yes or no at every hospital")
                continue
            for hospital in able:
                status = hospital.capabilities[need].status
                if status == "no":
                    yield Finding("error", hospital, need, f"{what} without {name}", right)
                elif status == "unknown":
                    yield Finding("warning", hospital, need, f"{what}, and nothing is said of {name}", right)


def _hours(hospital: Hospital, day: date) -> Iterator[Finding]:
    capability = hospital.capabilities[ROUND_THE_CLOCK]
    if capability.status != "yes" or _is_always(capability.hours, day):
        return
    name = CAPABILITY_NAMES[ROUND_THE_CLOCK].name_en
    message = f"{name} without 24/7 hours: outside them answers say to telephone first"
    yield Finding("warning", hospital, f"{ROUND_THE_CLOCK}_hours", message, ALWAYS)


def _is_always(hours: str, day: date) -> bool:
    if hours == ALWAYS:
        return True
    noon = datetime.combine(day, time(12))
    return parse_hours(hours).is_open(noon) and parse_hours(hours).next_change(noon) is None


def _accreditation(hospital: Hospital, first: date, last: date, grace: timedelta) -> Iterator[Finding]:
    for name, capability in hospital.capabilities.items():
        if capability.status != "yes":
            continue
        begins, ends = capability.valid_from, capability.valid_until
        if begins and begins > last:
            message = f"the accreditation begins on {begins}, after the edition: answers list it as unknown (class 4)"
            yield Finding("warning", hospital, f"{name}_valid_from", message, f"a day up to {last}, or blank")
        if ends and ends < last:
            graced = _plus(ends, grace)
            then = f"as lapsed (class 2) until {graced}, " if graced >= max(ends + timedelta(1), first) else ""
            message = f"{_ran_out(ends, first)}: answers then list it {then}as unknown (class 4) from there on"
            yield Finding("warning", hospital, f"{name}_valid_until", message, f"{last} or later")
    for centre, level in hospital.levels.items():
        if level.valid_until and level.valid_until < last:
            message = f"the level as {CENTRES[centre].name_en}: {_ran_out(level.valid_until, first)}; it is still shown"
            yield Finding("warning", hospital, f"{centre}_level_valid_until", message, f"{last} or later")


def _plus(day: date, more: timedelta) -> date:
    return day + more if type(day).max - day > more else type(day).max


def _ran_out(ends: date, first: date) -> str:
    if ends < first:
        return f"the accreditation ran out on {ends}, before the edition begins on {first}"
    return f"the accreditation runs out on {ends}, inside the edition"


def _partners(hospitals: Sequence[Hospital]) -> Iterator[Finding]:
    by_id = {hospital.id: hospital for hospital in hospitals}
    can = {
        hospital.id: {name for name, capability in hospital.capabilities.items() if capability.status == "yes"}
        for hospital in hospitals
    }
    for hospital in hospitals:
        for partner in hospital.transfer_partners:
            # That every partner is listed is what the reading of a sheet sees to.
            if partner.id in by_id and can[partner.id] <= can[hospital.id]:
                message = f"{by_id[partner.id].name_zh} ({partner.id}) is not said to do anything that is not done here"
                yield Finding("warning", hospital, "transfer_partners", message, "partners that can do more")


def _district(hospital: Hospital, districts: Collection[str] | None) -> Iterator[Finding]:
    if districts is None or not hospital.district or hospital.district in districts:
        return
    right = _nearest(hospital.district[:64], tuple(districts))
    yield Finding("warning", hospital, "district", "is no district of this region", right)


@lru_cache(maxsize=1024)
def _nearest(district: str, districts: tuple[str, ...]) -> str:
    # 石柱县 is how people write 石柱土家族自治县.
    near = difflib.get_close_matches(district, districts, 1) or [name for name in districts if name[:2] == district[:2]]
    return near[0] if near else f"one of the region's {len(districts)}, such as {districts[0] if districts else 'none'}"
