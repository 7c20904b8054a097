"""When two names are the same name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.registry.names import are_alike, normal_name


@pytest.mark.parametrize(
    "typed",
    [
        "重医附一院 (江南院区)",
        "重医附一院（江南院区）",
        "重医附一院［江南院区］",
        "重医附一院江南院区",
        " 重医附一院·江南—院区",
    ],
)
def test_brackets_spaces_and_dots_are_no_part_of_a_name(typed) -> None:
    assert normal_name(typed) == "重医附一院江南院区"


def test_width_and_case_are_no_part_of_a_name() -> None:
    assert normal_name("ＭＡＴＥＲ dei Hospital 2") == normal_name("Mater Dei Hospital ２") == "materdeihospital2"
    assert normal_name("第一医院") != normal_name("第二医院")


@given(st.text())
def test_a_normal_name_is_its_own_normal_name(name) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("万州区人民医院", "重庆市万州区人民医院", True),
        ("重医附一院", "重庆医科大学附属第一医院", True),
        ("重庆医科大学附属第一医院（江南院区）", "江南院区", True),
        ("垫江县中医院", "渝中区妇幼保健所", False),
        ("Mater Dei", "Saint James Hospital", False),
        ("-", "—", False),
        ("-", "医院", False),
    ],
)
def test_names_are_alike_with_and_without_the_city_or_in_short(one, other, alike) -> None:
    assert are_alike(one, other) is alike


@given(st.text("医院中区一二ab -"), st.text("医院中区一二ab -"))
def test_likeness_is_the_same_both_ways(one, other) -> None:
    assert are_alike(one, other) == are_alike(other, one)
