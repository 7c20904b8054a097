"""The pure parts of `scripts/bench.py --peers`: what other routers are told, and how their roads are read. No wheel is needed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `bench` is not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from bench.inputs import write_grid
from bench.osrm_profile import write_lua
from bench.peers import LARGEST, _figures, _largest
from bench.tagged import Tagged, told
from bench.valhalla import costing_of, decode_line, with_speeds, write_with_speeds

from stroke_map.roads import RoadNetwork
from stroke_map.roads.profile import load_profile
from stroke_map.roads.ways import DirectionUse, WayReader, WayUse

CAR = load_profile("car")
WAY = WayUse(0, 0, DirectionUse(23.6, restricted=False), None, None, 0, start_allowed=True)


def test_valhalla_reads_our_speed_in_place_of_every_posted_one() -> None:
    tags = {"highway": "primary", "maxspeed": "90", "maxspeed:backward": "50", "source:maxspeed": "sign"}
    assert with_speeds(tags, WAY) == {"highway": "primary", "maxspeed": "24", "maxspeed:forward": "24"}
    slower_back = replace(WAY, backward=DirectionUse(11.0, restricted=False))
    assert with_speeds({}, slower_back) == {"maxspeed:forward": "24", "maxspeed:backward": "11", "maxspeed": "11"}


def test_the_copy_for_valhalla_is_driven_as_fast_as_its_model(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "grid.osm", 4)
    write_with_speeds(grid, CAR, tmp_path / "copy.osm")
    copy = Tagged(tmp_path / "copy.osm")
    assert copy.between == Tagged(grid).between
    assert {tags["maxspeed"] for tags in copy.ways.values()} == {f"{CAR.ways['highway']['residential'].speed_kph:.0f}"}


def test_valhalla_has_no_preferences_and_our_vehicle() -> None:
    costing = costing_of(CAR)
    assert costing["use_tolls"] == 0.5
    assert costing["maneuver_penalty"] == 0
    assert (costing["width"], costing["weight"]) == (CAR.vehicle.width_m, CAR.vehicle.weight_t)


def test_an_encoded_line_is_read() -> None:
    # The three points of https://developers.google.com/maps/documentation/utilities/polylinealgorithm, at six digits.
    places = decode_line("_p~iF~ps|U_ulLnnqC_mqNvxq`@")
    np.testing.assert_allclose(np.array(places) * 10, [(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)])


def test_osrm_keeps_closed_what_it_closes(tmp_path: Path) -> None:
    """A closed way has a speed of -1 there: raised to our least speed, every footway and stair was a road."""
    lua = write_lua(CAR, tmp_path, tmp_path / "ours.lua").read_text(encoding="utf-8")
    assert "if speed <= 0 then return speed end" in lua
    assert f"['residential'] = {CAR.ways['highway']['residential'].speed_kph}" in lua


def test_figures_count_the_hospital_the_other_router_would_choose() -> None:
    mine = np.array([[100.0, 120.0], [50.0, np.inf]])
    theirs = np.array([[130.0, 110.0], [50.0, 40.0]])
    figures = _figures(mine, theirs)
    assert figures["worst_regret_s"] == 20.0
    assert figures["same_best_percent"] == 50.0
    assert figures["reached_by_one_alone"] == 1


def test_the_largest_differences_are_by_ratio_and_one_of_each_origin_and_hospital() -> None:
    theirs = np.full((LARGEST + 3, LARGEST + 5), 100.0)
    mine = theirs.copy()
    mine[1, 3], mine[2, 3], mine[1, 4], mine[0, 7] = 300.0, 250.0, 280.0, 40.0
    assert _largest(mine, theirs)[:2] == [(1, 3), (0, 7)]
    assert len(_largest(mine, theirs)) == LARGEST


def test_a_line_is_read_as_nodes_and_ways(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "grid.osm", 4)
    tagged, network = Tagged(grid), RoadNetwork.from_osm(grid, profile="car")
    route = network.route((29.5, 106.5001), (29.50135 * 1, 106.50155))
    nodes = tagged.nodes_of([(lat, lon) for lon, lat in route.line])
    paces = tagged.paces(nodes)
    assert [pace.tail for pace in paces] == nodes[:-1]
    driven = network.stretch_way_id[network.segment_stretch[route.segments]].tolist()
    assert {pace.way for pace in paces} <= set(driven)
    assert tagged.way(paces[0].way).startswith(f"way {paces[0].way} Street")


def test_only_the_tags_that_matter_are_told() -> None:
    tags = {"highway": "service", "source": "Bing", "oneway": "yes"}
    assert told(tags) == "highway=service, oneway=yes"
    assert WayReader(CAR).read(tags) is not None
