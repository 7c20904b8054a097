"""Tiles: the same bytes each time, within bounds, whole or absent."""

import hashlib
import io
import os
import threading

import numpy as np
import pytest
from PIL import Image

from stroke_map.maps import tiles as tiles_module
from stroke_map.maps.mercator import project, tiles_covering, unproject
from stroke_map.maps.tile_painter import TILE_PX, TilePainter
from stroke_map.maps.tile_style import LAND, ROAD_STYLES, style_of_class, tile_palette
from stroke_map.maps.tiles import DEEPEST_ZOOM, SEALED_ZOOM, DeepTiles, NoSuchTileError, draw_tiles
from stroke_map.roads.classes import ROAD_CLASSES


@pytest.fixture(scope="module")
def network(write_osm):
    """A town with a tunnel, a ferry and a motorway beside it."""
    from stroke_map.roads import RoadNetwork

    nodes = {
        "a": (0, 0),
        "b": (900, 0),
        "c": (1800, 100),
        "d": (900, 900),
        "e": (900, 2000),
        "f": (0, 2000),
        "g": (1800, 2000),
    }
    ways = [
        ("abc", {"highway": "primary"}),
        ("bd", {"highway": "residential", "tunnel": "yes"}),
        ("de", {"route": "ferry", "motor_vehicle": "yes"}),
        ("feg", {"highway": "motorway", "oneway": "no"}),
        ("af", {"highway": "service"}),
    ]
    return RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")


def tile_at(place_of, x_m, y_m, zoom):
    lat, lon = place_of(x_m, y_m)
    x, y = project(lon, lat)
    return zoom, int(x * 2**zoom), int(y * 2**zoom)


def pixels(png):
    picture = Image.open(io.BytesIO(png))
    assert picture.size == (TILE_PX, TILE_PX)
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGB"))


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.png")
    }


def test_projection_and_its_inverse_agree_with_the_published_formula():
    # EPSG guidance note 7-2, example for EPSG:3857: 24°22'54.433"N 100°20'0"W.
    x, y = project(-100 - 20 / 60, 24 + 22 / 60 + 54.433 / 3600)
    half = np.pi * 6378137.0
    assert (x * 2 - 1) * half == pytest.approx(-11169055.58, abs=0.01)
    assert (1 - 2 * y) * half == pytest.approx(2800000.00, abs=0.01)
    assert unproject(*project(106.5, 29.5)) == pytest.approx((106.5, 29.5))
    assert tiles_covering((-180, -90, 180, 90), 1) == (1, 0, 0, 1, 1)


def test_drawing_twice_gives_the_same_bytes(network, tmp_path):
    shares = []
    first = draw_tiles(network, tmp_path / "one", progress=shares.append)
    draw_tiles(network, tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    assert len(hashes(tmp_path / "one")) == first > 0
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("zoom", range(13, DEEPEST_ZOOM + 1))
def test_a_tile_on_the_road_shows_it_and_one_in_the_fields_does_not(network, place_of, zoom):
    painter = TilePainter(network)
    on_road = pixels(painter.paint(*tile_at(place_of, 450, 0, zoom)))
    assert (on_road != LAND).any()
    assert (pixels(painter.paint(*tile_at(place_of, 9000, 9000, zoom))) == LAND).all()


def test_a_road_continues_on_the_tile_beside_without_a_step(network, place_of):
    z, x, y = tile_at(place_of, 450, 2000, 15)  # the motorway, which runs east
    painter = TilePainter(network)
    left, right = pixels(painter.paint(z, x, y)), pixels(painter.paint(z, x + 1, y))
    assert (left[:, -1] != LAND).any()
    assert np.abs(left[:, -1].astype(int) - right[:, 0]).max() < 60


def test_a_tunnel_is_dashed_and_a_ferry_blue(network, place_of):
    painter = TilePainter(network)
    ferry = pixels(painter.paint(*tile_at(place_of, 900, 1450, 16))).reshape(-1, 3).astype(int)
    assert (ferry[:, 2] > ferry[:, 0] + 30).any()
    z, x, y = tile_at(place_of, 900, 450, 17)
    rows = (pixels(painter.paint(z, x, y)) == ROAD_STYLES[3].casing).all(axis=2).any(axis=1)
    changes = np.count_nonzero(np.diff(rows.astype(int)))
    assert changes > 6, "a dashed edge begins and ends again and again"


def test_every_road_class_has_a_style_and_all_colours_fit_one_palette():
    assert len(style_of_class(ROAD_CLASSES)) == len(ROAD_CLASSES)
    assert len(tile_palette()) <= 256
    assert {LAND, *(style.fill for style in ROAD_STYLES), *(style.casing for style in ROAD_STYLES)} <= set(
        tile_palette()
    )


def test_small_scales_are_bounded(shared_osm):
    from stroke_map.roads import RoadNetwork

    network = RoadNetwork.from_osm(shared_osm / "malta.osm.pbf", profile="car")
    painter = TilePainter(network)
    for zoom in range(5, 13):
        covering = tiles_covering(network.bounds, zoom)
        for x in range(covering.x_first, covering.x_last + 1):
            for y in range(covering.y_first, covering.y_last + 1):
                assert len(painter.segments(zoom, x, y).ends) <= 1500


@pytest.fixture
def deep(network, tmp_path):
    sealed = tmp_path / "sealed"
    draw_tiles(network, sealed)
    return DeepTiles(lambda: network, sealed, tmp_path / "cache", "2026.1", limit_mb=1)


def kept(tmp_path):
    return sorted((tmp_path / "cache").rglob("*.png"))


def test_a_deep_tile_is_drawn_once_and_kept(deep, network, place_of, tmp_path):
    numbers = tile_at(place_of, 450, 0, 15)
    first = deep.tile(*numbers)
    assert first.final
    (path,) = kept(tmp_path)
    assert path.read_bytes() == first.png == TilePainter(network).paint(*numbers)
    assert deep.tile(*numbers) == first
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_sealed_tile_is_the_editions_own(deep, place_of, tmp_path):
    z, x, y = tile_at(place_of, 450, 0, SEALED_ZOOM)
    assert deep.tile(z, x, y).png == (tmp_path / "sealed" / str(z) / str(x) / f"{y}.png").read_bytes()
    assert deep.tile(3, 0, 0).final


def test_an_empty_tile_takes_no_room(deep, place_of, tmp_path):
    assert (pixels(deep.tile(*tile_at(place_of, 90_000, 90_000, 16)).png) == LAND).all()
    assert kept(tmp_path) == []


def test_while_another_tile_is_drawn_a_part_of_the_one_above_stands_in(deep, place_of, tmp_path, monkeypatch):
    monkeypatch.setattr(tiles_module, "_PATIENCE_S", 0.01)
    numbers = tile_at(place_of, 450, 0, 14)
    with deep._drawing:
        stand_in = deep.tile(*numbers)
    assert not stand_in.final
    assert Image.open(io.BytesIO(stand_in.png)).size == (TILE_PX // 4, TILE_PX // 4)  # two zooms above: the sealed one
    assert kept(tmp_path) == []
    assert deep.tile(*numbers).final


def test_the_cache_stays_within_its_bound_and_keeps_what_was_used_last(deep, place_of, tmp_path):
    folder = tmp_path / "cache" / deep._cache.name / "15" / "1"
    folder.mkdir(parents=True)
    for number in range(40):
        (folder / f"{number}.png").write_bytes(b"x" * 50_000)
        os.utime(folder / f"{number}.png", (number, number))
    deep._new = tiles_module._CHECK_EVERY - 1
    deep.tile(*tile_at(place_of, 450, 0, 15))
    assert sum(path.stat().st_size for path in kept(tmp_path)) <= 1_000_000
    names = {path.name for path in kept(tmp_path)}
    assert "39.png" in names
    assert "0.png" not in names


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(network, place_of, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    deep = DeepTiles(network, tmp_path / "none", tmp_path / "file", "2026.1")
    assert deep.tile(*tile_at(place_of, 450, 0, 15)).final


def test_many_at_once_see_whole_tiles(deep, place_of):
    z, x, y = tile_at(place_of, 450, 0, 15)
    seen = []
    threads = [threading.Thread(target=lambda at=at: seen.append(deep.tile(z, x + at % 3, y))) for at in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 12
    for tile in seen:
        Image.open(io.BytesIO(tile.png)).load()


@pytest.mark.parametrize("numbers", [(-1, 0, 0), (19, 0, 0), (2, 4, 0), (2, 0, 4), (13, -1, 5), (99, 0, 0)])
def test_numbers_that_name_no_tile_are_refused(deep, numbers):
    with pytest.raises(NoSuchTileError):
        deep.tile(*numbers)
