"""`scripts/scale.py` in its short form, and what it reckons. How anything grows is for the real thing to say."""

from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench.inputs import write_grid
from click.testing import CliRunner
from scale.country import country
from scale.fitting import FIGURES, FLAT, Line, by_hospitals, by_region, lines
from scale.plot import write_plots
from scale.portos import write_copies
from scale.report import is_flat

from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    import click

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def scale() -> click.Command:
    """The command; a package of its name stands beside it."""
    spec = importlib.util.spec_from_file_location("scale_command", SCRIPTS / "scale.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.mark.slow
def test_a_row_is_measured_once_and_told(scale: click.Command, tmp_path: Path) -> None:
    arguments = [
        "--quick",
        "--cache",
        str(tmp_path / "cache"),
        "--side",
        "1",
        "--hospitals",
        "3",
        "--hospitals",
        "100000",
    ]
    arguments += ["--connections", "1", "--connections", "3", "--plot", str(tmp_path / "plot.svg")]
    first, again = (CliRunner().invoke(scale, arguments, catch_exceptions=False) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "1 x, 3 hospitals" in first.stderr
    assert again.stderr == ""
    assert again.stdout.partition("\n")[2] == first.stdout.partition("\n")[2]
    assert "Not measured: 1 x with 100,000 hospitals" in first.stdout
    assert "not answered" not in first.stdout
    assert ET.parse(tmp_path / "plot.svg").getroot().tag == f"{SVG}svg"


def row(side: int, hospitals: int, *, rank_ms: float) -> dict[str, float]:
    plain = dict.fromkeys(FIGURES, 2.0 * side**2)
    return {"side": side, "hospitals": hospitals, "segments": 1000 * side**2, **plain, FLAT: rank_ms}


def test_the_exponent_is_that_of_the_power() -> None:
    assert Line("x", (1, 10, 100), (3, 30, 300)).exponent == pytest.approx(1)
    assert Line("x", (1, 4, 16), (5, 10, 20)).exponent == pytest.approx(0.5)


@pytest.mark.parametrize(("largest_ms", "flat"), [(0.02, True), (0.025, True), (0.03, False)])
def test_ranking_is_flat_or_it_is_not(largest_ms: float, flat: bool) -> None:
    rows = [row(1, 25, rank_ms=0.02), row(1, 115, rank_ms=0.02), row(4, 115, rank_ms=largest_ms), row(1, 500, rank_ms=0.1)]  # fmt: skip
    region = lines(by_region(rows), "segments")
    assert [line.x for line in region] == [(1000.0, 16_000.0)] * len(FIGURES)
    assert {round(line.exponent, 3) for line in region if line.name != FIGURES[FLAT]} == {1.0}
    assert is_flat(region) is flat
    assert [each["hospitals"] for each in by_hospitals(rows)] == [25, 115, 500]


def test_a_country_is_reckoned_from_the_largest_row() -> None:
    row_ = {"segments": 1000, "roads_mb": 2.0, "arrivals_mb": 5.0, "build_gb": 0.5, "roads_cpu_s": 3.0, "arrivals_cpu_s": 4.0}  # fmt: skip
    told = country([row_ | {"segments": 10}, row_], segments=20_000, hospitals=100)
    assert "* arrivals on disk: 5.00 MB x 20.0 = 100 MB" in told
    assert "20,000 x 100 x 3 bytes = 0 GB" in told


def test_one_region_says_nothing_of_growth() -> None:
    assert is_flat(lines(by_region([row(1, 25, rank_ms=1)]), "segments")) is None


def test_a_plot_shows_every_line_and_its_exponent(tmp_path: Path) -> None:
    two = [Line("a <b>", (1, 10), (1, 10)), Line("c", (1, 10), (90, 9))]
    write_plots([("title", "x", two)], tmp_path / "plot.svg")
    drawn = ET.parse(tmp_path / "plot.svg")
    assert len(drawn.findall(f".//{SVG}polyline")) == 2
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {"a <b>: n^1.00", "c: n^-1.00", "title"} <= set(words)
    first = drawn.find(f".//{SVG}polyline").get("points").split()
    assert [tuple(map(float, point.split(","))) for point in first] == [(0, 380), (330, 190)]


def test_copies_are_joined_and_else_as_the_extract(tmp_path: Path) -> None:
    osm = write_grid(tmp_path / "grid.osm", 4)
    four = RoadNetwork.from_osm(write_copies(osm, 2, tmp_path / "four.osm.pbf"), profile="car")
    one = RoadNetwork.from_osm(osm, profile="car")
    assert four.segment_count == 4 * one.segment_count + 2 * 4
    south_west = one.point_y.min() * 1e-7, one.point_x.min() * 1e-7
    north_east = four.point_y.max() * 1e-7, four.point_x.max() * 1e-7
    assert four.route(south_west, north_east).distance_m > 1000
