import logging
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from stroke_map.coordinates import from_wgs84
from stroke_map.web.models import Answer

PUBLIC_FIELDS = {
    "condition": "stroke",
    "need": "ct",
    "profile": "car",
    "limit": 5,
    "roads": "all",
    "at": "2026-05-01T10:00:00Z",
}


def get(client, **fields):
    return client.get("/api/v1/route", query_string=fields)


def without_clock(answer):
    """What two answers to the same question must share: all but the moment of asking."""
    return {name: value for name, value in answer.items() if name not in {"asked_at", "origin", "live_state"}}


def test_the_answer_has_the_documented_shape_and_members_in_order(client, place):
    response = get(client, **place)
    assert response.status_code == 200
    body = response.get_json()
    answer = Answer.model_validate(body)
    assert list(body)[:5] == ["edition", "profile", "period", "asked_at", "demo"]
    assert list(body)[5:9] == ["origin", "hospitals", "decision", "live_state"]
    assert (answer.profile, answer.demo, answer.origin.crs, len(answer.hospitals)) == ("car", True, "WGS-84", 3)
    assert response.headers["Cache-Control"] == "no-store"


def test_the_demonstration_says_stop(client, place):
    warnings = get(client, **place).get_json()["warnings"]
    (demo,) = [warning for warning in warnings if warning["code"] == "demo-data"]
    assert demo["severity"] == "stop"


def test_the_road_is_drawn_to_the_first_alone_unless_all_are_asked(client, place):
    first = Answer.model_validate(get(client, **place, roads="first").get_json()).hospitals
    assert [hospital.geometry is not None for hospital in first] == [True, False, False]
    every = Answer.model_validate(get(client, **place, roads="all").get_json()).hospitals
    assert all(hospital.geometry is not None and hospital.steps for hospital in every)


@pytest.mark.parametrize("limit", [1, 20])
def test_limit_bounds_the_list(client, place, limit):
    assert 1 <= len(get(client, **place, limit=limit).get_json()["hospitals"]) <= limit


def test_a_limit_above_the_setting_is_a_mistake(client, place, settings):
    response = get(client, **place, limit=settings.limit_max + 1)
    (error,) = response.get_json()["errors"]
    assert (response.status_code, error["field"]) == (422, "limit")


def test_get_and_post_give_the_same_answer(client, place):
    by_get = get(client, **place, **PUBLIC_FIELDS).get_json()
    by_post = client.post("/api/v1/route", json=place | PUBLIC_FIELDS | {"crs": "WGS-84"}).get_json()
    assert without_clock(by_get) == without_clock(by_post)


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_a_place_in_another_system_is_the_same_place_and_is_echoed_as_given(client, place, crs):
    lat, lon = from_wgs84(place["lat"], place["lon"], crs)
    there = get(client, lat=lat, lon=lon, crs=crs).get_json()
    here = get(client, **place).get_json()
    assert there["origin"]["crs"] == crs
    assert there["origin"]["lat"] == pytest.approx(lat, abs=1e-9)
    assert [hospital["id"] for hospital in there["hospitals"]] == [hospital["id"] for hospital in here["hospitals"]]
    times = [[hospital["travel_time_s"] for hospital in answer["hospitals"]] for answer in (here, there)]
    assert times[0] == pytest.approx(times[1], abs=0.5)


def test_without_a_system_json_is_refused(client, place):
    (error,) = client.post("/api/v1/route", json=place).get_json()["errors"]
    assert (error["field"], error["problem"]) == ("crs", "is missing")


def test_a_time_without_offset_is_the_editions_local_time(client, place, demo_edition):
    local = datetime(2026, 5, 1, 3, 0, tzinfo=ZoneInfo(demo_edition.info.timezone))
    answers = [get(client, **place, limit=20, at=at).get_json() for at in ("2026-05-01T03:00:00", local.isoformat())]
    assert without_clock(answers[0]) == without_clock(answers[1])


@pytest.mark.parametrize(
    "pair", [("stroke", "primary_pci"), ("stroke", "fibrinolysis"), ("chest_pain", "thrombectomy")]
)
def test_a_need_that_does_not_fit_the_condition_is_a_mistake(client, place, pair):
    response = get(client, **place, condition=pair[0], need=pair[1])
    assert (response.status_code, response.get_json()["code"]) == (422, "invalid-request")
    assert "need" in {error["field"] for error in response.get_json()["errors"]}


def test_exchanged_coordinates_are_named_even_where_both_are_in_range(client, demo_geodata, place):
    response = get(client, lat=place["lon"], lon=place["lat"])
    assert response.status_code == 422
    assert any("swapped" in error["problem"] for error in response.get_json()["errors"])


def test_outside_the_area_hospitals_come_by_straight_line(client):
    body = get(client, lat=60, lon=5).get_json()
    distances = [hospital["straight_line_m"] for hospital in body["fallback"]]
    assert distances == sorted(distances)
    assert distances
    assert all(hospital["class"] == "straight-line" for hospital in body["fallback"])


def test_a_parameter_given_twice_is_a_mistake(client, place):
    response = client.get(f"/api/v1/route?lat={place['lat']}&lon={place['lon']}&lat=1")
    assert response.get_json()["errors"][0] == {"field": "lat", "problem": "is given more than once", "example": None}


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"lat"', b"{", b"\xff\xfe", b"[" * 5000, b'{"lat": ' + b"9" * 5000 + b"}", b"lat=1&lon=2"],
)
def test_a_body_that_is_no_json_object_is_a_mistake_of_the_body(client, body):
    response = client.post("/api/v1/route", data=body, content_type="application/json")
    assert (response.status_code, response.get_json()["errors"][0]["field"]) == (422, "body")


def test_nan_in_json_is_named_by_its_field(client):
    body = b'{"lat": NaN, "lon": -Infinity, "crs": "WGS-84"}'
    errors = client.post("/api/v1/route", data=body, content_type="application/json").get_json()["errors"]
    assert [(error["field"], "finite" in error["problem"]) for error in errors] == [("lat", True), ("lon", True)]


@pytest.mark.parametrize("field", ["onset", "last_known_well", "age", "scale", "patient"])
def test_what_is_about_the_patient_needs_the_key_and_never_stands_in_an_address(client, place, clinical, field):
    patient = {field: "Zq7secret"}
    by_get = client.get("/api/v1/route", query_string=place | patient)
    by_post = client.post("/api/v1/route", json=place | {"crs": "WGS-84"} | patient)
    assert (by_get.status_code, by_post.status_code) == (401, 401)
    with_key = client.get("/api/v1/route", query_string=place | patient, headers=clinical)
    assert (with_key.status_code, with_key.get_json()["errors"][0]["field"]) == (422, field)
    for response in (by_get, by_post, with_key):
        assert "Zq7secret" not in response.text


def test_nothing_of_a_question_is_logged(client, place, clinical, caplog):
    with caplog.at_level(logging.DEBUG):
        get(client, **place)
        get(client, lat="12.345678", lon="Zq7secret")
        client.post("/api/v1/route", json=place | {"crs": "WGS-84", "age": "Zq7secret"}, headers=clinical)
    assert "Zq7secret" not in caplog.text
    assert "12.345678" not in caplog.text
    assert str(place["lat"]) not in caplog.text


def test_the_road_as_gpx_is_the_road_of_the_answer(client, place):
    answer = get(client, **place).get_json()
    for response in (
        client.get("/api/v1/route.gpx", query_string=place, headers={"Accept-Language": "zh"}),
        client.post("/api/v1/route.gpx", json=place | {"crs": "WGS-84"}, headers={"Accept-Language": "zh"}),
    ):
        assert (response.status_code, response.mimetype) == (200, "application/gpx+xml")
        text = response.get_data(as_text=True)
        assert text.count("<trkpt ") == len(answer["hospitals"][0]["geometry"]["coordinates"])
        assert text.count("<rtept ") == len(answer["hospitals"][0]["steps"])
        assert "演示数据，不可用于急救" in text
        assert response.headers["Cache-Control"] == "no-store"


def test_a_gpx_question_with_a_mistake_is_told_like_any_other(client):
    response = client.get("/api/v1/route.gpx", query_string={"lat": "north", "lon": 1})
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
