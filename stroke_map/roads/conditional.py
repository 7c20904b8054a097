"""Rules that hold only at certain hours."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # its stubs forget the error

if TYPE_CHECKING:
    from datetime import datetime

    from stroke_map.roads.network import RoadNetwork

_NONE = np.empty(0, dtype=np.int64)
_NONE.flags.writeable = False
_KNOWN: WeakKeyDictionary[RoadNetwork, tuple[datetime, np.ndarray]] = WeakKeyDictionary()


def closed_turns(network: RoadNetwork, departure: datetime | None) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Turns that conditional restrictions forbid at a local time, int64[n] ascending, and warnings (code, text).

    A rule whose hours cannot be understood is held: a ban obeyed in vain costs a minute, one ignored may end on the wrong side.
    """
    if not len(network.conditional_turn):
        return _NONE, []
    if departure is None:
        return _NONE, [("conditional-rules", "turn restrictions that hold only at certain hours were not applied")]
    # Opening hours change on the minute, and most questions are about the present one.
    minute = departure.replace(second=0, microsecond=0, tzinfo=None)
    known = _KNOWN.get(network)
    if known is None or known[0] != minute:
        holds = np.array([_holds(rule, minute) for rule in network.texts["rules"]], dtype=bool)
        closed = np.sort(network.conditional_turn[holds[network.conditional_rule]])
        closed.flags.writeable = False
        known = _KNOWN[network] = (minute, closed)
    return known[1], []


def _holds(rule: str, minute: datetime) -> bool:
    try:
        return bool(OpeningHours(rule).is_open(minute))
    except ParserError:
        return True
