"""How many requests are worked on at once, so that those that wait for the database keep nobody from an answer."""

from __future__ import annotations

import time
from collections import deque
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from stroke_map.errors import LiveStoreError, TooBusyError
from stroke_map.web.refusing import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from stroke_map.errors import StrokeMapError

#: More of them compete for the interpreter: hundreds halve the throughput of answers and take p99 near a second; measured best: 1 or 2.
#: Of each kind more than one, so that a long answer holds up nobody alone.
AT_ONCE: Final = 2
#: Threads of a server, and how many of them may wait for the database, in a log-in, for the turn of a page, and to hear whether this server
#: lives: so some are always left to answer.
THREADS: Final = 160
MOST_WAITING: Final = 48
MOST_LOGGING_IN: Final = 24
MOST_QUEUED: Final = 40
MOST_ALIVE: Final = 8
#: What is answered by computing. Everything else of the API writes or reads live state, and mostly waits.
_COMPUTED: Final = tuple(
    f"/api/v1/{name}" for name in ("route", "transfer", "hospitals", "search", "protocols", "openapi.json")
)

#: What somebody waits for with a patient. It has turns of its own, which no page or table takes.
_QUICK: Final = ("/api/v1/route", "/api/v1/transfer", "/api/v1/search")
#: Whether this server lives, which anybody may ask, and nobody so often that it takes a turn from either.
_ALIVE: Final = frozenset(("/healthz", "/readyz"))
_LOG_IN: Final = "/api/v1/session"

_LOOK_EVERY_S: Final = 0.02

#: Where an application has its turns, among its extensions.
TURNS: Final = "stroke_map.turns"
_TURN: Final = "stroke_map.turn"
#: Gives the turn of a request to others for as long as a block runs.
Turn: TypeAlias = "Callable[[], AbstractContextManager[None]]"


class Turns:
    """An application of which so many requests are worked on at once. Others wait for their turn, but for those that wait anyway.

    Whoever writes live state waits for those who wrote before, for milliseconds or, where the database is slow or away, for
    seconds. These requests need a thread of the server each, and no turn. Where too many of them wait, another one is answered with 503
    at once. Who logs in is a stranger still, and may send his name as slowly as he likes: that keeps nobody from writing who is known. Where
    too many do, or wait for a page, another of these is answered with 429.

    Parameters
    ----------
    at_once
        So many are computed at the same time: of questions where to go, of those whether the server lives, and of everything else.
    most_waiting, most_queued
        So many may wait for the database at the same time, and for the turn of a page.
    """

    def __init__(
        self,
        application: WSGIApplication,
        at_once: int = AT_ONCE,
        most_waiting: int = MOST_WAITING,
        most_queued: int = MOST_QUEUED,
    ) -> None:
        self._application = application
        self._waiting, self._most_queued = BoundedSemaphore(most_waiting), most_queued
        self._logging_in = BoundedSemaphore(MOST_LOGGING_IN)
        self._quick, self._alive, self._others = InOrder(at_once), InOrder(at_once), InOrder(at_once)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == _LOG_IN and method == "POST":
            busy: StrokeMapError = TooBusyError("Too many are logging in at this moment.")
            return self._placed(self._logging_in, busy, environ, start_response)
        if waits(method, path):
            busy = LiveStoreError("too many requests wait for the database of live state")
            return self._placed(self._waiting, busy, environ, start_response)
        turns, most = self._turns_for(path)
        if turns.waiting >= most:
            return refused(environ, start_response, TooBusyError("Too many pages and lists are asked for."))
        environ[_TURN] = turns.given_back
        turns.take()
        try:
            return self._application(environ, start_response)
        finally:
            turns.give()

    def _turns_for(self, path: str) -> tuple[InOrder, int]:
        """Of which kind the turn is, and how many may wait for one."""
        if path.startswith(_QUICK):
            return self._quick, THREADS
        return (self._alive, MOST_ALIVE) if path in _ALIVE else (self._others, self._most_queued)

    def _placed(
        self, places: BoundedSemaphore, busy: StrokeMapError, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request that needs one of `places` and no turn; with `busy` where none is free."""
        if not places.acquire(blocking=False):
            return refused(environ, start_response, busy)
        try:
            return self._application(environ, start_response)
        finally:
            places.release()

    def come(self, within_s: float) -> bool:
        """Whether a turn of each kind comes within so many seconds: a long queue is no harm, as long as it moves."""
        return all(turns.moves(within_s) for turns in (self._quick, self._alive, self._others))


class InOrder:
    """So many turns, given to whoever waits longest.

    The queues and semaphores of Python let somebody who comes pass those who wait: of 120 who ask without a pause, one in a hundred waited
    .6 s for an answer that half of them had after 15 ms.
    """

    def __init__(self, turns: int) -> None:
        self._free, self._waiting, self._lock = turns, deque[Lock](), Lock()
        self._given = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def moves(self, within_s: float) -> bool:
        """Whether a turn is free, or one is given back within so many seconds."""
        given, until = self._given, time.monotonic() + within_s
        while not self._free and self._given == given:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def take(self, *, first: bool = False) -> None:
        """Wait for a turn, before all others where `first`."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            called = Lock()
            called.acquire()
            (self._waiting.appendleft if first else self._waiting.append)(called)
        called.acquire()

    def give(self) -> None:
        """Give a turn back."""
        with self._lock:
            self._given += 1
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Let others have a turn that was taken, for as long as a block runs; whoever comes back has waited once already."""
        self.give()
        try:
            yield
        finally:
            self.take(first=True)


def turn_of(environ: WSGIEnvironment) -> Turn:
    """What a request that must wait for something gives its turn back by; nothing where it has none."""
    turn: Turn = environ.get(_TURN, nullcontext)
    return turn


def waits(method: str, path: str) -> bool:
    """Whether a request of this method and path may wait for the database of live state."""
    if not path.startswith("/api/v1/"):
        return False
    return not path.startswith(_COMPUTED) or (method == "PUT" and path.endswith("/status"))
