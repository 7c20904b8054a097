import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.registry.pinyin import fold, spellings


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ　医院", "abc 医院"),
        ("《新桥》·医院（东区）", "新桥 医院 东区"),
        ("Université  de Médecine", "universite de medecine"),
        ("St. Mary's", "st mary s"),
        ("①号", "1号"),
        ("a\u202eb\0c\td\u200b", "abc d"),
        ("Straße", "strasse"),
        ("+86-23", "86 23"),
        ("？！", ""),
        ("\ud800万", "万"),
    ],
)
def test_only_letters_and_digits_stay(text, folded):
    assert fold(text) == folded


@given(st.text(), st.text())
def test_a_part_folded_is_a_part_of_the_whole_folded(one, other):
    together = fold(one + other).replace(" ", "")
    assert together == fold(one).replace(" ", "") + fold(other).replace(" ", "")


def typed(text, kind, **options):
    return [spelling.compact for spelling in spellings(text, **options) if spelling.kind == kind]


def test_phrases_are_read_as_phrases():
    assert typed("重庆医院", "sound") == ["chongqingyiyuan"]
    assert typed("重庆医院", "initials") == ["cqyy"]


def test_every_combination_of_readings_is_given_the_usual_first():
    sounds = typed("重医附一院", "sound")
    assert sounds[0] == "zhongyifuyiyuan"
    assert set(sounds) == {f"{first}yi{third}yiyuan" for first in ("zhong", "chong", "tong") for third in ("fu", "bu")}


def test_the_readings_are_bounded():
    assert len(typed("重 " * 30, "sound")) == 16
    assert typed("重医附一院", "sound", most_readings=1) == ["zhongyifuyiyuan"]


def test_u_with_two_dots_is_v_or_u():
    assert {"lvdao", "ludao"} <= set(typed("绿岛", "sound"))


def test_other_letters_stay_as_they_are():
    assert typed("ABC 3号", "sound")[0] == "abc3hao"
    assert typed("ABC 3号", "initials")[0] == "abc3h"
    assert [spelling.kind for spelling in spellings("Santa Casa")] == ["written"]


def test_a_character_nobody_reads_stays_itself():
    assert typed("㐂家", "sound")[0] == "㐂jia"


def test_nothing_has_no_spelling():
    assert spellings("…") == []
