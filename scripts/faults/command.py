"""The commands, each in a process group of its own, as cron starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from faults import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

_UPDATE = Path(__file__).resolve().parents[1] / "annual_update.py"
_LONGEST_S = 600


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    wall_s: float

    @property
    def steps(self) -> list[str]:
        """The steps that the command told to be done, in order."""
        return [line.partition(":")[0] for line in self.err.splitlines() if line.endswith(" s")]

    def expect(self, code: int, *said: str) -> Ended:
        """Itself, if it ended with that code and said all that; Violation where it did not."""
        missing = [text for text in said if text not in self.err + self.out]
        if self.code != code or missing:
            raise Violation(f"exit code {self.code}, not {code}, or {missing} not said:\n{self.err}{self.out}")
        return self


def start_update(geodata: Path, *arguments: str, **popen: object) -> subprocess.Popen[str]:
    """Begin `annual_update.py`."""
    return _start([str(_UPDATE), *arguments], geodata, popen)


def update(geodata: Path, *arguments: str, **popen: object) -> Ended:
    """Run `annual_update.py` to its end."""
    return finish(start_update(geodata, *arguments, **popen))


def run(geodata: Path, *arguments: str) -> Ended:
    """Run `stroke-map` to its end."""
    return finish(_start(["-m", "stroke_map.cli", *arguments], geodata, {}))


def run_here(geodata: Path, *arguments: str) -> Ended:
    """Run `stroke-map` to its end in this process, which spares a new one its start; nothing can kill it."""
    from click.testing import CliRunner

    from stroke_map.cli import cli

    told, begun = {"STROKE_MAP_GEODATA_DIR": str(geodata)}, time.perf_counter()
    done = CliRunner().invoke(cli, arguments, env=told, catch_exceptions=False)
    return Ended(done.exit_code, done.stdout, done.stderr, time.perf_counter() - begun)


def finish(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command."""
    try:
        out, err = process.communicate(timeout=_LONGEST_S)
    except subprocess.TimeoutExpired:
        kill(process)
        raise Violation(f"a command did not end in {_LONGEST_S} s: {process.args}") from None
    return Ended(process.returncode, out, err, time.perf_counter() - process.begun)  # type: ignore[attr-defined]


def kill(process: subprocess.Popen[str]) -> bool:
    """`kill -9` to the whole group of a command; whether it was still running."""
    running = process.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return running and process.returncode == -signal.SIGKILL


def wait_for_step(process: subprocess.Popen[str], step: str) -> None:
    """Wait until a command says that a step is done, or ends."""
    assert process.stderr is not None  # noqa: S101 - it was started with a pipe
    for line in process.stderr:
        if line.startswith(f"{step}:"):
            return


@contextmanager
def held(process: subprocess.Popen[str]) -> Iterator[None]:
    """Let a command stand still as long as the block runs."""
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def timed_steps(process: subprocess.Popen[str]) -> tuple[dict[str, float], Ended]:
    """Run a command to its end and measure: how many seconds passed after each step ("" is the start) until the next was done."""
    assert process.stderr is not None  # noqa: S101 - as above
    lines: list[str] = []
    after, times, last = "", {}, process.begun  # type: ignore[attr-defined]
    for line in process.stderr:
        lines.append(line)
        if line.endswith(" s\n"):
            times[after] = time.perf_counter() - last
            after, last = line.partition(":")[0], time.perf_counter()
    ended = finish(process)
    times[after] = time.perf_counter() - last
    return times, Ended(ended.code, ended.out, "".join(lines) + ended.err, ended.wall_s)


def _start(command: list[str], geodata: Path, popen: dict[str, object]) -> subprocess.Popen[str]:
    environment: dict[str, str] = popen.pop("env", {})  # type: ignore[assignment]
    process = subprocess.Popen(  # type: ignore[call-overload]
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | {"STROKE_MAP_GEODATA_DIR": str(geodata)} | environment, **popen,
    )  # fmt: skip
    process.begun = time.perf_counter()
    return process
