"""Answers while roads are closed or slow equal one reverse shortest-path tree each; `scripts/check_detours.py` does it at length."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `test` is not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from detours.comparing import compare, starts_at_end
from detours.town import HOSPITALS, Town

from stroke_map.editions.changes import make_changes
from stroke_map.editions.current import CurrentRanking
from stroke_map.editions.ranking import NEVER, Ranking, Starts
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from stroke_map.editions import Edition


@pytest.fixture(scope="module")
def malta(shared_osm: Path) -> Town:
    return Town(RoadNetwork.from_osm(shared_osm / "malta.osm.pbf", profile="car"), np.random.default_rng(3))


def test_malta_equals_scipy(malta: Town) -> None:
    compared = compare(malta, np.random.default_rng(4), sets=3, origins=100, places=40, threads=2)
    assert compared.answers >= 3 * 100 * HOSPITALS
    assert compared.networkx_trees == 1
    for count in ("without_road", "turned_back", "enclosed_hospitals", "searched", "driven_back", "beside_closed"):
        assert getattr(compared, count) > 0, count
    assert compared.without_road < compared.answers / 2
    assert compared.several > 0


def test_the_demonstration_city_equals_scipy(demo_edition: Edition) -> None:
    town = Town(demo_edition.network("ambulance"), np.random.default_rng(5))
    compared = compare(town, np.random.default_rng(6), sets=2, origins=100, places=40)
    assert compared.answers >= 2 * 100 * HOSPITALS
    assert compared.enclosed_hospitals > 0
    assert compared.turned_back > 0


@pytest.mark.parametrize("nearest", [1, 3])
def test_few_stored_hospitals_give_the_same(malta: Town, nearest: int) -> None:
    town = Town(malta.network, np.random.default_rng(3), nearest=nearest)
    compared = compare(town, np.random.default_rng(nearest), sets=2, origins=30, places=30)
    assert compared.answers >= 2 * 30 * HOSPITALS
    assert compared.enclosed_hospitals > 0
    assert compared.turned_back > 0


def test_without_changes_it_is_the_stored_ranking(malta: Town) -> None:
    network, rng = malta.network, np.random.default_rng(7)
    now = CurrentRanking(
        malta.ranking, malta.reverse, make_changes(network, np.zeros(network.segment_count, dtype=bool))
    )
    everyone = np.ones(HOSPITALS, dtype=bool)
    for segment in rng.integers(network.segment_count, size=60).tolist():
        starts = Starts(np.array([segment], np.int32), rng.random(1), np.zeros(1, np.int64))
        for mine, stored in zip(
            now.nearest(starts, now.bounds_ms(starts), everyone, 5),
            malta.ranking.nearest(starts, malta.ranking.bounds_ms(starts), everyone, 5),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, stored)


def test_nearest_takes_several_starts_and_settles_ties_by_column(malta: Town) -> None:
    rng = np.random.default_rng(8)
    changes = malta.random_changes(rng, enclose=2)
    now = CurrentRanking(malta.ranking, malta.reverse, changes)
    everyone = np.ones(HOSPITALS, dtype=bool)
    usable = malta.origins(changes)
    for _ in range(60):
        starts = Starts(rng.choice(usable, 3), rng.random(3), rng.integers(0, 60_000, 3))
        costs = [now.road(starts, column) for column in range(HOSPITALS)]
        wanted = sorted((road.cost_ms, column) for column, road in enumerate(costs) if road.start >= 0)[:4]
        hospitals, found = now.nearest(starts, now.bounds_ms(starts), everyone, 4)
        assert list(zip(found.tolist(), hospitals.tolist(), strict=True)) == wanted
        passes = malta.network.turn_passes
        counts = [int(passes[road.turns[road.turns >= 0]].sum()) if road.start >= 0 else 0 for road in costs]
        every, counted = now.every(starts, passes)
        assert every.tolist() == [road.cost_ms if road.start >= 0 else NEVER for road in costs]
        assert counted.tolist() == counts


def test_threads_that_search_share_the_memory_of_those_that_have_ended(malta: Town) -> None:
    changes = malta.random_changes(np.random.default_rng(10), enclose=2)
    stored = Ranking(malta.network, malta.arrivals)
    now, everyone = CurrentRanking(stored, malta.reverse, changes), np.ones(HOSPITALS, dtype=bool)
    origins = np.random.default_rng(11).choice(malta.origins(changes), 40).tolist()

    def ask(segment: int) -> list[list[int]]:
        starts = Starts(np.array([segment], np.int32), np.array([0.5]), np.zeros(1, np.int64))
        return [each.tolist() for each in now.nearest(starts, now.bounds_ms(starts), everyone, HOSPITALS)]

    alone = [ask(segment) for segment in origins]
    assert len(stored.idle) == 1
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, origins)) == alone
    assert len(stored.idle) <= 8
    stored.idle[-1].round[0] = 2**30
    kept = len(stored.idle)
    assert ask(origins[0]) == alone[0]
    assert len(stored.idle) == kept - 1


def test_an_enclosed_origin_and_an_enclosed_hospital_have_no_road(malta: Town) -> None:
    network = malta.network
    changes = malta.random_changes(np.random.default_rng(9), enclose=1)
    now = CurrentRanking(malta.ranking, malta.reverse, changes)
    unreachable = np.isinf(malta.trees(changes).cost_ms[1])
    enclosed = [segment for segment in malta.origins(changes).tolist() if unreachable[segment]]
    assert len(enclosed) > network.segment_count / 2
    for segment in enclosed[::1000]:
        assert now.road(starts_at_end(segment), 1).start < 0
