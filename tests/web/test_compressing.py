"""What goes compressed, and what must not."""

import gzip

import pytest

from stroke_map.maps import files

GZIP = {"Accept-Encoding": "gzip, deflate"}


@pytest.mark.parametrize(
    "address", ["/", "/map.js", "/static/css/page.css", "/static/leaflet/leaflet.js", "/api/v1/hospitals"]
)
def test_text_goes_compressed_to_whoever_takes_it_and_is_the_same(client, address):
    plain, packed = client.get(address), client.get(address, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < 0.5 * len(plain.data)
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    for response in (plain, packed):
        assert "Accept-Encoding" in response.headers["Vary"]
    assert packed.data == client.get(address, headers=GZIP).data


@pytest.mark.parametrize("address", ["/", "/static/css/page.css", "/api/v1/hospitals"])
def test_what_a_browser_has_is_not_sent_again_in_either_form(client, address):
    for headers in ({}, GZIP):
        etag = client.get(address, headers=headers).headers["ETag"]
        again = client.get(address, headers=headers | {"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers=GZIP).headers["ETag"].startswith('W/"'), "other bytes under one name"


def test_an_answer_goes_compressed_too(client, place):
    asked = place | {"crs": "WGS-84"}
    packed = client.post("/api/v1/route", json=asked, headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b'"hospitals"' in gzip.decompress(packed.data)


def test_nothing_that_belongs_to_somebody_logged_in_and_no_picture_is_compressed(client, clinical, demo_edition):
    assert "Content-Encoding" not in client.get("/api/v1/session", headers=clinical | GZIP).headers
    assert "Content-Encoding" not in client.get("/api/v1/closures", headers=clinical | GZIP).headers
    assert "Content-Encoding" not in client.get(f"/tiles/{demo_edition.info.id}/10/0/0.png", headers=GZIP).headers


def test_a_list_about_patients_is_left_as_it_is(live_app, clinical, place):
    client = live_app.test_client()
    question = place | {"crs": "WGS-84", "condition": "stroke", "age": 70}
    case = client.post("/api/v1/cases", json={"question": question}, headers=clinical).get_json()
    client.post("/api/v1/alerts", json={"case": case["id"]}, headers=clinical | {"Idempotency-Key": "1"})
    listed = client.get("/api/v1/alerts", headers=clinical | GZIP)
    assert len(listed.data) > 500
    assert "Content-Encoding" not in listed.headers


def test_who_refuses_gzip_gets_none(client):
    for refusal in ("gzip;q=0", "identity", "br"):
        page = client.get(files.static_url("css/page.css"), headers={"Accept-Encoding": refusal})
        assert "Content-Encoding" not in page.headers
