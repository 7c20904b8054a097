from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stroke_map.editions.info import read_info
from stroke_map.editions.seal import seal
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.live_state import warm_live_state


def values_of(client):
    text = client.get("/metrics").get_data(as_text=True)
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name: sample for sample in samples}


@pytest.fixture
def client_of(copy_demo, tmp_path):
    """A client of the demonstration city as an edition made and valid as said."""

    def make(**changes):
        geodata = copy_demo(tmp_path / "geodata")
        (document,) = geodata.glob("editions/*/edition.json")
        info = read_info(document.read_bytes()).model_copy(update=changes)
        document.unlink()
        seal(document.parent, info)
        app = create_app(read_settings({}, geodata_dir=geodata, cache_dir=tmp_path))
        warm_live_state(app)
        return app.test_client()

    return make


def test_metrics_say_which_edition_serves(client, demo_edition):
    values = values_of(client)
    assert values["stroke_map_edition_sound"].value == 1
    assert values["stroke_map_edition_info"].labels == {
        "edition": demo_edition.info.id, "region": demo_edition.info.region.id, "demo": "true"
    }  # fmt: skip
    assert client.get("/metrics").headers["Content-Type"].startswith("text/plain; version=")


def test_metrics_say_how_old_it_is_and_how_long_it_holds(client_of):
    now = datetime.now(UTC)
    values = values_of(client_of(created_at=now - timedelta(days=3), valid_until=now.date() - timedelta(days=20)))
    assert 3 <= values["stroke_map_edition_age_days"].value < 3.1
    assert values["stroke_map_edition_days_left"].value in {-20, -21}


def test_without_an_edition_metrics_say_that_alone(app_without_edition):
    values = values_of(app_without_edition.test_client())
    assert {name for name in values if "edition" in name} == {"stroke_map_edition_sound"}
    assert values["stroke_map_edition_sound"].value == 0


def test_metrics_say_what_is_closed_and_what_hospitals_say_now(make_live_app, demo_edition, clinical):
    app = make_live_app()
    app.extensions["stroke_map.live_store"].migrate()
    client, way = app.test_client(), int(demo_edition.network("car").stretch_way_id[0])
    assert values_of(client)["stroke_map_live_state_stale"].value == 0
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for fields in ({}, {"kind": "slow", "factor": 2.0}, {"from": later}):
        body = {"ways": [way], "reason": "r", "author": "a"} | fields
        assert client.post("/api/v1/closures", json=body, headers=clinical).status_code == 201
    body = {"kind": "ct_down", "reason": "r", "author": "a"}
    assert (
        client.put(f"/api/v1/hospitals/{demo_edition.hospitals[0].id}/status", json=body, headers=clinical).status_code
        == 200
    )
    text = client.get("/metrics").get_data(as_text=True)
    for line in (
        'closures{kind="closed"} 1.0',
        'closures{kind="slow"} 1.0',
        'hospital_statuses{kind="ct_down"} 1.0',
        'hospital_statuses{kind="full"} 0.0',
    ):
        assert f"stroke_map_{line}\n" in text


def test_metrics_say_which_check_fails_and_how_much_room_there_is(client):
    text = client.get("/metrics").get_data(as_text=True)
    assert 'stroke_map_check_failing{check="disk"} 0.0' in text
    free = values_of(client)["stroke_map_disk_free_bytes"]
    assert set(free.labels) == {"folder"}
    assert free.value > 0


@pytest.mark.parametrize(
    ("days", "status", "codes"),
    [(61 + 1, "ready", []), (30, "ready", ["edition-expiring"]), (-5, "degraded", ["edition-expired"])],
)
def test_readiness_warns_before_the_end_and_is_degraded_after_it(client_of, days, status, codes):
    ready = client_of(valid_until=datetime.now(UTC).date() + timedelta(days=days)).get("/readyz")
    body = ready.get_json()
    assert (ready.status_code, body["status"], [reason["code"] for reason in body["reasons"]]) == (200, status, codes)
    assert abs(body["days_left"] - days) <= 1
