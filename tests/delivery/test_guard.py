import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.delivery.failing import SendingError
from stroke_map.delivery.guard import Guard
from stroke_map.errors import InvalidRequestError

INSIDE = [
    "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "[::]", "[::1]",  # noqa: S104
    "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::10.1.2.3]",
    "[2002:7f00:1::]", "[2002:c0a8:101::1]", "[2001:0:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]",
    "[ff02::1]", "[100::1]", "[2001:db8::1]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8",
    "114.114.114.114",
    "[2606:4700::1111]",
    "[2400:3200::1]",
    "[64:ff9b::8.8.8.8]",
]


def resolving(*addresses):
    """A resolver that gives these, one answer after the other."""
    answers = list(addresses)

    def resolve(host, port, **_):
        found = answers.pop(0)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    return resolve


def reached(guard, host, *, encrypted=True):
    return [address[0] for _, address in guard.addresses(host.strip("[]"), 443, encrypted=encrypted)]


@pytest.mark.parametrize("host", INSIDE)
def test_nothing_inside_is_reached_however_it_is_written(host):
    with pytest.raises(SendingError, match=r"not allowed|not known"):
        reached(Guard(), host)


@pytest.mark.parametrize("host", OUTSIDE)
def test_public_addresses_are_reached_under_encryption_alone(host):
    assert len(reached(Guard(), host)) == 1
    with pytest.raises(SendingError, match="https://"):
        reached(Guard(), host, encrypted=False)


@pytest.mark.parametrize(
    ("networks", "host", "is_reached"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "[::ffff:127.0.0.1]", True),
        ("127.0.0.0/8", "[::1]", False),
        ("127.0.0.0/8", "10.0.0.1", False),
        ("10.20.0.0/16, 192.168.7.8", "10.20.3.4", True),
        ("10.20.0.0/16, 192.168.7.8", "192.168.7.8", True),
        ("10.20.0.0/16, 192.168.7.8", "192.168.7.9", False),
        ("10.20.0.0/16", "169.254.169.254", False),
        ("fd00::/8", "[fd12::1]", True),
    ],
)
@pytest.mark.parametrize("encrypted", [True, False])
def test_networks_that_are_named_are_reached_and_no_others(networks, host, is_reached, encrypted):
    guard = Guard.of(networks)
    if is_reached:
        assert len(reached(guard, host, encrypted=encrypted)) == 1
    else:
        with pytest.raises(SendingError, match="not allowed"):
            reached(guard, host, encrypted=encrypted)


def test_a_name_that_leads_inside_is_not_reached_not_even_with_one_of_its_addresses():
    for found in (["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1111", "::1"]):
        with pytest.raises(SendingError, match="not allowed"):
            reached(Guard(resolve=resolving(found)), "hospital.example")


def test_a_name_is_asked_once_and_the_address_that_was_looked_at_is_given():
    guard = Guard(resolve=resolving(["8.8.8.8"]))
    assert reached(guard, "hospital.example") == ["8.8.8.8"]


@pytest.mark.parametrize("host", ["nowhere.invalid", "", "a" * 300, "xn--a", "a..b", "\ud800"])
def test_a_name_that_is_none_is_an_error_of_ours(host):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(SendingError, match=r"not known|not allowed"):
        reached(Guard() if host != "nowhere.invalid" else Guard(resolve=unknown), host)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "everything", "10.0.0.0/33", "10.0.0.0/8;fd00::/8"])
def test_a_setting_that_is_no_network_is_refused(text):
    with pytest.raises(InvalidRequestError, match="ALLOW_PRIVATE_TARGETS"):
        Guard.of(text)


@given(st.ip_addresses())
def test_of_any_address_only_public_unicast_is_reached(address):
    guard = Guard(resolve=resolving([str(address)]))
    try:
        found = reached(guard, "x")
    except SendingError:
        return
    assert found == [str(address)]
    inside = ("is_private", "is_loopback", "is_link_local", "is_multicast", "is_unspecified")
    assert not any(getattr(address, name) for name in inside)
