"""Street names: numbers as both languages write them, and no name twice."""

from __future__ import annotations

import numpy as np
import pytest

from stroke_map.demo.city import DISTRICTS
from stroke_map.demo.names import StreetNames, chinese_number, ordinal


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (1, "一", "1st"),
        (2, "二", "2nd"),
        (10, "十", "10th"),
        (11, "十一", "11th"),
        (13, "十三", "13th"),
        (20, "二十", "20th"),
        (23, "二十三", "23rd"),
        (100, "一百", "100th"),
        (105, "一百零五", "105th"),
        (112, "一百一十二", "112th"),
    ],
)
def test_numbers(number: int, zh: str, en: str) -> None:
    assert chinese_number(number) == zh
    assert ordinal(number) == en


def test_no_street_name_is_given_twice() -> None:
    names, place = StreetNames(), DISTRICTS[0]
    spots = np.random.default_rng(1).normal(0, 2000, (300, 2)) + np.array([place.x, place.y])
    given = [names.next(place, spot, kind)["name"] for spot in spots for kind in ("路", "街")]
    assert len(set(given)) == len(given)
