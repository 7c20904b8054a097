"""Rules that hold only at certain hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # its stubs forget the error

if TYPE_CHECKING:
    from datetime import datetime

    from stroke_map.roads.network import RoadNetwork

_NONE = np.empty(0, dtype=np.int64)
_NONE.flags.writeable = False


def closed_turns(network: RoadNetwork, departure: datetime | None) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Turns that conditional restrictions forbid at a local time, int64[n] ascending, and warnings (code, text).

    A rule whose hours cannot be understood is held: a ban obeyed in vain costs a minute, one ignored may end on the wrong side.
    """
    if not len(network.conditional_turn):
        return _NONE, []
    if departure is None:
        return _NONE, [("conditional-rules", "turn restrictions that hold only at certain hours were not applied")]
    holds = np.array([_holds(rule, departure) for rule in network.texts["rules"]], dtype=bool)
    closed = np.sort(network.conditional_turn[holds[network.conditional_rule]])
    closed.flags.writeable = False
    return closed, []


def _holds(rule: str, when: datetime) -> bool:
    try:
        return bool(OpeningHours(rule).is_open(when.replace(tzinfo=None)))
    except ParserError:
        return True
