"""That the log is whole is said by a process beside the server; nothing of it is replaced."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from stroke_map.errors import LiveStoreError, TooBusyError
from stroke_map.live.accounts import read_standing
from stroke_map.settings import read_settings
from stroke_map.web import audit_check, create_app
from stroke_map.web.audit_check import Verified

ADDRESS = "/api/v1/audit/verify"


@pytest.fixture
def app(demo_geodata, tmp_path):
    own = {"geodata_dir": demo_geodata, "cache_dir": tmp_path, "audit_dir": tmp_path / "audit"}
    app = create_app(read_settings({}, database_url=f"sqlite:///{tmp_path / 'live.db'}", **own))
    app.extensions["stroke_map.live_store"].migrate()
    yield app
    app.extensions["stroke_map.read_log"].close()
    app.extensions["stroke_map.live_store"].close()


def test_an_administrator_is_told_whether_a_line_was_changed(app):
    client, store = app.test_client(), app.extensions["stroke_map.live_store"]
    with store.audit.doing(actor="me", role="test", action="begin"):
        standing = read_standing("chief", "administrator")
        _, key = store.accounts.add_key(standing, lasts=timedelta(days=1), by="me", now=datetime.now(UTC))
    known = {"Authorization": f"Bearer {key}"}
    whole = Verified.model_validate(client.get(ADDRESS, headers=known).get_json())
    assert (whole.whole, whole.lines > 0, whole.problems) == (True, True, [])
    with store.writing(audited=False) as connection:
        connection.execute(text("UPDATE audit SET line = replace(line, 'begin', 'never')"))
    broken = Verified.model_validate(client.get(ADDRESS, headers=known).get_json())
    assert (broken.whole, broken.problems) == (False, ["writes: line 1 was changed"])
    assert client.get(ADDRESS).status_code == 401


def test_one_at_a_time_reads_it_and_nobody_waits_for_ever(app, monkeypatch):
    settings = app.extensions["stroke_map.settings"]
    with audit_check._checking, pytest.raises(TooBusyError, match="already"):
        audit_check.verify(settings)
    monkeypatch.setattr(audit_check, "_LONGEST_S", 0.01)
    with pytest.raises(TooBusyError, match="too long"):
        audit_check.verify(settings)
    assert not audit_check._checking.locked()


def test_a_log_that_cannot_be_read_is_no_broken_one(tmp_path, app):
    settings = read_settings({}, database_url=f"sqlite:///{tmp_path}", geodata_dir=tmp_path, cache_dir=tmp_path)
    with pytest.raises(LiveStoreError):
        audit_check.verify(settings)
