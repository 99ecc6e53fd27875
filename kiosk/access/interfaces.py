"""This machine's network interfaces, and which of them a tablet is likeliest to reach.

An office machine has more addresses than people think: a VPN's, a container bridge's, a second card's. The first one is
printed into QR codes, so they are put in this order:

1. no tunnels: an interface that leads to one other machine (VPN, PPP) leads to no tablet;
2. the interface of the default route: where the office's own network is, for nearly everyone;
3. hardware before what only software made: bridges of containers, virtual machines;
4. addresses that were given before those that a machine gave itself (169.254.0.0/16);
5. IPv4 before IPv6, then the lower number, so that the order does not change by itself.

Loopback is never among them, nor IPv6 addresses that mean something on one cable only: no browser can be told which.
"""

import ipaddress
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import ifaddr

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_SYSTEM = Path("/sys/class/net")
_POINT_TO_POINT = 0x10
"""IFF_POINTOPOINT of Linux's <net/if.h>."""
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses for documentation (RFC 5737, RFC 3849): nobody's, so they are reached by the default route."""
_DISCARD_PORT = 9


@dataclass(frozen=True, slots=True)
class Interface:
    """One of them. What the system does not tell is taken for the usual."""

    name: str
    addresses: tuple[IpAddress, ...]
    leads_out: bool = False
    """Whether the default route goes by it."""
    is_tunnel: bool = False
    is_hardware: bool = True


def own_interfaces() -> list[Interface]:
    """Those of this machine just now."""
    sources = _default_sources()
    found = []
    for adapter in ifaddr.get_adapters():
        texts = [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for ip in adapter.ips]
        addresses = tuple(map(ipaddress.ip_address, texts))
        leads_out = not sources.isdisjoint(addresses)
        name = adapter.name
        found.append(Interface(name, addresses, leads_out, _is_tunnel(name), _is_hardware(name)))
    return found


def in_order(interfaces: Iterable[Interface]) -> tuple[IpAddress, ...]:
    """Their addresses that another machine can use, in the order that the module explains."""
    found = [(_rank(one, address), address) for one in interfaces for address in one.addresses if _is_usable(address)]
    return tuple(dict.fromkeys(address for _, address in sorted(found, key=lambda pair: pair[0])))


def _rank(interface: Interface, address: IpAddress) -> tuple[int, ...]:
    return (
        interface.is_tunnel,
        not interface.leads_out,
        not interface.is_hardware,
        address.is_link_local,
        address.version,
        int(address),
    )


def _is_usable(address: IpAddress) -> bool:
    return not (address.is_loopback or (address.version == 6 and address.is_link_local))


def _default_sources() -> set[IpAddress]:
    """From which addresses this machine speaks to the world. Nothing is sent: connecting a UDP socket only looks up the
    route."""
    found: set[IpAddress] = set()
    for family, elsewhere in _ELSEWHERE:
        # No route, or no IPv6 at all: then no interface is better than another by this.
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((elsewhere, _DISCARD_PORT))
            found.add(ipaddress.ip_address(asking.getsockname()[0].partition("%")[0]))
    return found


def _is_tunnel(name: str) -> bool:
    try:
        return bool(int((_SYSTEM / name / "flags").read_text(), 16) & _POINT_TO_POINT)
    except (OSError, ValueError):
        return False


def _is_hardware(name: str) -> bool:
    """Linux shows the device behind a real card; elsewhere nothing is known."""
    return not (_SYSTEM / name).exists() or (_SYSTEM / name / "device").exists()
