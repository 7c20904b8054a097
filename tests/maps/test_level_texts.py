"""Levels on an English page: what is known is told in English, all else stays Chinese and says so."""

import re

import pytest

from stroke_map.demo.network import _LEVELS, _SCHEME
from stroke_map.maps.level_texts import _IN_ENGLISH, foreign, in_words


def test_every_level_of_the_demonstration_is_known():
    for level in {_SCHEME, *(each for some in _LEVELS.values() for each in some if each)}:
        assert re.fullmatch(r"[\x20-\x7e]+", in_words(level, "en")), level
        assert in_words(level, "zh") == level


def test_what_is_not_known_stays_as_it_is():
    assert in_words("某省自定级别", "en") == "某省自定级别"
    assert len(set(_IN_ENGLISH)) == len(_IN_ENGLISH)


@pytest.mark.parametrize(
    ("text", "lang", "told"),
    [("某省级别", "en", ' lang="zh-CN"'), ("Level 1", "en", ""), ("某省级别", "zh", ""), ("", "en", "")],
)
def test_chinese_on_an_english_page_says_so(text, lang, told):
    assert foreign(text, lang) == told
