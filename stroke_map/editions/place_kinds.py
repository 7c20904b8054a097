"""Which OpenStreetMap tags make a place that people name when they say where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANY: Final = "*"
# Key, values, kind (one of `registry.places.KINDS`); the first that fits counts.
_RULES: Final[tuple[tuple[str, str, str], ...]] = (
    ("place", "county district", "district"),
    (
        "place",
        "city town township borough suburb quarter village hamlet municipality island isolated_dwelling",
        "settlement",
    ),
    ("place", "neighbourhood city_block residential", "estate"),
    ("place", "square", "site"),
    ("bridge:name", _ANY, "bridge"),
    ("tunnel:name", _ANY, "bridge"),
    ("man_made", "bridge", "bridge"),
    ("railway", "station halt tram_stop", "station"),
    ("public_transport", "station", "station"),
    ("aeroway", "aerodrome terminal", "station"),
    ("amenity", "bus_station ferry_terminal", "station"),
    ("highway", "bus_stop", "station"),
    ("highway", "motorway_junction", "junction"),
    ("highway", "services rest_area toll_gantry", "site"),
    ("junction", "yes roundabout circular", "junction"),
    (
        "highway",
        (
            "motorway trunk primary secondary tertiary unclassified residential living_street pedestrian service road track busway "
            "motorway_link trunk_link primary_link secondary_link tertiary_link footway path steps"
        ),
        "road",
    ),
    ("amenity", "hospital clinic doctors health_post", "clinic"),
    ("healthcare", _ANY, "clinic"),
    ("amenity", "school kindergarten college university", "school"),
    ("shop", "mall department_store supermarket", "mall"),
    ("amenity", "marketplace", "mall"),
    (
        "amenity",
        (
            "townhall courthouse police fire_station library community_centre social_facility nursing_home theatre cinema arts_centre "
            "exhibition_centre conference_centre place_of_worship post_office fuel prison"
        ),
        "building",
    ),
    ("tourism", "hotel motel attraction museum gallery zoo aquarium theme_park", "site"),
    ("historic", _ANY, "site"),
    ("office", "government", "building"),
    ("leisure", "park garden stadium sports_centre nature_reserve", "park"),
    ("landuse", "residential", "estate"),
    ("building", "apartments residential dormitory", "estate"),
    ("landuse", "industrial commercial retail", "site"),
    ("building", _ANY, "building"),
)
_OF_KEY: Final = [(key, None if values == _ANY else frozenset(values.split()), kind) for key, values, kind in _RULES]
# Administrative levels 5 and 6 are China's prefectures and districts, 7 to 10 its townships and villages.
_LEVELS: Final = dict.fromkeys("56", "district") | dict.fromkeys(("7", "8", "9", "10"), "settlement")


def kind_of(tags: Mapping[str, str], *, is_relation: bool = False) -> str | None:
    """The kind of place that a named object with these tags is; None for what nobody says who tells where he is."""
    for key, values, kind in _OF_KEY:
        value = tags.get(key)
        if value is not None and value != "no" and (values is None or value in values):
            return kind
    if is_relation and tags.get("boundary") == "administrative":
        return _LEVELS.get(tags.get("admin_level", ""))
    return None
