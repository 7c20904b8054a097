"""An edition made ready for questions: everything that does not depend on the question, worked out once."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from stroke_map.coordinates import from_wgs84
from stroke_map.dispatch.classes import CapabilityTable, capability_table, end_of_day_s
from stroke_map.dispatch.links import navigation_links
from stroke_map.dispatch.roads_now import PreparedProfile
from stroke_map.dispatch.surroundings import RoadDensity
from stroke_map.protocols.loading import load_protocol
from stroke_map.protocols.protocol import CONDITIONS, Protocol
from stroke_map.registry import CAPABILITIES, CENTRES

if TYPE_CHECKING:
    from stroke_map.editions import Edition
    from stroke_map.registry import Hospital


class Prepared:
    """One edition, ready."""

    def __init__(self, edition: Edition) -> None:
        #: By profile and period; the periods of one profile share what does not hang on the hour.
        self.profiles: dict[tuple[str, str], PreparedProfile] = {}
        first = edition.info.periods[0]
        for name, period in product(edition.info.profiles, edition.info.periods):
            self.profiles[name, period] = PreparedProfile(
                edition.network(name, period), edition.arrivals(name, period), like=self.profiles.get((name, first))
            )
        self.capabilities: dict[str, CapabilityTable] = {
            name: capability_table(edition.hospitals, name, edition.zone) for name in CAPABILITIES
        }
        self.cards = [hospital_card(hospital) for hospital in edition.hospitals]
        #: The protocols sealed into the edition; those of this package where it is older than they are.
        self.protocols: dict[str, Protocol] = {
            condition: Protocol.from_json(text)
            if (text := edition.protocol_text(condition))
            else load_protocol(condition)
            for condition in CONDITIONS
        }
        self.ends_s = end_of_day_s(edition.info.valid_until, edition.zone)

    @cached_property
    def road_density(self) -> RoadDensity:
        """How much road there is around each place."""
        return RoadDensity(next(iter(self.profiles.values())).network)

    @cached_property
    def column(self) -> dict[str, int]:
        """The column of each hospital id."""
        return {card["id"]: i for i, card in enumerate(self.cards)}


_PREPARED: WeakKeyDictionary[Edition, Prepared] = WeakKeyDictionary()


def prepare(edition: Edition) -> Prepared:
    """The edition made ready; done once and forgotten with it. A server calls this before it takes questions."""
    prepared = _PREPARED.get(edition)
    if prepared is None:
        prepared = _PREPARED[edition] = Prepared(edition)
    return prepared


def level_by_centre(hospital: Hospital) -> dict[str, dict[str, str] | None]:
    """The published grade of a hospital for every kind of centre, None where it has none."""
    return {
        centre: hospital.levels[centre].model_dump(include={"scheme", "level"}) if centre in hospital.levels else None
        for centre in CENTRES
    }


def hospital_card(hospital: Hospital) -> dict[str, Any]:
    """What every answer says of a hospital, whatever the question."""
    return {
        "id": hospital.id,
        "name": {"zh": hospital.name_zh, "en": hospital.name_en or hospital.name_zh},
        "capabilities": [name for name, said in hospital.capabilities.items() if said.status == "yes"],
        "level": level_by_centre(hospital),
        "phone": hospital.phone,
        "lat": hospital.entrance_lat,
        "lon": hospital.entrance_lon,
        "navigation": navigation_links(
            hospital.name_zh, from_wgs84(hospital.entrance_lat, hospital.entrance_lon, "GCJ-02"), hospital.phone
        ),
    }
