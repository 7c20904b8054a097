"""What the service writes to its log: one JSON object a line, on stderr; text where that is a terminal.

Nothing that somebody sent goes into a line: no address with its query, no body, no name, no words of an unexpected exception (they can repeat
a value), only where in our code it came from. What the standard library's `logging` is told, also by other packages, becomes a line too.
"""

from __future__ import annotations

import logging
import os
import random
import re
import select
import sys
import threading
import traceback
from collections import deque
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

REQUEST_ID_HEADER: Final = "X-Request-Id"
#: By this a request is found again: in its answer, in every line it leaves here and in the audit log.
request_id: ContextVar[str] = ContextVar("stroke_map.request_id", default="")
_REQUEST_ID: Final = re.compile(r"[0-9A-Za-z_.-]{8,64}", re.ASCII)
#: So many lines wait for who writes.
_MOST_WAITING: Final = 1000
#: A pipe takes so much at once, or nothing.
_LONGEST_LINE: Final = 4096
_MOST_FRAMES: Final = 12
_LONGEST_TEXT: Final = 3000


def request_id_for(given: str) -> str:
    """The id that a trusted proxy gave a request, else a new one."""
    # It need not be hard to guess: nothing is opened by it. The system's own randomness lets others pass at each request.
    return given if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


class Lines:
    """Where lines go. Nobody waits for a reader that stands still, such as a pager or a full pipe: what it does not take is counted alone.

    Nor does anybody wait for who writes just then: he takes the line along. Whoever waited for him with the lock in hand would then wait for
    the interpreter too, twice a line, and a hundred of them kept every other request from an answer for half a minute.

    Attributes
    ----------
    lost
        How many lines were not written.
    """

    def __init__(self, file: int) -> None:
        self._file, self._lock, self._waiting = file, threading.Lock(), deque[bytes]()
        self._poll = select.poll()
        self._poll.register(file, select.POLLOUT)
        self.lost = 0

    def write(self, line: bytes | str) -> None:
        """Write one line, leave it to who is writing, or count it as lost."""
        if len(self._waiting) >= _MOST_WAITING:
            self.lost += 1
            return
        content = line.encode() if isinstance(line, str) else line
        self._waiting.append(content[: _LONGEST_LINE - 1] + b"\n")
        # Asked again after each release: a line may have come when all seemed to be written.
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                self._write_some()
            finally:
                self._lock.release()

    def _write_some(self) -> None:
        """Write as many whole lines as a pipe takes at once."""
        lines, room = list[bytes](), _LONGEST_LINE
        while self._waiting and len(self._waiting[0]) <= room:
            lines.append(self._waiting.popleft())
            room -= len(lines[-1])
        if not lines:  # who wrote before took them all
            return
        try:
            if self._poll.poll(0):
                os.write(self._file, b"".join(lines))
            else:
                self.lost += len(lines)
        except OSError:  # the disk is full, or nobody reads any more
            self.lost += len(lines)

    debug = info = warning = error = critical = write


class _Foreign(logging.Handler):
    """What `logging` is told."""

    def emit(self, record: logging.LogRecord) -> None:
        facts = failure(record.exc_info[1]) if record.exc_info else {}
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        log.log(level, record.getMessage()[:_LONGEST_TEXT], logger=record.name, **facts)


def failure(error: BaseException | None) -> dict[str, str]:
    """What may be told of an exception: its kind, and the last frames. Its words can carry a value of the request."""
    if error is None:
        return {}
    frames = "".join(traceback.format_tb(error.__traceback__)[-_MOST_FRAMES:])
    return {"error": type(error).__name__, "frames": frames[-_LONGEST_TEXT:]}


def _in_order(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What one looks for first comes first."""
    found = request_id.get()
    named = {"request_id": found} if found else {}
    return {"at": event.pop("at"), "level": event.pop("level"), "event": event.pop("event"), **named, **event}


def _logger(lines: Lines, level: int, *, as_text: bool, **facts: Any) -> Any:
    render: Any = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    if as_text:
        render = structlog.dev.ConsoleRenderer(colors=False)
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    chain = [structlog.processors.add_log_level, stamp, _in_order, render]
    made = structlog.make_filtering_bound_logger(level)
    return structlog.wrap_logger(lines, processors=chain, wrapper_class=made, **facts).bind()


#: Until `begin` next to nothing is written: what a command has to say is for the person who gave it.
lines = Lines(2)
log: Any = _logger(lines, logging.CRITICAL, as_text=False)


def begin(process: str, level: str = "info", *, file: int = 2) -> None:
    """From now on this process writes what it has to say to `file`; also after a fork.

    Parameters
    ----------
    process
        What it is: "server", "worker", "stream", "deliver".
    level
        debug, info, warning or error; less than this is not written. Of other packages, warnings and errors alone are.
    """
    global lines, log  # noqa: PLW0603  one process has one log
    number = logging.getLevelNamesMapping()[level.upper()]
    lines = Lines(file)
    log = _logger(lines, number, as_text=os.isatty(file), process=process, pid=os.getpid())
    logging.basicConfig(handlers=[_Foreign()], level=max(number, logging.WARNING), force=True)
    logging.getLogger("stroke_map").setLevel(number)
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda _, error, __: log.critical("ended by an unexpected failure", **failure(error))
    threading.excepthook = _thread_ended


def _thread_ended(told: threading.ExceptHookArgs) -> None:
    name = told.thread.name if told.thread is not None else ""
    log.error("a thread ended by an unexpected failure", thread=name, **failure(told.exc_value))
