"""Which hospital of an older list is which of a newer one."""

from __future__ import annotations

import pytest

from stroke_map.registry import Hospital
from stroke_map.registry.matching import match_hospitals

METRE = 1 / 111_195


def hospital(id_: str, name: str = "", north_m: float = 0.0) -> Hospital:
    return Hospital(id=id_, name_zh=name or f"{id_}医院", lat=29.5 + north_m * METRE, lon=106.5)


@pytest.mark.parametrize(
    ("old", "new", "matched"),
    [
        (("a", "甲医院", 0), ("a", "甲医院", 90_000), True),  # moved out of town
        (("a", "甲医院", 0), ("a", "南山疗养中心", 1_990), True),  # renamed
        (("a", "甲医院", 0), ("a", "南山疗养中心", 2_010), False),  # another hospital with the number of the first
        (("a", "甲医院", 0), ("b", "甲 医院", 499), True),
        (("a", "甲医院", 0), ("b", "甲医院", 501), False),
        (("a", "万州区人民医院", 0), ("b", "重庆市万州区人民医院", 49), True),
        (("a", "万州区人民医院", 0), ("b", "重庆市万州区人民医院", 51), False),
        (("a", "甲医院", 0), ("b", "南山疗养中心", 0), False),
        (("a", "-", 0), ("b", "-", 0), False),
    ],
)
def test_one_hospital_is_known_by_its_id_or_by_name_and_place(old, new, matched) -> None:
    one, other = hospital(*old), hospital(*new)
    assert match_hospitals([one], [other]) == ({one.id: other.id} if matched else {})
    assert match_hospitals([other], [one]) == ({other.id: one.id} if matched else {})


def test_an_id_goes_before_a_name_and_a_name_before_a_place() -> None:
    old = [hospital("a", "甲医院"), hospital("b", "乙医院", 300), hospital("c", "丙医院", 600)]
    new = [
        hospital("a", "乙医院", 300),
        hospital("x", "乙医院", 290),
        hospital("y", "丙医院", 900),
        hospital("z", "丙医院新院区", 610),
    ]
    assert match_hospitals(old, new) == {"a": "a", "b": "x", "c": "y"}


def test_of_several_of_one_name_the_nearest_are_paired() -> None:
    old = [hospital("a", "社区医院"), hospital("b", "社区医院", 100)]
    new = [hospital("x", "社区医院", 90), hospital("y", "社区医院", 60), hospital("z", "社区医院", 470)]
    assert match_hospitals(old, new) == {"a": "y", "b": "x"}
    assert match_hospitals(new, old) == {"x": "b", "y": "a"}


def test_a_list_that_is_numbered_anew_is_matched_by_names() -> None:
    names = ["甲中心医院", "南山疗养所", "Mater Dei", "万州人民医院"]
    old = [hospital(str(n), name, 5_000 * n) for n, name in enumerate(names)]
    new = [hospital(str(3 - n), name, 5_000 * n) for n, name in enumerate(names)]
    assert match_hospitals(old, new) == {"0": "3", "1": "2", "2": "1", "3": "0"}


def test_neighbours_on_both_sides_of_a_cell_and_of_the_date_line_are_found() -> None:
    for lat in (0.0, 0.0005, 29.5, -0.0005):
        old = Hospital(id="a", name_zh="万州人民医院", lat=lat + 0.0002, lon=179.9999)
        new = Hospital(id="b", name_zh="人民医院", lat=lat - 0.0002, lon=-179.9999)
        assert match_hospitals([old], [new]) == {"a": "b"}
