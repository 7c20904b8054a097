"""The demonstration city goes through the same build as a real region, and comes out whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stroke_map.editions import EditionHolder, verify_edition

if TYPE_CHECKING:
    from pathlib import Path


def test_the_demonstration_city_becomes_a_published_edition(demo_geodata: Path) -> None:
    edition = EditionHolder(demo_geodata).current()
    assert verify_edition(demo_geodata, "demo", full=True) == edition.info
    assert edition.info.demo
    assert len(edition.hospitals) == 24
    assert edition.info.counts["unreached"] == {"car": [], "ambulance": []}
    for hospital in edition.hospitals:
        assert edition.contains(hospital.entrance_lat, hospital.entrance_lon)
    for profile in ("car", "ambulance"):
        reached = (edition.arrivals(profile).time != 65535).any(axis=0)
        assert reached.all()
