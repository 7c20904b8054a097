"""How much of a server the public may take: so many questions at once, and so many a second from one address.

Only what is reckoned for whoever asks is limited: routes, maps of them, searches. What is made once for all never is.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from flask import current_app, request

from stroke_map.errors import ForbiddenError, LiveStoreError, TooBusyError
from stroke_map.live.identity import COOKIE
from stroke_map.web.problem import problem_response
from stroke_map.web.security import actor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from stroke_map.settings import Settings

#: So many seconds' worth of questions one address may ask at once: a family looks, then nobody does.
BURST_S: Final = 10.0
#: So many addresses are remembered, some 2 MB; of more, those that asked last. A bucket is full again after `BURST_S` anyhow.
MOST_ADDRESSES: Final = 10_000
#: What is reckoned for whoever asks.
QUESTIONS: Final = frozenset(("/map", "/search", "/api/v1/route", "/api/v1/route.gpx", "/api/v1/search"))
_SLOTS: Final = "stroke_map.public_slots"
_BUCKETS: Final = "stroke_map.public_buckets"


class Buckets:
    """A token bucket for each of many callers, in bounded memory; safe to share between threads.

    Parameters
    ----------
    per_s
        How many questions a caller may ask in a second, in the long run.
    burst
        How many at once, at least 1.
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, max(1.0, burst)
        self._lock = threading.Lock()
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, caller: bytes, now_s: float) -> float:
        """Take a token: 0.0 where there was one, else after how many seconds there is."""
        with self._lock:
            left, at_s = self._left.pop(caller, (self._burst, now_s))
            left = min(self._burst, left + max(0.0, now_s - at_s) * self._per_s)
            self._left[caller] = (left - 1.0 if left >= 1.0 else left, now_s)
            if len(self._left) > MOST_ADDRESSES:
                self._left.popitem(last=False)
        return 0.0 if left >= 1.0 else (1.0 - left) / self._per_s


class Admission:
    """An application that takes so many questions of the public at once; others are told so before they wait for anything.

    Whoever shows a key or a cookie goes on to where that is looked at.

    Parameters
    ----------
    application
        What answers, with all that a request waits for.
    app
        The Flask application in it, which says no as it says everything.
    """

    def __init__(self, application: WSGIApplication, app: Flask, most: int) -> None:
        self._application, self._app = application, app
        self._places = threading.BoundedSemaphore(most)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        shows_something = "HTTP_AUTHORIZATION" in environ or COOKIE in environ.get("HTTP_COOKIE", "")
        if environ["PATH_INFO"] not in QUESTIONS or shows_something:
            return self._application(environ, start_response)
        if not self._places.acquire(blocking=False):
            with self._app.request_context(environ):
                refused = self._app.process_response(problem_response(_too_many()))
            return refused(environ, start_response)
        try:
            return self._application(environ, start_response)
        finally:
            self._places.release()


def _too_many() -> TooBusyError:
    return TooBusyError("More public questions arrived at this moment than this server answers at once.")


def caller_of(address: str | None) -> bytes | None:
    """Whom an address stands for: an IPv4 address for itself, one of IPv6 for its /64, which is what one customer has.

    None for this machine: a proxy that the settings do not know of would make everybody one caller, and refuse them all.
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return b""  # a proxy that says anything else: one for all of them
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return None
    return found.packed[:8]


@contextmanager
def public_question() -> Iterator[None]:
    """Hold one of the places for public questions; whoever has an account asks without one.

    Raises
    ------
    TooBusyError
        All are taken, or this address has asked too much. The caller is told at once: a queue would make everyone's wait longer.
    """
    if _is_known():
        yield
        return
    buckets: Buckets | None = current_app.extensions[_BUCKETS]
    caller = caller_of(request.remote_addr)
    wait_s = buckets.take(caller, time.monotonic()) if buckets is not None and caller is not None else 0.0
    if wait_s:
        raise TooBusyError("More questions came from this address than one may ask.", retry_after_s=math.ceil(wait_s))
    with _slot(blocking=False):
        yield


@contextmanager
def public_drawing() -> Iterator[None]:
    """Hold one of the same places to make what is then kept for everybody: waited for, as nobody can ask for it twice."""
    with _slot(blocking=True):
        yield


@contextmanager
def _slot(*, blocking: bool) -> Iterator[None]:
    slots: threading.BoundedSemaphore = current_app.extensions[_SLOTS]
    if not slots.acquire(blocking=blocking):
        raise _too_many()
    try:
        yield
    finally:
        slots.release()


def _is_known() -> bool:
    # A page that shows no CSRF token, or whom nobody can look up just now, asks as anybody may.
    with suppress(ForbiddenError, LiveStoreError):
        return actor() is not None
    return False


def install(app: Flask) -> None:
    """Make the places for public questions of `app`, and remember how much each address has asked."""
    settings: Settings = app.extensions["stroke_map.settings"]
    app.extensions[_SLOTS] = threading.BoundedSemaphore(max(1, settings.public_route_concurrency))
    per_s = settings.public_rate_per_s
    app.extensions[_BUCKETS] = Buckets(per_s, per_s * BURST_S) if per_s else None
