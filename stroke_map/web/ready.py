"""What is the same for everybody is given again as it was, before anything is waited for: thousands look at once when something has happened.

A page that is only looked up costs Flask a quarter of a millisecond, half of it headers; from here it costs a tenth of that, and no turn.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stroke_map.errors import EditionError, NoMemoryError
from stroke_map.web.kept import ANY_EDITION, LASTING
from stroke_map.web.observing import SEEN
from stroke_map.web.published import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from stroke_map.editions import Edition

#: For so long, as a day may end meanwhile; of so many addresses, with all that their answers hang on; none larger, and no more in all: whoever
#: asks for one page in a thousand ways fills no memory.
KEPT_S: Final = 1.0
MOST: Final = 500
LARGEST_BYTES: Final = 1_000_000
MOST_BYTES: Final = 32_000_000
_HANGS_ON: Final = (
    "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "wsgi.url_scheme", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_ACCEPT_ENCODING",
    "HTTP_IF_NONE_MATCH", "HTTP_SEC_FETCH_DEST",
)  # fmt: skip
_NEVER: Final = ("HTTP_AUTHORIZATION", "HTTP_RANGE", "HTTP_IF_MODIFIED_SINCE")


class _Answer(NamedTuple):
    until_s: float
    edition: Edition | object
    status: str
    headers: list[tuple[str, str]]
    content: list[bytes]
    seen: Any


class Ready:
    """An application whose lasting answers (`kept.send`) are given again."""

    def __init__(self, application: WSGIApplication, app: Flask) -> None:
        self._application, self._holder = application, holder_of(app)
        self._answers: OrderedDict[tuple[str | None, ...], _Answer] = OrderedDict()
        self._bytes, self._keeping = 0, threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] != "GET" or any(name in environ for name in _NEVER):
            return self._application(environ, start_response)
        key = tuple(environ.get(name) for name in _HANGS_ON)
        found = self._answers.get(key)
        if found is None or found.until_s < time.monotonic() or not self._is_of_now(found.edition):
            return self._answer(key, environ, start_response)
        environ[SEEN] = found.seen
        start_response(found.status, list(found.headers))
        return found.content

    def _is_of_now(self, edition: Edition | object) -> bool:
        """Whether this edition serves; so it is where an answer hangs on none."""
        if edition is ANY_EDITION:
            return True
        try:
            return self._holder.current() is edition
        except (EditionError, NoMemoryError):
            return False

    def _answer(
        self, key: tuple[str | None, ...], environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            begun.append((status, headers))
            return start_response(status, headers, *failed)

        parts = self._application(environ, start)
        edition: Edition | object | None = environ.get(LASTING)
        if edition is None:
            return parts
        content = [b"".join(parts)]
        if callable(close := getattr(parts, "close", None)):
            close()
        if len(content[0]) <= LARGEST_BYTES:
            status, headers = begun[-1]
            self._keep(key, _Answer(time.monotonic() + KEPT_S, edition, status, headers, content, environ.get(SEEN)))
        return content

    def _keep(self, key: tuple[str | None, ...], made: _Answer) -> None:
        """Keep an answer as the newest, and no more than fit."""
        with self._keeping:
            before = self._answers.pop(key, None)
            self._answers[key] = made
            self._bytes += len(made.content[0]) - (len(before.content[0]) if before else 0)
            while self._is_too_much():
                self._bytes -= len(self._answers.popitem(last=False)[1].content[0])

    def _is_too_much(self) -> bool:
        """Whether the oldest goes: more than fit are kept, or it is over, which would hold its edition open long after another serves."""
        over = next((answer.until_s < time.monotonic() for answer in self._answers.values()), False)
        return over or len(self._answers) > MOST or self._bytes > MOST_BYTES
