"""Files as they come: cut off, empty, of another kind, incomplete, and the real ones."""

from __future__ import annotations

import bz2
import gzip
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from stroke_map.errors import OffNetworkError, RoadDataError
from stroke_map.roads import RoadNetwork
from stroke_map.roads.compile import compile_roads
from stroke_map.roads.profile import load_profile
from stroke_map.roads.read import node_locations, read_osm

OSM = '<?xml version="1.0"?><osm version="0.6">{}</osm>'
NODE = '<node id="{}" version="1" lat="29.5{}" lon="106.5"/>'
TWO_NODES = NODE.format(1, 1) + NODE.format(2, 2)
ROAD = '<way id="7" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>'


def write(folder, content, name="roads.osm"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "roads.osm", "is empty"),
        (b"", "roads.osm.pbf", "is empty"),
        (b"no map at all", "roads.osm", "cannot be read"),
        (b"no map at all", "roads.osm.pbf", "cannot be read"),
        (b"no map at all", "roads.osm.gz", "cannot be read"),
        (b"\x00" * 4096, "roads.osm.pbf", "cannot be read"),
        (b"id,name\n1,x\n", "roads.csv", "cannot be read"),
        (b"<html><body>404</body></html>", "roads.osm", "cannot be read"),
        (OSM.format(""), "roads.osm", "holds no road"),
        (OSM.format(TWO_NODES), "roads.osm", "holds no road"),
        (OSM.format(TWO_NODES + ROAD.replace("primary", "footway")), "roads.osm", "holds no road"),
        (OSM.format(ROAD), "roads.osm", "none of their nodes"),
        (OSM.format(TWO_NODES + ROAD)[:-40], "roads.osm", "cannot be read"),
        (OSM.format(NODE.format(1, 1) + ROAD), "roads.osm", "no road of this file has two"),
        (OSM.format(TWO_NODES + ROAD.replace('ref="2"', 'ref="two"')), "roads.osm", "cannot be read"),
        (OSM.format(TWO_NODES.replace('lat="29.52"', 'lat="95"') + ROAD), "roads.osm", "no road of this file has two"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(tmp_path, content, name, message):
    with pytest.raises(RoadDataError, match=message) as caught:
        RoadNetwork.from_osm(write(tmp_path, content, name))
    assert caught.value.next_step


def test_no_file(tmp_path):
    with pytest.raises(RoadDataError, match="no road file nowhere"):
        RoadNetwork.from_osm(tmp_path / "nowhere.osm")
    with pytest.raises(RoadDataError, match="no road file"):
        RoadNetwork.from_osm(tmp_path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_a_download_that_was_cut_off(tmp_path, shared_osm, share):
    whole = (shared_osm / "monaco.osm.pbf").read_bytes()
    with pytest.raises(RoadDataError, match="cannot be read") as caught:
        RoadNetwork.from_osm(write(tmp_path, whole[: int(len(whole) * share)], "cut.osm.pbf"))
    assert "download it again" in caught.value.next_step


@pytest.mark.parametrize(("name", "pack"), [("r.osm", bytes), ("r.osm.gz", gzip.compress), ("r.osm.bz2", bz2.compress)])
def test_formats(tmp_path, name, pack):
    network = RoadNetwork.from_osm(write(tmp_path, pack(OSM.format(TWO_NODES + ROAD).encode()), name), profile="car")
    assert network.route((29.51, 106.5), (29.52, 106.5)).distance_m == pytest.approx(1112, rel=0.001)
    assert network.report["source"]["name"] == name
    assert len(network.report["source"]["sha256"]) == 64


def test_few_nodes_and_many_are_found_alike(shared_osm, monkeypatch):
    profile = load_profile("car")
    many = read_osm(shared_osm / "monaco.osm.pbf", profile)
    monkeypatch.setattr("stroke_map.roads.read._FEW_NODES", 10**9)
    few = read_osm(shared_osm / "monaco.osm.pbf", profile)
    assert (many.node_id == few.node_id).all()
    assert (many.node_x == few.node_x).all()
    assert (many.node_y == few.node_y).all()


def test_order_in_the_file_does_not_matter(tmp_path):
    network = RoadNetwork.from_osm(write(tmp_path, OSM.format(ROAD + TWO_NODES)), profile="car")
    assert len(network.stretch_length_m) == 1


def test_hostile_tags_are_data(tmp_path):
    tag = '<tag k="name" v="&lt;img src=x onerror=alert(1)&gt;&#10;{}"/><tag k="maxspeed" v="{}"/><tag k="lanes" v="-1e309"/>'
    way = ROAD.replace("</way>", tag.format("x" * 200, "9" * 250) + "</way>")
    network = RoadNetwork.from_osm(write(tmp_path, OSM.format(TWO_NODES + way)), profile="car")
    assert network.route((29.51, 106.5), (29.52, 106.5)).steps[0].name.startswith("<img src=x onerror=alert(1)>\n")
    ignored = {entry["key"]: entry for entry in network.report["ignored_tag_values"]}
    assert ignored["maxspeed"]["count"] == 1
    assert ignored["lanes"]["value"] == "-1e309"


def test_real_ways_that_name_missing_nodes_are_cut_there(shared_osm):
    network = RoadNetwork.from_osm(shared_osm / "broken_missing_nodes.osm.pbf", profile="car")
    assert network.report["missing_nodes"] > 0
    # Nothing bridges a gap: mappers put nodes closer than this, holes in the extract are wider.
    x, y = network.point_x.astype(float), network.point_y.astype(float)
    inside = network.point_stretch[1:] == network.point_stretch[:-1]
    jumps = ((x[1:] - x[:-1]) ** 2 + (y[1:] - y[:-1]) ** 2) ** 0.5
    assert jumps[inside].max() * 0.0111 < 3000


@pytest.fixture(scope="module")
def malta(shared_osm):
    return RoadNetwork.from_osm(shared_osm / "malta.osm.pbf", profile="car")


VALLETTA, VICTORIA, AT_SEA = (35.8989, 14.5146), (36.0443, 14.2394), (35.7, 14.9)


def test_gozo_is_reached_by_ferry(malta):
    route = malta.route(VALLETTA, VICTORIA)
    assert "ferry" in [step.maneuver for step in route.steps]
    assert 25_000 < route.distance_m < 60_000
    assert 2400 < route.travel_time_s < 9000


def test_a_point_at_sea_is_off_the_network(malta):
    with pytest.raises(OffNetworkError) as caught:
        malta.route(AT_SEA, VALLETTA)
    assert caught.value.facts["nearest_m"] > 1000


def test_reisterstown_holds_its_restriction_over_ways(shared_osm):
    """Without the sign the nearest way is to turn round over two short links; with it, it is not."""
    profile = load_profile("car")
    raw = read_osm(shared_osm / "reisterstown.osm.pbf", profile)
    (sign,) = [one for one in raw.restrictions if any(kind == "w" and role == "via" for kind, _, role in one.members)]
    assert sign.tags["restriction"] == "no_u_turn"
    manoeuvre = [ref for _, ref, _ in sign.members]  # in the order of driving
    ends = {way.id: (way.refs[0], way.refs[-1]) for way in raw.ways}
    where = {int(node): (y * 1e-7, x * 1e-7) for node, x, y in zip(raw.node_id, raw.node_x, raw.node_y, strict=True)}
    start, end = where[ends[manoeuvre[0]][0]], where[ends[manoeuvre[-1]][1]]

    held = RoadNetwork._of(profile, compile_roads(raw, profile))
    raw.restrictions.remove(sign)
    free = RoadNetwork._of(profile, compile_roads(raw, profile))
    assert ways_driven(free, start, end) == manoeuvre
    assert manoeuvre != ways_driven(held, start, end)[:4]
    assert held.route(start, end).travel_time_s > free.route(start, end).travel_time_s


def ways_driven(network, start, end):
    driven = network.stretch_way_id[network.segment_stretch[network.route(start, end).segments]].tolist()
    return [way for at, way in enumerate(driven) if not at or driven[at - 1] != way]


KILLED_WHILE_READING = """
import os, signal, sys
from pathlib import Path
import numpy as np, osmium
from stroke_map.roads.read import node_locations
osmium.apply = lambda reader, handler: os.kill(os.getpid(), signal.SIGKILL)
node_locations(Path(sys.argv[1]), np.arange(1, 10_000))
"""


def test_a_killed_reader_leaves_nothing_in_the_temporary_folder(tmp_path):
    road_file, scratch = write(tmp_path, OSM.format(TWO_NODES + ROAD)), tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-c", KILLED_WHILE_READING, str(road_file)]
    killed = subprocess.run(command, env=os.environ | {"TMPDIR": str(scratch)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_a_reader_gives_back_the_room_of_its_index(tmp_path, monkeypatch):
    road_file, scratch = write(tmp_path, OSM.format(TWO_NODES + ROAD)), tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    ids, _, _ = node_locations(road_file, np.arange(1, 10_000))
    assert ids.tolist() == [1, 2]
    held = [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink() and str(scratch) in str(fd.readlink())]
    assert [fd.stat().st_size for fd in held if fd.stat().st_size] == []
