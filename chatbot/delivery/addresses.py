"""Which network addresses a webhook may reach: public ones, whatever they are dressed as."""

import socket
import threading
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue

_NAT64 = ip_network("64:ff9b::/96")
_NAT64_LOCAL = ip_network("64:ff9b:1::/48")
_RELAYS = ip_network("192.88.99.0/24")  # leads to whoever relays 6to4 nearby; Python counts it as public


class Forbidden(Exception):
    """The host leads to an address that is not public."""


def is_public(address: str) -> bool:
    """Tell whether an address is on the public internet, looking inside mapped and tunnelled forms."""
    try:
        parsed = ip_address(address.split("%")[0])
    except ValueError:
        return False
    return all(map(_is_public, _inside(parsed)))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address.is_site_local:  # deprecated, and Python counts it as public
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in _RELAYS


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


def resolve(host: str, port: int, *, private_allowed: bool, patience: float = 15.0) -> tuple[str, ...]:
    """The addresses to connect to, best first; the name is asked for once and never again.

    Raises Forbidden when any address of the host is not public, OSError when it has none within `patience` seconds.
    """
    found = _looked_up(host, port, patience)
    if not private_allowed and not all(map(is_public, found)):
        raise Forbidden(host)
    return found


def _looked_up(host: str, port: int, patience: float) -> tuple[str, ...]:
    """Ask in a thread of its own, because a name server that is silent cannot be given a timeout."""
    answers: SimpleQueue[tuple[str, ...] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(tuple(str(info[4][0]) for info in found))
        except Exception as fault:
            answers.put(fault)

    threading.Thread(target=ask, name="lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer
