"""Which network addresses a webhook may reach: public ones, whatever they are dressed as."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAT64 = ip_network("64:ff9b::/96")
_NAT64_LOCAL = ip_network("64:ff9b:1::/48")


class Forbidden(Exception):
    """The host leads to an address that is not public."""


def is_public(address: str) -> bool:
    """Tell whether an address is on the public internet, looking inside mapped and tunnelled forms."""
    try:
        parsed = ip_address(address.split("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _inside(parsed))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The addresses that count: an IPv4 address in an IPv6 dress counts as itself."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.teredo:
        return list(address.teredo)
    inner = address.ipv4_mapped or address.sixtofour or _translated(address)
    return [inner or address]


def _translated(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that NAT64 or the old compatible form stands for."""
    if address in _NAT64_LOCAL:
        return IPv4Address("127.0.0.1")  # the operator's own network, whatever it leads to
    if address in _NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def resolve(host: str, port: int, *, private_allowed: bool) -> str:
    """The one address to connect to.

    Raises Forbidden when any address of the host is not public, OSError when it has none.
    """
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not private_allowed and not all(is_public(address) for address in found):
        raise Forbidden(host)
    return found[0]
