"""Which hospitals, in which order."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stroke_map.dispatch.classes import CLOSED, LAPSED, UNKNOWN, VALID, classify
from stroke_map.dispatch.drive import find_drive
from stroke_map.dispatch.starts import find_starts
from stroke_map.editions.arrivals import LONGEST_STORED_S
from stroke_map.editions.current import CurrentRanking
from stroke_map.editions.near_ranking import NearRanking
from stroke_map.editions.ranking import NEVER
from stroke_map.errors import NoCapableHospitalError, NoRouteError, OutsideAreaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.dispatch.prepared import Prepared
    from stroke_map.dispatch.question import Question
    from stroke_map.dispatch.roads_now import RoadsNow
    from stroke_map.dispatch.starts import Begin
    from stroke_map.dispatch.statuses import Statuses
    from stroke_map.editions import Edition
    from stroke_map.live import LiveState
    from stroke_map.protocols.decision import Decision
    from stroke_map.settings import Settings

#: By how much a drive may take longer than a bound says: round closures or beyond the longest that is stored, and as times are stored.
_LONGEST_DETOUR_S: Final = 86_400.0
_QUANTUM_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question together with everything that answers it: one edition and one live state throughout.

    Attributes
    ----------
    period
        The time of the week in which the drive begins; the whole drive is reckoned by it.
    roads
        The roads and arrivals of the profile asked for, as they are when the drive begins.
    live
        What is known of the present; None: nothing was asked.
    statuses
        What hospitals said of themselves; None where none said anything.
    """

    edition: Edition
    prepared: Prepared
    question: Question
    needs: tuple[str, ...]
    settings: Settings
    period: str
    roads: RoadsNow
    live: LiveState | None
    statuses: Statuses | None = None

    @property
    def leaves_s(self) -> float:
        """Seconds since 1970 of leaving with the patient."""
        return self.question.at.timestamp()

    @property
    def out_of_date(self) -> bool:
        """Whether the edition has ended by then."""
        return self.leaves_s >= self.prepared.ends_s

    def classes(self, arrival_s: np.ndarray) -> np.ndarray:
        """int8[H]: the class of every hospital for arrivals at float64[H] seconds since 1970."""
        return self.classes_for(self.needs, arrival_s)

    def classes_for(self, needs: Sequence[str], arrival_s: np.ndarray) -> np.ndarray:
        """The same for one of `needs`, with what hospitals said of themselves."""
        if self.statuses is None:
            return self.usual_classes(needs, arrival_s)
        each = [self.statuses.weaken(self.usual_classes((need,), arrival_s), need, arrival_s) for need in needs]
        return np.minimum.reduce(each)

    def usual_classes(self, needs: Sequence[str], arrival_s: np.ndarray) -> np.ndarray:
        """The same without it."""
        return classify(
            [self.prepared.capabilities[need] for need in needs],
            arrival_s,
            zone=self.edition.zone,
            grace_s=self.settings.accreditation_grace_days * 86_400.0,
            out_of_date=self.out_of_date,
        )

    def columns_that_hang_on_the_hour(self, needs: Sequence[str], earliest_s: float, bounds_s: np.ndarray) -> list[int]:
        """The hospitals whose class for one of `needs` is not sure while nobody knows to the second when one arrives.

        Parameters
        ----------
        earliest_s, bounds_s
            Seconds since 1970 before which nobody arrives, and float64[H] when by the bounds of the ranking one would.
        """
        unsure = np.zeros(len(bounds_s), dtype=bool)
        is_far_off = (bounds_s - earliest_s >= LONGEST_STORED_S) | isinstance(self.roads.ranking, CurrentRanking)
        latest_s = bounds_s + np.where(is_far_off, _LONGEST_DETOUR_S, _QUANTUM_S)
        grace_s = self.settings.accreditation_grace_days * 86_400.0
        for table in (self.prepared.capabilities[need] for need in needs):
            for turns_s in (table.begins, table.ends, table.ends + grace_s):
                unsure |= (earliest_s <= turns_s) & (turns_s <= latest_s)
            unsure[[column for column, _ in table.timed]] = True
        if self.statuses is not None:
            unsure[self.statuses.columns] = True
        return np.flatnonzero(unsure).tolist()


class Ranked(NamedTuple):
    """One choice: its class, the hospital's column, the exact cost in milliseconds."""

    class_: int
    column: int
    cost_ms: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, best first, and what it was chosen from.

    Attributes
    ----------
    bounds_ms, classes, arrival_s
        int64[H], int8[H], float64[H] seconds since 1970: the least cost, the class and the arrival at every hospital.
    decision
        What the protocol said of this patient; None: nothing was told of one, and the nearest capable hospitals were chosen.
    beyond
        Whether there are hospitals farther away that were not looked at, as none of them could stand among those chosen.
    """

    ranked: list[Ranked]
    begin: Begin
    bounds_ms: np.ndarray
    classes: np.ndarray
    arrival_s: np.ndarray
    decision: Decision | None = None
    beyond: bool = False


def find_begin(asked: Asked) -> Begin:
    """Where the drive may begin.

    Raises
    ------
    OutsideAreaError, OffNetworkError
        Outside the region, or far from every road.
    """
    question = asked.question
    if question.from_hospital is not None:
        # Its own gate: a hospital across the border asks too, and its compound may lie nearer to another street.
        return find_starts(
            asked.roads, *asked.roads.gate(asked.prepared.column[question.from_hospital]), asked.settings
        )
    if not asked.edition.contains(question.lat, question.lon):
        raise OutsideAreaError(f"the point is outside the region of edition {asked.edition.info.id}")
    return find_starts(
        asked.roads,
        question.lat,
        question.lon,
        asked.settings,
        on=question.on,
        level=question.level,
        bearing_deg=question.bearing_deg,
        bearing_tolerance_deg=question.bearing_tolerance_deg,
    )


def choose_nearest(asked: Asked, begin: Begin) -> Choice:
    """The nearest hospitals of the best classes there are.

    Raises
    ------
    NoRouteError, NoCapableHospitalError
        There is none that a road from here leads to.
    """
    ranking = asked.roads.ranking
    if isinstance(ranking, NearRanking):
        stored_ms, others_ms = ranking.stored_ms(begin.starts)
        with suppress(NoRouteError, NoCapableHospitalError):
            # Nearly always the hospitals that are stored here are more than enough. Where none of them can, one farther away may.
            choice = _choose(asked, begin, stored_ms)
            if _is_settled(asked, choice, others_ms):
                return replace(choice, beyond=bool((others_ms < NEVER).any()))
    return _choose(asked, begin, ranking.all_ms(begin.starts))


def _is_settled(asked: Asked, choice: Choice, others_ms: np.ndarray) -> bool:
    """Whether none of the hospitals that are at least so far away, int64[H], could stand among those chosen."""
    may = np.logical_or.reduce([asked.prepared.capabilities[need].status > 0 for need in asked.needs])
    nearest_ms, last = others_ms[may].min(initial=NEVER), choice.ranked[-1]
    all_valid = len(choice.ranked) == asked.question.limit and last.class_ == VALID
    return bool(nearest_ms >= NEVER or (all_valid and last.cost_ms < nearest_ms))


def _choose(asked: Asked, begin: Begin, bounds_ms: np.ndarray) -> Choice:
    question, ranking = asked.question, asked.roads.ranking
    arrival_s = asked.leaves_s + _drive_times_ms(asked, begin, bounds_ms) / 1000
    classes = asked.classes(arrival_s)
    if not (classes <= UNKNOWN).any():
        raise NoCapableHospitalError(f"no hospital of edition {asked.edition.info.id} has {' or '.join(asked.needs)}")
    ranked: list[Ranked] = []
    for class_ in (VALID, LAPSED, CLOSED, UNKNOWN):
        missing = question.limit - len(ranked)
        if missing == 0 or (ranked and class_ > LAPSED):
            break
        found = ranking.nearest(begin.starts, bounds_ms, classes == class_, missing)
        ranked += [Ranked(class_, *one) for one in zip(*(part.tolist() for part in found), strict=True)]
    if not ranked:
        raise NoRouteError("no road leads from here to a hospital that can treat this")
    return Choice(ranked, begin, bounds_ms, classes, arrival_s)


def _drive_times_ms(asked: Asked, begin: Begin, bounds_ms: np.ndarray) -> np.ndarray:
    """float64[H]: to the millisecond where a class hangs on it, else as the bound says, deterrents and all; 0 where no road leads.

    To some of them no road may lead as things are now, which a bound does not know: `bounds_ms` is NEVER there afterwards.
    """
    drive_ms = np.where(bounds_ms < NEVER, bounds_ms, 0).astype(np.float64)
    for column in asked.columns_that_hang_on_the_hour(asked.needs, asked.leaves_s, asked.leaves_s + drive_ms / 1000):
        if bounds_ms[column] < NEVER:
            try:
                drive_ms[column] = find_drive(asked.roads, begin.starts, column).time_ms
            except NoRouteError:
                drive_ms[column], bounds_ms[column] = 0.0, NEVER
    return drive_ms
