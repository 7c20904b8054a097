from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.closure_models import AddedClosure, ClosureList, RecordedClosure
from stroke_map.web.models import Problem

ADDRESS = "/api/v1/closures"


@pytest.fixture
def client(live_app):
    return live_app.test_client()


@pytest.fixture
def entry(demo_street):
    return {"geometry": demo_street, "reason": "landslide", "author": "dispatcher 7"}


def problem_of(response, status, code):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, code)
    assert response.content_type == "application/problem+json"
    return body


def test_a_closure_is_recorded_listed_and_ended(client, clinical, entry):
    response = client.post(ADDRESS, json=entry, headers=clinical)
    added = AddedClosure.model_validate(response.get_json())
    assert (response.status_code, response.headers["Location"]) == (201, f"{ADDRESS}/{added.closure.id}")
    assert (added.closure.active, added.closure.kind, added.closure.until) == (True, "closed", None)
    assert added.stretches["car"] >= 1
    assert [warning.code for warning in added.warnings] == ["no-end"]

    (listed,) = ClosureList.model_validate(client.get(ADDRESS, headers=clinical).get_json()).closures
    assert listed == added.closure
    ended = client.delete(f"{ADDRESS}/{listed.id}", query_string={"by": "dispatcher 8"}, headers=clinical)
    assert ended.status_code == 200
    after = RecordedClosure.model_validate(ended.get_json())
    assert (after.active, after.ended_by) == (False, "dispatcher 8")
    assert client.get(ADDRESS, headers=clinical).get_json()["closures"] == []
    everything = client.get(f"{ADDRESS}?include_ended=true", headers=clinical).get_json()["closures"]
    assert [closure["id"] for closure in everything] == [listed.id]
    assert client.delete(f"{ADDRESS}/{listed.id}", headers=clinical).get_json()["ended_by"] == "dispatcher 8"


def test_a_slow_down_of_ways_later_is_not_active_yet(client, clinical, demo_edition):
    way = int(demo_edition.network("car").stretch_way_id[0])
    begins = datetime.now(UTC) + timedelta(hours=1)
    body = {
        "kind": "slow",
        "factor": 3,
        "ways": [way],
        "from": begins.isoformat(),
        "until": (begins + timedelta(hours=2)).isoformat(),
        "reason": "市场 <b>",
        "author": "a",
    }
    added = client.post(ADDRESS, json=body, headers=clinical).get_json()
    assert (added["closure"]["active"], added["closure"]["factor"], added["warnings"]) == (False, 3.0, [])
    assert added["closure"]["reason"] == "市场 <b>"

    def listed_at(moment):
        return client.get(ADDRESS, query_string={"at": moment.isoformat()}, headers=clinical).get_json()["closures"]

    assert listed_at(begins - timedelta(minutes=1)) == []
    assert len(listed_at(begins)) == 1


def test_a_time_without_an_offset_is_the_editions(client, clinical, entry, demo_edition):
    entry |= {"from": "2026-01-01T08:00", "until": "2099-01-01T08:00:00"}
    added = client.post(ADDRESS, json=entry, headers=clinical).get_json()["closure"]
    begins = datetime.fromisoformat(added["from"])
    assert begins == datetime(2026, 1, 1, 8, tzinfo=demo_edition.zone)
    assert len(client.get(f"{ADDRESS}?at=2026-01-01T08:00:00", headers=clinical).get_json()["closures"]) == 1
    assert client.get(f"{ADDRESS}?at=2026-01-01T07:59:59", headers=clinical).get_json()["closures"] == []


def test_a_geojson_feature_and_one_of_many_positions_are_taken(client, clinical, entry):
    geometry = entry.pop("geometry")
    feature = {"type": "Feature", "geometry": geometry, "properties": entry}
    assert client.post(ADDRESS, json=feature, headers=clinical).status_code == 201
    back_and_forth = (geometry["coordinates"] + geometry["coordinates"][::-1]) * 1000
    long = {"type": "LineString", "coordinates": back_and_forth[:9000]}
    response = client.post(ADDRESS, json=entry | {"geometry": long, "crs": "WGS-84"}, headers=clinical)
    assert response.status_code in {201, 422}  # it may be too long to mean anything, but it is not too large to read
    huge = client.post(ADDRESS, data=b"[" * (2 * 1024 * 1024 + 1), headers=clinical)
    problem_of(huge, 413, "too-large")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_everything_needs_the_clinical_key(client, entry, method, headers):
    address = f"{ADDRESS}/1" if method == "delete" else ADDRESS
    body = {"json": entry} if method == "post" else {}
    problem_of(getattr(client, method)(address, headers=headers, **body), 401, "unauthorized")


def test_the_public_plane_knows_no_closures(demo_geodata, tmp_path, clinical, settings):
    public = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=tmp_path, clinical_key=settings.clinical_key, plane="public"
    )
    client = create_app(public).test_client()
    problem_of(client.get(ADDRESS, headers=clinical), 404, "not-found")
    assert not any("closures" in path for path in client.get("/api/v1/openapi.json").get_json()["paths"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"geometry": None}, ("geometry", "only one of them")),
        ({"ways": [1]}, ("geometry", "only one of them")),
        (
            {"geometry": {"type": "LineString", "coordinates": [[6.1, 49.6], [6.2, 49.7]]}},
            ("geometry", "outside the region"),
        ),
        ({"geometry": {"type": "LineString", "coordinates": [[40.5, 102.5], [40.5, 102.6]]}}, ("geometry", "swapped")),
        ({"geometry": {"type": "LineString", "coordinates": []}}, ("geometry", "empty")),
        ({"until": "2020-01-01T00:00:00Z"}, ("until", "before it begins")),
        ({"from": "2020-01-01T00:00:00Z", "until": "2021-01-01T00:00:00Z"}, ("until", "ended already")),
        ({"reason": ""}, ("reason", "empty")),
        ({"author": "a\x00"}, ("author", "control")),
        ({"kind": "slow"}, ("factor", "missing")),
        ({"untill": "2099-01-01T00:00:00Z"}, ("untill", "not a field")),
        ({"<script>": 1}, ("(a name that is not plain a-z)", "not a field")),
        ({"geometry": None, "ways": [1, 2**62]}, ("ways", "no roads of this map: 1, 4611686018427387904")),
    ],
)
def test_what_is_wrong_is_refused_with_field_and_reason_and_nothing_is_recorded(client, clinical, entry, change, told):
    response = client.post(ADDRESS, json=entry | change, headers=clinical)
    field, problem = told
    found = problem_of(response, 422, "closure-refused")["problems"]
    assert [(p["field"], problem in p["problem"]) for p in found] == [(field, True)]
    assert client.get(f"{ADDRESS}?include_ended=true", headers=clinical).get_json()["closures"] == []


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b"{", b'"x"', b"\xff\xfe", b'{"type": "Feature", "properties": 3}']
)
def test_a_body_that_is_no_closure(client, clinical, content):
    body = problem_of(client.post(ADDRESS, data=content, headers=clinical), 422, "closure-refused")
    assert body["problems"]


def test_not_a_number_in_a_geometry_is_named(client, clinical):
    content = b'{"reason": "r", "author": "a", "geometry": {"type": "LineString", "coordinates": [[NaN, 1], [2, 3]]}}'
    body = problem_of(client.post(ADDRESS, data=content, headers=clinical), 422, "closure-refused")
    assert "not finite" in body["detail"]


@pytest.mark.parametrize("closure_id", ["1", "0", "-1", "x", "9" * 30, "1.5", "%00", "１"])
def test_ending_what_is_not_there(client, clinical, closure_id):
    problem_of(client.delete(f"{ADDRESS}/{closure_id}", headers=clinical), 404, "not-found")


def test_the_list_comes_page_by_page(client, clinical, entry):
    for _ in range(5):
        client.post(ADDRESS, json=entry, headers=clinical)

    def page(query):
        body = ClosureList.model_validate(client.get(f"{ADDRESS}{query}", headers=clinical).get_json())
        return [closure.id for closure in body.closures], body.more

    assert page("") == ([1, 2, 3, 4, 5], False)
    assert page("?most=2") == ([1, 2], True)
    assert page("?most=2&after=2") == ([3, 4], True)
    assert page("?most=2&after=4") == ([5], False)
    assert page("?most=5") == ([1, 2, 3, 4, 5], False)
    assert page("?after=9999999999") == ([], False)


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "most=0",
        "most=1001",
        "at=yesterday",
        "at=1",
        "include_ended=maybe",
        "nonsense=1",
        "at=2026-01-01T00:00Z&at=2026-01-01T00:00Z",
    ],
)
def test_a_bad_question_for_the_list(client, clinical, query):
    problem_of(client.get(f"{ADDRESS}?{query}", headers=clinical), 422, "invalid-request")


def test_while_the_database_is_away_recording_says_so(make_live_app, clinical, entry, live_database, tmp_path):
    client = make_live_app().test_client()
    assert client.get(ADDRESS, headers=clinical).status_code == 200
    live_database.take_away()
    body = problem_of(client.post(ADDRESS, json=entry, headers=clinical), 503, "live-store")
    assert str(tmp_path) not in str(body)
    problem_of(client.get(ADDRESS, headers=clinical), 503, "live-store")
