"""Whose catchment a road is in, against the coverage figures, which are worked out in another way."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from stroke_map.editions.access import open_access
from stroke_map.maps.catchments import Catchments


@pytest.fixture(scope="module")
def catchments(demo_edition):
    profile = demo_edition.info.profiles[0]
    return Catchments(
        demo_edition.network(profile), demo_edition.arrivals(profile), demo_edition.hospitals, demo_edition.info.region.bounds
    )  # fmt: skip


@pytest.mark.parametrize("capability", ["thrombolysis", "thrombectomy", "primary_pci"])
def test_the_nearest_is_the_one_that_coverage_counts_for_nearly_every_road(catchments, demo_edition, capability):
    profile = demo_edition.info.profiles[0]
    access = open_access(demo_edition.folder, day=None, profile=profile)
    whole = np.flatnonzero((access.pieces.begin == 0) & (access.pieces.end == 1) & access.counted)
    middle = np.full(len(whole), 0.5)
    _, counted = access.at(access.pieces.stretch[whole], middle, [capability])
    found = catchments.nearest(capability)[access.pieces.stretch[whole]]
    # The middle of a road may be nearer to another hospital than its nearer end, by less than the road's own length.
    assert (found == counted[:, 0]).mean() > 0.97


def test_only_who_can_has_a_catchment_and_every_road_that_leads_anywhere_is_in_one(catchments, demo_edition):
    able = [one.capabilities["thrombectomy"].status == "yes" for one in demo_edition.hospitals]
    nearest = catchments.nearest("thrombectomy")
    assert set(np.unique(nearest)) - {-1} <= set(np.flatnonzero(able))
    arrivals = demo_edition.arrivals(demo_edition.info.profiles[0])
    assert (nearest[arrivals.reaches] >= 0).mean() > 0.98


def test_the_picture_has_roads_of_its_own_and_of_others_around_the_hospital(catchments, demo_edition):
    column = next(i for i, one in enumerate(demo_edition.hospitals) if one.capabilities["thrombectomy"].status == "yes")
    drawn = catchments.picture(column, "thrombectomy")
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(drawn.png))))
    assert pixels.shape == (drawn.height, drawn.width)
    own, others = (pixels == 2).sum(), (pixels == 1).sum()
    assert own > 100
    assert others > own
    x, y = (round(value) for value in drawn.here)
    assert (pixels[y - 12 : y + 12, x - 12 : x + 12] == 2).any()
    assert drawn == catchments.picture(column, "thrombectomy"), "the same each time"


def test_nobody_who_can_leaves_every_road_without(demo_edition, catchments):
    assert (catchments._find(np.array([], dtype=np.int64)) == -1).all()
