"""The search for whoever has no script: places and hospitals, each of which leads to the answer."""

import html
import re
import threading

import pytest
from flask import render_template

from stroke_map.maps.addresses import district_path
from stroke_map.maps.pages import PageFacts, search_context
from stroke_map.web.search_models import MOST_RESULTS

NAMES = {"zh": "某市", "en": "Somewhere"}
FACTS = PageFacts("2026.1", NAMES, NAMES, "2026-01-01", "2026-12-31", True, "x", "ODbL-1.0")
HOSTILE = "<script>alert(1)</script>"


def forms_of(page):
    found = re.findall(r'<form action="/map" method="post">(.*?)</form>', page, re.DOTALL)
    return [
        {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
        for form in found
    ]


def test_a_hospital_is_found_by_its_initials_and_leads_to_the_answer_from_there(client, demo_edition):
    one = next(one for one in demo_edition.hospitals if one.capabilities["thrombolysis"].status == "yes")
    page = client.get("/search", query_string={"q": one.name_zh, "lang": "en", "condition": "chest_pain"})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    first = forms_of(page.text)[0]
    assert first == {
        "lat": str(one.entrance_lat),
        "lon": str(one.entrance_lon),
        "crs": "WGS-84",
        "condition": "chest_pain",
        "lang": "en",
    }
    assert f'href="/hospitals/{one.id}?lang=en"' in page.text
    answer = client.post("/map", data=first)
    assert answer.status_code == 200
    assert 'lang="en"' in answer.text
    assert "Zq7" not in page.text


def test_a_district_leads_to_its_hospitals(client, demo_edition):
    district = next(one.district for one in demo_edition.hospitals if one.district)
    page = html.unescape(client.get("/search", query_string={"q": district, "lang": "zh"}).text)
    assert re.search(rf'{district}\s*</button>\s*</form>\s*<a href="{district_path(district)}', page)
    context = search_context(
        [{"kind": "district", "name": {"zh": name}, "label": name} for name in (district, "远方区")],
        FACTS, lang="zh", condition="stroke", typed="区", districts={district},
    )  # fmt: skip
    with client.application.app_context():
        page = html.unescape(render_template("search.html", **context))
    assert forms_of(page) == [], "too large to start from"
    assert re.findall(r'<a href="(/districts/[^"]*)', page) == [f"{district_path(district)}?lang=zh"]


def test_a_place_says_nothing_of_where_it_is_in_any_address(client, demo_edition):
    page = client.get("/search", query_string={"q": demo_edition.hospitals[0].name_zh})
    links = re.findall(r'(?:href|action)="([^"]*)"', page.text)
    assert not [link for link in links if "lat" in link or "lon" in link]


@pytest.mark.parametrize("typed", ["zzzzzz", "%", "\x00", HOSTILE, "好" * 5000])
def test_what_is_not_found_is_said_and_comes_back_as_text_alone(client, typed):
    page = client.get("/search", query_string={"q": typed, "lang": "zh"})
    assert page.status_code == 200
    assert "没有找到" in page.text
    assert HOSTILE not in page.text
    assert len(page.text) < 20_000


def test_nothing_typed_is_a_form_to_type_in_and_as_many_as_are_useful_come_back(client):
    assert "没有找到" not in client.get("/search?lang=zh").text
    assert 0 < len(forms_of(client.get("/search?lang=zh&q=医院").text)) <= MOST_RESULTS


def test_when_too_many_ask_120_stands_there_and_the_way_to_the_list(app, client, monkeypatch):
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setitem(app.extensions, "stroke_map.public_slots", full)
    page = client.get("/search?q=a&lang=en", headers={"Accept": "text/html"})
    assert page.status_code == 429
    assert 'href="tel:120"' in page.text
    assert 'href="/hospitals?lang=en"' in page.text
    assert client.get("/").status_code == client.get("/hospitals").status_code == 200
