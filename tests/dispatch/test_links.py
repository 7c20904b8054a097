"""Links to navigation apps and the telephone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from stroke_map.dispatch.links import first_number, navigation_links

PLACE = (29.554511979, 106.580687876)


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("023-6869 0000", "02368690000"),
        ("+86 23 6869 0000", "+862368690000"),
        ("(023) 6869 0000", "02368690000"),
        ("０２３－６８６９００００", "02368690000"),
        ("023.6869.0000", "02368690000"),
        ("023/68690000", "02368690000"),
        ("120", "120"),
        # Several numbers: the first, and never all of them run together.
        ("023-68690000、023-68690001", "02368690000"),
        ("023-68690000/68690001", "02368690000"),
        ("6869 0000/6869 0001", "68690000"),
        ("68690000;13800000000", "68690000"),
        ("68690000，13800000000", "68690000"),
        ("023-68690000转8001", "02368690000"),
        ("023-68690000 ext. 12", "02368690000"),
        ("急诊 023-68690000", "02368690000"),
        # None at all.
        ("", "120"),
        ("无", "120"),
        ("javascript:alert()", "120"),
    ],
)
def test_the_call_goes_to_one_number(phone, number) -> None:
    assert first_number(phone) == number
    assert navigation_links("h", PLACE, phone)["call"] == f"tel:{number}"


def test_each_provider_gets_its_own_order_of_coordinates() -> None:
    links = navigation_links("医院", PLACE, "")
    query = {name: parse_qs(urlsplit(link).query) for name, link in links.items()}
    assert query["amap"]["to"] == ["106.580688,29.554512,医院"]
    assert query["baidu"]["destination"] == ["latlng:29.554512,106.580688|name:医院"]
    assert query["baidu"]["coord_type"] == ["gcj02"]
    assert query["tencent"]["tocoord"] == ["29.554512,106.580688"]
    assert query["apple"]["daddr"] == ["29.554512,106.580688"]


@pytest.mark.parametrize("name", ["a&b=c#d", "第一/分院?x", '"><script>', "a b+c%20", "，,|"])
def test_a_name_stays_a_name(name) -> None:
    links = navigation_links(name, PLACE, "")
    assert parse_qs(urlsplit(links["apple"]).query)["q"] == [name]
    assert parse_qs(urlsplit(links["tencent"]).query)["to"] == [name]
    assert parse_qs(urlsplit(links["amap"]).query)["to"] == [f"106.580688,29.554512,{name}"]
    assert not any(urlsplit(link).fragment for link in links.values())
