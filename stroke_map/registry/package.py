"""A workbook's zip archive, judged by its directory before anything of it is unpacked."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Final

from stroke_map.registry.limits import MAX_PART_BYTES, MAX_PARTS, MAX_RATIO, MAX_UNPACKED_BYTES, MIN_BOMB_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.registry.problems import SheetReading

A_WORKBOOK: Final = "an .xlsx workbook without password and macros"
ZIP_MAGIC: Final = b"PK\x03\x04"
OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Excel 97 workbooks, and what a password is put around
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")  # the stream an encrypted workbook lies in, [MS-OFFCRYPTO]
_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # all that the format allows


def refuse_old_workbook(data: bytes, reading: SheetReading) -> None:
    """Say of a file that begins with `OLE_MAGIC` why it is not read."""
    if _ENCRYPTED in data:
        reading.error(0, "", "", message="the workbook is encrypted", right="the workbook saved without a password")
    else:
        reading.error(0, "", "", message="this is a workbook of Excel 97-2003", right="the workbook saved as .xlsx")


def check_package(archive: zipfile.ZipFile, reading: SheetReading) -> bool:
    """Tell whether a workbook may be unpacked; if not, why is noted in `reading`.

    A part cannot unpack to more than the directory says: `zipfile` stops there.
    """
    refusal = _refusal(archive.infolist())
    if refusal:
        reading.error(0, "", "", message=refusal, right=A_WORKBOOK)
        return False
    if any(name.startswith("xl/externalLinks/") for name in archive.namelist()):
        message = "the workbook has links to other files; they are not followed"
        reading.warning(0, "", "", message=message, right="the values themselves")
    return True


def _refusal(parts: list[zipfile.ZipInfo]) -> str:
    """The first reason not to unpack these parts; "" where there is none."""
    return next(_refusals(parts), "")


def _refusals(parts: list[zipfile.ZipInfo]) -> Iterator[str]:
    names = {part.filename.casefold() for part in parts}
    told = {
        f"the file has {len(parts):,} parts": len(parts) > MAX_PARTS,
        "the file is encrypted": any(part.flag_bits & 0x1 for part in parts),
        "the workbook has macros": any("vbaproject" in name or "xl/macrosheets/" in name for name in names),
        "this is a binary workbook (.xlsb)": "xl/workbook.bin" in names,
        "the file is a zip archive, but no Excel workbook": not names >= {"[content_types].xml", "_rels/.rels"},
        "the file is packed in a way that no workbook is": any(part.compress_type not in _METHODS for part in parts),
        f"the file unpacks to over {MAX_UNPACKED_BYTES // 1_000_000} MB": _unpacked(parts) > MAX_UNPACKED_BYTES,
    }
    yield from (reason for reason, holds in told.items() if holds)
    for part in parts:
        if part.file_size > MAX_PART_BYTES:
            yield f"{part.filename} unpacks to over {MAX_PART_BYTES // 1_000_000} MB"
        if part.file_size > MIN_BOMB_BYTES and part.file_size > MAX_RATIO * part.compress_size:
            yield f"{part.filename} unpacks to over {MAX_RATIO} times its size"


def _unpacked(parts: list[zipfile.ZipInfo]) -> int:
    return sum(part.file_size for part in parts)
