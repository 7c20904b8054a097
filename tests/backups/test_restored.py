"""What is restored goes on where nobody is misled: no id means two things, and nobody is called for a patient of long ago."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from stroke_map.backups import back_up, restore
from stroke_map.live import LiveStore

BY = {"actor": "li", "role": "command line", "action": "stroke-map restore"}


@pytest.fixture(params=["sqlite", "postgres"])
def target(request, empty):
    """An empty place for a backup, with a database of each kind."""
    if request.param == "sqlite":
        return empty
    return replace(empty, database_url=request.getfixturevalue("postgres_databases").emptied("restored_to"))


def test_an_id_that_was_given_after_the_backup_is_not_given_again(sqlite_settings, target, write_once, now, tmp_path):
    with closing(LiveStore(sqlite_settings)) as store:
        made = back_up(sqlite_settings, tmp_path / "backups", now=now)  # of tables that never held a row, too
        write_once(store, 0)
        seen = store.alerts.list(now=now)[-1]
    restore(target, made.folder, by=BY)
    with closing(LiveStore(target)) as store:
        write_once(store, 1)
        given = store.alerts.list(now=now)[-1]
    assert (given.id, given.case.id) == (seen.id + 100_000, seen.case.id + 100_000)
