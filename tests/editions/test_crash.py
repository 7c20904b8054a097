"""Whatever moment a build or a switch is killed at: what is published is whole, and nothing half-made has a name."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from stroke_map.editions import staging
from stroke_map.editions.publish import list_editions, publish, published_folder
from stroke_map.editions.seal import verify
from stroke_map.editions.staging import STAGING_PREFIX, give_name, only_build, staging_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KILLS = 12
# For each line a process that seals, names, publishes and goes back, over and over, until it is killed.
WORKER = """
import importlib.util, os, sys
from itertools import count
from pathlib import Path
from stroke_map.editions import seal, staging
from stroke_map.editions.publish import publish, rollback
helpers = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("helpers", sys.argv[2]))
spec.loader.exec_module(helpers)
geodata = Path(sys.argv[1])

def work(first):
    for number in count(first):
        final = geodata / "editions" / f"e{number}"
        with staging.only_build(geodata), staging.staging_folder(final) as folder:
            (folder / "edition").mkdir()
            helpers.fill(folder / "edition", number)
            seal.seal(folder / "edition", helpers.edition_info(final.name))
            staging.give_name(folder / "edition", final)
        publish(geodata, final.name)
        if number % 3 == 0:
            rollback(geodata)

for line in sys.stdin:
    worker = os.fork()
    if not worker:
        work(int(line))
    print(worker, flush=True)
    print(-os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]), flush=True)
"""


class Reader(threading.Thread):
    """Opens what is published, without a pause, and keeps the first failure."""

    def __init__(self, geodata: Path) -> None:
        super().__init__(daemon=True)
        self.geodata, self.failure, self.seen = geodata, None, set()
        self.stopping = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.join()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                folder = published_folder(self.geodata)[1]
                self.seen.add(verify(folder, edition_id=folder.name, full=True).id)
            except Exception as error:  # noqa: BLE001 - any failure at all is what the test looks for
                self.failure = error
                return


@contextmanager
def workers(script: Path, geodata: Path) -> Iterator[Callable[[int, float], None]]:
    """Let a worker begin at a number, and kill it after so many seconds."""
    helpers = Path(__file__).with_name("conftest.py")
    command = [sys.executable, str(script), str(geodata), str(helpers)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, bufsize=1, start_new_session=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def work_until_killed(first: int, alive_s: float) -> None:
            process.stdin.write(f"{first}\n")
            worker = int(process.stdout.readline())
            time.sleep(alive_s)
            os.kill(worker, signal.SIGKILL)
            assert process.stdout.readline() == f"{signal.SIGKILL:d}\n"

        try:
            yield work_until_killed
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_kill_at_random_moments_never_disturbs_a_reader(geodata: Path, make_edition: Callable, tmp_path: Path) -> None:
    make_edition("first")
    publish(geodata, "first")
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    rng = random.Random(7)
    with Reader(geodata) as reader, workers(script, geodata) as work_until_killed:
        for attempt in range(20 * KILLS):
            # On a busy machine it takes more of them until one has published anything that the reader sees.
            if attempt >= KILLS and len(reader.seen) > 1:
                break
            work_until_killed(1000 * (attempt + 1), rng.uniform(0, 0.25))
            assert {state.state for state in list_editions(geodata)} <= {"published", "previous", "sealed"}
    assert reader.failure is None
    assert len(reader.seen) > 1
    for state in list_editions(geodata):
        verify(geodata / "editions" / state.id, edition_id=state.id, full=True)


def test_the_build_after_a_killed_one_clears_its_leavings(geodata: Path) -> None:
    final = geodata / "editions" / "2026.1"
    (geodata / "editions" / f"{STAGING_PREFIX}old" / "roads").mkdir(parents=True)
    (geodata / "editions" / f"{STAGING_PREFIX}pruned-2025.1" / "roads").mkdir(parents=True)
    with only_build(geodata), staging_folder(final) as staging:
        assert list((geodata / "editions").iterdir()) == [staging]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_what_replaces_a_damaged_edition_never_leaves_its_name_to_nobody(
    make_edition: Callable, geodata: Path, monkeypatch: pytest.MonkeyPatch, *, in_one_step: bool
) -> None:
    final, new = make_edition("2026.1", 1), geodata / "editions" / ".staging-2026.1" / "edition"
    shutil.copytree(make_edition("2026.2", 2), new)
    (final / "tiles" / "empty").write_text("damage")
    renamed, rename = [], Path.rename
    monkeypatch.setattr(Path, "rename", lambda path, to: renamed.append(path.name) or rename(path, to))
    if not in_one_step:
        monkeypatch.setattr(staging, "exchange", lambda *_: False)
    give_name(new, final)
    assert renamed == ([] if in_one_step else ["2026.1", "edition"])
    assert verify(final, edition_id="2026.2", full=True)
    assert not new.exists()
    assert {path.name for path in (geodata / "editions").iterdir()} == {"2026.1", "2026.2", ".staging-2026.1"}
