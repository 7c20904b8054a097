"""Sheets that were sent: kept for their time and their number, closed to others, never taken away from who works on them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.editions.files import lock_now
from stroke_map.editions.jobs import Begun
from stroke_map.editions.sheets import MOST_SHEETS, Sheets
from stroke_map.errors import ConflictError, NotFoundError

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def sheets(tmp_path):
    return Sheets(tmp_path / "sheets", 30 * DAY)


@pytest.fixture
def send(sheets):
    def do(content=b"id\n", *, name="hospitals.csv", year=2027, by="wang", now=NOW):
        return sheets.add(content, name=name, year=year, by=by, now=now)

    return do


@contextmanager
def worked_on(sheet):
    """As while the sheet's edition is built."""
    sheet.build_folder.mkdir()
    (sheet.build_folder / "job.json").write_bytes(Begun(by="li", at=NOW).model_dump_json().encode())
    lock = lock_now(sheet.build_folder / "running")
    try:
        yield
    finally:
        os.close(lock)


def test_a_sheet_is_kept_under_a_name_of_ours_and_closed_to_others(sheets, send):
    book, table = send(b"PK\x03\x04..."), send(name="名单 2027.csv", now=NOW + DAY)
    assert (book.file.name, table.file.name) == ("hospitals.xlsx", "hospitals.csv")
    assert [one.info for one in sheets.list()] == [table.info, book.info]
    assert sheets.get(table.info.id) == table
    assert table.file.read_bytes() == b"id\n"
    assert (table.info.name, table.info.size_bytes) == ("名单 2027.csv", 3)
    assert {folder.stat().st_mode & 0o777 for folder in (table.folder, table.folder.parent)} == {0o700}


def test_the_same_content_is_the_same_sheet_of_who_sent_it_last(sheets, send):
    first = send()
    (first.folder / "marked.xlsx").touch()
    second = send(by="li", year=2028, now=NOW + DAY)
    assert (second.info.id, sheets.get(first.info.id).info.by) == (first.info.id, "li")
    assert not first.marked.exists(), "what was found out for another year goes"
    with worked_on(second):
        assert send(by="zhao", year=2028) == second, "while somebody works on it, it stays theirs"
        with pytest.raises(ConflictError):
            send(year=2029)


@pytest.mark.parametrize("sheet_id", ["", "..", "../../etc", "0" * 15, "0" * 17, "G" * 16, "0123456789abcdef"])
def test_an_id_leads_to_a_sheet_or_nowhere(sheets, send, sheet_id):
    with pytest.raises(NotFoundError):
        sheets.get(sheet_id)
    send()
    with pytest.raises(NotFoundError):
        sheets.get(sheet_id)


def test_old_sheets_go_but_not_from_under_somebodys_hands(sheets, send):
    sheets.remove_old(NOW)
    old, worked, young = send(b"1"), send(b"2"), send(b"3", now=NOW + DAY)
    sheets.remove_old(NOW + 30 * DAY)
    assert len(sheets.list()) == 3
    with worked_on(worked):
        sheets.remove_old(NOW + 30.5 * DAY)
        assert {one.info.id for one in sheets.list()} == {worked.info.id, young.info.id}
    assert not old.folder.exists()


def test_only_so_many_are_kept_and_the_oldest_go_first(sheets, send):
    first = send(b"first")
    with worked_on(first):
        for number in range(MOST_SHEETS + 2):
            send(str(number).encode(), now=NOW + timedelta(seconds=number))
        kept = sheets.list()
    assert len(kept) == MOST_SHEETS + 1
    assert first.info.id in {one.info.id for one in kept}
