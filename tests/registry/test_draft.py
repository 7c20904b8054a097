"""Drafting a sheet from OpenStreetMap."""

from __future__ import annotations

import bz2
import gzip
import io
from typing import TYPE_CHECKING

import osmium
import pytest

from stroke_map.errors import RoadDataError
from stroke_map.registry import CAPABILITIES, draft_from_osm, read_sheet, write_sheet

if TYPE_CHECKING:
    from pathlib import Path

HOSPITALS = """<osm version='0.6'>
<node id='1' lat='29.50' lon='106.50'><tag k='amenity' v='hospital'/><tag k='name' v='第一医院'/>
  <tag k='name:en' v='First Hospital'/><tag k='short_name' v='一院'/><tag k='contact:phone' v='+86 23 1'/>
  <tag k='addr:district' v='渝中区'/><tag k='addr:street' v='民生路'/><tag k='addr:housenumber' v='1'/></node>
<node id='2' lat='29.60' lon='106.60'/><node id='3' lat='29.60' lon='106.602'/>
<node id='4' lat='29.61' lon='106.602'/><node id='5' lat='29.61' lon='106.60'/>
<node id='6' lat='29.605' lon='106.6021'><tag k='emergency' v='emergency_ward_entrance'/></node>
<node id='7' lat='29.70' lon='106.70'/><node id='8' lat='29.72' lon='106.74'/>
<node id='9' lat='29.90' lon='106.90'><tag k='amenity' v='pharmacy'/></node>
<way id='10'><nd ref='2'/><nd ref='3'/><nd ref='4'/><nd ref='5'/><nd ref='2'/>
  <tag k='amenity' v='hospital'/><tag k='name' v='Ward &lt;script&gt;&#x202e;'/></way>
<way id='11'><nd ref='7'/><nd ref='99'/></way>
<way id='12'><nd ref='98'/><nd ref='99'/><tag k='amenity' v='hospital'/></way>
<way id='13'><nd ref='7'/><nd ref='8'/><nd ref='99'/><tag k='amenity' v='hospital'/></way>
<relation id='20'><member type='way' ref='11' role='outer'/><member type='way' ref='97' role='outer'/>
  <member type='node' ref='8' role='entrance'/><member type='relation' ref='20' role=''/>
  <tag k='amenity' v='hospital'/><tag k='name:zh' v='丙医院'/></relation>
</osm>"""


@pytest.fixture
def osm_file(tmp_path: Path) -> Path:
    path = tmp_path / "hospitals.osm"
    path.write_text(HOSPITALS, encoding="utf-8")
    return path


def test_nodes_ways_and_relations_become_hospitals_and_what_has_no_place_is_told(osm_file: Path) -> None:
    skipped: list[str] = []
    drafts = {hospital.id: hospital for hospital in draft_from_osm(osm_file, on_skipped=skipped.append)}
    assert {id_: (h.name_zh, h.name_en, h.lat, h.lon) for id_, h in drafts.items()} == {
        "osm-n1": ("第一医院", "First Hospital", 29.5, 106.5),
        "osm-w10": ("Ward <script>", "Ward <script>", 29.605, 106.601),
        "osm-w13": ("未命名 osm-w13", "", 29.71, 106.72),
        "osm-r20": ("丙医院", "", 29.71, 106.72),
    }
    assert [message.split()[0] for message in skipped] == ["osm-w12"]
    first = drafts["osm-n1"]
    assert (first.name_short, first.district, first.address) == ("一院", "渝中区", "渝中区 民生路 1")
    assert (first.phone, first.crs) == ("+86 23 1", "WGS-84")
    assert {first.capabilities[name].status for name in CAPABILITIES} == {"unknown"}


def test_the_emergency_entrance_is_used_where_it_is_near(osm_file: Path) -> None:
    entrances = {hospital.id: (hospital.entrance_lat, hospital.entrance_lon) for hospital in draft_from_osm(osm_file)}
    assert entrances["osm-w10"] == (29.605, 106.6021)
    assert entrances["osm-n1"] == (29.5, 106.5)


@pytest.mark.parametrize(("suffix", "pack"), [(".osm.gz", gzip.compress), (".osm.bz2", bz2.compress)])
def test_packed_files_give_the_same(osm_file: Path, suffix: str, pack) -> None:
    packed = osm_file.with_suffix(suffix)
    packed.write_bytes(pack(osm_file.read_bytes()))
    assert list(draft_from_osm(packed)) == list(draft_from_osm(osm_file))


@pytest.mark.parametrize(("name", "count"), [("malta.osm.pbf", 19), ("beijing_tsinghua.osm", 2), ("monaco.osm.pbf", 5)])
def test_real_extracts_write_a_sheet_of_one_line_each_that_reads_back(
    shared_osm: Path, tmp_path: Path, name: str, count: int
) -> None:
    hospitals = list(draft_from_osm(shared_osm / name))
    assert len(hospitals) == len({hospital.id for hospital in hospitals}) == count
    text = io.StringIO()
    write_sheet(hospitals, text)
    assert text.getvalue().count("\n") == 1 + count
    path = tmp_path / "draft.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    reading = read_sheet(path)
    assert reading.errors == []
    assert reading.hospitals == hospitals


def test_malta_draft_places_hospitals_where_osmium_finds_their_nodes(shared_osm: Path) -> None:
    drafts = {hospital.id: hospital for hospital in draft_from_osm(shared_osm / "malta.osm.pbf")}
    assert drafts["osm-w24063943"].name_en == "Mater Dei Hospital"
    assert drafts["osm-w33426681"].phone == "+356 21335235"
    with_places = osmium.FileProcessor(shared_osm / "malta.osm.pbf").with_locations()
    checked = 0
    for found in with_places.with_filter(osmium.filter.TagFilter(("amenity", "hospital"))):
        draft = drafts[f"osm-{found.type_str()}{found.id}"]
        nodes = [found] if found.is_node() else list(found.nodes)
        assert min(node.lat for node in nodes) - 1e-7 <= draft.lat <= max(node.lat for node in nodes) + 1e-7
        assert min(node.lon for node in nodes) - 1e-7 <= draft.lon <= max(node.lon for node in nodes) + 1e-7
        checked += 1
    assert checked == 19


def test_an_extract_without_hospitals_gives_an_empty_draft(shared_osm: Path) -> None:
    assert list(draft_from_osm(shared_osm / "north_bayreuth.osm.gz")) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.osm.pbf", None),
        ("empty.osm.pbf", b""),
        ("empty.osm", b""),
        ("nothing.osm", b"<osm version='0.6'></osm>"),
        ("page.osm", b"<html></html>"),
        ("cut.osm", HOSPITALS.encode()[:900]),
        ("cut.osm.gz", gzip.compress(HOSPITALS.encode())[:300]),
        ("cut.osm.bz2", bz2.compress(HOSPITALS.encode())[:300]),
        ("noise.osm.pbf", bytes(range(256)) * 8),
        ("table.csv", b"id,name\n1,2\n"),
        ("entities.osm", b"<!DOCTYPE x [<!ENTITY a 'b'>]><osm version='0.6'><node id='&a;'/></osm>"),
    ],
)
def test_a_file_that_is_no_osm_data_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RoadDataError, match=name):
        draft_from_osm(path)


def test_a_truncated_extract_is_refused(shared_osm: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes((shared_osm / "malta.osm.pbf").read_bytes()[:1_000_000])
    with pytest.raises(RoadDataError, match="EOF"):
        draft_from_osm(path)
