"""How long someone waits after failed log-ins, and by what they are known until then. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from stroke_map.live.credentials import digest

#: After so long without a failure the count begins anew.
FORGOTTEN_AFTER: Final = timedelta(hours=24)
FIRST_WAIT: Final = timedelta(seconds=30)
#: One name from all addresses together: a lock of the name alone at the first few would let anyone lock a dispatcher out.
ANYWHERE_FACTOR: Final = 10
_MARK: Final = 32  # characters of a subject that are those of the name, so that all of one name are found


@dataclass(frozen=True, slots=True)
class Rule:
    """When a subject is locked.

    Attributes
    ----------
    free
        Failures that cost nothing but themselves.
    longest
        The longest wait; it begins with 30 s and doubles with every further failure.
    """

    free: int
    longest: timedelta

    def wait_after(self, failures: int) -> timedelta:
        """The wait after so many failures in a row."""
        beyond = failures - self.free
        if beyond < 0:
            return timedelta(0)
        return min(self.longest, FIRST_WAIT * 2 ** min(beyond, 20))


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is known of a subject: failures in a row, the last of them, and until when it is locked."""

    failures: int
    last_at: datetime
    locked_until: datetime | None

    def is_locked(self, now: datetime) -> bool:
        """Whether nothing is tried now, not even the right password."""
        return self.locked_until is not None and now < self.locked_until

    def and_another(self, now: datetime, rule: Rule) -> Attempts:
        """What is known after another failure."""
        failures = 1 if now - self.last_at >= FORGOTTEN_AFTER else self.failures + 1
        wait = rule.wait_after(failures)
        return Attempts(failures, now, now + wait if wait else None)


def subjects(name: str, address: str) -> tuple[str, str]:
    """What failures are counted under: the name anywhere, and the name at this address. Digests, with the same `mark_of` the name."""
    return digest(name), mark_of(name) + digest(f"{name}\n{address}")[_MARK:]


def mark_of(name: str) -> str:
    """How every subject of a name begins."""
    return digest(name)[:_MARK]


def marks_in(subject: str) -> str:
    """The `mark_of` the name whose subject this is."""
    return subject[:_MARK]
