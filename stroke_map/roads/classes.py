"""The kinds of road a network knows, and what is worth remembering of each stretch."""

from __future__ import annotations

from enum import IntFlag
from typing import Final

ROAD_CLASSES: Final[tuple[str, ...]] = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "busway",
    "track",
    "road",
    "pedestrian",
    "path",
    "ferry",
    "train",
    "other",
)
"""Names of the road classes, most important first; a stretch stores the index (uint8)."""

CLASS_INDEX: Final[dict[str, int]] = {name: index for index, name in enumerate(ROAD_CLASSES)}
"""The index of each class in `ROAD_CLASSES`."""


class Flag(IntFlag):
    """What a stretch is besides its class; fits uint16."""

    TUNNEL = 1
    BRIDGE = 2
    ROUNDABOUT = 4  # junction=circular too
    FERRY = 8
    TRAIN = 16  # a shuttle train that carries vehicles
    TOLL = 32
    MOTORWAY = 64  # motorways, their links and roads signed for motor vehicles only
    LINK = 128
    ONE_WAY = 256
    RESTRICTED = 512  # in at least one direction, only to reach or leave a place on it
    MOVABLE = 1024  # a bridge that opens for ships
