"""Reading the table: exact against brute force on random networks, and lawful on the roads of Malta."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import networkx as nx
import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.editions.arrivals import UNREACHABLE, build_arrivals, find_gates, grow_trees, quantised
from stroke_map.editions.changes import make_changes
from stroke_map.editions.detours import turns_into
from stroke_map.editions.gates import Gate
from stroke_map.editions.near import build_near
from stroke_map.editions.near_ranking import NearRanking
from stroke_map.editions.ranking import NEVER, Ranking, Starts
from stroke_map.editions.trees import NEVER_MS
from stroke_map.roads import RoadNetwork
from stroke_map.roads.profile import load_profile

PROFILE = load_profile("car")


@st.composite
def networks(draw) -> RoadNetwork:
    """Up to 14 segments, some of them copies of others, with any turns at all; short times, so that many ways tie."""
    plain = draw(st.integers(1, 10))
    base = [*range(plain), *draw(st.lists(st.integers(0, plain - 1), max_size=4))]
    unit_ms = draw(st.sampled_from([1, 1, 997, 9_000_000]))
    times = draw(st.lists(st.integers(1, 9), min_size=plain, max_size=plain))
    turns = draw(
        st.dictionaries(
            st.tuples(st.integers(0, len(base) - 1), st.integers(0, len(base) - 1)), st.integers(0, 3), max_size=30
        )
    )
    rows = [[(to, cost) for (source, to), cost in turns.items() if source == segment] for segment in range(len(base))]
    flat = [turn for row in rows for turn in row]
    return RoadNetwork(
        PROFILE,
        {
            "segment_stretch": np.array(base, dtype=np.int32),
            "segment_base": np.array(base, dtype=np.int32),
            "segment_forward": np.ones(len(base), dtype=bool),
            "segment_time_ms": np.array([times[b] * unit_ms for b in base], dtype=np.int32),
            "turn_first": np.cumsum([0, *map(len, rows)]).astype(np.int64),
            "turn_to": np.array([to for to, _ in flat], dtype=np.int32),
            "turn_cost_ms": np.array([cost * unit_ms for _, cost in flat], dtype=np.int32),
            "stretch_class": np.zeros(plain, dtype=np.uint8),
            "stretch_start_allowed": np.ones(plain, dtype=bool),
            "stretch_segment": np.array([[one, -1] for one in range(plain)], dtype=np.int32),
        },
        {},
        {},
    )


@st.composite
def questions(draw) -> tuple[RoadNetwork, list[Gate], Starts, np.ndarray, int]:
    network = draw(networks())
    plain = len(network.stretch_class)
    shares = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1))
    gates = []
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.dictionaries(st.integers(0, plain - 1), shares, max_size=3))
        segment = np.array(list(at), dtype=np.int32)
        part_ms = np.rint(np.array(list(at.values())) * network.segment_time_ms[segment]).astype(np.int32)
        gates.append(Gate(segment, part_ms, 0.0, 0.0, 0.0))
    begins = draw(st.lists(st.tuples(st.integers(0, plain - 1), shares, st.integers(0, 12)), min_size=1, max_size=4))
    segment, share, extra_ms = zip(*begins, strict=True)
    starts = Starts(np.array(segment, np.int32), np.array(share, np.float64), np.array(extra_ms, np.int64))
    wanted = draw(st.lists(st.booleans(), min_size=len(gates), max_size=len(gates)))
    return network, gates, starts, np.array(wanted), draw(st.integers(1, 6))


def costs_by_brute_force(network: RoadNetwork, gates: list[Gate], starts: Starts) -> list[int]:
    """For every hospital the least cost over all starts and all ways, from the turn graph alone; NEVER where there is none."""
    graph = network.to_networkx()
    time_ms, base = network.segment_time_ms.tolist(), network.segment_base.tolist()
    best = [NEVER] * len(gates)
    for segment, share, extra_ms in zip(*(part.tolist() for part in starts), strict=True):
        # From the end of the first segment to the end of every other one.
        ends_ms = nx.single_source_dijkstra_path_length(graph, segment, weight="cost_ms")
        behind_ms, ahead_ms = round(share * time_ms[segment]), round((1 - share) * time_ms[segment])
        for hospital, gate in enumerate(gates):
            for at, part_ms in zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True):
                if at == segment and part_ms >= behind_ms:
                    best[hospital] = min(best[hospital], extra_ms + part_ms - behind_ms)
                for before, onto, cost_ms in graph.edges(data="cost_ms"):
                    if base[onto] == at and before in ends_ms:
                        way_ms = ends_ms[before] + cost_ms - time_ms[onto] + part_ms
                        best[hospital] = min(best[hospital], extra_ms + ahead_ms + way_ms)
    return best


@settings(max_examples=150, deadline=None)
@given(questions())
def test_the_nearest_are_those_of_brute_force(question) -> None:
    network, gates, starts, wanted, most = question
    expected = costs_by_brute_force(network, gates, starts)
    arrivals = build_arrivals(network, gates, threads=1)
    ranking = Ranking(network, arrivals)
    bounds_ms = ranking.bounds_ms(starts)
    for bound, cost in zip(bounds_ms.tolist(), expected, strict=True):
        assert (bound == NEVER) == (cost == NEVER)
        # Beyond 9.1 hours stored times saturate: still lower bounds.
        assert bound <= cost
        assert cost - bound < arrivals.quantum_ms or cost > 65_534 * 500
    found, costs = ranking.nearest(starts, bounds_ms, wanted, most)
    order = sorted((cost, hospital) for hospital, cost in enumerate(expected) if wanted[hospital] and cost < NEVER)
    assert list(zip(costs.tolist(), found.tolist(), strict=True)) == order[:most]


@settings(max_examples=150, deadline=None)
@given(questions())
def test_the_road_costs_what_the_ranking_said(question) -> None:
    network, gates, starts, _, _ = question
    ranking = Ranking(network, build_arrivals(network, gates, threads=1))
    everyone = np.ones(len(gates), dtype=bool)
    found, costs = ranking.nearest(starts, ranking.bounds_ms(starts), everyone, len(gates))
    for hospital, cost in zip(found.tolist(), costs.tolist(), strict=True):
        said, begin, segments, turns, last_share = ranking.road(starts, hospital)
        assert said == cost
        check_road(network, gates[hospital], starts, cost, (begin, segments, turns, last_share))


def every_by_road(ranking, starts, hospitals, counted) -> list[tuple[int, int]]:
    """Of every hospital the cost, and how many turns are counted, as `road` tells them."""
    roads = [ranking.road(starts, hospital) for hospital in range(hospitals)]
    return [
        (cost, sum(bool(counted[turn]) for turn in turns.tolist() if turn >= 0)) if begin >= 0 else (NEVER, 0)
        for cost, begin, _, turns, _ in roads
    ]


@settings(max_examples=150, deadline=None)
@given(questions(), st.randoms(use_true_random=False))
def test_every_hospital_at_once_costs_what_its_road_does(question, chance) -> None:
    network, gates, starts, _, _ = question
    arrivals = build_arrivals(network, gates, threads=1)
    counted = np.array([chance.random() < 0.5 for _ in network.turn_to], dtype=bool)
    stored = Ranking(network, arrivals)
    assert list(zip(*(each.tolist() for each in stored.every(starts, counted)), strict=True)) == every_by_road(
        stored, starts, len(gates), counted
    )


def check_road(network, gate, starts, cost, road) -> None:
    """Sum the road up from the network's own arrays."""
    begin, segments, turns, last_share = road
    time_ms = network.segment_time_ms
    share = starts.share[begin]
    assert segments[0] == starts.segment[begin]
    assert len(turns) == len(segments) - 1
    for before, turn, onto in zip(segments[:-1], turns, segments[1:], strict=True):
        assert network.turn_first[before] <= turn < network.turn_first[before + 1]
        assert network.turn_to[turn] == onto
    parts = dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))
    part_ms = parts[network.segment_base[segments[-1]]]
    assert 0 <= last_share <= 1
    total = int(starts.extra_ms[begin]) + int(network.turn_cost_ms[turns].sum()) + part_ms
    if len(segments) == 1:
        total -= round(share * time_ms[segments[0]])
        assert last_share >= share
        assert last_share == pytest.approx(part_ms / time_ms[segments[0]], abs=0.51 / time_ms[segments[0]])
    else:
        total += round((1 - share) * time_ms[segments[0]]) + int(time_ms[segments[1:-1]].sum())
        assert last_share == part_ms / time_ms[segments[-1]]
    assert total == cost


@st.composite
def near_questions(draw):
    network, gates, *_ = question = draw(questions())
    groups = draw(st.lists(st.integers(0, 7), min_size=len(gates), max_size=len(gates)))
    near = build_near(network, gates, np.array(groups, dtype=np.uint64), draw(st.integers(1, 3)))
    nothing = make_changes(network, np.zeros(network.segment_count, dtype=bool))
    return *question, NearRanking(Ranking(network, near), turns_into(network), nothing), near


@settings(max_examples=150, deadline=None)
@given(near_questions())
def test_of_few_stored_hospitals_the_nearest_are_the_same(question) -> None:
    network, gates, starts, wanted, most, ranking, _ = question
    expected = costs_by_brute_force(network, gates, starts)
    bounds_ms = ranking.bounds_ms(starts)
    assert (bounds_ms <= expected).all()
    order = sorted((cost, hospital) for hospital, cost in enumerate(expected) if wanted[hospital] and cost < NEVER)
    for _ in range(2):  # the second time from one search for all hospitals
        found, costs = ranking.nearest(starts, bounds_ms, wanted, most)
        assert list(zip(costs.tolist(), found.tolist(), strict=True)) == order[:most]
        for cost, hospital in order:
            said, begin, segments, turns, last_share = ranking.road(starts, hospital)
            assert said == cost
            check_road(network, gates[hospital], starts, cost, (begin, segments, turns, last_share))
        bounds_ms = ranking.all_ms(starts)
        assert bounds_ms.tolist() == expected
    counted = np.ones(len(network.turn_to), dtype=bool)
    assert list(zip(*(each.tolist() for each in ranking.every(starts, counted)), strict=True)) == every_by_road(
        ranking, starts, len(gates), counted
    )


@settings(max_examples=150, deadline=None)
@given(near_questions())
def test_the_hospitals_stored_are_the_nearest_of_their_groups(question) -> None:
    """Against one whole tree for each hospital."""
    network, gates, *_, near = question
    left_ms, _ = grow_trees(network, gates, threads=1)
    for segment in range(network.segment_count):
        by_time = [h for _, h in sorted((ms, h) for h, ms in enumerate(left_ms[:, segment].tolist()) if ms < NEVER_MS)]
        groups = near.groups.tolist()
        kept = {h for g in range(3) for h in [h for h in by_time if groups[h] >> g & 1][: near.nearest]}
        own = slice(near.first[segment], near.first[segment + 1])
        assert near.column[own].tolist() == [h for h in by_time if h in kept]
        steps = quantised(left_ms[near.column[own], segment], near.quantum_ms)
        np.testing.assert_array_equal(near.steps[own], steps)
    rows = near.rows(np.arange(network.segment_count))
    assert (rows != UNREACHABLE).sum() == len(near.column)


@settings(max_examples=100, deadline=None)
@given(questions(), st.randoms(use_true_random=False))
def test_a_damaged_table_loses_hospitals_and_nothing_else(question, chance) -> None:
    """Compiled code checks no bounds: whatever bytes stand in the table, no answer may read beyond an array or run for ever."""
    network, gates, starts, wanted, most = question
    sound = build_arrivals(network, gates, threads=1)
    noise = np.frombuffer(chance.randbytes(sound.next_turn.size), np.uint8).reshape(sound.next_turn.shape)
    harm = np.frombuffer(chance.randbytes(sound.next_turn.size), np.uint8).reshape(noise.shape) < 100
    next_turn = np.where(harm, noise % 8, sound.next_turn)
    time = np.where(harm, np.uint16(0), sound.time)
    ranking = Ranking(network, replace(sound, next_turn=next_turn, time=time))
    found, costs = ranking.nearest(starts, ranking.bounds_ms(starts), wanted, most)
    assert (costs < NEVER).all()
    for hospital, cost in zip(found.tolist(), costs.tolist(), strict=True):
        said, begin, segments, turns, _ = ranking.road(starts, hospital)
        assert said == cost
        assert begin >= 0
        assert len(segments) == len(turns) + 1 <= network.segment_count + 1


def test_a_road_to_nowhere_has_no_segments() -> None:
    network = RoadNetwork(
        PROFILE,
        {
            "segment_stretch": np.zeros(1, np.int32),
            "segment_base": np.zeros(1, np.int32),
            "segment_time_ms": np.full(1, 9, np.int32),
            "turn_first": np.zeros(2, np.int64),
            "turn_to": np.empty(0, np.int32),
            "turn_cost_ms": np.empty(0, np.int32),
            "stretch_class": np.zeros(1, np.uint8),
            "stretch_start_allowed": np.ones(1, bool),
        },
        {},
        {},
    )
    behind = Gate(np.zeros(1, np.int32), np.array([3], np.int32), 0.0, 0.0, 0.0)
    ranking = Ranking(network, build_arrivals(network, [behind]))
    starts = Starts(np.zeros(1, np.int32), np.array([0.5]), np.zeros(1, np.int64))
    assert ranking.bounds_ms(starts).tolist() == [NEVER]
    cost, begin, segments, turns, _ = ranking.road(starts, 0)
    assert (cost, begin, len(segments), len(turns)) == (NEVER, -1, 0, 0)


def starts_on(network, rng) -> Starts:
    """A random place on a random street of two directions."""
    both = np.flatnonzero((network.stretch_segment >= 0).all(axis=1) & network.stretch_start_allowed)
    segment = network.stretch_segment[rng.choice(both)]
    share = rng.random()
    return Starts(segment.astype(np.int32), np.array([share, 1 - share]), rng.integers(0, 5000, 2))


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_roads_of_malta_cost_what_was_said_and_are_continuous(malta_edition, profile) -> None:
    network = malta_edition.network(profile)
    gates = find_gates(network, malta_edition.hospitals)
    ranking = Ranking(network, malta_edition.arrivals(profile))
    everyone = np.ones(len(gates), dtype=bool)
    rng = np.random.default_rng(7)
    for _ in range(40):
        starts = starts_on(network, rng)
        bounds_ms = ranking.bounds_ms(starts)
        found, costs = ranking.nearest(starts, bounds_ms, everyone, len(gates))
        assert (np.diff(costs) >= 0).all()
        assert sorted(found) == np.flatnonzero(bounds_ms < NEVER).tolist()
        for hospital, cost in zip(found.tolist(), costs.tolist(), strict=True):
            said, begin, segments, turns, last_share = ranking.road(starts, hospital)
            assert said == cost
            check_road(network, gates[hospital], starts, cost, (begin, segments, turns, last_share))
            heads, tails = nodes_of(network, segments[:-1])[1], nodes_of(network, segments[1:])[0]
            np.testing.assert_array_equal(heads, tails)


def nodes_of(network, segments) -> tuple[np.ndarray, np.ndarray]:
    """The OpenStreetMap nodes at which segments begin and end."""
    stretch, forward = network.segment_stretch[segments], network.segment_forward[segments]
    ends = network.stretch_tail_id[stretch], network.stretch_head_id[stretch]
    return np.where(forward, *ends), np.where(forward, *ends[::-1])


@pytest.fixture(scope="module")
def malta_ways(shared_osm) -> dict[int, tuple[dict[str, str], list[int]]]:
    """Tags and nodes of every road of the file."""
    ways = osmium.FileProcessor(shared_osm / "malta.osm.pbf", osmium.osm.WAY).with_filter(
        osmium.filter.KeyFilter("highway")
    )
    return {way.id: (dict(way.tags), [node.ref for node in way.nodes]) for way in ways}


def test_no_segment_goes_against_a_one_way_street(malta_edition, malta_ways) -> None:
    network = malta_edition.network("car")
    way = network.stretch_way_id[network.segment_stretch]
    one_way = np.array([malta_ways.get(w, ({}, []))[0].get("oneway") == "yes" for w in way.tolist()])
    assert one_way.sum() > 5000
    assert network.segment_forward[one_way].all()
    # And what is called forward follows the nodes as the file lists them.
    tail, head = nodes_of(network, np.arange(network.segment_count))
    for w, a, b in zip(way[one_way].tolist(), tail[one_way].tolist(), head[one_way].tolist(), strict=True):
        nodes = malta_ways[w][1]
        if len(set(nodes)) == len(nodes):
            assert nodes.index(a) < nodes.index(b)


def plain_restrictions(path):
    """(kind, from, via, to) of the relations that hold for everybody at all hours, with ways and nodes by id."""
    for relation in osmium.FileProcessor(path, osmium.osm.RELATION).with_filter(
        osmium.filter.TagFilter(("type", "restriction"))
    ):
        members: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for member in relation.members:
            members[member.role].append((member.type, member.ref))
        kind = relation.tags.get("restriction", "")
        sizes = {role: len(members[role]) for role in ("from", "via", "to")}
        if kind.startswith(("no_", "only_")) and "except" not in relation.tags and set(sizes.values()) == {1}:
            yield kind, members["from"][0][1], members["via"][0], members["to"][0][1]


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_no_stored_turn_breaks_a_turn_restriction(malta_edition, malta_ways, shared_osm, profile) -> None:
    """Every turn that any road to any hospital can take, against the relations as they stand in the file."""
    network, arrivals = malta_edition.network(profile), malta_edition.arrivals(profile)
    segment, _ = np.nonzero(arrivals.next_turn != 255)
    turn = np.unique(network.turn_first[segment] + arrivals.next_turn[arrivals.next_turn != 255])
    before = np.searchsorted(network.turn_first, turn, side="right") - 1
    onto = network.turn_to[turn]
    way = network.stretch_way_id[network.segment_stretch]
    taken = defaultdict(set)
    for a, node, b in zip(way[before].tolist(), nodes_of(network, before)[1].tolist(), way[onto].tolist(), strict=True):
        taken[a, node].add(b)
    checked = 0
    for kind, source, (via_kind, via), target in plain_restrictions(shared_osm / "malta.osm.pbf"):
        ends = [
            nodes[at] for w in (source, target) if w in malta_ways for nodes in [malta_ways[w][1]] for at in (0, -1)
        ]
        # Where a way goes on beyond the node, or is a U-turn's, the relation alone does not say which turn is meant.
        if via_kind != "n" or source == target or ends.count(via) != 2:
            continue
        there = taken.get((source, via), set())
        checked += bool(there)
        assert (target not in there) if kind.startswith("no_") else there <= {target}, (kind, source, via, target)
    assert checked > 60


def test_no_road_drives_a_banned_manoeuvre_over_a_via_way(malta_edition, shared_osm) -> None:
    network, arrivals = malta_edition.network("car"), malta_edition.arrivals("car")
    way = network.stretch_way_id[network.segment_stretch]
    bans = {
        (source, via, target)
        for kind, source, (via_kind, via), target in plain_restrictions(shared_osm / "malta.osm.pbf")
        if via_kind == "w" and kind.startswith("no_")
    }
    assert bans
    followed = 0
    for source, via, target in bans:
        for column in range(arrivals.time.shape[1]):
            for segment in np.flatnonzero(way == source).tolist():
                driven = ways_from(network, arrivals, segment, column, limit=12)
                followed += via in driven
                after = driven[driven.index(via) :] if len(driven) > 1 and driven[1] == via else []
                assert target not in after[1:2]
    assert followed > 0


def ways_from(network, arrivals, segment, column, limit) -> list[int]:
    """The ways along the stored road from a segment, each once in a row."""
    ways = [int(network.stretch_way_id[network.segment_stretch[segment]])]
    while len(ways) < limit and arrivals.next_turn[segment, column] != 255:
        segment = network.turn_to[network.turn_first[segment] + arrivals.next_turn[segment, column]]
        way = int(network.stretch_way_id[network.segment_stretch[segment]])
        ways += [way] * (way != ways[-1])
        limit -= way == ways[-1]
    return ways
