import pytest

from stroke_map.registry import TEAMS
from stroke_map.web.models import HospitalCollection


def test_every_hospital_is_a_point_in_geojson_order(client, demo_edition):
    response = client.get("/api/v1/hospitals")
    assert response.content_type == "application/geo+json"
    collection = HospitalCollection.model_validate(response.get_json())
    west, south, east, north = demo_edition.info.region.bounds
    found = {feature["properties"]["id"]: feature["geometry"]["coordinates"] for feature in collection.features}
    assert set(found) == {hospital.id for hospital in demo_edition.hospitals}
    assert all(west - 1 < lon < east + 1 and south - 1 < lat < north + 1 for lon, lat in found.values())


def test_the_list_says_that_it_is_a_demonstration(client):
    assert client.get("/api/v1/hospitals").get_json()["demo"] is True


def test_an_unchanged_edition_is_not_sent_again(client):
    first = client.get("/api/v1/hospitals")
    again = client.get("/api/v1/hospitals", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/api/v1/hospitals", headers={"If-None-Match": '"of another edition"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/?lang=en&condition=chest_pain",
        "/api/v1/hospitals",
        "/api/v1/route?condition=stroke&limit=20&roads=all&lat={lat}&lon={lon}",
        "/map?condition=chest_pain&lat={lat}&lon={lon}",
    ],
)
def test_the_numbers_that_alerts_call_are_in_nothing_public(client, demo_edition, place, address):
    numbers = {contact.phone for hospital in demo_edition.hospitals for contact in hospital.contacts}
    assert len(numbers) > 24
    answer = client.get(address.format(**place))
    assert answer.status_code == 200
    said = answer.get_data(as_text=True)
    assert demo_edition.hospitals[0].phone in said
    assert [number for number in numbers if number in said] == []
    assert [team for team in TEAMS if f"{team}_contacts" in said] == []
