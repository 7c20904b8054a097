"""The capabilities a hospital can have and the kinds of centre it can be graded as: both are data, `centres.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).with_name("centres.toml")


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a stable id and a name in both languages."""

    id: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Centre(Named):
    """A kind of centre; `capabilities` are those that its grade is about. A grade is shown, never routed by."""

    capabilities: tuple[str, ...]


def read_centres(text: str) -> tuple[dict[str, Named], dict[str, Centre]]:
    """Read the capabilities and the kinds of centre, by id and in the order of the TOML text.

    Raises
    ------
    ValueError
        No TOML, an id that is there twice, or a centre about a capability that is none.
    KeyError, TypeError
        A table that lacks a field or has one too many.
    """
    tables: dict[str, list[dict[str, Any]]] = tomllib.loads(text)
    capabilities = [Named(**table) for table in tables["capability"]]
    centres = [Centre(**table | {"capabilities": tuple(table["capabilities"])}) for table in tables["centre"]]
    for named in (capabilities, centres):
        ids = [one.id for one in named]
        twice = next((id_ for id_ in ids if ids.count(id_) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} is there twice")
    known = {one.id: one for one in capabilities}
    for centre in centres:
        unknown = next((name for name in centre.capabilities if name not in known), None)
        if unknown is not None:
            raise ValueError(f"the centre {centre.id!r} is about {unknown!r}, which is no capability")
    return known, {centre.id: centre for centre in centres}


#: Every capability and every kind of centre, by id, in the order in which people see them.
CAPABILITY_NAMES, CENTRES = read_centres(_FILE.read_text(encoding="utf-8"))
CAPABILITIES: Final[tuple[str, ...]] = tuple(CAPABILITY_NAMES)
