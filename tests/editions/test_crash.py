"""Whatever moment a build or a switch is killed at: what is published is whole, and nothing half-made has a name."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from stroke_map.editions.publish import list_editions, publish, published_folder
from stroke_map.editions.seal import verify
from stroke_map.editions.staging import STAGING_PREFIX, staging_folder

if TYPE_CHECKING:
    from collections.abc import Callable

KILLS = 12
# Seals, names, publishes and goes back, over and over, until it is killed.
WORKER = """
import importlib.util, sys
from itertools import count
from pathlib import Path
from stroke_map.editions import seal, staging
from stroke_map.editions.publish import publish, rollback
helpers = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("helpers", sys.argv[2]))
spec.loader.exec_module(helpers)
geodata, first = Path(sys.argv[1]), int(sys.argv[3])
print("ready", flush=True)
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


def work_until_killed(script: Path, geodata: Path, first: int, alive_s: float) -> None:
    helpers = Path(__file__).with_name("conftest.py")
    command = [sys.executable, str(script), str(geodata), str(helpers), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        time.sleep(alive_s)
        worker.kill()
    assert worker.returncode == -signal.SIGKILL


def test_kill_at_random_moments_never_disturbs_a_reader(geodata: Path, make_edition: Callable, tmp_path: Path) -> None:
    make_edition("first")
    publish(geodata, "first")
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    rng = random.Random(7)
    with Reader(geodata) as reader:
        for attempt in range(KILLS):
            work_until_killed(script, geodata, 1000 * (attempt + 1), rng.uniform(0, 0.25))
            assert {state.state for state in list_editions(geodata)} <= {"published", "previous", "sealed"}
    assert reader.failure is None
    assert len(reader.seen) > 1
    for state in list_editions(geodata):
        verify(geodata / "editions" / state.id, edition_id=state.id, full=True)


def test_the_build_after_a_killed_one_clears_its_leavings(geodata: Path) -> None:
    final = geodata / "editions" / "2026.1"
    (geodata / "editions" / f"{STAGING_PREFIX}old" / "roads").mkdir(parents=True)
    with staging_folder(final) as staging:
        assert list((geodata / "editions").iterdir()) == [staging]
