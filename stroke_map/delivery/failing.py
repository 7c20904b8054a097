"""What every way of sending has in common: why a message was not sent, the end of every attempt, and whom one trusts."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class SendingError(OSError):
    """A message was not sent.

    Parameters
    ----------
    problem
        Why, for people; never with a secret or a word of the message.
    perhaps
        It may have arrived all the same.
    final
        Trying again changes nothing.
    """

    def __init__(self, problem: str, *, perhaps: bool = False, final: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.perhaps, self.final = problem, perhaps, final


@cache
def trusted() -> ssl.SSLContext:
    """TLS with servers that the authorities of this machine vouch for.

    Made once: to read some hundred authorities takes 20 ms of a processor, and 20 alerts a second send more messages than that leaves room for.
    """
    return ssl.create_default_context()


class Limit:
    """Tells whether the time was over."""

    passed = False


@contextmanager
def cut_off(connected: Callable[[], socket.socket | None], seconds: float) -> Iterator[Limit]:
    """Cut a connection after so long: timeouts of sockets begin anew with every byte that drips in.

    Parameters
    ----------
    connected
        Gives the socket as it is then; TLS puts another in its place.
    """
    limit = Limit()

    def cut() -> None:
        limit.passed = True
        found = connected()
        if found is not None:
            with suppress(OSError):
                # Not the method of a TLS socket, which would forget its encryption under the hands of the other thread.
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
