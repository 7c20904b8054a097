"""How the made-up hospitals work together: levels, leaders, partners, figures and alert numbers, all of them invented."""

from __future__ import annotations

from typing import Final

BODY: Final = "示范市虚构评估办公室 (made-up assessment office)"
_SCHEME: Final = "示范级别（虚构）"
_CENTRES: Final = ("stroke", "chest_pain", "trauma", "obstetric", "neonatal")
# By what a hospital can: its level as each of the five centres.
_LEVELS: Final = {
    "top": ("高级卒中中心", "标准版", "创伤中心一级", "市级中心", "市级中心"),
    "full": ("综合防治卒中中心", "标准版", "创伤中心二级", "", ""),
    "stroke": ("综合防治卒中中心", "", "", "", ""),
    "pci": ("防治卒中中心", "标准版", "", "", ""),
    "lysis": ("防治卒中中心", "", "", "", ""),
    "heart": ("", "基层版", "", "", ""),
    "both": ("防治卒中中心", "基层版", "", "", ""),
    "unit": ("", "胸痛救治单元", "", "", ""),
    "basic": ("", "", "", "", ""),
}
# The first letter of a township, or of its hospital, says which county it is in; and that, who leads there.
_COMMUNITIES: Final = {
    "例": ("样例县域医共体（虚构）", 6),
    "虚": ("虚构县域医共体（虚构）", 8),
    "渡": ("虚构县域医共体（虚构）", 8),
}
_TEAMS: Final = ("emergency", "radiology", "neurology", "cardiology", "cath_lab")
_CASES: Final = {"thrombolysis": "thrombolysis_cases", "thrombectomy": "thrombectomy_cases", "primary_pci": "pci_cases"}
_CAMPUSES: Final = {1: "本部", 16: "假想院区"}
_OF_BOTH_CAMPUSES: Final = "示范市第一人民医院（虚构）"
_TOP: Final = (1, 8)  # those that can do everything


def demo_id(number: int) -> str:
    """The id of a made-up hospital by its number from 1."""
    return f"demo-{number:02d}"


def network_cells(number: int, can: str, township: str, capabilities: dict[str, str]) -> dict[str, str]:
    """The columns of one hospital that say how it stands among the others.

    Parameters
    ----------
    number
        Its own, from 1.
    can
        What it can, as its plan says.
    township
        The township it is in, "" where it is in a district of the city.
    capabilities
        Each with yes or no: figures are those of what it does.
    """
    community, leader = _COMMUNITIES[township[0]] if township else ("", 0)
    remote = number in _TOP or not township
    return {
        "organisation": _OF_BOTH_CAMPUSES if number in _CAMPUSES else "",
        "campus": _CAMPUSES.get(number, ""),
        "community": community,
        "lead_hospital": demo_id(leader) if leader else "",
        "transfer_partners": "" if number in _TOP else _partners(number),
        "remote_ecg_partner": "" if remote else demo_id(8),
        **_levels(can),
        **_figures(number, capabilities),
        **_contacts(number, can),
    }


def _partners(number: int) -> str:
    """The two that can do everything, the nearer in number first; how long it takes to leave, for all but the second."""
    first, second = sorted(_TOP, key=lambda top: abs(top - number))
    return f"{demo_id(first)}:{30 + number * 7 % 45}; {demo_id(second)}"


def _levels(can: str) -> dict[str, str]:
    cells: dict[str, str] = {}
    for centre, level in zip(_CENTRES, _LEVELS[can], strict=True):
        cells |= {
            f"{centre}_level_scheme": _SCHEME if level else "",
            f"{centre}_level": level,
            f"{centre}_level_body": BODY if level else "",
            f"{centre}_level_assessed_on": "2025-06-20" if level else "",
            f"{centre}_level_valid_until": "2028-06-19" if level else "",
        }
    return cells


def _figures(number: int, capabilities: dict[str, str]) -> dict[str, str]:
    done = {name for name in _CASES if capabilities[name] == "yes"}
    cells = {"figures_year": "2025" if done else ""}
    cells |= {column: str(40 + number * 37 % 260) if name in done else "" for name, column in _CASES.items()}
    medians = {
        "door_to_needle_min": (34 + number * 5 % 31, "thrombolysis" in done),
        "door_to_puncture_min": (70 + number * 7 % 45, "thrombectomy" in done),
        "door_in_door_out_min": (80 + number * 11 % 60, "thrombolysis" in done and "thrombectomy" not in done),
        "door_to_wire_min": (62 + number * 3 % 29, "primary_pci" in done),
    }
    return cells | {column: str(minutes) if told else "" for column, (minutes, told) in medians.items()}


def _contacts(number: int, can: str) -> dict[str, str]:
    """Numbers of teams, none of which exists: two to call in turn in an emergency department, one in each other team."""
    teams = {"unit": _TEAMS[:1], "basic": _TEAMS[:2]}.get(can, _TEAMS if can in {"top", "full", "pci"} else _TEAMS[:4])
    phones = {team: [f"000-0000-{number:02d}{place}1"] for place, team in enumerate(teams, start=1)}
    phones["emergency"].append(f"000-0000-{number:02d}12")
    return {f"{team}_contacts": "; ".join(phones.get(team, ())) for team in _TEAMS}
