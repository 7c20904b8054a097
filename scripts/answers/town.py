"""An edition to ask: a road file with made-up hospitals, whose capabilities, hours and accreditation are drawn at random."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from stroke_map.editions import Edition, Region, build_edition
from stroke_map.roads import RoadNetwork
from stroke_map.roads.periods import EXAMPLE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

HOSPITALS: Final = 25
#: Summer time begins and ends within the edition's year.
TIMEZONE: Final = "Europe/Lisbon"
FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2026, 12, 31)
NEEDS: Final = ("thrombolysis", "thrombectomy", "primary_pci", "fibrinolysis", "ct", "cardiac_surgery")
_HOURS: Final = (
    "Mo-Fr 08:00-17:30",
    "Mo-Su 08:00-12:00,14:00-20:00",
    "Mo-Su 22:00-06:00",
    "Sa-Su 00:00-24:00",
    "We 09:00-09:30",
    "Fr-Mo 18:30-07:15",
)
#: A wrong place in a sheet: no road is near it.
_FAR_DEG: Final = 0.02


def make_edition(
    osm: Path, folder: Path, rng: np.random.Generator, show: Callable[[str, float], None], nearest: int | None = None
) -> Edition:
    """Build it in `folder`, with an arrival table for each time of the week, of all hospitals or so many of each capability."""
    show("roads", 0.0)
    network = RoadNetwork.from_osm(osm, profile="car")
    show("roads", 1.0)
    # Of some treatments there are many, of others so few that all of them are closed or far at times.
    shares = {need: float(rng.choice([0.08, 0.2, 0.6])) for need in NEEDS}
    rows = [_hospital(network, number, shares, rng) for number in range(HOSPITALS)]
    with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(column for row in rows for column in row)))
        writer.writeheader()
        writer.writerows(rows)
    made = build_edition(
        osm=osm, sheet=folder / "sheet.csv", region=Region(id="random", timezone=TIMEZONE), geodata_dir=folder,
        edition_id="random", valid_from=FIRST_DAY, valid_until=LAST_DAY, periods=EXAMPLE_FILE, progress=show, nearest=nearest,
    )  # fmt: skip
    return Edition(made)


def _hospital(
    network: RoadNetwork, number: int, shares: dict[str, float], rng: np.random.Generator
) -> dict[str, object]:
    point, away = int(rng.integers(len(network.point_x))), rng.normal(0, 3e-4, 2)
    if rng.random() < 0.05:
        away += _FAR_DEG
    row: dict[str, object] = {
        "id": f"h{number:02}",
        "name_zh": f"医院{number}",
        "lat": f"{network.point_y[point] * 1e-7 + away[0]:.7f}",
        "lon": f"{network.point_x[point] * 1e-7 + away[1]:.7f}",
        "crs": "WGS-84",
        "phone": "023-00000000",
        "kind": "unit" if rng.random() < 0.2 else "hospital",
    }
    for need, share in shares.items():
        row |= _capability(need, share, rng)
    return row


def _capability(need: str, share: float, rng: np.random.Generator) -> dict[str, object]:
    said: dict[str, object] = {need: rng.choice(["yes", "no", "unknown"], p=[share, 0.8 - share, 0.2])}
    if rng.random() < 0.5:
        said[f"{need}_hours"] = rng.choice(_HOURS)
    begins = FIRST_DAY + timedelta(days=int(rng.integers(-200, 300)))
    if rng.random() < 0.15:
        said[f"{need}_valid_from"] = begins.isoformat()
    if rng.random() < 0.3:
        ends = begins + timedelta(days=int(rng.integers(0, 400)))
        said[f"{need}_valid_until"] = rng.choice([ends.isoformat(), "9999-12-31"], p=[0.9, 0.1])
    return said
