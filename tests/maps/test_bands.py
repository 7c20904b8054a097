"""Coverage as a picture."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from stroke_map.editions.access import measure_access
from stroke_map.editions.arrivals import build_arrivals, find_gates
from stroke_map.editions.coverage import BANDS_MIN
from stroke_map.maps.bands import BAND_COLOURS, WHITE_ON_BAND, BandPainter, Canvas, canvas_of, coverage_image
from stroke_map.maps.mercator import project
from stroke_map.registry import Capability, Hospital
from stroke_map.roads import RoadNetwork


@pytest.fixture(scope="module")
def access(write_osm, place_of):
    """A road of 90 km to the east with a point every 3 km; the only hospital is at its western end."""
    nodes = {chr(0x4E00 + n): (3e3 * n, 0) for n in range(31)} | {"z": (0, 4e3)}
    ways = [(chr(0x4E00) + "z", {"highway": "residential"}), ("".join(list(nodes)[:-1]), {"highway": "trunk"})]
    network = RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")
    lat, lon = place_of(100, 5)
    hospital = Hospital(id="h", name_zh="h", lat=lat, lon=lon, capabilities={"thrombolysis": Capability(status="yes")})
    return measure_access(network, build_arrivals(network, find_gates(network, [hospital])), [hospital])


def channel(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [value / 255 for value in channel(colour)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_bands_differ_in_grey_too_and_what_stands_on_them_can_be_read() -> None:
    light = [luminance(colour) for colour in BAND_COLOURS]
    assert len(light) == len(BANDS_MIN) + 1
    for nearer, farther in itertools.pairwise(light):
        assert (nearer + 0.05) / (farther + 0.05) > 1.35
    for of, white in zip(light, WHITE_ON_BAND, strict=True):
        text = 1.05 / (of + 0.05) if white else (of + 0.05) / (luminance("#1a1a1a") + 0.05)
        assert text >= 4.5


def test_every_pixel_of_the_road_has_the_band_of_its_place(access) -> None:
    canvas = canvas_of([access], 600)
    picture = Image.open(io.BytesIO(BandPainter(access, canvas, spread_px=0).paint("thrombolysis"))).convert("RGBA")
    pixels = np.array(picture)
    legs, network = access.legs, access.network
    ms, _ = access.at(legs.stretch, legs.middle, ["thrombolysis"])
    bands = np.searchsorted(np.array(BANDS_MIN) * 60_000, ms[:, 0])
    assert set(bands.tolist()) == set(range(len(BAND_COLOURS))), "the road must be long enough for all of them"
    for leg, band in zip(legs.first.tolist(), bands.tolist(), strict=True):
        lon = (network.point_x[leg] + network.point_x[leg + 1].astype(float)) / 2e7
        lat = (network.point_y[leg] + network.point_y[leg + 1].astype(float)) / 2e7
        x, y = canvas.pixels(lon, lat)
        assert tuple(pixels[int(y), int(x)][:3]) == channel(BAND_COLOURS[band])
    assert (pixels[:, :, 3] == 0).mean() > 0.9, "where there is no road there is nothing"


def test_what_no_road_leads_from_has_the_last_colour(access) -> None:
    picture = Image.open(io.BytesIO(BandPainter(access, canvas_of([access], 300)).paint("thrombectomy"))).convert(
        "RGBA"
    )
    colours = {tuple(pixel[:3]) for pixel in np.array(picture).reshape(-1, 4) if pixel[3]}
    assert colours == {channel(BAND_COLOURS[-1])}


def test_a_canvas_is_in_mercator_and_holds_every_road(access) -> None:
    canvas = canvas_of([access], 500)
    west, south, east, north = access.network.bounds
    for lon, lat in ((west, south), (east, north)):
        x, y = canvas.pixels(lon, lat)
        assert 0 < x < canvas.width
        assert 0 < y < canvas.height
    (left, right), (top, bottom) = project([canvas.bounds[0], canvas.bounds[2]], [canvas.bounds[3], canvas.bounds[1]])
    assert canvas.height == max(int(500 * (bottom - top) / (right - left)), 125)
    km = (canvas.bounds[2] - canvas.bounds[0]) * 111.195 * np.cos(np.radians(29.55))
    assert canvas.km_per_px * canvas.width == pytest.approx(km, rel=1e-3)


def test_one_canvas_holds_the_roads_of_two_editions(access) -> None:
    assert canvas_of([access, access], 500) == canvas_of([access], 500)


def test_a_layer_for_a_map_is_small_and_reaches_so_far_from_the_road(access) -> None:
    png, bounds = coverage_image(access, "thrombolysis", width_px=900, spread_m=900.0)
    assert len(png) < 20_000
    picture = np.array(Image.open(io.BytesIO(png)).convert("RGBA"))
    canvas = canvas_of([access], 900)
    assert bounds == canvas.bounds
    assert picture.shape[:2] == (canvas.height, canvas.width)
    column = int(canvas.pixels(access.network.bounds[0] + 0.5, 29.55)[0])
    # On both sides of the road and the road itself; pixels are whole.
    assert (picture[:, column, 3] > 0).sum() == 2 * round(0.9 / canvas.km_per_px) + 1


def test_the_same_roads_give_the_same_bytes(access) -> None:
    assert coverage_image(access, "thrombolysis") == coverage_image(access, "thrombolysis")


def test_a_point_outside_the_canvas_is_painted_at_its_edge_only(access) -> None:
    west, south, east, north = access.network.bounds
    canvas = Canvas((west, south - 0.01, (west + east) / 2, north + 0.01), 200, 100)
    picture = np.array(
        Image.open(io.BytesIO(BandPainter(access, canvas, spread_px=0).paint("thrombolysis"))).convert("RGBA")
    )
    assert picture.shape == (100, 200, 4)
    assert (picture[:, :, 3] > 0).any()
