"""A chain of audit lines: each holds its number and the hash of the one before, so that none can be changed or taken out unseen.

Pure: no clock, no database, no files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The chain of everything that was written, and of each read chain's beginning.
WRITES: Final = "writes"
#: What is done in a line that says what was archived.
ARCHIVED: Final = "audit.archive"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: the number of its last line (0: none yet) and that line's hash."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """One line of a chain, exactly as it was hashed."""

    number: int
    line: str
    hash: str
    _told: dict[str, Any] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, line: str, hashed: str) -> Link:
        """From a line, which has its number in it and is taken apart once alone; ValueError, KeyError or TypeError where it has none."""
        told = orjson.loads(line)
        return cls(int(told["number"]), line, hashed, told)

    @property
    def head(self) -> Head:
        """The end of the chain when this is its last line."""
        return Head(self.number, self.hash)

    def record(self) -> dict[str, Any]:
        """What the line says."""
        told: dict[str, Any] = orjson.loads(self.line) if self._told is None else self._told
        return told

    def at(self) -> datetime:
        """The moment of which it tells; ValueError where it tells of none."""
        try:
            return datetime.fromisoformat(self.record()["at"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("a line without a moment") from error


@dataclass(frozen=True, slots=True)
class Seal:
    """Up to where chains were archived: what stands there may be taken away, for the next line follows it.

    Attributes
    ----------
    ends
        The last line of each chain that was archived; a chain of which none was, but the line that it was begun, has its beginning.
    over
        Chains that were archived to their end.
    """

    ends: Mapping[str, Head] = field(default_factory=dict)
    over: frozenset[str] = frozenset()

    def told(self) -> dict[str, Any]:
        """As a line tells it."""
        ends = {chain: [head.number, head.hash] for chain, head in self.ends.items()}
        return {"ends": ends, "over": sorted(self.over)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Seal:
        """From a line that tells of an archive; where somebody wrote anything else into it, nothing was archived."""
        try:
            told = record["archived"]
            ends = {str(chain): Head(int(number), str(hashed)) for chain, (number, hashed) in told["ends"].items()}
            return cls(ends, frozenset(map(str, told["over"])))
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()


def beginning(chain: str) -> Head:
    """The end of a chain without lines."""
    return Head(0, _hash(chain))


def link(chain: str, after: Head, record: Mapping[str, Any]) -> Link:
    """The next line of a chain. The record needs a moment `at`; what is no JSON in it is written as text."""
    bound = {"chain": chain, "number": after.number + 1, "previous": after.hash}
    line = orjson.dumps({**bound, **record, **bound}, default=str).decode()
    return Link(after.number + 1, line, _hash(line))


def problems(chain: str, links: Iterable[Link], head: Head | None, after: Head | None = None) -> Iterator[str]:
    """What is wrong with a chain, in words; nothing where it is whole.

    Parameters
    ----------
    links
        Its lines in the order of their numbers.
    head
        Where it must end; None: anywhere.
    after
        Where it must begin; at its beginning when left out.
    """
    end = after or beginning(chain)
    for found in links:
        if found.number != end.number + 1:
            missing = (
                f"{end.number + 1}" if found.number == end.number + 2 else f"{end.number + 1} to {found.number - 1}"
            )
            yield f"{chain}: line {missing} is missing"
        elif _told(found) != (chain, found.number, end.hash):
            yield f"{chain}: line {found.number} does not follow the one before"
        if _hash(found.line) != found.hash:
            yield f"{chain}: line {found.number} was changed"
        end = found.head
    if head is not None and end != head:
        yield f"{chain}: ends with line {end.number}, where line {head.number} with another hash is its end"


def _told(found: Link) -> tuple[Any, Any, Any] | None:
    try:
        record = found.record()
        return record.get("chain"), record.get("number"), record.get("previous")
    except (orjson.JSONDecodeError, AttributeError):
        return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
