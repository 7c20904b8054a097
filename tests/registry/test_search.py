from __future__ import annotations

import re
import threading

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stroke_map.registry import Hospital
from stroke_map.registry.pinyin import fold
from stroke_map.registry.search import HospitalSearch, as_spoken, short_district

DISTRICTS = re.findall(
    r"\S+",
    "万州区 涪陵区 渝中区 大渡口区 江北区 沙坪坝区 九龙坡区 南岸区 北碚区 綦江区 大足区 渝北区 巴南区 黔江区 长寿区 江津区 合川区 永川区 "
    "南川区 璧山区 铜梁区 潼南区 荣昌区 开州区 梁平区 武隆区 城口县 丰都县 垫江县 忠县 云阳县 奉节县 巫山县 巫溪县 石柱土家族自治县 "
    "秀山土家族苗族自治县 酉阳土家族苗族自治县 彭水苗族土家族自治县",
)
SOUNDS = re.findall(
    r"\S+",
    "wanzhou fuling yuzhong dadukou jiangbei shapingba jiulongpo nanan beibei qijiang dazu yubei banan qianjiang changshou jiangjin "
    "hechuan yongchuan nanchuan bishan tongliang tongnan rongchang kaizhou liangping wulong chengkou fengdu dianjiang zhongxian yunyang "
    "fengjie wushan wuxi shizhu xiushan youyang pengshui",
)


def hospital(number=0, name_zh="某院", **fields):
    return Hospital(id=f"h{number}", name_zh=name_zh, lat=29.5 + number / 1000, lon=106.5, **fields)


@pytest.fixture(scope="module")
def chongqing():
    """A hospital in every district of Chongqing, and some that people know by other names."""
    known = [
        ("重庆医院", {}),
        ("重庆医科大学附属第一医院", {"name_short": "重医附一院", "name_en": "The First Affiliated Hospital of CQMU"}),
        ("陆军军医大学第二附属医院", {"name_short": "新桥医院", "name_en": "Xinqiao Hospital", "district": "沙坪坝区"}),
        ("重庆大学附属三峡医院", {"name_short": "三峡医院", "district": "万州区", "address": "新城路165号"}),
        (
            "重医附一院金山院区",
            {"organisation": "重庆医科大学附属第一医院", "campus": "金山院区", "district": "渝北区"},
        ),
    ]
    of_districts = [(f"{district}人民医院", {"district": district}) for district in DISTRICTS]
    return HospitalSearch([hospital(n, name, **more) for n, (name, more) in enumerate(known + of_districts)])


def names(found):
    return [one.name for one in found]


@pytest.mark.parametrize("district", DISTRICTS)
def test_every_district_is_found_by_its_two_or_three_characters_by_sound_and_by_initials(chongqing, district):
    sound = SOUNDS[DISTRICTS.index(district)]
    for typed in (district, short_district(district), sound, sound.upper()):
        first = chongqing.find(typed)[0]
        assert (first.kind, first.name, first.fit) == ("district", district, 0), typed
    # Of as many districts as begin so: cs is 长寿, and the beginning of no other.
    assert district in names(chongqing.find(sound[:2], 300))


def test_a_district_is_short_by_what_kind_of_district_it_is_alone():
    assert [short_district(name) for name in ("忠县", "酉阳土家族苗族自治县", "两江新区", "市中区", "渝中")] == [
        "忠县", "酉阳", "两江", "市中", "渝中",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("cqyy", "重庆医院"),
        ("CQYY", "重庆医院"),
        ("chongqingyiyuan", "重庆医院"),
        ("chong qing yi yuan", "重庆医院"),
        ("chongq", "重庆医院"),
        ("zyfyy", "重医附一院金山院区"),  # 重 by itself is zhong, and in 重庆 chong: both are typed
        ("cyfyy", "重医附一院金山院区"),
        ("新桥", "陆军军医大学第二附属医院"),
        ("xinqiao", "陆军军医大学第二附属医院"),
        ("XinQiao Hosp", "陆军军医大学第二附属医院"),
        ("hospital xinqiao", "陆军军医大学第二附属医院"),
        ("ｘｑｙｙ", "陆军军医大学第二附属医院"),
        ("「新桥」医院", "陆军军医大学第二附属医院"),
        ("新 桥 医 院", "陆军军医大学第二附属医院"),
        ("万州 三峡", "重庆大学附属三峡医院"),
        ("sanxia wanzhou", "重庆大学附属三峡医院"),
        ("新城路165", "重庆大学附属三峡医院"),
        ("金山院区", "重医附一院金山院区"),
        ("万州人民医院", "万州区人民医院"),
        ("wzrmyy", "万州区人民医院"),
        ("cqmu", "重庆医科大学附属第一医院"),
    ],
)
def test_a_hospital_is_found_as_people_type_it(chongqing, typed, name):
    assert name in names(chongqing.find(typed))[:2]


def test_what_is_said_of_what_was_found(chongqing):
    first = chongqing.find("新桥医院")[0]
    assert (first.kind, first.id, first.name_en, first.district) == ("hospital", "h2", "Xinqiao Hospital", "沙坪坝区")
    assert (first.lat, first.lon, first.matched, first.fit) == (29.502, 106.5, "新桥医院", 0)
    assert chongqing.find("xqyy")[0].matched == "陆军军医大学第二附属医院"


def test_exact_comes_before_the_beginning_before_a_word_before_anywhere_before_the_address():
    texts = ["Ward", "Wardour", "East Ward", "Steward", "Elsewhere"]
    search = HospitalSearch(
        [
            hospital(n, name_zh=text, address="1 Ward Road" if text == "Elsewhere" else "")
            for n, text in enumerate(texts)
        ]
    )
    found = search.find("ward")
    assert names(found) == texts
    assert [one.fit for one in found] == [0, 1, 2, 3, 4]


def test_of_two_that_fit_equally_the_shorter_comes_first_and_the_written_before_the_sounding():
    search = HospitalSearch([hospital(n, name_zh=text) for n, text in enumerate(["Anlong Bay", "安龙", "Anlo"])])
    assert names(search.find("an")) == ["Anlo", "Anlong Bay", "安龙"]


def test_nobody_begins_to_type_within_a_syllable():
    search = HospitalSearch([hospital(name_zh="医院")])
    assert search.find("uan") == []
    assert names(search.find("yuan")) == ["医院"]


def test_a_district_lies_in_the_middle_of_its_hospitals():
    found = HospitalSearch([hospital(0, district="万州区"), hospital(10, district="万州区")]).find("万州区")
    assert [(one.kind, one.lat, one.lon) for one in found if one.kind == "district"] == [("district", 29.505, 106.5)]


@pytest.mark.parametrize("typed", ["", " ", "!?", "\0", "\ud800", "x" * 10_000, "万" * 501, '"', "%", "\n"])
def test_what_can_be_no_name_finds_nothing(chongqing, typed):
    assert chongqing.find(typed) == []


def test_nothing_is_found_among_nothing():
    assert HospitalSearch([]).find("x") == []


def test_the_limit_holds(chongqing):
    assert [len(chongqing.find("人民医院", limit)) for limit in (-1, 0, 1, 5)] == [0, 0, 1, 5]


def test_the_best_few_are_the_first_of_all(chongqing):
    assert chongqing.find("y", 7) == chongqing.find("y", 300)[:7]


def test_many_threads_find_the_same(chongqing):
    found = []
    threads = [threading.Thread(target=lambda: found.append(chongqing.find("renmin yiyuan", 50))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 8


parts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30) | st.text(
    "重庆长乐万州医院人民第一Aa1 é·", min_size=1, max_size=12
)


words = parts | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "; drop table hospitals --",
        "\u202eevil",
        "e\u0301",
        "  two   spaces ",
    ]
)


@given(rows=st.lists(st.tuples(*[words] * 5), min_size=1, max_size=4), data=st.data())
def test_any_part_of_any_name_finds_it(rows, data):
    names_of = ("name_zh", "name_en", "name_short", "district", "address")
    made = [hospital(n, **dict(zip(names_of, (f"x{row[0]}", *row[1:]), strict=True))) for n, row in enumerate(rows)]
    wanted, name = data.draw(st.sampled_from(made)), data.draw(st.sampled_from(names_of))
    field = getattr(wanted, name)
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(field)), st.integers(0, len(field)))))
    assume(fold(field[start:end]))
    found = HospitalSearch(made).find(field[start:end], 100)
    assert wanted.id in {one.id for one in found}


@given(st.lists(parts, min_size=1, max_size=4), st.text(max_size=20))
def test_any_question_at_all_is_answered(given_names, typed):
    search = HospitalSearch([hospital(n, name_zh=f"x{name}") for n, name in enumerate(given_names)])
    assert all(one.kind == "hospital" for one in search.find(typed))


def test_names_are_also_found_as_they_are_spoken():
    assert [as_spoken(name) for name in ("重庆市万州区人民医院", "市中心医院", "忠县人民医院")] == [
        "重庆万州人民医院", "市中心医院", "忠县人民医院",
    ]  # fmt: skip
