"""Commands of ours that run by themselves: started by a server, told of in a folder, so that any process can say how far one is.

Such a command has a session and the lowest priority of its own, and goes on when the worker that started it has ended. As long as it
lives it holds the lock of its folder, which it is given open: the number of a process is never believed.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stroke_map.editions.files import lock_now, write_atomically
from stroke_map.errors import ConflictError, GateError, RegistryError
from stroke_map.problems import problem_body, problem_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stroke_map.errors import StrokeMapError

JOB_FILE, PROGRESS_FILE, OUTCOME_FILE = "job.json", "progress.json", "outcome.json"
#: What the command wrote to stdout, and to stderr.
ANSWER_FILE, WORDS_FILE = "answer.json", "words.txt"
_LOCK_FILE: Final = "running"
_LOWEST_PRIORITY: Final = 19
#: Where memory runs short the system ends a job before a server (proc_pid_oom_score_adj(5)): it goes on later from where it was.
_FIRST_TO_GO: Final = "500"
#: Whoever looks whether a job runs has its lock for an instant.
_PATIENCE_S: Final = 1.0
#: Nobody sees more often how far a step is.
_TELL_EVERY_S: Final = 0.3

State = Literal["running", "done", "refused", "failed", "interrupted"]
#: Somebody must correct or decide something; whatever else goes wrong, trying again may help.
_REFUSED: Final = {RegistryError.exit_code, GateError.exit_code}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Begun(_Frozen):
    """Who started a job, when, and what it is about."""

    by: str
    at: datetime
    about: dict[str, str] = Field(default_factory=dict)


class Step(_Frozen):
    """A step of a job: its done share, 0 to 1, and when it began and ended."""

    name: str
    share: float
    begun_at: datetime
    ended_at: datetime | None = None

    def left_s(self, now: datetime) -> float | None:
        """How many seconds it still takes, if it goes on as it began; None where nobody can say yet."""
        if self.ended_at is not None or self.share <= 0.0:
            return None
        return (now - self.begun_at).total_seconds() * (1.0 - self.share) / self.share


class Outcome(_Frozen):
    """How a job ended: its exit code, and what stopped it as a problem (see `stroke_map.problems`)."""

    exit_code: int
    at: datetime
    problem: dict[str, Any] | None = None


_STEPS: Final = TypeAdapter(list[Step])


@dataclass(frozen=True)
class Job:
    """A job as it stands: `outcome` is None while it runs, and where it was interrupted."""

    folder: Path
    begun: Begun
    running: bool
    outcome: Outcome | None

    @property
    def state(self) -> State:
        """Whether it runs, or how it ended."""
        if self.outcome is None:
            return "running" if self.running else "interrupted"
        if self.outcome.exit_code == 0:
            return "done"
        return "refused" if self.outcome.exit_code in _REFUSED else "failed"

    @property
    def steps(self) -> list[Step]:
        """Its steps so far, in their order."""
        try:
            return _STEPS.validate_json((self.folder / PROGRESS_FILE).read_bytes())
        except (OSError, ValidationError):
            return []

    def answer(self) -> bytes:
        """What the command has answered."""
        return (self.folder / ANSWER_FILE).read_bytes()


def read_job(folder: Path) -> Job | None:
    """The job of a folder; None where none was ever started there."""
    try:
        begun = Begun.model_validate_json((folder / JOB_FILE).read_bytes())
        # In this order: the outcome is written before the lock is let go.
        running = _is_held(folder / _LOCK_FILE)
    except (OSError, ValidationError):
        return None
    try:
        outcome = Outcome.model_validate_json((folder / OUTCOME_FILE).read_bytes())
    except (OSError, ValidationError):
        outcome = None
    return Job(folder, begun, running and outcome is None, outcome)


def start_job(
    folder: Path, arguments: Sequence[str], *, by: str, about: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    """Run `stroke-map ARGUMENTS` by itself.

    Parameters
    ----------
    folder
        Where it is told of; what an earlier job there has left goes.
    by, about
        Who starts it, and what else should be said of it.
    environment
        The variables it is given: the settings of whoever starts it.

    Raises
    ------
    ConflictError
        One runs there.
    OSError
        The folder cannot be written, or the process cannot be started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder / _LOCK_FILE) as lock:
        for name in (PROGRESS_FILE, OUTCOME_FILE):
            (folder / name).unlink(missing_ok=True)
        begun = Begun(by=by, at=datetime.now(UTC), about=dict(about))
        command = [sys.executable, "-m", "stroke_map.cli", "--job", str(folder), *arguments]
        with (folder / ANSWER_FILE).open("wb") as answer, (folder / WORDS_FILE).open("wb") as words:
            write_atomically(folder / JOB_FILE, begun.model_dump_json().encode())
            process = subprocess.Popen(
                command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=answer, stderr=words,
                start_new_session=True, pass_fds=(lock,),
            )  # fmt: skip
        with suppress(ProcessLookupError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, _LOWEST_PRIORITY)
        with suppress(OSError):  # it has ended already, or this is no Linux
            Path(f"/proc/{process.pid}/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    threading.Thread(target=process.wait, name="job", daemon=True).start()


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """The lock, open; a process it is passed to holds it on."""
    deadline = time.monotonic() + _PATIENCE_S
    while (lock := lock_now(path)) is None:
        if time.monotonic() >= deadline:
            raise ConflictError("This runs already.", next_step="Wait until it has ended.")
        time.sleep(0.02)
    try:
        yield lock
    finally:
        os.close(lock)


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Teller:
    """What a command does to be told of in `folder`: its progress while it runs, and how it ended."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._steps: dict[str, Step] = {}
        self._told_s = 0.0

    def progress(self, name: str, share: float) -> None:
        """Note how far a step is; a disk that takes no note of it stops nothing."""
        now = datetime.now(UTC)
        with self._lock:
            before = self._steps.get(name)
            if before is not None and before.ended_at is not None:
                return
            done = share >= 1.0
            begun_at = before.begun_at if before else now
            self._steps[name] = Step(
                name=name, share=min(max(share, 0.0), 1.0), begun_at=begun_at, ended_at=now if done else None
            )
            if before is None or done or time.monotonic() - self._told_s > _TELL_EVERY_S:
                self._told_s = time.monotonic()
                with suppress(OSError):
                    self._tell()

    def _tell(self) -> None:
        # Replaced in one step, for others read it all the time; lost with the power it is no loss.
        part = self._folder / f".{PROGRESS_FILE}.tmp"
        part.write_bytes(_STEPS.dump_json(list(self._steps.values())))
        part.replace(self._folder / PROGRESS_FILE)

    def ended(self, exit_code: int, error: StrokeMapError | None = None) -> None:
        """Note how it ended; `error` is what stopped it."""
        # What editions say of themselves is for the people of this machine, and so is this folder.
        problem = None if error is None else problem_body(error) | {"detail": error.detail}
        told = {"exit_code": exit_code, "at": datetime.now(UTC), "problem": problem}
        write_atomically(self._folder / OUTCOME_FILE, problem_json(told))
