"""Bodies of requests, which somebody may send slowly or never: who waits for one keeps nobody else from an answer.

A proxy in front takes a body in before it hands the request on. Where none does, each body that does not come would hold a thread, as the
server itself waits for it without end.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Protocol

from flask import request

from stroke_map.errors import ForbiddenError, LiveStoreError, TooBusyError, UnauthorizedError
from stroke_map.live.link_records import LINK_PREFIX
from stroke_map.web.security import actor, settings_of_app
from stroke_map.web.turns import turn_of

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.web.turns import Turn

#: So long is waited for the body of somebody without an account, and for so many of them at once in a worker.
PATIENCE_S: Final = 5.0
MOST_AWAITED: Final = 8
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
    """The body of anybody: at most `longest` bytes, for at most `PATIENCE_S`.

    Parameters
    ----------
    places
        As many as are waited for at once. One that is given up keeps its place until its connection has ended, which sending an answer does.
    """

    def __init__(self, stream: Stream, turn: Turn, places: threading.Semaphore, longest: int) -> None:
        self._stream, self._turn, self._places, self._longest = stream, turn, places, longest
        self._come: SimpleQueue[bytes | OSError] = SimpleQueue()
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
        threading.Thread(target=self._take, name="body", daemon=True).start()
        with self._turn(), suppress(Empty):
            come = self._come.get(timeout=PATIENCE_S)
            if isinstance(come, OSError):
                raise come
            return come
        raise TimeoutError("the body did not come in time")

    def _take(self) -> None:
        try:
            whole = b""
            while len(whole) < self._longest and (part := self._stream.read(self._longest - len(whole))):
                whole += part
            self._come.put(whole)
        except OSError as error:
            self._come.put(error)
        finally:
            self._places.release()


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
