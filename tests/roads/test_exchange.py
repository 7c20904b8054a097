"""Networks as NetworkX and OSMnx graphs, out and in."""

from __future__ import annotations

import networkx as nx
import osmnx
import pytest

from stroke_map.errors import RoadDataError
from stroke_map.roads import RoadNetwork
from stroke_map.roads.exchange import street_graph, write_graphml

TOWN = """
    a b c d
      e f
    g h i j
"""
TOWN_WAYS = """
    nodes | highway     | oneway | maxspeed | access  | junction
    abcd  | primary     |        | 50       |         |
    aghij | secondary   |        | 60       |         |
    be    | residential | yes    |          |         |
    fe    | residential | -1     |          |         |
    fc    | residential |        |          | private |
    eh    | residential |        |          |         |
    dj    | footway     |        |          |         |
    ei    | motorway    |        |          |         |
"""
BARRIER = {"c": {"barrier": "bollard"}}
ALL_TAGS = ["highway", "oneway", "maxspeed", "access", "junction", "name", "ref"]


@pytest.fixture
def town(draw):
    return draw(TOWN, TOWN_WAYS, nodes=BARRIER)


def pairs(letters="abcdefghij"):
    return [(start, end) for start in letters for end in letters]


def test_the_turn_graph_holds_every_segment_and_turn(town):
    graph = town.network.to_networkx()
    assert graph.number_of_nodes() == town.network.segment_count
    assert graph.number_of_edges() == len(town.network.turn_to)
    for a, b, data in graph.edges(data=True):
        assert data["cost_ms"] >= graph.nodes[b]["time_ms"] > 0
        assert a != b or graph.nodes[a]["stretch"] == graph.nodes[b]["stretch"]


def test_the_street_graph_is_one_osmnx_works_with(town, tmp_path):
    graph = street_graph(town.network)
    assert graph.graph["crs"] == "epsg:4326"
    nodes, edges = osmnx.graph_to_gdfs(graph)
    assert len(edges) == town.network.report["segments"]
    assert set(edges["highway"]) == {"primary", "secondary", "residential", "motorway"}
    both_ways = (town.network.stretch_segment >= 0).sum(axis=1)
    assert edges["length"].sum() == pytest.approx((town.network.stretch_length_m * both_ways).sum())
    assert edges["oneway"].sum() == (both_ways == 1).sum()
    west, south, east, north = town.network.bounds
    assert nodes["x"].between(west, east).all()
    assert nodes["y"].between(south, north).all()

    path = tmp_path / "town.graphml"
    write_graphml(town.network, path)
    again = osmnx.load_graphml(path)
    assert set(again.edges) == set(graph.edges)
    assert again.edges[next(iter(again.edges))]["travel_time"] == pytest.approx(
        graph.edges[next(iter(again.edges))]["travel_time"]
    )
    assert nx.read_graphml(path).number_of_edges() == graph.number_of_edges()


def test_the_street_graph_comes_back_as_the_same_roads(town):
    again = type(town)(RoadNetwork.from_networkx(street_graph(town.network), "car"), town.places)
    assert sorted(again.network.stretch_length_m) == pytest.approx(sorted(town.network.stretch_length_m), rel=1e-4)
    assert [again.names(*pair) for pair in ("be", "ef", "bh")] == [town.names(*pair) for pair in ("be", "ef", "bh")]


@pytest.fixture
def keep_tags(monkeypatch):
    monkeypatch.setattr(osmnx.settings, "useful_tags_way", ALL_TAGS)
    monkeypatch.setattr(osmnx.settings, "useful_tags_node", ["highway", "barrier"])


@pytest.mark.parametrize("all_oneway", [True, False])
def test_an_osmnx_graph_compiles_to_the_same_routes_as_its_file(draw, keep_tags, monkeypatch, all_oneway):
    path = draw.write(TOWN, TOWN_WAYS, nodes=BARRIER)
    drawing = draw(TOWN, TOWN_WAYS, nodes=BARRIER)
    monkeypatch.setattr(osmnx.settings, "all_oneway", all_oneway)
    graph = osmnx.graph_from_xml(path, simplify=False, retain_all=True)
    from_graph = type(drawing)(RoadNetwork.from_networkx(graph, "car"), drawing.places)
    assert {pair: from_graph.names(*pair) for pair in pairs()} == {pair: drawing.names(*pair) for pair in pairs()}
    assert len(from_graph.network.stretch_length_m) == len(drawing.network.stretch_length_m)
    for pair in pairs("abegi"):
        one, other = from_graph.route(*pair), drawing.route(*pair)
        assert one.travel_time_s == pytest.approx(other.travel_time_s, rel=1e-3)
        assert one.distance_m == pytest.approx(other.distance_m, rel=1e-3)
    assert any("turn restrictions" in note for note in from_graph.network.report["notes"])
    assert drawing.network.report["notes"] == []


def test_a_simplified_graph_keeps_its_bends(draw, keep_tags):
    drawing = draw("a b c\nd   e\nf", "nodes\nabc\nadf\nce", nodes={})
    graph = osmnx.graph_from_xml(draw.write("a b c\nd   e\nf", "nodes\nabc\nadf\nce"), simplify=True, retain_all=True)
    network = RoadNetwork.from_networkx(graph, "car")
    assert len(network.stretch_length_m) < len(drawing.network.stretch_length_m)
    route = network.route(drawing.places["f"], drawing.places["e"])
    assert route.distance_m == pytest.approx(drawing.route("f", "e").distance_m, rel=1e-3)
    assert len(route.line) >= 4
    assert any("simplified" in note for note in network.report["notes"])


def test_a_graph_saved_and_loaded_again(draw, keep_tags, tmp_path):
    drawing = draw(TOWN, TOWN_WAYS)
    graph = osmnx.graph_from_xml(draw.write(TOWN, TOWN_WAYS), simplify=False, retain_all=True)
    osmnx.save_graphml(graph, tmp_path / "g.graphml")
    again = type(drawing)(RoadNetwork.from_networkx(osmnx.load_graphml(tmp_path / "g.graphml"), "car"), drawing.places)
    assert [again.names(*pair) for pair in pairs()] == [drawing.names(*pair) for pair in pairs()]


def test_nodes_need_no_numbers():
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node("here", x=106.5, y=29.5)
    graph.add_node("there", x=106.51, y=29.5)
    graph.add_edge("here", "there", highway="primary", name="Way", oneway=True)
    network = RoadNetwork.from_networkx(graph, "car")
    assert network.route((29.5, 106.5), (29.5, 106.51)).steps[0].name == "Way"
    assert network.report["segments"] == 1


@pytest.mark.parametrize(
    ("x", "highway", "message"),
    [(None, "primary", "no x and y"), (636_000.0, "primary", "not in degrees"), (106.5, "footway", "no road")],
)
def test_graphs_that_are_no_road_network(x, highway, message):
    graph = nx.MultiDiGraph()
    graph.add_node(1, y=29.5, **({} if x is None else {"x": x}))
    graph.add_node(2, y=29.6, **({} if x is None else {"x": x}))
    graph.add_edge(1, 2, highway=highway)
    with pytest.raises(RoadDataError, match=message):
        RoadNetwork.from_networkx(graph, "car")


def test_an_empty_graph():
    with pytest.raises(RoadDataError):
        RoadNetwork.from_networkx(nx.MultiDiGraph(), "car")
