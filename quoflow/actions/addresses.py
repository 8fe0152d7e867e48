"""Which network addresses may be reached from here: the public internet, and nothing behind our own door. Pure.

Sources: the special-purpose address registries of IANA (RFC 6890 and its updates), RFC 6052 for NAT64. The standard
library's `is_global` lets several of these through (multicast, 6to4 and NAT64 forms of 127.0.0.1), so they are named.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_V4 = tuple(
    (IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "this network itself"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "a carrier's own network"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_V6 = tuple(
    (IPv6Network(network), why)
    for network, why in (
        ("::/128", "this host itself"),
        ("::1/128", "loopback"),
        ("::/96", "an IPv4 address in an outdated form"),
        ("64:ff9b:1::/48", "a local NAT64"),
        ("100::/64", "a black hole"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_OWN = frozenset({"private", "loopback"})


def object_to(address: str, *, private_too: bool = False) -> str | None:
    """Say why an address may not be reached, in words; None when it may.

    Args:
        address: an IPv4 or IPv6 address as a resolver gives it.
        private_too: whether this machine and private networks may be reached as well. Link-local ones never are:
            there, clouds keep the credentials of their machines.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return f"{address} is not a network address"
    why = _find_reason(found)
    if why is None or (private_too and why in _OWN):
        return None
    return f"{address} is {why}"


def is_own(address: str) -> bool:
    """Whether an address is on this machine or in a private network."""
    try:
        return _find_reason(ip_address(address)) in _OWN
    except ValueError:
        return False


def _find_reason(address: IPv4Address | IPv6Address) -> str | None:
    if isinstance(address, IPv4Address):
        return next((why for network, why in _V4 if address in network), None)
    inner = _unwrap(address)
    if inner is not None:
        return _find_reason(inner)
    if address.scope_id is not None:
        return "link-local"
    listed = next((why for network, why in _V6 if address in network), None)
    return listed or (None if address in _UNICAST else "not a public address")


def _unwrap(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that is really reached: a mapped one, or one behind a NAT64."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
