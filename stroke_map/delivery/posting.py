"""One POST to an address that somebody else chose."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from stroke_map.delivery.failing import SendingError, cut_off, trusted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.delivery.guard import Guard

_LONGEST_CONNECT_S: Final = 5.0
#: A proxy answers so when what is behind it took the request and said nothing.
_PERHAPS: Final = frozenset({502, 504})
#: A signature is good for minutes: a clock that is farther off is worth a word.
_CLOCK_OFF_S: Final = 60.0


def post(url: str, headers: Mapping[str, str], body: bytes, *, guard: Guard, timeout_s: float) -> None:
    """Send `body`, and return when the answer is 2xx. No redirect is followed, no proxy used, no body of an answer read.

    Raises
    ------
    SendingError
        It is not; `perhaps` where it may have arrived all the same.
    """
    ends = time.monotonic() + timeout_s
    parts = urlsplit(url)
    encrypted, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if encrypted else 80)
    plain = _connect(guard.addresses(host, port, encrypted=encrypted), ends)
    kind = http.client.HTTPSConnection if encrypted else http.client.HTTPConnection
    connection = kind(host, port)
    connection.auto_open = 0  # it would resolve the name again
    connection.sock = plain
    with closing(connection), cut_off(lambda: connection.sock, ends - time.monotonic()) as limit:
        asked = False
        try:
            if encrypted:
                connection.sock = trusted().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
                connection.sock.do_handshake()
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, {"User-Agent": "stroke_map", **headers})
            asked = True
            response = connection.getresponse()
            response.close()  # its body is of no interest; the connection lets go of it only sometimes
        except (OSError, http.client.HTTPException) as error:
            raise SendingError(_why(error, timed_out=limit.passed), perhaps=asked) from None
        if limit.passed:  # cut while the last headers came: they look complete, and are not
            raise SendingError(_why(None, timed_out=True), perhaps=True)
        if not 200 <= response.status < 300:
            raise SendingError(_refusal(response), perhaps=response.status in _PERHAPS)


def _connect(addresses: list[tuple[Any, Any]], ends: float) -> socket.socket:
    """A connection to the first address that takes one; it waits for each of its steps no longer than until `ends`."""
    problem = "the host has no address"
    for family, address in addresses:
        left_s = ends - time.monotonic()
        if left_s <= 0:
            break
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(min(left_s, _LONGEST_CONNECT_S))
            made.connect(address)
            made.settimeout(max(ends - time.monotonic(), 0.001))
        except OSError as error:
            made.close()
            problem = _why(error, timed_out=isinstance(error, TimeoutError))
        else:
            return made
    raise SendingError(problem)


def _why(error: Exception | None, *, timed_out: bool) -> str:
    if timed_out or isinstance(error, TimeoutError):
        return "no whole answer in time"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {getattr(error, 'verify_message', '') or error.reason}"
    if isinstance(error, http.client.HTTPException) or error is None:
        return "the answer is no HTTP, or breaks off"
    return f"no connection: {getattr(error, 'strerror', None) or type(error).__name__}"


def _refusal(response: http.client.HTTPResponse) -> str:
    problem = f"answered {response.status}"
    if 300 <= response.status < 400:
        problem += "; redirects are not followed"
    try:
        off_s = (parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)).total_seconds()
    except (KeyError, TypeError, ValueError):
        return problem
    return f"{problem}; its clock differs by {abs(off_s):.0f} s" if abs(off_s) > _CLOCK_OFF_S else problem
