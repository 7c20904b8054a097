"""Which hospital of an older list is which of a newer one."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, Final

from stroke_map.coordinates import metres_between
from stroke_map.registry.names import are_alike, normal_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stroke_map.registry.models import Hospital

SAME_NAME_WITHIN_M: Final = 500.0
ALIKE_NAME_WITHIN_M: Final = 50.0
#: An id given anew belongs to another hospital: other names, this far away. A list numbered by its rows does that every year.
SAME_ID_WITHIN_M: Final = 2000.0
_CELL_DEG: Final = 0.0005  # no smaller than `ALIKE_NAME_WITHIN_M` from south to north


def place_of(hospital: Hospital) -> tuple[float, float]:
    """The site's (lat, lon), degrees, WGS-84."""
    return hospital.lat, hospital.lon


def entrance_of(hospital: Hospital) -> tuple[float, float]:
    """The emergency entrance's (lat, lon), degrees, WGS-84."""
    return hospital.entrance_lat, hospital.entrance_lon


def match_hospitals(before: Sequence[Hospital], after: Sequence[Hospital]) -> dict[str, str]:
    """Pair the hospitals of two lists, one to one: by id, then by name and place.

    By id, unless neither name nor place fit; then those of one name (as `normal_name` sees it) within 500 m, then those
    of similar names within 50 m, the nearest first.

    Returns
    -------
    dict
        Id before -> id after, sorted. Swapping the lists swaps each pair; the order of a list does not matter.
    """
    newer = {hospital.id: hospital for hospital in after}
    pairs = {old.id: old.id for old in before if old.id in newer and _fit(old, newer[old.id])}
    old_left = [hospital for hospital in before if hospital.id not in pairs]
    new_left = [hospital for hospital in after if hospital.id not in pairs]
    taken: set[str] = set()
    for _, _, _, old_id, new_id in sorted([*_one_name(old_left, new_left), *_one_place(old_left, new_left)]):
        if old_id not in pairs and new_id not in taken:
            pairs[old_id] = new_id
            taken.add(new_id)
    return dict(sorted(pairs.items()))


#: How sure (0: one name, 1: similar names), metres apart, then what makes the order of equals the same both ways.
_Candidate = tuple[int, float, tuple[str, ...], str, str]


def _fit(old: Hospital, new: Hospital) -> bool:
    return are_alike(old.name_zh, new.name_zh) or metres_between(place_of(old), place_of(new)) <= SAME_ID_WITHIN_M


def _one_name(before: Iterable[Hospital], after: Iterable[Hospital]) -> Iterator[_Candidate]:
    named: dict[str, tuple[list[Hospital], list[Hospital]]] = defaultdict(lambda: ([], []))
    for side, hospitals in enumerate((before, after)):
        for hospital in hospitals:
            named[normal_name(hospital.name_zh)][side].append(hospital)
    named.pop("", None)
    for olds, news in named.values():
        for old, new in product(olds, news):
            distance_m = metres_between(place_of(old), place_of(new))
            if distance_m <= SAME_NAME_WITHIN_M:
                yield 0, distance_m, tuple(sorted((old.id, new.id))), old.id, new.id


def _one_place(before: Iterable[Hospital], after: Iterable[Hospital]) -> Iterator[_Candidate]:
    """Those within 50 m, found row of cells by row of cells: whole rows, so that no meridian needs care."""
    rows: dict[int, list[Hospital]] = defaultdict(list)
    for new in after:
        rows[int(new.lat // _CELL_DEG)].append(new)
    for old in before:
        row = int(old.lat // _CELL_DEG)
        for new in (new for near in (row - 1, row, row + 1) for new in rows.get(near, ())):
            distance_m = metres_between(place_of(old), place_of(new))
            if distance_m <= ALIKE_NAME_WITHIN_M and are_alike(old.name_zh, new.name_zh):
                yield 1, distance_m, tuple(sorted((old.id, new.id))), old.id, new.id
