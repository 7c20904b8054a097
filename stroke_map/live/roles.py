"""Who may do what: roles and scopes as data, and `Actor`, someone who was let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What a key can be held to, by the part of the API it opens. With ":read" behind it: to look, and to change nothing.
SCOPES: Final = {
    "route": "routes by ambulance, patient fields, transfers",
    "closures": "closures and slow-downs of roads",
    "statuses": "what hospitals say of themselves",
    "cases": "cases and their timelines",
    "alerts": "alerts and their acknowledgements",
    "channels": "where messages of alerts go",
    "deliveries": "messages of alerts, and sending them again",
    "audit": "the audit log",
    "figures": "figures of quality: numbers and medians, no single case",
    "accounts": "users and keys",
    "editions": "sheets of the year, and editions: built, published, rolled back",
}
#: What each role may do. Least first: nobody has more than the work wants, and who gives out accounts treats no patients.
ROLES: Final[dict[str, tuple[str, ...]]] = {
    "dispatcher": ("route", "closures", "statuses", "cases", "alerts", "deliveries"),
    "crew": ("route", "closures:read", "statuses:read", "cases", "alerts:read"),
    "hospital": ("route", "closures:read", "statuses", "cases", "alerts", "deliveries:read"),
    "editor": ("editions", "closures", "statuses:read", "figures:read"),
    "auditor": (
        "audit:read",
        "closures:read",
        "statuses:read",
        "cases:read",
        "alerts:read",
        "deliveries:read",
        "figures:read",
    ),
    "administrator": ("accounts", "audit:read", "channels", "deliveries", "figures:read"),
}
_READ: Final = ":read"


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who was let in.

    Attributes
    ----------
    name
        Of the user or the key, as the audit log writes it.
    role
        One of `ROLES`.
    hospital, team
        What the account is bound to; empty for roles that are bound to none. A team may be empty: any team of the hospital.
    scopes
        What it may do: all that the role may, or what its key is held to.
    by_link
        It is the crew that a link leads to its case: none of the scopes, and what is opened to it for that case.
    maker
        Of a key: who made it; empty for people.
    """

    name: str
    role: str
    hospital: str
    team: str
    scopes: frozenset[str]
    by_link: bool = False
    maker: str = ""

    @property
    def person(self) -> str:
        """Who answers for what it does. A key is nobody: what is done by it, the person has done who made it."""
        return self.maker or self.name

    def may(self, scope: str) -> bool:
        """Whether it may do this; what may change may also be read."""
        return scope in self.scopes or (scope.endswith(_READ) and scope.removesuffix(_READ) in self.scopes)


def allowed_scopes(role: str) -> frozenset[str]:
    """Every scope a key of that role may be held to."""
    given = ROLES[role]
    return frozenset(given) | {f"{scope}{_READ}" for scope in given if not scope.endswith(_READ)}


def is_about(scope: str) -> str:
    """The part of the API that a scope opens."""
    return scope.removesuffix(_READ)
