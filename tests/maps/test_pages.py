"""What templates are given, and that nothing in it becomes markup."""

import re

import jinja2
import pytest

from stroke_map.maps import files
from stroke_map.maps.folium_page import answer_map, public_map
from stroke_map.maps.pages import PageFacts, answer_context, distance, error_context, hours_in_words, index_context

FACTS = PageFacts(
    "2026.1",
    {"zh": "某市", "en": ""},
    {"zh": "", "en": ""},
    "2026-01-01",
    "2026-12-31",
    True,
    "<i>©</i>",
    "<MIT>",
    "GS 1",
)
PLACE = {"bounds": (106.5, 29.5, 106.7, 29.6), "tile_url": "/tiles/2026.1/{z}/{x}/{y}.png", "attribution": "x"}


@pytest.fixture(scope="module")
def render():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(files.templates_folder()), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return lambda name, context: environment.get_template(name).render(**context)


@pytest.fixture(scope="module")
def rendered_pages(render, hospitals, town_answer):
    """Every page in both languages, each without its map."""
    found = []
    for lang in ("zh", "en"):
        for condition in ("stroke", "chest_pain"):
            drawn = public_map(hospitals, **PLACE, region=FACTS.region, lang=lang, condition=condition)
            context = index_context(
                hospitals, FACTS, map=drawn, map_script_url="/map.js", lang=lang, condition=condition
            )
            found.append((lang, render("index.html", context)))
        drawn = answer_map(town_answer, **PLACE, lang=lang)
        page = render("answer.html", answer_context(town_answer, FACTS, map=drawn, lang=lang))
        found.append((lang, page.replace(f"<script>{drawn.script}</script>", "")))
        fallback = [
            {"id": h["id"], "name": h["name"], "phone": h["phone"], "straight_line_m": 1234, "lat": 0, "lon": 0}
            for h in town_answer["hospitals"]
        ]
        problem = {"code": "outside-area", "title": "", "detail": "", "next_step": "", "fallback": fallback}
        found.append((lang, render("error.html", error_context(problem, None, lang=lang))))
    return found


def test_no_page_holds_inline_script_style_or_handlers(rendered_pages):
    for _, page in rendered_pages:
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert "<style" not in page
        assert not re.search(r"<[^>]+\s(style|on\w+)=", re.sub(r'="[^"]*"', '=""', page))


def test_hostile_names_stay_text(rendered_pages):
    for _, page in rendered_pages:
        assert "<img" not in page
        assert "<i>" not in page
        assert "alert(1)</script>" not in page
    assert any("{{ 7*7 }}" in page for _, page in rendered_pages)


def test_every_page_has_its_language_a_title_a_zoomable_viewport_and_120_first(rendered_pages):
    for lang, page in rendered_pages:
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in page
        assert re.search(r"<title>[^<]+</title>", page)
        assert re.search(r'name="viewport" content="width=device-width, initial-scale=1"', page)
        first_link = re.search(r'<a class="call"[^>]*href="([^"]+)"', page)
        assert first_link[1] == "tel:120"
        others = [match.start() for match in re.finditer(r'href="tel:(?!120")', page)]
        assert all(first_link.start() < other for other in others)


def test_the_demonstration_says_so_on_every_page_that_knows(rendered_pages):
    for lang, page in rendered_pages:
        told = "演示数据，不可用于急救" if lang == "zh" else "Demonstration data, not for emergencies"
        assert (told in page) == ("2026.1" in page)


def test_an_error_is_told_in_words_even_when_nothing_is_published(render):
    page = render("error.html", error_context({"code": "no-edition"}, None, lang="en"))
    assert "No map is published yet." in page
    unheard = render("error.html", error_context({"code": "something-new"}, None, lang="zh"))
    assert "服务器出错了" in unheard


def test_a_telephone_number_is_dialled_as_digits(rendered_pages):
    assert any('href="tel:02368690000"' in page for _, page in rendered_pages)
    for _, page in rendered_pages:
        assert all(re.fullmatch(r"\+?\d+", number) for number in re.findall(r'href="tel:([^"]*)"', page))


@pytest.mark.parametrize(
    ("metres", "shown"),
    [(0, "10 m"), (44, "40 m"), (949, "950 m"), (951, "1.0 km"), (1440, "1.4 km"), (9960, "10 km"), (23_400, "23 km")],
)
def test_distances_are_told_as_one_would_say_them(metres, shown):
    assert " ".join(distance(metres, "en")) == shown


@pytest.mark.parametrize(
    ("hours", "zh", "en"),
    [
        ("24/7", "24 小时", "24 hours"),
        ("Mo-Fr 08:00-17:30", "周一至周五 08:00-17:30", "Mo-Fr 08:00-17:30"),
        ("Mo-Sa 08:00-12:00,14:00-20:00; Su off", "周一至周六 08:00-12:00、14:00-20:00；周日 休息", "Mo-Sa 08:00-12:00, 14:00-20:00; Su off"),
    ],
)  # fmt: skip
def test_opening_hours_are_told_in_words(hours, zh, en):
    assert (hours_in_words(hours, "zh"), hours_in_words(hours, "en")) == (zh, en)
