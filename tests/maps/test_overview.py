"""The map of a region as plain numbers: who stands where, under which name, and what the crowd becomes."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.maps.outlines import path_of, water_path
from stroke_map.maps.overview import PIN_PX, frame_of, region_map


@pytest.fixture(scope="module")
def drawn(demo_edition):
    return region_map(
        hospitals_geojson(demo_edition.hospitals),
        demo_edition.network("car"),
        bounds=demo_edition.info.region.bounds,
        polygon=demo_edition.region,
        lang="zh",
        condition="stroke",
    )


def many(number, spread, *, lon=102.5, lat=40.5):
    """So many hospitals on a small spiral."""
    able = {"thrombolysis": {"status": "yes"}}
    return [
        {
            "geometry": {"coordinates": [lon + spread * np.cos(i) * i / number, lat + spread * np.sin(i) * i / number]},
            "properties": {"id": f"x{i:02}", "name": {"zh": f"第{i}医院", "en": f"No {i}"}, "name_short": "", "capabilities": able},
        }
        for i in range(number)
    ]  # fmt: skip


def test_every_hospital_that_can_treat_it_is_on_the_map_once_and_inside(drawn, demo_edition):
    able = {one.id for one in demo_edition.hospitals if one.capabilities["thrombolysis"].status == "yes"}
    able |= {one.id for one in demo_edition.hospitals if one.capabilities["thrombectomy"].status == "yes"}
    assert sorted(pin.id for pin in drawn.pins) == sorted(able)
    for pin in drawn.pins:
        assert PIN_PX <= pin.x <= drawn.width - PIN_PX
        assert PIN_PX <= pin.y <= drawn.height - PIN_PX


def test_north_is_up_and_east_is_right(drawn, demo_edition):
    of = {one.id: one for one in demo_edition.hospitals}
    by_x = sorted(drawn.pins, key=lambda pin: pin.x)
    by_y = sorted(drawn.pins, key=lambda pin: pin.y)
    assert of[by_x[0].id].entrance_lon < of[by_x[-1].id].entrance_lon
    assert of[by_y[0].id].entrance_lat > of[by_y[-1].id].entrance_lat


def test_roads_and_the_border_are_whole_pixels_of_the_picture(drawn):
    assert len(drawn.roads) > 2
    for path in (drawn.border, *(road.path for road in drawn.roads)):
        assert re.fullmatch(r"(M-?\d+ -?\d+l[-\d ]+z?)+", path)


def test_the_scale_is_as_long_as_it_says(drawn, demo_edition):
    west, south, east, north = frame_of(demo_edition.info.region.bounds).bounds
    km = (east - west) * 111.195 * np.cos(np.radians((south + north) / 2))
    assert drawn.scale_px / drawn.width * km == pytest.approx(drawn.scale_km, rel=1e-3)


def test_names_lie_over_no_marker_and_no_other_name(demo_edition):
    collection = {"features": many(60, 0.3)}
    drawn = region_map(
        collection, demo_edition.network("car"), bounds=demo_edition.info.region.bounds, lang="en", condition="stroke"
    )
    assert len(drawn.labels) > 10
    shown = {"start": 0.0, "middle": 0.5, "end": 1.0}
    boxes = []
    for label in drawn.labels:
        width = len(label.text) * 0.58 * 17
        boxes.append((label.x - shown[label.anchor] * width, label.y - 12, width, 14))
    marks = [(pin.x - 13, pin.y - 13, 26, 26) for pin in drawn.pins if not pin.small]
    for i, (x, y, width, height) in enumerate(boxes):
        for left, top, across, down in [*boxes[:i], *marks]:
            assert not (x < left + across and left < x + width and y < top + down and top < y + height)


def test_a_crowd_becomes_dots_in_a_frame_and_markers_in_a_picture_of_its_own(demo_edition):
    collection = {"features": [*many(12, 0.02), *many(3, 0.2, lon=102.3, lat=40.4)]}
    drawn = region_map(
        collection, demo_edition.network("car"), bounds=demo_edition.info.region.bounds, lang="zh", condition="stroke"
    )
    left, top, across, down = drawn.crowd
    for pin in drawn.pins:
        assert pin.small == (left <= pin.x <= left + across and top <= pin.y <= top + down)
    assert len(drawn.inset.pins) == sum(pin.small for pin in drawn.pins) >= 12
    assert not any(pin.small for pin in drawn.inset.pins)
    assert drawn.inset.inset is None


def test_hospitals_that_stand_apart_need_no_picture_of_their_own(drawn):
    assert (drawn.crowd, drawn.inset) == (None, None)


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=1, max_size=20))
def test_a_path_leads_through_the_points_it_was_made_of(points):
    path = path_of(np.array(points))
    numbers = [int(number) for number in re.findall(r"-?\d+", path)]
    walked = np.cumsum(np.array(numbers).reshape(-1, 2), axis=0).tolist() if numbers else []
    kept = [list(points[0]), *(list(b) for a, b in pairwise(points) if a != b)]
    assert walked == (kept if len(kept) > 1 else [])


@given(
    st.floats(-170, 170), st.floats(-70, 70), st.floats(0, 5), st.floats(0, 5),
)  # fmt: skip
def test_a_frame_holds_its_bounds_and_is_never_flatter_or_taller_than_one_to_two(west, south, across, down):
    bounds = (west, south, west + across, south + down)
    canvas = frame_of(bounds)
    assert 0.49 <= canvas.height / canvas.width <= 2.01
    assert canvas.bounds[0] <= bounds[0] + 1e-6
    assert canvas.bounds[1] <= bounds[1] + 1e-6
    assert canvas.bounds[2] >= bounds[2] - 1e-6
    assert canvas.bounds[3] >= bounds[3] - 1e-6


def test_lakes_with_islands_and_a_sea_in_pieces_are_one_outline_each_and_dots_and_rivers_are_none():
    import shapely

    canvas = frame_of((100.0, 40.0, 101.0, 41.0), width=400)
    lake = shapely.box(100.2, 40.2, 100.4, 40.4) - shapely.box(100.28, 40.28, 100.32, 40.32)
    sea = [shapely.box(100.6, 40.0, 100.8, 42.0), shapely.box(100.8, 40.0, 103.0, 42.0)]
    nothing = [
        shapely.box(100.5, 40.9, 100.5005, 40.9005),
        shapely.linestrings([(100.1, 40.0), (100.1, 41.0)]),
        shapely.box(0, 0, 1, 1),
    ]
    path = water_path(canvas, [lake, *sea, *nothing])
    assert path.count("M") == path.count("z") == 3, "a shore, an island, and one sea"
    assert water_path(canvas, nothing) == water_path(canvas, []) == ""
