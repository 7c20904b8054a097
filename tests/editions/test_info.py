"""`edition.json` round-trips, and ids stay inside their folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson
import pytest

from stroke_map.editions.info import check_edition_id, read_info, write_info
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable

BAD_IDS = ["", ".", "..", ".staging-x", "a/b", "../x", "a\\b", "a b", "a\n", "x" * 65, "年", "-x", "a\x00"]


def sealed(document: dict) -> bytes:
    """A document sealed as `edition.json` is, whatever is in it."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    seal = hashlib.sha256(orjson.dumps(document, option=option)).hexdigest()
    return orjson.dumps({**document, "seal": seal}, option=option)


def test_what_is_written_is_read_back(info_of: Callable) -> None:
    info, content = write_info(info_of("2026.1"))
    assert read_info(content) == info
    assert info.etag
    assert write_info(info) == (info, content)


def test_the_seal_covers_every_field(info_of: Callable) -> None:
    document = orjson.loads(write_info(info_of("2026.1"))[1])
    for key in document:
        other = {**document, key: "9" * 64}
        with pytest.raises(ValueError, match="the seal does not fit"):
            read_info(orjson.dumps(other, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def test_an_edition_with_more_fields_than_this_version_knows_is_read(info_of: Callable) -> None:
    document = orjson.loads(write_info(info_of("2026.1"))[1])
    document.pop("seal")
    assert read_info(sealed({**document, "forecast": [1, 2]})).id == "2026.1"


def test_another_format_is_refused_with_its_number(info_of: Callable) -> None:
    document = orjson.loads(write_info(info_of("2026.1"))[1])
    document.pop("seal")
    with pytest.raises(EditionError, match="has format 2; this version reads format 1"):
        read_info(sealed({**document, "format": 2}))


@pytest.mark.parametrize("edition_id", BAD_IDS)
def test_an_id_that_could_leave_the_folder_is_refused(edition_id: str, info_of: Callable) -> None:
    with pytest.raises(EditionError):
        check_edition_id(edition_id)
    with pytest.raises(ValueError, match="id"):
        info_of(edition_id)


@pytest.mark.parametrize("edition_id", ["2026.1", "demo", "a", "2026.1-rc_2"])
def test_a_usual_id_is_kept(edition_id: str) -> None:
    assert check_edition_id(edition_id) == edition_id
