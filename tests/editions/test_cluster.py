"""Trees that grow on a Dask cluster are those that grow here."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

import distributed

from stroke_map.editions import cluster
from stroke_map.editions.arrivals import build_arrivals, find_gates
from stroke_map.editions.near import build_near, groups_of
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.editions import Edition


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler with two workers, threads of this process."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp"
    ) as machines:
        yield machines.scheduler_address


def assert_same(mine: object, theirs: object) -> None:
    for field in fields(mine):
        ours, others = getattr(mine, field.name), getattr(theirs, field.name)
        assert type(ours) is type(others)
        np.testing.assert_array_equal(ours, others, err_msg=field.name)


def test_a_table_has_the_same_bytes(demo_edition: Edition, address: str) -> None:
    network, told = demo_edition.network("car"), []
    gates = find_gates(network, demo_edition.hospitals)
    table = build_arrivals(network, gates, lambda *done: told.append(done), cluster=address)
    assert_same(table, build_arrivals(network, gates))
    assert told[-1] == (len(gates), len(gates))
    assert len(told) > 1


def test_the_nearest_are_the_same(demo_edition: Edition, address: str) -> None:
    network, told = demo_edition.network("car"), []
    gates, groups = find_gates(network, demo_edition.hospitals), groups_of(demo_edition.hospitals)
    near = build_near(network, gates, groups, 3, progress=lambda *done: told.append(done), cluster=address)
    assert_same(near, build_near(network, gates, groups, 3))
    assert told[-1][0] == told[-1][1] == len(told) > 1


def test_without_a_cluster_it_says_so(demo_edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWERS_WITHIN", "1s")
    network = demo_edition.network("car")
    with pytest.raises(EditionError, match="no Dask scheduler answers"):
        build_arrivals(network, find_gates(network, demo_edition.hospitals), cluster="tcp://127.0.0.1:1")
