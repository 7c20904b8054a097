"""The columns of the hospital sheet, once: what is read, what is written, and what the template explains.

`COLUMNS` maps each column's canonical name, which stands in a CSV header, to a `Column`: the kind of value in its
cells, a title and a line of help in both languages, an example, the choices where there are only some. The order of
the mapping is the order of the sheet. It is drawn up from two tables of data, `columns.toml` and `centres.toml`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from stroke_map.coordinates import SYSTEMS
from stroke_map.registry.centres import CAPABILITY_NAMES, CENTRES
from stroke_map.registry.models import AGENTS, AGENTS_CAPABILITY, KINDS, STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.registry.centres import Named

Kind = Literal[
    "id", "text", "degrees", "choice", "status", "hours", "date", "agents", "phone", "phones", "partners", "year", "count",
    "minutes",
]  # fmt: skip
Group = Literal["site", "network", "levels", "capabilities", "figures", "contacts"]
_FILE: Final = Path(__file__).with_name("columns.toml")
_CHOICES: Final = {"crs": SYSTEMS, "kind": KINDS}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the sheet.

    Attributes
    ----------
    name
        The canonical name, `thrombolysis_valid_until`.
    kind
        What is in a cell: an `id` (the hospital's own or another's), a `text`, decimal `degrees`, one of the `choices`,
        a `status` (`choices` too), opening `hours`, a `date`, `agents` (some of the `choices`), a `phone`, several
        `phones`, `partners` (`id:minutes`), a `year`, a `count` of patients, `minutes`. Several stand with `;` between.
    group
        What it is about; a workbook may give each group a sheet of its own.
    title_zh, title_en
        What people call it; no two columns have the same.
    help_zh, help_en
        One line on what to fill in.
    example
        A cell that is right; those of all columns together make a right row.
    choices
        All there are, empty where anything may stand.
    """

    name: str
    kind: Kind
    group: Group
    title_zh: str
    title_en: str
    help_zh: str
    help_en: str
    example: str
    choices: tuple[str, ...] = ()
    required: bool = False


def capability_columns(capability: str) -> tuple[str, ...]:
    """The columns of one capability: its status, hours, valid_from, valid_until, body, assessed_on, and perhaps agents."""
    parts = ["hours", "valid_from", "valid_until", "body", "assessed_on"] + ["agents"] * (
        capability == AGENTS_CAPABILITY
    )
    return (capability, *(f"{capability}_{part}" for part in parts))


def level_columns(centre: str) -> tuple[str, ...]:
    """The columns of the level of one kind of centre: scheme, level, body, assessed_on, valid_until."""
    return tuple(f"{centre}_level{part}" for part in ("_scheme", "", "_body", "_assessed_on", "_valid_until"))


def _read_columns(text: str) -> Iterator[Column]:
    tables = tomllib.loads(text)
    groups: tuple[Group, ...] = get_args(Group)
    for group in groups:
        if group == "levels":
            for centre in CENTRES.values():
                yield from _drawn_up(group, tables["level"], centre, level_columns(centre.id))
        elif group == "capabilities":
            for capability in CAPABILITY_NAMES.values():
                yield from _drawn_up(group, tables["capability"], capability, capability_columns(capability.id))
        else:
            for name, told in tables[group].items():
                yield _column(name, group, told)


def _drawn_up(group: Group, table: dict[str, Any], of: Named, names: tuple[str, ...]) -> Iterator[Column]:
    """The columns of one kind of centre or capability by the patterns of a table."""
    for pattern, told in table.items():
        name = pattern.format(id=of.id)
        if name in names:
            title = [part.format(zh=of.name_zh, en=of.name_en) for part in told["title"]]
            yield _column(name, group, told | {"title": title})


def _column(name: str, group: Group, told: dict[str, Any]) -> Column:
    choices = {"status": STATUSES, "agents": AGENTS}.get(told["kind"], _CHOICES.get(name, ()))
    rest = {key: value for key, value in told.items() if key not in {"title", "help"}}
    title_zh, title_en = told["title"]
    help_zh, help_en = told["help"]
    return Column(
        name,
        group=group,
        title_zh=title_zh,
        title_en=title_en,
        help_zh=help_zh,
        help_en=help_en,
        choices=choices,
        **rest,
    )


COLUMNS: Final[dict[str, Column]] = {column.name: column for column in _read_columns(_FILE.read_text(encoding="utf-8"))}
REQUIRED_COLUMNS: Final[tuple[str, ...]] = tuple(name for name, column in COLUMNS.items() if column.required)
