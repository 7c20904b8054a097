"""Population files, and people on the road beside them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from stroke_map.coordinates import from_wgs84
from stroke_map.editions import population as module
from stroke_map.editions.arrivals import build_arrivals, find_gates
from stroke_map.editions.population import Population, read_population, settle
from stroke_map.errors import EditionError
from stroke_map.registry import Hospital
from stroke_map.roads import RoadNetwork


@pytest.fixture
def write(tmp_path):
    def make(text: str, name: str = "people.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_csv_is_read_with_a_byte_order_mark_and_a_system_of_each_row(write) -> None:
    lat, lon = from_wgs84(29.55, 106.55, "GCJ-02")
    file = write(
        f"\ufeffname,lat,lon,people,crs\na,29.55,106.55,12.5,\nb,{lat},{lon},3,GCJ-02\nc,29.6,106.6,0,WGS-84\n"
    )
    read = read_population(file)
    np.testing.assert_allclose(read.lat, [29.55, 29.55], atol=1e-6)
    np.testing.assert_allclose(read.lon, [106.55, 106.55], atol=1e-6)
    np.testing.assert_array_equal(read.people, [12.5, 3])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lat,lon\n29,106\n", "no column people"),
        ("lat,lon,people\n29,106,many\n", "line 2"),
        ("lat,lon,people\n29,106\n", "line 2"),
        ("lat,lon,people,crs\n29,106,5,UTM\n", "line 2: crs"),
        ("lat,lon,people\n29,106,-5\n", "that is none"),
        ("lat,lon,people\n29,106,nan\n", "that is none"),
        ("lat,lon,people\n106,29,5\n", "that is none"),
        ("lat,lon,people\nnan,29,5\n", "that is none"),
        ("lat,lon,people\n29,106,0\n", "no people"),
        ("lat,lon,people\n", "no people"),
        ("", "no column lat"),
    ],
)
def test_what_is_no_population_is_refused_with_its_place(write, text, said) -> None:
    with pytest.raises(EditionError, match=said):
        read_population(write(text))


def test_other_files_are_refused(tmp_path, write) -> None:
    with pytest.raises(EditionError, match="cannot be read"):
        read_population(tmp_path / "none.csv")
    (tmp_path / "gb.csv").write_bytes("纬度".encode("gb18030"))
    with pytest.raises(EditionError, match="UTF-8"):
        read_population(tmp_path / "gb.csv")


def test_too_many_places_are_refused(write, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_PLACES", 2)
    with pytest.raises(EditionError, match="more than 2 places"):
        read_population(write("lat,lon,people\n" + "29,106,1\n" * 3))


@pytest.fixture
def grid(tmp_path):
    """Six cells of a degree's hundredth; two without people, one without data."""
    rasterio = pytest.importorskip("rasterio", reason="the extra `population` (rasterio) is not installed")
    values = np.array([[1.5, 0, 4], [8, -9999, 32]], dtype=np.float32)
    transform = rasterio.Affine(0.01, 0, 106.5, 0, -0.01, 29.6)
    path = tmp_path / "people.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=2, width=3, count=1, dtype="float32", crs="EPSG:4326", nodata=-9999,
        transform=transform,
    ) as raster:  # fmt: skip
        raster.write(values, 1)
    return path


def test_a_geotiff_gives_the_middle_of_each_cell_with_people(grid) -> None:
    read = read_population(grid)
    np.testing.assert_array_equal(read.people, [1.5, 4, 8, 32])
    np.testing.assert_allclose(read.lat, [29.595, 29.595, 29.585, 29.585])
    np.testing.assert_allclose(read.lon, [106.505, 106.525, 106.505, 106.525])


def test_a_large_geotiff_is_read_in_blocks_and_loses_nobody(grid, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_PLACES", 2)
    read = read_population(grid)
    np.testing.assert_array_equal(read.people, [9.5, 36])
    np.testing.assert_allclose(read.lon, [106.51, 106.53])


def test_of_a_geotiff_only_the_part_in_the_bounds_is_read(grid, monkeypatch) -> None:
    # A cell more is read on each side.
    read = read_population(grid, (106.521, 29.581, 106.529, 29.589))
    assert 32 in read.people
    assert 1.5 not in read.people
    with pytest.raises(EditionError, match="no cell in the region"):
        read_population(grid, (100.0, 20.0, 101.0, 21.0))
    monkeypatch.setattr(module, "_MOST_CELLS", 5)
    with pytest.raises(EditionError, match="more than 5 cells"):
        read_population(grid)


def test_a_geotiff_in_metres_is_brought_to_degrees(tmp_path) -> None:
    rasterio = pytest.importorskip("rasterio", reason="the extra `population` (rasterio) is not installed")
    path = tmp_path / "people.tiff"
    with rasterio.open(
        path, "w", driver="GTiff", height=1, width=1, count=1, dtype="int32", crs="EPSG:32648",
        transform=rasterio.Affine(100, 0, 650_000, 0, -100, 3_270_000),
    ) as raster:  # fmt: skip
        raster.write(np.array([[7]], dtype=np.int32), 1)
    read = read_population(path, (106.5, 29.5, 106.6, 29.6))
    # UTM zone 48 N, middle of the cell (650,050 E, 3,269,950 N), by the series of Snyder 1987.
    assert read.lat[0] == pytest.approx(29.550237, abs=1e-5)
    assert read.lon[0] == pytest.approx(106.548732, abs=1e-5)


def test_no_geotiff_and_one_without_a_system_are_refused(write, tmp_path) -> None:
    rasterio = pytest.importorskip("rasterio", reason="the extra `population` (rasterio) is not installed")
    with pytest.raises(EditionError, match="GeoTIFF"):
        read_population(write("no picture", "people.tif"))
    with rasterio.open(
        tmp_path / "plain.tif", "w", driver="GTiff", height=1, width=1, count=1, dtype="uint8",
        transform=rasterio.Affine(1, 0, 5, 0, -1, 5),
    ) as raster:  # fmt: skip
        raster.write(np.array([[7]], dtype=np.uint8), 1)
    with pytest.raises(EditionError, match="coordinate system"):
        read_population(tmp_path / "plain.tif")


@pytest.fixture(scope="module")
def network(write_osm) -> RoadNetwork:
    """A street with a bridge in its middle, and an island without a hospital."""
    nodes = {"a": (0, 0), "b": (500, 0), "c": (900, 0), "d": (1400, 0), "x": (0, 9000), "y": (500, 9000)}
    street = {"highway": "residential"}
    ways = [("ab", street), ("bc", street | {"bridge": "yes"}), ("cd", street), ("xy", street)]
    return RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")


def test_people_are_on_the_nearest_road_that_leads_to_a_hospital_or_counted_as_far(network, place_of) -> None:
    lat, lon = place_of(100, 5)
    hospital = Hospital(id="h", name_zh="h", lat=lat, lon=lon)
    arrivals = build_arrivals(network, find_gates(network, [hospital]))
    at = np.array([place_of(250, 40), place_of(660, 3), place_of(300, 9000), place_of(9000, 0), place_of(400, 1100)])
    region_corners = place_of(-100, -5000), place_of(3000, 9500)
    (south, west), (north, east) = region_corners
    told: list[float] = []
    people = settle(
        Population(at[:, 0], at[:, 1], np.array([1.0, 2, 4, 8, 16])), network, arrivals,
        shapely.box(west, south, east, north), told.append,
    )  # fmt: skip
    np.testing.assert_array_equal(people.people, [1, 2])
    assert (people.outside, people.far, people.total) == (8, 20, 23)
    ways = network.stretch_way_id[people.stretch]
    np.testing.assert_array_equal(ways, [1, 1])
    share = np.where(ways == 1, people.share, np.nan)
    np.testing.assert_allclose(np.abs(share - 0.5), [0, 0.5], atol=0.01)
    assert told


def test_without_a_region_everybody_is_inside(network, place_of) -> None:
    lat, lon = place_of(100, 5)
    hospital = Hospital(id="h", name_zh="h", lat=lat, lon=lon)
    arrivals = build_arrivals(network, find_gates(network, [hospital]))
    people = settle(Population(np.array([lat]), np.array([lon]), np.array([3.0])), network, arrivals, None)
    assert (people.total, people.outside, people.far) == (3, 0, 0)
