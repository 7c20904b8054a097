"""What is different between an older and a newer list of hospitals, and whether that can be true."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

import orjson

from stroke_map.coordinates import metres_between
from stroke_map.registry.centres import CAPABILITIES, CENTRES
from stroke_map.registry.matching import entrance_of, match_hospitals, place_of
from stroke_map.registry.models import Capability
from stroke_map.registry.names import normal_name
from stroke_map.registry.told import contacts_of, field_name, told_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stroke_map.registry.models import Hospital

MOVED_M: Final = 200.0
SAME_PLACE_M: Final = 1.0  # another system, or fewer decimals, moves nobody
#: A total that is more than a fifth larger or smaller than the year before is more likely half a sheet than news.
LARGEST_CHANGE_PERCENT: Final = 20

Kind = Literal[
    "gone", "new", "renamed", "moved", "capability_gained", "capability_lost", "level_changed", "phone_changed", "other"
]
KINDS: Final[dict[Kind, tuple[str, str]]] = {
    "gone": ("不再列入", "No longer listed"),
    "new": ("新列入", "Newly listed"),
    "renamed": ("更名", "Renamed"),
    "moved": (f"位置变动超过 {MOVED_M:.0f} 米", f"Moved more than {MOVED_M:.0f} m"),
    "capability_gained": ("新增能力", "Capability gained"),
    "capability_lost": ("失去能力", "Capability lost"),
    "level_changed": ("级别变动", "Level changed"),
    "phone_changed": ("电话变动", "Phone changed"),
    "other": ("其他变动", "Other changes"),
}
_LEVELS: Final = frozenset(f"{centre}_level" for centre in CENTRES)
_WORDS: Final = {"yes": "是", "no": "否", "unknown": "未知", "hospital": "医院", "unit": "基层救治单元", "": "（无）"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different about one hospital.

    Attributes
    ----------
    before_id, after_id
        Its id in either list; "" where it is not in that list.
    name_zh, name_en
        As the newer list has them; as the older does where it is gone.
    field
        The column, "place", "entrance", "contacts" or "figures"; "" where the whole hospital is meant.
    before, after
        What is said, as text; places as "lat, lon" in degrees, WGS-84.
    moved_m
        How far, for places.
    """

    before_id: str
    after_id: str
    name_zh: str
    name_en: str
    field: str = ""
    before: str = ""
    after: str = ""
    moved_m: float | None = None

    def describe(self, lang: str) -> str:
        """The change as a line of text, in `zh` or `en`."""
        zh = lang == "zh"
        name = self.name_zh if zh else self.name_en or self.name_zh
        text = f"{name}（{self.after_id or self.before_id}）" if zh else f"{name} ({self.after_id or self.before_id})"
        if not self.field:
            return text
        words = _WORDS if zh else {"": "(none)"}
        before, after = (words.get(said, said) for said in (self.before, self.after))
        far = "" if self.moved_m is None else f"，相距 {self.moved_m:.0f} 米" if zh else f", {self.moved_m:.0f} m away"
        return f"{text}{'：' if zh else ': '}{field_name(self.field, lang)} {before} → {after}{far}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A total that changed so much that somebody must say why. `code` is stable; `what` is a capability, "hospitals" or "units"."""

    code: str
    what: str
    before: int
    after: int

    def describe(self, lang: str) -> str:
        """The refusal as a line of text, in `zh` or `en`."""
        change = f"{100 * (self.after - self.before) / self.before:+.0f} %" if self.before else "+∞"
        name = field_name(self.what, lang)
        if lang == "zh":
            return f"{name}：{self.before} → {self.after}（{change}），超出 ±{LARGEST_CHANGE_PERCENT} %，须说明理由"
        return f"{name}: {self.before} -> {self.after} ({change}), outside +-{LARGEST_CHANGE_PERCENT} %: give a reason"


@dataclass(frozen=True)
class RegistryChanges:
    """Everything that is different, each list ordered by id and column.

    Attributes
    ----------
    matches
        Id before -> id after, for every hospital of both lists.
    totals
        Number before and after: "hospitals", "units", and of hospitals and units with each capability.
    """

    matches: dict[str, str]
    totals: dict[str, tuple[int, int]]
    gone: tuple[Change, ...] = ()
    new: tuple[Change, ...] = ()
    renamed: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()
    capability_gained: tuple[Change, ...] = ()
    capability_lost: tuple[Change, ...] = ()
    level_changed: tuple[Change, ...] = ()
    phone_changed: tuple[Change, ...] = ()
    other: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", tuple(_refusals(self.totals)))

    def of_kind(self, kind: Kind) -> tuple[Change, ...]:
        """The list of that name."""
        changes: tuple[Change, ...] = getattr(self, kind)
        return changes

    @property
    def empty(self) -> bool:
        """Whether nothing is different."""
        return not any(self.of_kind(kind) for kind in KINDS)

    def describe(self, lang: str) -> str:
        """The changes as text, in `zh` or `en`: a heading for each kind that there is, a line for each change."""
        lines = [refusal.describe(lang) for refusal in self.refusals]
        for kind, names in KINDS.items():
            changes = self.of_kind(kind)
            if changes:
                lines.append(f"{names[0]}：{len(changes)}" if lang == "zh" else f"{names[1]}: {len(changes)}")
                lines += [f"  {change.describe(lang)}" for change in changes]
        return "\n".join(lines or ["没有变动" if lang == "zh" else "Nothing is different"])

    def to_json(self) -> str:
        """Everything as JSON, for machines; the same changes give the same text."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2).decode()


def compare_hospitals(before: Sequence[Hospital], after: Sequence[Hospital]) -> RegistryChanges:
    """Compare two lists of hospitals; the order within them does not matter."""
    matches = match_hospitals(before, after)
    older, newer = ({hospital.id: hospital for hospital in hospitals} for hospitals in (before, after))
    matched = set(matches.values())
    found: list[tuple[Kind, Change]] = [
        ("gone", _change(old, None)) for id_, old in older.items() if id_ not in matches
    ]
    found += [("new", _change(None, new)) for id_, new in newer.items() if id_ not in matched]
    for old_id, new_id in matches.items():
        found += _differences(older[old_id], newer[new_id])
    found.sort(key=lambda kind_and: (kind_and[1].after_id or kind_and[1].before_id, kind_and[1].field))
    by_kind = {kind: tuple(change for other, change in found if other == kind) for kind in KINDS}
    return RegistryChanges(matches=matches, totals=_totals(before, after), **by_kind)


def _change(old: Hospital | None, new: Hospital | None, *said: str, moved_m: float | None = None) -> Change:
    """A change of `said`: field, before and after, or nothing for the hospital itself."""
    name_zh, name_en = next((one.name_zh, one.name_en) for one in (new, old) if one)
    field, before, after = said or ("", "", "")
    return Change(old.id if old else "", new.id if new else "", name_zh, name_en, field, before, after, moved_m)


def _differences(old: Hospital, new: Hospital) -> Iterator[tuple[Kind, Change]]:
    yield from _moves(old, new)
    if old.contacts != new.contacts:
        yield "other", _change(old, new, "contacts", contacts_of(old), contacts_of(new))
    before, after = told_of(old), told_of(new)
    turned = [name for name in CAPABILITIES if before[name] != after[name]]
    # The hours, days and agents of what is gained or lost are part of that.
    included = {f"{name}_{part}" for name in turned for part in Capability.model_fields}
    for name, said in before.items():
        if said != after[name] and name not in included:
            yield _kind(name, said, after[name]), _change(old, new, name, said, after[name])


def _moves(old: Hospital, new: Hospital) -> Iterator[tuple[Kind, Change]]:
    sites, entrances = (place_of(old), place_of(new)), (entrance_of(old), entrance_of(new))
    for name, (one, other) in {"place": sites, "entrance": entrances}.items():
        moved_m = metres_between(one, other)
        if moved_m > SAME_PLACE_M:
            before, after = (f"{lat:.5f}, {lon:.5f}" for lat, lon in (one, other))
            kind: Kind = "moved" if moved_m > MOVED_M else "other"
            yield kind, _change(old, new, name, before, after, moved_m=round(moved_m, 1))
            if kind == "moved" or entrances == sites:
                break  # where the site moves, so does its entrance


def _kind(name: str, before: str, after: str) -> Kind:
    if name in CAPABILITIES:
        return "capability_gained" if after == "yes" else "capability_lost" if before == "yes" else "other"
    if name == "name_zh":
        return "renamed" if normal_name(before) != normal_name(after) else "other"
    return "phone_changed" if name == "phone" else "level_changed" if name in _LEVELS else "other"


def _totals(before: Sequence[Hospital], after: Sequence[Hospital]) -> dict[str, tuple[int, int]]:
    counted = []
    for hospitals in (before, after):
        count = Counter(f"{hospital.kind}s" for hospital in hospitals)
        count.update(name for h in hospitals for name, said in h.capabilities.items() if said.status == "yes")
        counted.append(count)
    return {name: (counted[0][name], counted[1][name]) for name in ("hospitals", "units", *CAPABILITIES)}


def _refusals(totals: dict[str, tuple[int, int]]) -> Iterator[Refusal]:
    for what, (before, after) in totals.items():
        if 100 * abs(after - before) > LARGEST_CHANGE_PERCENT * before:
            yield Refusal("total-changed", what, before, after)
