"""Addresses: the public internet may be reached, and nothing behind our own door, however it is written."""

from __future__ import annotations

import pytest

from quoflow.actions import addresses

FORBIDDEN = {
    "0.0.0.0": "this network itself",
    "10.1.2.3": "private",
    "100.64.0.1": "a carrier's own network",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.8": "reserved for protocols",
    "192.0.2.1": "for documentation",
    "192.88.99.1": "a 6to4 relay",
    "192.168.1.1": "private",
    "198.19.255.255": "for benchmarks",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "this host itself",
    "::1": "loopback",
    "::127.0.0.1": "an IPv4 address in an outdated form",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:10.0.0.1": "private",
    "::ffff:169.254.169.254": "link-local",
    "64:ff9b::127.0.0.1": "loopback",
    "64:ff9b::a9fe:a9fe": "link-local",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b:1::1": "a local NAT64",
    "100::1": "a black hole",
    "2001::1": "Teredo",
    "2001:0:53aa:64c:0:0:0:1": "Teredo",
    "2001:10::1": "reserved for protocols",
    "2001:db8::1": "for documentation",
    "2002:7f00:1::": "6to4",
    "2002:808:808::1": "6to4",
    "3fff::1": "for documentation",
    "4000::1": "not a public address",
    "fc00::1": "private",
    "fd12:3456::1": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
}
PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
)


@pytest.mark.parametrize(("address", "why"), FORBIDDEN.items())
def test_what_is_not_public_is_refused(address, why):
    """Loopback, private, link-local, multicast, reserved, and each of them in the forms that IPv6 has for it."""
    assert addresses.object_to(address) == f"{address} is {why}"


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_reached(address):
    """A public address passes, also mapped into IPv6 or behind a NAT64, as networks without IPv4 have them."""
    assert addresses.object_to(address) is None


@pytest.mark.parametrize("written", ["", "localhost", "1.2.3", "0x7f.1", "example.com", "1.2.3.4 "])
def test_what_is_no_address_is_refused(written):
    """Only what a resolver gives counts; a name is never taken for an address."""
    assert addresses.object_to(written) == f"{written} is not a network address"
    assert not addresses.is_own(written)


@pytest.mark.parametrize(("address", "why"), FORBIDDEN.items())
def test_private_too_opens_this_machine_and_private_networks_only(address, why):
    """Where the configuration says so, loopback and private addresses pass; a cloud's metadata never does."""
    is_own = why in {"loopback", "private"}

    assert (addresses.object_to(address, private_too=True) is None) == is_own
    assert addresses.is_own(address) == is_own
