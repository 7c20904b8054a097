"""What a worker notices of its machine: a clock that was set, and memory that does not suffice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from stroke_map.web.machine import TOLD_FOR_S, Machine

if TYPE_CHECKING:
    from collections.abc import Callable


class Clocks:
    def __init__(self) -> None:
        self.ahead, self.steady = 1e9, 100.0
        self.machine = Machine(lambda: self.steady + self.ahead, lambda: self.steady)


def test_a_jump_is_told_for_a_while_and_then_no_more() -> None:
    clocks = Clocks()
    assert clocks.machine.jumped_s() == 0.0
    clocks.ahead -= 90.0
    assert clocks.machine.jumped_s() == -90.0
    clocks.steady += TOLD_FOR_S - 1
    assert clocks.machine.jumped_s() == -90.0
    clocks.steady += 2
    assert clocks.machine.jumped_s() == 0.0


def test_memory_that_did_not_suffice_is_told_for_a_while() -> None:
    clocks = Clocks()
    assert not clocks.machine.was_short
    clocks.machine.note_short()
    assert clocks.machine.was_short
    clocks.steady += TOLD_FOR_S
    assert not clocks.machine.was_short


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
import orjson
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.live_state import warm_live_state

geodata, path = Path(sys.argv[1]), sys.argv[2]
app = create_app(read_settings({}, geodata_dir=geodata, cache_dir=geodata / "cache", clinical_key="k" * 32))
app.add_url_rule("/hungry", view_func=lambda: bytes(bytearray(1 << 40)))
client = app.test_client()
key = {"Authorization": "Bearer " + "k" * 32}
warm_live_state(app)

def ask(path, **headers):
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.get_json()

before = ask(path, **key)[1]
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (4 << 20), resource.RLIM_INFINITY))
refused, short = ask("/hungry"), ask(path, **key)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
same = [one["id"] for one in before["hospitals"]] == [one["id"] for one in short[1]["hospitals"]]
ready = ask("/readyz")[1]
sys.stdout.buffer.write(orjson.dumps([refused[0], refused[1]["code"], short[0], same, [r["code"] for r in ready["reasons"]]]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_what_memory_does_not_suffice_for_is_refused_and_the_next_question_answered(
    copy_demo: Callable[[Path], Path], tmp_path: Path, place: dict[str, float]
) -> None:
    path = f"/api/v1/route?lat={place['lat']}&lon={place['lon']}&profile=ambulance"
    command = [sys.executable, "-c", SHORT_OF_MEMORY, str(copy_demo(tmp_path / "geodata")), path]
    done = subprocess.run(command, capture_output=True, check=True)
    assert orjson.loads(done.stdout) == [503, "no-memory", 200, True, ["memory-short"]]
