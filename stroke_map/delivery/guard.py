"""Where messages may go: never into this machine or a network of one's own that was not named.

A name is resolved once, every address it has is looked at, and the connection goes to those very addresses: between asking and
connecting a name cannot move (DNS rebinding).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from stroke_map.delivery.failing import SendingError
from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable

Address = IPv4Address | IPv6Address
#: Of all IPv6 addresses only these are given out to anybody (RFC 4291, section 2.4; IANA's registry of global unicast).
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
#: IPv4 addresses behind translators (RFC 6052).
_NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Guard:
    """Which addresses may be reached.

    Attributes
    ----------
    named
        Networks of one's own that may be.
    resolve
        As `socket.getaddrinfo`.
    """

    named: tuple[IPv4Network | IPv6Network, ...] = ()
    resolve: Callable[..., Any] = socket.getaddrinfo

    @classmethod
    def of(cls, allow_private_targets: str) -> Guard:
        """The guard for the setting of that name.

        Raises
        ------
        InvalidRequestError
            It names something that is no network.
        """
        try:
            return cls(tuple(ip_network(text) for text in allow_private_targets.replace(",", " ").split()))
        except ValueError:
            raise InvalidRequestError(
                "STROKE_MAP_ALLOW_PRIVATE_TARGETS must be networks", next_step="Set it to something like 10.20.0.0/16 192.168.7.8."
            ) from None  # fmt: skip

    def addresses(self, host: str, port: int, *, encrypted: bool) -> list[tuple[Any, Any]]:
        """Every address of a host as (family, address for connecting), where all of them may be reached.

        Parameters
        ----------
        encrypted
            Whether what is sent is; if not, all must be in the named networks.

        Raises
        ------
        SendingError
            The name is not known, or one of its addresses may not be reached.
        """
        try:
            found = self.resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise SendingError("the name of the host is not known") from None
        for *_, address in found:
            plain = _plain(ip_address(address[0]))
            if any(plain in network for network in self.named):
                continue
            if not _is_public(plain):
                raise SendingError("the address is one of this machine or of a private network that is not allowed")
            if not encrypted:
                raise SendingError("http:// is used in networks of one's own alone, which must be named: use https://")
        return [(family, address) for family, _, _, _, address in found]


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address


def _is_public(address: Address) -> bool:
    # 6to4 is no more (RFC 7526), and what stands behind such an address may be anything; not every Python says so.
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address.sixtofour is not None):
        return False
    return address.is_global and not address.is_multicast
