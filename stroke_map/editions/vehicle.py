"""The profile an edition is built with: the shipped one, with what the ambulance service has confirmed of its own vehicles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stroke_map.roads.profile import Profile, load_profile
from stroke_map.roads.profile_tables import Vehicle

if TYPE_CHECKING:
    from stroke_map.settings import Settings


def service_profile(name: str, settings: Settings) -> Profile:
    """The profile of that name; `ambulance` has the size and the lights-and-siren factor of the settings.

    Raises
    ------
    RoadDataError
        No such profile.
    """
    profile = load_profile(name)
    if name != "ambulance":
        return profile
    vehicle = Vehicle(
        width_m=settings.ambulance_width_m,
        height_m=settings.ambulance_height_m,
        length_m=settings.ambulance_length_m,
        weight_t=settings.ambulance_weight_t,
    )
    return replace(profile, vehicle=vehicle, speed_factor=profile.speed_factor * settings.siren_speed_factor)
