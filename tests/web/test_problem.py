"""One error shape, over every address and every way to fail."""

import logging

import pytest
from flask import request

from stroke_map.web.models import Problem

PAGES_ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


def problem_of(response):
    assert response.content_type == "application/problem+json"
    body = response.get_json()
    Problem.model_validate(body)
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:stroke-map:problem:{body['code']}"
    assert response.headers["Cache-Control"] == "no-store"
    return body


def test_every_address_answers_a_wrong_method_in_the_same_shape(app, client):
    addresses = {rule.rule for rule in app.url_map.iter_rules() if not rule.arguments}
    assert {"/", "/map", "/map.js", "/healthz", "/readyz", "/api/v1/route", "/api/v1/hospitals"} <= addresses
    for address in addresses:
        response = client.patch(address)
        assert problem_of(response)["code"] == "method-not-allowed"
        assert {"GET", "POST"} & set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("method", "address", "code", "status"),
    [
        ("GET", "/nothing/here", "not-found", 404),
        ("GET", "/api/v1/nothing", "not-found", 404),
        ("GET", "/static/../settings.py", "not-found", 404),
        ("GET", "/static/leaflet/..%2f..%2f..%2fetc/passwd", "not-found", 404),
        ("GET", "/tiles/demo/99/0/0.png", "not-found", 404),
        ("GET", "/tiles/demo/1/5/5.png", "not-found", 404),
        ("GET", "/api/v1/route", "invalid-request", 422),
        ("POST", "/api/v1/route", "invalid-request", 422),
        ("GET", "/map", "invalid-request", 422),
        ("POST", "/map", "invalid-request", 422),
        ("GET", "/api/v1/route?lat=60&lon=5", "outside-area", 404),
        ("GET", "/api/v1/route?lat=1&lon=1&profile=ambulance", "unauthorized", 401),
    ],
)
def test_each_way_to_fail_has_the_same_shape(client, method, address, code, status):
    response = client.open(address, method=method)
    assert (problem_of(response)["code"], response.status_code) == (code, status)


@pytest.mark.parametrize(
    "address", ["/", "/map?lat=1&lon=1", "/map.js", "/readyz", "/api/v1/route?lat=1&lon=1", "/api/v1/hospitals"]
)
def test_without_an_edition_everything_that_needs_one_says_so(app_without_edition, address):
    folder = app_without_edition.extensions["stroke_map.settings"].geodata_dir
    body = problem_of(app_without_edition.test_client().get(address))
    assert body["code"] == "no-edition"
    assert "stroke-map demo" in body["next_step"]
    assert str(folder) not in str(body)


def test_a_body_that_is_too_large_is_not_read(client):
    response = client.post("/api/v1/route", data=b"[" * 100_000, content_type="application/json")
    assert problem_of(response)["code"] == "too-large"


def test_a_browser_gets_a_page_with_the_same_facts_and_a_program_json(client):
    response = client.get("/map?lat=60&lon=5", headers={"Accept": PAGES_ACCEPT})
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert "120" in response.text
    assert "script-src" in response.headers["Content-Security-Policy"]
    assert client.get("/api/v1/route", headers={"Accept": PAGES_ACCEPT}).content_type == "application/problem+json"


def test_an_unexpected_error_shows_and_logs_nothing_that_was_sent(settings, caplog):
    from stroke_map.web import create_app

    app = create_app(settings)
    app.add_url_rule("/api/v1/broken", "broken", lambda: str(int(request.args["onset"])))
    with caplog.at_level(logging.ERROR):
        response = app.test_client().get("/api/v1/broken?onset=Zq7secret")
    assert problem_of(response)["code"] == "internal-error"
    assert "Zq7secret" not in response.text + caplog.text
    assert "ValueError" in caplog.text
