"""Databases of earlier versions, brought to the newest form with what is in them."""

from pathlib import Path

import pytest

from stroke_map import live
from stroke_map.live.database import create_file
from stroke_map.live.tables import metadata
from stroke_map.settings import read_settings

CASE = "INSERT INTO cases VALUES (1, 1, 'stroke', '', '', '', '', '', '', '', '', '2026-05-01', NULL, NULL, NULL, '', NULL)"
ALERT = "INSERT INTO alerts VALUES (1, 1, 1, 'a', '', '', NULL, NULL, '', '2026-05-01', NULL, NULL, '', '', '')"
MESSAGE = (
    "INSERT INTO deliveries (alert_id, kind, team, contact, phone, at) VALUES (1, 'call', '', 0, '', '2026-05-01')"
)
INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'deliveries' ORDER BY name"


@pytest.fixture
def store_of(open_store, tmp_path):
    """A store over a SQLite file as it was at a revision."""
    from alembic import command
    from alembic.config import Config

    def make(revision):
        store = open_store(read_settings({}, geodata_dir=tmp_path))
        create_file(store.file)
        config = Config()
        config.set_main_option("script_location", str(Path(live.__file__).parent / "migrations"))
        with store.writing(audited=False) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        return store

    return make


def test_in_sqlite_no_id_that_people_name_is_given_twice(sqlite_store):
    named = {table.name for table in metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"]}
    with sqlite_store.reading() as connection:
        made = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").scalars()
        assert set(made) == named
    assert {"cases", "alerts", "deliveries"} <= named


@pytest.mark.parametrize("skipped", [None, 100_002])
def test_messages_keep_their_ids_and_new_ones_go_on_behind_all_that_were_given(store_of, skipped):
    store = store_of("0010")
    with store.writing(audited=False) as connection:
        for statement in (CASE, ALERT, MESSAGE, MESSAGE):
            connection.exec_driver_sql(statement)
        if skipped:  # as a backup that was restored leaves them out
            connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES ('deliveries', ?)", (skipped,))
        before = connection.exec_driver_sql(INDEXES).all()
    store.migrate()
    with store.writing(audited=False) as connection:
        assert connection.exec_driver_sql(INDEXES).all() == before
        assert connection.exec_driver_sql("SELECT id FROM deliveries").scalars().all() == [1, 2]
        for number in (1, 2):
            added = connection.exec_driver_sql(f"{MESSAGE} RETURNING id").scalars().one()
            assert added == (skipped or 2) + number
            connection.exec_driver_sql("DELETE FROM deliveries WHERE id > 2")
        connection.exec_driver_sql("DELETE FROM cases")
        assert connection.exec_driver_sql("SELECT count(*) FROM deliveries").scalar_one() == 0
