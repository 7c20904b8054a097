"""Both languages say everything."""

import re
from typing import get_args

import pytest

from stroke_map.editions.info import Role
from stroke_map.maps import files, texts
from stroke_map.maps.markers import MARKERS, OTHER
from stroke_map.maps.pages import _SCRIPT_TEXTS
from stroke_map.maps.sign_texts import SIGNS
from stroke_map.registry import CAPABILITIES

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("name", texts.TEXTS)
def test_each_text_is_there_in_both_languages_with_the_same_blanks(name):
    chinese, english = texts.TEXTS[name]
    assert chinese
    assert english
    assert sorted(re.findall(r"\{\d\}", chinese)) == sorted(re.findall(r"\{\d\}", english))
    if name != "other_language":
        assert not HAN.search(english)


def test_every_capability_and_marker_has_a_name():
    assert set(CAPABILITIES) <= texts.TEXTS.keys()
    for markers in MARKERS.values():
        for marker in (*markers, OTHER):
            assert marker.meaning in texts.TEXTS
            assert set(marker.letter) == set(texts.LANGUAGES)
        assert len({(marker.shape, marker.letter["zh"]) for marker in markers}) == len(markers)
        assert len({marker.letter["en"] for marker in markers}) == len(markers)


def scripts():
    return "".join(path.read_text(encoding="utf-8") for path in (files.static_folder() / "js").glob("*.js"))


def test_templates_and_scripts_use_no_text_that_is_not_there():
    for path in files.templates_folder().glob("*.html"):
        used = set(re.findall(r"\btext\.(\w+)", path.read_text(encoding="utf-8")))
        assert used <= texts.TEXTS.keys(), path
    script = scripts()
    used = set(re.findall(r"\bwords\.(\w+)", script)) | set(re.findall(r'say\("(\w+)"', script))
    assert used <= set(_SCRIPT_TEXTS)
    assert set(_SCRIPT_TEXTS) <= texts.TEXTS.keys()


def test_the_signs_are_the_same_in_both_languages_and_have_their_drawings():
    drawings = (files.templates_folder() / "signs.html").read_text(encoding="utf-8")
    for groups in SIGNS.values():
        assert sorted(groups["zh"]) == sorted(groups["en"])
        for heading, group in groups["zh"]:
            assert heading in texts.TEXTS
            for sign in group:
                assert f'name == "{sign.drawing}"' in drawings
                assert sign.text in texts.TEXTS


def test_every_text_is_used():
    pages = "".join(path.read_text(encoding="utf-8") for path in files.templates_folder().glob("*.html"))
    pages += scripts()
    pages += (files.static_folder().parent / "folium_page.py").read_text(encoding="utf-8")
    pages += (files.static_folder().parent / "pages.py").read_text(encoding="utf-8")
    by_rule = {marker.meaning for markers in MARKERS.values() for marker in (*markers, OTHER)} | set(CAPABILITIES)
    by_rule |= {
        f"{start}{end}"
        for start in ("", "list_", "both_", "signs_when_", "signs_remember_", "poster_")
        for end in MARKERS
    }
    by_rule.add("short_title")  # of the manifest
    by_rule |= {f"class_{number}" for number in (1, 2, 3, 4)} | {f"source_{role}" for role in get_args(Role)}
    by_rule |= {
        name
        for groups in SIGNS.values()
        for heading, group in groups["zh"]
        for name in (heading, *(sign.text for sign in group))
    }
    from stroke_map.errors import StrokeMapError

    def codes(error):
        return {error.code}.union(*(codes(child) for child in error.__subclasses__()))

    by_rule |= codes(StrokeMapError)
    assert [name for name in texts.TEXTS if name not in by_rule and not re.search(rf"\b{name}\b", pages)] == []


@pytest.mark.parametrize(
    ("asked", "accepted", "chosen"),
    [
        (None, [], "zh"),
        (None, ["en-GB", "zh"], "en"),
        (None, ["fr", "zh-TW", "en"], "zh"),
        ("en", ["zh"], "en"),
        ("<script>", ["en"], "en"),
        ("", ["de"], "zh"),
    ],
)
def test_a_language_is_chosen_from_the_address_then_the_browser(asked, accepted, chosen):
    assert texts.choose_language(asked, accepted) == chosen
