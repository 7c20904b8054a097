"""The registry as a SQLite file."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.errors import RegistryError
from stroke_map.registry import Hospital, load_registry, save_registry

unique_hospitals = st.lists(st.from_type(Hospital), max_size=3, unique_by=lambda hospital: hospital.id)


@settings(deadline=None)
@given(unique_hospitals)
def test_what_is_loaded_equals_what_was_saved(hospitals: list[Hospital]) -> None:
    with TemporaryDirectory() as folder:
        save_registry(hospitals, Path(folder) / "registry.db")
        assert load_registry(Path(folder) / "registry.db") == hospitals


def test_the_same_hospitals_give_the_same_bytes(tmp_path: Path, demo_hospital: Hospital) -> None:
    for name in ("one.db", "two.db"):
        save_registry([demo_hospital], tmp_path / name)
    assert (tmp_path / "one.db").read_bytes() == (tmp_path / "two.db").read_bytes()


def test_others_can_query_the_tables(tmp_path: Path, demo_hospital: Hospital) -> None:
    save_registry([demo_hospital], tmp_path / "registry.db")
    question = """
        select h.name_zh, c.hours, c.valid_until, c.agents from hospitals h join capabilities c on c.hospital_id = h.id
        where c.capability = 'thrombolysis' and c.status = 'yes'
    """
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        assert connection.execute(question).fetchall() == [("示范医院", "24/7", "2026-12-31", "alteplase;tenecteplase")]


def test_what_a_hospital_has_several_of_stands_in_tables_of_its_own(tmp_path: Path, demo_hospital: Hospital) -> None:
    save_registry([demo_hospital], tmp_path / "registry.db")
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:

        def rows(columns: str, table: str) -> list[tuple]:
            return connection.execute(f"select {columns} from {table} order by rowid").fetchall()  # noqa: S608

        assert rows("centre, level, valid_until", "levels") == [("stroke", "高级", "2027-04-30")]
        assert rows("partner_id, transfer_delay_min", "transfer_partners") == [("cq-002", 35.0), ("cq-003", None)]
        assert rows("team, phone", "contacts") == [("emergency", "023-6869 0002"), ("neurology", "023-6869 0001")]
        assert rows("year, thrombolysis_cases, pci_cases, door_to_needle_min", "figures") == [(2025, 210, None, 38.5)]
        assert rows("organisation, lead_hospital", "hospitals") == [("示范医院集团", "cq-002")]


def test_saving_replaces_and_leaves_nothing_else_behind(tmp_path: Path, demo_hospital: Hospital) -> None:
    path = tmp_path / "registry.db"
    save_registry([demo_hospital], path)
    save_registry([], path)
    assert load_registry(path) == []
    assert list(tmp_path.iterdir()) == [path]


def test_two_hospitals_with_one_id_are_refused_and_the_old_file_stays(tmp_path: Path, demo_hospital: Hospital) -> None:
    path = tmp_path / "registry.db"
    save_registry([demo_hospital], path)
    with pytest.raises(RegistryError, match="one id"):
        save_registry([demo_hospital, demo_hospital], path)
    assert load_registry(path) == [demo_hospital]
    assert list(tmp_path.iterdir()) == [path]


def test_a_sealed_file_can_be_read_where_nothing_may_be_written(tmp_path: Path, demo_hospital: Hospital) -> None:
    path = tmp_path / "a folder # 100%" / "registry.db"
    path.parent.mkdir()
    save_registry([demo_hospital], path)
    path.chmod(stat.S_IREAD)
    path.parent.chmod(stat.S_IREAD | stat.S_IEXEC)
    try:
        assert load_registry(path) == [demo_hospital]
        assert list(path.parent.iterdir()) == [path]
    finally:
        path.parent.chmod(stat.S_IRWXU)


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "truncated", "other", "tampered"])
def test_a_file_that_is_no_registry_is_refused(tmp_path: Path, demo_hospital: Hospital, damage: str) -> None:
    path = tmp_path / "registry.db"
    save_registry([demo_hospital], path)
    if damage == "missing":
        path.unlink()
    elif damage in ("empty", "text"):
        path.write_text("" if damage == "empty" else "no database at all")
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("drop table hospitals" if damage == "other" else "update hospitals set lat = 1000")
    with pytest.raises(RegistryError, match=r"registry\.db cannot be read as a registry"):
        load_registry(path)
