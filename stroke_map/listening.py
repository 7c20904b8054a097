"""Addresses on which something listens, and whether they are free."""

from __future__ import annotations

import errno
import socket

from stroke_map.errors import ServerStartError


def address_of(host: str, port: int) -> str:
    """Where a service can be reached, as one would type it into a browser."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def check_port(host: str, port: int, *, next_step: str | None = None) -> None:
    """Find out whether a port is free. granian would share it (SO_REUSEPORT) and answer every other request.

    Raises
    ------
    ServerStartError
        It is in use, may not be used, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        used = error.errno == errno.EADDRINUSE
        what = "the port is in use" if used else (error.strerror or "the address is not known")
        raise ServerStartError(f"{address_of(host, port)} cannot be served: {what}.", next_step=next_step) from error
