"""Who can treat what, until when. Knows nothing of roads, and of no clock: times are passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stroke_map.registry.centres import CAPABILITIES, CAPABILITY_NAMES, CENTRES, Centre
from stroke_map.registry.hours import hours_caution, is_open, parse_hours
from stroke_map.registry.models import Capability, Hospital, Level
from stroke_map.registry.network_models import TEAMS, Contact, Figures, Partner
from stroke_map.registry.problems import Problem, SheetReading
from stroke_map.registry.sheet import read_sheet, write_sheet
from stroke_map.registry.storage import load_registry, save_registry

if TYPE_CHECKING:
    from stroke_map.registry.draft import draft_from_osm

__all__ = [
    "CAPABILITIES",
    "CAPABILITY_NAMES",
    "CENTRES",
    "TEAMS",
    "Capability",
    "Centre",
    "Contact",
    "Figures",
    "Hospital",
    "Level",
    "Partner",
    "Problem",
    "SheetReading",
    "draft_from_osm",
    "hours_caution",
    "is_open",
    "load_registry",
    "parse_hours",
    "read_sheet",
    "save_registry",
    "write_sheet",
]


def __getattr__(name: str) -> Any:
    """`draft_from_osm` when it is asked for: a server drafts no sheets and starts sooner without pyosmium."""
    if name == "draft_from_osm":
        from stroke_map.registry.draft import draft_from_osm

        return draft_from_osm
    raise AttributeError(name)
