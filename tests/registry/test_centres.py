"""Capabilities and kinds of centre are data."""

from __future__ import annotations

import pytest

from stroke_map.registry import CAPABILITIES, CAPABILITY_NAMES, CENTRES
from stroke_map.registry.centres import read_centres

CAPABILITY = '[[capability]]\nid = "burns"\nname_zh = "烧伤"\nname_en = "burns care"\n'
CENTRE = '[[centre]]\nid = "burns"\nname_zh = "烧伤中心"\nname_en = "burns centre"\ncapabilities = ["burns"]\n'


def test_there_are_five_kinds_of_centre_each_about_something() -> None:
    assert list(CENTRES) == ["stroke", "chest_pain", "trauma", "obstetric", "neonatal"]
    assert CENTRES["stroke"].capabilities == ("thrombolysis", "thrombectomy")
    assert all(centre.capabilities and set(centre.capabilities) <= set(CAPABILITIES) for centre in CENTRES.values())
    assert CAPABILITY_NAMES["neonatal"].name_zh == "危重新生儿救治"


def test_another_is_added_in_data() -> None:
    capabilities, centres = read_centres(CAPABILITY + CENTRE)
    assert capabilities["burns"].name_en == "burns care"
    assert (centres["burns"].name_zh, centres["burns"].capabilities) == ("烧伤中心", ("burns",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CAPABILITY * 2 + CENTRE, "'burns' is there twice"),
        (CAPABILITY + CENTRE * 2, "'burns' is there twice"),
        (CAPABILITY + CENTRE.replace('["burns"]', '["burns", "magic"]'), "is about 'magic', which is no capability"),
        ("[[capability", "Expected"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_centres(text)
