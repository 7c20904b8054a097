"""How roads look on the base map: which class from which zoom, how wide, in which colour.

The map stays pale, so that the markers (Okabe-Ito colours) and the road to the hospital are what one sees first.
Widths are pixels of a 256 px tile, grow by a constant factor from zoom to zoom, and stay visible on small scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

STYLE_VERSION = "2"  # part of the tile cache's key: raise it when anything in this file changes what tiles look like

Colour = tuple[int, int, int]

LAND: Colour = (245, 243, 239)
WATER: Colour = (178, 208, 228)
NEVER_NAMED = 99
DETAIL_ZOOM = 13  # from here on every stretch is drawn; below, lines are joined and simplified


@dataclass(frozen=True)
class RoadStyle:
    """How one group of road classes is drawn, and from which zoom its names are written; groups later in `ROAD_STYLES` lie on top."""

    classes: tuple[str, ...]
    first_zoom: int
    width_z12: float
    width_z17: float
    fill: Colour
    casing: Colour
    dashed: bool = False
    named_from: int = NEVER_NAMED

    def width(self, zoom: int) -> float:
        """Pixels (of a 256 px tile) at `zoom`, without the casing."""
        width = self.width_z12 * (self.width_z17 / self.width_z12) ** ((zoom - 12) / 5)
        return float(max(width, self.width_z12 * 0.8))


# fmt: off
ROAD_STYLES: tuple[RoadStyle, ...] = (
    RoadStyle(("ferry", "train"), 9, 1.2, 2.2, (122, 160, 192), (122, 160, 192), dashed=True),
    RoadStyle(("track",), 15, 0.6, 2.0, (222, 216, 206), (222, 216, 206)),
    RoadStyle(("service",), 15, 0.5, 4.5, (255, 255, 255), (222, 216, 206), named_from=17),
    RoadStyle(("residential", "living_street", "unclassified", "road"), 13, 0.9, 7.5, (255, 255, 255), (216, 210, 199), named_from=15),
    RoadStyle(("tertiary", "tertiary_link"), 12, 1.2, 9.0, (255, 255, 255), (206, 199, 186), named_from=14),
    RoadStyle(("secondary", "secondary_link"), 10, 1.5, 10.0, (255, 252, 240), (200, 190, 170), named_from=13),
    RoadStyle(("trunk_link", "motorway_link", "primary_link"), 13, 1.4, 7.5, (253, 240, 212), (206, 186, 148)),
    RoadStyle(("primary",), 9, 1.9, 11.0, (253, 243, 218), (206, 189, 152), named_from=13),
    RoadStyle(("trunk",), 7, 2.2, 12.0, (250, 226, 178), (204, 171, 112), named_from=12),
    RoadStyle(("motorway",), 5, 2.6, 13.0, (245, 207, 146), (196, 149, 84), named_from=12),
)
# fmt: on
_NEAREST_TONE = 8
OTHER_STYLE = 3  # a class this table does not name is drawn as a small street


def style_of_class(road_classes: tuple[str, ...]) -> list[int]:
    """For each road class, its row in `ROAD_STYLES`."""
    rows = {name: row for row, style in enumerate(ROAD_STYLES) for name in style.classes}
    return [rows.get(name, OTHER_STYLE) for name in road_classes]


def _blend(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def tile_palette() -> list[Colour]:
    """At most 256 colours: those of the table, and the half-tones of smooth edges between them.

    Every tile has the same palette, so that no seam shows where two tiles meet.
    """
    base = list(dict.fromkeys([LAND, WATER, *(c for s in ROAD_STYLES for c in (s.fill, s.casing))]))
    strong = [LAND, WATER, (255, 255, 255), *(s.casing for s in ROAD_STYLES[3:])]
    tones = [
        _blend(one, other, share)
        for one, other in combinations(dict.fromkeys(strong), 2)
        for share in (0.25, 0.5, 0.75)
    ]
    tones += [_blend(s.fill, s.casing, share) for s in ROAD_STYLES for share in (0.25, 0.5, 0.75)]
    palette = base
    for tone in dict.fromkeys(tones):  # Pillow tells colours apart only roughly: a near one would be taken for LAND
        if all(max(abs(a - b) for a, b in zip(tone, kept, strict=True)) >= _NEAREST_TONE for kept in palette):
            palette.append(tone)
    return palette[:256]
