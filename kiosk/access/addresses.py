"""The names and addresses under which this machine can be reached."""

import ipaddress
import re
import socket

from kiosk.access.interfaces import IpAddress, in_order, own_interfaces

KIOSK_NAME = "kiosk.local"
"""What the kiosk is announced as, and what is printed on the label next to it."""

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
LONGEST_NAME = 253
"""Characters of a DNS name (RFC 1035, 2.3.4, without the length bytes)."""


def as_address(host: str) -> IpAddress | None:
    """The address that `host` is, or None when it is a name. An IPv4 address in IPv6's clothes is taken out of them."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_dns_name(name: str) -> bool:
    """Whether a certificate can be made for `name`: labels of letters, digits and hyphens, in ASCII."""
    return len(name) <= LONGEST_NAME and all(_LABEL.fullmatch(label) for label in name.lower().split("."))


def own_names(further: tuple[str, ...] = ()) -> tuple[str, ...]:
    """`kiosk.local`, this machine's own name as other machines may know it, and `further` ones; lower case."""
    host = socket.gethostname().lower().split(".")[0]
    found = [KIOSK_NAME, *further, *([host, f"{host}.local"] if is_dns_name(f"{host}.local") else [])]
    return tuple(dict.fromkeys(name.lower() for name in found if name.lower() != "localhost"))


def own_addresses() -> tuple[IpAddress, ...]:
    """The addresses of this machine that another one can use, the likeliest first: see `kiosk.access.interfaces`."""
    return in_order(own_interfaces())


def reached_at(host: str) -> tuple[IpAddress, ...]:
    """The addresses at which a server bound to `host` is reached: all of this machine's for 0.0.0.0 and ::."""
    bound = as_address(host)
    if bound is None:
        return own_addresses()
    if not bound.is_unspecified:
        return (bound,)
    # Linux gives :: the IPv4 connections too unless told otherwise, and the kiosk tells it otherwise.
    return tuple(one for one in own_addresses() if one.version == bound.version)
