"""A hospital as what is told of it: one text for each field, so that two hospitals can be compared field by field."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from stroke_map.registry.centres import CAPABILITY_NAMES, CENTRES

if TYPE_CHECKING:
    from stroke_map.registry.models import Hospital

_PLAIN: Final[tuple[str, ...]] = (
    "id", "name_zh", "name_en", "name_short", "organisation", "campus", "district", "address", "phone", "kind",
    "lead_hospital", "community", "remote_ecg_partner",
)  # fmt: skip
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "id": ("编号", "id"),
    "name_zh": ("名称", "name"),
    "name_en": ("英文名称", "English name"),
    "name_short": ("简称", "short name"),
    "organisation": ("所属医院", "organisation"),
    "campus": ("院区", "campus"),
    "district": ("区县", "district"),
    "address": ("地址", "address"),
    "place": ("位置", "place"),
    "entrance": ("急诊入口", "emergency entrance"),
    "phone": ("电话", "phone"),
    "kind": ("类型", "kind"),
    "lead_hospital": ("牵头医院", "lead hospital"),
    "community": ("县域医共体", "county medical community"),
    "remote_ecg_partner": ("远程心电协作医院", "remote ECG partner"),
    "transfer_partners": ("转诊协作医院", "transfer partners"),
    "contacts": ("团队联系电话（个数）", "alert numbers (how many)"),
    "figures": ("年度数据", "yearly figures"),
    "hospitals": ("医院数", "hospitals"),
    "units": ("基层救治单元数", "township and village units"),
}
_PARTS: Final[dict[str, tuple[str, str]]] = {
    "": ("", ""),  # the status, or the level, itself
    "hours": ("时间", "hours"),
    "valid_from": ("有效期起", "valid from"),
    "valid_until": ("有效期止", "valid until"),
    "body": ("评估机构", "accrediting body"),
    "assessed_on": ("评估日期", "assessed on"),
    "agents": ("药物", "agents"),
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
        for part, value in capability.model_dump().items():
            told[name if part == "status" else f"{name}_{part}"] = _text(value)
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
    """What people call a field, in `zh` or `en`."""
    which = 0 if lang == "zh" else 1
    if field in _NAMES:
        return _NAMES[field][which]
    for id_, named in (*((f"{centre}_level", CENTRES[centre]) for centre in CENTRES), *CAPABILITY_NAMES.items()):
        part = field.removeprefix(id_).removeprefix("_")
        if field.startswith(id_) and part in _PARTS:
            said = _PARTS[part][which]
            return f"{named.name_zh}{said}" if lang == "zh" else f"{named.name_en} {said}".strip()
    return field
