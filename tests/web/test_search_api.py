import threading
from urllib.parse import urlencode

import pytest

from stroke_map.editions.searching import search_of
from stroke_map.registry.places import load_places
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.search_models import LONGEST_TEXT, SearchAnswer


def ask(client, q, **more):
    return client.get("/api/v1/search", query_string={"q": q, **more})


def results(client, q, **more):
    response = ask(client, q, **more)
    assert response.status_code == 200, response.get_data(as_text=True)
    return SearchAnswer.model_validate(response.get_json()).results


def test_every_hospital_is_found_first_by_each_of_its_names(client, demo_edition):
    for hospital in demo_edition.hospitals:
        for name in filter(None, (hospital.name_zh, hospital.name_en, hospital.name_short)):
            found = {one.id: one for one in results(client, name) if one.matched == name}
            assert (found[hospital.id].kind, found[hospital.id].lat) == ("hospital", hospital.entrance_lat)
            assert found[hospital.id].lon == hospital.entrance_lon


def test_the_gazetteer_of_the_edition_is_searched_too(client, demo_edition):
    place = next(place for place in load_places(demo_edition.folder / "registry.db") if place.kind == "road")
    found = [one for one in results(client, place.name, limit=20) if one.kind == "road"]
    assert (place.lat, place.lon) in {(one.lat, one.lon) for one in found}
    assert {one.id for one in found} == {None}


def test_districts_are_found(client, demo_edition):
    district = next(hospital.district for hospital in demo_edition.hospitals if hospital.district)
    assert district in {one.name.zh for one in results(client, district) if one.kind in {"district", "settlement"}}


def test_the_label_is_in_the_language_asked_for(client, demo_edition):
    hospital = demo_edition.hospitals[0]
    labels = {lang: results(client, hospital.name_zh, lang=lang)[0].label for lang in ("zh", "en")}
    assert labels["zh"].startswith(hospital.name_zh)
    assert labels["en"].startswith(hospital.name_en)
    assert all(label.endswith(f" · {hospital.district}") for label in labels.values())


def test_nothing_found_is_an_answer(client):
    assert results(client, "zzzzzz") == []
    assert results(client, "？！") == []


def test_the_limit_holds(client):
    assert len(results(client, "a", limit=2)) == 2


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({}, "q", "is missing"),
        ({"q": ""}, "q", "1 to 100 characters"),
        ({"q": "x" * (LONGEST_TEXT + 1)}, "q", "1 to 100 characters"),
        ({"q": "x", "limit": "0"}, "limit", "1 to 20"),
        ({"q": "x", "limit": "21"}, "limit", "1 to 20"),
        ({"q": "x", "limit": "many"}, "limit", "whole number"),
        ({"q": "x", "lang": "fr"}, "lang", "one of"),
        ({"q": "x", "age": "64"}, "age", "not a field"),
        ([("q", "x"), ("q", "y")], "(a repeated name)", "more than once"),
    ],
)
def test_a_question_with_a_mistake_names_it_and_repeats_nothing(client, query, field, said):
    response = client.get(f"/api/v1/search?{urlencode(query)}")
    problem = response.get_json()
    assert (response.status_code, problem["code"]) == (422, "invalid-request")
    assert problem["errors"][0]["field"] == field
    assert said in problem["errors"][0]["problem"]
    assert "x" * 20 not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "q", ['"', "'", "*", "a*", "NEAR(a b)", "a AND", "\0", "%", "<script>", "${1}", "万" * 100, "\u202e", " "]
)
def test_hostile_questions_are_answered(client, q):
    results(client, q)


def test_an_unchanged_edition_is_not_sent_again_and_only_the_caller_keeps_it(client):
    first = ask(client, "a")
    again = client.get("/api/v1/search?q=a", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("plane", ["public", "clinical"])
def test_both_planes_answer_without_a_key(demo_geodata, tmp_path, plane):
    app = create_app(read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path, plane=plane, clinical_key="k"))
    assert ask(app.test_client(), "a").status_code == 200


def test_over_the_limit_a_public_question_is_sent_away_and_a_clinical_server_answers(demo_geodata, tmp_path):
    for plane, status in (("public", 429), ("clinical", 200)):
        settings = read_settings(
            {}, geodata_dir=demo_geodata, cache_dir=tmp_path, plane=plane, clinical_key="k", public_route_concurrency=1
        )
        app = create_app(settings)
        assert app.extensions["stroke_map.public_slots"].acquire(blocking=False)
        assert ask(app.test_client(), "a").status_code == status


def test_without_an_edition_it_says_so(app_without_edition):
    assert ask(app_without_edition.test_client(), "a").status_code == 503


def test_many_threads_get_the_same_answer(app):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(app.test_client(), "yiyuan").data)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [answers[0]] * 6


def test_a_search_is_made_once_for_an_edition(demo_edition):
    assert search_of(demo_edition) is search_of(demo_edition)


def test_what_was_typed_is_in_no_log(client, caplog):
    with caplog.at_level("DEBUG"):
        ask(client, "secretplace")
        ask(client, "secretplace" * 50)
    assert "secretplace" not in caplog.text
