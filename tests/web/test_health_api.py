import os
import time

from stroke_map.settings import read_settings
from stroke_map.web import create_app, readiness, workers
from stroke_map.web.live_state import warm_live_state
from stroke_map.web.models import Health, Readiness
from stroke_map.web.workers import Workers


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
    assert (response.status_code, after.status, after.live_state.stale) == (200, "degraded", True)
    assert after.live_state.as_of >= before.live_state.as_of
    (told,) = [check for check in after.checks if check.name == "live_state"]
    assert (told.state, told.code) == ("failing", "live-state-stale")
    assert "STROKE_MAP_DATABASE_URL" in told.next_step
    assert "live-state-stale" in {reason.code for reason in after.reasons}


def test_each_thing_that_is_looked_at_is_told_in_both_languages_also_where_all_is_well(client, demo_geodata, tmp_path):
    ready = Readiness.model_validate(client.get("/readyz").get_json())
    assert {check.name for check in ready.checks} >= {"edition", "validity", "live_state", "deliveries", "disk"}
    assert {check.state for check in ready.checks} <= {"ok", "unknown"}
    assert all(check.text.zh and check.text.en and check.next_step is None for check in ready.checks)
    public = create_app(
        read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path, plane="public", audit_dir=tmp_path)
    )
    told = public.test_client().get("/readyz").get_json()["checks"]
    assert "deliveries" not in [check["name"] for check in told]


def test_what_is_not_ready_explains_itself_too(app_without_edition):
    body = app_without_edition.test_client().get("/readyz").get_json()
    (edition,) = [check for check in body["checks"] if check["name"] == "edition"]
    assert (edition["state"], edition["code"]) == ("failing", "no-edition")
    assert "stroke-map demo" in edition["next_step"]


def test_a_disk_that_is_nearly_full_degrades_and_says_where(client, monkeypatch):
    told = os.statvfs(".")
    full = os.statvfs_result((*told[:4], 3, *told[5:]))
    monkeypatch.setattr(readiness.os, "statvfs", lambda _: full)
    body = client.get("/readyz").get_json()
    (disk,) = [check for check in body["checks"] if check["name"] == "disk"]
    assert (body["status"], disk["code"]) == ("degraded", "disk-low")
    assert "geodata_dir 0 MB" in disk["text"]["en"]
    assert "prune" in disk["next_step"]


def test_of_a_server_workers_that_are_missing_or_stuck_are_told(demo_geodata, tmp_path, monkeypatch):
    app = create_app(read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path, audit_dir=tmp_path))
    measures = app.extensions["stroke_map.measures"]
    for wanted, age_s, state, code in (
        (2, 0, "failing", "workers-missing"),
        (1, 0, "ok", None),
        (1, 99, "failing", "worker-stuck"),
    ):
        measures.workers = Workers(tmp_path / f"{wanted}-{age_s}", wanted)
        now_s = time.monotonic()
        monkeypatch.setattr(workers.time, "monotonic", lambda now_s=now_s, age_s=age_s: now_s + age_s)
        (told,) = [one for one in app.test_client().get("/readyz").get_json()["checks"] if one["name"] == "workers"]
        monkeypatch.undo()
        assert (told["state"], told["code"]) == (state, code)


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
    warm_live_state(app)
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
