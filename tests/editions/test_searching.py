import gc
import weakref

import pytest

from stroke_map.editions import Edition
from stroke_map.editions.searching import EditionSearch, search_of
from stroke_map.errors import EditionDamagedError

NODES = {"a": (0, 0), "b": (400, 0), "c": (800, 0), "d": (800, 300)}
WAYS = [
    ("abc", {"highway": "residential", "name": "新桥路"}),
    ("cd", {"highway": "residential", "name": "新桥医院路"}),
    ("ba", {"amenity": "hospital", "name": "新桥医院"}),
    ("cb", {"amenity": "clinic", "name": "新桥诊所"}),
    ("da", {"place": "suburb", "name": "沙坪坝区"}),
]


@pytest.fixture(scope="module")
def edition(make_town, write_osm, place_of):
    lat, lon = place_of(400, 10)
    row = {
        "id": "xq",
        "name_zh": "第二附属医院",
        "name_short": "新桥医院",
        "district": "沙坪坝区",
        "lat": lat,
        "lon": lon,
        "ct": "yes",
    }
    return make_town(write_osm(NODES, WAYS), [row])


def test_hospitals_come_before_places_that_fit_as_well_and_the_registrys_hospital_is_told_once(edition):
    found = search_of(edition).find("新桥")
    assert [(one.kind, one.name) for one in found] == [
        ("hospital", "第二附属医院"), ("road", "新桥路"), ("clinic", "新桥诊所"), ("road", "新桥医院路"),
    ]  # fmt: skip
    first = search_of(edition).find("新桥医院")[0]
    assert (first.kind, first.id, first.matched) == ("hospital", "xq", "新桥医院")


def test_a_better_fit_comes_first_whatever_it_is(edition):
    assert [one.name for one in search_of(edition).find("xql")] == ["新桥路"]
    assert search_of(edition).find("新桥路")[0].kind == "road"


def test_a_district_on_the_map_is_told_once_where_the_map_has_it(edition):
    found = [one for one in search_of(edition).find("shapingba") if one.name == "沙坪坝区"]
    assert [one.kind for one in found] == ["settlement"]


def test_the_limit_holds(edition):
    assert [len(search_of(edition).find("新桥", limit)) for limit in (-1, 0, 1, 3)] == [0, 0, 1, 3]


def test_a_search_is_forgotten_with_its_edition(edition):
    other = Edition(edition.folder)
    search = weakref.ref(search_of(other))
    assert search() is search_of(other)
    del other
    gc.collect()
    assert search() is None


def test_a_damaged_registry_is_named(edition, tmp_path):
    search = EditionSearch(edition)
    search._places._connection.close()
    with pytest.raises(EditionDamagedError) as refused:
        search.find("新桥")
    assert "registry.db" in refused.value.facts["files"]
