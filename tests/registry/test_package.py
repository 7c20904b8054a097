"""The directory of a workbook's archive, judged before anything is unpacked."""

from __future__ import annotations

import io
import zipfile

import pytest

from stroke_map.registry.limits import MAX_PART_BYTES, MAX_RATIO, MAX_UNPACKED_BYTES, MIN_BOMB_BYTES
from stroke_map.registry.package import check_package
from stroke_map.registry.problems import SheetReading

NEEDED = ("[Content_Types].xml", "_rels/.rels")


def judged(sizes: dict[str, tuple[int, int]]) -> str:
    """What is said of an archive whose directory claims these (unpacked, packed) sizes; "" where nothing is."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in (*NEEDED, *sizes):
            archive.writestr(name, "x")
        for name, (unpacked, packed) in sizes.items():
            archive.getinfo(name).file_size, archive.getinfo(name).compress_size = unpacked, packed
        reading = SheetReading("x.xlsx")
        sound = check_package(archive, reading)
    assert sound == (not reading.problems)
    return "".join(problem.message for problem in reading.problems)


def test_a_plain_archive_passes() -> None:
    assert judged({"xl/workbook.xml": (1000, 500)}) == ""


def test_one_part_may_be_so_large() -> None:
    half = MAX_PART_BYTES // 2
    assert judged({"a": (MAX_PART_BYTES, half)}) == ""
    assert judged({"a": (MAX_PART_BYTES + 1, half)}) == f"a unpacks to over {MAX_PART_BYTES // 1_000_000} MB"


def test_all_parts_together_may_be_so_large() -> None:
    half = MAX_UNPACKED_BYTES // 2
    small = {"a": (half, half // 2), "b": (half - 2, half // 2)}  # and the two of one byte that are needed
    assert judged(small) == ""
    assert judged(small | {"c": (1, 1)}) == f"the file unpacks to over {MAX_UNPACKED_BYTES // 1_000_000} MB"


@pytest.mark.parametrize(
    ("unpacked", "packed", "refused"),
    [
        (MIN_BOMB_BYTES, 1, False),
        (MIN_BOMB_BYTES + 1, 1, True),
        (MAX_RATIO * 40_000, 40_000, False),
        (MAX_RATIO * 40_000 + 1, 40_000, True),
    ],
)
def test_a_large_part_may_be_packed_so_tightly(unpacked: int, packed: int, refused: bool) -> None:
    assert judged({"a": (unpacked, packed)}) == (f"a unpacks to over {MAX_RATIO} times its size" if refused else "")
