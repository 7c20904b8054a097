"""Bodies of requests, which somebody may send slowly or never: who waits for one keeps nobody else from an answer.

A proxy in front takes a body in before it hands the request on. Where none does, each body that does not come would hold a thread, as the
server itself waits for it without end.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Final, Protocol

from flask import request

from stroke_map.errors import ForbiddenError, LiveStoreError, TooBusyError, UnauthorizedError
from stroke_map.live.link_records import LINK_PREFIX
from stroke_map.web.security import actor, settings_of_app
from stroke_map.web.turns import turn_of

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.web.turns import Turn

#: So long somebody without an account may send a body, and so many of them at once to a worker.
PATIENCE_S: Final = 5.0
MOST_AWAITED: Final = 24
#: Asked for at a time: a server gives so many or waits, and between two one can look at the clock.
_PART_BYTES: Final = 16
#: What a clinical process reads of anybody: a log-in, and what a crew sends that shows the token of its link.
_FOR_ANYBODY: Final = frozenset(("session.log_in",))
_CREW: Final = f"bearer {LINK_PREFIX}"


class Stream(Protocol):
    """What a server hands a body on by."""

    def read(self, size: int = -1, /) -> bytes:
        """Read so many bytes, all of them where it is -1; none: that was all."""


class Known:
    """The body of somebody who has an account: waited for without end, and while it is, others may be answered."""

    def __init__(self, stream: Stream, turn: Turn) -> None:
        self._stream, self._turn = stream, turn

    def read(self, size: int = -1) -> bytes:
        """See `Stream`."""
        with self._turn():
            return self._stream.read(size)


class Awaited:
    """The body of anybody: at most `longest` bytes. Who sends them too slowly is given up after `PATIENCE_S`.

    It is read in this very thread. Where another one still reads a body whose request is answered, granian (2.8) waits for that one with the
    interpreter in its hand: nobody is answered any more until the body ends. Hence who sends nothing at all keeps a place until he hangs up.

    Parameters
    ----------
    places
        As many as are waited for at once.
    """

    def __init__(self, stream: Stream, turn: Turn, places: threading.Semaphore, longest: int) -> None:
        self._stream, self._turn, self._places, self._longest = stream, turn, places, longest
        self._whole: BytesIO | None = None

    def read(self, size: int = -1) -> bytes:
        """See `Stream`.

        Raises
        ------
        OSError
            It did not come in time, or the connection is lost.
        TooBusyError
            Too many are waited for already.
        """
        if self._whole is None:
            self._whole = BytesIO(self._wait())
        return self._whole.read(size)

    def _wait(self) -> bytes:
        if not self._places.acquire(blocking=False):
            raise TooBusyError("More requests are on their way to this server than it waits for at once.")
        try:
            with self._turn():
                return self._take(time.monotonic() + PATIENCE_S)
        finally:
            self._places.release()

    def _take(self, until_s: float) -> bytes:
        whole = b""
        while (missing := self._longest - len(whole)) and (part := self._stream.read(min(_PART_BYTES, missing))):
            whole += part
            if len(whole) < self._longest and time.monotonic() > until_s:
                raise TimeoutError("the body comes too slowly")
        return whole


def install(app: Flask) -> None:
    """Read no body of a request to `app` longer than this says, and on the clinical plane none of a stranger's."""
    places = threading.Semaphore(MOST_AWAITED)

    def guard() -> None:
        has_body = request.content_length or "Transfer-Encoding" in request.headers
        if request.routing_exception or not has_body:
            return
        stream, turn, longest = (
            request.environ["wsgi.input"],
            turn_of(request.environ),
            (request.max_content_length or 0) + 1,
        )
        if request.content_length is not None:  # not every server says by itself that a body has ended
            longest = min(longest, request.content_length)
        awaited = Known(stream, turn) if _is_known() else Awaited(stream, turn, places, longest)
        request.environ["wsgi.input"] = awaited

    app.before_request(guard)


def _is_known() -> bool:
    """Whether an account sends the body.

    Raises
    ------
    UnauthorizedError, ForbiddenError, LiveStoreError
        None does, as `actor` says, and this process takes nothing of strangers.
    """
    shut = settings_of_app().plane == "clinical" and request.endpoint not in _FOR_ANYBODY
    if shut and not request.headers.get("Authorization", "").lower().startswith(_CREW):
        if actor() is None:
            raise UnauthorizedError("This needs a key or a log-in.")
        return True
    with suppress(ForbiddenError, LiveStoreError):
        return actor() is not None
    return False
