"""Editions by way of a store: whole, compared byte by byte, or not there; whatever the store holds."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from stroke_map.editions.info import EDITION_FILE, FileSeal, read_info, write_info
from stroke_map.editions.publish import list_editions, publish, read_publication, verify_edition
from stroke_map.editions.remote import fetch, push
from stroke_map.errors import EditionDamagedError, EditionError, InvalidRequestError, MissingProgramError

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("fsspec")


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The geodata folder of the other machine."""
    return tmp_path / "there"


def in_store(store: str, edition_id: str = "2026.1") -> Path:
    return Path(store.removeprefix("file://")) / edition_id


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left_in(geodata: Path) -> set[str]:
    return {path.name for path in (geodata / "editions").iterdir()}


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_an_edition_arrives_as_it_was_sent_and_serves(
    geodata: Path, there: Path, make_edition: Callable, store: str, kind: str
) -> None:
    url = store if kind == "file" else f"memory://{there.parent.name}"
    made, sent, fetched = make_edition("2026.1"), [], []
    assert push(geodata, "2026.1", url, sent.append).anew
    assert not push(geodata, "2026.1", url).anew
    assert fetch(there, "2026.1", url, progress=fetched.append).anew
    assert not fetch(there, "2026.1", url).anew
    assert contents(there / "editions" / "2026.1") == contents(made)
    assert left_in(there) == {"2026.1"}
    for shares in (sent, fetched):
        assert shares == sorted(shares)
        assert 0.0 < shares[0] < shares[-1] == 1.0
    assert publish(there, "2026.1").edition == "2026.1"


def test_what_is_fetched_may_be_held_to_one_seal(
    geodata: Path, there: Path, make_edition: Callable, store: str
) -> None:
    make_edition("2026.1")
    seal = push(geodata, "2026.1", store).info.seal
    with pytest.raises(EditionError, match="another seal"):
        fetch(there, "2026.1", store, seal="0" * 64)
    assert fetch(there, "2026.1", store, seal=seal).info.seal == seal


def test_one_id_never_means_two_editions(geodata: Path, there: Path, make_edition: Callable, store: str) -> None:
    make_edition("2026.1", content=1)
    push(geodata, "2026.1", store)
    shutil.copytree(geodata, there)
    shutil.rmtree(geodata / "editions" / "2026.1")
    make_edition("2026.1", content=2)
    with pytest.raises(EditionError, match="is in this store"):
        push(geodata, "2026.1", store)
    with pytest.raises(EditionError, match="is here, and sound"):
        fetch(geodata, "2026.1", store)
    assert not fetch(there, "2026.1", store).anew


def test_a_damaged_edition_is_replaced_also_where_it_serves(
    geodata: Path, there: Path, make_edition: Callable, store: str
) -> None:
    make_edition("2026.1")
    push(geodata, "2026.1", store)
    fetch(there, "2026.1", store)
    publish(there, "2026.1")
    large = there / "editions" / "2026.1" / "roads" / "car" / "large.npy"
    large.write_bytes(large.read_bytes()[:-1] + b"\x01")
    with pytest.raises(EditionDamagedError):
        verify_edition(there, "2026.1")
    assert fetch(there, "2026.1", store).anew
    assert verify_edition(there, read_publication(there).edition)


@pytest.mark.parametrize("name", ["roads/car/large.npy", "registry.db", "tiles/empty"])
@pytest.mark.parametrize("fault", ["gone", "changed", "cut off", "longer"])
def test_whatever_is_wrong_in_the_store_nothing_has_a_name_here(
    geodata: Path, there: Path, make_edition: Callable, store: str, *, name: str, fault: str
) -> None:
    make_edition("2026.1")
    push(geodata, "2026.1", store)
    path = in_store(store) / name
    content = path.read_bytes()
    wrong = {"changed": b"\x01" + content[1:], "cut off": content[:-1], "longer": content + bytes(1)}
    if fault == "gone":
        path.unlink()
    elif wrong[fault] == content:  # of an empty file nothing can be cut off
        return
    else:
        path.write_bytes(wrong[fault])
    with pytest.raises(EditionError) as caught:
        fetch(there, "2026.1", store)
    assert fault == "gone" or caught.value.facts["files"] == [name]
    assert list_editions(there) == []
    path.write_bytes(content)
    assert fetch(there, "2026.1", store).anew


def test_what_was_sent_in_part_is_no_edition(geodata: Path, there: Path, make_edition: Callable, store: str) -> None:
    make_edition("2026.1")
    push(geodata, "2026.1", store)
    (in_store(store) / EDITION_FILE).unlink()
    with pytest.raises(EditionError, match="no whole edition"):
        fetch(there, "2026.1", store)
    assert push(geodata, "2026.1", store).anew
    assert fetch(there, "2026.1", store).anew


@pytest.mark.parametrize(
    "name",
    ["../outside", "/etc/outside", "roads/../../outside", ".hidden", "a//b", "a\\b", "a\x00b", "", ".", EDITION_FILE],
)
def test_names_that_lead_outside_are_refused_before_anything_is_written(
    geodata: Path, there: Path, make_edition: Callable, store: str, name: str
) -> None:
    make_edition("2026.1")
    push(geodata, "2026.1", store)
    forge(in_store(store), {name: FileSeal(size=1, sha256="0" * 64)})
    with pytest.raises(EditionDamagedError) as caught:
        fetch(there, "2026.1", store)
    assert caught.value.facts["files"] == [name]
    assert not there.exists()


@pytest.mark.parametrize("size", [-1, 1 << 60])
def test_sizes_that_cannot_be_are_refused_before_anything_is_fetched(
    geodata: Path, there: Path, make_edition: Callable, store: str, size: int
) -> None:
    make_edition("2026.1")
    push(geodata, "2026.1", store)
    forge(in_store(store), {"one": FileSeal(size=size, sha256="0" * 64)})
    with pytest.raises(EditionError, match=r"has no size|has no room"):
        fetch(there, "2026.1", store)
    assert not there.exists() or left_in(there) == set()


def forge(folder: Path, more: dict[str, FileSeal]) -> None:
    """Describe more files than there are: anybody who writes to a store can seal what he likes."""
    info = read_info((folder / EDITION_FILE).read_bytes())
    _, content = write_info(info.model_copy(update={"files": info.files | more}))
    (folder / EDITION_FILE).write_bytes(content)


@pytest.mark.parametrize("content", [b"", b"{}", b"<html>", b"[" * 100_000])
def test_a_description_that_is_none_is_refused(there: Path, store: str, content: bytes) -> None:
    in_store(store).mkdir(parents=True)
    (in_store(store) / EDITION_FILE).write_bytes(content)
    with pytest.raises(EditionDamagedError):
        fetch(there, "2026.1", store)
    assert not there.exists()


def test_another_edition_under_its_name_is_refused(
    geodata: Path, there: Path, make_edition: Callable, store: str
) -> None:
    make_edition("2026.1")
    push(geodata, "2026.1", store)
    in_store(store).rename(in_store(store, "2027.1"))
    with pytest.raises(EditionDamagedError, match=r"describes edition 2026\.1"):
        fetch(there, "2027.1", store)


def test_a_full_disk_keeps_nothing_here_and_nothing_there(
    geodata: Path, there: Path, make_edition: Callable, store: str, file_limit: Callable
) -> None:
    make_edition("2026.1")
    (there / "editions").mkdir(parents=True)
    file_limit(100_000)
    with pytest.raises(EditionError, match="cannot be written"):
        push(geodata, "2026.1", store)
    assert not in_store(store).exists()
    file_limit(resource.RLIM_INFINITY)
    push(geodata, "2026.1", store)
    file_limit(100_000)
    with pytest.raises(EditionError, match="has no room") as caught:
        fetch(there, "2026.1", store)
    file_limit(resource.RLIM_INFINITY)
    assert caught.value.facts["needed_bytes"] > 200_000
    assert left_in(there) == set()
    assert fetch(there, "2026.1", store).anew


def test_a_killed_fetch_is_seen_by_nobody_and_the_next_one_goes_on(
    geodata: Path, there: Path, make_edition: Callable, store: str
) -> None:
    make_edition("2026.1")
    push(geodata, "2026.1", store)
    stuck = in_store(store) / "tiles" / "empty"
    stuck.unlink()
    os.mkfifo(stuck)  # whoever reads it waits for ever
    command = [sys.executable, "-m", "stroke_map.cli", "edition", "fetch", store, "2026.1"]
    environment = os.environ | {"STROKE_MAP_GEODATA_DIR": str(there)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        until(lambda: list(there.glob("editions/.work-*/tiles/empty")))
        assert list_editions(there) == []
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (large,) = there.glob("editions/.work-*/roads/car/large.npy")
    before = large.stat()
    stuck.unlink()
    stuck.touch()
    assert fetch(there, "2026.1", store).anew
    assert (there / "editions" / "2026.1" / "roads" / "car" / "large.npy").stat().st_ino == before.st_ino
    assert left_in(there) == {"2026.1"}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("url", "error", "match"),
    [
        ("no-such-thing://host/editions", InvalidRequestError, "no address"),
        ("abfs://secret-key@account/editions", MissingProgramError, "needs another package"),
        ("file:///no/such/secret-key", EditionError, "no whole edition"),
    ],
)
def test_addresses_that_lead_nowhere_say_what_to_do_and_keep_their_secrets(
    there: Path, url: str, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match) as caught:
        fetch(there, "2026.1", url)
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize("edition_id", ["../outside", "a/b", ".hidden", ""])
def test_an_id_is_never_a_path(there: Path, store: str, edition_id: str) -> None:
    with pytest.raises(EditionError, match="an edition's id"):
        fetch(there, edition_id, store)


def test_the_commands_tell_the_seal(geodata: Path, there: Path, make_edition: Callable, store: str) -> None:
    make_edition("2026.1")
    publish(geodata, "2026.1")

    def run(folder: Path, *arguments: str) -> dict:
        command = [sys.executable, "-m", "stroke_map.cli", "edition", *arguments, "--json"]
        done = subprocess.run(
            command, env=os.environ | {"STROKE_MAP_GEODATA_DIR": str(folder)}, capture_output=True, check=True
        )
        return orjson.loads(done.stdout)

    sent = run(geodata, "push", store)
    assert sent == {"id": "2026.1", "seal": verify_edition(geodata, "2026.1").seal, "sent": True}
    assert run(there, "fetch", store, "2026.1", "--seal", sent["seal"])["fetched"]
