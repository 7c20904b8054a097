"""Whatever a file of runs holds, every row is either a sound run or listed."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.calibration.runs import COLUMNS, LONGEST_MIN, read_runs
from stroke_map.errors import InvalidRequestError

HEADER = ",".join((*COLUMNS, "crs"))
CELLS = st.one_of(
    st.sampled_from(
        [
            "29.56",
            "106.55",
            "-0",
            "1e3",
            "h",
            "",
            "2026-06-01T10:00:00Z",
            "2026-06-01",
            "0x10",
            "１２",
            "GCJ-02",
            '"',
            "1_0",
        ]
    ),
    st.text(max_size=12),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "runs.csv"


def check(runs, left_out):
    for run in runs:
        assert abs(run.lat) <= 90.1
        assert abs(run.lon) <= 180.1
        assert 0 < run.actual_s <= LONGEST_MIN * 60
        assert math.isfinite(run.lat + run.lon)
        assert run.departure.tzinfo is not None
        assert run.column == 0
    rows = [run.row for run in runs] + [one.row for one in left_out]
    assert len(set(rows)) == len(rows)
    assert all(one.reason for one in left_out)


@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=8))
def test_rows_of_anything(file, table):
    text = "\n".join([HEADER, *(",".join(row) for row in table)])
    file.write_text(text, encoding="utf-8", errors="replace", newline="")
    check(*read_runs(file, {"h": 0}))


@given(st.binary(max_size=200))
def test_files_of_anything(file, content):
    file.write_bytes(content)
    with suppress(InvalidRequestError):
        check(*read_runs(file, {"h": 0}))


def test_columns_may_stand_in_any_order_beside_others(file):
    file.write_text(
        "note,minutes,hospital,lon,lat,departure\nx,8,h,106.55,29.56,2026-06-01T10:00:00+08:00\n\n", encoding="utf-8"
    )
    (run,), left_out = read_runs(file, {"h": 0})
    assert (run.row, run.lat, run.lon, run.actual_s, left_out) == (2, 29.56, 106.55, 480.0, [])


def test_a_cell_longer_than_any_csv_cell_is_one_bad_row(file):
    sound = "29.56,106.55,h,2026-06-01T10:00:00Z,8"
    file.write_text("\n".join([",".join(COLUMNS), sound, "x" * 200_000, sound]), encoding="utf-8")
    runs, left_out = read_runs(file, {"h": 0})
    assert [run.row for run in runs] == [2, 4]
    assert [one.row for one in left_out] == [3]
