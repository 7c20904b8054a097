"""Connections over all workers: the kernel spreads those that come, and here those that stay come again now and then."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: One answer in so many ends its connection. Opening another takes a fraction of an answer's time.
ONE_IN: Final = 500


class Spread:
    """An application of a server of several workers, some of whose answers end their connection.

    Clients that connect while one worker begins, or begins anew, all stay with the others: of 120 who ask without a pause, all were seen
    with one of two workers, and waited three times as long as they had to.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if random.random() * ONE_IN >= 1:  # noqa: S311  only spreads load
            return self._application(environ, start_response)

        def start(line: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            # The server knows what it means: nothing more is read from this connection, and the client was told so.
            return start_response(line, [*headers, ("Connection", "close")], *failed)

        return self._application(environ, start)
