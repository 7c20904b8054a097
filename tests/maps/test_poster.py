"""The poster: what is on it, that it says nothing twice differently, and that names on it stay text."""

import html
import re
from html.parser import HTMLParser

import pytest

from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.maps.pages import PageFacts
from stroke_map.maps.poster import make_poster
from stroke_map.maps.public_texts import PUBLIC_TEXTS

ADDRESS = "https://map.example.org"


def make(edition, *, publisher="协会", **options):
    names = {"zh": publisher, "en": publisher}
    facts = PageFacts(
        "2026.1", names, names, "2026-01-01", "2026-12-31", True, "© OpenStreetMap contributors", "ODbL-1.0"
    )
    told = {"lang": "zh", "condition": "stroke", "paper": "a4", "address": ADDRESS} | options
    return make_poster(
        hospitals_geojson(edition.hospitals), facts, edition.network(edition.info.profiles[0]),
        bounds=edition.info.region.bounds, polygon=edition.region, **told,
    )  # fmt: skip


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.links = [], set(), []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attributes}
        self.links += [value for name, value in attributes if name in {"href", "src"}]


@pytest.mark.parametrize("paper", ["a3", "a4"])
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("condition", ["stroke", "chest_pain"])
def test_the_same_edition_gives_the_same_bytes_complete_in_one_file(demo_edition, paper, lang, condition):
    page = make(demo_edition, lang=lang, condition=condition, paper=paper)
    assert page == make(demo_edition, lang=lang, condition=condition, paper=paper)
    elements = Elements(page)
    assert not {"script", "link", "img", "iframe"} & set(elements.tags)
    assert [link for link in elements.links if link] == []
    assert f'<body class="{paper}">' in page


def test_it_lists_each_hospital_that_can_under_its_district_with_its_telephone(demo_edition):
    page = make(demo_edition)
    rows = page.split("<tbody>")[1:]
    able = [one for one in demo_edition.hospitals if one.capabilities["thrombolysis"].status == "yes"]
    assert able
    for one in able:
        mine = [html.unescape(part) for part in rows if html.escape(one.name_zh) in part]
        assert len(mine) == 1
        assert f"{one.district}</th>" in mine[0]
        assert one.phone in mine[0]
    unable = [one for one in demo_edition.hospitals if one.kind == "unit" and one not in able]
    assert unable
    assert not any(one.name_zh in page for one in unable)


def test_every_page_of_the_list_and_the_sheet_say_that_it_is_a_demonstration_and_which_edition_it_is(demo_edition):
    page = make(demo_edition)
    sheet, listed = page.split('<section class="list"')
    foot = listed.split("<tfoot>")[1]
    for part in (sheet, foot):
        assert "演示数据，不可用于急救" in part
        assert "版本 2026.1" in part
        assert "协会" in part
    assert "ODbL-1.0" in sheet


def test_the_qr_code_leads_to_the_service_and_is_left_out_where_nobody_said_where_that_is(demo_edition):
    import io

    import segno

    expected = io.BytesIO()
    segno.make(f"{ADDRESS}/?condition=stroke", error="m", micro=False).save(
        expected, kind="svg", border=4, omitsize=True
    )
    path = re.search(rb' d="([^"]+)"', expected.getvalue().split(b"<path")[-1])[1].decode()
    assert path in make(demo_edition)
    without = make(demo_edition, address="")
    assert path not in without
    assert 'class="qr"' not in without


def test_names_that_would_be_code_stay_text(town, hostile_names):
    for lang in ("zh", "en"):
        for publisher in hostile_names:
            page = make(town, lang=lang, publisher=publisher)
            elements = Elements(page)
            assert not {"script", "img", "iframe", "object", "link"} & set(elements.tags)
            assert not [name for name in elements.attributes if name.startswith("on")]
            text = html.unescape(page)
            assert all(name in text for name in hostile_names[:4]), "as it is written, not as something computed it"


def test_every_text_is_there_in_both_languages_with_the_same_places():
    for chinese, english in PUBLIC_TEXTS.values():
        assert chinese
        assert english
        assert re.findall(r"\{\d\}", chinese) == re.findall(r"\{\d\}", english)
