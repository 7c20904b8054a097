"""What tags say on ways and nodes alike: access, and how it is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

from stroke_map.roads.profile_tables import Access, Meaning, Patterns, WayKind, matches

if TYPE_CHECKING:
    from collections import Counter

Direction = Literal["forward", "backward"]
Tags = Mapping[str, str]
Issues = set[tuple[str, str]]
"""(key, value) of every tag that was not understood."""

DIRECTIONS: Final[tuple[Direction, ...]] = ("forward", "backward")
_MOST_PERMISSIVE_FIRST: Final[tuple[Meaning, ...]] = ("open", "allowed", "restricted", "closed", "ignored")
_REMEMBERED: Final = 50_000  # combinations of tags; a country has some thousands, a hostile file as many as it likes

Use = TypeVar("Use")


class Memory(Generic[Use]):
    """Interprets each combination of relevant tags once: a city's 200,000 ways have some thousands.

    Parameters
    ----------
    interpret
        Relevant tags, and where to put what was not understood -> the use.
    relevant
        Keys that can make a difference.
    issues
        Counts every tag value that was not understood, once per element that has it.
    """

    def __init__(
        self,
        interpret: Callable[[Tags, Issues], Use],
        relevant: frozenset[str],
        issues: Counter[tuple[str, str]] | None,
    ) -> None:
        self._interpret = interpret
        self._relevant = relevant
        self._issues = issues
        self._known: dict[tuple[tuple[str, str], ...], tuple[Use, Issues]] = {}

    def read(self, tags: Tags) -> Use:
        """The use of an element with these tags."""
        relevant = self._relevant
        key = tuple([item for item in tags.items() if item[0] in relevant])
        known = self._known.get(key)
        if known is None:
            found: Issues = set()
            known = self._interpret(dict(key), found), found
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = known
        if known[1] and self._issues is not None:
            self._issues.update(known[1])
        return known[0]


def directed(keys: Iterable[str]) -> frozenset[str]:
    """`keys`, each also with `:forward` and `:backward`."""
    return frozenset(f"{key}{suffix}" for key in keys for suffix in ("", ":forward", ":backward"))


def values_of(tags: Tags, keys: Iterable[str], direction: Direction) -> Iterator[tuple[str, str, str]]:
    """(base key, key, value) of each tag present, `key:direction` before `key`."""
    for base in keys:
        for key in (f"{base}:{direction}", base):
            if key in tags:
                yield base, key, tags[key]


def any_matches(tags: Tags, patterns: Mapping[str, Patterns]) -> bool:
    """Whether one of the tags is meant by its patterns."""
    return any(matches(tags.get(key), wanted) for key, wanted in patterns.items())


def access(
    tags: Tags, rules: Access, direction: Direction, issues: Issues, kind: WayKind | None = None
) -> Meaning | None:
    """What the access tags say for one direction; None where they say nothing.

    The most specific key that is understood decides. A kind of way may read values in its own way, and may be
    opened by some keys only. Nodes have no kind.
    """
    said: Meaning | None = None
    meanings = {**rules.values, **kind.access} if kind and kind.access else rules.values
    for base, key, value in values_of(tags, rules.keys, direction):
        meaning = _meaning(value, meanings)
        if meaning is None:
            issues.add((key, value))
        elif meaning != "ignored":
            opens = kind is None or not kind.opened_by or base in kind.opened_by
            said = "allowed" if meaning == "open" and not opens else meaning
            break
    if said in {None, "closed"} and any_matches(tags, rules.grants):
        # Who else may pass a node says nothing of whether what stands there gives way.
        return "open" if kind else "allowed"
    return said


def _meaning(value: str, meanings: Mapping[str, Meaning]) -> Meaning | None:
    """Of several values (`destination;delivery`) the most permissive that is known."""
    if value in meanings:
        return meanings[value]
    found = {meanings.get(part.strip().lower()) for part in value.split(";")}
    return next((meaning for meaning in _MOST_PERMISSIVE_FIRST if meaning in found), None)
