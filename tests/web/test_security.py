import threading

import pytest

from stroke_map.settings import read_settings
from stroke_map.web import create_app


@pytest.mark.parametrize("address", ["/", "/healthz", "/api/v1/hospitals", "/api/v1/route", "/nothing", "/map.js"])
def test_every_response_carries_the_headers(client, address):
    headers = client.get(address).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "geolocation=(self)" in headers["Permissions-Policy"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy


AMBULANCE = {"profile": "ambulance"}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic correct horse battery staple",
        "Bearer 密钥",
        "Bearer correct",
    ],
)
def test_the_ambulance_profile_needs_the_key(client, place, header):
    headers = {} if header is None else {"Authorization": header.encode().decode("latin-1")}
    response = client.get("/api/v1/route", query_string=place | AMBULANCE, headers=headers)
    assert (response.status_code, response.get_json()["code"]) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_with_the_key_the_ambulance_is_routed(client, place, clinical):
    response = client.get("/api/v1/route", query_string=place | AMBULANCE, headers=clinical)
    assert response.get_json()["profile"] == "ambulance"


def test_a_server_without_a_key_refuses_every_key(demo_geodata, tmp_path, place):
    client = create_app(read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path, clinical_key="")).test_client()
    for header in ("Bearer", "Bearer ", "Bearer x"):
        response = client.get("/api/v1/route", query_string=place | AMBULANCE, headers={"Authorization": header})
        assert response.status_code == 401


def test_the_public_plane_takes_no_clinical_question_even_with_the_key(
    demo_geodata, tmp_path, place, clinical, settings
):
    public = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=tmp_path, clinical_key=settings.clinical_key, plane="public"
    )
    client = create_app(public).test_client()
    assert client.get("/api/v1/route", query_string=place | AMBULANCE, headers=clinical).status_code == 401
    assert client.get("/api/v1/route", query_string=place).status_code == 200


def test_the_clinical_plane_has_no_public_pages_and_answers_nobody_without_the_key(
    demo_geodata, tmp_path, place, clinical, settings
):
    only = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=tmp_path, clinical_key=settings.clinical_key, plane="clinical"
    )
    client = create_app(only).test_client()
    assert client.get("/").status_code == 404
    assert client.get("/map").status_code == 404
    assert client.get("/api/v1/route", query_string=place).status_code == 401
    assert client.get("/api/v1/route", query_string=place, headers=clinical).status_code == 200


def test_over_the_limit_public_questions_get_429_and_all_else_is_answered(settings, place, clinical, monkeypatch):
    """One public question is held inside `dispatch` while the others arrive."""
    from stroke_map.web import ask

    real, inside, go_on = ask.dispatch.answer, threading.Event(), threading.Event()

    def held(*asked):
        if threading.current_thread().name == "held":
            inside.set()
            assert go_on.wait(30)
        return real(*asked)

    monkeypatch.setattr(ask.dispatch, "answer", held)
    limited = {name: getattr(settings, name) for name in ("geodata_dir", "cache_dir", "clinical_key")}
    app = create_app(read_settings({}, **limited, public_route_concurrency=1))
    client, statuses = app.test_client(), []
    first = threading.Thread(
        target=lambda: statuses.append(app.test_client().get("/api/v1/route", query_string=place).status_code),
        name="held",
    )
    first.start()
    try:
        assert inside.wait(30)
        refused = client.get("/api/v1/route", query_string=place)
        assert (refused.status_code, refused.get_json()["code"]) == (429, "too-busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert client.get("/map", query_string=place).status_code == 429
        assert client.get("/api/v1/route", query_string=place | AMBULANCE, headers=clinical).status_code == 200
        assert client.get("/").status_code == 200
        assert client.get("/api/v1/hospitals").status_code == 200
    finally:
        go_on.set()
        first.join()
    assert statuses == [200]
    assert client.get("/api/v1/route", query_string=place).status_code == 200
