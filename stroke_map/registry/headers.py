"""What people write above a column, to the column it means."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stroke_map.registry.centres import CAPABILITIES, CAPABILITY_NAMES, CENTRES
from stroke_map.registry.columns import COLUMNS, Column, capability_columns, level_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.registry.centres import Named

IGNORED: Final = ""  # what a column that says nothing about a hospital is called
_FILE: Final = Path(__file__).with_name("aliases.toml")
_ASKING: Final = ("是否", "能否", "可否", "有无", "是否开展", "能否开展", "是否具备", "开展")
_LONGEST: Final = 64
_IN_BRACKETS: Final = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")


def header_key(text: str) -> str:
    """What counts of a header: its letters and digits, half-width and in lower case."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text[:_LONGEST]).casefold())


def canonical(text: str) -> str | None:
    """The column that a header means: its canonical name, `IGNORED`, or None where nobody knows."""
    # 纬度（度） is 纬度, but 入院到溶栓（DNT） has a name of its own.
    name = _names().get(header_key(text))
    return _names().get(header_key(_IN_BRACKETS.sub("", text))) if name is None else name


def near(text: str) -> str:
    """What a header nobody knows may have meant; "" where nothing comes near."""
    titles = {header_key(title): c.name for c in COLUMNS.values() for title in (c.name, c.title_zh, c.title_en)}
    found = difflib.get_close_matches(header_key(text), titles, 1)
    return titles[found[0]] if found else ""


def named_of(column: Column) -> Named | None:
    """The capability, or the kind of centre, that a column is about; None for any other column."""
    if column.group == "levels":
        return next(centre for id_, centre in CENTRES.items() if column.name in level_columns(id_))
    if column.group == "capabilities":
        return next(one for id_, one in CAPABILITY_NAMES.items() if column.name in capability_columns(id_))
    return None


def subtitles(column: Column) -> tuple[str, str]:
    """The title of a column below a header with the name of its capability or centre: Chinese, English."""
    of = named_of(column)
    if of is None:
        return column.title_zh, column.title_en
    zh, en = column.title_zh.removeprefix(of.name_zh).strip(), column.title_en.removeprefix(of.name_en).strip()
    return zh or "状态", en or "status"


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for text, column in told_headers():
        names.setdefault(header_key(text), column)
    return names


def told_headers() -> Iterator[tuple[str, str]]:
    """Every header that is known, with its column, the plainest first."""
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    for column in COLUMNS.values():
        yield from ((text, column.name) for text in (column.name, column.title_zh, column.title_en))
    for name, texts in told["column"].items():
        yield from ((text, name) for text in texts)
    yield from ((text, IGNORED) for text in told["ignored"])
    for id_ in CAPABILITIES:
        calls = [id_, CAPABILITY_NAMES[id_].name_zh, CAPABILITY_NAMES[id_].name_en, *told["capability"].get(id_, ())]
        yield from ((text, id_) for text in (*calls, *map("".join, product(_ASKING, calls))))
        yield from _parts(calls, capability_columns(id_), id_, told["capability_part"])
    for id_, centre in CENTRES.items():
        calls = [centre.name_zh, centre.name_en, *told["centre"].get(id_, ())]
        yield centre.name_zh, f"{id_}_level"
        yield centre.name_en, f"{id_}_level"
        yield from _parts(calls, level_columns(id_), f"{id_}_level", told["level_part"])


def _parts(calls: list[str], columns: tuple[str, ...], stem: str, parts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands below, or behind, the name of a capability or of a centre."""
    for name in columns:
        part = name.removeprefix(stem)
        texts = [part, *parts[part.removeprefix("_")], *subtitles(COLUMNS[name])]
        yield from ((call + text, name) for call, text in product(calls, texts) if text)
