"""The columns of the hospital sheet, once."""

from __future__ import annotations

from typing import Final

from stroke_map.registry.centres import CAPABILITIES
from stroke_map.registry.models import AGENTS_CAPABILITY

SITE_COLUMNS: Final[tuple[str, ...]] = (
    "id",
    "name_zh",
    "name_en",
    "name_short",
    "district",
    "address",
    "lat",
    "lon",
    "crs",
    "entrance_lat",
    "entrance_lon",
    "phone",
    "kind",
    "stroke_level_scheme",
    "stroke_level",
    "chest_pain_level_scheme",
    "chest_pain_level",
)
REQUIRED_COLUMNS: Final[tuple[str, ...]] = ("id", "name_zh", "lat", "lon", "crs")


def capability_columns(capability: str) -> tuple[str, ...]:
    """The columns of one capability: its status, then what qualifies it."""
    parts = ["hours", "valid_from", "valid_until", "body"] + ["agents"] * (capability == AGENTS_CAPABILITY)
    return (capability, *(f"{capability}_{part}" for part in parts))


COLUMNS: Final[tuple[str, ...]] = SITE_COLUMNS + tuple(
    column for capability in CAPABILITIES for column in capability_columns(capability)
)
