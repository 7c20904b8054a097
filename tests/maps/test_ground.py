"""Water and place names under the roads."""

import numpy as np
import orjson
import pytest
import shapely

from stroke_map.maps.ground import MOST_PLACES, PLACES_FILE, Ground, read_ground
from stroke_map.maps.mercator import project
from stroke_map.maps.tile_painter import TilePainter
from stroke_map.maps.tile_style import LAND, WATER
from stroke_map.maps.tiles import DeepTiles, draw_tiles


@pytest.fixture(scope="module")
def osm(tmp_path_factory, place_of):
    """A lake with an island, a river as a line, a pond too small to show, a broken outline, and places."""
    corners = {1: (0, 0), 2: (4000, 0), 3: (4000, 4000), 4: (0, 4000), 5: (1000, 1000), 6: (3000, 1000), 7: (3000, 3000),
               8: (1000, 3000), 9: (-3000, 2000), 10: (-9000, 2000), 11: (100, 9000), 12: (110, 9000), 13: (110, 9010),
               20: (-500, -500), 21: (6000, -500)}  # fmt: skip
    lines = ['<osm version="0.6">']
    for number, at in corners.items():
        lat, lon = place_of(*at)
        lines.append(f'<node id="{number}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>')
    for number, (rank, name) in enumerate(
        [("town", "小镇"), ("city", "大城\u202e&lt;b&gt;"), ("village", ""), ("locality", "荒地"), ("hamlet", "村")],
        start=30,
    ):
        lines.append(
            f'<node id="{number}" version="1" lat="29.6" lon="106.6"><tag k="place" v="{rank}"/><tag k="name" v="{name}"/></node>'
        )
    ways = [
        (1, (1, 2, 3, 4, 1), {}), (2, (5, 6, 7, 8, 5), {}), (3, (9, 10), {"waterway": "river"}),
        (4, (11, 12, 13, 11), {"natural": "water"}), (5, (1, 2, 999), {"natural": "water"}), (6, (20, 21), {"highway": "primary"}),
    ]  # fmt: skip
    for number, nodes, tags in ways:
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        told = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        lines.append(f'<way id="{number}" version="1">{refs}{told}</way>')
    lines.append(
        '<relation id="1" version="1"><member type="way" ref="1" role="outer"/><member type="way" ref="2" role="inner"/>'
        '<tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation></osm>'
    )
    path = tmp_path_factory.mktemp("ground") / "lake.osm"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def network(osm):
    from stroke_map.roads import RoadNetwork

    return RoadNetwork.from_osm(osm, profile="car")


def test_lakes_with_islands_and_rivers_are_read_and_what_is_broken_or_tiny_is_not(osm, place_of):
    water = read_ground(osm).water
    assert sorted(shape.geom_type for shape in water) == ["LineString", "Polygon"]
    lake = next(shape for shape in water if shape.geom_type == "Polygon")
    inside = {
        at: lake.contains(shapely.Point(*reversed(place_of(*at)))) for at in ((500, 500), (2000, 2000), (5000, 500))
    }
    assert inside == {(500, 500): True, (2000, 2000): False, (5000, 500): False}


def test_places_come_by_rank_with_tidy_names(osm):
    places = read_ground(osm).places
    assert [(first, name) for first, _, _, _, name, _ in places] == [(7, "大城 <b>"), (9, "小镇"), (14, "村")]
    assert len(places) < MOST_PLACES


def test_what_was_saved_is_read_back_in_the_same_bytes(osm, tmp_path):
    ground = read_ground(osm)
    for name in ("one", "two"):
        ground.save(tmp_path / name)
    files = [sorted((path.name, path.read_bytes()) for path in (tmp_path / name).iterdir()) for name in ("one", "two")]
    assert files[0] == files[1]
    assert shapely.equals_exact(Ground.load(tmp_path / "one").water, ground.water).all()
    assert len(orjson.loads((tmp_path / "one" / PLACES_FILE).read_bytes())) == len(ground.places)
    assert len(Ground.load(tmp_path / "nothing").water) == 0


def colours_at(painter, place_of, at, zoom=14):
    import io

    from PIL import Image

    lat, lon = place_of(*at)
    x, y = (float(value) * 2**zoom for value in project(lon, lat))
    picture = Image.open(io.BytesIO(painter.paint(zoom, int(x), int(y)))).convert("RGB")
    return picture.getpixel((int(x % 1 * 256), int(y % 1 * 256)))


def test_water_is_blue_an_island_is_land_and_a_river_a_line(osm, network, place_of):
    painter = TilePainter(network, read_ground(osm).water)
    assert colours_at(painter, place_of, (500, 500)) == WATER
    assert colours_at(painter, place_of, (2000, 2000)) == LAND
    assert np.abs(np.subtract(colours_at(painter, place_of, (-6000, 2000)), WATER)).max() < 20
    assert colours_at(painter, place_of, (-6000, 4000)) == LAND


def test_sealed_and_deeper_tiles_show_the_water_that_was_sealed(osm, network, place_of, tmp_path):
    dry = draw_tiles(network, tmp_path / "dry")
    assert draw_tiles(network, tmp_path / "wet", osm=osm) > dry
    deep = DeepTiles(network, tmp_path / "wet", tmp_path / "cache", "2026.1")
    lat, lon = place_of(500, 500)
    x, y = (int(value * 2**15) for value in project(lon, lat))
    assert deep.tile(15, x, y).png == TilePainter(network, read_ground(osm).water).paint(15, x, y)
