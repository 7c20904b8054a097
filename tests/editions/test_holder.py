"""The holder gives every request one whole edition, and follows what is published."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions import EditionHolder, Region, build_edition, publish, rollback
from stroke_map.errors import EditionDamagedError, EditionError, NoEditionError

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 30.0


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


@pytest.fixture
def holder(geodata: Path) -> EditionHolder:
    return EditionHolder(geodata, check_interval_s=0.0, retry_interval_s=0.0)


@pytest.fixture
def build(town: dict[str, Path], geodata: Path, tmp_path: Path) -> Callable[[str], Path]:
    """An edition whose every hospital bears the edition's id in its name, so that a mixture would show."""

    def run(edition_id: str) -> Path:
        sheet = tmp_path / f"{edition_id}.csv"
        sheet.write_text(
            town["sheet"].read_text(encoding="utf-8").replace("医院", f"医院{edition_id}"), encoding="utf-8"
        )
        return build_edition(
            osm=town["osm"],
            sheet=sheet,
            region=Region(),
            geodata_dir=geodata,
            edition_id=edition_id,
            profiles=("car",),
            valid_from=date(2026, 1, 1),
        )

    return run


def test_nothing_published_is_said_until_something_is(holder: EditionHolder, geodata: Path, build: Callable) -> None:
    for _ in range(2):
        with pytest.raises(NoEditionError):
            holder.current()
    assert isinstance(holder.problem, NoEditionError)
    build("a")
    publish(geodata, "a")
    assert holder.current().info.id == "a"
    assert holder.problem is None


def test_the_same_object_serves_until_a_switch(holder: EditionHolder, geodata: Path, build: Callable) -> None:
    for edition_id in ("a", "b"):
        build(edition_id)
    publish(geodata, "a")
    first = holder.current()
    assert all(holder.current() is first for _ in range(100))
    publish(geodata, "b")
    wait_until(lambda: holder.current().info.id == "b")
    assert first.info.id == "a"
    assert first.arrivals("car").time.max() > 0
    rollback(geodata)
    wait_until(lambda: holder.current().info.id == "a")
    assert holder.current() is not first


def test_between_two_looks_no_file_is_touched(geodata: Path, build: Callable) -> None:
    build("a")
    publish(geodata, "a")
    holder = EditionHolder(geodata, check_interval_s=3600)
    first = holder.current()
    shutil.rmtree(geodata)
    assert holder.current() is first


def test_a_damaged_edition_is_named_to_every_caller(holder: EditionHolder, geodata: Path, build: Callable) -> None:
    folder = build("a")
    publish(geodata, "a")
    (folder / "registry.db").write_bytes(b"")
    errors = []
    for _ in range(3):
        with pytest.raises(EditionDamagedError) as caught:
            holder.current()
        errors.append(caught.value)
    assert all(error.facts["files"] == ["registry.db"] for error in errors)
    assert len({id(error) for error in errors}) == 3


def test_an_edition_that_cannot_be_opened_leaves_the_old_one_serving(
    holder: EditionHolder, geodata: Path, build: Callable
) -> None:
    build("a")
    publish(geodata, "a")
    first = holder.current()
    folder = build("b")
    publish(geodata, "b")
    content = (folder / "registry.db").read_bytes()
    os.truncate(folder / "registry.db", 10)
    holder.current()
    wait_until(lambda: holder.current() is first and holder.problem is not None)
    assert isinstance(holder.problem, EditionDamagedError)
    assert holder.problem.facts["files"] == ["registry.db"]
    (folder / "registry.db").write_bytes(content)
    wait_until(lambda: holder.current().info.id == "b")
    assert holder.problem is None


def test_what_is_open_goes_on_when_the_folder_vanishes(holder: EditionHolder, geodata: Path, build: Callable) -> None:
    build("a")
    publish(geodata, "a")
    first = holder.current()
    (geodata / "current").unlink()
    wait_until(lambda: holder.current() is first and holder.problem is not None)
    assert isinstance(holder.problem, NoEditionError)


SHORT_OF_MEMORY = """
import resource, sys, time
from pathlib import Path
from stroke_map.editions import EditionHolder, publish

def limit(more_bytes):
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = resource.RLIM_INFINITY if more_bytes is None else pages * resource.getpagesize() + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))

def until(true):
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)

geodata = Path(sys.argv[1])
publish(geodata, "a")
holder, late = (EditionHolder(geodata, check_interval_s=0.0, retry_interval_s=0.0) for _ in range(2))
holder.current()
publish(geodata, "b")
limit(0)
serving = holder.current().info.id
until(lambda: holder.problem is not None)
try:
    late.current()
except Exception as error:
    print(type(error).__name__)
told = type(holder.problem).__name__, serving, holder.current().info.id
limit(None)
until(lambda: holder.current().info.id == "b")
print(*told, holder.problem, late.current().info.id)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_without_memory_for_the_next_edition_the_old_one_serves_and_nothing_is_called_damaged(
    geodata: Path, build: Callable
) -> None:
    for edition_id in ("a", "b"):
        build(edition_id)
    command = [sys.executable, "-c", SHORT_OF_MEMORY, str(geodata)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["NoMemoryError", "NoMemoryError", "a", "a", "None", "b"]


def test_many_threads_open_one_edition_once(holder: EditionHolder, geodata: Path, build: Callable) -> None:
    build("a")
    publish(geodata, "a")
    holder = EditionHolder(geodata)
    barrier, seen = threading.Barrier(16), []

    def ask() -> None:
        barrier.wait()
        seen.append(holder.current())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 16
    assert len({id(edition) for edition in seen}) == 1


def test_requests_never_fail_nor_mix_editions_while_it_switches(
    holder: EditionHolder, geodata: Path, build: Callable
) -> None:
    for edition_id in ("a", "b"):
        build(edition_id)
    publish(geodata, "a")
    stop, failures, seen = threading.Event(), [], set()

    def serve() -> None:
        while not stop.is_set():
            try:
                edition = holder.current()
                about = edition.info.id
                assert all(hospital.name_zh.endswith(f"医院{about}") for hospital in edition.hospitals)
                assert edition.folder.name == about
                assert edition.arrivals("car").time.shape[0] == edition.network("car").segment_count
                seen.add(about)
                time.sleep(0.0005)  # as a request does that waits for its network
            except Exception as error:  # noqa: BLE001 - any failure at all is what the test looks for
                failures.append(error)
                return

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(12):
        target = publish(geodata, "ba"[number % 2]).edition if number % 3 else rollback_or_publish(geodata)
        wait_until(lambda target=target: holder.current().info.id == target)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert seen == {"a", "b"}


def rollback_or_publish(geodata: Path) -> str:
    try:
        return rollback(geodata).edition
    except EditionError:
        return publish(geodata, "a").edition
