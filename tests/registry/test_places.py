from __future__ import annotations

import random
import sqlite3
import threading
from contextlib import closing

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stroke_map.registry.pinyin import fold
from stroke_map.registry.places import KINDS, Place, PlaceSearch, copy_places, load_places, save_places


def place(name, *alias, kind="road", district="", lat=29.5, lon=106.5, name_en=""):
    return Place(name, alias, kind, lat, lon, district, name_en)


PLACES = [
    place("万州", kind="settlement", lat=30.8, lon=108.4),
    place("重庆市万州区政府", kind="building"),
    place("人民路", district="万州区"),
    place("人民路", district="渝中区"),
    place("人民大道"),
    place("龙湖·春森彼岸（一期）", "春森", "Spring Forest", kind="estate"),
    place("长江路", name_en="Changjiang Road"),
    place("重庆北站", kind="station", name_en="Chongqing North Railway Station"),
    place("Rua de Santa Catarina"),
    place("Assantara"),
    place("绿岛"),
    place("山"),
    place("重医路"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("places") / "registry.db"
    save_places(PLACES, path)
    return path


@pytest.fixture(scope="module")
def search(database):
    return PlaceSearch(database)


def names(found):
    return [one.name for one in found]


@pytest.mark.parametrize(
    ("typed", "name", "fit"),
    [
        ("万州", "万州", 0),
        ("wanzhou", "万州", 0),
        ("Wan Zhou", "万州", 0),
        ("wz", "万州", 0),
        ("万", "万州", 1),
        ("山", "山", 0),
        ("春森", "龙湖·春森彼岸（一期）", 0),
        ("龙湖春森", "龙湖·春森彼岸（一期）", 1),
        ("彼岸", "龙湖·春森彼岸（一期）", 3),
        ("彼", "龙湖·春森彼岸（一期）", 3),
        ("森彼岸", "龙湖·春森彼岸（一期）", 3),
        ("lhcs", "龙湖·春森彼岸（一期）", 1),
        ("spring", "龙湖·春森彼岸（一期）", 1),
        ("changj", "长江路", 1),
        ("chongyi", "重医路", 1),
        ("zhongyilu", "重医路", 0),
        ("cjl", "长江路", 0),
        ("chongqing north", "重庆北站", 1),
        ("railway", "重庆北站", 2),
        ("beizhan", "重庆北站", 3),
        ("SANTA", "Rua de Santa Catarina", 2),
        ("santa cat", "Rua de Santa Catarina", 2),
        ("catarina rua", "Rua de Santa Catarina", 3),
        ("lvdao", "绿岛", 0),
        ("ludao", "绿岛", 0),
    ],
)
def test_a_place_is_found_as_people_type_it(search, typed, name, fit):
    first = search.find(typed)[0]
    assert (first.name, first.fit) == (name, fit)


def test_the_better_fit_comes_first(search):
    assert names(search.find("万州")) == ["万州", "重庆市万州区政府"]
    assert names(search.find("santa")) == ["Rua de Santa Catarina", "Assantara"]
    assert names(search.find("人民")) == ["人民路", "人民路", "人民大道"]


def test_a_district_tells_streets_of_one_name_apart(search):
    assert [one.district for one in search.find("渝中 人民路")] == ["渝中区"]
    assert [one.district for one in search.find("人民路 万州区")] == ["万州区"]


def test_what_is_said_of_a_place(search):
    first = search.find("spring forest")[0]
    assert (first.kind, first.id, first.matched, first.lat, first.lon) == ("estate", "", "Spring Forest", 29.5, 106.5)
    assert search.find("cqbz")[0].matched == "重庆北站"


def test_the_limit_holds(search):
    assert [len(search.find("人民", limit)) for limit in (-1, 0, 1, 2, 9)] == [0, 0, 1, 2, 3]


HOSTILE = [
    "", " ", '"', "'", '""', "*", "万*", "NEAR(a b)", "a NEAR b", "a AND b", "a OR", "NOT", "-a", "^万", "content:万", "{a b}: c",
    "\0", "万\0州", "\ud800", "x" * 10_000, "万" * 10_000, "ab" * 250, "%", "_", ";", "'; drop table places --", "$", "^^",
    "a" * 63 + " " + "b" * 400, "() ()", "\\", "\u202e", "😀",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_no_question_is_a_query(search, typed):
    for one in search.find(typed):
        told = fold(f"{one.name} {one.name_en} {one.matched}").replace(" ", "")
        assert all(word in told for word in fold(typed).split())


def test_a_long_question_is_looked_up_by_its_beginning(tmp_path):
    save_places([place("ab" * 100)], tmp_path / "registry.db")
    assert len(PlaceSearch(tmp_path / "registry.db").find("ab" * 90)) == 1


parts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=";"), max_size=20)
parts |= st.text("重庆长乐万州路一Aa1 é·", max_size=12)
made = st.builds(
    Place,
    name=parts.map("x{}".format),
    alias=st.lists(parts.filter(bool), max_size=2).map(tuple),
    kind=st.sampled_from(KINDS),
    lat=st.integers(-90, 90).map(float),
    lon=st.integers(-180, 180).map(float),
    district=parts,
    name_en=parts,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(made, min_size=1, max_size=5), data=st.data())
def test_any_part_of_any_name_finds_it(places, data, tmp_path):
    path = tmp_path / "registry.db"
    save_places(places, path)
    wanted = data.draw(st.sampled_from(places))
    text = data.draw(st.sampled_from([wanted.name, wanted.name_en, *wanted.alias]))
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    assume(fold(text[start:end]))
    found = PlaceSearch(path).find(text[start:end], 100)
    assert (wanted.name, wanted.lat, wanted.lon) in {(one.name, one.lat, one.lon) for one in found}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(made, max_size=5))
def test_places_are_read_back(places, tmp_path):
    save_places(places, tmp_path / "registry.db")
    assert sorted(map(repr, load_places(tmp_path / "registry.db"))) == sorted(map(repr, places))


def test_the_same_places_in_any_order_give_the_same_bytes(tmp_path):
    shuffled = PLACES.copy()
    random.Random(1).shuffle(shuffled)
    save_places(PLACES, tmp_path / "one.db")
    save_places(shuffled, tmp_path / "other.db")
    assert (tmp_path / "one.db").read_bytes() == (tmp_path / "other.db").read_bytes()


def test_saving_again_replaces(tmp_path):
    save_places(PLACES, tmp_path / "registry.db")
    save_places([place("新路")], tmp_path / "registry.db")
    search = PlaceSearch(tmp_path / "registry.db")
    assert (names(search.find("新")), search.find("万州")) == (["新路"], [])


def test_what_fails_half_way_leaves_the_places_as_they_were(tmp_path):
    save_places(PLACES, tmp_path / "registry.db")
    with pytest.raises(TypeError):
        save_places([place("新路"), place("没有名字的路", None, 3)], tmp_path / "registry.db")
    assert names(PlaceSearch(tmp_path / "registry.db").find("万州"))[0] == "万州"


def test_copied_places_are_found_like_the_first(database, tmp_path):
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("create table hospitals (id)")
    before = database.read_bytes()
    copy_places(database, copy)
    assert database.read_bytes() == before
    for typed in ("万州", "wz", "santa", "彼", "beizhan"):
        assert PlaceSearch(copy).find(typed) == PlaceSearch(database).find(typed) != []
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("select count(*) from hospitals").fetchone() == (0,)


def test_a_registry_without_places_is_searched_in_vain(tmp_path):
    for name in ("none.db", "copied.db"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            connection.execute("create table hospitals (id)")
    copy_places(tmp_path / "none.db", tmp_path / "copied.db")
    assert PlaceSearch(tmp_path / "copied.db").find("万州") == load_places(tmp_path / "copied.db") == []


def test_the_file_stays_as_it_is_and_gets_no_company(database, search):
    before = database.read_bytes()
    search.find("人民")
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_many_threads_find_the_same(search):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append([search.find(typed) for typed in ("人民", "wz", "a", "santa")] * 20)
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 8
