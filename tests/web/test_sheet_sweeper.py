"""Old sheets go by themselves."""

import time
from datetime import UTC, datetime, timedelta

from stroke_map.editions.sheets import Sheets
from stroke_map.web.sheet_sweeper import SheetSweeper


def test_old_sheets_go_while_nobody_looks(tmp_path):
    sheets, now = Sheets(tmp_path / "sheets", timedelta(days=30)), datetime.now(UTC)
    sweeper = SheetSweeper(sheets, every_s=0.02)
    sweeper.start()
    try:
        kept = [
            sheets.add(bytes([day]), name="a", year=2027, by="wang", now=now - timedelta(days=day)) for day in (1, 31)
        ]
        until = time.monotonic() + 30
        while kept[1].folder.exists() and time.monotonic() < until:
            time.sleep(0.01)
        assert [one.info.id for one in sheets.list()] == [kept[0].info.id]
    finally:
        sweeper.end()
    assert not sweeper.is_alive()
