from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.editions.gazetteer import collect_places
from stroke_map.editions.place_kinds import kind_of
from stroke_map.errors import RegistryError, RoadDataError
from stroke_map.registry.pinyin import fold
from stroke_map.registry.places import KINDS, PlaceSearch, load_places


@pytest.fixture
def write(tmp_path):
    """Write OSM XML: {id: (lat, lon, tags)}, [(id, refs, tags)], [(id, [(type, ref, role)], tags)]."""

    def tags_of(tags):
        return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())

    def write(nodes, ways=(), relations=()):
        lines = ['<osm version="0.6">']
        for id_, (lat, lon, tags) in nodes.items():
            lines.append(f'<node id="{id_}" version="1" lat="{lat}" lon="{lon}">{tags_of(tags)}</node>')
        for id_, refs, tags in ways:
            members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            lines.append(f'<way id="{id_}" version="1">{members}{tags_of(tags)}</way>')
        for id_, members, tags in relations:
            listed = "".join(f'<member type="{t}" ref="{ref}" role="{role}"/>' for t, ref, role in members)
            lines.append(f'<relation id="{id_}" version="1">{listed}{tags_of(tags)}</relation>')
        path = tmp_path / "places.osm"
        path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
        return path

    return write


def line(count, lat=29.5, lon=106.5, first=1, step=0.001):
    """Nodes from west to east, some 100 m from each other."""
    return {first + n: (lat, round(lon + n * step, 6), {}) for n in range(count)}


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"place": "city"}, "settlement"),
        ({"place": "county"}, "district"),
        ({"place": "neighbourhood"}, "estate"),
        ({"landuse": "residential"}, "estate"),
        ({"building": "apartments"}, "estate"),
        ({"building": "yes"}, "building"),
        ({"building": "school", "amenity": "school"}, "school"),
        ({"highway": "primary"}, "road"),
        ({"highway": "primary", "bridge:name": "大桥", "bridge": "yes"}, "bridge"),
        ({"highway": "motorway_junction"}, "junction"),
        ({"highway": "bus_stop"}, "station"),
        ({"railway": "station"}, "station"),
        ({"amenity": "hospital", "building": "yes"}, "clinic"),
        ({"shop": "mall"}, "mall"),
        ({"leisure": "park"}, "park"),
        ({"amenity": "townhall"}, "building"),
        ({"tourism": "museum"}, "site"),
        ({"shop": "hairdresser"}, None),
        ({"building": "no"}, None),
        ({"waterway": "river"}, None),
        ({"boundary": "administrative", "admin_level": "6"}, None),
    ],
)
def test_what_a_place_is(tags, kind):
    assert kind_of(tags) == kind


@pytest.mark.parametrize(
    ("level", "kind"), [("4", None), ("5", "district"), ("6", "district"), ("8", "settlement"), ("x", None)]
)
def test_a_boundary_is_a_district_or_a_settlement_by_its_level(level, kind):
    assert kind_of({"boundary": "administrative", "admin_level": level}, is_relation=True) == kind


def test_every_kind_is_known():
    from stroke_map.editions.place_kinds import _LEVELS, _RULES

    assert {kind for *_, kind in _RULES} | set(_LEVELS.values()) <= set(KINDS)


def test_every_name_of_a_place_is_collected(write):
    tags = {
        "place": "town", "name": "万州", "name:en": "Wanzhou", "alt_name": "万县;万县市", "old_name": "万县", "short_name": "万",
    }  # fmt: skip
    (place,) = collect_places(write({1: (30.8, 108.4, tags)}))
    assert (place.name, place.name_en, place.kind, place.lat, place.lon) == (
        "万州",
        "Wanzhou",
        "settlement",
        30.8,
        108.4,
    )
    assert place.alias == ("万", "万县", "万县市")


def test_a_street_of_several_ways_is_one_place_in_the_middle_of_it(write):
    road = {"highway": "residential", "name": "人民路"}
    ways = [(1, [1, 2, 3], road), (2, [3, 4, 5], road), (3, [5, 6, 7], road)]
    (place,) = collect_places(write(line(7), ways))
    assert (place.kind, place.lat, place.lon) == ("road", 29.5, 106.503)


def test_streets_of_one_name_far_apart_are_two(write):
    road = {"highway": "residential", "name": "人民路"}
    nodes = line(2) | line(2, lon=106.6, first=11)
    assert len(collect_places(write(nodes, [(1, [1, 2], road), (2, [11, 12], road)]))) == 2


def test_a_street_belongs_to_the_nearest_town_and_one_through_two_towns_is_told_in_each(write):
    towns = {
        91: (29.501, 106.5, {"place": "town", "name": "东镇"}),
        92: (29.501, 106.51, {"place": "suburb", "name": "西镇"}),
        93: (29.5, 106.504, {"place": "hamlet", "name": "小村"}),
    }
    road = {"highway": "residential", "name": "人民路"}
    found = collect_places(write(line(11) | towns, [(1, [1, 2, 3], road), (2, [9, 10, 11], road)]))
    assert sorted((p.name, p.district) for p in found) == [
        ("东镇", ""), ("人民路", "东镇"), ("人民路", "西镇"), ("小村", "东镇"), ("西镇", ""),
    ]  # fmt: skip


def test_an_outline_and_the_point_beside_it_are_one_place_of_the_more_telling_kind(write):
    nodes = line(3) | {9: (29.5005, 106.5, {"amenity": "school", "name": "南开中学", "alt_name": "三中"})}
    nodes |= {8: (29.52, 106.5, {"highway": "bus_stop", "name": "南开中学"})}
    (near, far) = collect_places(write(nodes, [(1, [1, 2, 3, 1], {"building": "yes", "name": "南开中学"})]))
    assert sorted((p.kind, p.alias) for p in (near, far)) == [("school", ("三中",)), ("station", ())]


def test_a_relation_lies_at_its_label_else_in_the_middle_of_its_outline(write):
    square = {
        1: (29.5, 106.5, {}),
        2: (29.5, 106.6, {}),
        3: (29.6, 106.6, {}),
        4: (29.6, 106.5, {}),
        9: (29.51, 106.51, {}),
    }
    ways = [(1, [1, 2, 3], {}), (2, [3, 4, 1], {})]
    outline = [("w", 1, "outer"), ("w", 2, "outer")]
    tags = {"type": "boundary", "boundary": "administrative", "admin_level": "6"}
    relations = [
        (1, outline, {**tags, "name": "南岸区"}),
        (2, [*outline, ("n", 9, "label")], {**tags, "name": "江北区"}),
    ]
    found = {p.name: p for p in collect_places(write(square, ways, relations))}
    assert (found["江北区"].lat, found["江北区"].lon) == (29.51, 106.51)
    assert (found["南岸区"].lat, found["南岸区"].lon) == pytest.approx((29.55, 106.55), abs=0.02)
    assert found["南岸区"].kind == "district"


def test_a_bridge_has_its_own_name(write):
    way = (1, [1, 2, 3], {"highway": "primary", "name": "牛角沱立交", "bridge:name": "嘉陵江大桥"})
    (place,) = collect_places(write(line(3), [way]))
    assert (place.name, place.kind, place.lon) == ("嘉陵江大桥", "bridge", 106.501)


def test_only_places_inside_the_region_are_collected(write):
    nodes = {n: (29.5, 106.5 + n / 10, {"place": "village", "name": f"村{n}庄"}) for n in range(5)}
    inside = shapely.box(106.55, 29, 106.75, 30)
    assert [p.name for p in collect_places(write(nodes), inside)] == ["村1庄", "村2庄"]


def test_of_too_many_the_less_telling_are_left_out(write):
    nodes = {1: (29.5, 106.5, {"leisure": "park", "name": "甲园"}), 2: (29.5, 106.6, {"place": "town", "name": "乙镇"})}
    assert [p.name for p in collect_places(write(nodes), most=1)] == ["乙镇"]


@pytest.mark.parametrize("name", ["12", "！？", " ", "3-4"])
def test_what_is_no_name_is_left_out(write, name):
    assert collect_places(write({1: (29.5, 106.5, {"building": "yes", "name": name})})) == []


def test_hostile_names_are_made_harmless(write):
    name = "&lt;script&gt;\u202e万&#10;州;" + "x" * 500
    (place,) = collect_places(write({1: (29.5, 106.5, {"place": "town", "name": name})}))
    assert place.name.startswith("<script> 万 州 xxx")
    assert len(place.name) <= 100


def test_what_has_no_node_in_the_file_is_left_out(write):
    road = {"highway": "primary", "name": "断头路"}
    assert (
        collect_places(write({1: (29.5, 106.5, {})}, [(1, [7, 8], road)], [(1, [("w", 9, "outer")], {"name": "a"})]))
        == []
    )


def test_nothing_is_collected_from_nothing(write):
    assert collect_places(write({1: (29.5, 106.5, {})})) == []


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.osm.pbf").write_bytes(b"nothing")
    with pytest.raises(RoadDataError, match=r"a\.osm\.pbf"):
        collect_places(tmp_path / "a.osm.pbf")


def test_an_edition_is_searched_for_the_places_of_its_roads_and_for_those_its_publisher_adds(town, geodata, tmp_path):
    from stroke_map.editions import Region, build_edition

    told = tmp_path / "places.csv"
    told.write_text("name,alias,lat,lon,crs\n春森彼岸,春森,29.553,106.553,WGS-84\n", encoding="utf-8")
    folder = build_edition(region=Region(), geodata_dir=geodata, edition_id="2026.1", places=told, **town)
    search = PlaceSearch(folder / "registry.db")
    assert [(p.name, p.kind) for p in search.find("csba")] == [("春森彼岸", "landmark")]
    assert {place.kind for place in load_places(folder / "registry.db")} == {"landmark", "road"}


def test_places_with_a_mistake_are_refused_before_any_work(town, geodata, tmp_path):
    from stroke_map.editions import Region, build_edition

    told = tmp_path / "places.csv"
    told.write_text("name,alias,lat,lon,crs\n春森彼岸,,x,106.553,WGS-84\n", encoding="utf-8")
    steps = []
    with pytest.raises(RegistryError, match="lat"):
        build_edition(
            region=Region(), geodata_dir=geodata, edition_id="2026.1", places=told, **town,
            progress=lambda name, _share: steps.append(name),
        )  # fmt: skip
    assert set(steps) == {"check"}


@given(st.text(max_size=300))
def test_a_tidied_name_is_printable_short_and_one_alias(text):
    from stroke_map.editions.gazetteer import _tidy

    tidied = _tidy(text)
    assert tidied == "" or tidied.isprintable()
    assert len(tidied) <= 100
    assert ";" not in tidied


@pytest.mark.slow
def test_a_real_country_is_collected(shared_osm):
    found = collect_places(shared_osm / "malta.osm.pbf")
    names = {fold(place.name) for place in found}
    assert 5_000 < len(found) < 30_000
    assert {"valletta", "mater dei hospital"} <= {
        fold(alias) for p in found for alias in (p.name, p.name_en, *p.alias)
    } | names
    assert found == collect_places(shared_osm / "malta.osm.pbf")
