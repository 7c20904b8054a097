"""How hospitals are told apart on the map: by shape, letter and colour, so that none of the three is needed.

Colours are Okabe and Ito's, safe for colour-blind readers (https://jfly.uni-koeln.de/color/); they and the shapes are
drawn by static/css/map.css from the class `pin-<shape>`. Letters are dark where white would not stand out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Marker(NamedTuple):
    """One kind of marker; `meaning` is the name of its text in `texts`."""

    capability: str
    shape: str
    letter: dict[str, str]
    meaning: str


OTHER: Final = Marker("", "other", {"zh": "", "en": ""}, "legend_other")
# The greater treatment first: a hospital gets the first marker it can.
MARKERS: Final[dict[str, tuple[Marker, ...]]] = {
    "stroke": (
        Marker("thrombectomy", "square", {"zh": "取", "en": "T"}, "legend_thrombectomy"),
        Marker("thrombolysis", "circle", {"zh": "溶", "en": "L"}, "legend_thrombolysis"),
    ),
    "chest_pain": (
        Marker("primary_pci", "diamond", {"zh": "介", "en": "P"}, "legend_primary_pci"),
        Marker("fibrinolysis", "triangle", {"zh": "溶", "en": "F"}, "legend_fibrinolysis"),
    ),
}


def marker_of(capabilities: Mapping[str, Any], condition: str) -> Marker:
    """The marker of a hospital with these `capabilities` (as in its GeoJSON) on the map for `condition`."""
    for marker in MARKERS[condition]:
        if capabilities.get(marker.capability, {}).get("status") == "yes":
            return marker
    return OTHER
