"""The full check after start: made by one process, known to all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions import BackgroundVerifier, Edition, EditionHolder, Region, background, build_edition, publish
from stroke_map.editions.seal import HEAD_BYTES, SMALL_FILE_BYTES
from stroke_map.errors import EditionDamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 30.0
DEEP = "arrivals/car/all/time.npy"


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


@pytest.fixture
def folder(town: dict[str, Path], geodata: Path, tmp_path: Path) -> Path:
    """A published edition with a table too large for the quick check to read whole."""
    header, first, _ = town["sheet"].read_text(encoding="utf-8").splitlines()
    sheet = tmp_path / "many.csv"
    sheet.write_text("\n".join([header, *(first.replace("z,", f"z{n},", 1) for n in range(600))]), encoding="utf-8")
    built = build_edition(
        osm=town["osm"], sheet=sheet, region=Region(), geodata_dir=geodata, edition_id="a", profiles=("car",)
    )
    publish(geodata, "a")
    assert (built / DEEP).stat().st_size > SMALL_FILE_BYTES
    return built


@pytest.fixture
def start(geodata: Path, tmp_path: Path) -> Iterator[Callable[[], tuple[EditionHolder, BackgroundVerifier]]]:
    """Start one more server process's holder and verifier (in this process: the lock is between open files)."""
    running = []

    def run() -> tuple[EditionHolder, BackgroundVerifier]:
        holder = EditionHolder(geodata, check_interval_s=0.0, retry_interval_s=0.0)
        verifier = BackgroundVerifier(holder, tmp_path / "cache", check_interval_s=0.01)
        verifier.start()
        running.append(verifier)
        return holder, verifier

    yield run
    for verifier in running:
        verifier.stop()


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_a_file_that_has_nothing_left_is_damage_and_not_another_error(folder: Path) -> None:
    arrays = sorted(folder.glob("arrivals/**/*.npy")) + sorted(folder.glob("roads/**/*.npy"))
    assert len(arrays) > 10
    for array in arrays:
        content = array.read_bytes()
        array.write_bytes(b"")
        with pytest.raises(EditionDamagedError):
            Edition(folder)
        array.write_bytes(content)
    Edition(folder)


def test_a_byte_the_quick_check_cannot_see_is_named_in_every_process(folder: Path, start: Callable) -> None:
    flip(folder / DEEP, HEAD_BYTES + 50_000)
    holders = [start()[0] for _ in range(3)]
    wait_until(lambda: all(holder.damage is not None for holder in holders))
    for holder in holders:
        assert holder.damage.facts["files"] == [DEEP]
        assert holder.current().info.id == "a"


def test_one_process_checks_and_another_takes_over_when_it_ends(folder: Path, start: Callable) -> None:
    first, second = start()[1], None
    wait_until(lambda: first.is_checking_process)
    holder, second = start()
    time.sleep(0.1)
    assert not second.is_checking_process
    flip(folder / DEEP, HEAD_BYTES + 50_000)
    first.stop()
    wait_until(lambda: holder.damage is not None)
    assert second.is_checking_process


def test_a_sound_edition_has_no_damage(folder: Path, start: Callable, tmp_path: Path) -> None:
    holder, _ = start()
    wait_until(lambda: any((tmp_path / "cache").rglob("report.json")))
    assert holder.damage is None


def test_damage_of_one_edition_is_not_said_of_the_next(
    folder: Path, start: Callable, town: dict[str, Path], geodata: Path
) -> None:
    flip(folder / DEEP, HEAD_BYTES + 50_000)
    holder, _ = start()
    wait_until(lambda: holder.damage is not None)
    build_edition(geodata_dir=geodata, edition_id="b", region=Region(), profiles=("car",), **town)
    publish(geodata, "b")
    wait_until(lambda: holder.current().info.id == "b")
    assert holder.damage is None


def test_an_edition_that_was_repaired_and_published_again_has_no_damage_any_more(
    folder: Path, start: Callable, geodata: Path
) -> None:
    sound = (folder / DEEP).read_bytes()
    flip(folder / DEEP, HEAD_BYTES + 50_000)
    holders = [start()[0] for _ in range(2)]
    wait_until(lambda: all(holder.damage is not None for holder in holders))
    (folder / DEEP).unlink()
    (folder / DEEP).write_bytes(sound)
    publish(geodata, "a")
    wait_until(lambda: all(holder.damage is None for holder in holders))


def test_without_a_cache_folder_every_process_checks_for_itself_and_once(
    folder: Path, geodata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(folder / DEEP, HEAD_BYTES + 50_000)
    (tmp_path / "file").touch()
    looks, checks, holder = [], [], EditionHolder(geodata)
    current, verify = holder.current, background.verify
    monkeypatch.setattr(holder, "current", lambda: looks.append(1) or current())
    monkeypatch.setattr(background, "verify", lambda *args, **how: checks.append(1) or verify(*args, **how))
    verifier = BackgroundVerifier(holder, tmp_path / "file", check_interval_s=0.01)
    verifier.start()
    wait_until(lambda: len(looks) > 3)
    verifier.stop()
    assert holder.damage is not None
    assert len(checks) == 1


def test_it_waits_for_a_first_edition(geodata: Path, start: Callable, make_edition: Callable) -> None:
    holder, verifier = start()
    time.sleep(0.05)
    assert holder.damage is None
    assert not verifier.is_checking_process
