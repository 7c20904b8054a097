from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.live_state import warm_live_state
from stroke_map.web.models import Health, Readiness


def test_alive_whether_or_not_anything_is_published(client, app_without_edition):
    for each in (client, app_without_edition.test_client()):
        assert Health.model_validate(each.get("/healthz").get_json()).status == "ok"


def test_ready_names_the_edition(client, demo_edition):
    ready = Readiness.model_validate(client.get("/readyz").get_json())
    assert (ready.status, ready.edition, ready.demo, ready.reasons) == ("ready", demo_edition.info.id, True, [])
    assert not ready.live_state.stale


def test_live_state_that_cannot_be_read_is_told_while_the_edition_serves(demo_geodata, tmp_path):
    settings = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/live.db"
    )
    app = create_app(settings)
    warm_live_state(app)
    before = Readiness.model_validate(app.test_client().get("/readyz").get_json())
    assert not before.live_state.stale
    for file in tmp_path.glob("live.db*"):
        file.unlink()
    response = app.test_client().get("/readyz")
    after = Readiness.model_validate(response.get_json())
    assert (response.status_code, after.status, after.live_state.stale) == (200, "ready", True)
    assert after.live_state.as_of >= before.live_state.as_of


def test_a_damaged_edition_is_not_ready_and_names_the_file(copy_demo, tmp_path):
    (registry,) = copy_demo(tmp_path / "geodata").glob("editions/*/registry.db")
    begins = registry.read_bytes()[:100]
    registry.unlink()
    registry.write_bytes(begins)
    response = (
        create_app(read_settings({}, geodata_dir=tmp_path / "geodata", cache_dir=tmp_path)).test_client().get("/readyz")
    )
    body = response.get_json()
    assert (response.status_code, body["code"], body["files"]) == (503, "edition-damaged", ["registry.db"])
    assert "rollback" in body["next_step"]


def test_a_damaged_switch_degrades_while_the_sound_edition_serves(copy_demo, tmp_path):
    geodata = copy_demo(tmp_path / "geodata")
    app = create_app(read_settings({}, geodata_dir=geodata, cache_dir=tmp_path))
    client = app.test_client()
    assert client.get("/readyz").get_json()["status"] == "ready"
    (geodata / "current").write_text("no edition of ours")
    holder = app.extensions["stroke_map.published"]
    _wait_until(lambda: client.get("/readyz").get_json()["status"] == "degraded")
    assert holder.problem.code == "edition-damaged"
    assert client.get("/api/v1/hospitals").status_code == 200


def _wait_until(condition):
    import time

    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
