"""How a cell of each kind of column is read. ValueError says what is wrong and, behind "; give ", what would be right."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from stroke_map.registry.fields import FIRST_YEAR, LAST_YEAR, MAX_CASES, MAX_MINUTES, check_id, tidy_phone, tidy_text
from stroke_map.registry.hours import tidy_hours
from stroke_map.registry.models import AGENTS
from stroke_map.registry.network_models import Partner
from stroke_map.registry.values import read_crs, read_date, read_list, read_number, read_status, read_whole, tidy_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from stroke_map.registry.columns import Column, Kind

PHONE_EXAMPLE: Final = "023-6869 0000 or +86 23 6869 0000"
_SAID_FOR_KIND: Final = {
    **dict.fromkeys(("hospital", "医院"), "hospital"),
    **dict.fromkeys(("unit", "单元", "救治单元", "卫生院", "乡镇卫生院", "村卫生室", "卫生室"), "unit"),
}
_SAID_FOR_AGENT: Final = {
    **{agent: agent for agent in AGENTS},
    **dict.fromkeys(("阿替普酶", "rt-pa", "rtpa"), "alteplase"),
    **dict.fromkeys(("替奈普酶", "tnk", "rhtnk-tpa"), "tenecteplase"),
    "尿激酶": "urokinase",
}


def read_kind(text: str) -> str:
    """Read `hospital` or `unit`, in Chinese too."""
    kind = _SAID_FOR_KIND.get(tidy_value(text).casefold())
    if kind is None:
        raise ValueError("is unknown; give hospital | unit")
    return kind


def read_agents(text: str) -> tuple[str, ...]:
    """Read the thrombolytics in use, by their English or Chinese names."""
    agents = [_SAID_FOR_AGENT.get(tidy_value(part).casefold()) for part in read_list(text)]
    if None in agents:
        raise ValueError(f"is unknown; give any of {';'.join(AGENTS)}, with ; between")
    return tuple(agent for agent in agents if agent)


def split_phones(text: str) -> list[str]:
    """Split numbers that stand in one cell, with a comma between as well as with a semicolon."""
    return [part.strip() for part in re.split(r"[;；,，、\n]", text) if part.strip()]


def read_phones(text: str) -> tuple[str, ...]:
    """Read several numbers, each of which can be dialled."""
    try:
        return tuple(map(tidy_phone, split_phones(text)))
    except ValueError as error:
        raise ValueError(f"{error}; give {PHONE_EXAMPLE}") from None


def read_partners(text: str) -> tuple[Partner, ...]:
    """Read `id:minutes; id`, the ids of the hospitals that take transfers with the usual delay where it is known."""
    partners = []
    for part in read_list(text):
        id_, _, minutes = re.sub("：", ":", part).partition(":")
        delay = _within(read_number(minutes), 0, MAX_MINUTES) if minutes.strip() else None
        partners.append(Partner(id=check_id(id_.strip()), transfer_delay_min=delay))
    return tuple(partners)


def _within(number: float, least: float, most: float) -> float:
    if not least <= number <= most:
        raise ValueError(f"is out of range; give a number from {least:g} to {most:g}")
    return number


def _year(text: str) -> int:
    return int(_within(read_whole(text), FIRST_YEAR, LAST_YEAR))


def _count(text: str) -> int:
    return int(_within(read_whole(text), 0, MAX_CASES))


def _minutes(text: str) -> float:
    return _within(read_number(text), 0.1, MAX_MINUTES)


_READERS: Final[dict[Kind, Callable[[str], Any]]] = {
    "id": check_id,
    "text": tidy_text,
    "degrees": read_number,
    # A list says the same few things in thousands of cells.
    "status": lru_cache(1024)(read_status),
    "hours": lru_cache(1024)(tidy_hours),
    "date": lru_cache(1024)(read_date),
    "agents": read_agents,
    "phone": tidy_text,
    "phones": read_phones,
    "partners": read_partners,
    "year": _year,
    "count": _count,
    "minutes": _minutes,
}
_CHOICES: Final[dict[str, Callable[[str], str]]] = {"crs": read_crs, "kind": read_kind}
_RIGHT: Final[dict[Kind, str]] = {
    "id": "an id such as ",
    "text": "a line of plain text, such as ",
    "degrees": "decimal degrees, such as ",
    "phone": "a line of plain text, such as ",
    "partners": "ids with minutes, such as ",
    "year": "a year, such as ",
    "count": "a number of patients, such as ",
    "minutes": "minutes, such as ",
}


def read_cell(column: Column, text: str) -> Any:
    """Read a cell that is not blank.

    Raises
    ------
    ValueError
        With two arguments: what is wrong, and what would be right.
    """
    reader = _CHOICES[column.name] if column.kind == "choice" else _READERS[column.kind]
    try:
        return reader(text)
    except ValueError as error:
        message, _, right = str(error).partition("; give ")
        raise ValueError(message, right_for(column) if column.kind in _RIGHT else right) from None


def right_for(column: Column) -> str:
    """What would be right in a cell of this column."""
    return " | ".join(column.choices) or f"{_RIGHT.get(column.kind, 'such as ')}{column.example}"
