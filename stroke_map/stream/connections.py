"""Connections of this process, where granian does not hand them out."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def hang_up(host: str, port: int) -> None:
    """Close the connections from that address at once, whatever was still to be sent.

    A client that takes nothing keeps its connection open for ever otherwise: its own system answers that it lives.
    """
    for name in os.listdir("/dev/fd"):  # noqa: PTH208  names are all that is wanted
        # OSError: no socket, not connected, or closed meanwhile.
        with suppress(OSError), socket.fromfd(int(name), socket.AF_INET, socket.SOCK_STREAM) as found:
            if found.getpeername()[:2] == (host, port):
                found.shutdown(socket.SHUT_RDWR)
