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
