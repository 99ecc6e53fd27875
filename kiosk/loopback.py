"""Whether a host is this machine itself. On it hangs who needs no pairing, and where money goes in the clear."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, can only ever mean this machine.

    Strict where it does not matter to anybody honest. An IPv4 address in IPv6's clothes (::ffff:127.0.0.1) is not,
    which Python releases see differently; nor is anything with a zone (`127.0.0.1%x`), which some resolvers would look
    up as a name.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    return address.is_loopback and (address.version == 4 or address == ipaddress.IPv6Address("::1"))
