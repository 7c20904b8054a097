"""The page of a report: what is known of an edition and of its changes, put into the template.

One file that asks for nothing else: styles inline, pictures as SVG and data, no script. The same inputs give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from stroke_map.maps.files import templates_folder
from stroke_map.maps.report_texts import report_text
from stroke_map.registry.compare import KINDS
from stroke_map.registry.told import field_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from stroke_map.editions import EditionInfo
    from stroke_map.registry import Hospital, Problem
    from stroke_map.registry.compare import RegistryChanges

REPORT_FILE: Final = "report.html"
#: More changes of one kind, or warnings, than anybody reads on paper.
MOST_ROWS: Final = 100


class Named(NamedTuple):
    """What a hospital is called."""

    zh: str
    en: str
    district: str


class TotalRow(NamedTuple):
    """A count; `before` is None where there is nothing to compare with."""

    what: str
    before: int | None
    after: int


def names_of(lists: Iterable[Sequence[Hospital]]) -> dict[str, Named]:
    """The names of every hospital of every list by its id, as the last list has them."""
    return {
        hospital.id: Named(hospital.name_zh, hospital.name_en, hospital.district)
        for hospitals in lists
        for hospital in hospitals
    }


def changed_totals(changes: RegistryChanges) -> list[TotalRow]:
    """How many hospitals there are and were, and how many with each capability that one has or had."""
    return [TotalRow(what, *both) for what, both in changes.totals.items() if any(both)]


def render(
    *,
    edition_id: str,
    before_id: str,
    info: EditionInfo | None,
    notes: Mapping[str, str],
    changes: RegistryChanges | None,
    problems: Sequence[Problem],
    **more: Any,
) -> str:
    """The page; every text in it is plain, and escaped where it is shown.

    Parameters
    ----------
    more
        `named` and `totals`, and what was measured of coverage; without `coverages` the page says where that stands.
    """
    context = {
        "edition_id": edition_id,
        "before_id": before_id,
        "info": info,
        "notes": {name: text for name, text in notes.items() if text},
        "changes": changes,
        "problems": problems,
        "most_rows": MOST_ROWS,
        "kinds": KINDS,
        "coverages": None,
    }
    return _environment().get_template("report.html").render(context | more)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates_folder()), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"number": _number, "signed": _signed, "percent": _percent, "minutes": _minutes}
    said: dict[str, Callable[..., Any]] = {
        "t": lambda name, *values: _both(*report_text(name, *values)),
        "plain": lambda name, *values: " / ".join(report_text(name, *values)),
        "both": _both,
        "field": lambda name: _both(field_name(name, "zh"), field_name(name, "en")),
        "field_in": field_name,
        "field_plain": lambda name: f"{field_name(name, 'zh')} / {field_name(name, 'en')}",
        "said": _said,
    }
    environment.globals |= said
    return environment


def _both(zh: str, en: str) -> Markup:
    """A text in both languages, escaped, each marked with its language."""
    if not en or en == zh:
        return Markup('<span lang="zh-CN">{}</span>').format(zh)
    return Markup('<span lang="zh-CN">{}</span> <span class="en" lang="en">{}</span>').format(zh, en)


def _said(value: str) -> Markup | str:
    """What a field says: the few words that programs write in both languages, anything else as it stands."""
    return _both(*report_text(f"said_{value}")) if value in {"", "yes", "no", "unknown"} else value


def _number(value: float) -> str:
    return f"{value:,.1f}" if abs(value) < 10 and value != round(value) else f"{value:,.0f}"


def _signed(value: float) -> str:
    text = _number(abs(value))
    return "±0" if text in {"0", "0.0"} else f"+{text}" if value > 0 else f"\u2212{text}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _minutes(value: float | None) -> Markup | str:
    return _both(*report_text("no_road")) if value is None else f"{value:.1f}"
