"""Regions from TOML, from a polygon, and from the roads themselves."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.demo.city import DISTRICTS, TOWNSHIPS
from stroke_map.editions.info import EditionInfo, Names, RegionInfo, SealedProtocol
from stroke_map.editions.region import (
    Region,
    districts_of,
    grow,
    hull_of_roads,
    load_region,
    read_polygon,
    region_again,
    region_geojson,
    regions_dir,
)
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from pathlib import Path

SQUARE = {"type": "Polygon", "coordinates": [[[106, 29], [107, 29], [107, 30], [106, 30], [106, 29]]]}
FAR = {"type": "Polygon", "coordinates": [[[108, 29], [109, 29], [109, 30], [108, 29]]]}
TOML = """
id = "test"
timezone = "Asia/Shanghai"
bounds = [106.0, 29.0, 107.0, 30.0]
[name]
zh = "试验"
en = "Test"
[publisher]
en = "Nobody"
[basemap]
style = "other rooms read this"
"""


def geodesic_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The haversine distance of two (lon, lat) on a sphere of 6,371 km: the oracle."""
    (x1, y1), (x2, y2) = (tuple(map(math.radians, point)) for point in (a, b))
    h = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(h))


def write(path: Path, content: str | dict) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(regions_dir().glob("*.toml")), ids=lambda path: path.stem)
def test_every_region_file_of_the_house_is_sound(path: Path) -> None:
    region = load_region(path.stem)
    assert region.id == path.stem
    assert region.name.zh
    assert region.name.en
    assert region.zone.key == region.timezone


def test_a_toml_gives_names_timezone_and_bounds(tmp_path: Path) -> None:
    region = load_region(write(tmp_path / "test.toml", TOML))
    assert (region.id, region.name.zh, region.publisher.en) == ("test", "试验", "Nobody")
    assert region.zone == ZoneInfo("Asia/Shanghai")
    assert region.bounds == (106.0, 29.0, 107.0, 30.0)
    assert region.polygon is None
    assert region.hospital_area.contains(shapely.Point(107.2, 29.5))
    assert not region.hospital_area.contains(shapely.Point(107.4, 29.5))


def test_a_toml_may_list_its_districts(tmp_path: Path) -> None:
    assert load_region(write(tmp_path / "test.toml", TOML)).districts == ()
    region = load_region(write(tmp_path / "test.toml", 'districts = ["渝中区", "万州区"]' + TOML))
    assert region.districts == ("渝中区", "万州区")
    with pytest.raises(EditionError, match="districts"):
        load_region(write(tmp_path / "test.toml", 'districts = ["渝中区", 7]' + TOML))


def test_the_districts_of_the_house_are_complete() -> None:
    chongqing = load_region("chongqing").districts
    assert len(set(chongqing)) == len(chongqing) == 26 + 8 + 4
    assert all(name.endswith(("区", "县")) for name in chongqing)
    assert load_region("demo").districts == tuple(place.zh for place in (*DISTRICTS, *TOWNSHIPS))


def test_a_toml_may_name_its_polygon(tmp_path: Path) -> None:
    write(tmp_path / "shape.geojson", SQUARE)
    region = load_region(write(tmp_path / "test.toml", 'polygon = "shape.geojson"' + TOML))
    assert region.polygon.bounds == (106, 29, 107, 30)
    assert region.polygon_file == tmp_path / "shape.geojson"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id = ", "is no toml file"),
        ('id = "x"', "name: Field required"),
        (TOML.replace("Asia/Shanghai", "Asia/Chungking2"), "IANA name"),
        (TOML.replace("Asia/Shanghai", "../../etc/passwd"), "IANA name"),
        (TOML.replace("106.0, ", ""), "bounds"),
        ("\x00", "is no toml file"),
        ("a = " + "[" * 5000, "is no toml file"),
    ],
)
def test_a_toml_with_a_mistake_says_which(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(EditionError, match=message):
        load_region(write(tmp_path / "test.toml", content))


@pytest.mark.parametrize("which", ["nowhere", "../regions/demo", "missing.toml", "missing.geojson", ""])
def test_an_unknown_region_is_refused(which: str) -> None:
    with pytest.raises(EditionError):
        load_region(which)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The regions folder of an operator, who keeps it in `tmp_path`."""
    (tmp_path / "regions").mkdir()
    return tmp_path / "regions"


def test_a_region_of_ones_own_is_found_with_its_clinical_values(tmp_path: Path, own: Path) -> None:
    write(own / "test.toml", 'districts = ["渝中区"]\npolygon = "shape.geojson"' + TOML)
    write(own / "shape.geojson", SQUARE)
    values = write(own / "test.protocol.toml", 'version = "1"')
    region = load_region("test", geodata_dir=tmp_path)
    assert (region.id, region.districts, region.protocol_file) == ("test", ("渝中区",), values)
    assert region.polygon.bounds == (106, 29, 107, 30)
    info = RegionInfo(id="test", name=Names(), bounds=(0, 0, 1, 1))
    assert (districts_of(info), districts_of(info, geodata_dir=tmp_path)) == ((), ("渝中区",))
    for which, geodata_dir in (("test", None), ("test", tmp_path / "elsewhere"), ("test.protocol", tmp_path)):
        with pytest.raises(EditionError, match="no region of that name") as refused:
            load_region(which, geodata_dir=geodata_dir)
    assert "demo" in refused.value.next_step


def test_a_file_of_ones_own_wins_over_an_installed_one(tmp_path: Path, own: Path) -> None:
    assert load_region("demo", geodata_dir=tmp_path) == load_region("demo")
    values = write(own / "demo.protocol.toml", 'version = "1"')
    installed = load_region("demo", geodata_dir=tmp_path)
    assert (installed.name.en, installed.protocol_file) == ("Demo City (made up)", values)
    write(own / "demo.toml", TOML.replace('id = "test"', 'id = "demo"'))
    ours = load_region("demo", geodata_dir=tmp_path)
    assert (ours.name.en, ours.protocol_file) == ("Test", values)


@pytest.mark.parametrize("sealed", [{"local_version": "1"}, {"signed_by": "Li", "signed_on": date(2026, 1, 1)}])
def test_clinical_values_that_no_file_has_any_more_are_not_lost_in_silence(
    tmp_path: Path, own: Path, sealed: dict
) -> None:
    def again(region: str, **values: object) -> Region | None:
        protocol = SealedProtocol(condition="stroke", version="1", sha256="", **values)
        where = RegionInfo(id=region, name=Names(), bounds=(0, 0, 1, 1))
        days = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31), "created_at": datetime.now(UTC)}
        more = {"publisher": Names(), "timezone": "Asia/Shanghai", "protocols": (protocol,)}
        return region_again(EditionInfo(id="2026.1", region=where, **days, **more), tmp_path)

    assert again("test") is None
    for region in ("test", "unnamed", "demo"):  # an installed region may be known, and its values may not
        with pytest.raises(EditionError, match="own clinical values") as refused:
            again(region, **sealed)
        assert f"{region}.protocol.toml" in refused.value.next_step
        assert "--region FILE" in refused.value.next_step
    write(own / "test.toml", TOML)
    assert again("test") == load_region(own / "test.toml")
    with pytest.raises(EditionError, match="own clinical values"):
        again("test", **sealed)
    values = write(own / "test.protocol.toml", 'version = "1"')
    assert again("test", **sealed).protocol_file == values
    write(own / "test.toml", "id = ")
    with pytest.raises(EditionError, match="is no toml file"):
        again("test")


def test_a_polygon_replaces_the_regions_own(tmp_path: Path) -> None:
    polygon = write(tmp_path / "other.geojson", SQUARE)
    region = load_region(write(tmp_path / "test.toml", TOML), polygon=polygon)
    assert region.id == "test"
    assert region.polygon.area == pytest.approx(1)


@pytest.mark.parametrize(
    ("document", "area"),
    [
        (SQUARE, 1.0),
        ({"type": "Feature", "properties": {}, "geometry": SQUARE}, 1.0),
        ({"type": "FeatureCollection", "features": [{"geometry": SQUARE}, {"geometry": FAR}]}, 1.5),
        ({"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"], FAR["coordinates"]]}, 1.5),
    ],
)
def test_polygons_are_read_from_every_kind_of_geojson(tmp_path: Path, document: dict, area: float) -> None:
    assert read_polygon(write(tmp_path / "a.geojson", document)).area == pytest.approx(area)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "3",
        '"x"',
        "null",
        "{}",
        '{"type": "Polygon"}',
        '{"type": "Polygon", "coordinates": []}',
        '{"type": "Polygon", "coordinates": [[1, 2], [3]]}',
        '{"type": "Polygon", "coordinates": [[["a", "b"]]]}',
        '{"type": "Point", "coordinates": [106, 29]}',
        '{"type": "FeatureCollection", "features": []}',
        '{"type": "FeatureCollection", "features": 3}',
        '{"type": "Feature", "geometry": null}',
        '{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}',
        '{"type": "Polygon", "coordinates": [[[29, 106], [30, 106], [30, 107], [29, 106]]]}',
        '{"type": "Polygon", "coordinates": [[[450000, 3200000], [460000, 3200000], [460000, 3300000], [450000, 3200000]]]}',
    ],
)
def test_what_is_no_polygon_in_degrees_is_refused(tmp_path: Path, document: str) -> None:
    with pytest.raises(EditionError, match=r"a\.geojson"):
        read_polygon(write(tmp_path / "a.geojson", document))


@given(lon=st.floats(-170, 170), lat=st.floats(-65, 65), bearing=st.floats(0, 2 * math.pi))
def test_growing_reaches_two_kilometres_in_every_direction(lon: float, lat: float, bearing: float) -> None:
    grown = grow(shapely.Point(lon, lat), 2000)

    def at(metres: float) -> tuple[float, float]:
        north, east = metres * math.cos(bearing), metres * math.sin(bearing)
        return lon + east / (111_195 * math.cos(math.radians(lat))), lat + north / 111_195

    assert geodesic_m((lon, lat), at(2000)) == pytest.approx(2000, rel=0.002)
    assert grown.contains(shapely.Point(at(1980)))
    assert not grown.contains(shapely.Point(at(2005)))


def test_the_hull_lies_two_kilometres_outside_the_roads() -> None:
    rng = np.random.default_rng(1)
    x, y = (rng.integers(low, low + 5_000_000, 1000, dtype=np.int32) for low in (1_060_000_000, 290_000_000))
    hull = hull_of_roads([(x[:500], y[:500]), (x[500:], y[500:])])
    points = shapely.points(x * 1e-7, y * 1e-7)
    assert shapely.contains(hull, points).all()
    outer = shapely.get_coordinates(hull)
    roads = np.column_stack([x, y]) * 1e-7
    nearest = [min(geodesic_m(tuple(corner), tuple(road)) for road in roads) for corner in outer[::4]]
    assert min(nearest) == pytest.approx(2000, rel=0.01)


def test_the_region_of_an_edition_reads_back(tmp_path: Path) -> None:
    region = Region().with_polygon(shapely.from_geojson(json.dumps(SQUARE)))
    content = region_geojson(region)
    (tmp_path / "region.geojson").write_bytes(content)
    assert read_polygon(tmp_path / "region.geojson").equals(region.polygon)
    assert orjson.loads(content)["properties"]["name"]["zh"]
    assert region.info().bounds == (106, 29, 107, 30)
