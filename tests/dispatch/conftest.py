"""Questions to real editions of small made-up places."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import networkx as nx
import numpy as np
import pytest

from stroke_map.dispatch import Question, answer
from stroke_map.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: A Monday within the validity of every edition the tests build.
MONDAY_NOON = datetime(2026, 6, 1, 12, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="session")
def monday_noon() -> datetime:
    return MONDAY_NOON


@pytest.fixture(scope="session")
def plain_settings() -> Settings:
    return read_settings({})


@pytest.fixture(scope="session")
def ask(plain_settings) -> Callable[..., dict[str, Any]]:
    """`ask(edition, (lat, lon), need=...)`: the answer, on a Monday at noon unless `at` says otherwise."""

    def ask_(edition, at_place, *, settings=plain_settings, at=MONDAY_NOON, **question) -> dict[str, Any]:
        lat, lon = at_place
        return answer(edition, Question(lat=lat, lon=lon, at=at, asked_at=at, **question), settings)

    return ask_


@pytest.fixture(scope="session")
def refused(ask) -> Callable[..., Exception]:
    """Like `ask`, of a question that has no answer: the error, which always carries a fallback list."""

    def refused_(kind, *question, **more) -> Exception:
        with pytest.raises(kind) as raised:
            ask(*question, **more)
        assert isinstance(raised.value.facts["fallback"], list)
        return raised.value

    return refused_


@pytest.fixture(scope="session")
def town_of(make_town, write_osm, place_of):
    """An edition of `nodes` and `ways` with one hospital at `(x, y)` metres."""

    def build(nodes, ways, hospital, **more):
        lat, lon = place_of(*hospital)
        rows = [{"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes"}]
        return make_town(write_osm(nodes, ways), rows, profiles=("car",), **more)

    return build


#: A street of 10 km from west to east, a hospital every kilometre. All of them can do a CT; what else, the name says.
STREET_OF_HOSPITALS: list[dict[str, Any]] = [
    {"id": "no"} | {"thrombolysis": "no"},
    {"id": "unknown"} | {"thrombolysis": "unknown"},
    {"id": "lapsed-long"} | {"thrombolysis": "yes", "thrombolysis_valid_until": "2026-01-31"},
    {"id": "not-yet"} | {"thrombolysis": "yes", "thrombolysis_valid_from": "2026-07-01"},
    {"id": "closed"} | {"thrombolysis": "yes", "thrombolysis_hours": "Sa-Su 08:00-18:00"},
    {"id": "lapsed"} | {"thrombolysis": "yes", "thrombolysis_valid_until": "2026-05-31"},
    {"id": "lapsed-closed"}
    | {"thrombolysis": "yes", "thrombolysis_valid_until": "2026-05-31", "thrombolysis_hours": "Sa-Su"},
    {"id": "valid"} | {"thrombolysis": "yes", "thrombolysis_valid_until": "2026-06-30"},
    {"id": "office"} | {"thrombolysis": "yes", "thrombolysis_hours": "Mo-Fr 08:00-18:00"},
]


@pytest.fixture(scope="session")
def street(make_town, write_osm, place_of):
    """The edition of `STREET_OF_HOSPITALS`; `no` is 1 km from the street's west end, `unknown` 2 km and so on."""
    rows = []
    for number, row in enumerate(STREET_OF_HOSPITALS, start=1):
        lat, lon = place_of(1000 * number, 10)
        rows.append(row | {"lat": lat, "lon": lon, "ct": "yes", "phone": f"023-0000 000{number}"})
    osm = write_osm({"w": (0, 0), "e": (10_000, 0)}, [("we", {"highway": "residential", "name": "长街"})])
    return make_town(osm, rows)


@pytest.fixture(scope="session")
def least_ms() -> Callable[..., dict[str, dict[int, int]]]:
    """For each of some hospitals the milliseconds from the end of every segment, by NetworkX on the graph of that network."""

    def measure(edition, network, arrivals, ids) -> dict[str, dict[int, int]]:
        graph, found = network.to_networkx(), {}
        for column, hospital in enumerate(edition.hospitals):
            if hospital.id not in ids:
                continue
            gates = slice(*arrivals.gate_first[column : column + 2])
            parts = dict(zip(arrivals.gate_segment[gates].tolist(), arrivals.gate_part_ms[gates].tolist(), strict=True))
            for goal in [node for node, base in graph.nodes(data="base") if base in parts]:
                rest_ms = graph.nodes[goal]["time_ms"] - parts[graph.nodes[goal]["base"]]
                for before, _, cost_ms in list(graph.in_edges(goal, data="cost_ms")):
                    known = graph.get_edge_data(before, hospital.id, {"cost_ms": np.inf})["cost_ms"]
                    graph.add_edge(before, hospital.id, cost_ms=min(known, cost_ms - rest_ms))
            backwards = graph.reverse(copy=False)
            found[hospital.id] = nx.single_source_dijkstra_path_length(backwards, hospital.id, weight="cost_ms")
            graph.remove_node(hospital.id)
        return found

    return measure
