"""Maps as parts: fixed bytes, nothing from elsewhere, and names that stay text."""

import json
import re

import folium
import pytest

from stroke_map.maps.folium_page import answer_map, minutes, public_map

PLACE = {"bounds": (106.5, 29.5, 106.7, 29.6), "tile_url": "/tiles/2026.1/{z}/{x}/{y}.png"}


@pytest.fixture
def public(hospitals):
    def draw(**changed):
        facts = {**PLACE, "attribution": "© OpenStreetMap", "region": {"zh": "某市", "en": "Some City"}, "lang": "zh"}
        return public_map(hospitals, **(facts | changed))

    return draw


@pytest.fixture
def drawn_answer(town_answer):
    return lambda lang="zh": answer_map(town_answer, **PLACE, attribution="© OpenStreetMap", lang=lang)


def data_of(script):
    """What the one GeoJSON layer of a map holds, as a browser would read it."""
    (found,) = re.findall(r"geo_json_\d+_add\((\{.*\})\);", script)
    return json.loads(found)["features"]


def test_the_same_input_gives_the_same_bytes(public, drawn_answer):
    assert public() == public()
    assert drawn_answer() == drawn_answer()
    assert public(condition="chest_pain").script != public().script


def test_nothing_is_loaded_from_elsewhere_and_folium_itself_is_left_as_it_was(public, drawn_answer):
    before = [tuple(folium.Map.default_js), tuple(folium.Map.default_css)]
    for drawn in (public(), drawn_answer()):
        assert not re.search(r"(https?:)?//", drawn.header + drawn.html)
        loaded = re.findall(r'(?:src|href)="([^"]+)"', drawn.header)
        assert loaded
        assert all(address.startswith("/static/") for address in loaded)
    assert [tuple(folium.Map.default_js), tuple(folium.Map.default_css)] == before


def test_head_and_body_hold_no_inline_script_style_or_handler(public, drawn_answer):
    for drawn in (public(), drawn_answer()):
        markup = drawn.header + drawn.html
        assert "<style" not in markup
        assert "style=" not in markup
        assert not re.search(r"<script(?![^>]*\bsrc=)", markup)
        assert not re.search(r"\son\w+=", markup)
        assert "user-scalable" not in markup


def test_hostile_names_arrive_in_the_browser_as_they_are_and_in_no_other_form(public, drawn_answer, hostile_names):
    shown = {feature["properties"]["name"] for feature in data_of(public().script)}
    # A private character cannot be told from the one that stands for a brace while Folium renders.
    assert shown == {" ".join(name.replace("\ue000", "{").split()) for name in hostile_names}
    for script in (public().script, drawn_answer().script):
        assert "<" not in script.replace(" < ", "").replace("<=", "")
        assert "{{" not in script
        assert "alert(1)" not in re.sub(r'"(\\.|[^"\\])*"', '""', script)


def test_every_hospital_is_a_marker_of_one_layer_with_its_shape_and_letter(public, hospitals):
    shapes = {feature["properties"]["id"]: feature["properties"]["shape"] for feature in data_of(public().script)}
    assert shapes == {"h0": "circle", "h1": "square", "h2": "circle", "h3": "circle", "h4": "other"}
    pain = {
        feature["properties"]["id"]: feature["properties"]["shape"]
        for feature in data_of(public(condition="chest_pain").script)
    }
    assert pain == {"h0": "triangle", "h1": "diamond", "h2": "triangle", "h3": "diamond", "h4": "triangle"}
    assert public().script.count("L.geoJson(") == 1
    assert "bindPopup" not in public().script


def test_a_map_without_hospitals_shows_the_region(public, hospitals):
    empty = public_map(
        {"type": "FeatureCollection", "features": []}, **PLACE, attribution="x", region={"zh": "", "en": ""}, lang="en"
    )
    assert "[[29.5, 106.5], [29.6, 106.7]]" in empty.script


def test_an_attribution_is_text_too(public):
    script = public(attribution='<img src=x onerror="alert(1)">{{ 7*7 }}').script
    assert "&lt;img" in script.replace("\\u0026", "&")
    assert "\\u007b\\u007b 7*7" in script


def test_an_answer_shows_the_place_every_hospital_with_minutes_and_the_roads(drawn_answer, town_answer):
    script = drawn_answer("en").script
    here, *hospitals = data_of(script)
    assert here["properties"]["label"] == "You are here"
    assert [hospital["properties"]["letter"] for hospital in hospitals] == ["1", "2", "3", "4"]
    for shown, told in zip(hospitals, town_answer["hospitals"], strict=True):
        assert shown["geometry"]["coordinates"] == [told["lon"], told["lat"]]
        assert f"{minutes(told['travel_time_s'])} min" in shown["properties"]["label"]
    assert script.count("L.polyline(") == 2 * len(hospitals)  # an edge and a line for each road
    assert "strokeMap" not in script, "an answer must not need our own script"


@pytest.mark.parametrize(("seconds", "shown"), [(0, 1), (1, 1), (60, 1), (60.1, 2), (119.9, 2), (3600, 60)])
def test_minutes_are_rounded_up(seconds, shown):
    assert minutes(seconds) == shown
