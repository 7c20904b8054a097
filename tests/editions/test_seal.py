"""What was sealed is found intact, and any change to it is found and named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stroke_map.editions.info import EDITION_FILE
from stroke_map.editions.seal import HEAD_BYTES, SMALL_FILE_BYTES, seal, sha256_of, verify
from stroke_map.errors import EditionDamagedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = [
    "roads/car/large.npy",
    "roads/car/small.npy",
    "tiles/12/7/9.png",
    "tiles/empty",
    "registry.db",
    "region.geojson",
]
LARGE = "roads/car/large.npy"


def flip(path: Path, position: int, mask: int = 0xFF) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= mask
    path.write_bytes(content)


@pytest.fixture
def folder(make_edition: Callable[[str], Path]) -> Path:
    return make_edition("2026.1")


def damage_of(folder: Path, *, full: bool) -> dict[str, str]:
    with pytest.raises(EditionDamagedError) as caught:
        verify(folder, edition_id="2026.1", full=full)
    assert caught.value.facts["files"] == sorted(caught.value.facts["problems"])
    return caught.value.facts["problems"]


def test_seal_lists_every_file_with_its_checksum_and_verifies(folder: Path) -> None:
    info = verify(folder, edition_id="2026.1", full=True)
    assert set(info.files) == set(FILES)
    assert all(info.files[name].sha256 == sha256_of(folder / name) for name in FILES)
    assert (folder / LARGE).stat().st_size > SMALL_FILE_BYTES
    assert [name for name in FILES if info.files[name].head_sha256] == [LARGE]


def test_the_same_content_gets_the_same_bytes(
    make_edition: Callable[..., Path], plain_folder: Path, info_of: Callable
) -> None:
    first = make_edition("2026.1")
    seal(plain_folder, info_of("2026.1"))
    assert (first / EDITION_FILE).read_bytes() == (plain_folder / EDITION_FILE).read_bytes()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", [name for name in FILES if name != "tiles/empty"])
def test_a_flipped_byte_at_the_beginning_of_any_file_is_named(folder: Path, name: str, full: bool) -> None:
    flip(folder / name, 0)
    assert damage_of(folder, full=full) == {name: "changed"}


def test_a_flipped_byte_deep_in_a_large_file_is_found_by_the_full_check(folder: Path) -> None:
    flip(folder / LARGE, HEAD_BYTES + 1000)
    assert verify(folder, edition_id="2026.1", full=False).id == "2026.1"
    assert damage_of(folder, full=True) == {LARGE: "changed"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_flipped_bit_anywhere_is_found_and_named(folder: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([EDITION_FILE, *(name for name in FILES if name != "tiles/empty")]))
    position = data.draw(st.integers(0, (folder / name).stat().st_size - 1))
    mask = data.draw(st.integers(1, 255))
    flip(folder / name, position, mask)
    try:
        assert set(damage_of(folder, full=True)) == {name}
    finally:
        flip(folder / name, position, mask)
    verify(folder, edition_id="2026.1", full=True)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", [*FILES, EDITION_FILE])
def test_a_missing_file_is_named(folder: Path, name: str, full: bool) -> None:
    (folder / name).unlink()
    assert damage_of(folder, full=full) == {name: "missing"}


@pytest.mark.parametrize("full", [False, True])
def test_a_file_that_was_cut_or_grew_is_named(folder: Path, full: bool) -> None:
    os.truncate(folder / LARGE, 100_000)
    (folder / "tiles" / "empty").write_bytes(b"x")
    problems = damage_of(folder, full=full)
    assert problems == {LARGE: "100000 bytes instead of 200128", "tiles/empty": "1 bytes instead of 0"}


@pytest.mark.parametrize("full", [False, True])
def test_extra_files_and_links_are_named(folder: Path, full: bool) -> None:
    (folder / "tiles" / "extra.png").write_bytes(b"")
    (folder / "registry.db-wal").write_bytes(b"")
    (folder / "region.geojson").unlink()
    (folder / "region.geojson").symlink_to("/etc/hostname")
    assert damage_of(folder, full=full) == {
        "tiles/extra.png": "not part of the edition",
        "registry.db-wal": "not part of the edition",
        "region.geojson": "not a plain file",
    }


def test_an_edition_under_another_name_is_refused(folder: Path) -> None:
    other = folder.rename(folder.with_name("2027.1"))
    with pytest.raises(EditionDamagedError, match=r"describes edition 2026\.1"):
        verify(other, edition_id="2027.1")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"seal": ""}', b"\xff\xfe", b'{"format": 1, "id"'])
def test_a_half_written_edition_file_is_damage(folder: Path, content: bytes) -> None:
    (folder / EDITION_FILE).write_bytes(content)
    assert damage_of(folder, full=False) == {EDITION_FILE: "changed"}


def test_many_damaged_files_are_all_in_the_facts_and_few_in_the_sentence(folder: Path) -> None:
    for number in range(9):
        (folder / f"extra{number}").touch()
    with pytest.raises(EditionDamagedError, match="and 4 more") as caught:
        verify(folder, edition_id="2026.1")
    assert len(caught.value.facts["files"]) == 9


def test_sealing_refuses_what_is_not_a_plain_file(plain_folder: Path, info_of: Callable) -> None:
    (plain_folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match="link is not a plain file"):
        seal(plain_folder, info_of("2026.1"))
    assert not (plain_folder / EDITION_FILE).exists()
