"""Publishing is a check and one switch; going back is the switch back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions.files import lock_now
from stroke_map.editions.publish import (
    list_editions,
    publish,
    published_folder,
    read_publication,
    rollback,
    verify_edition,
)
from stroke_map.errors import EditionDamagedError, EditionError, NoEditionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def states(geodata: Path) -> dict[str, str]:
    return {edition.id: edition.state for edition in list_editions(geodata)}


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoEditionError, match="nothing is published") as caught:
        read_publication(tmp_path)
    assert "stroke-map demo" in caught.value.next_step
    assert list_editions(tmp_path) == []


def test_each_rollback_goes_one_further_back(geodata: Path, make_edition: Callable) -> None:
    for year in ("2024", "2025", "2026"):
        make_edition(year)
        publish(geodata, year)
    assert states(geodata) == {"2024": "sealed", "2025": "previous", "2026": "published"}
    assert rollback(geodata).edition == "2025"
    assert states(geodata) == {"2024": "previous", "2025": "published", "2026": "sealed"}
    assert rollback(geodata).edition == "2024"
    with pytest.raises(EditionError, match="no edition to go back to"):
        rollback(geodata)
    assert read_publication(geodata).edition == "2024"


def test_publishing_what_is_published_keeps_what_to_go_back_to(geodata: Path, make_edition: Callable) -> None:
    make_edition("a")
    make_edition("b")
    for edition_id in ("a", "b", "b", "a", "b"):
        publish(geodata, edition_id)
    assert read_publication(geodata).history == ("a",)


def test_rollback_passes_over_deleted_editions(geodata: Path, make_edition: Callable) -> None:
    for edition_id in ("a", "b", "c"):
        make_edition(edition_id)
        publish(geodata, edition_id)
    shutil.rmtree(geodata / "editions" / "b")
    assert rollback(geodata).edition == "a"


def test_a_damaged_edition_is_never_published(geodata: Path, make_edition: Callable) -> None:
    make_edition("good")
    publish(geodata, "good")
    array = make_edition("bad") / "roads" / "car" / "large.npy"
    content = bytearray(array.read_bytes())
    content[150_000] ^= 1
    array.write_bytes(content)
    with pytest.raises(EditionDamagedError) as caught:
        publish(geodata, "bad")
    assert caught.value.facts["files"] == ["roads/car/large.npy"]
    assert read_publication(geodata).edition == "good"


def test_a_damaged_edition_is_not_gone_back_to(geodata: Path, make_edition: Callable) -> None:
    for edition_id in ("a", "b"):
        make_edition(edition_id)
        publish(geodata, edition_id)
    (geodata / "editions" / "a" / "registry.db").unlink()
    with pytest.raises(EditionDamagedError, match=r"registry\.db \(missing\)"):
        rollback(geodata)
    assert states(geodata) == {"a": "damaged", "b": "published"}


@pytest.mark.parametrize("edition_id", ["../../etc", "none", ".staging-x"])
def test_what_is_no_edition_is_not_published(geodata: Path, edition_id: str) -> None:
    (geodata / "editions" / ".staging-x").mkdir()
    with pytest.raises(EditionError):
        publish(geodata, edition_id)
    with pytest.raises(EditionError):
        verify_edition(geodata, edition_id)
    assert not (geodata / "current").exists()


def test_what_a_killed_build_left_is_not_listed(geodata: Path, make_edition: Callable) -> None:
    make_edition("a").rename(geodata / "editions" / ".staging-a")
    assert list_editions(geodata) == []


def test_a_folder_without_seal_is_listed_as_damaged(geodata: Path) -> None:
    (geodata / "editions" / "half").mkdir()
    assert states(geodata) == {"half": "damaged"}


@pytest.mark.parametrize(
    "content", [b"", b"2026.1", b'{"edition": "../../x", "published_at": "2026-01-01T00:00:00Z"}', b"\xff"]
)
def test_a_damaged_current_is_named_and_repaired_by_publishing(
    geodata: Path, make_edition: Callable, content: bytes
) -> None:
    make_edition("a")
    (geodata / "current").write_bytes(content)
    with pytest.raises(EditionDamagedError) as caught:
        read_publication(geodata)
    assert caught.value.facts["files"] == ["current"]
    assert states(geodata) == {"a": "sealed"}
    publish(geodata, "a")
    assert read_publication(geodata).edition == "a"


def test_a_published_edition_that_is_gone_is_damage(geodata: Path, make_edition: Callable) -> None:
    folder = make_edition("a")
    publish(geodata, "a")
    shutil.rmtree(folder)
    with pytest.raises(EditionDamagedError, match="edition a is damaged: editions/a"):
        published_folder(geodata)


def test_a_switch_waits_for_the_one_before(geodata: Path, make_edition: Callable) -> None:
    make_edition("a")
    held = lock_now(geodata / ".publish.lock")
    assert held is not None
    thread = threading.Thread(target=publish, args=(geodata, "a"))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    assert not (geodata / "current").exists()
    os.close(held)
    thread.join()
    assert read_publication(geodata).edition == "a"


def test_a_lock_dies_with_its_process(geodata: Path) -> None:
    code = "import sys, time; from pathlib import Path; from stroke_map.editions.files import lock_now\n"
    code += "print(lock_now(Path(sys.argv[1])), flush=True); time.sleep(60)"
    lock = geodata / ".publish.lock"
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert lock_now(lock) is None
        holder.kill()
    taken = lock_now(lock)
    assert taken is not None
    os.close(taken)


def test_switches_from_many_threads_leave_one_whole_file(geodata: Path, make_edition: Callable) -> None:
    names = ["a", "b", "c"]
    for name in names:
        make_edition(name)
    threads = [threading.Thread(target=publish, args=(geodata, names[number % 3])) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    publication = read_publication(geodata)
    assert sorted({publication.edition, *publication.history}) == names
    assert sorted(path.name for path in geodata.iterdir()) == [".publish.lock", "current", "editions"]


def test_a_full_or_read_only_disk_leaves_what_is_published(
    geodata: Path, make_edition: Callable, small_disk: Callable[[Path, int], None]
) -> None:
    small_disk(geodata, 2_000_000)
    for edition_id in ("a", "b"):
        make_edition(edition_id)
        publish(geodata, edition_id)
    (geodata / "filler").write_bytes(bytes(shutil.disk_usage(geodata).free))
    for switch in (rollback, lambda folder: publish(folder, "a")):
        with pytest.raises(EditionError, match="has no room"):
            switch(geodata)
        assert read_publication(geodata).edition == "b"
    subprocess.run(["mount", "-o", "remount,ro", str(geodata)], check=True)
    with pytest.raises(EditionError, match="cannot be written"):
        rollback(geodata)
    assert states(geodata) == {"a": "previous", "b": "published"}
