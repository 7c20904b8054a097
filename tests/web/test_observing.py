import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stroke_map import logs
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.door import Door
from stroke_map.web.measures import DEGRADED, measures_of
from stroke_map.web.observing import MOST_REFUSALS_TOLD_PER_S


class Lines:
    """Keeps what is said, as the log would have it."""

    def __init__(self):
        self.said = []

    def __getattr__(self, level):
        return lambda event, **facts: self.said.append((level, event, facts))


@pytest.fixture
def said(monkeypatch):
    lines = Lines()
    monkeypatch.setattr(logs, "log", lines)
    return lines.said


def counted(app, name):
    text = app.test_client().get("/metrics").get_data(as_text=True)
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"stroke_map_{name}"
    }


@pytest.fixture
def make_app(demo_geodata, tmp_path):
    def make(**fields):
        own = {"database_url": f"sqlite:///{tmp_path / 'live.db'}", "audit_dir": tmp_path / "audit"}
        app = create_app(
            read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path, clinical_key="k" * 20, **own | fields)
        )
        if not (tmp_path / "live.db").is_dir():
            app.extensions["stroke_map.live_store"].migrate()
        return app

    return make


@pytest.mark.parametrize("address", ["/", "/healthz", "/api/v1/route", "/nothing", "/static/nothing"])
def test_every_answer_has_an_id_of_its_own(client, address):
    ids = {client.get(address).headers["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", found) for found in ids)


def test_a_problem_and_the_page_of_an_error_name_it_too(client):
    response = client.get("/api/v1/route")
    assert response.get_json()["request_id"] == response.headers["X-Request-Id"]
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.headers["X-Request-Id"] in page.text


def test_the_id_of_a_proxy_is_taken_where_there_is_one_of_ours_alone(make_app):
    for proxies, taken in ((0, False), (1, True)):
        client = make_app(trusted_proxies=proxies).test_client()
        answer = client.get("/healthz", headers={"X-Request-Id": "proxy-0123456789"})
        assert (answer.headers["X-Request-Id"] == "proxy-0123456789") is taken
        assert len(answer.headers.getlist("X-Request-Id")) == 1


def test_the_audit_log_names_the_request_of_what_was_written_and_of_what_was_read(app, client, key_of):
    body = {"kind": "ct_down", "reason": "r", "author": "a"}
    hospital = client.get("/api/v1/hospitals").get_json()["features"][0]["id"]
    wrote = client.put(f"/api/v1/hospitals/{hospital}/status", json=body, headers=key_of("dispatcher"))
    assert wrote.status_code == 200
    lines = app.extensions["stroke_map.live_store"].audit.list(writes=True, most=5)
    assert wrote.headers["X-Request-Id"] in {line.get("request") for line in lines}


def test_requests_are_counted_by_plane_address_and_status(make_app, place, clinical):
    app = make_app()
    client, key = app.test_client(), {"Authorization": f"Bearer {'k' * 20}"}
    for _ in range(3):
        assert client.get("/api/v1/route", query_string=place).status_code == 200
    assert client.get("/api/v1/route", query_string=place | {"profile": "ambulance"}, headers=key).status_code == 200
    assert client.get("/api/v1/cases/7", headers=key).status_code == 404
    assert client.open("/nothing", method="MADEUP").status_code == 404
    found = counted(app, "request_seconds_count")
    assert found["/api/v1/route", "GET", "public", "200"] == 3
    assert found["/api/v1/route", "GET", "clinical", "200"] == 1
    assert found["/api/v1/cases/<case_id>", "GET", "clinical", "404"] == 1
    assert found["none", "other", "public", "404"] == 1
    assert counted(app, "problems_total") == {("not-found", "clinical"): 1, ("not-found", "public"): 1}
    assert counted(app, "snap_metres_count") == {("public",): 3, ("clinical",): 1}


def test_answers_that_know_less_than_they_should_are_counted_by_reason(make_app, place, tmp_path):
    (tmp_path / "live.db").mkdir()
    app = make_app()
    assert set(counted(app, "degraded_answers_total")) >= {(reason,) for reason in DEGRADED}
    assert app.test_client().get("/api/v1/route", query_string=place).status_code == 200
    assert app.test_client().get("/api/v1/route?lat=60&lon=5").status_code == 404
    told = {reason: count for (reason,), count in counted(app, "degraded_answers_total").items() if count}
    assert told == {"live-state-stale": 1, "outside-area": 1}


def test_of_the_public_nothing_is_logged_and_of_the_clinical_plane_a_line_for_each_request(make_app, place, said):
    client, key = make_app().test_client(), {"Authorization": f"Bearer {'k' * 20}"}
    client.get("/api/v1/route", query_string=place)
    client.get("/api/v1/route?lat=x")
    client.get("/readyz", headers=key)
    assert said == []
    client.get("/api/v1/route", query_string=place | {"profile": "ambulance"}, headers=key)
    client.get("/api/v1/cases/7", headers=key)
    levels = [
        (level, event, facts["plane"], facts["endpoint"], facts["status"], facts.get("code"))
        for level, event, facts in said
    ]
    assert levels == [
        ("info", "request", "clinical", "/api/v1/route", 200, None),
        ("warning", "request", "clinical", "/api/v1/cases/<case_id>", 404, "not-found"),
    ]
    assert all(set(facts) <= {"plane", "method", "endpoint", "status", "code", "ms"} for _, _, facts in said)


def test_of_refusals_before_flask_the_first_of_a_second_are_told_and_all_are_counted(make_app, said, monkeypatch):
    app = make_app(plane="clinical")
    app.wsgi_app._application = Door(app.wsgi_app._application, app)
    now = 1000.0
    monkeypatch.setattr("stroke_map.web.observing.time.monotonic", lambda: now)
    client = app.test_client()
    for _ in range(MOST_REFUSALS_TOLD_PER_S + 5):
        assert client.get("/api/v1/closures").status_code == 401
    assert [facts["code"] for _, event, facts in said if event == "request"] == ["unauthorized"] * MOST_REFUSALS_TOLD_PER_S  # fmt: skip
    client.get("/api/v1/nothing")
    assert said[-1][2]["status"] == 404
    now = 1001.0
    assert client.get("/api/v1/closures").status_code == 401
    assert (said[-1][0], said[-1][2]["status"], said[-1][2]["endpoint"]) == ("warning", 401, "none")
    assert counted(app, "problems_total")["unauthorized", "clinical"] == MOST_REFUSALS_TOLD_PER_S + 6


def test_public_requests_are_logged_where_one_says_so_and_always_where_we_failed(make_app, place, said):
    client = make_app(log_public_share=1.0).test_client()
    client.get("/api/v1/route", query_string=place)
    assert [facts["endpoint"] for _, _, facts in said] == ["/api/v1/route"]
    app = make_app()
    app.add_url_rule("/broken", "broken", lambda: 1 // 0)
    app.test_client().get("/broken")
    assert [(level, facts["status"], facts["code"]) for level, _, facts in said[1:]] == [
        ("error", 500, "internal-error")
    ]


def test_a_failure_beside_the_application_is_answered_and_told_without_its_words(make_app, said):
    app = make_app()

    def broken(environ, start_response):
        raise ValueError(environ["QUERY_STRING"])

    app.wsgi_app._application = broken
    response = app.test_client().get("/?Zq7secret")
    assert (response.status_code, response.get_json()["code"]) == (500, "internal-error")
    assert response.get_json()["request_id"] == response.headers["X-Request-Id"]
    assert [level for level, _, _ in said] == ["error", "error"]
    assert "Zq7secret" not in str(said)
    assert measures_of(app) is not None


def test_how_long_the_oldest_request_is_under_way_is_known(make_app):
    app = make_app()
    seen = []
    app.add_url_rule("/slow", "slow", lambda: seen.append(app.wsgi_app.pulse()) or "")
    assert app.wsgi_app.pulse() == 0.0
    app.test_client().get("/slow")
    assert seen[0] > 0.0
    assert app.wsgi_app.pulse() == 0.0
