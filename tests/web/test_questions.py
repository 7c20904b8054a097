from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.errors import InvalidRequestError
from stroke_map.web.questions import RouteBody, RouteQuery, read_question

HERE = {"lat": "29.5574", "lon": "106.577"}
BODY = {"lat": 29.5574, "lon": 106.577, "crs": "GCJ-02"}


def mistakes(model, fields):
    with pytest.raises(InvalidRequestError) as raised:
        read_question(model, fields)
    return {mistake["field"]: mistake["problem"] for mistake in raised.value.facts["errors"]}


def test_a_url_with_a_place_alone_asks_for_stroke_by_car_in_wgs84():
    asked = read_question(RouteQuery, HERE)
    assert (asked.lat, asked.lon, asked.crs) == (29.5574, 106.577, "WGS-84")
    assert (asked.condition, asked.need, asked.profile, asked.roads, asked.at) == ("stroke", None, "car", "first", None)


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"lat": "NaN"}, "lat", "finite"),
        ({"lon": "-inf"}, "lon", "finite"),
        ({"lon": "1e999"}, "lon", "finite"),
        ({"lat": "north"}, "lat", "number"),
        ({"lat": ""}, "lat", "number"),
        ({"lat": "1_0"}, "lat", "number"),
        ({"lat": "２９"}, "lat", "number"),
        ({"lat": "91"}, "lat", "-90 to 90"),
        ({"lon": "180.1"}, "lon", "-180 to 180"),
        ({"lat": "106.577", "lon": "29.5574"}, "lat", "swapped"),
        ({"condition": "toothache"}, "condition", "'stroke' or 'chest_pain'"),
        ({"need": "surgery"}, "need", "'thrombectomy'"),
        ({"profile": "bicycle"}, "profile", "'car' or 'ambulance'"),
        ({"crs": "EPSG:4326"}, "crs", "'WGS-84', 'GCJ-02' or 'BD-09'"),
        ({"limit": "0"}, "limit", "1 or more"),
        ({"limit": "three"}, "limit", "not of the right kind"),
        ({"roads": "none"}, "roads", "'first' or 'all'"),
        ({"at": "tomorrow"}, "at", "RFC 3339"),
        ({"at": "2026-05-01"}, "at", "RFC 3339"),
        ({"at": "1777600000"}, "at", "RFC 3339"),
        ({"at": "2026-02-30T10:00:00Z"}, "at", "not a time that exists"),
        ({"at": "0001-01-01T00:00:00+08:00"}, "at", "between 2000 and 2100"),
        ({"colour": "red"}, "colour", "not a field"),
    ],
)
def test_each_mistake_in_a_url_is_named_with_what_would_be_right(change, field, problem):
    found = mistakes(RouteQuery, HERE | change)
    assert set(found) == {field}
    assert problem in found[field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lat": "29.5"}, None),  # text that is a plain number is taken: it cannot mean anything else
        ({"lat": True}, "lat"),
        ({"lat": None}, "lat"),
        ({"lat": [29.5]}, "lat"),
        ({"lon": 10**400}, "lon"),
        ({"lon": float("nan")}, "lon"),
        ({"limit": 2.5}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": "3"}, "limit"),
        ({"at": 1777600000}, "at"),
        ({"condition": ["stroke"]}, "condition"),
        ({"crs": None}, "crs"),
    ],
)
def test_json_takes_the_right_kinds_only(change, field):
    if field is None:
        assert read_question(RouteBody, BODY | change).lat == 29.5
    else:
        assert set(mistakes(RouteBody, BODY | change)) == {field}


def test_json_must_name_the_system_of_its_coordinates():
    assert mistakes(RouteBody, {"lat": 29.5, "lon": 106.5}) == {"crs": "is missing"}


def test_all_mistakes_come_at_once_and_each_known_field_has_an_example():
    with pytest.raises(InvalidRequestError) as raised:
        read_question(RouteQuery, {"lat": "x", "need": "y"})
    errors = raised.value.facts["errors"]
    assert [error["field"] for error in errors] == ["lat", "lon", "need"]
    assert all(error["example"] is not None for error in errors)


@pytest.mark.parametrize(
    "text", ["2026-05-01T20:30:00+08:00", "2026-05-01 20:30:00 08:00", "2026-05-01T20:30:00.000+08:00"]
)
def test_an_offset_is_kept_even_when_its_plus_was_not_encoded(text):
    at = read_question(RouteQuery, HERE | {"at": text}).at
    assert at == datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    assert at.utcoffset() == timedelta(hours=8)


def test_a_time_without_offset_stays_without_for_the_edition_to_place():
    assert read_question(RouteQuery, HERE | {"at": "2026-05-01T20:30"}).at.tzinfo is None


SECRET = "Zq7secret"


@given(
    field=st.sampled_from(["lat", "lon", "condition", "need", "profile", "crs", "limit", "roads", "at", "other"]),
    prefix=st.text(max_size=5),
)
def test_what_was_sent_is_never_repeated(field, prefix):
    value = prefix + SECRET
    for model, fields in ((RouteQuery, HERE), (RouteBody, BODY)):
        with pytest.raises(InvalidRequestError) as raised:
            read_question(model, fields | {field: value})
        assert SECRET not in repr((str(raised.value), raised.value.facts))


@given(name=st.text(max_size=60).filter(lambda name: not name.isascii() or not name.isidentifier()))
def test_a_name_that_is_not_plain_is_not_repeated(name):
    found = mistakes(RouteQuery, HERE | {name: "1"})
    assert list(found) == ["(a name that is not plain a-z)"]


@given(
    st.dictionaries(
        st.text(max_size=12), st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.lists(st.text()))
    )
)
def test_any_fields_are_a_question_or_an_invalid_request(fields):
    for model in (RouteQuery, RouteBody):
        with suppress(InvalidRequestError):
            assert read_question(model, fields).condition in {"stroke", "chest_pain"}
