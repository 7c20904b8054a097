"""Editions that store the nearest hospitals alone: built, opened, measured and amended as those that store all."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.editions import Edition, amend_edition, verify_edition
from stroke_map.editions.access import measure_access
from stroke_map.editions.arrivals import find_gates
from stroke_map.editions.changes import make_changes
from stroke_map.editions.detours import turns_into
from stroke_map.editions.near import NearArrivals, build_near, groups_of, load_arrivals
from stroke_map.editions.near_ranking import NearRanking
from stroke_map.editions.ranking import Ranking, Starts
from stroke_map.errors import EditionDamagedError, EditionError
from stroke_map.registry import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def towns(make_town: Callable[..., Edition], town_osm_file, place_of) -> tuple[Edition, Edition]:
    """The same town with all hospitals stored, and with two of each group."""
    can = [{"thrombolysis": "yes", "ct": "yes"}, {"ct": "yes", "thrombolysis": "no"}, {"thrombolysis": "unknown"}]
    rows = [
        {"id": f"h{n}", "lat": lat, "lon": lon} | can[n % 3]
        for n, (lat, lon) in enumerate(place_of(110 * n, 95 * n + 3) for n in range(8))
    ]
    all_stored, few = (make_town(town_osm_file, rows, profiles=("car",), nearest=k) for k in (None, 2))
    return all_stored, few


@pytest.fixture(scope="module")
def town_osm_file(town):
    return town["osm"]


def test_an_edition_says_what_it_stores(towns) -> None:
    all_stored, few = towns
    assert (all_stored.info.arrivals, few.info.arrivals) == ("full", 2)
    arrivals = few.arrivals("car")
    assert isinstance(arrivals, NearArrivals)
    fresh = build_near(few.network("car"), find_gates(few.network("car"), few.hospitals), groups_of(few.hospitals), 2)
    assert_same(arrivals, fresh)
    assert not arrivals.column.flags.writeable
    assert verify_edition(few.folder.parents[1], few.info.id) == few.info


def assert_same(mine: NearArrivals, theirs: NearArrivals) -> None:
    for field in fields(NearArrivals):
        np.testing.assert_array_equal(getattr(mine, field.name), getattr(theirs, field.name), err_msg=field.name)


def test_groups_are_told_apart_and_none_is_counted_twice(towns) -> None:
    hospitals = towns[0].hospitals
    groups = groups_of(hospitals).tolist()
    members = {tuple(group >> bit & 1 for group in groups) for bit in range(64)} - {(0,) * len(groups)}
    expected = {
        tuple(int(one.capabilities[name].status == status) for one in hospitals)
        for name in CAPABILITIES
        for status in ("yes", "unknown")
    } - {(0,) * len(groups)}
    assert members == expected | {(1,) * len(groups)}
    assert max(groups).bit_length() == len(members)


def test_what_an_edition_reaches_is_the_same(towns) -> None:
    measured = [measure_access(one.network("car"), one.arrivals("car"), one.hospitals) for one in towns]
    (full, near), (k, _) = measured, (one.capabilities.index("thrombolysis") for one in measured)
    np.testing.assert_array_equal(near.nearest[k], full.nearest[k])
    quantum_ms = max(one.arrivals("car").quantum_ms for one in towns)
    assert (np.abs(near.left_ms[k] - full.left_ms[k])[full.nearest[k] >= 0] < quantum_ms).all()


def test_of_those_that_can_the_nearest_accredited_is_found_though_it_is_not_stored(towns) -> None:
    """Of the three that give the drug two are stored everywhere, and two have lapsed."""
    day, lapsed = date(2026, 6, 1), {"valid_until": date(2026, 1, 31)}
    hospitals = [
        one.model_copy(
            update={
                "capabilities": one.capabilities
                | {"thrombolysis": one.capabilities["thrombolysis"].model_copy(update=lapsed)}
            }
        )
        if one.id in {"h0", "h3"}
        else one
        for one in towns[0].hospitals
    ]
    full, near = (measure_access(one.network("car"), one.arrivals("car"), hospitals, day=day) for one in towns)
    k = full.capabilities.index("thrombolysis")
    assert (full.nearest[k] >= 0).any()
    np.testing.assert_array_equal(near.nearest, full.nearest)
    np.testing.assert_array_equal(near.counted, full.counted)
    known = full.nearest >= 0
    quantum_ms = max(one.arrivals("car").quantum_ms for one in towns)
    assert (np.abs(near.left_ms.astype(np.int64) - full.left_ms)[known] <= quantum_ms).all()


def test_what_was_found_on_some_roads_is_not_taken_for_others(towns) -> None:
    """A thread remembers one search alone."""
    network, near = towns[1].network("car"), towns[1].arrivals("car")
    nothing_closed = np.zeros(network.segment_count, dtype=bool)
    usual, slow = (
        NearRanking(
            Ranking(network, near), turns_into(network), make_changes(network, nothing_closed, nothing_closed + factor)
        )
        for factor in (1.0, 3.0)
    )
    starts = Starts(np.array([0], dtype=np.int32), np.zeros(1), np.zeros(1, dtype=np.int64))
    usual_ms, slow_ms = usual.all_ms(starts), slow.all_ms(starts)
    assert (slow_ms > usual_ms).any()
    for ranking, cost_ms in ((usual, usual_ms), (slow, slow_ms)):
        assert [ranking.road(starts, column).cost_ms for column in range(len(cost_ms))] == cost_ms.tolist()


def test_who_can_do_what_is_amended_with_the_arrivals(towns) -> None:
    _, few = towns
    geodata = few.folder.parents[1]
    phone = amend_edition(geodata_dir=geodata, cells=["h1.phone=023-1"], edition_id=few.info.id, reason="x")
    assert_same(Edition(phone.folder).arrivals("car"), few.arrivals("car"))
    made = amend_edition(geodata_dir=geodata, cells=["h1.thrombolysis=yes"], edition_id=few.info.id, reason="x", accept="x")  # fmt: skip
    amended = Edition(made.folder)
    assert amended.info.arrivals == 2
    network, arrivals = amended.network("car"), amended.arrivals("car")
    assert_same(arrivals, build_near(network, find_gates(network, amended.hospitals), groups_of(amended.hospitals), 2))
    assert len(arrivals.column) != len(few.arrivals("car").column)


@pytest.mark.parametrize("name", ["column.npy", "groups.npy", "gate_first.npy"])
def test_an_incomplete_table_is_named(towns, tmp_path, name) -> None:
    towns[1].arrivals("car").save(tmp_path / "all")
    (tmp_path / "all" / name).unlink()
    with pytest.raises(EditionDamagedError):
        load_arrivals(tmp_path / "all")


@pytest.mark.parametrize("given", ["0", "256", "some"])
def test_how_many_are_stored_is_checked(given, town) -> None:
    arguments = ["edition", "build", "2026.1", "--osm", str(town["osm"]), "--sheet", str(town["sheet"])]
    said = CliRunner().invoke(cli, [*arguments, "--arrivals", given])
    assert said.exit_code == 2
    assert "neither full nor 1 to 255" in said.output


@pytest.mark.parametrize("nearest", [-1, 0, 256])
def test_no_edition_is_begun_that_would_store_so_many(make_town, town_osm_file, nearest) -> None:
    """Also where nobody typed it: a count of more than 255 would begin again at nought."""
    with pytest.raises(EditionError, match="no number of nearest hospitals"):
        make_town(town_osm_file, [{"id": "h", "lat": 0, "lon": 0}], profiles=("car",), nearest=nearest)


def test_more_hospitals_than_labels_can_name_are_refused(towns) -> None:
    groups = np.ones(65_536, dtype=np.uint64)
    with pytest.raises(EditionError, match="65,535 hospitals, not 65,536"):
        build_near(towns[0].network("car"), [], groups, 1)
