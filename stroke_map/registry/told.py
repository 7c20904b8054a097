"""A hospital as what is told of it: one text for each field, so that two hospitals can be compared field by field."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from stroke_map.registry.centres import CENTRES
from stroke_map.registry.columns import COLUMNS, capability_columns

if TYPE_CHECKING:
    from stroke_map.registry.models import Hospital

_PLAIN: Final[tuple[str, ...]] = (
    "id", "name_zh", "name_en", "name_short", "organisation", "campus", "district", "address", "phone", "kind",
    "lead_hospital", "community", "remote_ecg_partner",
)  # fmt: skip
# What is compared and is no single column, with what people call it.
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "place": ("位置", "place"),
    "entrance": ("急诊入口", "emergency entrance"),
    "contacts": ("团队联系电话（个数）", "alert numbers (how many)"),
    "figures": ("年度数据", "yearly figures"),
    "hospitals": ("医院", "hospitals"),
    "units": ("基层救治单元", "township and village units"),
}


def told_of(hospital: Hospital) -> dict[str, str]:
    """Every field but places and the numbers of teams as text; "" where nothing is said.

    Fields have the names of the sheet's columns where they are columns; a level is told with its scheme, figures are together.
    """
    told = {name: str(getattr(hospital, name)) for name in _PLAIN}
    told["transfer_partners"] = "; ".join(
        partner.id if partner.transfer_delay_min is None else f"{partner.id}:{_text(partner.transfer_delay_min)}"
        for partner in hospital.transfer_partners
    )
    told["figures"] = ", ".join(
        f"{name} {_text(value)}" for name, value in hospital.figures.model_dump().items() if value is not None
    )
    for centre in CENTRES:
        level = hospital.levels.get(centre)
        told[f"{centre}_level"] = f"{level.scheme} {level.level}" if level else ""
        for part in ("body", "assessed_on", "valid_until"):
            told[f"{centre}_level_{part}"] = _text(getattr(level, part, None))
    for name, capability in hospital.capabilities.items():
        for column in capability_columns(name):
            told[column] = _text(getattr(capability, column[len(name) + 1 :] or "status"))
    return told


def contacts_of(hospital: Hospital) -> str:
    """How many numbers each team has. The numbers are for clinical use and in no report."""
    counts = Counter(contact.team for contact in hospital.contacts)
    return ", ".join(f"{team} {count}" for team, count in counts.items())


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(value)
    return "" if value is None else str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def field_name(field: str, lang: str) -> str:
    """What people call a field or a total, in `zh` or `en`."""
    if field in _NAMES:
        return _NAMES[field][0 if lang == "zh" else 1]
    return COLUMNS[field].title_zh if lang == "zh" else COLUMNS[field].title_en
