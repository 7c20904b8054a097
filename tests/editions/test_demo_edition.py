"""The demonstration city goes through the same build as a real region, and comes out whole."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions import EditionHolder, build_edition, load_region, publish, verify_edition

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_the_demonstration_city_becomes_a_published_edition(geodata: Path, tmp_path: Path) -> None:
    from stroke_map.demo import write_demo

    files = write_demo(tmp_path)
    build_edition(
        osm=files.osm,
        sheet=files.sheet,
        region=load_region("demo"),
        geodata_dir=geodata,
        edition_id="demo",
        demo=True,
        valid_from=date(2026, 1, 1),
    )
    publish(geodata, "demo")
    edition = EditionHolder(geodata).current()
    assert verify_edition(geodata, "demo", full=True) == edition.info
    assert edition.info.demo
    assert len(edition.hospitals) == 24
    assert edition.info.counts["unreached"] == {"car": [], "ambulance": []}
    for hospital in edition.hospitals:
        assert edition.contains(hospital.entrance_lat, hospital.entrance_lon)
    for profile in ("car", "ambulance"):
        reached = (edition.arrivals(profile).time != 65535).any(axis=0)
        assert reached.all()
